//! Content goes at its time and not before, and stays while something keeps it.

use keyway::{
    clock::Clock as _,
    exchange::{
        Again,
        keeping::{Purge, Retention, Sweep},
        ports::{Store as _, Write},
        refusal::Refused,
    },
    ids::{HoldId, MessageId},
};
use rusqlite::Connection;
use serde_json::json;

use super::{DAY, number, officer, person_of};
use crate::harness::{Rig, Scripted, agreement, assessment, id, site, to};

/// Referrals to two agencies, delivered; the answer to the submission.
async fn told(rig: &Rig) -> serde_json::Value {
    let answer = rig.submit(&assessment(&["court-harbour", "housing-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let item = rig.first_item("housing-harbour").await;
    let housing = rig.caller("housing-harbour");
    rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
    rig.exchange.mailbox_acknowledge(&housing, "housing-harbour", &item).await.unwrap();
    answer
}

async fn end(rig: &Rig, who: &str, referral: &str) {
    if who == "court-harbour" {
        return rig.act(who, referral, "use", json!({})).await;
    }
    rig.act(who, referral, "decline", json!({"reason": "capacity"})).await;
}

/// Rounds until the sweep is whole, at the clock's time.
async fn purge(rig: &Rig) -> Purge {
    let mut all = Purge::default();
    let mut sweep = Sweep::default();
    for _ in 0..50 {
        let done = rig.exchange.purge_round(rig.clock.now(), &mut sweep).await.unwrap();
        all.referrals += done.referrals;
        all.assessments += done.assessments;
        if done.is_whole {
            return all;
        }
    }
    panic!("the sweep comes to no end");
}

async fn shown(rig: &Rig) -> Retention {
    rig.exchange.retention(&site(), &officer(), true).await.unwrap()
}

fn bodies(rig: &Rig, referral: &str) -> i64 {
    number(
        rig,
        &format!(
            "SELECT COALESCE(SUM(LENGTH(body) + COALESCE(LENGTH(detail), 0)), 0) FROM message WHERE referral_id = '{referral}'"
        ),
    )
}

async fn days(rig: &Rig, who: &str, days: u16) {
    let mut longer = agreement(who);
    longer.version = 2;
    longer.record.as_mut().unwrap().retention_days = days;
    rig.store.commit(vec![Write::Agreement(longer)], Vec::new()).await.unwrap();
}

#[tokio::test]
async fn content_goes_so_many_days_after_the_final_answer_as_the_record_says_and_the_hash_answers() {
    let rig = Rig::new().await;
    days(&rig, "court-harbour", 60).await;
    days(&rig, "housing-harbour", 30).await;
    let answer = told(&rig).await;
    let [court, housing] =
        ["court-harbour", "housing-harbour"].map(|who| id(to(&answer, who), "referral_id"));
    end(&rig, "housing-harbour", &housing).await;
    // What is not final is never due.
    rig.clock.advance_seconds(30 * DAY - 1);
    assert_eq!(purge(&rig).await, Purge { is_whole: false, ..Purge::default() });
    assert_eq!((shown(&rig).await.later, shown(&rig).await.due.len()), (1, 0));
    rig.clock.advance_seconds(1);
    let due = shown(&rig).await;
    assert_eq!((due.due.len(), due.due[0].days, due.due[0].by_record), (1, 30, true));
    assert_eq!(due.due[0].referral_id.as_str(), housing);
    assert!(bodies(&rig, &housing) > 0, "a dry run purges nothing");
    let kept = number(&rig, "SELECT COUNT(*) FROM decision WHERE LENGTH(body) > 0");
    let lineage =
        number(&rig, "SELECT COUNT(*) FROM message WHERE LENGTH(lineage) > 0 AND LENGTH(body_sha256) = 32");
    let done = purge(&rig).await;
    assert_eq!((done.referrals, done.assessments), (1, 0), "the assessment still serves the court's");
    assert_eq!(bodies(&rig, &housing), 0);
    assert!(bodies(&rig, &court) > 0);
    // Decisions, hashes, lineage and the log stay, and the message is answered for by its hash.
    assert_eq!(number(&rig, "SELECT COUNT(*) FROM decision WHERE LENGTH(body) > 0"), kept);
    assert_eq!(
        number(&rig, "SELECT COUNT(*) FROM message WHERE LENGTH(lineage) > 0 AND LENGTH(body_sha256) = 32"),
        lineage
    );
    assert_eq!(rig.audit().await.iter().filter(|kind| *kind == "purged").count(), 1);
    let message: String = Connection::open(&rig.database)
        .unwrap()
        .query_row(
            "SELECT message_id FROM message WHERE referral_id = ?1 AND kind = 'disclosure'",
            [&housing],
            |row| row.get(0),
        )
        .unwrap();
    let again = rig.exchange.make_again(&site(), &MessageId::parse(&message).unwrap()).await.unwrap();
    assert_eq!(again.stored_matches, None);
    assert!(matches!(again.what, Again::CannotBe(why) if why.contains("purged")));
    assert_ne!(again.stored_sha256, [0; 32]);

    end(&rig, "court-harbour", &court).await;
    rig.clock.advance_seconds(60 * DAY - 1);
    assert_eq!(purge(&rig).await.referrals, 0, "the record of the court's agreement says 60");
    rig.clock.advance_seconds(1);
    let done = purge(&rig).await;
    assert_eq!((done.referrals, done.assessments), (1, 1));
    assert_eq!(number(&rig, "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM assessment"), 0);
    assert_eq!(number(&rig, "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM inbound"), 0);
    // It is said that it is gone, and nothing breaks.
    let sheet: String = Connection::open(&rig.database)
        .unwrap()
        .query_row("SELECT message_id FROM message WHERE detail IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    let refused = rig.exchange.collect_sheet(&rig.caller("court-harbour"), &sheet).await;
    assert_eq!(refused.unwrap_err().class, Refused::Gone);
    assert_eq!(rig.referral(&court).await["state"], "used");
    let told = shown(&rig).await;
    assert_eq!((told.purged, told.due.len(), told.later), (2, 0, 0));
    assert_eq!(purge(&rig).await.referrals, 0, "once");
    assert_eq!(rig.exchange.retained.purged(), 3);
}

#[tokio::test]
async fn what_is_held_recalled_and_not_answered_or_on_its_way_is_not_purged() {
    let rig = Rig::new().await;
    let answer = told(&rig).await;
    let [court, housing] =
        ["court-harbour", "housing-harbour"].map(|who| id(to(&answer, who), "referral_id"));
    end(&rig, "court-harbour", &court).await;
    rig.revoke(&crate::harness::consent_id(&answer, "housing-harbour")).await;
    rig.clock.advance_seconds(4_000 * DAY);
    let why = |told: &Retention, referral: &str| -> Vec<&'static str> {
        let of = |kept: &&keyway::exchange::keeping::Kept| kept.referral_id.as_str() == referral;
        told.held.iter().find(of).map(|kept| kept.held_by.clone()).unwrap_or_default()
    };
    // Its notice lies in the mailbox.
    assert_eq!(why(&shown(&rig).await, &housing), ["in-delivery", "recall-unanswered"]);
    let person = person_of(&rig, &court).await;
    let exchange = &rig.exchange;
    let first = exchange.set_hold(&site(), &officer(), &person, "Inquest opened").await.unwrap();
    let second = exchange.set_hold(&site(), &officer(), &person, "Complaint").await.unwrap();
    assert_eq!(why(&shown(&rig).await, &court), ["legal-hold"]);
    assert_eq!(purge(&rig).await.referrals, 0);
    exchange.lift_hold(&site(), &officer(), &first.hold_id, "Inquest closed").await.unwrap();
    assert_eq!(purge(&rig).await.referrals, 0, "the second hold still stands");
    assert!(bodies(&rig, &court) > 0);
    assert!(exchange.retained.held() > 0);
    exchange.lift_hold(&site(), &officer(), &second.hold_id, "Settled").await.unwrap();
    let again = exchange.lift_hold(&site(), &officer(), &second.hold_id, "Settled").await.unwrap_err();
    assert_eq!(again.class, Refused::Conflict);
    assert_eq!(purge(&rig).await.referrals, 1, "the court's; what was recalled still waits for its answer");
    assert!(bodies(&rig, &housing) > 0);
    // The recall is answered: its own days begin.
    let item = rig.first_item("housing-harbour").await;
    let caller = rig.caller("housing-harbour");
    rig.exchange.mailbox_read(&caller, "housing-harbour", &item).await.unwrap();
    rig.exchange.mailbox_acknowledge(&caller, "housing-harbour", &item).await.unwrap();
    rig.act("housing-harbour", &housing, "answer-recall", json!({"answer": "deleted"})).await;
    assert_eq!(purge(&rig).await.referrals, 0);
    rig.clock.advance_seconds(4_000 * DAY);
    let done = purge(&rig).await;
    assert_eq!((done.referrals, done.assessments), (1, 1));
    let kinds = rig.audit().await;
    for (kind, times) in [("hold-set", 2), ("hold-lifted", 2), ("purged", 3)] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), times, "{kind}");
    }
}

#[tokio::test]
async fn a_hold_names_a_person_who_is_there_and_why_and_says_neither_to_others() {
    let rig = Rig::new().await;
    let answer = told(&rig).await;
    let person = person_of(&rig, &id(to(&answer, "court-harbour"), "referral_id")).await;
    let exchange = &rig.exchange;
    for nothing in ["", " ", &"x".repeat(2_001)] {
        let refused = exchange.set_hold(&site(), &officer(), &person, nothing).await.unwrap_err();
        assert_eq!(refused.class, Refused::Unprocessable);
    }
    let nobody = keyway::ids::PersonId::parse("nobody").unwrap();
    assert_eq!(
        exchange.set_hold(&site(), &officer(), &nobody, "Why").await.unwrap_err().class,
        Refused::NotFound
    );
    let none = HoldId::parse("none").unwrap();
    assert_eq!(
        exchange.lift_hold(&site(), &officer(), &none, "Why").await.unwrap_err().class,
        Refused::NotFound
    );
    exchange.set_hold(&site(), &officer(), &person, "Inquest of 3 November").await.unwrap();
    let holds = exchange.holds(&site(), &officer()).await.unwrap();
    assert_eq!((holds.open, holds.holds.len()), (1, 1));
    // The reason is sealed.
    for file in ["", "-wal"] {
        let path = format!("{}{file}", rig.database.display());
        let bytes = std::fs::read(path).unwrap_or_default();
        assert!(!bytes.windows(7).any(|part| part == b"Inquest"));
    }
}

/// A sweep that stops at any place goes on behind it, and one that begins anew finds what is left: no round looks at more than
/// its share.
#[tokio::test]
async fn a_restart_between_rounds_loses_nothing() {
    let rig = Rig::new().await;
    let mut ended = Vec::new();
    for number in 0..105 {
        let mut one = assessment(&["court-harbour"]);
        one["person"]["reference"] = format!("harbour-ld-1{number:04}").into();
        one["person"].as_object_mut().unwrap().remove("nhs_number");
        let answer = rig.submit(&one, &format!("k{number}")).await.unwrap();
        ended.push(id(to(&answer, "court-harbour"), "referral_id"));
    }
    rig.deliver_all(&Scripted::delivers()).await;
    for referral in &ended {
        end(&rig, "court-harbour", referral).await;
    }
    rig.clock.advance_seconds(4_000 * DAY);
    let now = rig.clock.now();
    let first = rig.exchange.purge_round(now, &mut Sweep::default()).await.unwrap();
    assert_eq!((first.referrals, first.is_whole), (100, false));
    // The process ends here; another begins.
    let mut anew = Sweep::default();
    let second = rig.exchange.purge_round(now, &mut anew).await.unwrap();
    assert_eq!(second.referrals, 5);
    let third = rig.exchange.purge_round(now, &mut anew).await.unwrap();
    assert_eq!(first.assessments + second.assessments + third.assessments, 105);
    assert_eq!(number(&rig, "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM message"), 0);
    assert_eq!(number(&rig, "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM assessment"), 0);
}

#[tokio::test]
async fn kept_answers_that_expired_and_what_matched_nobody_go_too() {
    let rig = Rig::new().await;
    told(&rig).await;
    assert_eq!(number(&rig, "SELECT COUNT(*) FROM idempotency"), 1);
    purge(&rig).await;
    assert_eq!(number(&rig, "SELECT COUNT(*) FROM idempotency"), 1, "it has not expired");
    rig.clock.advance_seconds(40 * DAY);
    purge(&rig).await;
    assert_eq!(number(&rig, "SELECT COUNT(*) FROM idempotency"), 0);
}
