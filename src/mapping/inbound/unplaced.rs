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
        kept.extend(beside(found, read, &path));
        if kept.len() >= ISSUES_MAX {
            break;
        }
    }
    kept.truncate(ISSUES_MAX);
    kept
}

/// The resource of an answer that is read: its place among the entries, and the fields of it that are.
#[derive(Clone, Copy)]
pub(super) struct Used {
    pub(super) index: usize,
    pub(super) fields: &'static [&'static str],
}

/// The same for an answer: one resource says what it says, the header says to what, and the rest stays. What goes back
/// with an answer is compared with what it is about (`beside`), and not read.
pub(super) fn unplaced_beside(bundle: &Value, used: Option<Used>) -> Vec<Issue> {
    let mut kept = Vec::new();
    for (index, entry) in array(bundle, "/entry").iter().enumerate() {
        let found = resource(entry);
        let path = format!("Bundle.entry[{index}].resource");
        let header = READ.iter().find(|(known, _)| *known == "MessageHeader" && index == 0);
        match used
            .filter(|used| used.index == index)
            .map(|used| used.fields)
            .or(header.map(|(_, read)| *read))
        {
            Some(read) => kept.extend(beside(found, read, &path)),
            None => kept.push(stays(path)),
        }
    }
    kept.truncate(ISSUES_MAX);
    kept
}

/// The fields of a resource beside those that are read.
fn beside<'r>(found: &'r Value, read: &'r [&str], path: &'r str) -> impl Iterator<Item = Issue> + 'r {
    let fields = found.as_object().into_iter().flat_map(|fields| fields.keys());
    let unread =
        fields.filter(|name| !read.contains(&name.as_str()) && !OF_EVERY_RESOURCE.contains(&name.as_str()));
    unread.map(move |name| stays(format!("{path}.{}", shown(name))))
}

/// One thing that stays where it is.
pub(super) fn stays(path: String) -> Issue {
    Issue::new("incomplete", path, KEPT)
}
