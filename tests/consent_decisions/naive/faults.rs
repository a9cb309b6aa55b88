//! What is broken in a Consent.

use serde_json::Value;

use super::{dates::day, list, scope};

/// The one fault that a case may have.
pub(super) fn fault(consent: &Value) -> Option<&'static str> {
    if consent.get("modifierExtension").is_some() || consent.get("implicitRules").is_some() {
        return Some("modifier-extension");
    }
    if consent["status"] != "active" || scope(consent) != "patient-privacy" {
        return None;
    }
    fault_in(consent.get("provision")?, 1)
}

fn fault_in(provision: &Value, depth: usize) -> Option<&'static str> {
    if depth > 16 {
        return Some("nested-too-deep");
    }
    let known = "type period actor action securityLabel purpose class code dataPeriod data provision";
    for (name, value) in provision.as_object().unwrap() {
        if name == "modifierExtension" {
            return Some("modifier-extension");
        }
        if !known.split(' ').any(|one| one == name) {
            return Some("unknown-element");
        }
        if value.as_array().is_some_and(|list| list.len() > 200) {
            return Some("too-many");
        }
    }
    if provision.get("type").is_some_and(|kind| kind != "permit" && kind != "deny") {
        return Some("element-invalid");
    }
    if list(provision, "purpose").iter().any(|one| one.get("system").is_none()) {
        return Some("coding-incomplete");
    }
    if list(provision, "actor").iter().any(|one| one["reference"].get("reference").is_none()) {
        return Some("actor-unresolvable");
    }
    for name in ["period", "dataPeriod"] {
        let Some(period) = provision.get(name) else { continue };
        let end = |name: &str| period.get(name).map(|text| day(text.as_str().unwrap()));
        match (end("start"), end("end")) {
            (Some(None), _) | (_, Some(None)) => return Some("date-unparsable"),
            (Some(Some((start, _))), Some(Some((_, end)))) if end < start => return Some("period-reversed"),
            _ => {}
        }
    }
    list(provision, "provision").iter().find_map(|inner| fault_in(inner, depth + 1))
}
