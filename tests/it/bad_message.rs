//! Bad input under `/fhir`: the right status, an OperationOutcome that names the place, nothing half-written.

use serde_json::Value;

use crate::harness::{
    Ask, Assessment, CMHT, Caller, Gateway, Person, Reply,
    bars::{message, response_to},
    people::wrong_nhs_number,
};

const REQUEST_ID: &str = "0198c0de-0000-7000-8000-0000000000f1";
const BUNDLE_ID: &str = "0198c0de-0000-7000-8000-0000000000b1";

/// A gateway whose CMHT has a referral, and the answer that the CMHT could give.
async fn with_an_answer() -> (Gateway, Value) {
    let gateway = Gateway::start().await;
    let body = Assessment::of(&Person::new(0)).only_to(&[CMHT]).0;
    gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&body)).await.expect(201);
    let request = gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    (gateway, response_to(&request, BUNDLE_ID))
}

/// Sends what is wrong and demands an outcome with this status and issue that leaves nothing behind.
async fn refused(gateway: &Gateway, status: u16, issue: &str, ask: Ask) -> Reply {
    gateway.cmht.token().await;
    let before = gateway.books().rows();
    let reply = gateway.cmht.ask(ask).await;
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.content_type(), "application/fhir+json", "{}", reply.text());
    let outcome = reply.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let coding = &outcome["issue"][0]["details"]["coding"][0];
    assert_eq!(coding["system"], "https://fhir.nhs.uk/CodeSystem/http-error-codes", "{outcome}");
    assert!(coding["display"].as_str().unwrap().starts_with(&format!("{status} - ")), "{outcome}");
    let codes: Vec<&str> =
        outcome["issue"].as_array().unwrap().iter().filter_map(|i| i["code"].as_str()).collect();
    assert!(codes.contains(&issue), "{issue} is not among {codes:?}: {outcome}");
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_read_is_refused() {
    let (gateway, response) = with_an_answer().await;
    let whole = response.to_string();
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let twice = whole.replacen("\"type\":", "\"type\":\"message\",\"type\":", 1);
    let mut not_utf8 = whole.clone().into_bytes();
    let place = whole.find("planned").unwrap();
    not_utf8[place] = 0xfe;
    for bytes in [b"{".to_vec(), deep.into_bytes(), twice.into_bytes(), not_utf8] {
        refused(&gateway, 400, "structure", message(REQUEST_ID, bytes)).await;
    }
    refused(&gateway, 413, "too-long", message(REQUEST_ID, vec![b' '; 20_000_000])).await;
    let xml = Ask::post("/fhir/$process-message")
        .bytes("application/fhir+xml", "<Bundle/>")
        .header("x-request-id", REQUEST_ID)
        .header("x-correlation-id", REQUEST_ID);
    refused(&gateway, 415, "not-supported", xml).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_ids_is_refused() {
    let (gateway, response) = with_an_answer().await;
    let bare =
        |body: &Value| Ask::post("/fhir/$process-message").bytes("application/fhir+json", body.to_string());
    refused(&gateway, 400, "required", bare(&response)).await;
    let odd = bare(&response).header("x-request-id", "seven").header("x-correlation-id", REQUEST_ID);
    let reply = gateway.cmht.ask(odd).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_with_a_wrong_check_digit_is_refused() {
    let (gateway, mut response) = with_an_answer().await;
    let patient = response["entry"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|e| e["resource"]["resourceType"] == "Patient")
        .unwrap();
    let wrong = wrong_nhs_number(0);
    let numbers = patient["resource"]["identifier"].as_array_mut().unwrap();
    let number = numbers.iter_mut().find(|i| i["system"] == "https://fhir.nhs.uk/Id/nhs-number").unwrap();
    number["value"] = wrong.clone().into();
    let reply = refused(&gateway, 422, "value", message(REQUEST_ID, response.to_string())).await;
    assert!(reply.text().contains("identifier["), "it says where: {}", reply.text());
    assert!(!reply.text().contains(&wrong));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_profile_or_event_is_refused() {
    let (gateway, response) = with_an_answer().await;
    for change in [
        |m: &mut Value| m["meta"]["profile"][0] = "https://elsewhere.example/Bundle".into(),
        |m: &mut Value| m["entry"][0]["resource"]["definition"] = "https://elsewhere.example/x".into(),
    ] {
        let mut changed = response.clone();
        change(&mut changed);
        refused(&gateway, 422, "not-supported", message(REQUEST_ID, changed.to_string())).await;
    }
    let mut booking = response.clone();
    booking["entry"][0]["resource"]["eventCoding"]["code"] = "booking-request".into();
    refused(&gateway, 501, "not-supported", message(REQUEST_ID, booking.to_string())).await;
    let mut versionless = response.clone();
    versionless["meta"].as_object_mut().unwrap().remove("versionId");
    refused(&gateway, 400, "invariant", message(REQUEST_ID, versionless.to_string())).await;
    let mut newer = response.clone();
    newer["meta"]["versionId"] = "2.0.0".into();
    refused(&gateway, 422, "not-supported", message(REQUEST_ID, newer.to_string())).await;
    let mut odd = response.clone();
    odd["entry"][0]["resource"]["reason"]["coding"][0]["code"] = "delete".into();
    refused(&gateway, 400, "invariant", message(REQUEST_ID, odd.to_string())).await;
    let mut headless = response.clone();
    headless["entry"].as_array_mut().unwrap().remove(0);
    let reply = gateway.cmht.ask(message(REQUEST_ID, headless.to_string())).await;
    assert!(matches!(reply.status, 400 | 422), "{}", reply.text());
    assert!(reply.text().contains("Bundle.entry[0]"), "{}", reply.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_message_is_a_duplicate() {
    let (gateway, response) = with_an_answer().await;
    let first = gateway.cmht.ask(message(REQUEST_ID, response.to_string())).await;
    assert_eq!(first.expect(200)["resourceType"], "Bundle");
    assert_eq!(first.headers["x-request-id"], REQUEST_ID, "the ids are echoed");
    assert_eq!(first.headers["x-correlation-id"], "0198c0de-0000-7000-8000-00000000cccc");

    refused(&gateway, 409, "duplicate", message(REQUEST_ID, response.to_string())).await;
    let mut other = response;
    other["timestamp"] = "2026-11-23T09:31:00Z".into();
    refused(&gateway, 409, "conflict", message(REQUEST_ID, other.to_string())).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unmatched_answer_is_kept() {
    let (gateway, mut response) = with_an_answer().await;
    response["entry"][0]["resource"]["response"]["identifier"] = REQUEST_ID.into();
    let reply = gateway.cmht.ask(message(REQUEST_ID, response.to_string())).await;
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(reply.json()["issue"][0]["code"], "not-found");
    let kept = gateway.books().texts("SELECT kind FROM inbound WHERE referral_id IS NULL");
    assert_eq!(kept, ["unmatched"]);
    // Sent again it is not called a duplicate, which its sender would read as "it took effect".
    let again = gateway.cmht.ask(message(REQUEST_ID, response.to_string())).await;
    assert_eq!(again.status, 404, "{}", again.text());
    let kept = gateway.books().texts("SELECT kind FROM inbound WHERE referral_id IS NULL");
    assert_eq!(kept, ["unmatched"], "it is kept once");
    gateway.finish().await;
}
