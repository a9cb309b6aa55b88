//! What is sent under a consent that was given before, elsewhere, tells its recipient of that consent: an assessment, a
//! message or a change need not repeat it.

use keyway::{
    directory::{AgencyKind, Channel},
    exchange::{
        ports::{Store, Write},
        refusal::{Refusal, Refused},
        rest::{CONSENT, Terms},
    },
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{code, of, referral, send, service_request},
    harness::{PARTNERS, Rig, Scripted, assessment, consent_id, id, json as body, partner, to},
};

/// Everything that goes out, the sheets behind its events among it.
async fn sent(rig: &Rig, courier: &Scripted) -> Vec<Value> {
    rig.deliver_all(courier).await;
    let mut sent = Vec::new();
    for text in courier.texts() {
        let message: Value = serde_json::from_str(&text).unwrap();
        let sheet = message["detailUrl"].as_str().map(|url| url.rsplit('/').next().unwrap().to_owned());
        match sheet {
            None => sent.push(message),
            Some(sheet) => {
                for (who, _, channel) in PARTNERS {
                    if channel == Channel::EventPush
                        && let Ok(sheet) = rig.exchange.collect_sheet(&rig.caller(who), &sheet).await
                    {
                        sent.push(body(&sheet));
                    }
                }
            }
        }
    }
    courier.carried.lock().unwrap().clear();
    sent
}

/// What a message says of the consent that it rests on.
fn told(message: &Value) -> Value {
    let Some(entries) = message["entry"].as_array() else { return message["consent"].clone() };
    let consent = entries.iter().find(|entry| entry["resource"]["resourceType"] == "Consent");
    let consent = &consent.unwrap()["resource"];
    let rule = &consent["provision"]["provision"][0];
    json!([consent["status"], consent["dateTime"], rule["type"], rule["period"]])
}

/// The same, said without a word about consent.
fn silent(mut assessment: Value) -> Value {
    assessment["consents"] = json!([]);
    assessment
}

async fn amend(rig: &Rig, earlier: &str, assessment: &Value, key: &str) -> Result<Value, Refusal> {
    let (caller, bytes) = (rig.caller("ld-harbour"), assessment.to_string());
    rig.exchange
        .amend_assessment(&caller, earlier, key, bytes.as_bytes(), false)
        .await
        .map(|answer| body(&answer))
}

fn change<'a>(answer: &'a Value, recipient: &str) -> &'a str {
    to(answer, recipient)["change"].as_str().unwrap()
}

#[tokio::test]
async fn what_rests_on_a_consent_of_an_earlier_assessment_goes_and_tells_of_that_consent() {
    for recipient in
        ["cmht-riverside", "custody-northgate", "court-harbour", "probation-harbour", "housing-harbour"]
    {
        let rig = Rig::new().await;
        let courier = Scripted::delivers();
        let mut one = assessment(&[recipient]);
        rig.submit(&one, "k1").await.unwrap();
        let mut first = sent(&rig, &courier).await;
        if first.is_empty() {
            let item = rig.first_item(recipient).await;
            let caller = rig.caller(recipient);
            first.push(body(&rig.exchange.mailbox_read(&caller, recipient, &item).await.unwrap()));
            rig.exchange.mailbox_acknowledge(&caller, recipient, &item).await.unwrap();
        }
        let first = told(&first[0]);
        assert!(!first.is_null(), "{recipient}");

        one["substance_use"]["withdrawal_risk"]["advice"] = "Later.".into();
        let answer = rig.submit(&silent(one), "k2").await.unwrap();
        let state = to(&answer, recipient);
        assert!(
            ["queued", "issued"].contains(&state["state"].as_str().unwrap())
                && state["reason"] == "consent-given",
            "{state}"
        );
        assert_eq!(answer["warnings"].to_string().find("No valid message"), None);
        let mut second = sent(&rig, &courier).await;
        if second.is_empty() {
            let item = rig.first_item(recipient).await;
            let caller = rig.caller(recipient);
            second.push(body(&rig.exchange.mailbox_read(&caller, recipient, &item).await.unwrap()));
        }
        let second = told(&second[0]);
        let mut expected = first.clone();
        // The same moment, as the gateway writes it.
        for place in ["/1", "/recordedAt"] {
            if let Some(at) = expected.pointer_mut(place) {
                *at = second.pointer(place).unwrap().clone();
                assert!(at.as_str().unwrap().starts_with("2026-11-23T09:00:00"), "{recipient}: {at}");
            }
        }
        assert_eq!(second, expected, "{recipient}");
    }
}

#[tokio::test]
async fn a_consent_that_was_recorded_by_fhir_is_the_one_that_is_told_of() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let one = assessment(&["cmht-riverside"]);
    let answer = rig.submit(&one, "k1").await.unwrap();
    sent(&rig, &courier).await;
    let ld = rig.caller("ld-harbour");
    let id = consent_id(&answer, "cmht-riverside");
    let mut consent = body(&rig.exchange.read_resource(&ld, &CONSENT, &id, None).await.unwrap());
    let rule = &mut consent["provision"]["provision"][0];
    rule["period"] = json!({"start": "2026-11-23T09:45:00Z", "end": "2027-02-01T12:30:00Z"});
    rule["provision"] = json!([{"type": "deny", "code": [{"coding": [{
        "system": "https://keyway.example/fhir/CodeSystem/disclosure-block", "code": "housing"}]}]}]);
    consent["dateTime"] = json!("2026-11-23T09:45:00Z");
    let terms = Terms::default();
    rig.exchange.create_resource(&ld, &CONSENT, &terms, consent.to_string().as_bytes()).await.unwrap();
    rig.deliver_all(&courier).await;
    courier.carried.lock().unwrap().clear();

    // The assessment holds the statement before: it is passed over, and not what the recipient reads.
    for (key, later) in [("k2", one.clone()), ("k3", silent(one))] {
        let answer = rig.submit(&later, key).await.unwrap();
        assert_eq!(to(&answer, "cmht-riverside")["state"], "queued", "{answer}");
        let message = sent(&rig, &courier).await.pop().unwrap();
        let told = told(&message).to_string();
        assert!(told.contains("2026-11-23T09:45:00") && told.contains("2027-02-01T12:30:00"), "{told}");
        assert!(!told.contains("09:00:00") && !told.contains("2027-05-23"), "{told}");
    }
    rig.audit().await;
}

#[tokio::test]
async fn an_amendment_that_does_not_repeat_the_consent_is_sent_and_a_refusal_in_it_takes_effect() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let mut one = assessment(&["cmht-riverside", "court-harbour"]);
    let first = rig.submit(&one, "k1").await.unwrap();
    sent(&rig, &courier).await;
    let mut named = silent(one.clone());
    named["referrals"].as_array_mut().unwrap().retain(|asked| asked["recipient"] == "cmht-riverside");
    let same = amend(&rig, &id(&first, "assessment_id"), &named, "k2").await.unwrap();
    assert_eq!(change(&same, "cmht-riverside"), "same", "a consent that is not repeated is no news");

    let mut refused = one["consents"].as_array_mut().unwrap().remove(1);
    assert_eq!(refused["recipient"], "court-harbour");
    refused["decision"] = "decline".into();
    refused["recorded_at"] = "2026-11-23T09:50:00Z".into();
    named["consents"] = json!([refused]);
    named["clinical"]["narrative"] = "canarynarrative".into();
    let answer = amend(&rig, &id(&same, "assessment_id"), &named, "k3").await.unwrap();
    assert_eq!(change(&answer, "cmht-riverside"), "updated");
    assert_eq!(change(&answer, "court-harbour"), "recalled");
    let messages = sent(&rig, &courier).await;
    let update = messages.iter().find(|message| message["entry"].is_array()).unwrap();
    assert!(update.to_string().contains("canarynarrative"));
    assert!(told(update).to_string().contains("2027-05-23"), "{}", told(update));
}

#[tokio::test]
async fn a_message_that_does_not_repeat_the_consent_is_sent() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let first = referral("ld-harbour", "cmht-riverside");
    let known = service_request(&body(&send(&rig, "ld-harbour", 1, &first).await.unwrap()));
    sent(&rig, &courier).await;
    let without = |n: u32, reason: &str| {
        let mut message = first.clone();
        message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000000a{n}"));
        message["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!(reason);
        of(&mut message, "ServiceRequest")["reasonCode"][0]["text"] = json!(format!("canary-{reason}"));
        let entries = message["entry"].as_array_mut().unwrap();
        let consent = entries.iter().find(|e| e["resource"]["resourceType"] == "Consent").unwrap();
        let address = consent["fullUrl"].clone();
        entries.retain(|e| e["fullUrl"] != address);
        let supporting = of(&mut message, "ServiceRequest")["supportingInfo"].as_array_mut().unwrap();
        supporting.retain(|one| one["reference"] != address);
        message
    };
    let update = body(&send(&rig, "ld-harbour", 2, &without(1, "update")).await.unwrap());
    assert_eq!(service_request(&update), known);
    let mut new = without(2, "new");
    of(&mut new, "ServiceRequest")["identifier"] = json!([{"system": "urn:sender", "value": "SR-2"}]);
    send(&rig, "ld-harbour", 3, &new).await.unwrap();
    let messages = sent(&rig, &courier).await;
    assert_eq!(messages.len(), 2);
    for (message, words) in messages.iter().zip(["canary-update", "canary-new"]) {
        assert!(message.to_string().contains(words));
        assert_eq!(told(message)[0], "active");
    }
    rig.audit().await;
}

/// Makes an agency one for which no message can be made.
async fn spoil(rig: &Rig, who: &str) {
    let (_, kind, channel) = PARTNERS.into_iter().find(|(slug, ..)| *slug == who).unwrap();
    let mut spoilt = partner(who, kind, channel);
    if kind == AgencyKind::Cmht {
        // FHIR has no empty texts.
        spoilt.name = String::new();
    } else {
        spoilt.channel = Channel::FhirPush;
    }
    rig.store.commit(vec![Write::Partner(spoilt)], Vec::new()).await.unwrap();
}

#[tokio::test]
async fn where_no_message_can_be_made_of_a_change_it_is_said_and_a_refusal_that_came_with_it_holds() {
    for spoilt in ["cmht-riverside", "custody-northgate"] {
        let rig = Rig::new().await;
        let courier = Scripted::delivers();
        let mut one = assessment(&[spoilt, "probation-harbour"]);
        let first = rig.submit(&one, "k1").await.unwrap();
        sent(&rig, &courier).await;
        spoil(&rig, spoilt).await;
        one["substance_use"]["withdrawal_risk"]["advice"] = "canarywithdrawal".into();
        one["clinical"]["narrative"] = "canarynarrative".into();
        for consent in one["consents"].as_array_mut().unwrap() {
            if consent["recipient"] == "probation-harbour" {
                consent["decision"] = "decline".into();
                consent["recorded_at"] = "2026-11-23T09:50:00Z".into();
            }
        }
        let answer = amend(&rig, &id(&first, "assessment_id"), &one, "k2").await.unwrap();
        assert_eq!(change(&answer, "probation-harbour"), "recalled", "{spoilt}");
        assert_eq!(to(&answer, spoilt)["change"], "stands", "{answer}");
        assert_eq!(to(&answer, spoilt)["reason"], "message-not-made");
        assert!(answer["warnings"].to_string().contains("Telephone the recipient"), "{answer}");
        let stands = rig.referral(&id(to(&first, spoilt), "referral_id")).await;
        assert!(["delivered", "read"].contains(&stands["state"].as_str().unwrap()), "{}", stands["state"]);

        // What it has still is what it is measured against: the next change is news.
        let (_, kind, channel) = PARTNERS.into_iter().find(|(slug, ..)| *slug == spoilt).unwrap();
        rig.store.commit(vec![Write::Partner(partner(spoilt, kind, channel))], Vec::new()).await.unwrap();
        let answer = amend(&rig, &id(&answer, "assessment_id"), &one, "k3").await.unwrap();
        assert_ne!(to(&answer, spoilt)["change"], "same", "{answer}");
        rig.audit().await;
    }
}

#[tokio::test]
async fn a_changing_message_of_which_nothing_can_be_made_says_so_each_time() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let first = referral("ld-harbour", "cmht-riverside");
    send(&rig, "ld-harbour", 1, &first).await.unwrap();
    sent(&rig, &courier).await;
    spoil(&rig, "cmht-riverside").await;
    let mut update = first;
    update["id"] = json!("0198c0de-0000-7000-8000-0000000000ab");
    update["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    of(&mut update, "ServiceRequest")["reasonCode"][0]["text"] = json!("canary-anew");
    let refused = send(&rig, "ld-harbour", 2, &update).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "not-supported"));
    assert!(refused.issues[0].diagnostics.contains("no valid message can be made"));
    assert_eq!(send(&rig, "ld-harbour", 2, &update).await.unwrap_err(), refused);
    rig.audit().await;
}
