//! Invariants that nearly every message meets, and those of ours that are sums or go through a whole message, without
//! `FHIRPath`.

mod message;

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{coded::NHS_NUMBER, fields::field, values, walk::Walk};
use crate::{
    assessment::{NhsNumber, NhsNumberFault},
    profile::path::Temporal,
};

/// Whether the invariant holds for a value.
pub(super) type Rule = for<'w, 'a> fn(&'w Walk<'a>, &'a Value) -> bool;

/// Invariants that the walk itself keeps: empty elements, extensions, narrative, references into the resource.
pub(super) const IN_THE_WALK: [&str; 5] = ["ele-1", "ext-1", "txt-1", "txt-2", "ref-1"];

/// The form of our own of an invariant of base R4, or of our profiles.
pub(super) fn find(key: &str) -> Option<Rule> {
    Some(match key {
        "dom-2" => no_nested_contained,
        "dom-3" => contained_is_referred_to,
        "dom-4" => contained_has_no_version,
        "dom-5" => contained_has_no_security,
        "dom-6" => has_narrative,
        "bdl-1" => total_in_search_only,
        "bdl-2" => search_in_searchset_only,
        "bdl-3" => request_in_transactions,
        "bdl-4" => response_in_answers,
        "bdl-5" => entry_is_not_empty,
        "bdl-7" => full_urls_are_unique,
        "bdl-8" => full_url_has_no_version,
        "bdl-11" => document_begins_with_composition,
        "bdl-12" => message_begins_with_header,
        "bdl-9" => document_has_identifier,
        "bdl-10" => document_has_date,
        // Both written so that where the order cannot be said nothing is broken: a period to the end of a month holds
        // its every day ("Data types", Period), and amounts in two units do not compare.
        "per-1" => period_does_not_end_before_it_starts,
        "rng-2" => range_is_not_upside_down,
        "qrs-1" => group_or_answer,
        "cpt-2" => telecom_has_system,
        // A prediction without a probability is no matter of this rule; as it is written, FHIRPath gives nothing for it.
        "ras-2" => probability_is_a_percentage,
        "kw-msg-2" => message::parties_are_here,
        "kw-msg-4" => message::parties_have_identifiers,
        "kw-msg-5" => message::is_of_one_person,
        "kw-msg-6" => message::tasks_stay_inside,
        "kw-ent-1" => message::address_is_a_uuid,
        "kw-nhs-3" => nhs_number_has_check_digit,
        _ => return None,
    })
}

fn contained(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    field(value, "contained").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn no_nested_contained<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    contained(value).all(|inner| !inner.contains_key("contained"))
}

fn contained_has_no_version<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    contained(value)
        .filter_map(|inner| inner.get("meta"))
        .all(|meta| field(meta, "versionId").is_none() && field(meta, "lastUpdated").is_none())
}

fn contained_has_no_security<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    contained(value).filter_map(|inner| inner.get("meta")).all(|meta| field(meta, "security").is_none())
}

fn has_narrative<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    field(value, "text").and_then(|text| field(text, "div")).is_some()
}

/// Each contained resource is referred to from the resource that contains it, or refers to that one.
fn contained_is_referred_to<'a>(_: &Walk<'a>, value: &'a Value) -> bool {
    unreferred(value).is_empty()
}

/// Which contained resources have nothing to do with the resource that contains them, by their numbers.
pub(super) fn unreferred(value: &Value) -> Vec<usize> {
    let mut open: Vec<(usize, Option<&str>)> = Vec::new();
    for (number, inner) in
        field(value, "contained").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        let Value::Object(inner) = inner else { continue };
        if !refers(inner, &mut |to| to == "#") {
            open.push((number, inner.get("id").and_then(Value::as_str)));
        }
    }
    if open.is_empty() {
        return Vec::new();
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
    open.retain(|(_, id)| id.is_none_or(|id| !seen.contains(id)));
    open.into_iter().map(|(number, _)| number).collect()
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

fn kind(bundle: &Value) -> &str {
    field(bundle, "type").and_then(Value::as_str).unwrap_or_default()
}

fn entries(bundle: &Value) -> impl Iterator<Item = &Value> {
    field(bundle, "entry").and_then(Value::as_array).into_iter().flatten()
}

/// Whether an element or what stands beside it is there.
fn has(value: &Value, name: &str) -> bool {
    value
        .as_object()
        .is_some_and(|fields| fields.keys().any(|key| key == name || key.strip_prefix('_') == Some(name)))
}

fn total_in_search_only<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    !has(bundle, "total") || matches!(kind(bundle), "searchset" | "history")
}

fn search_in_searchset_only<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    kind(bundle) == "searchset" || entries(bundle).all(|entry| !has(entry, "search"))
}

fn request_in_transactions<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let wanted = matches!(kind(bundle), "batch" | "transaction" | "history");
    entries(bundle).all(|entry| has(entry, "request") == wanted)
}

fn response_in_answers<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let wanted = matches!(kind(bundle), "batch-response" | "transaction-response" | "history");
    entries(bundle).all(|entry| has(entry, "response") == wanted)
}

fn entry_is_not_empty<'a>(_: &Walk<'a>, entry: &'a Value) -> bool {
    ["resource", "request", "response"].into_iter().any(|name| has(entry, name))
}

fn full_urls_are_unique<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    let mut seen = std::collections::HashSet::new();
    kind(bundle) == "history"
        || entries(bundle).all(|entry| {
            let Some(url) = field(entry, "fullUrl").and_then(Value::as_str) else { return true };
            let meta = field(entry, "resource").and_then(|resource| field(resource, "meta"));
            let version = meta.and_then(|meta| field(meta, "versionId")).and_then(Value::as_str);
            seen.insert((url, version.unwrap_or_default()))
        })
}

fn full_url_has_no_version<'a>(_: &Walk<'a>, entry: &'a Value) -> bool {
    !field(entry, "fullUrl").and_then(Value::as_str).is_some_and(|url| url.contains("/_history/"))
}

fn begins_with(bundle: &Value, wanted: &str) -> bool {
    let first = entries(bundle).next().and_then(|entry| field(entry, "resource"));
    first.and_then(|resource| field(resource, "resourceType")).and_then(Value::as_str) == Some(wanted)
}

fn document_begins_with_composition<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    kind(bundle) != "document" || begins_with(bundle, "Composition")
}

fn message_begins_with_header<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    kind(bundle) != "message" || begins_with(bundle, "MessageHeader")
}

fn document_has_identifier<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    kind(bundle) != "document"
        || bundle
            .get("identifier")
            .is_some_and(|identifier| has(identifier, "system") && has(identifier, "value"))
}

fn document_has_date<'a>(_: &Walk<'a>, bundle: &'a Value) -> bool {
    kind(bundle) != "document" || bundle.get("timestamp").is_some()
}

fn period_does_not_end_before_it_starts<'a>(_: &Walk<'a>, period: &'a Value) -> bool {
    let (Some(start), Some(end)) = (period.get("start"), period.get("end")) else { return true };
    let moment = |value: &Value| Temporal::parse(value.as_str()?)?.date_time();
    let (Some(start), Some(end)) = (moment(start), moment(end)) else { return true };
    start.order(&end) != Some(Ordering::Greater)
}

fn range_is_not_upside_down<'a>(_: &Walk<'a>, range: &'a Value) -> bool {
    let (Some(low), Some(high)) = (range.get("low"), range.get("high")) else { return true };
    values::compare(low, high) != Some(Ordering::Greater)
}

fn group_or_answer<'a>(_: &Walk<'a>, item: &'a Value) -> bool {
    !(has(item, "answer") && has(item, "item"))
}

fn telecom_has_system<'a>(_: &Walk<'a>, telecom: &'a Value) -> bool {
    !has(telecom, "value") || has(telecom, "system")
}

fn probability_is_a_percentage<'a>(_: &Walk<'a>, prediction: &'a Value) -> bool {
    field(prediction, "probabilityDecimal")
        .and_then(Value::as_f64)
        .is_none_or(|probability| probability <= 100.0)
}

/// What is not written as ten digits is a matter of another rule.
fn nhs_number_has_check_digit<'a>(_: &Walk<'a>, identifier: &'a Value) -> bool {
    let text = |name: &str| field(identifier, name).and_then(Value::as_str);
    match (text("system"), text("value")) {
        (Some(NHS_NUMBER), Some(value)) if value.bytes().all(|byte| byte.is_ascii_digit()) => {
            NhsNumber::parse(value) != Err(NhsNumberFault::CheckDigit)
        }
        _ => true,
    }
}
