//! A FHIR referral over the wire: from an agency to the service, and from the service to an agency.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{
    Ask, CMHT, Caller, Gateway, LD, PROBATION, Person, Reply,
    bars::{message, response_to},
};

const REQUEST_ID: &str = "0198c0de-0000-7000-8000-0000000000f1";
const SECOND_ID: &str = "0198c0de-0000-7000-8000-0000000000f2";
const THIRD_ID: &str = "0198c0de-0000-7000-8000-0000000000f3";
const FOURTH_ID: &str = "0198c0de-0000-7000-8000-0000000000f4";
const CORRELATION_ID: &str = "0198c0de-0000-7000-8000-00000000cccc";

/// The two organisations of the directory, each by its code.
fn code(gateway: &Gateway, partner: &str) -> (String, String) {
    let found = gateway
        .books()
        .texts(&format!("SELECT organisation_code FROM partner WHERE partner_id = '{partner}'"));
    let (system, value) = found[0].split_once('|').unwrap();
    (system.to_owned(), value.to_owned())
}

/// The example referral, between two agencies of this gateway, about a person of these tests, as somebody sends it who
/// knows BaRS and none of our profiles.
fn referral(gateway: &Gateway, from: &str, to: &str) -> Value {
    let person = Person::new(0);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fhir/valid/message-new.json");
    let mut message: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut ends = [from, to].into_iter();
    let theirs =
        |profile: &Value| profile.as_str().is_some_and(|url| url.starts_with("https://fhir.nhs.uk/"));
    message["meta"]["profile"].as_array_mut().unwrap().retain(theirs);
    message["entry"][0]["resource"]["definition"] =
        json!("https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral");
    for entry in message["entry"].as_array_mut().unwrap() {
        let resource = &mut entry["resource"];
        let meta = resource["meta"].as_object_mut().unwrap();
        meta["profile"].as_array_mut().unwrap().retain(theirs);
        if meta["profile"] == json!([]) {
            meta.remove("profile");
        }
        match resource["resourceType"].as_str().unwrap() {
            "Organization" => {
                let (system, value) = code(gateway, ends.next().unwrap());
                resource["identifier"] = json!([{"system": system, "value": value}]);
            }
            "Patient" => {
                resource["identifier"][0]["value"] = json!(person.nhs_number);
                resource["identifier"][1] =
                    json!({"system": "https://keyway.example/Id/person", "value": person.reference});
                resource["name"] = json!([{"family": person.family}]);
            }
            _ => {}
        }
    }
    let (system, value) = code(gateway, to);
    message["entry"][0]["resource"]["destination"][0]["endpoint"] = json!(format!("{system}|{value}"));
    message
}

fn service_request(echoed: &Value) -> String {
    let entries = echoed["entry"].as_array().unwrap();
    let found = entries.iter().find(|e| e["resource"]["resourceType"] == "ServiceRequest").unwrap();
    found["resource"]["id"].as_str().unwrap().to_owned()
}

fn told(reply: &Reply) -> (u16, String, String) {
    let outcome = reply.json();
    let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let issue = &outcome["issue"][0];
    (reply.status, of(&issue["details"]["coding"][0]["code"]), of(&issue["code"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_refers_by_fhir_and_hears_the_answer_in_its_own_conversation() {
    let gateway = Gateway::start().await;
    let sent = referral(&gateway, LD, CMHT);
    let (system, value) = code(&gateway, CMHT);
    let target = STANDARD.encode(json!({"value": value, "system": system}).to_string());
    let ask = message(REQUEST_ID, sent.to_string()).header("NHSD-Target-Identifier", &target);
    let reply = gateway.ld.ask(ask).await;
    let echoed = reply.expect(200);
    assert_eq!(reply.headers["content-type"], "application/fhir+json; version=1.4.0");
    assert_eq!(
        (&reply.headers["x-request-id"], &reply.headers["x-correlation-id"]),
        (&REQUEST_ID.to_owned(), &CORRELATION_ID.to_owned())
    );
    let id = service_request(&echoed);

    let request = gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    assert_ne!(request.headers["x-correlation-id"], CORRELATION_ID);
    let organisation = STANDARD.decode(&request.headers["nhsd-end-user-organisation"]).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&organisation).unwrap()["resourceType"], "Organization");
    let software = STANDARD.decode(&request.headers["nhsd-requesting-software"]).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&software).unwrap()["resourceType"], "Device");
    let answer = response_to(&request, "0198c0de-0000-7000-8000-0000000000b1");
    gateway.cmht.ask(message(SECOND_ID, answer.to_string())).await.expect(200);
    assert_eq!(gateway.seen_by_ld(&id).await["state"], "accepted");
    let collected = gateway.ld.collect().await;
    let response =
        collected.iter().find(|m| m["entry"][0]["resource"]["response"]["identifier"] == sent["id"]);
    assert!(response.is_some(), "the answer quotes the message: {collected:?}");

    // The same again is a duplicate, and says which referral it made.
    let again = gateway.ld.ask(message(REQUEST_ID, sent.to_string())).await;
    assert_eq!(told(&again), (409, "REC_CONFLICT".to_owned(), "duplicate".to_owned()));
    assert!(again.text().contains(&id));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_refers_to_the_service_and_takes_it_back() {
    let gateway = Gateway::start().await;
    let sent = referral(&gateway, CMHT, LD);
    let id = service_request(&gateway.cmht.ask(message(REQUEST_ID, sent.to_string())).await.expect(200));
    let landed = gateway.ld.collect().await;
    assert!(landed.iter().any(|m| m["referralId"] == json!(id)), "{landed:?}");
    let mut back = sent;
    back["id"] = json!("0198c0de-0000-7000-8000-0000000000b2");
    back["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    back["entry"][1]["resource"]["status"] = json!("revoked");
    back["entry"][1]["resource"]["id"] = json!(id);
    // Somebody else names it: to them it does not exist.
    let mut theirs = referral(&gateway, PROBATION, LD);
    theirs["entry"][0]["resource"]["reason"] = back["entry"][0]["resource"]["reason"].clone();
    theirs["entry"][1]["resource"]["status"] = json!("revoked");
    theirs["entry"][1]["resource"]["id"] = json!(id);
    let refused = gateway.probation.ask(message(SECOND_ID, theirs.to_string())).await;
    assert_eq!(told(&refused), (404, "REC_NOT_FOUND".to_owned(), "not-found".to_owned()));
    // In the name of its sender it is not even looked for.
    let refused = gateway.probation.ask(message(THIRD_ID, back.to_string())).await;
    assert_eq!(told(&refused), (422, "REC_UNPROCESSABLE_ENTITY".to_owned(), "value".to_owned()));
    gateway.cmht.ask(message(SECOND_ID, back.to_string())).await.expect(200);
    let again = gateway.cmht.ask(message(THIRD_ID, back.to_string())).await;
    assert_eq!(told(&again), (409, "REC_CONFLICT".to_owned(), "duplicate".to_owned()));
    back["id"] = json!("0198c0de-0000-7000-8000-0000000000b3");
    let clash = gateway.cmht.ask(message(FOURTH_ID, back.to_string())).await;
    assert_eq!(told(&clash), (409, "REC_CONFLICT".to_owned(), "conflict".to_owned()));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_that_was_accepted_is_said_anew_until_it_is_taken_back() {
    let gateway = Gateway::start().await;
    let sent = referral(&gateway, LD, CMHT);
    let id = service_request(&gateway.ld.ask(message(REQUEST_ID, sent.to_string())).await.expect(200));
    let first = gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let answer = response_to(&first, "0198c0de-0000-7000-8000-0000000000b1");
    gateway.cmht.ask(message(SECOND_ID, answer.to_string())).await.expect(200);

    let mut anew = sent.clone();
    anew["id"] = json!("0198c0de-0000-7000-8000-0000000000b2");
    anew["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    anew["entry"][1]["resource"]["id"] = json!(id);
    anew["entry"][1]["resource"]["priority"] = json!("urgent");
    // Somebody else names it: to them it does not exist.
    let mut theirs = referral(&gateway, PROBATION, LD);
    theirs["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    theirs["entry"][1]["resource"]["id"] = json!(id);
    let refused = gateway.probation.ask(message(SECOND_ID, theirs.to_string())).await;
    assert_eq!(told(&refused), (404, "REC_NOT_FOUND".to_owned(), "not-found".to_owned()));
    gateway.ld.ask(message(SECOND_ID, anew.to_string())).await.expect(200);
    let update = gateway.cmht_server.wait_for(2).await;
    gateway.settle().await;
    let (first, update) = (first.json(), update.json());
    let asked = |message: &Value| message["entry"][1]["resource"]["identifier"].clone();
    assert_eq!(update["entry"][0]["resource"]["reason"]["coding"][0]["code"], "update");
    assert_eq!(
        (asked(&update), &update["entry"][1]["resource"]["priority"]),
        (asked(&first), &json!("urgent"))
    );
    assert_ne!(update["id"], first["id"]);
    assert_eq!(gateway.seen_by_ld(&id).await["state"], "accepted");

    let mut back = anew.clone();
    back["id"] = json!("0198c0de-0000-7000-8000-0000000000b3");
    back["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("delete");
    back["entry"][1]["resource"]["status"] = json!("revoked");
    gateway.ld.ask(message(THIRD_ID, back.to_string())).await.expect(200);
    anew["id"] = json!("0198c0de-0000-7000-8000-0000000000b4");
    let late = gateway.ld.ask(message(FOURTH_ID, anew.to_string())).await;
    assert_eq!(told(&late), (409, "REC_CONFLICT".to_owned(), "conflict".to_owned()));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_message_is_for_is_checked_before_anything_is_kept() {
    let gateway = Gateway::start().await;
    let sent = referral(&gateway, CMHT, LD).to_string();
    gateway.cmht.token().await;
    let before = gateway.books().rows();
    let with_target = |value: &str| message(REQUEST_ID, sent.clone()).header("NHSD-Target-Identifier", value);
    for (target, status, code, issue) in [
        ("no base64".to_owned(), 400, "PROXY_BAD_REQUEST", "structure"),
        (STANDARD.encode(r#"{"value":"1"}"#), 400, "PROXY_BAD_REQUEST", "structure"),
        (STANDARD.encode(r#"{"value":"1","system":"s"}"#), 404, "PROXY_NOT_FOUND", "not-found"),
    ] {
        let reply = gateway.cmht.ask(with_target(&target)).await;
        assert_eq!(told(&reply), (status, code.to_owned(), issue.to_owned()));
    }
    let past_the_service = referral(&gateway, CMHT, PROBATION).to_string();
    let reply = gateway.cmht.ask(message(REQUEST_ID, past_the_service)).await;
    assert_eq!(told(&reply), (403, "SEND_FORBIDDEN".to_owned(), "forbidden".to_owned()));
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_are_given_for_whom_the_caller_may_write_to() {
    let gateway = Gateway::start().await;
    let context = |partner: &str| {
        let (system, value) = code(&gateway, partner);
        format!("/fhir/MessageDefinition?context={system}%7C{value}")
    };
    let ids = |reply: Reply| -> Vec<String> {
        let bundle = reply.expect(200);
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        assert_eq!(bundle["total"], entries.len());
        entries.iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect()
    };
    let of_the_service = ids(gateway.cmht.get(&context(LD)).await);
    assert!(of_the_service.contains(&"ld-referral-response".to_owned()), "{of_the_service:?}");
    assert_eq!(
        ids(gateway.ld.get(&context(CMHT)).await),
        ["ld-referral-new", "ld-referral-update", "ld-referral-cancel"]
    );
    assert_eq!(
        ids(gateway.cmht.get(&context(PROBATION)).await),
        Vec::<String>::new(),
        "not the caller's to know"
    );
    assert_eq!(ids(gateway.cmht.get("/fhir/MessageDefinition?context=ld-referral").await).len(), 5);
    let one = gateway.cmht.get("/fhir/MessageDefinition/ld-referral-new").await.expect(200);
    assert_eq!(one["url"], "https://keyway.example/fhir/MessageDefinition/ld-referral-new");
    let reply = gateway.cmht.get("/fhir/MessageDefinition/ld-nothing").await;
    assert_eq!(reply.status, 404);
    let metadata = gateway.cmht.ask(Ask::get("/fhir/metadata")).await.expect(200);
    let supported = metadata["messaging"][0]["supportedMessage"].as_array().unwrap();
    let update = json!({
        "mode": "sender",
        "definition": "https://keyway.example/fhir/MessageDefinition/ld-referral-update"
    });
    assert!(supported.contains(&update), "updates go out too: {supported:?}");
    // Four go out; those and the answer come in.
    assert_eq!(supported.len(), 9);
    gateway.finish().await;
}
