//! The questions whose answer needs more than a comparison.

use serde_json::Value;

use super::{Flat, NOT, PERHAPS, SURE, list};

/// Whether two references are to the same.
pub(super) fn same(one: &str, other: &str) -> i8 {
    let tail = |text: &str| text.strip_prefix("https://s.example/fhir/").map(str::to_owned);
    if one == other {
        SURE
    } else if tail(one).is_some_and(|one| one == other) || tail(other).is_some_and(|other| other == one) {
        PERHAPS
    } else {
        NOT
    }
}

pub(super) fn purpose(rule: &Value, asked: &Value) -> i8 {
    let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
    if rule == asked {
        return SURE;
    }
    if code(rule) == "FooBar" || code(asked) == "FooBar" {
        return PERHAPS;
    }
    let upper = [("BTG", "ETREAT"), ("ETREAT", "TREAT"), ("CLINTRCH", "HRESCH")];
    let mut at = code(asked);
    while let Some((_, above)) = upper.iter().find(|(below, _)| *below == at) {
        at = (*above).to_owned();
        if at == code(rule) {
            return SURE;
        }
    }
    NOT
}

/// From the least confidential to the most.
const ORDER: &str = "ULMNRV";

fn level(label: &Value) -> Option<usize> {
    let is_level = label["system"] == "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    is_level.then(|| ORDER.find(label["code"].as_str().unwrap()).unwrap())
}

/// Whether one kind is the other or stands below it.
fn is_below(lower: &Value, upper: &Value) -> bool {
    let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
    let above = [("PSY", "SPI"), ("SUD", "SPI"), ("ETHUD", "SUD"), ("ETHUD", "SPI")];
    lower == upper || above.contains(&(&*code(lower), &*code(upper)))
}

pub(super) fn labels(one: &Flat<'_>, at: usize, data: Option<&Value>) -> i8 {
    let Some(data) = data else { return PERHAPS };
    let data = data.as_array().unwrap();
    let own = list(one.chain[at].1, "securityLabel");
    let (as_permit, as_deny) = (permitted(one, at, own, data), refused(own, data));
    match (one.kind, one.chain[at].0) {
        // Within a refusal, no higher than what is refused.
        ("permit", "deny") => as_permit.min(as_deny),
        ("permit", _) => as_permit,
        (_, "deny") => as_deny,
        // Of all that a permission lets go, and of what is above.
        _ => as_permit.max(as_deny),
    }
}

fn permitted(one: &Flat<'_>, at: usize, own: &[Value], data: &[Value]) -> i8 {
    let lets = |rule: &Value, label: &Value| match (level(rule), level(label)) {
        (Some(upto), Some(level)) => level <= upto,
        (None, None) => is_below(label, rule),
        _ => false,
    };
    // A permission adds to the permissions directly round it, up to the first refusal.
    let round = one.chain[..at].iter().rev().take_while(|(kind, _)| *kind == "permit");
    let also: Vec<&Value> = match one.chain[at].0 {
        "permit" => round.flat_map(|(_, round)| list(round, "securityLabel")).collect(),
        _ => Vec::new(),
    };
    let handling = |label: &Value| ["NORDSCLCD", "HTEST"].contains(&label["code"].as_str().unwrap());
    let covered = |label: &&Value| own.iter().chain(also.iter().copied()).any(|rule| lets(rule, label));
    if !data.iter().all(|label| handling(label) || covered(&label)) {
        return NOT;
    }
    if data.iter().any(|label| own.iter().any(|rule| lets(rule, label))) { SURE } else { PERHAPS }
}

fn refused(own: &[Value], data: &[Value]) -> i8 {
    let refuses = |rule: &Value, label: &Value| {
        let substance = |one: &Value| ["SUD", "ETHUD"].contains(&one["code"].as_str().unwrap());
        let both = |one: &Value, other: &Value| one["code"] == "ETH" && substance(other);
        match (level(rule), level(label)) {
            (Some(from), Some(level)) if level >= from => SURE,
            (None, None) if is_below(label, rule) => SURE,
            (None, None) if is_below(rule, label) || both(rule, label) || both(label, rule) => PERHAPS,
            _ => NOT,
        }
    };
    let by_labels = own.iter().flat_map(|rule| data.iter().map(move |label| refuses(rule, label))).max();
    let has_level = data.iter().any(|label| level(label).is_some());
    let unknown = own.iter().any(|rule| level(rule).is_some()) && !has_level;
    by_labels.unwrap_or(NOT).max(if unknown { PERHAPS } else { NOT })
}

pub(super) fn class(rule: &Value, item: Option<&Value>) -> i8 {
    let Some(item) = item else { return PERHAPS };
    let told = item.get("class");
    if told.is_some_and(|told| told.as_array().unwrap().contains(rule)) {
        return SURE;
    }
    let kind = item["reference"].as_str().map(|name| name.split('/').next().unwrap());
    match (rule["system"] == "http://hl7.org/fhir/resource-types", kind) {
        (true, Some(kind)) => {
            if rule["code"] == kind {
                SURE
            } else {
                NOT
            }
        }
        _ if told.is_some() => NOT,
        _ => PERHAPS,
    }
}

pub(super) fn data(rule: &Value, item: Option<&Value>) -> i8 {
    let Some(item) = item else { return PERHAPS };
    let name = rule["reference"]["reference"].as_str().unwrap();
    let told = |field: &str| {
        item.get(field).map(|one| same(name, one.as_str().unwrap_or_else(|| one[0].as_str().unwrap())))
    };
    let itself = told("reference").unwrap_or(PERHAPS);
    match rule["meaning"].as_str().unwrap() {
        "instance" => itself,
        "authoredby" => told("author").unwrap_or(PERHAPS),
        _ => itself.max(told("encounter").or(told("references")).unwrap_or(PERHAPS)),
    }
}
