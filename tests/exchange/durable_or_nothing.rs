//! No audit entry, no disclosure; a repeat is one effect; a conflict is decided again.

use keyway::exchange::{
    ports::{AttemptClass, Store},
    refusal::Refused,
};

use crate::harness::{Rig, Scripted, assessment, id, json, outcome, to};

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
