//! A FHIR `QuestionnaireResponse`: answers by linkId, at whatever depth, and groups that repeat.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    run::Told,
    source::{Answer, AnsweredPlace, Source, leaves, shown_name},
};

/// Fields of a response that say nothing about the person.
const KNOWN: [&str; 11] = [
    "resourceType",
    "id",
    "meta",
    "implicitRules",
    "language",
    "text",
    "identifier",
    "questionnaire",
    "status",
    "authored",
    "author",
];

/// Why a response is not read at all.
pub(super) fn refusal(root: &Value, questionnaire: Option<&str>) -> Option<Told> {
    let told = |place: &str, text: &str| Some(Told { place: place.to_owned(), text: text.to_owned() });
    if root.get("resourceType").and_then(Value::as_str) != Some("QuestionnaireResponse") {
        return told("/resourceType", "a QuestionnaireResponse is expected");
    }
    // What is in progress, stopped or entered in error is nobody's finished answer.
    if !matches!(root.get("status").and_then(Value::as_str), Some("completed" | "amended")) {
        return told("/status", "a response is read when it is completed or amended");
    }
    if let Some(expected) = questionnaire {
        let named = root.get("questionnaire").and_then(Value::as_str).unwrap_or_default();
        let same = named.split('|').next() == Some(expected) || named == expected;
        if !same {
            return Some(Told {
                place: String::from("/questionnaire"),
                text: format!("the adapter is for {expected}"),
            });
        }
    }
    if changes_meaning(root) {
        return told(
            "/modifierExtension",
            "an extension changes the meaning of what it stands at: it cannot be read",
        );
    }
    None
}

fn changes_meaning(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.contains_key("modifierExtension") || fields.values().any(changes_meaning)
        }
        Value::Array(items) => items.iter().any(changes_meaning),
        _ => false,
    }
}

/// The items right below a response, an item or an answer.
pub(super) fn items_of(value: &Value) -> Vec<&Value> {
    list(value, "item").iter().collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn link_of(item: &Value) -> &str {
    item.get("linkId").and_then(Value::as_str).unwrap_or_default()
}

/// Every item of this linkId, in the order of the response. Items may stand below an item and below an answer.
fn find<'a>(items: &[&'a Value], link: &str, into: &mut Vec<&'a Value>) {
    for item in items {
        if link_of(item) == link {
            into.push(item);
        }
        find(&items_of(item), link, into);
        for answer in list(item, "answer") {
            find(&items_of(answer), link, into);
        }
    }
}

/// Every answer to this linkId.
pub(super) fn answers(items: &[&Value], link: &str) -> Result<Vec<Answer>, ()> {
    let mut found = Vec::new();
    find(items, link, &mut found);
    let mut answers = Vec::new();
    for answer in found.into_iter().flat_map(|item| list(item, "answer")) {
        answers.extend(answer_of(answer)?);
    }
    Ok(answers)
}

fn answer_of(answer: &Value) -> Result<Option<Answer>, ()> {
    let fields = answer.as_object().ok_or(())?;
    let Some((kind, value)) = fields.iter().find(|(name, _)| name.starts_with("value")) else {
        return Ok(None);
    };
    match kind.as_str() {
        "valueCoding" => Answer::of(value.get("code").ok_or(())?),
        _ => Answer::of(value),
    }
}

/// The groups of this linkId, or the single answers where it is a question with several.
pub(super) fn repeated<'a>(root: &'a Value, items: &[&'a Value], link: &str) -> Result<Vec<Source<'a>>, ()> {
    let mut found = Vec::new();
    find(items, link, &mut found);
    let mut sources = Vec::new();
    for item in found {
        let answers = list(item, "answer");
        if answers.is_empty() {
            sources.push(Source::Response { root, items: items_of(item) });
        }
        for answer in answers {
            if let Some(answer) = answer_of(answer)? {
                sources.push(Source::Single { answer, place: link.to_owned() });
            }
        }
    }
    Ok(sources)
}

/// Every linkId that is answered, once, and every field of the response that would say something.
pub(super) fn answered<'a>(root: &'a Value, items: &[&'a Value], into: &mut Vec<AnsweredPlace>) {
    for (name, value) in root.as_object().into_iter().flatten() {
        if name != "item" && !KNOWN.contains(&name.as_str()) {
            let below = format!("/{name}");
            leaves(value, below.clone(), below, format!("/{}", shown_name(name)), into);
        }
    }
    links(items, &mut HashSet::new(), into);
}

fn links<'a>(items: &[&'a Value], seen: &mut HashSet<&'a str>, into: &mut Vec<AnsweredPlace>) {
    for item in items {
        let link = link_of(item);
        let answers = list(item, "answer");
        if !answers.is_empty() && seen.insert(link) {
            let (exact, shape) = (link.to_owned(), link.to_owned());
            into.push(AnsweredPlace { exact, shape, shown: shown_name(link).to_owned() });
        }
        links(&items_of(item), seen, into);
        for answer in answers {
            links(&items_of(answer), seen, into);
        }
    }
}
