//! What one message's fate does to the others of its lane.

use keyway::exchange::ports::AttemptClass;

use crate::harness::{Rig, Scripted, assessment, id, outcome, to};

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
