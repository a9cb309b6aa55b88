//! `$validate`: what the gateway would say of a resource, without taking it.

use serde_json::{Value, json};

use crate::harness::{Ask, Caller, Gateway};

fn patient() -> Value {
    json!({"resourceType": "Patient", "gender": "female", "birthDate": "1991-06-14"})
}

fn judge(path: &str, body: &Value) -> Ask {
    Ask::post(path).bytes("application/fhir+json", body.to_string())
}

fn codes(outcome: &Value, severity: &str) -> Vec<(String, String)> {
    let issues = outcome["issue"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = issues.iter().filter(|issue| issue["severity"] == severity);
    of.map(|issue| (text(&issue["code"]), text(&issue["expression"][0]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_is_judged_and_nothing_is_kept() {
    let gateway = Gateway::start().await;
    let before = gateway.books().rows();
    let reply = gateway.cmht.ask(judge("/fhir/Patient/$validate", &patient())).await;
    assert_eq!((reply.status, reply.content_type()), (200, "application/fhir+json"), "{}", reply.text());
    assert_eq!(reply.json()["resourceType"], "OperationOutcome");
    assert_eq!(codes(&reply.json(), "error"), []);

    let mut wrong = patient();
    wrong["birthDate"] = json!("1991-02-30");
    wrong["gender"] = json!("CANARY");
    wrong["shoe_size"] = json!(43);
    let reply = gateway.cmht.ask(judge("/fhir/Patient/$validate", &wrong)).await;
    assert_eq!(reply.status, 200);
    let errors = codes(&reply.json(), "error");
    for place in ["Patient.birthDate", "Patient.gender", "Patient.shoe_size"] {
        assert!(errors.iter().any(|(_, at)| at == place), "{place}: {errors:?}");
    }
    assert!(!reply.text().contains("CANARY") && !reply.text().contains("1991-02-30"), "{}", reply.text());
    let rule = &reply.json()["issue"][0]["details"]["coding"][0];
    assert_eq!(rule["system"], "https://keyway.example/fhir/CodeSystem/validation-rule");
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_may_be_named_in_the_query_or_in_parameters() {
    let gateway = Gateway::start().await;
    let ours = "https://keyway.example/fhir/StructureDefinition/ld-patient";
    let reply = gateway.ld.ask(judge(&format!("/fhir/Patient/$validate?profile={ours}"), &patient())).await;
    let by_query = codes(&reply.json(), "error");
    assert!(!by_query.is_empty(), "a bare Patient is none of ours: {}", reply.text());
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "resource", "resource": patient()},
        {"name": "profile", "valueUri": ours},
    ]});
    let reply = gateway.ld.ask(judge("/fhir/Patient/$validate", &parameters)).await;
    assert_eq!(codes(&reply.json(), "error"), by_query);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_judged_is_refused() {
    let gateway = Gateway::start().await;
    let refused = async |path: &str, body: &str, status: u16| {
        let ask = Ask::post(path).bytes("application/fhir+json", body.as_bytes());
        let reply = gateway.ld.ask(ask).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        assert_eq!(reply.json()["resourceType"], "OperationOutcome");
    };
    let whole = patient().to_string();
    refused("/fhir/Patient/$validate", &whole[..20], 400).await;
    refused("/fhir/Patient/$validate", r#"{"resourceType":"Patient","resourceType":"Patient"}"#, 400).await;
    refused("/fhir/Practitioner/$validate", &whole, 400).await;
    refused("/fhir/Person1/$validate", &whole, 404).await;
    refused("/fhir/Patient/$validate?profile=https://nowhere.example/x", &whole, 400).await;
    refused("/fhir/Patient/$validate", r#"{"resourceType":"Parameters"}"#, 400).await;
    // A parameter that is not understood is not passed over: what it asked for would seem to have been done.
    let beside = |parameter: serde_json::Value| {
        let whole = json!({"name": "resource", "resource": patient()});
        json!({"resourceType": "Parameters", "parameter": [whole, parameter]})
    };
    let ours = "https://keyway.example/fhir/StructureDefinition/ld-patient";
    for parameter in [
        json!({"name": "profile", "valueString": ours}),
        json!({"name": "mode", "valueCode": "delete"}),
        json!({"name": "profil", "valueUri": ours}),
        json!({"name": "resource", "resource": patient()}),
    ] {
        let body = beside(parameter);
        let reply = gateway.ld.ask(judge("/fhir/Patient/$validate", &body)).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert_eq!(reply.json()["issue"][0]["expression"][0], "Parameters.parameter[1]", "{}", reply.text());
    }
    let reply = gateway.ld.with_token(None).ask(judge("/fhir/Patient/$validate", &patient())).await;
    assert_eq!(reply.status, 401);
    gateway.finish().await;
}
