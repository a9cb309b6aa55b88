//! What stands above a BaRS message: its two ids, whom it is for, and who says to be behind it.
//!
//! `use-context` is for those who pass a message on; a receiver ignores it, and so does this one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    call::Call,
    trace_ids::{CORRELATION_ID, REQUEST_ID, is_uuid},
};
use crate::{
    exchange::{
        MessageHead, Target,
        refusal::{Issue, Refusal, Refused},
    },
    fhir::json,
    limits::HEADER_VALUE_MAX_BYTES,
};

/// Headers that hold a resource: their name in lower case, as they are told, and the type of the resource.
const RESOURCES: [(&str, &str, &str); 3] = [
    ("nhsd-end-user-organisation", "NHSD-End-User-Organisation", "Organization"),
    ("nhsd-requesting-practitioner", "NHSD-Requesting-Practitioner", "PractitionerRole"),
    ("nhsd-requesting-software", "NHSD-Requesting-Software", "Device"),
];
/// Whom the message is for.
const TARGET: (&str, &str) = ("nhsd-target-identifier", "NHSD-Target-Identifier");

/// Reads the head of a message; every header that is wrong is told.
///
/// The resources in headers are checked for their form only: who is calling is established by certificate and token,
/// and what a header says besides is kept nowhere.
pub(super) fn read(call: &Call) -> Result<MessageHead, Refusal> {
    let request_id = ids(call)?;
    let mut issues = Vec::new();
    for (name, told, kind) in RESOURCES {
        if let Some(sent) = call.header(name)?
            && let Err(issue) = resource(sent, told, kind)
        {
            issues.push(issue);
        }
    }
    let target = match call.header(TARGET.0)?.map(target) {
        None => None,
        Some(Ok(target)) => Some(target),
        Some(Err(issue)) => {
            issues.push(issue);
            None
        }
    };
    if issues.is_empty() {
        let correlation_id = call.ids.correlation.to_ascii_lowercase();
        Ok(MessageHead { request_id, correlation_id, target })
    } else {
        Err(Refusal::with_issues(Refused::HeaderMalformed, issues))
    }
}

/// Both ids must be there and be UUIDs. Answers with the request's, in lower case.
fn ids(call: &Call) -> Result<String, Refusal> {
    let mut issues = Vec::new();
    for (name, told) in [(REQUEST_ID, "X-Request-Id"), (CORRELATION_ID, "X-Correlation-Id")] {
        match call.header(name)?.filter(|id| !id.is_empty()) {
            None => issues.push(Issue::new("required", told, "This header is required: a UUID.")),
            Some(id) if !is_uuid(id) => {
                issues.push(Issue::new(
                    "value",
                    told,
                    "This header must be a UUID, in its 36-character form.",
                ));
            }
            Some(_) => {}
        }
    }
    if issues.is_empty() {
        Ok(call.ids.request.to_ascii_lowercase())
    } else {
        Err(Refusal::with_issues(Refused::BadRequest, issues))
    }
}

fn target(sent: &str) -> Result<Target, Issue> {
    let value = decoded(sent, TARGET.1)?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("system"), text("value")) {
        (Some(system), Some(value)) => Ok(Target { system: system.to_owned(), value: value.to_owned() }),
        _ => Err(Issue::new(
            "structure",
            TARGET.1,
            "An object with the texts `value` and `system` is expected.",
        )),
    }
}

fn resource(sent: &str, told: &str, kind: &str) -> Result<(), Issue> {
    let value = decoded(sent, told)?;
    if value.get("resourceType").and_then(Value::as_str) == Some(kind) {
        Ok(())
    } else {
        Err(Issue::new("structure", told, format!("A FHIR resource of the type {kind} is expected.")))
    }
}

/// Standard base64 with its padding, and JSON in it.
fn decoded(sent: &str, told: &str) -> Result<Value, Issue> {
    let bytes = (sent.len() <= HEADER_VALUE_MAX_BYTES).then(|| STANDARD.decode(sent)).and_then(Result::ok);
    let Some(bytes) = bytes else {
        return Err(Issue::new(
            "structure",
            told,
            "Standard base64 (not its URL form), padded, is expected.",
        ));
    };
    json::parse(&bytes)
        .map_err(|_| Issue::new("structure", told, "JSON in UTF-8 is expected under the base64."))
}
