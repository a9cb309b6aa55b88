//! Expressions that must read, and what they must give.

mod functions;
mod invariants;
mod language;
mod never_panics;

use serde_json::Value;

use super::{Expression, Focus, Item, Truth, World, resolve_within};

/// What the tests know of FHIR's types.
pub(super) struct Known<'v> {
    pub(super) bundle: Option<&'v Value>,
}

/// Type, element, type of the element.
const CHILDREN: &[(&str, &str, &str)] = &[
    ("Patient", "birthDate", "date"),
    ("Patient", "active", "boolean"),
    ("Patient", "gender", "code"),
    ("Patient", "contact", "Patient.contact"),
    ("Patient", "name", "HumanName"),
    ("Patient.contact", "period", "Period"),
    ("HumanName", "period", "Period"),
    ("HumanName", "family", "string"),
    ("Period", "start", "dateTime"),
    ("Period", "end", "dateTime"),
    ("Task", "authoredOn", "dateTime"),
    ("Task", "lastModified", "dateTime"),
    ("Bundle", "entry", "Bundle.entry"),
    ("Bundle", "timestamp", "instant"),
    ("Bundle.entry", "resource", "Resource"),
    ("Observation", "component", "Observation.component"),
    ("Observation", "instantiatesCanonical", "canonical"),
    ("Reference", "reference", "string"),
    ("CareTeam.participant", "member", "Reference"),
    ("CareTeam.participant", "onBehalfOf", "Reference"),
    ("Questionnaire.item.enableWhen", "operator", "code"),
    ("MedicationDispense", "whenPrepared", "dateTime"),
];

/// Type, and what it is derived from.
const BASES: &[(&str, &str)] = &[
    ("Patient", "DomainResource"),
    ("DomainResource", "Resource"),
    ("code", "string"),
    ("canonical", "uri"),
    ("Age", "Quantity"),
    ("Patient.contact", "BackboneElement"),
];

impl<'v> World<'v> for Known<'v> {
    fn child_type(&self, parent: &str, name: &str) -> Option<&'v str> {
        CHILDREN.iter().find(|(p, n, _)| *p == parent && *n == name).map(|(_, _, found)| *found)
    }

    fn is_subtype(&self, name: &str, of: &str) -> bool {
        name == of
            || BASES.iter().find(|(n, _)| *n == name).is_some_and(|(_, base)| self.is_subtype(base, of))
    }

    fn resolve(&self, reference: &str, root: &'v Value) -> Option<&'v Value> {
        resolve_within(reference, root, self.bundle)
    }

    fn member_of(&self, code: &Value, value_set: &str) -> Option<bool> {
        (value_set == "urn:known").then(|| code.as_str() == Some("in"))
    }

    fn conforms_to(&self, value: &Value, profile: &str) -> Option<bool> {
        (profile == "urn:known").then(|| value.get("id").is_some())
    }

    fn html_checks(&self, div: &str) -> Option<bool> {
        Some(!div.contains("<script"))
    }

    fn now(&self) -> Option<jiff::Timestamp> {
        "2026-02-03T04:05:06.789Z".parse().ok()
    }
}

/// What `expression` gives for `resource`, each item as FHIRPath would write it; a fault as `!` and its words.
pub(super) fn shown(expression: &str, resource: &Value) -> String {
    let expression = match Expression::parse(expression) {
        Ok(expression) => expression,
        Err(fault) => return format!("? {fault}"),
    };
    let world = Known { bundle: Some(resource) };
    match expression.evaluate(&Focus::of_resource(resource), &world) {
        Ok(found) => found.iter().map(written).collect::<Vec<_>>().join(", "),
        Err(fault) => format!("! {fault}"),
    }
}

fn written(item: &Item<'_>) -> String {
    match item {
        Item::Node(node) => node.json().map_or_else(|| String::from("(no value)"), Value::to_string),
        Item::Boolean(answer) => answer.to_string(),
        Item::Integer(whole) => whole.to_string(),
        Item::Decimal(decimal) => decimal.to_string(),
        Item::String(text) => format!("'{text}'"),
        Item::Temporal(temporal) => format!("@{temporal}"),
        Item::Quantity(quantity) => format!("{} '{}'", quantity.value, quantity.unit),
    }
}

/// Whether an invariant holds for a resource.
pub(super) fn holds(expression: &str, resource: &Value) -> Truth {
    let expression = Expression::parse(expression).unwrap();
    expression.holds(&Focus::of_resource(resource), &Known { bundle: Some(resource) }).unwrap()
}
