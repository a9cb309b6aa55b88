//! `GET /fhir/metadata`: the `CapabilityStatement`, made from the route table.

use serde_json::{Value, json};

use super::{
    call::{Call, json_answer},
    discovery::CACHED,
    routes::{Interaction, ROUTES},
};
use crate::{
    exchange::{
        Answer, MESSAGES, Message,
        rest::{Kind, RESULT_PARAMETERS},
    },
    fhir::search::Parameter,
};

/// Parameters that base R4 does not have, or means otherwise: of which type, the name, the id of our `SearchParameter`.
const OWN_PARAMETERS: [(&str, &str, &str); 2] =
    [("Communication", "about", "communication-about"), ("Consent", "actor", "consent-recipient")];

/// What is offered of types that are not listed: an operation of each type stands at those that are.
const EVERY_TYPE: &str =
    "$validate is offered of every type of resource that R4 has, also of those that are not listed.";

/// When what is offered last changed.
const DATE: &str = "2026-11-27";

pub(super) fn capabilities(call: &Call) -> Answer {
    let statement = capability_statement(&call.gateway.exchange.base_url);
    let mut answer = json_answer(200, "application/fhir+json", &statement);
    answer.headers.push((CACHED.0, CACHED.1.to_owned()));
    answer
}

/// What FHIR is offered at `base_url`: an R4 `CapabilityStatement`.
#[must_use]
pub fn capability_statement(base_url: &str) -> Value {
    let interactions: Vec<Interaction> = ROUTES.iter().filter_map(|route| route.fhir).collect();
    let operations: Vec<Value> = interactions
        .iter()
        .filter_map(|interaction| match interaction {
            Interaction::SystemOperation(name) => Some(operation(name, &definition(None, name))),
            _ => None,
        })
        .collect();
    let mut kinds: Vec<&'static str> = Vec::new();
    for kind in interactions.iter().filter_map(|interaction| interaction.resource()) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let resources: Vec<Value> = kinds.into_iter().map(|kind| resource(kind, &interactions)).collect();
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
            "documentation": EVERY_TYPE,
            "security": security(base_url),
            "resource": resources,
            "operation": operations,
        }],
        "messaging": [messaging(base_url)],
    })
}

/// One type with everything that the table offers of it.
fn resource(kind: &str, interactions: &[Interaction]) -> Value {
    let own = || interactions.iter().filter(|interaction| interaction.resource() == Some(kind));
    let mut codes: Vec<&str> = own().filter_map(|interaction| interaction.code()).collect();
    codes.dedup();
    let mut told = json!({"type": kind});
    let mut put = |field: &str, value: Value| {
        if let Some(fields) = told.as_object_mut()
            && value.as_array().is_none_or(|list| !list.is_empty())
        {
            fields.insert(field.to_owned(), value);
        }
    };
    let searched = Kind::named(kind).filter(|_| codes.contains(&"search-type"));
    if let Some(searched) = searched {
        put("documentation", json!(searched.documentation));
    }
    put("interaction", codes.iter().map(|code| json!({"code": code})).collect());
    if codes.contains(&"vread") {
        // What can be changed is changed at the version that was read and at no other: `If-Match` has to be there.
        let versioning = if codes.contains(&"update") { "versioned-update" } else { "versioned" };
        put("versioning", json!(versioning));
        put("readHistory", json!(true));
    }
    if codes.contains(&"update") {
        put("updateCreate", json!(false));
    }
    if codes.contains(&"create") {
        put("conditionalCreate", json!(true));
    }
    if let Some(searched) = searched {
        let includes = searched.includes.iter().map(|(name, ..)| json!(format!("{kind}:{name}")));
        put("searchInclude", includes.collect());
        put("searchParam", searched.parameters.iter().map(|one| search_parameter(kind, one)).collect());
    } else {
        // What is no record of anybody is searched by what its route knows.
        let route =
            ROUTES.iter().find(|route| matches!(route.fhir, Some(Interaction::Search(of)) if of == kind));
        let known = route.map_or(&[][..], |route| route.query);
        let own = known.iter().filter(|name| !RESULT_PARAMETERS.contains(name));
        put("searchParam", own.map(|name| json!({"name": name, "type": "token"})).collect());
    }
    let operations = interactions.iter().filter_map(|interaction| match interaction {
        Interaction::InstanceOperation(of, name) if *of == kind => {
            Some(operation(name, &definition(Some(kind), name)))
        }
        Interaction::EveryTypeOperation(name) => Some(operation(name, &definition(None, name))),
        _ => None,
    });
    put("operation", operations.collect());
    told
}

/// A parameter that takes one modifier only is told under its own name.
fn search_parameter(kind: &str, parameter: &Parameter) -> Value {
    match parameter.name.split_once(':') {
        None => {
            let mut told = json!({"name": parameter.name, "type": parameter.test.type_word()});
            let own = OWN_PARAMETERS.iter().find(|(of, name, _)| *of == kind && *name == parameter.name);
            if let (Some((_, _, id)), Some(fields)) = (own, told.as_object_mut()) {
                let url = format!("https://keyway.example/fhir/SearchParameter/{id}");
                fields.insert(String::from("definition"), json!(url));
            }
            told
        }
        Some((name, modifier)) => json!({
            "name": name,
            "type": "reference",
            "documentation": format!("With the modifier :{modifier} only, by an identifier that the caller may know."),
        }),
    }
}

/// The messages that are sent and taken, by our definitions.
fn messaging(base_url: &str) -> Value {
    let told = |mode: &str, one: &Message| json!({"mode": mode, "definition": one.definition});
    let sent = MESSAGES.iter().filter(|one| one.sent).map(|one| told("sender", one));
    let supported: Vec<Value> = sent.chain(MESSAGES.iter().map(|one| told("receiver", one))).collect();
    json!({
        "endpoint": [{
            "protocol": {"system": "http://terminology.hl7.org/CodeSystem/message-transport", "code": "http"},
            "address": format!("{base_url}/fhir/$process-message"),
        }],
        "supportedMessage": supported,
    })
}

fn operation(name: &str, definition: &str) -> Value {
    json!({"name": name, "definition": definition})
}

/// FHIR defines `$process-message` and `$validate`; everything else is our own.
fn definition(kind: Option<&str>, name: &str) -> String {
    match (kind, name) {
        (None, "process-message") => {
            String::from("http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message")
        }
        (None, "validate") => String::from("http://hl7.org/fhir/OperationDefinition/Resource-validate"),
        (kind, name) => {
            let kind = kind.unwrap_or("System");
            format!("https://keyway.example/fhir/OperationDefinition/{kind}-{name}")
        }
    }
}

/// Who is asked for what. The extension `oauth-uris` has to name where a person authorises; here is no such place, only
/// that of SMART Backend Services, and these are found by `.well-known/smart-configuration`.
fn security(base_url: &str) -> Value {
    json!({
        "service": [{"coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"},
            {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "Certificates"},
        ]}],
        "description": format!(
            "Mutual TLS, and an access token that is bound to the client certificate (RFC 8705): client credentials, as \
             in SMART Backend Services. {base_url}/fhir/.well-known/smart-configuration says where."
        ),
    })
}
