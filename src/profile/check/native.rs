//! Invariants of base R4 that nearly every message meets, without `FHIRPath`.

use serde_json::{Map, Value};

use super::walk::Walk;

/// Whether the invariant holds for a value.
pub(super) type Rule = for<'w, 'a> fn(&'w Walk<'a>, &'a Value) -> bool;

/// Invariants that the walk itself keeps: empty elements, extensions, narrative, references into the resource.
pub(super) const IN_THE_WALK: [&str; 5] = ["ele-1", "ext-1", "txt-1", "txt-2", "ref-1"];

/// The form of our own of an invariant of base R4.
pub(super) fn find(key: &str) -> Option<Rule> {
    Some(match key {
        "dom-2" => no_nested_contained,
        "dom-3" => contained_is_referred_to,
        "dom-4" => contained_has_no_version,
        "dom-5" => contained_has_no_security,
        "dom-6" => has_narrative,
        _ => return None,
    })
}

fn contained(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    value.get("contained").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn no_nested_contained<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    contained(value).all(|inner| !inner.contains_key("contained"))
}

fn contained_has_no_version<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    contained(value)
        .filter_map(|inner| inner.get("meta"))
        .all(|meta| meta.get("versionId").is_none() && meta.get("lastUpdated").is_none())
}

fn contained_has_no_security<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    contained(value).filter_map(|inner| inner.get("meta")).all(|meta| meta.get("security").is_none())
}

fn has_narrative<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    value.get("text").and_then(|text| text.get("div")).is_some()
}

/// Each contained resource is referred to from the resource that contains it, or refers to that one.
fn contained_is_referred_to<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    let mut ids: Vec<&str> = Vec::new();
    for inner in contained(value) {
        let to_outside = refers(inner, &mut |to| to == "#");
        match inner.get("id").and_then(Value::as_str) {
            Some(id) if !to_outside => ids.push(id),
            None if !to_outside => return false,
            _ => {}
        }
    }
    if ids.is_empty() {
        return true;
    }
    let mut seen: std::collections::HashSet<&str> = std::collections::HashSet::new();
    if let Value::Object(fields) = value {
        refers(fields, &mut |to| {
            if let Some(id) = to.strip_prefix('#') {
                seen.insert(id);
            }
            false
        });
    }
    ids.iter().all(|id| seen.contains(id))
}

/// Whether some text of the value (a reference, a canonical, a uri or a url) is wanted.
fn refers<'a>(fields: &'a Map<String, Value>, wanted: &mut dyn FnMut(&'a str) -> bool) -> bool {
    fields.values().any(|value| refers_in(value, wanted))
}

fn refers_in<'a>(value: &'a Value, wanted: &mut dyn FnMut(&'a str) -> bool) -> bool {
    match value {
        Value::String(text) => text.starts_with('#') && wanted(text),
        Value::Array(items) => items.iter().any(|item| refers_in(item, wanted)),
        Value::Object(fields) => refers(fields, wanted),
        _ => false,
    }
}
