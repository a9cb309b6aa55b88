//! Why something was sent or withheld, what relied on a consent, and which agreements are used.

use keyway::{
    clock::Clock as _,
    directory::{Audience, PartnerStatus},
    exchange::{
        ig::{Step, StepAnswer},
        ports::{Store as _, Write},
        rows::DeliveryStatus,
    },
    ids::{ConsentId, DisclosureId, ReferralId},
};
use serde_json::json;

use super::{holds_nobody, officer};
use crate::harness::{PARTNERS, Rig, Scripted, agreement, assessment, consent_id, id, partner, site, to};

#[tokio::test]
async fn why_says_question_by_question_which_one_decided() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside", "housing-harbour", "court-harbour"]);
    for consent in wanted["consents"].as_array_mut().unwrap() {
        match consent["recipient"].as_str().unwrap() {
            "court-harbour" => consent["decision"] = "decline".into(),
            "housing-harbour" => consent["excludes"] = json!(["safeguarding"]),
            _ => {}
        }
    }
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let why = async |recipient: &str| {
        let referral = ReferralId::parse(&id(to(&answer, recipient), "referral_id")).unwrap();
        rig.exchange.why_referral(&site(), &officer(), &referral).await.unwrap()
    };
    let answers = |steps: &[Step]| steps.iter().map(|step| step.answer).collect::<Vec<_>>();
    let (yes, no, not) = (StepAnswer::Yes, StepAnswer::No, StepAnswer::NotAsked);

    let sent = why("cmht-riverside").await;
    assert_eq!(answers(&sent.decisions[0].steps), [yes, yes, yes, yes, not]);
    assert_eq!(sent.decisions[0].decision.exit, "plan");
    assert_eq!(sent.decisions[0].came_out_the_same, 1, "asked again when it was sent");
    assert_eq!(sent.delivery, Some(DeliveryStatus::Delivered));
    assert!(sent.text.contains("It was made for cmht-riverside"), "{}", sent.text);
    // The same by the disclosure.
    let disclosure = DisclosureId::parse(&id(to(&answer, "cmht-riverside"), "disclosure_id")).unwrap();
    let by_disclosure = rig.exchange.why_disclosed(&site(), &officer(), &disclosure).await.unwrap();
    assert_eq!(by_disclosure.decisions, sent.decisions);

    let refused = why("court-harbour").await;
    assert_eq!(answers(&refused.decisions[0].steps), [yes, yes, yes, no, not]);
    assert!(
        refused.text.contains("Nothing of it went to court-harbour: The person declined"),
        "{}",
        refused.text
    );
    assert!(refused.disclosure_id.is_none() && refused.delivery.is_none());

    let in_part = why("housing-harbour").await.withheld.unwrap();
    let kept = in_part.iter().find(|kept| kept.reason == "excluded-by-person").unwrap();
    assert!(kept.rule.ends_with("#safeguarding") && kept.fields > 0, "{kept:?}");
    assert_eq!(kept.text, "The person keeps it back from this agency.");

    // Taken back: a later decision says so, and the disclosure is not there any more.
    rig.clock.advance_seconds(60);
    rig.revoke(&consent_id(&answer, "housing-harbour")).await;
    let taken_back = why("housing-harbour").await;
    assert_eq!(taken_back.state.as_str(), "withdrawn");
    holds_nobody(&json!(taken_back).to_string());
}

#[tokio::test]
async fn what_relied_on_a_consent_is_told_with_where_each_stands_and_how_the_recall_was_answered() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour", "housing-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let consent = consent_id(&answer, "probation-harbour");
    let named = ConsentId::parse(&consent).unwrap();
    let relied = async || rig.exchange.relied_on(&site(), &officer(), &named).await.unwrap();
    let before = relied().await;
    assert_eq!((before.status.as_str(), before.version, before.referrals.len()), ("active", 1, 1));
    let one = &before.referrals[0];
    assert_eq!((one.permitted_by.as_slice(), one.recipient.as_str()), ([1].as_slice(), "probation-harbour"));
    assert_eq!(one.messages.iter().map(|m| m.status).collect::<Vec<_>>(), [DeliveryStatus::Delivered]);
    assert!(one.recalls.is_empty());

    rig.clock.advance_seconds(3_600);
    rig.revoke(&consent).await;
    let open = rig.exchange.recalls(&site(), &officer(), true).await.unwrap();
    assert_eq!((open.recalls.len(), open.open), (1, 1));
    assert_eq!(open.recalls[0].consent_id.as_ref(), Some(&named));
    assert_eq!(open.recalls[0].notice, Some(DeliveryStatus::Queued));
    assert_eq!(open.recalls[0].reason, "consent-withdrawn");
    rig.deliver_all(&Scripted::delivers()).await;
    rig.clock.advance_seconds(7_200);
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    rig.act("probation-harbour", &referral, "answer-recall", json!({"answer": "no-further-use"})).await;

    let after = relied().await;
    assert_eq!((after.status.as_str(), after.version), ("inactive", 2));
    let one = &after.referrals[0];
    assert_eq!(one.state.as_str(), "recalled");
    assert_eq!(one.messages.iter().map(|m| m.is_recall).collect::<Vec<_>>(), [false, true]);
    assert_eq!(one.recalls[0].answer.as_deref(), Some("no-further-use"));
    assert!(rig.exchange.recalls(&site(), &officer(), true).await.unwrap().recalls.is_empty());
    let all = rig.exchange.recalls(&site(), &officer(), false).await.unwrap();
    assert_eq!((all.recalls.len(), all.open, all.recalls[0].waited_seconds), (1, 0, 7_200));
    assert_eq!(all.recalls[0].notice, Some(DeliveryStatus::Delivered));
}

#[tokio::test]
async fn flows_that_are_declared_and_flows_that_are_used_are_held_against_each_other() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["housing-harbour", "probation-harbour", "court-harbour"]), "k1").await.unwrap();
    rig.clock.advance_seconds(60);
    // Housing's agreement has another version now; the court is suspended.
    let mut anew = agreement("housing-harbour");
    (anew.version, anew.dpia_reference) = (2, String::from("DPIA-2"));
    let (court, kind, channel) = PARTNERS[3];
    let mut suspended = partner(court, kind, channel);
    suspended.status = PartnerStatus::Suspended;
    rig.store.commit(vec![Write::Agreement(anew), Write::Partner(suspended)], Vec::new()).await.unwrap();
    rig.submit(&assessment(&["probation-harbour"]), "k2").await.unwrap();

    let told = rig.exchange.flows(&site(), &officer()).await.unwrap();
    let stands: Vec<(String, &str, u64)> = told
        .flows
        .iter()
        .map(|flow| {
            let id = flow.agreement_id.as_ref().unwrap();
            let used = flow.used.iter().map(|used| used.disclosures).sum();
            (format!("{id}/{}", flow.version.unwrap()), flow.stands.as_str(), used)
        })
        .collect();
    let is = |id: &str, stands: &'static str, used: u64| (id.to_owned(), stands, used);
    assert_eq!(
        stands,
        [
            is("dsa-cmht-riverside/1", "declared-never-used", 0),
            is("dsa-court-harbour/1", "used-not-declared-now", 1),
            is("dsa-custody-northgate/1", "declared-never-used", 0),
            is("dsa-housing-harbour/1", "used-not-declared-now", 1),
            is("dsa-housing-harbour/2", "declared-never-used", 0),
            is("dsa-ld-harbour/1", "declared-never-used", 0),
            is("dsa-probation-harbour/1", "declared-and-used", 2),
        ]
    );
    let probation = told.flows.last().unwrap();
    assert_eq!(probation.used[0].audience.map(Audience::as_str), Some("probation"));
    assert!(probation.used[0].first < probation.used[0].last);
    // The record of processing stands beside its flow, and whether it should have been looked at again.
    for flow in &told.flows {
        assert_eq!(flow.record, agreement(flow.recipient.as_str()).record);
        assert!(flow.record.is_some() && flow.review_by.is_some());
    }
    assert!(told.flows.iter().all(|flow| !flow.review_overdue));
    let review_by = agreement("housing-harbour").record.unwrap().review_by;
    rig.clock.advance_seconds(review_by.micros_since(rig.clock.now()) / 1_000_000 + 1);
    let later = rig.exchange.flows(&site(), &officer()).await.unwrap();
    assert!(later.flows.iter().all(|flow| flow.review_overdue));
    assert_eq!(told.flows[1].because, Some("the agency is suspended"));
    assert_eq!(told.flows[3].because, Some("a later version took its place"));
}
