//! `GET /fhir/metadata`: the `CapabilityStatement`, made from the route table.

use serde_json::{Value, json};

use super::{
    call::{Call, Outcome, json_answer},
    discovery::CACHED,
    routes::{Interaction, ROUTES},
};
use crate::exchange::refusal::{Refusal, Refused};

/// When what is offered last changed.
const DATE: &str = "2026-11-23";

pub(super) fn capabilities(call: &Call) -> Outcome {
    if call.query("_format").is_some_and(|format| !format.contains("json")) {
        let text = "Only JSON is offered.";
        return Err(Refusal::new(Refused::NotAcceptable, "not-supported", "_format", text));
    }
    let statement = capability_statement(&call.gateway.exchange.base_url);
    let mut answer = json_answer(200, "application/fhir+json", &statement);
    answer.headers.push((CACHED.0, CACHED.1.to_owned()));
    Ok(answer)
}

/// What FHIR is offered at `base_url`: an R4 `CapabilityStatement`.
#[must_use]
pub fn capability_statement(base_url: &str) -> Value {
    let interactions: Vec<Interaction> = ROUTES.iter().filter_map(|route| route.fhir).collect();
    let mut operations = Vec::new();
    let mut resources: Vec<Value> = Vec::new();
    for interaction in &interactions {
        match interaction {
            Interaction::Capabilities => {}
            Interaction::SystemOperation(name) => operations.push(operation(name, &definition(None, name))),
            Interaction::InstanceOperation(kind, name) => {
                let told = operation(name, &definition(Some(kind), name));
                let known =
                    resources.iter_mut().find(|r| r.get("type").and_then(Value::as_str) == Some(kind));
                match known.and_then(|r| r.get_mut("operation")).and_then(Value::as_array_mut) {
                    Some(operations) => operations.push(told),
                    None => resources.push(json!({"type": kind, "operation": [told]})),
                }
            }
        }
    }
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Keyway", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {
            "description": "Referral gateway between a liaison and diversion service and the agencies round it",
            "url": format!("{base_url}/fhir"),
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": security(base_url),
            "resource": resources,
            "operation": operations,
        }],
    })
}

fn operation(name: &str, definition: &str) -> Value {
    json!({"name": name, "definition": definition})
}

/// FHIR defines `$process-message`; everything else is our own.
fn definition(kind: Option<&str>, name: &str) -> String {
    match (kind, name) {
        (None, "process-message") => {
            String::from("http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message")
        }
        (kind, name) => {
            let kind = kind.unwrap_or("System");
            format!("https://keyway.example/fhir/OperationDefinition/{kind}-{name}")
        }
    }
}

fn security(base_url: &str) -> Value {
    json!({
        "extension": [{
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": [{"url": "token", "valueUri": format!("{base_url}/oauth/token")}],
        }],
        "service": [{"coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"},
            {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "Certificates"},
        ]}],
        "description": "Mutual TLS, and an access token that is bound to the client certificate (RFC 8705).",
    })
}
