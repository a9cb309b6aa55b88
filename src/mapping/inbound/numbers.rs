//! NHS numbers that cannot be one, wherever in a message they stand.

use serde_json::Value;

use super::text;
use crate::{
    assessment::{NhsNumber, NhsNumberFault},
    fhir::{Issue, json},
    limits::ISSUES_MAX,
    mapping::codes,
};

/// An issue for every NHS number in the message that cannot be one, as far as issues are reported. A wrong check
/// digit can be forgiven; the number is then used for nothing. The path is written only for an issue, and shows no key that does not look like a field's name.
pub(super) fn nhs_numbers<'v>(
    value: &'v Value,
    way: &mut Vec<Step<'v>>,
    forgiven: bool,
    issues: &mut Vec<Issue>,
) {
    if issues.len() >= ISSUES_MAX {
        return;
    }
    match value {
        Value::Object(fields) => {
            if text(value, "/system") == Some(codes::NHS_NUMBER) {
                let fault = text(value, "/value").map(NhsNumber::parse).and_then(Result::err);
                let what = match fault {
                    Some(NhsNumberFault::CheckDigit) if forgiven => None,
                    Some(NhsNumberFault::CheckDigit) => Some("the check digit of the NHS number is wrong"),
                    Some(NhsNumberFault::Format) => Some("an NHS number is ten digits"),
                    None => None,
                };
                issues.extend(what.map(|what| Issue::new("value", format!("{}.value", written(way)), what)));
            }
            for (key, below) in fields {
                way.push(Step::Field(key));
                nhs_numbers(below, way, forgiven, issues);
                way.pop();
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                way.push(Step::Item(index));
                nhs_numbers(below, way, forgiven, issues);
                way.pop();
            }
        }
        _ => {}
    }
}

/// One step on the way to a place in the message.
pub(super) enum Step<'v> {
    Field(&'v str),
    Item(usize),
}

fn written(way: &[Step<'_>]) -> String {
    let mut path = String::from("Bundle");
    for step in way {
        match step {
            Step::Field(key) => {
                path.push('.');
                path.push_str(&json::shown(key));
            }
            Step::Item(index) => {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
    }
    path
}
