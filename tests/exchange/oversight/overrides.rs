//! Disclosures without consent, and their review.

use keyway::{
    audit::Leaf,
    exchange::{
        ig::{Officer, Review, StepAnswer},
        refusal::Refused,
        rows::ReviewOutcome,
        verify_log,
    },
    ids::ReferralId,
};
use rusqlite::Connection;
use serde_json::json;

use super::officer;
use crate::harness::{Rig, Scripted, assessment, id, site, to};

const PRACTITIONER: &str = "Sam Okafor, RMN";

/// Custody was told without consent.
async fn overridden(rig: &Rig) -> ReferralId {
    let mut wanted = assessment(&["custody-northgate"]);
    wanted["risk"]["to_self"]["imminent"] = true.into();
    wanted["risk"]["to_self"]["current"] = "yes".into();
    for consent in wanted["consents"].as_array_mut().unwrap() {
        consent["decision"] = "decline".into();
    }
    wanted["overrides"] = json!([{
        "recipient": "custody-northgate", "reason": "RISK-TO-LIFE-SELF", "practitioner": PRACTITIONER,
        "justification": "Said what they will do tonight.",
    }]);
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    ReferralId::parse(&id(to(&answer, "custody-northgate"), "referral_id")).unwrap()
}

#[tokio::test]
async fn a_disclosure_without_consent_is_reviewed_once_by_a_second_person_and_is_overdue_after_72_hours() {
    let rig = Rig::new().await;
    let referral = overridden(&rig).await;
    let (site, exchange) = (site(), &rig.exchange);
    let told = exchange.overrides(&site, &officer(), true).await.unwrap();
    assert_eq!((told.overrides.len(), told.unreviewed, told.overdue), (1, 1, 0));
    assert_eq!(told.overrides[0].referral_id, referral);
    let why = exchange.why_referral(&site, &officer(), &referral).await.unwrap();
    let answers: Vec<StepAnswer> = why.decisions[0].steps.iter().map(|step| step.answer).collect();
    assert_eq!(
        answers[3..],
        [StepAnswer::No, StepAnswer::Yes],
        "the person said no, and the risk outweighed it"
    );

    rig.clock.advance_seconds(72 * 3_600 + 1);
    let late = exchange.overrides(&site, &officer(), true).await.unwrap();
    assert_eq!((late.unreviewed, late.overdue), (1, 1));

    let review = |reviewer: &'static str| Review {
        outcome: ReviewOutcome::Upheld,
        reason: "The risk was imminent.",
        reviewer,
    };
    // Not by the one who did it, under whatever spelling, and not entered by them.
    let own = Officer::new("sam.okafor", None).unwrap();
    for (by, reviewer) in
        [(officer(), "OKAFOR, Sam"), (officer(), PRACTITIONER), (own, "Ana Silva"), (officer(), " ")]
    {
        let refused = exchange.review_override(&site, &by, &referral, &review(reviewer)).await.unwrap_err();
        assert_eq!(refused.class, Refused::Unprocessable, "{reviewer}");
        assert!(!format!("{:?}", refused.issues).contains("Okafor"));
    }
    // Without its entry there is no review.
    let file = Connection::open(&rig.database).unwrap();
    let no_log =
        "CREATE TRIGGER no_log BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no log'); END;";
    file.execute_batch(no_log).unwrap();
    assert!(exchange.review_override(&site, &officer(), &referral, &review("Ana Silva")).await.is_err());
    file.execute_batch("DROP TRIGGER no_log;").unwrap();
    assert_eq!(exchange.overrides(&site, &officer(), true).await.unwrap().unreviewed, 1);

    let done = exchange.review_override(&site, &officer(), &referral, &review("Ana Silva")).await.unwrap();
    assert_eq!((done.outcome, done.overdue), (Some(ReviewOutcome::Upheld), true));
    let again =
        exchange.review_override(&site, &officer(), &referral, &review("Ana Silva")).await.unwrap_err();
    assert_eq!(again.class, Refused::Conflict);
    assert!(exchange.overrides(&site, &officer(), true).await.unwrap().overrides.is_empty());
    let all = exchange.overrides(&site, &officer(), false).await.unwrap();
    assert_eq!((all.overrides.len(), all.unreviewed, all.overdue), (1, 0, 0));
    assert!(rig.audit().await.contains(&String::from("reviewed")));
    // What the review says is sealed; the log has only its outcome.
    let mut reviewed = Vec::new();
    verify_log(rig.store.as_ref(), |entry| {
        if entry.kind == "reviewed" {
            reviewed.push((Leaf::read(&entry.leaf).unwrap(), entry.content.clone().unwrap()));
        }
    })
    .await
    .unwrap()
    .unwrap();
    let (leaf, content) = &reviewed[0];
    assert_eq!((leaf.actor.as_str(), leaf.fact("outcome")), ("operator:ig.officer", Some("upheld")));
    for text in [format!("{leaf:?}"), String::from_utf8_lossy(&content.0).into_owned()] {
        assert!(!text.contains("Silva") && !text.contains("imminent"), "{text}");
    }
    // A referral that was sent by consent is none.
    let answer = rig.submit(&assessment(&["cmht-riverside"]), "k2").await.unwrap();
    let by_consent = ReferralId::parse(&id(to(&answer, "cmht-riverside"), "referral_id")).unwrap();
    let refused =
        exchange.review_override(&site, &officer(), &by_consent, &review("Ana Silva")).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
}
