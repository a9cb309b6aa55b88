//! What of a message was not read: it stays in the message as received, is reported by its place, and never leaves.

use serde_json::Value;

use super::{array, kind, resource, taken::Taken, text};
use crate::{
    fhir::{Issue, json::shown},
    limits::ISSUES_MAX,
};

/// Elements that only tie the resources together or say how the message is made, by the type that has them; with what they hold.
const TIES: [(&str, &[&str]); 9] = [
    (
        "MessageHeader",
        &["eventCoding", "destination", "sender", "source", "reason", "response", "focus", "definition"],
    ),
    ("ServiceRequest", &["status", "intent", "authoredOn"]),
    ("Patient", &["active"]),
    ("Consent", &["category"]),
    ("Organization", &["active"]),
    ("Task", &["identifier", "status", "intent", "code"]),
    ("Encounter", &["identifier", "status", "class"]),
    ("Appointment", &["identifier", "status", "created", "participant.status", "participant.required"]),
    ("", &["resourceType", "id", "meta.profile", "meta.versionId", "meta.lastUpdated", "meta.source"]),
];
/// Fields that refer from one resource to another. What a reference says in words is no tie.
const REFERRING: [(&str, &[&str]); 6] = [
    ("ServiceRequest", &["subject", "encounter", "basedOn", "requester", "supportingInfo"]),
    ("Consent", &["patient", "performer", "organization"]),
    ("PractitionerRole", &["practitioner", "organization"]),
    ("Task", &["basedOn", "focus", "for", "owner"]),
    ("Encounter", &["subject", "episodeOfCare", "serviceProvider"]),
    ("Appointment", &["basedOn", "participant.actor"]),
];
/// What is said of each.
const KEPT: &str = "Kept as received. It is not read, and not passed on.";

/// One line for each part that was not read: a whole resource of which nothing was, else the highest element of which nothing
/// was.
pub(super) fn unplaced(bundle: &Value, taken: &Taken) -> Vec<Issue> {
    let mut kept = Vec::new();
    for (index, entry) in array(bundle, "/entry").iter().enumerate() {
        let found = resource(entry);
        let path = format!("Bundle.entry[{index}].resource");
        let left = (Look { kind: kind(found), taken }).at(found, &path, "", found);
        if left.is_read {
            kept.extend(left.places);
        } else if says_something(found) {
            kept.push(path);
        }
    }
    told(kept.into_iter().map(stays).collect())
}

/// As many of these as an answer may hold; that there are more is one of them.
pub(super) fn told(mut kept: Vec<Issue>) -> Vec<Issue> {
    if kept.len() > ISSUES_MAX {
        kept.truncate(ISSUES_MAX - 1);
        let text = "More than is listed here is kept as received, not read, and not passed on.";
        kept.push(Issue::new("incomplete", "Bundle", text));
    }
    kept
}

/// What is left of a node.
#[derive(Default)]
struct Left {
    /// Whether anything of it was read.
    is_read: bool,
    /// Whether anything of it only ties.
    ties: bool,
    /// The places in it that were not read.
    places: Vec<String>,
}

/// A walk through one resource.
#[derive(Clone, Copy)]
struct Look<'t> {
    kind: &'t str,
    taken: &'t Taken,
}

impl Look<'_> {
    /// `path` is the place of `node` in the message, `name` its name in its type, and `holder` what holds it.
    fn at(self, node: &Value, path: &str, name: &str, holder: &Value) -> Left {
        if self.taken.has(node) {
            return Left { is_read: true, ..Left::default() };
        }
        if self.is_tie(name) || (name == "text" && is_generated(holder)) {
            return Left { ties: true, ..Left::default() };
        }
        let parts: Vec<Left> = match node {
            Value::Object(fields) => fields
                .iter()
                .map(|(field, below)| {
                    let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                    self.at(below, &format!("{path}.{}", shown(field)), &name, node)
                })
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.at(item, &format!("{path}[{index}]"), name, node))
                .collect(),
            _ => return Left { places: vec![path.to_owned()], ..Left::default() },
        };
        let mut left = Left::default();
        for part in parts {
            left.is_read |= part.is_read;
            left.ties |= part.ties;
            left.places.extend(part.places);
        }
        // Of which nothing was read, that is one place.
        if !left.is_read && !left.ties && !left.places.is_empty() {
            left.places = vec![path.to_owned()];
        }
        left
    }

    /// What a table has for this kind of resource, and for all.
    fn names(self, table: &'static [(&str, &[&str])]) -> impl Iterator<Item = &'static str> {
        let rows = table.iter().filter(move |(kind, _)| *kind == self.kind || kind.is_empty());
        rows.flat_map(|(_, names)| names.iter().copied())
    }

    fn is_tie(self, name: &str) -> bool {
        let refers =
            |field: &str| name.strip_prefix(field).is_some_and(|rest| matches!(rest, ".reference" | ".type"));
        self.names(&TIES).any(|field| field == name) || self.names(&REFERRING).any(refers)
    }
}

/// Whether a resource holds more than what every resource has.
fn says_something(resource: &Value) -> bool {
    let fields = resource.as_object().into_iter().flat_map(|fields| fields.keys());
    fields.filter(|name| !matches!(name.as_str(), "resourceType" | "id" | "meta")).count() > 0
}

/// Whether a resource's text says no more than its elements.
fn is_generated(resource: &Value) -> bool {
    matches!(text(resource, "/text/status"), Some("generated" | "extensions" | "empty"))
}

/// One thing that stays where it is.
fn stays(path: String) -> Issue {
    Issue::new("incomplete", path, KEPT)
}
