//! Real answers beside `openapi.yaml` and our FHIR profiles: whatever comes back under `/fhir/{Type}` is what the
//! description says, and breaks no rule of FHIR.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use keyway::{
    clock::{Clock, SystemClock},
    profile::{
        Severity,
        check::{Ask, Program},
    },
};
use serde_json::{Value, json};

use super::Reply;

static API: LazyLock<Value> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.yaml");
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
});

static PROGRAM: LazyLock<Arc<Program>> = LazyLock::new(|| Program::shared().unwrap());

static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Checks an answer against what the description says of its path, method and status. Paths that are under
/// neither `/fhir` nor `/ig` are left.
pub fn check(method: &str, path: &str, reply: &Reply) {
    let path = path.split('?').next().unwrap_or_default();
    let Some((template, operation)) = operation(method, path) else { return };
    if template.starts_with("/ig/") && reply.status == 200 && reply.content_type() == "application/json" {
        let media = &operation["responses"]["200"]["content"]["application/json"];
        valid(&media["schema"], &reply.json(), &format!("{method} {template}"));
    }
    if !template.starts_with("/fhir/") {
        return;
    }
    let at = format!("{method} {template} -> {}", reply.status);
    let responses = &operation["responses"];
    let told = responses.get(reply.status.to_string()).unwrap_or(&responses["default"]);
    let told = resolved(told);
    let is_rest = operation["tags"].as_array().is_some_and(|tags| tags.contains(&json!("rest")));
    // What says what is offered may be kept.
    let kept = reply.headers.get("cache-control").map(String::as_str);
    assert!(kept == Some("no-store") || !is_rest && reply.status == 200 && method == "GET", "{at}: {kept:?}");
    if reply.body.is_empty() {
        return;
    }
    let content = told["content"].as_object().unwrap_or_else(|| panic!("{at}: no body is described"));
    let media = content.get(reply.content_type()).unwrap_or_else(|| panic!("{at}: {}", reply.content_type()));
    let body = reply.json();
    valid(&media["schema"], &body, &at);
    if reply.status >= 400 {
        is_told(&body, told, reply.status, &at);
    }
    if body.get("resourceType").is_none() {
        return;
    }
    conforms(&body, &at);
    for name in told["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase()) {
        // When a version began is not known of everything.
        let optional = name == "last-modified" && body["meta"].get("lastUpdated").is_none();
        assert!(optional || reply.headers.contains_key(&name), "{at}: {name} is missing");
    }
    // What a message carries back is as it came.
    if body["resourceType"] == "Bundle" && body["type"] != "message" {
        for entry in body["entry"].as_array().into_iter().flatten() {
            let kind = entry["resource"]["resourceType"].as_str().unwrap();
            if API["components"]["schemas"].get(kind).is_some() {
                let schema = json!({"$ref": format!("#/components/schemas/{kind}")});
                valid(&schema, &entry["resource"], &at);
            }
            conforms(&entry["resource"], &at);
        }
    }
}

/// Checks that the code of an error is one that the description has for this status, here and among all.
fn is_told(outcome: &Value, told: &Value, status: u16, at: &str) {
    let code = outcome["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap_or_default();
    let begins = format!("{status} {code}");
    let all = API["components"]["responses"].as_object().unwrap().values();
    let described = all.filter_map(|one| one["description"].as_str()).any(|text| text.starts_with(&begins));
    assert!(described, "{at}: {begins} is described nowhere");
    let here = told["description"].as_str().unwrap_or_default();
    assert!(!here.starts_with(char::is_numeric) || here.contains(code), "{at}: {code} is not in `{here}`");
}

/// Checks a resource against base R4 and the profiles that it declares, and that it declares ours of its type.
fn conforms(resource: &Value, at: &str) {
    let findings = PROGRAM.check(resource, &Ask::at(SystemClock.now().0));
    let wrong: Vec<_> = findings.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{at} breaks a rule of FHIR:\n{wrong:#?}\n{resource:#}");
    let ours = match resource["resourceType"].as_str().unwrap() {
        "Task" => "ld-task",
        // What was asked in another form than a FHIR message has the frame only.
        "ServiceRequest" if resource.get("reasonCode").is_some() => "ld-service-request",
        // What no longer permits says to a recipient only that it does not.
        "Consent" if resource.get("dateTime").is_some() => "ld-consent",
        "Communication" => "ld-communication",
        "Appointment" => "ld-appointment",
        "Organization" => "ld-organization",
        "HealthcareService" => "ld-healthcare-service",
        "Location" => "ld-location",
        "Provenance" => "ld-provenance",
        "AuditEvent" => "ld-audit-event",
        "OperationOutcome" => "ld-operation-outcome",
        _ => return,
    };
    let ours = json!(format!("https://keyway.example/fhir/StructureDefinition/{ours}"));
    let declared = resource["meta"]["profile"].as_array();
    assert!(
        declared.is_some_and(|profiles| profiles.contains(&ours)),
        "{at} does not declare {ours}:\n{resource:#}"
    );
}

fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let api: &'static Value = &API;
    let fits = |template: &str| {
        let (mut wanted, mut there) = (template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), there.next()) {
                (None, None) => return true,
                (Some(wanted), Some(there)) if wanted == there || wanted.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let fixed = |template: &&(&'static String, &'static Value)| !template.0.contains('{');
    let paths: Vec<_> = api["paths"].as_object()?.iter().filter(|(template, _)| fits(template)).collect();
    let (template, methods) = paths.iter().find(fixed).or_else(|| paths.first())?;
    methods.get(method.to_lowercase()).map(|operation| (template.as_str(), operation))
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => API.pointer(reference.strip_prefix('#').unwrap()).expect("it leads somewhere"),
        None => value,
    }
}

fn valid(schema: &Value, body: &Value, at: &str) {
    let validator = {
        let mut compiled = COMPILED.lock().unwrap();
        let make = || {
            let mut whole = schema.clone();
            whole["components"] = json!({"schemas": API["components"]["schemas"]});
            let options = jsonschema::options().should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|e| panic!("{at}: {e}")))
        };
        Arc::clone(compiled.entry(schema.to_string()).or_insert_with(make))
    };
    let wrong: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{at} is not as described:\n{}\n{body:#}", wrong.join("\n"));
}
