//! What changes between the question and the commit. Each change is made at one draw of an id or a nonce after
//! another, until the use case ends before it.

use std::sync::{Arc, Mutex};

use keyway::{
    directory::PartnerStatus,
    exchange::{
        Exchange,
        caller::Caller,
        ports::{Store, Write},
    },
    store::sqlite::SqliteStore,
};
use serde_json::{Value, json};

use crate::{
    durable_or_nothing::DiesSending,
    harness::{
        Interrupted, PARTNERS, Rig, START, Scripted, assessment, consent_id, id, json as read, outcome,
        partner, to,
    },
};

/// What may come in between.
#[derive(Clone, Copy, Debug)]
enum Change {
    ConsentWithdrawn,
    ConsentNarrowed,
    ReferralWithdrawn,
    PartnerSuspended,
}

/// Makes changes to a referral to one recipient, and to what it rests on.
struct Changer {
    exchange: Arc<Exchange>,
    store: Arc<SqliteStore>,
    sender: Caller,
    recipient: &'static str,
    consent: String,
    referral: String,
}

impl Changer {
    fn new(rig: &Rig, answer: &Value, recipient: &'static str) -> Self {
        Self {
            exchange: rig.exchange.clone(),
            store: rig.store.clone(),
            sender: rig.caller("ld-harbour"),
            recipient,
            consent: consent_id(answer, recipient),
            referral: id(to(answer, recipient), "referral_id"),
        }
    }

    async fn make(self, change: Change) {
        match change {
            Change::ConsentWithdrawn => {
                self.exchange.revoke_consent(&self.sender, &self.consent, b"", false).await.unwrap();
            }
            Change::ConsentNarrowed => {
                let mut said = assessment(&[self.recipient, "housing-harbour"]);
                said["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == self.recipient);
                said["referrals"].as_array_mut().unwrap().retain(|r| r["recipient"] == "housing-harbour");
                said["consents"][0]["excludes"] = json!(["risk-to-self"]);
                said["consents"][0]["recorded_at"] = "2026-11-23T09:30:00Z".into();
                let said = said.to_string();
                self.exchange
                    .submit_assessment(&self.sender, "narrower", said.as_bytes(), false)
                    .await
                    .unwrap();
            }
            Change::ReferralWithdrawn => {
                let seen = self.exchange.read_referral(&self.sender, &self.referral).await.unwrap();
                let why = br#"{"reason":"no-longer-needed"}"#;
                self.exchange.act(&self.sender, &self.referral, "withdraw", seen.version, why).await.unwrap();
            }
            Change::PartnerSuspended => {
                let (id, kind, channel) =
                    PARTNERS.into_iter().find(|(id, ..)| *id == self.recipient).unwrap();
                let mut suspended = partner(id, kind, channel);
                suspended.status = PartnerStatus::Suspended;
                self.store.commit(vec![Write::Partner(suspended)], Vec::new()).await.unwrap();
            }
        }
    }
}

/// A courier that counts what it carries after the change.
fn watching(chance: Arc<Interrupted>, after: Arc<Mutex<usize>>) -> Scripted {
    Scripted::new(move |_| {
        *after.lock().unwrap() += usize::from(chance.happened());
        outcome(keyway::exchange::ports::AttemptClass::Delivered, "http-200")
    })
}

#[tokio::test]
async fn nothing_is_sent_on_what_no_longer_holds() {
    // What changes nothing about the delivery itself needs a first attempt whose worker died.
    for (change, interrupted) in [
        (Change::ConsentWithdrawn, true),
        (Change::ConsentNarrowed, false),
        (Change::ReferralWithdrawn, true),
        (Change::PartnerSuspended, false),
    ] {
        for draws in 0.. {
            let rig = Rig::new().await;
            let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
            let mut now = START;
            if interrupted {
                let lane =
                    rig.store.lease_lanes("dies", now, now.plus_seconds(30), 1).await.unwrap().remove(0);
                let soon = std::time::Duration::from_millis(100);
                assert!(tokio::time::timeout(soon, rig.exchange.deliver(lane, &DiesSending)).await.is_err());
                rig.clock.advance_seconds(60);
                now = START.plus_seconds(60);
            }
            let after = Arc::new(Mutex::new(0));
            let courier = watching(rig.chance.clone(), after.clone());
            let lane = rig.store.lease_lanes("test", now, now.plus_seconds(30), 1).await.unwrap().remove(0);
            rig.chance.after(draws, Changer::new(&rig, &answer, "probation-harbour").make(change));
            rig.exchange.deliver(lane, &courier).await;
            assert_eq!(*after.lock().unwrap(), 0, "{change:?} at draw {draws}, interrupted: {interrupted}");
            if courier.count() > 0 {
                assert!(draws > 0, "nothing was drawn before it went");
                break;
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_collected_on_what_no_longer_holds() {
    for change in [
        Change::ConsentWithdrawn,
        Change::ConsentNarrowed,
        Change::ReferralWithdrawn,
        Change::PartnerSuspended,
    ] {
        for draws in 0.. {
            let rig = Rig::new().await;
            let answer = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
            let courier = Scripted::delivers();
            rig.deliver_all(&courier).await;
            let sheet = courier.carried.lock().unwrap()[0].message_id.to_string();
            let court = rig.caller("court-harbour");
            rig.exchange.collect_sheet(&court, &sheet).await.unwrap();
            rig.chance.after(draws, Changer::new(&rig, &answer, "court-harbour").make(change));
            let again = rig.exchange.collect_sheet(&court, &sheet).await;
            if !rig.chance.happened() {
                assert!(draws > 0 && again.is_ok());
                break;
            }
            assert!(again.is_err(), "{change:?} at draw {draws}");
        }
    }
}

#[tokio::test]
async fn nothing_is_planned_on_a_consent_that_was_withdrawn_meanwhile() {
    for draws in (0..).step_by(4) {
        let rig = Rig::new().await;
        let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
        let mut more = assessment(&["probation-harbour"]);
        more["consents"] = json!([]);
        let change = Changer::new(&rig, &first, "probation-harbour").make(Change::ConsentWithdrawn);
        rig.chance.after(draws, change);
        let second = rig.submit(&more, "k2").await.unwrap();
        let happened = rig.chance.happened();
        let state = to(&second, "probation-harbour")["state"].as_str().unwrap().to_owned();
        assert_eq!(state, if happened { "withheld" } else { "queued" }, "draw {draws}");
        if !happened {
            assert!(draws > 4, "little was drawn");
            break;
        }
    }
}

#[tokio::test]
async fn a_withdrawal_reaches_what_is_planned_meanwhile() {
    for draws in 0.. {
        let rig = Rig::new().await;
        let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
        let mut more = assessment(&["probation-harbour"]);
        more["consents"] = json!([]);
        let (exchange, sender) = (rig.exchange.clone(), rig.caller("ld-harbour"));
        let second = Arc::new(Mutex::new(None));
        let told = second.clone();
        rig.chance.after(draws, async move {
            let more = more.to_string();
            let answer = exchange.submit_assessment(&sender, "k2", more.as_bytes(), false).await.unwrap();
            *told.lock().unwrap() = Some(id(to(&read(&answer), "probation-harbour"), "referral_id"));
        });
        rig.revoke(&consent_id(&first, "probation-harbour")).await;
        let Some(second) = second.lock().unwrap().take() else {
            assert!(draws > 0, "nothing was drawn");
            break;
        };
        assert_eq!(rig.referral(&second).await["state"], "withdrawn", "draw {draws}");
    }
}
