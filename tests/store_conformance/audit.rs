//! The log: places without gaps, and a root over them.

use std::sync::Arc;

use keyway::{
    audit::{
        merkle::{Frontier, leaf_hash, sha256},
        tiles::{Tile, TileId, root_at},
    },
    exchange::{
        ports::{Store, Write},
        rows::StoredEntry,
    },
};

use crate::{
    engine::{Engine, START},
    given::{entry, referral_id, sealed, site},
};

/// Places from 0 without gaps, and the head is the root over what is stored.
async fn check(store: &dyn Store, expected: usize) -> Vec<StoredEntry> {
    let entries = store.audit_page(0, usize::MAX).await.unwrap();
    let mut frontier = Frontier::new();
    for (index, entry) in (0..).zip(&entries) {
        assert_eq!(entry.log_index, Some(index));
        frontier.append(leaf_hash(&entry.leaf));
    }
    let head = store.log_head().await.unwrap();
    assert_eq!(entries.len(), expected);
    assert_eq!((head.size, head.root), (i64::try_from(expected).unwrap(), frontier.root()));
    let edge: Vec<TileId> = TileId::edge(frontier.size()).collect();
    let tiles = store.tiles(&edge).await.unwrap();
    let tile = |id| tiles.get(edge.iter().position(|other| *other == id)?)?.clone();
    assert_eq!(root_at(frontier.size(), tile), Ok(head.root), "the tiles are those of the log");
    entries
}

pub(crate) async fn the_log_begins_empty(engine: &dyn Engine) {
    let store = engine.open();
    let head = store.log_head().await.unwrap();
    assert_eq!((head.size, head.root, head.waiting), (0, sha256(&[]), 0));
    assert_eq!(store.sequence_audit(10).await, Ok(0));
    assert_eq!(store.audit_page(0, 10).await.unwrap(), vec![]);
}

pub(crate) async fn entries_get_places_after_concurrent_commits(engine: &dyn Engine) {
    let store = engine.open();
    let writers: Vec<_> = (0..60)
        .map(|n| {
            let store: Arc<dyn Store> = Arc::clone(&store);
            tokio::spawn(async move {
                let writes = (0..3).map(|k| Write::Audit(entry(&format!("{n}-{k}"), START))).collect();
                store.commit(writes, vec![]).await.unwrap();
            })
        })
        .collect();
    // Two sequencers at once, while entries still come.
    let sequencers: Vec<_> = (0..2)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut given = 0;
                for _ in 0..20 {
                    given += store.sequence_audit(7).await.unwrap();
                }
                given
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut given = 0;
    for sequencer in sequencers {
        given += sequencer.await.unwrap();
    }
    let waiting = usize::try_from(store.log_head().await.unwrap().waiting).unwrap();
    assert_eq!(given + waiting, 180);
    assert_eq!(store.sequence_audit(1_000).await, Ok(waiting));
    check(store.as_ref(), 180).await;
    assert_eq!(store.audit_page(170, 4).await.unwrap().len(), 4);
    assert_eq!(store.audit_page(170, 40).await.unwrap().len(), 10);
}

pub(crate) async fn places_keep_the_order_within_a_commit(engine: &dyn Engine) {
    let store = engine.open();
    let mut rows: Vec<_> = ["z", "m", "a", "q"].into_iter().map(|name| entry(name, START)).collect();
    rows[1].referral_id = Some(referral_id("ann", "cmht"));
    rows[1].content = Some(sealed("content"));
    rows[3].referral_id = Some(referral_id("ann", "cmht"));
    let writes = rows.iter().cloned().map(Write::Audit).collect();
    store.commit(writes, vec![]).await.unwrap();

    let about = store.audit_about(&site(), &referral_id("ann", "cmht"), 9).await.unwrap();
    assert_eq!(about.iter().map(|e| e.log_index).collect::<Vec<_>>(), [None, None]);
    store.sequence_audit(10).await.unwrap();
    let entries = check(store.as_ref(), 4).await;
    let order: Vec<_> = entries.iter().map(|e| e.entry_id.as_str()).collect();
    assert_eq!(order, ["entry-z", "entry-m", "entry-a", "entry-q"]);
    let about = store.audit_about(&site(), &referral_id("ann", "cmht"), 9).await.unwrap();
    assert_eq!(about.iter().map(|e| e.log_index).collect::<Vec<_>>(), [Some(1), Some(3)]);
    assert_eq!(
        (about[0].leaf.clone(), about[0].content.clone(), about[0].kind.as_str(), about[0].at),
        (b"leaf of m".to_vec(), Some(sealed("content")), "moved", START)
    );
}

pub(crate) async fn the_latest_entries_about_a_referral_are_shown(engine: &dyn Engine) {
    let store = engine.open();
    for (seconds, name) in ["a", "b", "c"].into_iter().enumerate() {
        let mut row = entry(name, START.plus_seconds(i64::try_from(seconds).unwrap()));
        row.referral_id = Some(referral_id("ann", "cmht"));
        store.commit(vec![Write::Audit(row)], vec![]).await.unwrap();
    }
    let about = store.audit_about(&site(), &referral_id("ann", "cmht"), 2).await.unwrap();
    let order: Vec<_> = about.iter().map(|e| e.entry_id.as_str()).collect();
    assert_eq!(order, ["entry-b", "entry-c"]);
}

pub(crate) async fn the_tiles_grow_with_the_log(engine: &dyn Engine) {
    let store = engine.open();
    for batch in [1, 255, 2, 299] {
        let writes = (0..batch).map(|k| Write::Audit(entry(&format!("{batch}-{k}"), START))).collect();
        store.commit(writes, vec![]).await.unwrap();
        while store.sequence_audit(100).await.unwrap() > 0 {}
        let size = usize::try_from(store.log_head().await.unwrap().size).unwrap();
        check(store.as_ref(), size).await;
    }
    let ids = [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)].map(|(level, index)| TileId { level, index });
    let widths: Vec<_> =
        store.tiles(&ids).await.unwrap().iter().map(|tile| tile.as_ref().map(Tile::width)).collect();
    assert_eq!(widths, [Some(256), Some(256), Some(45), Some(2), None]);
}

pub(crate) async fn a_late_entry_with_an_early_time_still_gets_a_place(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Audit(entry("b", START))], vec![]).await.unwrap();
    store.sequence_audit(10).await.unwrap();
    store.commit(vec![Write::Audit(entry("a", START.plus_seconds(-60)))], vec![]).await.unwrap();
    assert_eq!(store.log_head().await.unwrap().waiting, 1);
    assert_eq!(store.sequence_audit(10).await, Ok(1));
    let entries = check(store.as_ref(), 2).await;
    assert_eq!(entries[1].entry_id.as_str(), "entry-a");
}
