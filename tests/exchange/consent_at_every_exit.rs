//! Consent is asked at plan, at every send and at every collection.

use keyway::{
    clock::Clock,
    exchange::ports::{AttemptClass, Store, Write},
    exchange::refusal::Refused,
};

use crate::harness::{Rig, Scripted, agreement, assessment, consent_id, id, json, outcome, to};

#[tokio::test]
async fn a_consent_that_ran_out_while_a_message_waited_stops_it() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside"]);
    wanted["consents"][0]["valid_until"] = "2026-11-23T12:00:00Z".into();
    wanted["referrals"][0]["not_before"] = "2026-11-23T13:00:00Z".into();
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    assert_eq!(to(&answer, "cmht-riverside")["state"], "queued");
    let courier = Scripted::delivers();
    assert_eq!(rig.deliver_all(&courier).await, 0, "it went before its time");
    rig.clock.advance_seconds(4 * 3600);
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);
    let referral = rig.referral(&id(to(&answer, "cmht-riverside"), "referral_id")).await;
    assert_eq!(
        (referral["state"].as_str(), referral["reason"].as_str()),
        (Some("withheld"), Some("consent-expired"))
    );
    assert!(rig.audit().await.contains(&String::from("stopped")));
}

#[tokio::test]
async fn an_agreement_that_ended_stops_what_waits() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["probation-harbour"]);
    wanted["referrals"][0]["not_before"] = "2026-11-23T13:00:00Z".into();
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    let mut ended = agreement("probation-harbour");
    ended.version = 2;
    ended.valid_to = rig.clock.now();
    rig.store.commit(vec![Write::Agreement(ended)], Vec::new()).await.unwrap();
    rig.clock.advance_seconds(4 * 3600);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);
    let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["reason"], "no-agreement");
}

#[tokio::test]
async fn an_agreement_for_another_purpose_lets_nothing_go_whatever_the_person_agreed_to() {
    let rig = Rig::new().await;
    let research = |version: i64| {
        let mut agreement = agreement("probation-harbour");
        agreement.version = version;
        agreement.purposes = vec![String::from("HRESCH")];
        Write::Agreement(agreement)
    };
    let mut wanted = assessment(&["probation-harbour", "cmht-riverside"]);
    wanted["referrals"].as_array_mut().unwrap().iter_mut().for_each(|referral| {
        referral["not_before"] = "2026-11-23T13:00:00Z".into();
    });
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    assert_eq!(to(&answer, "probation-harbour")["state"], "queued");
    rig.store.commit(vec![research(2)], Vec::new()).await.unwrap();
    let again = rig.submit(&wanted, "k2").await.unwrap();
    let withheld = to(&again, "probation-harbour");
    assert_eq!((&withheld["state"], &withheld["reason"]), (&"withheld".into(), &"purpose-not-agreed".into()));
    assert_eq!(to(&again, "cmht-riverside")["state"], "queued");
    // What waits since before is asked again, and stays.
    rig.clock.advance_seconds(4 * 3600);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 2, "both go to the team, none to probation");
    let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["reason"], "purpose-not-agreed");
}

#[tokio::test]
async fn less_consent_before_an_attempt_makes_a_new_message_with_a_new_id() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside"]);
    wanted["clinical"]["narrative"] = "canaryclinical".into();
    wanted["referrals"][0]["not_before"] = "2026-11-23T13:00:00Z".into();
    let first = rig.submit(&wanted, "k1").await.unwrap();
    // The person says later that the clinical part must stay out of it.
    let mut later = assessment(&["cmht-riverside", "court-harbour"]);
    later["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == "cmht-riverside");
    later["referrals"].as_array_mut().unwrap().retain(|r| r["recipient"] == "court-harbour");
    later["consents"][0]["excludes"] = serde_json::json!(["clinical"]);
    later["consents"][0]["recorded_at"] = "2026-11-23T09:30:00Z".into();
    rig.submit(&later, "k2").await.unwrap();
    rig.clock.advance_seconds(4 * 3600);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 1, "one message arrives, not two");
    assert!(!texts[0].contains("canaryclinical"));
    let referral = rig.referral(&id(to(&first, "cmht-riverside"), "referral_id")).await;
    assert_eq!(referral["state"], "delivered");
    assert_eq!(referral["deliveries"].as_array().unwrap().len(), 2);
    let reasons = referral["withheld"].to_string();
    assert!(reasons.contains("excluded-by-person"), "{reasons}");
}

#[tokio::test]
async fn less_consent_after_an_attempt_whose_end_nobody_knows_is_a_recall_and_what_is_left_follows() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let lost = Scripted::new(|_| outcome(AttemptClass::Ambiguous, "timeout"));
    rig.deliver_all(&lost).await;
    assert_eq!(lost.count(), 1);
    let mut narrower = assessment(&["probation-harbour", "court-harbour"]);
    narrower["referrals"].as_array_mut().unwrap().retain(|r| r["recipient"] == "court-harbour");
    narrower["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == "probation-harbour");
    narrower["consents"][0]["excludes"] = serde_json::json!(["risk-to-self"]);
    narrower["consents"][0]["recorded_at"] = "2026-11-23T09:30:00Z".into();
    rig.submit(&narrower, "k2").await.unwrap();
    rig.clock.advance_seconds(60);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    let recalls = texts.iter().filter(|text| text.contains("disclosure.recalled")).count();
    let to_probation = courier.carried.lock().unwrap();
    let to_probation =
        to_probation.iter().filter(|parcel| parcel.partner.partner_id.as_str() == "probation-harbour");
    assert_eq!((recalls, to_probation.count()), (1, 2), "the recall, and what may still go");
    assert_eq!(lost.count(), 1, "the first is not tried again");
    let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "recalled");
}

#[tokio::test]
async fn a_mailbox_item_and_a_sheet_are_gone_once_consent_is() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["housing-harbour", "court-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let housing = rig.caller("housing-harbour");
    let list = rig.exchange.mailbox_list(&housing, "housing-harbour", 10, None).await.unwrap();
    let item = json(&list)["messages"][0].as_str().unwrap().to_owned();
    let court = rig.caller("court-harbour");
    let sheet = courier.carried.lock().unwrap()[0].message_id.to_string();
    // While consent stands, the sheet is read (and the reading is on record).
    rig.exchange.collect_sheet(&court, &sheet).await.unwrap();
    let read = rig.referral(&id(to(&answer, "court-harbour"), "referral_id")).await;
    assert_eq!(read["state"], "read");

    rig.revoke(&consent_id(&answer, "housing-harbour")).await;
    rig.revoke(&consent_id(&answer, "court-harbour")).await;
    let refused = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap_err();
    assert_eq!(refused.class, Refused::Gone);
    let refused = rig.exchange.collect_sheet(&court, &sheet).await.unwrap_err();
    assert_eq!(refused.class, Refused::Gone);
    // Another agency learns nothing, not even that it was there.
    let probation = rig.caller("probation-harbour");
    let refused = rig.exchange.collect_sheet(&probation, &sheet).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    let kinds = rig.audit().await;
    assert!(kinds.contains(&String::from("collected")) && kinds.contains(&String::from("recalled")));
}

#[tokio::test]
async fn a_consent_that_runs_out_before_the_mailbox_is_read_is_found_at_the_read() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["housing-harbour"]);
    wanted["consents"][0]["valid_until"] = "2026-11-23T12:00:00Z".into();
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    let housing = rig.caller("housing-harbour");
    let list = rig.exchange.mailbox_list(&housing, "housing-harbour", 10, None).await.unwrap();
    let item = json(&list)["messages"][0].as_str().unwrap().to_owned();
    rig.clock.advance_seconds(3 * 3600);
    let refused = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap_err();
    assert_eq!(refused.class, Refused::Gone);
    let referral = rig.referral(&id(to(&answer, "housing-harbour"), "referral_id")).await;
    assert_eq!(
        (referral["state"].as_str(), referral["reason"].as_str()),
        (Some("withheld"), Some("consent-expired"))
    );
    let list = rig.exchange.mailbox_list(&housing, "housing-harbour", 10, None).await.unwrap();
    assert_eq!(json(&list)["messages"].as_array().unwrap().len(), 0);
}
