//! What of a referral is read. Everything else stays in the message as received: it is reported, and never leaves.

use serde_json::Value;

use super::{array, kind, resource};
use crate::{
    fhir::{Issue, json::shown},
    limits::ISSUES_MAX,
};

/// The fields that are read, or that only tie the resources together, of each type that is read at all.
const READ: [(&str, &[&str]); 7] = [
    (
        "ServiceRequest",
        &[
            "identifier",
            "status",
            "intent",
            "category",
            "code",
            "priority",
            "subject",
            "encounter",
            "authoredOn",
            "basedOn",
            "requester",
            "performer",
            "reasonCode",
            "supportingInfo",
        ],
    ),
    ("Patient", &["identifier", "name", "birthDate", "address", "telecom"]),
    (
        "Consent",
        &[
            "extension",
            "status",
            "scope",
            "category",
            "patient",
            "dateTime",
            "performer",
            "organization",
            "policyRule",
            "provision",
        ],
    ),
    ("Practitioner", &["name"]),
    ("PractitionerRole", &["practitioner", "organization", "code", "telecom"]),
    ("Organization", &["identifier", "name"]),
    // Only its focus, its source and its destination are read, and they have been by now.
    (
        "MessageHeader",
        &[
            "eventCoding",
            "destination",
            "sender",
            "source",
            "reason",
            "response",
            "focus",
            "definition",
            "extension",
        ],
    ),
];
/// Fields that say nothing of the person.
const OF_EVERY_RESOURCE: [&str; 4] = ["resourceType", "id", "meta", "text"];
/// What is said of each.
const KEPT: &str = "Kept as received. It is not read, and not passed on.";

/// One line for each resource, and for each field of those that are read, that stays where it is.
pub(super) fn unplaced(bundle: &Value) -> Vec<Issue> {
    let mut kept = Vec::new();
    for (index, entry) in array(bundle, "/entry").iter().enumerate() {
        let found = resource(entry);
        let path = format!("Bundle.entry[{index}].resource");
        let Some((_, read)) = READ.iter().find(|(known, _)| *known == kind(found)) else {
            kept.push(stays(path));
            continue;
        };
        let fields = found.as_object().into_iter().flat_map(|fields| fields.keys());
        let unread = fields
            .filter(|name| !read.contains(&name.as_str()) && !OF_EVERY_RESOURCE.contains(&name.as_str()));
        kept.extend(unread.map(|name| stays(format!("{path}.{}", shown(name)))));
        if kept.len() >= ISSUES_MAX {
            break;
        }
    }
    kept.truncate(ISSUES_MAX);
    kept
}

/// One thing that stays where it is.
pub(super) fn stays(path: String) -> Issue {
    Issue::new("incomplete", path, KEPT)
}
