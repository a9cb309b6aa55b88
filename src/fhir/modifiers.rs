//! Elements that change the meaning of what holds them (R4, isModifier): a reader that leaves one out takes the rest for
//! what it is not. Each is known here with the values under which the rest means what it says; any other is refused by name.

use serde_json::Value;

use super::{Issue, json::shown};
use crate::limits::ISSUES_MAX;

/// Which values of a modifier leave the rest as it reads.
#[derive(Clone, Copy)]
enum Heeded {
    /// Each: another part of the gateway reads it.
    Read,
    /// These alone.
    Only(&'static [&'static str]),
    /// A list in which every item has one of these as its `type`.
    Types(&'static [&'static str]),
}

/// The modifiers of the resources that are read in messages, beside those that every resource has. Names are those of JSON.
const KNOWN: [(&str, &str, Heeded); 19] = [
    ("Appointment", "status", Heeded::Read),
    ("Communication", "status", Heeded::Read),
    ("Consent", "status", Heeded::Read),
    ("Consent", "scope", Heeded::Read),
    ("Encounter", "status", Heeded::Read),
    ("Location", "status", Heeded::Only(&["active"])),
    ("Organization", "active", Heeded::Only(&["true"])),
    ("Patient", "active", Heeded::Only(&["true"])),
    ("Patient", "deceasedBoolean", Heeded::Only(&["false"])),
    ("Patient", "deceasedDateTime", Heeded::Only(&[])),
    // What this record stands in the place of, or beside, leaves it as it reads.
    ("Patient", "link", Heeded::Types(&["replaces", "seealso"])),
    ("ServiceRequest", "status", Heeded::Read),
    // What is an option is asked of nobody; what is a proposal is asked by nobody yet.
    (
        "ServiceRequest",
        "intent",
        Heeded::Only(&[
            "plan",
            "directive",
            "order",
            "original-order",
            "reflex-order",
            "filler-order",
            "instance-order",
        ]),
    ),
    ("ServiceRequest", "doNotPerform", Heeded::Only(&["false"])),
    ("Task", "status", Heeded::Read),
    ("Task", "intent", Heeded::Read),
    // Of every resource; none of these leaves anything as it reads.
    ("", "implicitRules", Heeded::Only(&[])),
    ("", "modifierExtension", Heeded::Only(&[])),
    ("", "_implicitRules", Heeded::Only(&[])),
];

/// An issue for each modifier in `resource`, which stands at `path`, that says what is not acted on here.
#[must_use]
pub fn unheeded(resource: &Value, path: &str) -> Vec<Issue> {
    let mut found = Vec::new();
    // Places are put into words only where there is one to name.
    if says_otherwise(resource) {
        look(resource, path, &mut found);
        found.truncate(ISSUES_MAX);
    }
    found
}

/// Whether a name, an address, a telephone or an identifier is one that holds: `use` is a modifier of these four types, and
/// `old` says that it holds no more. Whoever reads one of them asks this first.
#[must_use]
pub fn is_current(value: &Value) -> bool {
    value.get("use").and_then(Value::as_str) != Some("old")
}

/// What is known of this field of a resource of type `kind`.
fn known(kind: &str, name: &str) -> Option<Heeded> {
    let found = KNOWN.iter().find(|(of, known, _)| *known == name && (*of == kind || of.is_empty()));
    found.map(|(_, _, heeded)| *heeded)
}

/// The type of what holds these fields. What is contained has its own; what is no resource has only the modifiers of all.
fn kind_of(value: &Value) -> &str {
    value.get("resourceType").and_then(Value::as_str).unwrap_or_default()
}

fn says_otherwise(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(says_otherwise),
        Value::Object(fields) => {
            let kind = kind_of(value);
            fields.iter().any(|(name, below)| {
                known(kind, name).is_some_and(|heeded| !heeded.leaves(below)) || says_otherwise(below)
            })
        }
        _ => false,
    }
}

fn look(value: &Value, path: &str, found: &mut Vec<Issue>) {
    if found.len() >= ISSUES_MAX {
        return;
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                look(item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(fields) => {
            let kind = kind_of(value);
            for (name, below) in fields {
                let place = format!("{path}.{}", shown(name));
                match known(kind, name) {
                    Some(heeded) if !heeded.leaves(below) => {
                        found.push(Issue::new("not-supported", place, heeded.right()));
                    }
                    _ => look(below, &place, found),
                }
            }
        }
        _ => {}
    }
}

impl Heeded {
    fn leaves(self, value: &Value) -> bool {
        let is_one = |value: &Value, of: &[&str]| match value {
            Value::String(text) => of.contains(&text.as_str()),
            Value::Bool(yes) => of.contains(&if *yes { "true" } else { "false" }),
            _ => false,
        };
        match self {
            Self::Read => true,
            Self::Only(these) => is_one(value, these),
            Self::Types(these) => value.as_array().is_some_and(|items| {
                items.iter().all(|item| item.get("type").is_some_and(|one| is_one(one, these)))
            }),
        }
    }

    fn right(self) -> String {
        let meaning = "This changes the meaning of what holds it, in a way that is not acted on here";
        match self {
            Self::Read | Self::Only([]) => format!("{meaning}. Leave it out only if it does not hold."),
            Self::Only(these) | Self::Types(these) => format!("{meaning}. Acted on: {}.", these.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(resource: &Value) -> Vec<String> {
        unheeded(resource, "R").into_iter().map(|issue| issue.path).collect()
    }

    #[test]
    fn what_says_otherwise_is_named_and_what_leaves_the_rest_as_it_reads_is_not() {
        for (kind, field, otherwise, harmless) in [
            ("ServiceRequest", "doNotPerform", json!(true), json!(false)),
            ("ServiceRequest", "intent", json!("proposal"), json!("order")),
            ("Patient", "active", json!(false), json!(true)),
            ("Patient", "deceasedBoolean", json!(true), json!(false)),
            (
                "Patient",
                "link",
                json!([{"type": "seealso"}, {"type": "replaced-by"}]),
                json!([{"type": "seealso"}]),
            ),
            ("Organization", "active", json!(false), json!(true)),
            ("Location", "status", json!("suspended"), json!("active")),
        ] {
            assert_eq!(places(&json!({"resourceType": kind, field: otherwise})), [format!("R.{field}")]);
            assert!(places(&json!({"resourceType": kind, field: harmless})).is_empty(), "{kind}.{field}");
        }
        assert_eq!(
            places(&json!({"resourceType": "Patient", "deceasedDateTime": "2026"})),
            ["R.deceasedDateTime"]
        );
        let deep = json!({
            "resourceType": "Consent", "implicitRules": "urn:x",
            "provision": {"actor": [{"modifierExtension": [{"url": "urn:x"}]}]},
            "contained": [{"resourceType": "Patient", "active": false}],
        });
        let expected = ["R.implicitRules", "R.provision.actor[0].modifierExtension", "R.contained[0].active"];
        assert_eq!(places(&deep), expected);
        // The same name elsewhere is another element.
        assert!(places(&json!({"resourceType": "Patient", "contact": [{"active": false}]})).is_empty());
    }

    #[test]
    fn the_modifiers_of_data_types_are_those_that_are_asked_for() {
        let structures = include_str!("../../profiles/r4/structures.txt");
        let (mut kind, mut found) = ("", Vec::new());
        for line in structures.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            if let Some(name) = line.strip_prefix('=') {
                let head: Vec<&str> = name.split('\t').collect();
                kind = if head.get(2) == Some(&"complex") { head[0] } else { "" };
            } else if !kind.is_empty() && fields.get(3).is_some_and(|flags| flags.contains('m')) {
                found.push(format!("{kind}{}", fields[0]));
            }
        }
        // No quantity is read in what comes in, and an extension that modifies stands in `modifierExtension`.
        found
            .retain(|name| ![".modifierExtension", ".comparator", "."].iter().any(|end| name.ends_with(end)));
        assert_eq!(found, ["Address.use", "ContactPoint.use", "HumanName.use", "Identifier.use"]);
        assert!(is_current(&json!({"use": "home"})) && is_current(&json!({})));
        assert!(!is_current(&json!({"use": "old"})));
    }

    #[test]
    fn every_modifier_of_base_fhir_in_what_is_read_is_known() {
        let structures = include_str!("../../profiles/r4/structures.txt");
        let mut kinds: Vec<&str> =
            KNOWN.iter().map(|(kind, ..)| *kind).filter(|kind| !kind.is_empty()).collect();
        kinds.extend(["MessageHeader", "Practitioner", "PractitionerRole", "Bundle"]);
        kinds.dedup();
        for kind in kinds {
            let head = format!("\n={kind}\t{kind}\tresource\t");
            let (_, definition) = structures.split_once(&head).unwrap();
            let elements = definition.lines().skip(1).take_while(|line| line.starts_with('.'));
            for line in elements {
                let fields: Vec<&str> = line.split('\t').collect();
                if !fields.get(3).is_some_and(|flags| flags.contains('m')) {
                    continue;
                }
                let name = fields[0].rsplit('.').next().unwrap();
                let stem = name.trim_end_matches("[x]");
                let is_known = |(of, known, _): &(&str, &str, Heeded)| {
                    (of.is_empty() || *of == kind)
                        && (*known == name || stem != name && known.starts_with(stem))
                };
                assert!(KNOWN.iter().any(is_known), "{kind}{}", fields[0]);
            }
        }
    }
}
