//! The writer's count of audit entries without a place, and what is refused when there are too many.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use super::{SqliteStore, migrate};
use crate::{
    clock::{ManualClock, Moment},
    exchange::{
        ports::{CommitError, Store, Write},
        rows::{AttemptRow, AuditRow},
    },
    ids::{AttemptId, DeliveryId, EntryId, SiteId},
    limits::SEQUENCER_LAG_MAX,
};

fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, Arc::new(ManualClock::new(Moment(0)))).unwrap()
}

fn entry(name: &str) -> Write {
    Write::Audit(AuditRow {
        site_id: SiteId::parse("site").unwrap(),
        entry_id: EntryId::parse(name).unwrap(),
        at: Moment(0),
        kind: "moved",
        person_id: None,
        referral_id: None,
        partner_id: None,
        leaf: name.as_bytes().to_vec(),
        content: None,
    })
}

#[tokio::test]
async fn the_writer_knows_how_many_entries_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyway.db");
    migrate(&file).unwrap();
    let store = open(&file);
    let waiting = |store: &SqliteStore| store.writer.shared().waiting.load(Ordering::Relaxed);
    assert_eq!(waiting(&store), 0);
    store.commit(vec![entry("a"), entry("b"), entry("c")], vec![]).await.unwrap();
    assert!(store.commit(vec![entry("d"), entry("a")], vec![]).await.is_err());
    assert_eq!(waiting(&store), 3, "what was refused does not count");
    assert_eq!(store.sequence_audit(2).await, Ok(2));
    store.commit(vec![entry("d")], vec![]).await.unwrap();
    assert_eq!(waiting(&store), 2);
    drop(store);
    let store = open(&file);
    assert_eq!(waiting(&store), 2, "a restart counts them");
    assert_eq!(store.sequence_audit(9).await, Ok(2));
    assert_eq!((waiting(&store), store.log_head().await.unwrap().waiting), (0, 0));
}

/// What nobody can look up in the log is not let grow for ever; but an attempt that was made is put on record.
#[tokio::test]
async fn when_too_many_entries_wait_new_work_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyway.db");
    migrate(&file).unwrap();
    let store = open(&file);
    let waiting = &store.writer.shared().waiting;
    waiting.store(SEQUENCER_LAG_MAX, Ordering::Relaxed);
    store.commit(vec![entry("a")], vec![]).await.unwrap();
    assert_eq!(store.commit(vec![entry("b")], vec![]).await, Err(CommitError::Busy));
    assert_eq!(store.healthy().await, Ok(()), "the database is as it should be");
    store.commit(vec![], vec![]).await.unwrap();
    let end = Write::AttemptEnded(AttemptId::parse("x").unwrap(), String::new(), None, Moment(0));
    let begun = Write::AttemptBegun(AttemptRow {
        site_id: SiteId::parse("site").unwrap(),
        attempt_id: AttemptId::parse("y").unwrap(),
        delivery_id: DeliveryId::parse("d").unwrap(),
        decision_id: None,
        begun_at: Moment(0),
        send_by: Moment(0),
        ended_at: None,
        outcome: String::new(),
        http_status: None,
    });
    let next = store.commit(vec![end.clone(), begun, entry("b")], vec![]).await;
    assert_eq!(next, Err(CommitError::Busy), "after the end of one the next would begin");
    let recorded = store.commit(vec![end, entry("b")], vec![]).await;
    assert_eq!(recorded, Err(CommitError::Exists("attempt_outcome")), "it was looked at");
    assert_eq!(store.sequence_audit(9).await, Ok(1));
    store.commit(vec![entry("b")], vec![]).await.unwrap();
}
