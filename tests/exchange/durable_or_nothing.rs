//! No audit entry, no disclosure; a repeat is one effect; a conflict is decided again.

use keyway::exchange::{
    ports::{AttemptClass, AttemptOutcome, Courier, Parcel, Store},
    refusal::Refused,
};

use crate::harness::{Rig, Scripted, assessment, consent_id, id, json, outcome, to};

#[tokio::test]
async fn when_the_log_cannot_be_written_nothing_is_taken_and_nothing_leaves() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["housing-harbour", "probation-harbour"]), "k1").await.unwrap();
    let other = rusqlite::Connection::open(&rig.database).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER no_log BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no log'); END;",
        )
        .unwrap();
    let refused = rig.submit(&assessment(&["court-harbour"]), "k2").await.unwrap_err();
    assert_eq!(refused.class, Refused::Unavailable);
    assert!(refused.retry_after_seconds.is_some());
    let courier = Scripted::delivers();
    let now = crate::harness::START;
    for lane in rig.store.lease_lanes("test", now, now.plus_seconds(30), 16).await.unwrap() {
        rig.exchange.deliver(lane, &courier).await;
    }
    assert_eq!(courier.count(), 0, "something was sent without an entry");
    let housing = rig.caller("housing-harbour");
    let list = rig.exchange.mailbox_list(&housing, "housing-harbour", 10, None).await.unwrap();
    let item = json(&list)["messages"][0].as_str().unwrap().to_owned();
    let refused = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap_err();
    assert_eq!(refused.class, Refused::Unavailable, "something was collected without an entry");

    // The log can be written again: everything goes on by itself.
    other.execute_batch("DROP TRIGGER no_log;").unwrap();
    rig.clock.advance_seconds(120);
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
    let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "delivered");
    rig.audit().await;
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_another_body_under_it_is_a_conflict() {
    let rig = Rig::new().await;
    let one = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let two = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    assert_eq!(one, two);
    let refused = rig.submit(&assessment(&["housing-harbour"]), "k1").await.unwrap_err();
    assert_eq!(refused.class, Refused::Conflict);
    let refused = rig.submit(&assessment(&["housing-harbour"]), "").await.unwrap_err();
    assert_eq!((refused.class, refused.issues[0].path.as_str()), (Refused::BadRequest, "Idempotency-Key"));
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
}

#[tokio::test]
async fn many_submissions_about_one_person_at_once_make_one_person_and_lose_nothing() {
    let rig = std::sync::Arc::new(Rig::new().await);
    let mut tasks = Vec::new();
    for n in 0..8 {
        let rig = rig.clone();
        tasks.push(tokio::spawn(async move {
            let key = format!("k{n}");
            loop {
                match rig.submit(&assessment(&["court-harbour"]), &key).await {
                    Ok(answer) => break id(&answer, "person"),
                    Err(refused) => assert_eq!(refused.class, Refused::Unavailable),
                }
            }
        }));
    }
    let mut people = Vec::new();
    for task in tasks {
        people.push(task.await.unwrap());
    }
    people.dedup();
    assert_eq!(people.len(), 1, "one person became several");
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 8);
    rig.audit().await;
}

#[tokio::test]
async fn a_try_that_failed_is_made_again_with_the_same_bytes_and_then_set_aside() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let down = Scripted::new(|_| outcome(AttemptClass::Retryable, "http-503"));
    for _ in 0..30 {
        rig.deliver_all(&down).await;
        rig.clock.advance_seconds(30_000);
    }
    let carried = down.carried.lock().unwrap();
    assert_eq!(carried.len(), usize::try_from(keyway::limits::ATTEMPTS_MAX).unwrap());
    assert!(carried.iter().all(|p| p.body == carried[0].body && p.message_id == carried[0].message_id));
    let referral = rig.referral(&id(to(&answer, "court-harbour"), "referral_id")).await;
    assert_eq!((referral["state"].as_str(), referral["reason"].as_str()), (Some("failed"), Some("http-503")));
}

#[tokio::test]
async fn a_dry_run_shows_every_byte_and_keeps_nothing() {
    let rig = Rig::new().await;
    let body = assessment(&["housing-harbour", "court-harbour"]).to_string();
    let caller = rig.caller("ld-harbour");
    let shown = rig.exchange.submit_assessment(&caller, "", body.as_bytes(), true).await.unwrap();
    assert_eq!(shown.status, 200);
    assert_eq!(json(&shown)["preview"].as_array().unwrap().len(), 2);
    assert_eq!(rig.deliver_all(&Scripted::delivers()).await, 0);
    assert!(rig.audit().await.iter().all(|kind| kind != "received"));
}

/// Sends, and dies before it hears an answer.
pub struct DiesSending;

#[async_trait::async_trait]
impl Courier for DiesSending {
    async fn carry(&self, _: Parcel) -> AttemptOutcome {
        std::future::pending().await
    }
}

#[tokio::test]
async fn an_attempt_whose_worker_died_is_recorded_as_interrupted_and_made_again() {
    for withdrawn in [false, true] {
        let rig = Rig::new().await;
        let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
        let now = crate::harness::START;
        let lane = rig.store.lease_lanes("dies", now, now.plus_seconds(30), 1).await.unwrap().remove(0);
        let soon = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(soon, rig.exchange.deliver(lane, &DiesSending)).await.is_err());
        rig.clock.advance_seconds(60);
        if withdrawn {
            rig.revoke(&consent_id(&answer, "probation-harbour")).await;
        }
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        let texts = courier.texts();
        assert_eq!(texts.len(), 1);
        assert_eq!(texts[0].contains("disclosure.recalled"), withdrawn, "only the recall goes then");

        let file = rusqlite::Connection::open(&rig.database).unwrap();
        let mut ends = file.prepare("SELECT outcome FROM attempt ORDER BY begun_at").unwrap();
        let ends: Vec<String> = ends.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(ends, ["interrupted", "http-200"]);
        let kinds = rig.audit().await;
        let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
        assert_eq!((count("attempt-begun"), count("attempt-ended")), (2, 2));
    }
}

#[tokio::test]
async fn while_the_end_of_an_attempt_cannot_be_recorded_the_partner_is_not_flooded() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let other = rusqlite::Connection::open(&rig.database).unwrap();
    other
        .execute_batch("CREATE TRIGGER no_end BEFORE UPDATE ON attempt BEGIN SELECT RAISE(ABORT, 'no'); END;")
        .unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1, "the lane waits before it comes round again");
    other.execute_batch("DROP TRIGGER no_end;").unwrap();
    rig.clock.advance_seconds(5);
    rig.deliver_all(&courier).await;
    let carried = courier.carried.lock().unwrap();
    assert_eq!(carried.len(), 2);
    assert_eq!(carried[0].message_id, carried[1].message_id);
}

/// The kinds of the log entries about the referral to `recipient`, this look among them.
async fn log_of(rig: &Rig, answer: &serde_json::Value, recipient: &str) -> Vec<String> {
    rig.audit().await;
    let referral = id(to(answer, recipient), "referral_id");
    let log = rig.exchange.read_referral_audit(&rig.caller("ld-harbour"), &referral).await.unwrap();
    let mut kinds: Vec<String> =
        json(&log)["entries"].as_array().unwrap().iter().map(|entry| id(entry, "kind")).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn every_step_of_a_referral_is_in_the_log() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["probation-harbour", "housing-harbour", "court-harbour"]);
    for consent in wanted["consents"].as_array_mut().unwrap() {
        match consent["recipient"].as_str().unwrap() {
            "court-harbour" => consent["decision"] = "decline".into(),
            "housing-harbour" => consent["valid_until"] = "2026-11-23T12:00:00Z".into(),
            _ => {}
        }
    }
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    rig.exchange.read_referral(&rig.caller("probation-harbour"), &referral).await.unwrap();
    rig.revoke(&consent_id(&answer, "probation-harbour")).await;
    // Its consent runs out before it is read.
    let item = rig.first_item("housing-harbour").await;
    rig.clock.advance_seconds(3 * 3600);
    let housing = rig.caller("housing-harbour");
    rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap_err();

    assert_eq!(log_of(&rig, &answer, "court-harbour").await, ["decided", "viewed", "withheld"]);
    assert_eq!(
        log_of(&rig, &answer, "housing-harbour").await,
        ["decided", "decided", "disclosed", "stopped", "viewed", "withheld"]
    );
    assert_eq!(
        log_of(&rig, &answer, "probation-harbour").await,
        [
            "attempt-begun",
            "attempt-ended",
            "decided",
            "disclosed",
            "moved",
            "recalled",
            "viewed",
            "viewed",
            "withheld"
        ]
    );
}
