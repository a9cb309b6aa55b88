//! From a validator's error to an issue that a person can act on. Only the schema's own words are used: no text
//! here is made from what was sent, except the name of an unknown field when it looks like a field's name.

use std::{cell::LazyCell, collections::HashSet};

use jsonschema::{ValidationError, error::TypeKind, error::ValidationErrorKind as Kind};
use serde_json::Value;

use crate::fhir::Issue;

/// Longest name of an unknown field that is repeated.
const FIELD_NAME_MAX_BYTES: usize = 40;
/// Most unknown fields of one object that are named.
const UNKNOWN_FIELDS_MAX: usize = 10;
/// Fields of FHIR R4's Patient, ServiceRequest and Consent that somebody may take for those of a form, and none of which could
/// be a person's name.
const FHIR_FIELDS: [&str; 22] = [
    "resourceType",
    "identifier",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "maritalStatus",
    "multipleBirthBoolean",
    "generalPractitioner",
    "managingOrganization",
    "authoredOn",
    "basedOn",
    "bodySite",
    "doNotPerform",
    "occurrenceDateTime",
    "performerType",
    "patientInstruction",
    "reasonCode",
    "reasonReference",
    "relevantHistory",
    "replacesReference",
    "supportingInfo",
    "provision",
];

/// The issues that one error stands for: one for each missing or unknown field, one otherwise.
pub(super) fn issues(schema: &Value, error: &ValidationError<'_>) -> Vec<Issue> {
    let place = error.instance_path().as_str();
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Issue::new("required", format!("{place}/{name}"), "This field is required.")]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unknown_fields(schema, place, unexpected)
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            // A place that may take several forms: what it says of itself is clearer than each form's complaint.
            let text = described(schema, error).unwrap_or_else(|| {
                format!("None of the {} forms that are allowed here fits.", context.len())
            });
            vec![Issue::new("value", place, text)]
        }
        kind @ (Kind::Pattern { .. } | Kind::Format { .. }) => {
            // A pattern is for machines; what the schema says of it is for people.
            let (code, text) = say(kind);
            vec![Issue::new(code, place, described(schema, error).unwrap_or(text))]
        }
        kind => {
            let (code, text) = say(kind);
            vec![Issue::new(code, place, text)]
        }
    }
}

fn say(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Enum { options } => {
            ("code-invalid", format!("One of these is needed here: {}.", list(options)))
        }
        Kind::Constant { expected_value } => {
            ("value", format!("Only this is allowed here: {}.", plain(expected_value)))
        }
        Kind::Type { kind } => ("structure", format!("A value of type {} is needed here.", types(kind))),
        Kind::MaxLength { limit } => ("too-long", format!("At most {limit} characters are allowed here.")),
        Kind::MinLength { limit } => ("value", format!("At least {limit} character is needed here.")),
        Kind::MaxItems { limit } => ("too-long", format!("At most {limit} entries are allowed here.")),
        Kind::MinItems { limit } => ("required", format!("At least {limit} entry is needed here.")),
        Kind::Maximum { limit } => ("value", format!("At most {limit} is allowed here.")),
        Kind::Minimum { limit } => ("value", format!("At least {limit} is needed here.")),
        Kind::Format { format } => ("value", format!("A valid {format} is needed here.")),
        Kind::Pattern { pattern } => ("value", format!("A text of this pattern is needed here: {pattern}")),
        Kind::UniqueItems => ("value", String::from("No entry may stand here twice.")),
        Kind::FalseSchema => ("structure", String::from("This field is not part of this form.")),
        Kind::Not { .. } => ("structure", String::from("This is not allowed here.")),
        Kind::PropertyNames { .. } => {
            ("structure", String::from("A field here has a name that is not allowed."))
        }
        other => ("value", format!("The profile's rule \"{}\" is not met here.", other.keyword())),
    }
}

/// One issue for each unknown field. A name that could be content (a person's name, a number) is not repeated: beside small
/// letters only what is a field of the profile or of FHIR, spelt in another way, as `birthDate` or `Post-Code`.
fn unknown_fields(schema: &Value, place: &str, unexpected: &[String]) -> Vec<Issue> {
    let text = "This field is not known to the profile.";
    // Most errors need no other spelling.
    let known = LazyCell::new(|| {
        let mut known: HashSet<String> = FHIR_FIELDS.iter().map(|name| plain_name(name)).collect();
        add_fields(schema, &mut known);
        known
    });
    let is_known = |name: &str| name.len() <= FIELD_NAME_MAX_BYTES && known.contains(&plain_name(name));
    let mut issues: Vec<Issue> = unexpected
        .iter()
        .filter(|name| is_like_a_field(name) || is_known(name))
        .take(UNKNOWN_FIELDS_MAX)
        .map(|name| Issue::new("structure", format!("{place}/{name}"), text))
        .collect();
    if issues.len() < unexpected.len() {
        let rest = unexpected.len() - issues.len();
        issues.push(Issue::new("structure", place, format!("Fields not known to the profile: {rest} more.")));
    }
    issues
}

fn is_like_a_field(name: &str) -> bool {
    name.len() <= FIELD_NAME_MAX_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// A name without what spellings differ in: capitals, and what stands between words.
fn plain_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The names of all fields that a schema knows, wherever they stand.
fn add_fields(schema: &Value, known: &mut HashSet<String>) {
    match schema {
        Value::Object(rules) => {
            for (rule, said) in rules {
                if let ("properties", Some(fields)) = (rule.as_str(), said.as_object()) {
                    known.extend(fields.keys().map(|name| plain_name(name)));
                }
                add_fields(said, known);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| add_fields(one, known)),
        _ => {}
    }
}

/// What the schema says, in words, of the place where the rule stands.
fn described(schema: &Value, error: &ValidationError<'_>) -> Option<String> {
    let (place, _keyword) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(place)?.get("description")?.as_str().map(str::to_owned)
}

fn list(options: &Value) -> String {
    let Some(options) = options.as_array() else { return plain(options) };
    options.iter().map(plain).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => several.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" or "),
    }
}
