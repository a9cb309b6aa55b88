//! What an agency that refers can find out about people whom others told of: nothing.

use keyway::exchange::refusal::Refused;
use serde_json::{Value, json};

use crate::{
    fhir_in::{code, of, referral, send, service_request},
    harness::{Rig, assessment, json as body},
};

const NUMBER: &str = "9990000026";
const NOBODYS: &str = "9990000034";

/// A referral of a team's own to the service, about somebody whom it knows by `reference`.
fn told(n: u32, reference: &str, number: &str, birth_date: Option<&str>) -> Value {
    let mut message = referral("cmht-riverside", "ld-harbour");
    message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000{n:05}"));
    of(&mut message, "ServiceRequest")["identifier"] =
        json!([{"system": "urn:sender", "value": format!("SR-{n}")}]);
    let patient = of(&mut message, "Patient");
    let identifiers = patient["identifier"].as_array_mut().unwrap();
    identifiers.retain(|one| one["system"] == "https://fhir.nhs.uk/Id/nhs-number");
    identifiers[0]["value"] = json!(number);
    identifiers.push(json!({"system": "urn:team", "value": reference}));
    match birth_date {
        Some(date) => patient["birthDate"] = json!(date),
        None => drop(patient.as_object_mut().unwrap().remove("birthDate")),
    }
    message
}

/// What lands at the service.
async fn landed(rig: &Rig) -> Value {
    let ld = rig.caller("ld-harbour");
    let item = rig.first_item("ld-harbour").await;
    let landed = body(&rig.exchange.mailbox_read(&ld, "ld-harbour", &item).await.unwrap());
    rig.exchange.mailbox_acknowledge(&ld, "ld-harbour", &item).await.unwrap();
    landed
}

#[tokio::test]
async fn a_referral_finds_out_nothing_and_whoever_does_not_fit_is_held_apart() {
    let mut answers = Vec::new();
    for (number, date, is_checked) in [
        (NUMBER, Some("1980-02-03"), false),
        (NUMBER, Some("1980-02-04"), true),
        (NUMBER, None, true),
        (NOBODYS, Some("1980-02-03"), false),
    ] {
        let rig = Rig::new().await;
        let mut known = assessment(&["court-harbour"]);
        known["person"]["nhs_number"]["value"] = json!(NUMBER);
        known["person"]["birth_date"] = json!("1980-02-03");
        rig.submit(&known, "k1").await.unwrap();
        let taken = body(&send(&rig, "cmht-riverside", 1, &told(1, "team-1", number, date)).await.unwrap());
        let landed = landed(&rig).await;
        assert_eq!(landed["referralId"], json!(service_request(&taken)));
        assert_eq!(landed.get("personCheck").is_some(), is_checked, "{number} {date:?}");
        // What the sender says again is compared with what it said, whoever the person is.
        let again = told(2, "team-1", number, date.map(|_| "1999-09-09"));
        let said = send(&rig, "cmht-riverside", 2, &again).await.map(|_| ());
        if date.is_some() {
            assert_eq!(code(&said.unwrap_err()), (Refused::Unprocessable, "conflict"));
        } else {
            said.unwrap();
        }
        // The service itself still finds the person that it told of.
        known["person"]["reference"] = json!("harbour-ld-again");
        rig.submit(&known, "k2").await.unwrap();
        rig.audit().await;
        let mut shape = taken;
        for entry in shape["entry"].as_array_mut().unwrap() {
            entry["resource"]["id"] = json!("-");
            entry["resource"].as_object_mut().unwrap().remove("identifier");
            entry["resource"].as_object_mut().unwrap().remove("birthDate");
            entry["fullUrl"] = json!("-");
        }
        answers.push(shape);
    }
    assert!(answers.iter().all(|one| one == &answers[0]), "the answers tell who is known");
}
