//! Texts that a spreadsheet would take for a formula. They are kept as they were written, for a person may begin a line
//! with a dash; whoever put them in is told.

use serde_json::Value;

use crate::{fhir::Issue, limits::ISSUES_MAX};

/// With one of these a cell of a spreadsheet begins to reckon.
const BEGINNINGS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Members whose own form begins so: a telephone number with its country.
const NO_FORMULA: &str = "telephone";

/// Every text that begins as a formula does, at its place, and never with its words.
#[must_use]
pub fn found(value: &Value) -> Vec<Issue> {
    let mut issues = Vec::new();
    walk(value, &mut String::new(), &mut issues);
    issues
}

fn walk(value: &Value, place: &mut String, issues: &mut Vec<Issue>) {
    let length = place.len();
    match value {
        Value::String(text) if text.starts_with(BEGINNINGS) && issues.len() < ISSUES_MAX => {
            issues.push(Issue::new(
                "value",
                place.as_str(),
                "This begins as a formula of a spreadsheet does. It is kept as it was written; in a spreadsheet, open \
                 it as text only.",
            ));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                place.push('/');
                place.push_str(&at.to_string());
                walk(item, place, issues);
                place.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != NO_FORMULA) {
                place.push('/');
                place.push_str(name);
                walk(member, place, issues);
                place.truncate(length);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
