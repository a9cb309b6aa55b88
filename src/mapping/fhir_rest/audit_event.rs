//! `AuditEvent`: an entry of the log, with the codes of IHE BALP where it has a shape for what happened.

use serde_json::{Value, json};

use super::{Person, codes, organization_reference, put, restricted};
use crate::clock::Moment;

/// A log entry as one agency may see it.
#[derive(Clone, Debug)]
pub struct Logged<'a> {
    /// Its id.
    pub id: &'a str,
    /// When.
    pub at: Moment,
    /// What happened: the word of the log.
    pub kind: &'a str,
    /// The agency that did it; `None`: the gateway itself.
    pub by: Option<&'a str>,
    /// The referral that it is about.
    pub referral: Option<&'a str>,
    /// The person, as the reader names them.
    pub person: Option<&'a Person>,
    /// The consent that it is about.
    pub consent: Option<&'a str>,
    /// Facts in closed codes.
    pub facts: &'a [(String, String)],
}

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const REST: (&str, &str) = ("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest");
const RESTFUL: &str = "http://hl7.org/fhir/restful-interaction";

/// Type, subtype and action of one kind of entry.
struct Shape {
    kind: (&'static str, &'static str),
    subtype: (&'static str, &'static str),
    action: &'static str,
}

fn shape(logged: &Logged<'_>) -> Shape {
    let of = |kind, subtype, action| Shape { kind, subtype, action };
    let fact =
        |name: &str| logged.facts.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
    match logged.kind {
        "received" | "consent-recorded" => of(REST, (RESTFUL, "create"), "C"),
        "moved" | "consent-withdrawn" | "recall-answered" | "acknowledged" | "directory-changed" => {
            of(REST, (RESTFUL, "update"), "U")
        }
        "viewed" if fact("interaction") == "search-type" => of(REST, (RESTFUL, "search-type"), "E"),
        "viewed" | "collected" => of(REST, (RESTFUL, "read"), "R"),
        "disclosed" => of(
            (DCM, "110106"),
            ("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose"),
            "R",
        ),
        "decided" | "overridden" | "access-refused" => of(
            (DCM, "110113"),
            ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Consent"),
            "E",
        ),
        "token-issued" => of((DCM, "110114"), (DCM, "110122"), "E"),
        _ => of(REST, (RESTFUL, "operation"), "E"),
    }
}

fn refused(logged: &Logged<'_>) -> bool {
    let denied = |(name, value): &(String, String)| name == "answer" && value == "deny";
    logged.kind == "access-refused" || logged.facts.iter().any(denied)
}

/// The `AuditEvent`. Nothing about it ever changes.
#[must_use]
pub fn audit_event(logged: &Logged<'_>) -> Value {
    let shape = shape(logged);
    let coding = |(system, code): (&str, &str)| json!({"system": system, "code": code});
    // Who reads is where it goes to; who writes or searches is where it comes from.
    let (client, server) = if shape.action == "R" { ("110152", "110153") } else { ("110153", "110152") };
    let agent = |role: &str, who: Value, requestor: bool| json!({"type": {"coding": [{"system": DCM, "code": role}]}, "who": who, "requestor": requestor});
    let gateway = json!({"type": "Device", "display": "Keyway"});
    let agents = match logged.by {
        Some(agency) => {
            vec![agent(client, organization_reference(agency), true), agent(server, gateway.clone(), false)]
        }
        None => vec![agent(client, gateway.clone(), true)],
    };
    let refused = refused(logged);
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": logged.id,
        "meta": restricted(Some("ld-audit-event"), 1, logged.at),
        "type": coding(shape.kind),
        "subtype": [
            coding(shape.subtype),
            {"system": codes::our_codes!("audit-kind"), "code": logged.kind},
        ],
        "action": shape.action,
        "recorded": logged.at.to_rfc3339(),
        "outcome": if refused { "8" } else { "0" },
        "agent": agents,
        "source": {
            "observer": gateway,
            "type": [{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}],
        },
    });
    let entities = entities(logged);
    put(&mut event, "entity", (!entities.is_empty()).then_some(Value::Array(entities)));
    // The code of the reason is among the facts, for whoever may know it.
    put(&mut event, "outcomeDesc", refused.then(|| json!("It was refused.")));
    event
}

fn entities(logged: &Logged<'_>) -> Vec<Value> {
    let kind = |code: &str| json!({"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": code});
    let role =
        |code: &str| json!({"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": code});
    let mut entities = Vec::new();
    if let Some(referral) = logged.referral {
        entities.push(json!({
            "what": {"reference": format!("Task/{referral}")}, "type": kind("2"), "role": role("4"),
        }));
    }
    if let Some(person) = logged.person {
        entities.push(json!({"what": person.reference(), "type": kind("1"), "role": role("1")}));
    }
    if let Some(consent) = logged.consent {
        entities.push(json!({
            "what": {"reference": format!("Consent/{consent}")}, "type": kind("2"), "role": role("4"),
        }));
    }
    let told: Vec<Value> = logged
        .facts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| json!({"type": name, "valueString": value}))
        .collect();
    if !told.is_empty() {
        entities.push(json!({"what": {"display": logged.kind}, "type": kind("2"), "detail": told}));
    }
    entities
}
