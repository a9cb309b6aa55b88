//! What one message's fate does to the others of its lane.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use keyway::{
    clock::{Clock, ManualClock, Moment},
    exchange::ports::{AttemptClass, AttemptOutcome, Courier, Parcel, Store},
    referral::answer_within,
    store::sqlite::SqliteStore,
};

use crate::harness::{Rig, Scripted, assessment, id, outcome, to};

/// A referral for next spring is no reason for today's emergency to wait until then.
#[tokio::test]
async fn what_may_go_only_later_holds_up_nothing() {
    let rig = Rig::new().await;
    let mut spring = assessment(&["probation-harbour"]);
    spring["referrals"][0]["not_before"] = "2027-02-23".into();
    rig.submit(&spring, "k1").await.unwrap();
    let mut urgent = assessment(&["probation-harbour"]);
    urgent["referrals"][0]["urgency"] = "emergency".into();
    let urgent = rig.submit(&urgent, "k2").await.unwrap();

    let delivers = Scripted::delivers();
    rig.deliver_all(&delivers).await;
    assert_eq!(delivers.count(), 1);
    let referral = rig.referral(&id(to(&urgent, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "delivered");
    rig.clock.advance_seconds(93 * 86_400);
    rig.deliver_all(&delivers).await;
    assert_eq!(delivers.count(), 2);
}

/// Nobody can answer what they do not have yet: what is planned for the spring is not late in winter.
#[tokio::test]
async fn what_is_planned_for_later_is_due_counted_from_then() {
    let rig = Rig::new().await;
    let due = |start: &str| {
        Moment::from_rfc3339(start).unwrap().plus_seconds(answer_within("routine")).to_rfc3339()
    };
    let mut planned = assessment(&["probation-harbour"]);
    planned["referrals"][0]["urgency"] = "routine".into();
    planned["referrals"][0]["not_before"] = "2027-02-23T09:00:00Z".into();
    let first = rig.submit(&planned, "k1").await.unwrap();
    let referral = id(to(&first, "probation-harbour"), "referral_id");
    assert_eq!(rig.referral(&referral).await["answer_by"], due("2027-02-23T09:00:00Z"));

    // It is planned anew, for later.
    planned["referrals"][0]["not_before"] = "2027-03-01T09:00:00Z".into();
    let (caller, body) = (rig.caller("ld-harbour"), planned.to_string());
    let earlier = id(&first, "assessment_id");
    rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
    assert_eq!(rig.referral(&referral).await["answer_by"], due("2027-03-01T09:00:00Z"));

    // A start that is over counts from now.
    planned["referrals"][0]["not_before"] = "2026-11-20T09:00:00Z".into();
    let over = rig.submit(&planned, "k3").await.unwrap();
    let referral = rig.referral(&id(to(&over, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["answer_by"], due("2026-11-23T10:00:00Z"));
}

/// A message that an agency refuses holds up later ones, but not "stop using what you were sent before".
#[tokio::test]
async fn a_recall_reaches_an_agency_that_refused_a_later_message() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let second = rig.submit(&assessment(&["probation-harbour"]), "k2").await.unwrap();
    rig.deliver_all(&Scripted::new(|_| outcome(AttemptClass::Permanent, "http-400"))).await;

    let referral = id(to(&first, "probation-harbour"), "referral_id");
    let version = rig.referral(&referral).await["version"].as_i64();
    let reason = br#"{"reason":"client-died"}"#;
    rig.exchange.act(&rig.caller("ld-harbour"), &referral, "withdraw", version, reason).await.unwrap();
    let delivers = Scripted::delivers();
    rig.deliver_all(&delivers).await;

    assert_eq!(delivers.count(), 1);
    assert!(delivers.texts()[0].contains("disclosure.recalled"));
    let held = rig.referral(&id(to(&second, "probation-harbour"), "referral_id")).await;
    assert_eq!(held["deliveries"][0]["status"], "dead");
}

/// A worker that stood still past its lease, with nobody else at work.
#[tokio::test]
async fn a_worker_whose_lease_ran_out_sends_nothing() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let now = rig.clock.now();
    let lane = rig.store.lease_lanes("one", now, now.plus_seconds(30), 1).await.unwrap().remove(0);
    rig.clock.advance_seconds(30);
    let delivers = Scripted::delivers();
    rig.exchange.deliver(lane, &delivers).await;
    assert_eq!(delivers.count(), 0);
    rig.deliver_all(&delivers).await;
    assert_eq!(delivers.count(), 1);
}

/// A worker that begins in the last second of its lease: while its bytes may be under way the lane is nobody else's.
#[tokio::test]
async fn nobody_leases_a_lane_while_bytes_may_be_under_way() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let now = rig.clock.now();
    let lane = rig.store.lease_lanes("one", now, now.plus_seconds(30), 1).await.unwrap().remove(0);
    rig.clock.advance_seconds(29);
    let slow = Slow { store: rig.store.clone(), clock: rig.clock.clone(), taken: AtomicUsize::new(0) };
    rig.exchange.deliver(lane, &slow).await;
    assert_eq!(slow.taken.load(Ordering::SeqCst), 0);
    assert_eq!(rig.deliver_all(&slow).await, 0, "it is delivered and on record");
}

/// Takes all the time that an attempt may take, and lets another worker look for lanes meanwhile.
struct Slow {
    store: Arc<SqliteStore>,
    clock: Arc<ManualClock>,
    taken: AtomicUsize,
}

#[async_trait]
impl Courier for Slow {
    async fn carry(&self, _parcel: Parcel) -> AttemptOutcome {
        for _ in 0..20 {
            self.clock.advance_seconds(1);
            let now = self.clock.now();
            let taken = self.store.lease_lanes("two", now, now.plus_seconds(30), 1).await.unwrap();
            self.taken.fetch_add(taken.len(), Ordering::SeqCst);
        }
        outcome(AttemptClass::Delivered, "http-200")
    }
}
