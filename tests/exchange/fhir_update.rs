//! A FHIR referral to another agency is said anew: what goes, in which order, and what it leaves as it was.

use keyway::{
    exchange::{ports::AttemptClass, refusal::Refused, rest},
    profile::{
        Severity,
        check::{Ask, Program},
        leniency::Leniency,
    },
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{cancelled, code, of, referral, send, service_request},
    harness::{Rig, Scripted, json, outcome},
};

const FIRST_WORDS: &str = "low mood";
const ANEW: &str = "now also: sleeps rough, and has no medicine left";

/// The same as its sender says it anew.
fn changed(mut message: Value) -> Value {
    message["id"] = json!("0198c0de-0000-7000-8000-0000000000ab");
    message["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    of(&mut message, "ServiceRequest")["reasonCode"][0]["text"] = json!(ANEW);
    message
}

/// What the person says about the receiver now.
fn consent(message: &mut Value, decision: &str) {
    let consent = of(message, "Consent");
    consent["dateTime"] = json!("2026-11-23T09:00:00Z");
    consent["provision"]["provision"][0]["type"] = json!(decision);
}

fn resource<'m>(message: &'m Value, kind: &str) -> &'m Value {
    let entries = message["entry"].as_array().unwrap();
    &entries.iter().find(|e| e["resource"]["resourceType"] == kind).unwrap()["resource"]
}

fn reason(message: &Value) -> &str {
    message["entry"][0]["resource"]["reason"]["coding"][0]["code"].as_str().unwrap()
}

fn parsed(courier: &Scripted) -> Vec<Value> {
    courier.texts().iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// What breaks our own profiles, as any FHIR tool would say it.
fn broken_rules(message: &Value) -> Vec<String> {
    let ask = Ask {
        profiles: &["https://keyway.example/fhir/StructureDefinition/ld-referral-update"],
        now: 1_795_431_600_000_000,
        forgives: Leniency::NONE,
        unknown_profiles: Severity::Information,
        best_practice: false,
    };
    let findings = Program::shared().unwrap().check(message, &ask);
    findings.iter().filter(|f| f.severity == Severity::Error).map(|f| format!("{f:?}")).collect()
}

#[tokio::test]
async fn an_accepted_referral_that_is_said_anew_stays_accepted_and_goes_out_whole_as_an_update() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let first = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    rig.deliver_all(&courier).await;
    rig.act("cmht-riverside", &id, "accept", json!({})).await;
    let before = rig.referral(&id).await;
    rig.clock.advance_seconds(60);

    let echoed = json(&send(&rig, "ld-harbour", 2, &changed(first.clone())).await.unwrap());
    assert_eq!(service_request(&echoed), id);
    let after = rig.referral(&id).await;
    assert_eq!((&after["state"], &after["business_status"]), (&json!("accepted"), &json!("accepted")));
    assert!(after["version"].as_i64() > before["version"].as_i64(), "its readers see that it changed");
    assert_ne!(after["updated_at"], before["updated_at"]);

    rig.deliver_all(&courier).await;
    let [new, update] = &parsed(&courier)[..] else { panic!("one new message and one change of it") };
    assert_eq!((reason(new), reason(update)), ("new", "update"));
    assert_ne!(new["id"], update["id"], "one message id never has two bodies");
    assert!(update.to_string().contains(ANEW) && !update.to_string().contains(FIRST_WORDS));
    let identifier = |message| &resource(message, "ServiceRequest")["identifier"];
    assert_eq!(identifier(new), identifier(update));
    assert_eq!(
        update["entry"][0]["resource"]["definition"],
        "https://keyway.example/fhir/MessageDefinition/ld-referral-update"
    );
    assert_eq!(resource(update, "Task")["status"], "accepted");
    assert_eq!(broken_rules(update), Vec::<String>::new());
    // What has changed is later; what has not says when it last did.
    let changed_at = |message, kind| resource(message, kind)["meta"]["lastUpdated"].as_str().unwrap();
    assert!(changed_at(update, "ServiceRequest") > changed_at(new, "ServiceRequest"));
    assert_eq!(changed_at(update, "Patient"), changed_at(new, "Patient"));

    // Sent again it is a duplicate, and the answer to it is one to the referral.
    let again = send(&rig, "ld-harbour", 2, &changed(first)).await.unwrap_err();
    assert_eq!(code(&again), (Refused::Duplicate, "duplicate"));
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 2);
    let kinds = rig.audit().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "disclosed").count(), 3, "two messages and one answer");
}

#[tokio::test]
async fn what_was_never_tried_is_replaced_and_goes_out_once_as_new() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let first = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    let told = json(&send(&rig, "ld-harbour", 2, &changed(first)).await.unwrap());
    assert!(told.to_string().contains("Nothing had left yet"), "its sender knows how it went");
    rig.deliver_all(&courier).await;
    let [only] = &parsed(&courier)[..] else { panic!("one message goes out") };
    assert_eq!(reason(only), "new", "nobody is told of a change of what they never had");
    assert!(only.to_string().contains(ANEW));
    assert_eq!(rig.referral(&id).await["state"], "delivered");
    rig.audit().await;
}

#[tokio::test]
async fn what_may_have_arrived_is_tried_to_its_end_before_the_change_even_of_an_emergency() {
    let rig = Rig::new().await;
    let down = Scripted::new(|_| outcome(AttemptClass::Ambiguous, "timeout"));
    let first = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    rig.deliver_all(&down).await;
    assert_eq!(down.count(), 1);
    let mut urgent = changed(first);
    of(&mut urgent, "ServiceRequest")["priority"] = json!("stat");
    // The address is not said any more: that takes nothing back.
    of(&mut urgent, "Patient").as_object_mut().unwrap().remove("address");
    send(&rig, "ld-harbour", 2, &urgent).await.unwrap();
    rig.clock.advance_seconds(3600);
    let up = Scripted::delivers();
    rig.deliver_all(&up).await;
    let sent = parsed(&up);
    assert_eq!(sent.iter().map(reason).collect::<Vec<_>>(), ["new", "update"]);
    assert_eq!(down.texts()[0], up.texts()[0], "the same bytes under the same id");
    assert_eq!(rig.referral(&id).await["state"], "delivered");
    rig.audit().await;
}

/// Until when an answer is awaited, as an agency reads it now, and as it read before.
async fn due(rig: &Rig, who: &str, id: &str) -> (Value, Value) {
    let caller = rig.caller(who);
    let task = async |version| {
        let task = rig.exchange.read_resource(&caller, &rest::TASK, id, version).await.unwrap();
        json(&task)["restriction"]["period"]["end"].clone()
    };
    let now = task(None).await;
    let native = rig.exchange.read_referral(&caller, id).await.unwrap();
    assert_eq!(json(&native)["answer_by"], now, "both faces say the same");
    (now, task(Some("1")).await)
}

#[tokio::test]
async fn what_is_said_anew_as_an_emergency_is_due_as_one_in_every_place() {
    let (before, after) = (json!("2026-12-07T10:00:00.000Z"), json!("2026-11-23T15:00:00.000Z"));
    for (from, to) in [("ld-harbour", "cmht-riverside"), ("cmht-riverside", "ld-harbour")] {
        let rig = Rig::new().await;
        let courier = Scripted::delivers();
        let mut first = referral(from, to);
        of(&mut first, "ServiceRequest")["priority"] = json!("routine");
        let id = service_request(&json(&send(&rig, from, 1, &first).await.unwrap()));
        rig.deliver_all(&courier).await;
        rig.clock.advance_seconds(3600);
        let mut urgent = changed(first);
        of(&mut urgent, "ServiceRequest")["priority"] = json!("stat");
        send(&rig, from, 2, &urgent).await.unwrap();
        for who in [from, to] {
            assert_eq!(
                due(&rig, who, &id).await,
                (after.clone(), before.clone()),
                "{from} to {to}, by {who}"
            );
        }
        rig.deliver_all(&courier).await;
        let arrived = if to == "ld-harbour" {
            [landed(&rig).await["answerBy"].clone(), landed(&rig).await["answerBy"].clone()]
        } else {
            let [new, update] = &parsed(&courier)[..] else { panic!("one new message and one change of it") };
            [new, update].map(|message| resource(message, "Task")["restriction"]["period"]["end"].clone())
        };
        assert_eq!(arrived, [before.clone(), after.clone()], "so does what arrives at {to}");
        rig.audit().await;
    }
}

/// What waits first for the service, read and acknowledged.
async fn landed(rig: &Rig) -> Value {
    let service = rig.caller("ld-harbour");
    let item = rig.first_item("ld-harbour").await;
    let landed = json(&rig.exchange.mailbox_read(&service, "ld-harbour", &item).await.unwrap());
    rig.exchange.mailbox_acknowledge(&service, "ld-harbour", &item).await.unwrap();
    landed
}

#[tokio::test]
async fn a_change_in_which_the_person_refuses_sends_nothing_and_recalls_what_went() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let first = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    rig.deliver_all(&courier).await;
    let mut refusal = changed(first);
    consent(&mut refusal, "deny");
    let refused = send(&rig, "ld-harbour", 2, &refusal).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "business-rule"));
    assert_eq!(rig.referral(&id).await["state"], "recalled");
    // Sent again it is not called a duplicate: that would be read as "it arrived".
    assert_eq!(send(&rig, "ld-harbour", 2, &refusal).await.unwrap_err(), refused);
    rig.deliver_all(&courier).await;
    let sent = parsed(&courier);
    assert_eq!(sent.iter().map(reason).collect::<Vec<_>>(), ["new", "delete"]);
    assert!(!sent[1].to_string().contains(ANEW));
    // Nor under another request id; said anew it clashes with how the referral stands.
    assert_eq!(send(&rig, "ld-harbour", 3, &refusal).await.unwrap_err(), refused);
    refusal["id"] = json!("0198c0de-0000-7000-8000-0000000000ae");
    let over = send(&rig, "ld-harbour", 4, &refusal).await.unwrap_err();
    assert_eq!(code(&over), (Refused::Conflict, "conflict"));
    rig.audit().await;
}

#[tokio::test]
async fn a_change_without_a_consent_in_force_leaves_the_referral_as_it_stands() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let first = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    rig.deliver_all(&courier).await;
    rig.clock.advance_seconds(86_400 * 300);
    let refused = send(&rig, "ld-harbour", 2, &changed(first)).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "business-rule"));
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1, "nothing goes, and nothing was taken back");
    assert_eq!(rig.referral(&id).await["state"], "delivered");
    rig.audit().await;
}

#[tokio::test]
async fn a_form_without_a_word_for_a_change_names_the_document_whose_place_it_takes() {
    let rig = Rig::new().await;
    let first = referral("ld-harbour", "housing-harbour");
    send(&rig, "ld-harbour", 1, &first).await.unwrap();
    let housing = rig.caller("housing-harbour");
    let collect = || async {
        let item = rig.first_item("housing-harbour").await;
        let read = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
        rig.exchange.mailbox_acknowledge(&housing, "housing-harbour", &item).await.unwrap();
        json(&read)
    };
    let before = collect().await;
    let told = json(&send(&rig, "ld-harbour", 2, &changed(first)).await.unwrap());
    assert!(told.to_string().contains("validity.supersedes"), "its sender knows how it went");
    let after = collect().await;
    assert_eq!(before["referralId"], after["referralId"]);
    assert_eq!(after["validity"]["supersedes"], before["disclosureId"]);
    assert!(after.to_string().contains(ANEW));
    rig.audit().await;
}

#[tokio::test]
async fn only_an_open_referral_of_its_own_sender_that_came_as_a_message_is_changed() {
    let rig = Rig::new().await;
    let first = referral("ld-harbour", "cmht-riverside");
    let id = service_request(&json(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    let mut stranger = changed(referral("probation-harbour", "ld-harbour"));
    of(&mut stranger, "ServiceRequest")["id"] = json!(id);
    let refused = send(&rig, "probation-harbour", 2, &stranger).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::NotFound, "not-found"));
    // Somebody else's details change nothing.
    let mut other = changed(first.clone());
    of(&mut other, "Patient")["identifier"] = json!([{"system": "urn:other", "value": "2"}]);
    let refused = send(&rig, "ld-harbour", 3, &other).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Conflict, "conflict"));
    send(&rig, "ld-harbour", 4, &cancelled(first.clone(), "delete", "revoked")).await.unwrap();
    let refused = send(&rig, "ld-harbour", 5, &changed(first)).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Conflict, "conflict"));

    // An assessment holds more than a message does: it is not replaced by one.
    let whole = rig.submit(&crate::harness::assessment(&["cmht-riverside"]), "k").await.unwrap();
    let mut by_id = changed(referral("ld-harbour", "cmht-riverside"));
    let request = of(&mut by_id, "ServiceRequest");
    request["id"] = crate::harness::to(&whole, "cmht-riverside")["referral_id"].clone();
    request.as_object_mut().unwrap().remove("identifier");
    let refused = send(&rig, "ld-harbour", 6, &by_id).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "not-supported"));
    // It says which calls do what is wanted, and the second of them is a message that is taken.
    for call in ["POST /assessments", "reason `delete`", "POST /referrals/{id}/actions/withdraw"] {
        assert!(refused.issues[0].diagnostics.contains(call), "{refused:?}");
    }
    let mut back = cancelled(by_id, "delete", "revoked");
    back["id"] = json!("0198c0de-0000-7000-8000-0000000000cc");
    send(&rig, "ld-harbour", 7, &back).await.unwrap();
    rig.audit().await;
}
