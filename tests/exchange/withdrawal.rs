//! Withdrawal stops what waits, recalls what went, and is never overtaken by a send.

use std::sync::Arc;

use async_trait::async_trait;
use keyway::exchange::{
    Answer, Exchange,
    caller::Caller,
    ports::{AttemptClass, AttemptOutcome, Courier, Parcel, Store},
};
use tokio::sync::Mutex;

use crate::harness::{Rig, Scripted, assessment, consent_id, id, json, outcome, to};

/// How many parameters of this name an answer has.
fn named(answer: &Answer, name: &str) -> usize {
    let answer = json(answer);
    answer["parameter"].as_array().unwrap().iter().filter(|one| one["name"] == name).count()
}

#[tokio::test]
async fn what_waits_is_stopped_and_never_carried() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour", "housing-harbour"]), "k1").await.unwrap();
    for recipient in ["probation-harbour", "housing-harbour"] {
        let told = rig.revoke(&consent_id(&answer, recipient)).await;
        assert_eq!(told.status, 200);
        assert_eq!(named(&told, "stopped"), 1);
        let referral = rig.referral(&id(to(&answer, recipient), "referral_id")).await;
        assert_eq!(referral["state"], "withdrawn");
        assert_eq!(referral["business_status"], "client-withdrew");
    }
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);
    rig.audit().await;
}

#[tokio::test]
async fn what_went_is_recalled_once_and_the_recall_is_answered_once() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let consent = consent_id(&answer, "probation-harbour");
    let told = rig.revoke(&consent).await;
    assert_eq!((told.status, named(&told, "recalled")), (200, 1));
    // Asking again changes nothing and tells the same.
    assert_eq!(named(&rig.revoke(&consent).await, "recalled"), 1);
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 2);
    let name = assessment(&["probation-harbour"])["person"]["name"]["family"].as_str().unwrap().to_owned();
    assert!(texts[1].contains("recalled") && !texts[1].contains(&name), "a recall holds ids only");

    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    let probation = rig.caller("probation-harbour");
    let seen = rig.exchange.read_referral(&probation, &referral).await.unwrap();
    assert!(json(&seen)["actions"].to_string().contains("answer-recall"));
    let body = br#"{"answer": "no-further-use"}"#;
    let done = rig.exchange.act(&probation, &referral, "answer-recall", seen.version, body).await.unwrap();
    assert_eq!(json(&done)["recall_answer"], "no-further-use");
    let again = rig.exchange.act(&probation, &referral, "answer-recall", done.version, body).await;
    assert!(again.is_err(), "a recall is answered once");
    rig.audit().await;
}

/// Withdraws the consent while the bytes are on their way.
struct WithdrawsMeanwhile {
    exchange: Arc<Exchange>,
    caller: Caller,
    consent: String,
    told: Mutex<Vec<u16>>,
    bodies: Mutex<Vec<String>>,
    ends: AttemptClass,
}

#[async_trait]
impl Courier for WithdrawsMeanwhile {
    async fn carry(&self, parcel: Parcel) -> AttemptOutcome {
        self.bodies.lock().await.push(String::from_utf8(parcel.body).unwrap());
        let told = self.exchange.revoke_consent(&self.caller, &self.consent, b"", false).await.unwrap();
        self.told.lock().await.push(told.status);
        outcome(self.ends, "scripted")
    }
}

#[tokio::test]
async fn an_attempt_in_flight_is_told_as_such_and_recalled_whatever_its_end() {
    for ends in [AttemptClass::Delivered, AttemptClass::Ambiguous, AttemptClass::Retryable] {
        let rig = Rig::new().await;
        let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
        let courier = WithdrawsMeanwhile {
            exchange: rig.exchange.clone(),
            caller: rig.caller("ld-harbour"),
            consent: consent_id(&answer, "probation-harbour"),
            told: Mutex::default(),
            bodies: Mutex::default(),
            ends,
        };
        rig.deliver_all(&courier).await;
        rig.clock.advance_seconds(3600);
        rig.deliver_all(&courier).await;
        // The first call met the attempt in flight; once it had ended, the same call answers 200.
        assert_eq!(courier.told.lock().await.first(), Some(&202), "{ends:?}");
        assert_eq!(rig.revoke(&courier.consent).await.status, 200);
        let bodies = courier.bodies.lock().await;
        assert!(
            bodies[1..].iter().all(|b| b.contains("disclosure.recalled")),
            "content went after withdrawal"
        );
        let recalls = bodies.iter().filter(|b| b.contains("disclosure.recalled")).count();
        assert!(recalls >= 1, "{ends:?}");
        let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
        assert_eq!(referral["state"], "recalled");
        rig.audit().await;
    }
}

#[tokio::test]
async fn a_worker_that_lost_its_lane_changes_nothing() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let now = crate::harness::START;
    let stale = rig.store.lease_lanes("one", now, now.plus_seconds(30), 1).await.unwrap().remove(0);
    rig.clock.advance_seconds(60);
    let courier = Scripted::delivers();
    assert_eq!(rig.deliver_all(&courier).await, 1);
    let late = Scripted::delivers();
    rig.exchange.deliver(stale, &late).await;
    assert_eq!(late.count(), 0, "a worker without the lane sent something");
}

#[tokio::test]
async fn a_later_statement_counts_and_an_older_one_arriving_late_does_not() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    rig.revoke(&consent_id(&first, "court-harbour")).await;
    // The same paper again, recorded before the withdrawal: it changes nothing.
    let late = rig.submit(&assessment(&["court-harbour"]), "k2").await.unwrap();
    assert_eq!(to(&late, "court-harbour")["reason"], "consent-withdrawn");
    assert!(late["warnings"].to_string().contains("/consents/0"));
    // The person agrees anew.
    rig.clock.advance_seconds(600);
    let mut anew = assessment(&["court-harbour"]);
    anew["consents"][0]["recorded_at"] = "2026-11-23T10:05:00Z".into();
    let anew = rig.submit(&anew, "k3").await.unwrap();
    assert_eq!(to(&anew, "court-harbour")["state"], "issued");
}
