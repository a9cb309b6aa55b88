//! Signed checkpoints over the log, and the keys that sign them.

use keyway::{
    audit::{
        Checkpoint,
        note::{self, NoteError, VerifierKey},
    },
    exchange::{CheckpointError, log::Log as _, ports::Store as _, rows::CheckpointRow},
};

use crate::harness::{Rig, assessment, site};

async fn rig() -> Rig {
    let rig = Rig::new().await;
    rig.exchange.begin_log(&site()).await.unwrap();
    rig
}

async fn place_all(rig: &Rig) {
    while rig.store.sequence_audit(100).await.unwrap() > 0 {}
}

async fn latest(rig: &Rig) -> CheckpointRow {
    rig.store.latest_checkpoint().await.unwrap().unwrap()
}

async fn keys(rig: &Rig) -> Vec<VerifierKey> {
    rig.store.log_keys().await.unwrap().iter().map(|key| key.verifier().unwrap()).collect()
}

fn change(rig: &Rig, sql: &str) {
    let database = rusqlite::Connection::open(&rig.database).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
}

#[tokio::test]
async fn the_log_is_signed_as_it_stands_and_once() {
    let rig = rig().await;
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    place_all(&rig).await;
    assert_eq!(rig.exchange.sign_checkpoint().await, Ok(true));
    assert_eq!(rig.exchange.sign_checkpoint().await, Ok(false), "nothing is new");

    let (row, keys, head) = (latest(&rig).await, keys(&rig).await, rig.store.log_head().await.unwrap());
    let (text, by) = note::open(&row.note, &keys).unwrap();
    let origin = String::from("gateway.example/log");
    let size = u64::try_from(head.size).unwrap();
    assert_eq!(Checkpoint::parse(text), Some(Checkpoint { origin: origin.clone(), size, root: head.root }));
    assert_eq!((by.name(), by.id(), row.size, row.late), (origin.as_str(), row.key_id, head.size, false));

    // A second start finds the key that is there.
    rig.exchange.begin_log(&site()).await.unwrap();
    assert_eq!(self::keys(&rig).await, keys);
}

#[tokio::test]
async fn an_earlier_key_checks_what_it_signed_and_signs_nothing_more() {
    let rig = rig().await;
    place_all(&rig).await;
    rig.exchange.sign_checkpoint().await.unwrap();
    let before = latest(&rig).await;
    rig.clock.advance_seconds(60);
    let row = rig.exchange.change_log_key(&site(), "operator:rotate-key").await.unwrap();
    place_all(&rig).await;
    rig.exchange.sign_checkpoint().await.unwrap();
    let after = latest(&rig).await;

    let keys = keys(&rig).await;
    let [old, new] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!((new.id(), new.name()), (row.key_id.clone(), old.name()), "the log keeps its name");
    assert!(note::open(&before.note, std::slice::from_ref(old)).is_ok());
    assert!(note::open(&after.note, std::slice::from_ref(new)).is_ok());
    assert_eq!(note::open(&after.note, std::slice::from_ref(old)), Err(NoteError::UnknownKey));
    let rows = rig.store.log_keys().await.unwrap();
    assert_eq!((rows[0].valid_until, rows[1].valid_until), (Some(row.valid_from), None));
    // Both the first key and its change are in the log.
    assert_eq!(rig.audit().await.iter().filter(|kind| *kind == "key-changed").count(), 2);

    // What the earlier one signs now is not kept.
    let forged = CheckpointRow { size: after.size, key_id: old.id(), ..before };
    change(&rig, "DELETE FROM log_checkpoint WHERE size > 1");
    let kept = rig.store.commit(vec![keyway::exchange::ports::Write::Checkpoint(forged)], vec![]).await;
    assert!(kept.is_err(), "{kept:?}");
}

#[tokio::test]
async fn a_checkpoint_that_comes_late_is_counted() {
    let rig = rig().await;
    place_all(&rig).await;
    rig.exchange.sign_checkpoint().await.unwrap();
    assert_eq!(rig.store.late_checkpoints().await, Ok(0));
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let since = rig.store.uncovered_since(latest(&rig).await.size).await.unwrap();
    assert_eq!(since, Some(keyway::clock::Clock::now(rig.clock.as_ref())));
    place_all(&rig).await;
    rig.clock.advance_seconds(2);
    rig.exchange.sign_checkpoint().await.unwrap();
    assert!(latest(&rig).await.late);
    assert_eq!(rig.store.late_checkpoints().await, Ok(1));
    assert_eq!(rig.store.uncovered_since(latest(&rig).await.size).await, Ok(None));
}

/// An old copy of the database in place of the present one, entries changed together with their head, tiles taken away: the
/// log is another than the one that was signed, and nothing is signed for it.
#[tokio::test]
async fn a_log_that_is_not_the_one_that_was_signed_is_signed_no_more() {
    for sql in [
        "UPDATE log_checkpoint SET size = size + 100",
        "UPDATE log_checkpoint SET root = zeroblob(32)",
        "UPDATE log_head SET root = zeroblob(32)",
        "DELETE FROM log_tile",
        "UPDATE log_tile SET hashes = zeroblob(length(hashes))",
    ] {
        let rig = rig().await;
        rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
        place_all(&rig).await;
        rig.exchange.sign_checkpoint().await.unwrap();
        let signed = latest(&rig).await;
        rig.submit(&assessment(&["housing-harbour"]), "k2").await.unwrap();
        place_all(&rig).await;
        change(&rig, sql);
        let refused = rig.exchange.sign_checkpoint().await.unwrap_err();
        assert!(matches!(refused, CheckpointError::NotTheSameLog(_)), "{sql}: {refused}");
        assert_eq!(latest(&rig).await.note, signed.note, "{sql}");
    }
}

#[tokio::test]
async fn without_its_key_nothing_is_signed() {
    let rig = Rig::new().await;
    assert_eq!(rig.exchange.sign_checkpoint().await, Err(CheckpointError::NoKey));
    rig.exchange.begin_log(&site()).await.unwrap();
    change(&rig, "UPDATE log_key SET public_key = zeroblob(32)");
    assert!(matches!(rig.exchange.sign_checkpoint().await, Err(CheckpointError::Key(_))));
}
