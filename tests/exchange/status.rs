//! Who sent a FHIR referral is told how it stands, and why it came to nothing, whoever brought that about: by a message
//! in ids and closed codes.

use keyway::{
    exchange::{
        ports::{AttemptClass, Store, Write},
        refusal::Refused,
        rest,
    },
    ids::ReferralId,
    mapping::bars,
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{CORRELATION, code, of, referral, send, service_request},
    harness::{PARTNERS, Rig, Scripted, json, outcome, partner, site},
};

/// The one message in the service's mailbox.
async fn told(rig: &Rig) -> Value {
    let item = rig.first_item("ld-harbour").await;
    let ld = rig.caller("ld-harbour");
    let read = json(&rig.exchange.mailbox_read(&ld, "ld-harbour", &item).await.unwrap());
    rig.exchange.mailbox_acknowledge(&ld, "ld-harbour", &item).await.unwrap();
    let list = rig.exchange.mailbox_list(&ld, "ld-harbour", 10, None).await.unwrap();
    assert_eq!(json(&list)["messages"], json!([]), "one message is sent for one step");
    for word in ["Testcase", "9990000018", "01632", "1991", "low mood"] {
        assert!(!read.to_string().contains(word), "the message says {word}");
    }
    read
}

fn resource<'m>(message: &'m Value, kind: &str) -> &'m Value {
    let entries = message["entry"].as_array().unwrap();
    &entries.iter().find(|entry| entry["resource"]["resourceType"] == kind).unwrap()["resource"]
}

/// ServiceRequest, Encounter and Task, the finer word, and why: its list and its code, the same in both places, and where the
/// sender reads its Task.
async fn standing(rig: &Rig, id: &str, message: &Value) -> [String; 6] {
    let (encounter, task) = (resource(message, "Encounter"), resource(message, "Task"));
    let why = &task["statusReason"]["coding"][0];
    assert_eq!(encounter["reasonCode"][0]["coding"][0], *why);
    let sender = rig.caller("ld-harbour");
    let read = json(&rig.exchange.read_resource(&sender, &rest::TASK, id, None).await.unwrap());
    for part in ["system", "code"] {
        assert_eq!(read["statusReason"]["coding"][0][part], why[part], "{read}");
    }
    assert_eq!(read["status"], task["status"]);
    let words = [
        &resource(message, "ServiceRequest")["status"],
        &encounter["status"],
        &task["status"],
        &task["businessStatus"]["coding"][0]["code"],
        &why["system"],
        &why["code"],
    ];
    words.map(|word| {
        let word = word.as_str().unwrap_or_default();
        word.trim_start_matches("https://keyway.example/fhir/CodeSystem/").to_owned()
    })
}

async fn referred(rig: &Rig) -> (Value, String) {
    let message = referral("ld-harbour", "cmht-riverside");
    let referral_id = service_request(&json(&send(rig, "ld-harbour", 1, &message).await.unwrap()));
    (message, referral_id)
}

#[tokio::test]
async fn each_ending_is_told_with_a_reason_of_its_own_list() {
    for (steps, action, said, expected) in [
        (
            &[][..],
            "decline",
            json!({"reason": "capacity"}),
            ["active", "cancelled", "rejected", "declined", "decline-reason", "capacity"],
        ),
        (
            &[],
            "redirect",
            json!({"reason": "out-of-area", "comment": "Try the team of the next borough for low mood"}),
            ["active", "cancelled", "rejected", "redirected", "redirect-reason", "out-of-area"],
        ),
        (
            &["accept", "start"],
            "end-early",
            json!({"reason": "client-not-reached"}),
            ["active", "cancelled", "failed", "client-not-reached", "end-early-reason", "client-not-reached"],
        ),
        (
            &["accept", "start"],
            "complete",
            json!({}),
            ["completed", "finished", "completed", "outcome-recorded", "", ""],
        ),
    ] {
        let rig = Rig::new().await;
        let (message, referral_id) = referred(&rig).await;
        rig.deliver_all(&Scripted::delivers()).await;
        for step in steps {
            rig.act("cmht-riverside", &referral_id, step, json!({})).await;
            told(&rig).await;
        }
        rig.act("cmht-riverside", &referral_id, action, said).await;
        let told = told(&rig).await;
        assert_eq!(standing(&rig, &referral_id, &told).await, expected, "{action}");
        assert_eq!(told["entry"][0]["resource"]["response"]["identifier"], message["id"]);
        rig.audit().await;
    }
}

#[tokio::test]
async fn a_mailbox_says_the_senders_own_conversation() {
    let rig = Rig::new().await;
    let (_, referral_id) = referred(&rig).await;
    rig.deliver_all(&Scripted::delivers()).await;
    rig.act("cmht-riverside", &referral_id, "accept", json!({})).await;
    let item = rig.first_item("ld-harbour").await;
    let read = rig.exchange.mailbox_read(&rig.caller("ld-harbour"), "ld-harbour", &item).await.unwrap();
    let said = read.headers.iter().find(|(name, _)| *name == "keyway-correlation-id");
    assert_eq!(said.map(|(_, value)| value.as_str()), Some(CORRELATION));
}

#[tokio::test]
async fn that_it_could_not_be_delivered_is_told_to_its_sender() {
    let rig = Rig::new().await;
    let (message, referral_id) = referred(&rig).await;
    rig.deliver_all(&Scripted::new(|_| outcome(AttemptClass::Permanent, "http-410"))).await;
    assert_eq!(rig.referral(&referral_id).await["state"], "failed");
    let told = told(&rig).await;
    assert_eq!(
        standing(&rig, &referral_id, &told).await,
        ["active", "cancelled", "failed", "undeliverable", "business-status", "undeliverable"]
    );
    assert_eq!(told["entry"][0]["resource"]["response"]["identifier"], message["id"]);
    assert_eq!(
        told["entry"][0]["resource"]["definition"],
        "https://keyway.example/fhir/MessageDefinition/ld-referral-status"
    );
    rig.audit().await;
}

#[tokio::test]
async fn a_consent_taken_back_is_told_to_the_sender_of_what_rested_on_it() {
    for (is_out, expected) in [
        (
            false,
            ["revoked", "cancelled", "cancelled", "client-withdrew", "withdraw-reason", "client-withdrew"],
        ),
        (true, ["revoked", "cancelled", "cancelled", "recalled", "recall-reason", "consent-withdrawn"]),
    ] {
        let rig = Rig::new().await;
        let (_, referral_id) = referred(&rig).await;
        if is_out {
            rig.deliver_all(&Scripted::delivers()).await;
        }
        let row =
            rig.store.referral(&site(), &ReferralId::parse(&referral_id).unwrap()).await.unwrap().unwrap();
        let consents = rig.store.consents_of(&site(), &row.person_id).await.unwrap();
        rig.revoke(consents[0].consent_id.as_str()).await;
        let told = told(&rig).await;
        assert_eq!(standing(&rig, &referral_id, &told).await, expected);
        rig.audit().await;
    }
}

#[tokio::test]
async fn without_an_agreement_nothing_passes_either_way_and_the_record_says_why() {
    let rig = Rig::new().await;
    let (_, referral_id) = referred(&rig).await;
    // The agreement ends before the worker comes.
    rig.clock.advance_seconds(86_400 * 366);
    rig.deliver_all(&Scripted::delivers()).await;
    assert_eq!(rig.referral(&referral_id).await["state"], "withheld");
    let list = rig.exchange.mailbox_list(&rig.caller("ld-harbour"), "ld-harbour", 10, None).await.unwrap();
    assert_eq!(json(&list)["messages"], json!([]));
    rig.audit().await;
}

/// What went out to the community team, and its answer to it, with an appointment.
async fn answered(rig: &Rig) -> Value {
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let delivered: Value = serde_json::from_str(&courier.texts()[0]).unwrap();
    let at = rig.exchange.mint.clock().now();
    let reply = bars::Reply { bundle_id: "0198c0de-0000-7000-8000-0000000000d1", at };
    let (start, end) = (at.plus_seconds(86_400), at.plus_seconds(90_000));
    let offer = bars::Appointment { start, end, place: "Riverside Centre, room 4" };
    bars::response_accepted(&delivered, &reply, Some(&offer)).unwrap()
}

#[tokio::test]
async fn what_an_answer_says_of_an_appointment_is_kept_and_the_rest_is_told() {
    let rig = Rig::new().await;
    let (_, referral_id) = referred(&rig).await;
    let mut answer = answered(&rig).await;
    let appointment = of(&mut answer, "Appointment");
    appointment["comment"] = json!("Bring somebody");
    appointment["patientInstruction"] = json!("By the back door");
    let long = "x".repeat(121);
    let mut too_long = answer.clone();
    of(&mut too_long, "Appointment")["description"] = json!(long);
    let refused = send(&rig, "cmht-riverside", 2, &too_long).await.unwrap_err();
    assert_eq!(refused.class, Refused::Unprocessable);
    assert!(refused.issues[0].path.ends_with(".resource.description"), "{refused:?}");
    assert!(!format!("{refused:?}").contains(&long));

    let echoed = json(&send(&rig, "cmht-riverside", 3, &answer).await.unwrap());
    let told = echoed["entry"].as_array().unwrap().last().unwrap()["resource"].to_string();
    assert!(told.contains("OperationOutcome") && told.contains(".patientInstruction"), "{told}");
    let seen = rig.referral(&referral_id).await;
    assert_eq!(seen["state"], "scheduled");
    let appointment = &seen["appointment"];
    assert_eq!(appointment["place"], "Riverside Centre, room 4", "{seen}");
    assert!(appointment["start"].as_str() < appointment["end"].as_str(), "{seen}");
    assert!(seen.to_string().contains("Bring somebody"));
    rig.audit().await;
}

/// An answer that comes late calls off what it means, and nothing that was booked since.
#[tokio::test]
async fn an_answer_calls_off_the_appointment_that_it_means() {
    let rig = Rig::new().await;
    let (_, referral_id) = referred(&rig).await;
    let booked = answered(&rig).await;
    send(&rig, "cmht-riverside", 2, &booked).await.unwrap();
    let mut off = booked.clone();
    off["id"] = json!("0198c0de-0000-7000-8000-0000000000d2");
    let appointment = of(&mut off, "Appointment");
    appointment["status"] = json!("cancelled");
    appointment["cancelationReason"] = json!({"text": "The clinician is ill."});
    let mut another = off.clone();
    let appointment = of(&mut another, "Appointment");
    appointment["start"] = json!("2031-01-01T10:00:00Z");
    appointment["end"] = json!("2031-01-01T11:00:00Z");
    let refused = send(&rig, "cmht-riverside", 3, &another).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "business-rule"));
    assert!(refused.issues[0].path.ends_with(".resource.start"), "{refused:?}");
    assert_eq!(rig.referral(&referral_id).await["state"], "scheduled");

    send(&rig, "cmht-riverside", 4, &off).await.unwrap();
    let seen = rig.referral(&referral_id).await;
    assert_eq!(
        (&seen["state"], &seen["business_status"], &seen["appointment"]["cancelled"]),
        (&json!("accepted"), &json!("appointment-cancelled"), &json!(true))
    );
    assert_eq!(seen["comment"], "The clinician is ill.");
    rig.audit().await;
}

/// The same from an Organization with this identifier.
fn in_the_name_of(answer: &Value, system: &str, value: &str) -> Value {
    let mut answer = answer.clone();
    let sender = answer["entry"][0]["resource"]["sender"]["reference"].clone();
    let entries = answer["entry"].as_array_mut().unwrap();
    let organisation = entries.iter_mut().find(|entry| entry["fullUrl"] == sender).unwrap();
    organisation["resource"]["identifier"] = json!([{"system": system, "value": value}]);
    answer
}

#[tokio::test]
async fn nobody_sends_in_anothers_name() {
    let rig = Rig::new().await;
    let (_, referral_id) = referred(&rig).await;
    let answer = answered(&rig).await;
    // Not even a partner to whom another spelling is forgiven.
    let (name, kind, channel) = PARTNERS[1];
    let mut lenient = partner(name, kind, channel);
    lenient.forgives = vec![String::from("nhs-system-spelling")];
    rig.store.commit(vec![Write::Partner(lenient)], Vec::new()).await.unwrap();
    let ods = "https://fhir.nhs.uk/Id/ods-organization-code";
    for (n, system, value) in [
        (2, ods, "HOUSING-HARBOUR"),
        (3, ods, "NOBODY"),
        (4, "http://fhir.nhs.uk/id/ods-organization-code", "LD-HARBOUR"),
        (5, "https://keyway.example/Id/agency", "housing-harbour"),
    ] {
        let forged = in_the_name_of(&answer, system, value);
        let refused = send(&rig, "cmht-riverside", n, &forged).await.unwrap_err();
        assert_eq!(code(&refused), (Refused::Unprocessable, "value"), "{system} {value}: {refused:?}");
        assert_eq!(refused.issues[0].path, "Bundle.entry[0].resource.sender");
        assert_eq!(rig.referral(&referral_id).await["state"], "delivered");
    }
    // Another agency beside oneself is another agency.
    let mut both = in_the_name_of(&answer, ods, "CMHT-RIVERSIDE");
    for entry in both["entry"].as_array_mut().unwrap() {
        let identifiers = entry["resource"].get_mut("identifier").and_then(Value::as_array_mut);
        if let Some(own) = identifiers.filter(|own| own.iter().any(|one| one["value"] == "CMHT-RIVERSIDE")) {
            own.push(json!({"system": "https://keyway.example/Id/agency", "value": "housing-harbour"}));
        }
    }
    let refused = send(&rig, "cmht-riverside", 7, &both).await.unwrap_err();
    assert_eq!(refused.issues[0].path, "Bundle.entry[0].resource.sender", "{refused:?}");
    // What the directory knows nothing of is no other agency: that it was not compared is told.
    let unknown = in_the_name_of(&answer, "urn:theirs", "1");
    let echoed = json(&send(&rig, "cmht-riverside", 6, &unknown).await.unwrap());
    assert!(echoed.to_string().contains("Bundle.entry[0].resource.sender"));
    assert_eq!(rig.referral(&referral_id).await["state"], "scheduled");
    rig.audit().await;
}
