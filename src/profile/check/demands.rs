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
    let mut wrong = |code: &'static str, rule: &str, says: String| {
        walk.say(Severity::Error, code, node, "", || (format!("{rule} {}", node.id), says));
    };
    if let Some(fixed) = &demands.fixed
        && !values::same(fixed, value)
    {
        wrong("value", "fixed", format!("The value here must be exactly {}.", shown(fixed)));
    }
    if let Some(pattern) = &demands.pattern
        && !values::has_pattern(pattern, value)
    {
        wrong("value", "pattern", format!("The value here must hold {}.", shown(pattern)));
    }
    if let Some(least) = &demands.min_value
        && values::compare(value, least) == Some(Ordering::Less)
    {
        wrong("value", "minValue", format!("At least {} is needed here.", shown(least)));
    }
    if let Some(greatest) = &demands.max_value
        && values::compare(value, greatest) == Some(Ordering::Greater)
    {
        wrong("value", "maxValue", format!("At most {} is allowed here.", shown(greatest)));
    }
    if let (Some(least), Value::String(text)) = (demands.min_length, value)
        && text.chars().count() < usize::try_from(least).unwrap_or(usize::MAX)
    {
        wrong("value", "minLength", format!("At least {least} characters are needed here."));
    }
    if let (Some(most), Value::String(text)) = (demands.max_length, value)
        && text.chars().count() > usize::try_from(most).unwrap_or(usize::MAX)
    {
        wrong("too-long", "maxLength", format!("At most {most} characters are allowed here."));
    }
}

/// A value of a definition.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.len() > SHOWN_MAX_BYTES { String::from("what the definition says") } else { text }
}
