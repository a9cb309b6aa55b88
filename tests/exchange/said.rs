//! What the person said, and when: the clock of who wrote it down, a refusal after an agreement, two statements
//! of one moment.

use keyway::exchange::refusal::Refused;

use crate::harness::{Rig, Scripted, assessment, consent_id, id, to};

#[tokio::test]
async fn a_clock_a_little_ahead_is_forgiven_and_a_consent_from_the_future_is_not() {
    let rig = Rig::new().await;
    let mut ahead = assessment(&["court-harbour"]);
    ahead["consents"][0]["recorded_at"] = "2026-11-23T10:00:02Z".into();
    let answer = rig.submit(&ahead, "k1").await.unwrap();
    assert_eq!(to(&answer, "court-harbour")["state"], "issued");
    let mut future = assessment(&["court-harbour"]);
    future["consents"][0]["recorded_at"] = "2027-01-23T10:00:00Z".into();
    let refused = rig.submit(&future, "k2").await.unwrap_err();
    assert_eq!(refused.class, Refused::Unprocessable);
    assert_eq!(refused.issues[0].path, "/consents/0/recorded_at");
}

#[tokio::test]
async fn a_later_refusal_takes_back_what_went_under_the_agreement() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.clock.advance_seconds(600);
    let mut declines = assessment(&["probation-harbour", "court-harbour"]);
    declines["referrals"].as_array_mut().unwrap().retain(|r| r["recipient"] == "court-harbour");
    declines["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == "probation-harbour");
    declines["consents"][0]["recorded_at"] = "2026-11-23T10:05:00Z".into();
    declines["consents"][0]["decision"] = "decline".into();
    rig.submit(&declines, "k2").await.unwrap();
    let referral = rig.referral(&id(to(&first, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "recalled");
    rig.deliver_all(&courier).await;
    assert!(courier.texts().last().unwrap().contains("disclosure.recalled"));
}

#[tokio::test]
async fn a_refusal_to_everybody_is_kept_and_nobody_is_told() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.clock.advance_seconds(600);
    let mut nobody = assessment(&["probation-harbour", "court-harbour"]);
    nobody["referrals"] = serde_json::json!([]);
    for consent in nobody["consents"].as_array_mut().unwrap() {
        consent["decision"] = "decline".into();
        consent["recorded_at"] = "2026-11-23T10:05:00Z".into();
    }
    let answer = rig.submit(&nobody, "k2").await.unwrap();
    assert_eq!(answer["referrals"], serde_json::json!([]));
    assert_eq!(answer["consents"].as_array().unwrap().len(), 2);
    // What went before is taken back, and a yes that is older does not speak against the no.
    let referral = rig.referral(&id(to(&first, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "recalled");
    let again = rig.submit(&assessment(&["court-harbour"]), "k3").await.unwrap();
    assert_eq!(to(&again, "court-harbour")["reason"], "consent-refused");
    // Nobody asked and nothing said is no assessment to act on.
    nobody["consents"] = serde_json::json!([]);
    let refused = rig.submit(&nobody, "k4").await.unwrap_err();
    assert_eq!((refused.class, refused.issues[0].path.as_str()), (Refused::Unprocessable, "/referrals"));
}

#[tokio::test]
async fn of_two_statements_of_one_moment_the_refusal_stands() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let mut declines = assessment(&["court-harbour"]);
    declines["consents"][0]["decision"] = "decline".into();
    let answer = rig.submit(&declines, "k2").await.unwrap();
    assert_eq!(to(&answer, "court-harbour")["reason"], "consent-refused");
    let again = rig.submit(&assessment(&["court-harbour"]), "k3").await.unwrap();
    assert_eq!(to(&again, "court-harbour")["reason"], "consent-refused");
    assert!(again["warnings"].to_string().contains("/consents/0"));
}

#[tokio::test]
async fn what_the_person_agreed_to_cannot_be_kept_back_from_who_acts_on_it() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside"]);
    wanted["consents"][0]["excludes"] = serde_json::json!(["own-consent"]);
    let refused = rig.submit(&wanted, "k1").await.unwrap_err();
    assert_eq!(refused.class, Refused::Unprocessable);
    assert_eq!(refused.issues[0].path, "/consents/0/excludes");
}

#[tokio::test]
async fn who_sends_the_same_statement_again_is_told_which_consent_it_is() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let second = rig.submit(&assessment(&["probation-harbour"]), "k2").await.unwrap();
    let consent = consent_id(&second, "probation-harbour");
    assert_eq!(consent, consent_id(&first, "probation-harbour"));
    assert_eq!(rig.revoke(&consent).await.status, 200);
    for answer in [first, second] {
        let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
        assert_eq!(referral["state"], "withdrawn");
    }
}
