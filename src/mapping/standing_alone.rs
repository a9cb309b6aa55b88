//! The assessment out of the message that it left in: a `QuestionnaireResponse` that stands by itself.
//!
//! It is the very resource of the message; what it refers to is no longer beside it, so each reference says by an
//! identifier, or in words, what it means.

use serde_json::{Map, Value, json};

/// Takes the answers out of a referral to a health service; `None` where the message holds none.
#[must_use]
pub fn questionnaire_response(message: &Value) -> Option<Value> {
    let entries = message.get("entry")?.as_array()?;
    let resources = entries.iter().filter_map(|entry| entry.get("resource"));
    let mut answers = resources.into_iter().find(|one| is_answers(one))?.clone();
    let beside = |reference: &Value| {
        let named = reference.get("reference")?;
        entries.iter().find(|entry| entry.get("fullUrl") == Some(named))?.get("resource")
    };
    for field in ["subject", "encounter", "author"] {
        let Some(reference) = answers.get_mut(field) else { continue };
        let meant = said_of(beside(reference)?, &beside);
        *reference = Value::Object(meant);
    }
    Some(answers)
}

fn is_answers(resource: &Value) -> bool {
    resource.get("resourceType").and_then(Value::as_str) == Some("QuestionnaireResponse")
}

/// A reference by what is known of a resource elsewhere: its first identifier (of a person, the NHS number before the
/// pseudonym), and the name of a practitioner.
fn said_of<'v>(meant: &'v Value, beside: &impl Fn(&Value) -> Option<&'v Value>) -> Map<String, Value> {
    let mut reference = Map::new();
    if let Some(kind) = meant.get("resourceType") {
        reference.insert(String::from("type"), kind.clone());
    }
    if let Some(identifier) = meant.pointer("/identifier/0") {
        let parts = ["system", "value"].map(|field| Some((field.to_owned(), identifier.get(field)?.clone())));
        reference.insert(String::from("identifier"), Value::Object(parts.into_iter().flatten().collect()));
    }
    // A role has no name of its own: that of the practitioner who has it.
    let name = meant.get("practitioner").and_then(beside).and_then(|who| who.pointer("/name/0/text"));
    if let Some(name) = name {
        reference.insert(String::from("display"), json!(name));
    }
    reference
}
