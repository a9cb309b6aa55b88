//! Recalls that nobody answers: reminded of at their times, each once, also after a restart, and then told to an officer.

use std::sync::Arc;

use keyway::{
    clock::Moment,
    exchange::{
        Exchange,
        ig::{Officer, RecallTold},
        refusal::Refused,
    },
    limits::{RECALL_REMINDER_WAITS_SECONDS, RECALL_REMINDERS_MAX},
};
use serde_json::json;

use crate::harness::{Rig, START, Scripted, assessment, consent_id, id, site, to};

const WHO: &str = "probation-harbour";

/// Somebody's assessment went to probation, and the person took the consent back.
async fn recalled(rig: &Rig, courier: &Scripted) -> String {
    let answer = rig.submit(&assessment(&[WHO]), "k1").await.unwrap();
    rig.deliver_all(courier).await;
    rig.revoke(&consent_id(&answer, WHO)).await;
    rig.deliver_all(courier).await;
    id(to(&answer, WHO), "referral_id")
}

async fn told(exchange: &Exchange) -> RecallTold {
    let officer = Officer::new("ig.officer", None).unwrap();
    exchange.recalls(&site(), &officer, false).await.unwrap().recalls.remove(0)
}

#[tokio::test]
async fn a_recall_is_reminded_of_at_its_times_each_once_and_then_stands_as_unanswered() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    recalled(&rig, &courier).await;
    let name = assessment(&[WHO])["person"]["name"]["family"].as_str().unwrap().to_owned();
    let first = told(&rig.exchange).await;
    let three_days = START.plus_seconds(RECALL_REMINDER_WAITS_SECONDS[0]).to_rfc3339();
    assert_eq!((first.recall.reminders, first.recall.next_at), (0, Some(three_days)));
    assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 0, "it is not due yet");
    let mut sent = courier.count();
    for (place, wait) in RECALL_REMINDER_WAITS_SECONDS.into_iter().enumerate() {
        rig.clock.advance_seconds(wait - 1);
        assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 0, "{place}: a second too early");
        rig.clock.advance_seconds(1);
        assert!(!told(&rig.exchange).await.recall.unanswered, "{place}");
        assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 1, "{place}");
        assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 0, "{place}: it fires once");
        rig.deliver_all(&courier).await;
        let is_reminder = i64::try_from(place).unwrap() < RECALL_REMINDERS_MAX;
        sent += usize::from(is_reminder);
        assert_eq!(courier.count(), sent, "{place}");
        assert!(courier.texts().last().unwrap().contains("recalled"));
        assert!(!courier.texts().last().unwrap().contains(&name), "a reminder holds ids only");
    }
    let last = told(&rig.exchange).await;
    assert!(last.recall.unanswered && last.recall.answer.is_none() && last.recall.next_at.is_none());
    assert_eq!((last.recall.reminders, last.recipient.as_str()), (RECALL_REMINDERS_MAX, WHO));
    let officer = Officer::new("ig.officer", None).unwrap();
    let open = rig.exchange.recalls(&site(), &officer, true).await.unwrap();
    assert_eq!((open.open, open.unanswered), (1, 1));
    rig.clock.advance_seconds(400 * 86_400);
    assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 0, "nothing more comes");
    let kinds = rig.audit().await;
    let recalls = kinds.iter().filter(|kind| *kind == "recalled").count();
    assert_eq!(recalls, 5, "the recall, three reminders, and that it stands unanswered");
}

#[tokio::test]
async fn an_answer_ends_the_reminders_also_one_that_waits_and_it_can_still_be_given_after_the_last() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let referral = recalled(&rig, &courier).await;
    rig.clock.advance_seconds(RECALL_REMINDER_WAITS_SECONDS[0]);
    assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 1);
    // The reminder is made and has not gone when the answer comes.
    let sent = courier.count();
    rig.act(WHO, &referral, "answer-recall", json!({"answer": "retained-by-law"})).await;
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), sent, "whoever has answered is not reminded");
    rig.clock.advance_seconds(100 * 86_400);
    assert_eq!(rig.exchange.remind_of_recalls().await.unwrap(), 0);
    let told = told(&rig.exchange).await.recall;
    assert_eq!(
        (told.answer.as_deref(), told.unanswered, told.next_at),
        (Some("retained-by-law"), false, None)
    );
    rig.audit().await;
}

#[tokio::test]
async fn whoever_keeps_it_on_another_basis_says_which() {
    let rig = Rig::new().await;
    let referral = recalled(&rig, &Scripted::delivers()).await;
    let probation = rig.caller(WHO);
    let seen = rig.exchange.read_referral(&probation, &referral).await.unwrap();
    let bare = br#"{"answer": "kept-other-basis"}"#;
    let refused =
        rig.exchange.act(&probation, &referral, "answer-recall", seen.version, bare).await.unwrap_err();
    assert_eq!((refused.class, refused.issues[0].path.as_str()), (Refused::Unprocessable, "/comment"));
    let words = json!({"answer": "kept-other-basis", "comment": "Article 6(1)(e), for the order."});
    rig.act(WHO, &referral, "answer-recall", words).await;
    assert_eq!(told(&rig.exchange).await.recall.answer.as_deref(), Some("kept-other-basis"));
}

#[tokio::test]
async fn justice_is_asked_for_no_further_use_and_no_passing_on_and_others_to_delete() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let answer = rig.submit(&assessment(&[WHO, "housing-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&courier).await;
    let item = rig.first_item("housing-harbour").await;
    rig.exchange.mailbox_read(&rig.caller("housing-harbour"), "housing-harbour", &item).await.unwrap();
    for (who, asked) in [(WHO, "do not pass it on"), ("housing-harbour", "Delete it if no other law")] {
        rig.revoke(&consent_id(&answer, who)).await;
        let referral = id(to(&answer, who), "referral_id");
        let offered = rig.exchange.list_actions(&rig.caller(who), &referral).await.unwrap();
        let offered = String::from_utf8(offered.body).unwrap();
        assert!(offered.contains(asked), "{who}: {offered}");
    }
}

#[tokio::test]
async fn what_fell_due_while_nothing_ran_is_sent_once_by_whoever_looks_first() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    recalled(&rig, &courier).await;
    // A year passes: one reminder, and the next has its whole wait before it.
    rig.clock.advance_seconds(365 * 86_400);
    let (one, other) = (Arc::clone(&rig.exchange), Arc::clone(&rig.exchange));
    let (first, second) = tokio::join!(one.remind_of_recalls(), other.remind_of_recalls());
    assert!(first.unwrap() + second.unwrap() >= 1);
    let before = courier.count();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), before + 1, "two looked, and one reminder went");
    let told = told(&rig.exchange).await.recall;
    assert_eq!(told.reminders, 1);
    let next = Moment::from_rfc3339(told.next_at.as_deref().unwrap()).unwrap();
    assert!(next > START.plus_seconds(365 * 86_400));
    rig.audit().await;
}
