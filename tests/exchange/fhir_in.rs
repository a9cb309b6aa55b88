//! Referrals that come as FHIR messages: taken, refused, answered, taken back.

use keyway::{
    clock::Clock,
    exchange::{
        Answer, MailboxSend, MessageHead, Target,
        refusal::{Refusal, Refused},
    },
    mapping::{bars, inbound},
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, assessment, id, json};

pub const CORRELATION: &str = "0198c0de-0000-7000-8000-00000000cccc";
pub const CANARY: &str = "CANARY-nobody-reads-this";

pub fn head(n: u32) -> MessageHead {
    MessageHead {
        request_id: format!("0198c0de-0000-7000-8000-{n:012}"),
        correlation_id: CORRELATION.to_owned(),
        target: None,
    }
}

fn ods(partner: &str) -> String {
    partner.to_uppercase()
}

pub fn of<'m>(message: &'m mut Value, kind: &str) -> &'m mut Value {
    let entries = message["entry"].as_array_mut().unwrap();
    &mut entries.iter_mut().find(|e| e["resource"]["resourceType"] == kind).unwrap()["resource"]
}

/// The example referral, from one agency to another, as somebody sends it who knows BaRS and none of our profiles;
/// what nobody reads holds a canary.
pub fn referral(from: &str, to: &str) -> Value {
    let mut message = in_our_profiles(from, to);
    let theirs =
        |profile: &Value| profile.as_str().is_some_and(|url| url.starts_with("https://fhir.nhs.uk/"));
    message["meta"]["profile"].as_array_mut().unwrap().retain(theirs);
    message["entry"][0]["resource"]["definition"] =
        json!("https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral");
    for entry in message["entry"].as_array_mut().unwrap() {
        let meta = entry["resource"]["meta"].as_object_mut().unwrap();
        meta["profile"].as_array_mut().unwrap().retain(theirs);
        if meta["profile"] == json!([]) {
            meta.remove("profile");
        }
    }
    of(&mut message, "ServiceRequest")["identifier"] = json!([{"system": "urn:sender", "value": "SR-1"}]);
    of(&mut message, "ServiceRequest")["note"] = json!([{"text": CANARY}]);
    of(&mut message, "Observation")["note"] = json!([{"text": CANARY}]);
    message
}

/// The example referral, from one agency to another, in every profile of ours.
pub fn in_our_profiles(from: &str, to: &str) -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fhir/valid/message-new.json");
    let mut message: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let system = "https://fhir.nhs.uk/Id/ods-organization-code";
    message["entry"][0]["resource"]["destination"][0]["endpoint"] = json!(format!("{system}|{}", ods(to)));
    let mut ends = [from, to].into_iter();
    for entry in message["entry"].as_array_mut().unwrap() {
        if entry["resource"]["resourceType"] == "Organization" {
            entry["resource"]["identifier"] = json!([{"system": system, "value": ods(ends.next().unwrap())}]);
        }
    }
    message
}

/// The same as it is taken back.
pub fn cancelled(mut message: Value, reason: &str, status: &str) -> Value {
    message["id"] = json!("0198c0de-0000-7000-8000-0000000000ca");
    message["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!(reason);
    of(&mut message, "ServiceRequest")["status"] = json!(status);
    message
}

pub async fn send(rig: &Rig, from: &str, n: u32, message: &Value) -> Result<Answer, Refusal> {
    rig.exchange.process_message(&rig.caller(from), &head(n), message.to_string().as_bytes()).await
}

pub fn service_request(answer: &Value) -> String {
    let entries = answer["entry"].as_array().unwrap();
    let found = entries.iter().find(|e| e["resource"]["resourceType"] == "ServiceRequest").unwrap();
    id(&found["resource"], "id")
}

pub fn code(refusal: &Refusal) -> (Refused, &'static str) {
    (refusal.class, refusal.issues[0].code)
}

#[tokio::test]
async fn a_fhir_referral_of_the_service_goes_the_way_of_every_assessment_and_its_answers_come_back() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let message = referral("ld-harbour", "cmht-riverside");
    let echoed = json(&send(&rig, "ld-harbour", 1, &message).await.unwrap());
    assert_eq!(echoed["id"], message["id"]);
    let referral_id = service_request(&echoed);
    let entries = echoed["entry"].as_array().unwrap();
    assert!(entries.iter().any(|e| e["resource"]["status"] == "planned"), "the receiver's encounter");
    let outcome = entries.last().unwrap();
    assert_eq!(outcome["resource"]["resourceType"], "OperationOutcome", "what was not read is told");

    rig.deliver_all(&courier).await;
    let [body] = &courier.texts()[..] else { panic!("one message goes out") };
    assert!(body.contains("Testcase") && body.contains("low mood"));
    assert!(!body.contains(CANARY), "what was not read never leaves");
    assert!(!body.contains(CORRELATION), "the recipient has another id for its conversation");
    assert_eq!(rig.referral(&referral_id).await["state"], "delivered");

    // The recipient moves it; who sent it learns how it stands.
    rig.act("cmht-riverside", &referral_id, "accept", json!({})).await;
    let item = rig.first_item("ld-harbour").await;
    let read = rig.exchange.mailbox_read(&rig.caller("ld-harbour"), "ld-harbour", &item).await.unwrap();
    let answer = json(&read);
    let understood = inbound::read_message(&answer).unwrap().what;
    let inbound::What::Answer(said) = understood else { panic!("an answer is expected") };
    assert_eq!((said.action, said.answers.as_str()), ("accept", message["id"].as_str().unwrap()));
    for word in ["Testcase", "9990000018", "01632", "1991"] {
        assert!(!read.body.windows(word.len()).any(|w| w == word.as_bytes()), "the answer says {word}");
    }
    rig.audit().await;
}

#[tokio::test]
async fn without_an_explicit_consent_nothing_is_sent_and_the_sender_is_told_each_time() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let mut message = referral("ld-harbour", "cmht-riverside");
    of(&mut message, "Consent").as_object_mut().unwrap().remove("provision");
    let refused = send(&rig, "ld-harbour", 1, &message).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "business-rule"));
    assert!(refused.details.iter().any(|(name, value)| *name == "reason" && value == "no-consent"));
    // Sent again it is not called a duplicate: its sender would take that for proof that it arrived.
    let again = send(&rig, "ld-harbour", 1, &message).await.unwrap_err();
    assert_eq!(again, refused);
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);

    // A consent about the recipient that cannot be read is refused, and nothing is kept.
    let mut unclear = referral("ld-harbour", "cmht-riverside");
    unclear["id"] = json!("0198c0de-0000-7000-8000-0000000000bb");
    of(&mut unclear, "Consent")["provision"]["provision"][0]["securityLabel"] = json!([{"code": "R"}]);
    let refused = send(&rig, "ld-harbour", 2, &unclear).await.unwrap_err();
    assert_eq!(refused.class, Refused::Unprocessable);
    assert_eq!(refused.issues[0].path, "Bundle.entry[5].resource");
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);
    rig.audit().await;
}

#[tokio::test]
async fn a_message_takes_effect_once_and_a_referral_is_made_once() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let message = referral("ld-harbour", "cmht-riverside");
    let first = send(&rig, "ld-harbour", 1, &message).await.unwrap();
    let referral_id = service_request(&json(&first));
    let again = send(&rig, "ld-harbour", 1, &message).await.unwrap_err();
    assert_eq!(code(&again), (Refused::Duplicate, "duplicate"));
    assert!(again.details.contains(&("referral", referral_id)));
    let mut other = message.clone();
    other["timestamp"] = json!("2026-11-23T10:00:01Z");
    assert_eq!(
        code(&send(&rig, "ld-harbour", 1, &other).await.unwrap_err()),
        (Refused::Conflict, "conflict")
    );
    // Under a new request id, the Bundle.id and then the sender's own identifier tell.
    let same_bundle = send(&rig, "ld-harbour", 2, &message).await.unwrap_err();
    assert_eq!(
        (code(&same_bundle), same_bundle.issues[0].path.as_str()),
        ((Refused::Duplicate, "duplicate"), "Bundle.id")
    );
    let another_text = send(&rig, "ld-harbour", 4, &other).await.unwrap_err();
    assert_eq!(
        (code(&another_text), another_text.issues[0].path.as_str()),
        ((Refused::Conflict, "conflict"), "Bundle.id")
    );
    other["id"] = json!("0198c0de-0000-7000-8000-0000000000bb");
    assert_eq!(
        code(&send(&rig, "ld-harbour", 3, &other).await.unwrap_err()),
        (Refused::Conflict, "conflict")
    );
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
}

/// Our profiles ask for an identifier under our own system, before we gave one.
#[tokio::test]
async fn a_second_new_referral_under_our_system_is_known_like_one_under_any_other() {
    let rig = Rig::new().await;
    let mut message = in_our_profiles("ld-harbour", "cmht-riverside");
    let first = service_request(&json(&send(&rig, "ld-harbour", 1, &message).await.unwrap()));
    message["id"] = json!("0198c0de-0000-7000-8000-0000000000bb");
    let again = send(&rig, "ld-harbour", 2, &message).await.unwrap_err();
    assert_eq!(code(&again), (Refused::Conflict, "conflict"));
    assert!(again.issues[0].path.ends_with("identifier"));
    assert!(again.details.contains(&("referral", first.clone())));
    // The id that was given to it names no new one either; one that was given to nobody may.
    for (given, is_taken) in [(first.as_str(), false), ("0198c0de-0000-7000-8000-00000000dead", true)] {
        of(&mut message, "ServiceRequest")["identifier"][0]["value"] = json!(given);
        let answer = send(&rig, "ld-harbour", 3, &message).await;
        assert_eq!(answer.is_ok(), is_taken, "{answer:?}");
    }
}

#[tokio::test]
async fn only_an_appointment_that_is_on_record_and_was_due_can_have_been_missed() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let message = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &message).await.unwrap()));
    rig.deliver_all(&courier).await;
    rig.act("cmht-riverside", &id, "accept", json!({})).await;
    let missed = async || {
        let caller = rig.caller("cmht-riverside");
        let version = rig.exchange.read_referral(&caller, &id).await.unwrap().version;
        rig.exchange.act(&caller, &id, "did-not-attend", version, b"").await
    };
    rig.act("cmht-riverside", &id, "start", json!({})).await;
    let none = missed().await.unwrap_err();
    assert_eq!(code(&none), (Refused::Conflict, "business-rule"));
    let start = rig.clock.now().plus_seconds(3_600).to_rfc3339();
    rig.act("cmht-riverside", &id, "book-appointment", json!({"appointment": {"start": start}})).await;
    assert_eq!(code(&missed().await.unwrap_err()), (Refused::Conflict, "business-rule"));
    rig.clock.advance_seconds(3_600);
    missed().await.unwrap();
    assert_eq!(rig.referral(&id).await["business_status"], "did-not-attend");
}

#[tokio::test]
async fn both_spellings_of_a_cancellation_withdraw_and_one_is_written() {
    for (reason, status, by_id) in [("update", "revoked", true), ("delete", "entered-in-error", false)] {
        let rig = Rig::new().await;
        let courier = Scripted::delivers();
        let message = referral("ld-harbour", "cmht-riverside");
        let referral_id = service_request(&json(&send(&rig, "ld-harbour", 1, &message).await.unwrap()));
        rig.deliver_all(&courier).await;
        let mut back = cancelled(message, reason, status);
        if by_id {
            let request = of(&mut back, "ServiceRequest");
            request["id"] = json!(referral_id);
            request.as_object_mut().unwrap().remove("identifier");
        }
        let echoed = json(&send(&rig, "ld-harbour", 2, &back).await.unwrap());
        assert_eq!(service_request(&echoed), referral_id);
        assert!(!echoed.to_string().contains("\"planned\""), "nothing is planned any more");
        assert_eq!(rig.referral(&referral_id).await["state"], "withdrawn");
        rig.deliver_all(&courier).await;
        let written: Value = serde_json::from_str(courier.texts().last().unwrap()).unwrap();
        assert_eq!(written["entry"][0]["resource"]["reason"]["coding"][0]["code"], "delete");
        assert_eq!(written["entry"][1]["resource"]["status"], "revoked");
        // Sent again it is the same one, under whatever request id; in other words it is none.
        let again = send(&rig, "ld-harbour", 3, &back).await.unwrap_err();
        assert_eq!(code(&again), (Refused::Duplicate, "duplicate"));
        let mut anew = back.clone();
        anew["timestamp"] = json!("2026-11-23T10:00:01Z");
        let other = send(&rig, "ld-harbour", 4, &anew).await.unwrap_err();
        assert_eq!(
            (code(&other), other.issues[0].path.as_str()),
            ((Refused::Conflict, "conflict"), "Bundle.id")
        );
        // It is over: a second cancellation clashes with how it stands.
        back["id"] = json!("0198c0de-0000-7000-8000-0000000000cb");
        let clash = send(&rig, "ld-harbour", 5, &back).await.unwrap_err();
        assert_eq!(code(&clash), (Refused::Conflict, "conflict"));
        rig.audit().await;
    }
}

#[tokio::test]
async fn only_its_sender_takes_a_referral_back_and_only_where_it_went() {
    let rig = Rig::new().await;
    let message = referral("ld-harbour", "cmht-riverside");
    let referral_id = service_request(&json(&send(&rig, "ld-harbour", 1, &message).await.unwrap()));
    let mut back = cancelled(referral("probation-harbour", "ld-harbour"), "delete", "revoked");
    of(&mut back, "ServiceRequest")["id"] = json!(referral_id);
    let refused = send(&rig, "probation-harbour", 2, &back).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::NotFound, "not-found"));
    // What is another's and what is nobody's get one answer, and each look is on record.
    of(&mut back, "ServiceRequest")["id"] = json!("0198c0de-0000-7000-8000-0000000000ee");
    let nobodys = send(&rig, "probation-harbour", 2, &back).await.unwrap_err();
    assert_eq!(format!("{refused:?}"), format!("{nobodys:?}"));
    rig.exchange.write_down_refused_looks().await;
    assert_eq!(rig.audit().await.iter().filter(|kind| *kind == "access-refused").count(), 2);
    let mut elsewhere = cancelled(referral("ld-harbour", "housing-harbour"), "delete", "revoked");
    of(&mut elsewhere, "ServiceRequest")["id"] = json!(referral_id);
    let refused = send(&rig, "ld-harbour", 3, &elsewhere).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "value"));
    let mut nameless = cancelled(message, "delete", "revoked");
    of(&mut nameless, "ServiceRequest").as_object_mut().unwrap().remove("identifier");
    // Nothing is named: the conversation has one referral, and that is it.
    send(&rig, "ld-harbour", 4, &nameless).await.unwrap();
    assert_eq!(rig.referral(&referral_id).await["state"], "withdrawn");
}

#[tokio::test]
async fn an_agency_refers_to_the_service_says_it_anew_and_hears_what_became_of_it() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let message = referral("cmht-riverside", "ld-harbour");
    let echoed = json(&send(&rig, "cmht-riverside", 1, &message).await.unwrap());
    let referral_id = service_request(&echoed);
    let item = rig.first_item("ld-harbour").await;
    let ld = rig.caller("ld-harbour");
    let landed = json(&rig.exchange.mailbox_read(&ld, "ld-harbour", &item).await.unwrap());
    assert_eq!(landed["referralId"], json!(referral_id));
    assert_eq!(landed["request"]["request_type"], "screening");
    assert!(!landed.to_string().contains(CANARY));
    rig.exchange.mailbox_acknowledge(&ld, "ld-harbour", &item).await.unwrap();

    let mut update = message.clone();
    update["id"] = json!("0198c0de-0000-7000-8000-0000000000aa");
    update["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    of(&mut update, "ServiceRequest")["priority"] = json!("stat");
    send(&rig, "cmht-riverside", 2, &update).await.unwrap();
    let item = rig.first_item("ld-harbour").await;
    let anew = json(&rig.exchange.mailbox_read(&ld, "ld-harbour", &item).await.unwrap());
    assert_eq!(
        (&anew["referralId"], &anew["request"]["urgency"]),
        (&json!(referral_id), &json!("emergency"))
    );
    // The same once more takes effect once.
    let again = send(&rig, "cmht-riverside", 30, &update).await.unwrap_err();
    assert_eq!(code(&again), (Refused::Duplicate, "duplicate"));
    // Somebody else's details under the same referral change nothing.
    update["id"] = json!("0198c0de-0000-7000-8000-0000000000ac");
    of(&mut update, "Patient")["identifier"] = json!([{"system": "urn:other", "value": "2"}]);
    let refused = send(&rig, "cmht-riverside", 3, &update).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Conflict, "conflict"));

    let said = json!({"referral_id": referral_id, "contact_outcome": "declined"});
    let answered = MailboxSend {
        to: String::from("cmht-riverside"),
        workflow: String::from("KEYWAY_SCREENING_ANSWER"),
        local_id: None,
        body: said.to_string().into_bytes(),
    };
    rig.exchange.mailbox_send(&ld, "ld-harbour", answered).await.unwrap();
    rig.deliver_all(&courier).await;
    let parcel = courier.carried.lock().unwrap().pop().unwrap();
    assert_eq!(parcel.correlation_id, CORRELATION, "the sender's own conversation");
    let answer: Value = serde_json::from_slice(&parcel.body).unwrap();
    assert_eq!(answer["entry"][0]["resource"]["response"]["identifier"], message["id"]);
    let text = answer.to_string();
    assert!(text.contains("declined") && text.contains("cancelled") && !text.contains("Testcase"));
    // It has ended: nothing is said anew.
    let mut late = message;
    late["id"] = json!("0198c0de-0000-7000-8000-0000000000ad");
    late["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    assert_eq!(
        code(&send(&rig, "cmht-riverside", 4, &late).await.unwrap_err()),
        (Refused::Conflict, "conflict")
    );
    rig.audit().await;
}

#[tokio::test]
async fn whom_a_message_is_for_must_be_certain() {
    let rig = Rig::new().await;
    let cmht = rig.caller("cmht-riverside");
    let to_third = referral("cmht-riverside", "housing-harbour");
    let refused = send(&rig, "cmht-riverside", 1, &to_third).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Forbidden, "forbidden"), "only the service refers on");
    let nobody = referral("cmht-riverside", "nobody");
    assert_eq!(
        code(&send(&rig, "cmht-riverside", 2, &nobody).await.unwrap_err()),
        (Refused::Unprocessable, "value")
    );
    let itself = referral("cmht-riverside", "cmht-riverside");
    assert_eq!(
        code(&send(&rig, "cmht-riverside", 3, &itself).await.unwrap_err()),
        (Refused::Unprocessable, "value")
    );

    let message = referral("cmht-riverside", "ld-harbour").to_string();
    let target = |value: &str| MessageHead {
        target: Some(Target {
            system: String::from("https://fhir.nhs.uk/Id/ods-organization-code"),
            value: value.to_owned(),
        }),
        ..head(4)
    };
    for (value, class, code) in [
        ("NOBODY", Refused::TargetUnknown, "not-found"),
        ("HOUSING-HARBOUR", Refused::Unprocessable, "value"),
    ] {
        let refused =
            rig.exchange.process_message(&cmht, &target(value), message.as_bytes()).await.unwrap_err();
        assert_eq!((refused.class, refused.issues[0].code), (class, code));
    }
    rig.exchange.process_message(&cmht, &target("LD-HARBOUR"), message.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn the_same_answer_takes_effect_once_under_whatever_request_id_it_comes() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let echoed = json(&send(&rig, "ld-harbour", 1, &referral("ld-harbour", "cmht-riverside")).await.unwrap());
    let referral_id = service_request(&echoed);
    rig.deliver_all(&courier).await;
    let delivered: Value = serde_json::from_str(&courier.texts()[0]).unwrap();
    let answer = |bundle_id| {
        let reply = bars::Reply { bundle_id, at: rig.exchange.mint.clock().now() };
        let offer = bars::Appointment {
            start: rig.exchange.mint.clock().now().plus_seconds(86_400),
            end: rig.exchange.mint.clock().now().plus_seconds(90_000),
            place: "First floor",
        };
        bars::response_accepted(&delivered, &reply, Some(&offer)).unwrap()
    };
    let booked = answer("0198c0de-0000-7000-8000-0000000000d2");
    send(&rig, "cmht-riverside", 2, &booked).await.unwrap();
    let stands = rig.referral(&referral_id).await;
    assert_eq!(stands["state"], "scheduled");
    let again = send(&rig, "cmht-riverside", 3, &booked).await.unwrap_err();
    assert_eq!(
        (code(&again), again.issues[0].path.as_str()),
        ((Refused::Duplicate, "duplicate"), "Bundle.id")
    );
    let mut other = booked.clone();
    other["timestamp"] = json!("2026-11-23T10:00:01Z");
    let other = send(&rig, "cmht-riverside", 4, &other).await.unwrap_err();
    assert_eq!((code(&other), other.issues[0].path.as_str()), ((Refused::Conflict, "conflict"), "Bundle.id"));
    assert_eq!(rig.referral(&referral_id).await["version"], stands["version"]);
    // Another message may say another time.
    send(&rig, "cmht-riverside", 5, &answer("0198c0de-0000-7000-8000-0000000000d3")).await.unwrap();
    assert_ne!(rig.referral(&referral_id).await["version"], stands["version"]);
    rig.audit().await;
}

#[tokio::test]
async fn an_answer_that_names_somebody_else_changes_nothing() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let echoed = json(&send(&rig, "ld-harbour", 1, &referral("ld-harbour", "cmht-riverside")).await.unwrap());
    let referral_id = service_request(&echoed);
    rig.deliver_all(&courier).await;
    let delivered: Value = serde_json::from_str(&courier.texts()[0]).unwrap();
    let reply = bars::Reply {
        bundle_id: "0198c0de-0000-7000-8000-0000000000d1",
        at: rig.exchange.mint.clock().now(),
    };
    let accepted = bars::response_accepted(&delivered, &reply, None).unwrap();

    let with = |kind: &str, system: &str, value: &str| {
        let mut answer = accepted.clone();
        let identifiers = of(&mut answer, kind)["identifier"].as_array_mut().unwrap();
        identifiers.iter_mut().find(|one| one["system"] == system).unwrap()["value"] = json!(value);
        answer
    };
    let another_referral =
        with("ServiceRequest", "https://keyway.example/Id/referral", "0198c0de-0000-7000-8000-0000000000ee");
    let another_person = with("Patient", "https://keyway.example/Id/ldref", "LD-NOBODYHERE");
    let another_number = with("Patient", "https://fhir.nhs.uk/Id/nhs-number", "9990000026");
    for (n, wrong) in [(2, another_referral), (3, another_person), (4, another_number)] {
        let refused = send(&rig, "cmht-riverside", n, &wrong).await.unwrap_err();
        assert_eq!(code(&refused), (Refused::Conflict, "conflict"), "{n}: {refused:?}");
        assert!(refused.issues[0].path.ends_with("identifier"), "{refused:?}");
        assert_eq!(rig.referral(&referral_id).await["state"], "delivered");
    }
    send(&rig, "cmht-riverside", 5, &accepted).await.unwrap();
    assert_eq!(rig.referral(&referral_id).await["state"], "accepted");
    rig.audit().await;
}

#[tokio::test]
async fn an_answer_finds_out_nothing_about_who_else_is_known() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    // Somebody whom the answering agency was never told of.
    let mut theirs = assessment(&["court-harbour"]);
    theirs["person"]["reference"] = json!("harbour-ld-somebody");
    theirs["person"]["nhs_number"]["value"] = json!("9990000026");
    rig.submit(&theirs, "k1").await.unwrap();
    send(&rig, "ld-harbour", 1, &referral("ld-harbour", "cmht-riverside")).await.unwrap();
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    let delivered = texts.iter().find_map(|text| {
        serde_json::from_str::<Value>(text).ok().filter(|message| message["resourceType"] == "Bundle")
    });
    let reply = bars::Reply {
        bundle_id: "0198c0de-0000-7000-8000-0000000000d1",
        at: rig.exchange.mint.clock().now(),
    };
    let mut answer = bars::response_accepted(&delivered.unwrap(), &reply, None).unwrap();
    let told = of(&mut answer, "Patient")["identifier"].clone();
    // The known and the unknown number get one answer, before the referral can be answered and after.
    let mut refusals = Vec::new();
    let mut n = 10;
    for is_done in [false, true] {
        if is_done {
            of(&mut answer, "Patient")["identifier"] = told.clone();
            send(&rig, "cmht-riverside", 2, &answer).await.unwrap();
            answer["id"] = json!("0198c0de-0000-7000-8000-0000000000d9");
        }
        for number in ["9990000026", "9990000034"] {
            n += 1;
            let identifiers = of(&mut answer, "Patient")["identifier"].as_array_mut().unwrap();
            for one in
                identifiers.iter_mut().filter(|one| one["system"] == "https://fhir.nhs.uk/Id/nhs-number")
            {
                one["value"] = json!(number);
            }
            refusals.push(format!("{:?}", send(&rig, "cmht-riverside", n, &answer).await.unwrap_err()));
        }
    }
    assert!(refusals.iter().all(|one| one == &refusals[0]), "{refusals:?}");
    assert_eq!(rig.audit().await.iter().filter(|kind| *kind == "access-refused").count(), 4);
}
