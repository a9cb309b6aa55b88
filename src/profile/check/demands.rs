//! Fixed values, patterns, least and greatest values, lengths. The values that definitions ask for are theirs to
//! show; the values that were sent are not.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    graph::{Demands, Node},
    values,
    walk::Walk,
};
use crate::profile::finding::Severity;

/// Longest value of a definition that a finding shows, in bytes.
const SHOWN_MAX_BYTES: usize = 300;

pub(super) fn check(walk: &mut Walk<'_>, node: &Node, demands: &Demands, value: &Value) {
    let mut wrong = |severity: Severity, code: &'static str, rule: &str, says: String| {
        walk.say(severity, code, node, "", || (format!("{rule} {}", node.id), says));
    };
    if let Some(fixed) = &demands.fixed
        && !values::same(fixed, value)
    {
        wrong(Severity::Error, "value", "fixed", format!("The value here must be exactly {}.", shown(fixed)));
    }
    if let Some(pattern) = &demands.pattern
        && !values::has_pattern(pattern, value)
    {
        wrong(Severity::Error, "value", "pattern", format!("The value here must hold {}.", shown(pattern)));
    }
    for (limit, rule, beyond, says) in [
        (&demands.min_value, "minValue", Ordering::Less, "At least"),
        (&demands.max_value, "maxValue", Ordering::Greater, "At most"),
    ] {
        let Some(limit) = limit else { continue };
        match values::compare(value, limit) {
            Some(order) if order == beyond => {
                wrong(Severity::Error, "value", rule, format!("{says} {} is wanted here.", shown(limit)));
            }
            Some(_) => {}
            // In another unit, or less exact: it may be within the limit or beyond it.
            None => wrong(
                Severity::Information,
                "not-supported",
                rule,
                format!(
                    "{says} {} is wanted here; whether this is so cannot be decided, for the two do not compare (another \
                     unit, no value, or a date that says less).",
                    shown(limit)
                ),
            ),
        }
    }
    if let (Some(least), Value::String(text)) = (demands.min_length, value)
        && text.chars().count() < usize::try_from(least).unwrap_or(usize::MAX)
    {
        wrong(Severity::Error, "value", "minLength", format!("At least {least} characters are needed here."));
    }
    if let (Some(most), Value::String(text)) = (demands.max_length, value)
        && text.chars().count() > usize::try_from(most).unwrap_or(usize::MAX)
    {
        wrong(
            Severity::Error,
            "too-long",
            "maxLength",
            format!("At most {most} characters are allowed here."),
        );
    }
}

/// A value of a definition.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.len() > SHOWN_MAX_BYTES { String::from("what the definition says") } else { text }
}
