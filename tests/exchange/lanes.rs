//! What one message's fate does to the others of its lane.

use keyway::exchange::ports::AttemptClass;

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
