//! The assessment as it was made, in one `QuestionnaireResponse`: a group for each block, an item for each field,
//! named by its path. Whatever the health audience may have and no other resource holds is here.

use super::{Entry, Message};
use crate::{
    assessment::Form,
    clock::Moment,
    mapping::{
        codes,
        place::Place,
        tree::{Tree, list},
    },
    minimise::Held,
};

pub(super) const ROLE: &str = "assessment";

/// What the other resources hold whole: who, by whom, and what is asked of this recipient.
const ELSEWHERE: [&str; 5] = ["profile", "person", "practitioner", "referrals", "assessed_at"];

/// The answers.
pub(super) fn answers(message: &Message<'_>) -> Entry {
    let mut items = Vec::new();
    if let Some(place) = message.at("/person/demographics") {
        items.extend(item("demographics", String::from("person.demographics"), &place));
    }
    for (key, place) in message.root.fields().into_iter().filter(|(key, _)| !ELSEWHERE.contains(key)) {
        add(&mut items, key, String::from(key), &place);
    }
    let authored = message
        .at("/assessed_at")
        .filter(|place| place.text().and_then(Moment::from_rfc3339).is_some())
        .map_or_else(|| message.frame.at(), |place| place.copy());
    let fields = [
        ("questionnaire", Some(questionnaire(message))),
        ("status", Some(Tree::fixed("completed"))),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("authored", Some(authored)),
        ("author", message.refer("practitioner-role")),
        ("item", list(items)),
    ];
    message.entry(ROLE, "QuestionnaireResponse", codes::ours!("ld-assessment"), fields)
}

/// The questionnaire whose questions these are: that of the form which the assessment follows, never another's.
fn questionnaire(message: &Message<'_>) -> Tree {
    // An assessment of no known form is not taken.
    Tree::frame("form", codes::questionnaire(message.form.unwrap_or(Form::Adult2)))
}

/// Adds the items for one field: one, or one for each object in a list.
fn add(items: &mut Vec<Tree>, key: &str, link: String, place: &Place<'_>) {
    if place.is_list_of_groups() {
        items.extend(place.each().filter_map(|one| item(key, link.clone(), &one)));
    } else {
        items.extend(item(key, link, place));
    }
}

fn item(key: &str, link: String, place: &Place<'_>) -> Option<Tree> {
    let content = if place.is_group() {
        let mut below = Vec::new();
        for (key, field) in place.fields() {
            add(&mut below, key, [&link, ".", key].concat(), &field);
        }
        ("item", list(below)?)
    } else {
        ("answer", list(place.each().map(|one| answer(key, &one)))?)
    };
    Some(Tree::object([("linkId", link.into()), ("text", label(key).into()), content]))
}

/// An answer of the type that the questionnaire has for the field: dates are those of fields that hold dates.
fn answer(key: &str, place: &Place<'_>) -> Tree {
    let kind = match place.held() {
        Held::Bool(_) => "valueBoolean",
        Held::Number(_) if place.whole_number().is_some() && !matches!(key, "score" | "maximum") => {
            "valueInteger"
        }
        Held::Number(_) => "valueDecimal",
        Held::Text(text) if key == "review_by" && text.parse::<jiff::civil::Date>().is_ok() => "valueDate",
        Held::Text(text) if is_dated(key) && is_moment_or_day(text) => "valueDateTime",
        _ => "valueString",
    };
    Tree::object([(kind, place.copy())])
}

fn is_moment_or_day(text: &str) -> bool {
    Moment::from_rfc3339(text).is_some() || text.parse::<jiff::civil::Date>().is_ok()
}

fn is_dated(key: &str) -> bool {
    key == "at" || key == "review_by" || ["_at", "_until", "_date"].iter().any(|end| key.ends_with(end))
}

/// `handover_advice` as people read it.
pub(in crate::mapping) fn label(key: &str) -> String {
    if matches!(key, "adhd" | "tag") {
        return key.to_ascii_uppercase();
    }
    let mut label = key.replace('_', " ");
    if let Some(first) = label.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    label
}
