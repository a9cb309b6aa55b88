//! What somebody changed in the log's tables is found: column by column, row by row, and the whole log against what was signed.

use std::{path::Path, sync::Arc};

use keyway::{
    audit::{
        Checkpoint,
        verify::{Fault, What, signed_checkpoint},
    },
    exchange::{
        Exchange, RetrySchedule, log::Log as _, log_verifiers, ports::Store, verify_log, verify_log_against,
    },
    store::sqlite::SqliteStore,
};

use crate::harness::{Rig, assessment, site};

async fn fault_after(sql: &str) -> What {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    rig.audit().await;
    let database = rusqlite::Connection::open(&rig.database).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
    verify_log(rig.store.as_ref(), |_| {}).await.unwrap().unwrap_err().what
}

#[tokio::test]
async fn a_changed_column_is_found() {
    for column in ["site_id", "person_id", "referral_id", "partner_id", "kind"] {
        let of_one = format!("(SELECT MAX(log_index) FROM audit_entry WHERE {column} IS NOT NULL)");
        let other = format!("UPDATE audit_entry SET {column} = 'elsewhere' WHERE log_index = {of_one}");
        assert_eq!(fault_after(&other).await, What::Column(column));
    }
    for column in ["person_id", "referral_id", "partner_id"] {
        let gone = format!("UPDATE audit_entry SET {column} = NULL WHERE {column} IS NOT NULL");
        assert_eq!(fault_after(&gone).await, What::Column(column));
    }
    let later = "UPDATE audit_entry SET at = at + 1 WHERE log_index = 0";
    assert_eq!(fault_after(later).await, What::Column("at"));
}

#[tokio::test]
async fn a_changed_head_is_found() {
    assert_eq!(fault_after("UPDATE log_head SET size = size + 1").await, What::Size);
    assert_eq!(fault_after("UPDATE log_head SET root = zeroblob(32)").await, What::Root);
    let empty = "UPDATE log_head SET frontier = x'0000000000000000'";
    assert_eq!(fault_after(empty).await, What::Frontier);
}

/// A log that was signed twice, with entries between and after.
async fn signed() -> Rig {
    let rig = Rig::new().await;
    rig.exchange.begin_log(&site()).await.unwrap();
    for (recipient, key) in [("court-harbour", "k1"), ("housing-harbour", "k2")] {
        rig.submit(&assessment(&[recipient]), key).await.unwrap();
        sign(&rig.exchange).await;
    }
    rig.submit(&assessment(&["cmht-riverside"]), "k3").await.unwrap();
    while rig.store.sequence_audit(100).await.unwrap() > 0 {}
    rig
}

async fn sign(exchange: &Exchange) {
    while exchange.store.sequence_audit(100).await.unwrap() > 0 {}
    exchange.sign_checkpoint().await.unwrap();
}

/// The latest checkpoint, as somebody keeps it elsewhere.
async fn latest(store: &SqliteStore) -> Checkpoint {
    let note = store.latest_checkpoint().await.unwrap().unwrap().note;
    signed_checkpoint(&note, &log_verifiers(store).await.unwrap()).unwrap()
}

async fn fault(store: &dyn Store) -> Fault {
    verify_log(store, |_| {}).await.unwrap().unwrap_err()
}

/// What is found after these statements were run on a signed log.
async fn found_after(sql: &str) -> Fault {
    let rig = signed().await;
    let whole = verify_log(rig.store.as_ref(), |_| {}).await.unwrap().unwrap();
    assert!(whole.entries > 12, "{} entries", whole.entries);
    rusqlite::Connection::open(&rig.database).unwrap().execute_batch(sql).unwrap();
    fault(rig.store.as_ref()).await
}

const SWAP: &str = "UPDATE audit_entry SET log_index = -1 WHERE log_index = 3; \
    UPDATE audit_entry SET log_index = 3 WHERE log_index = 4; \
    UPDATE audit_entry SET log_index = 4 WHERE log_index = -1;";

#[tokio::test]
async fn the_first_entry_that_is_not_what_it_was_is_named() {
    let at = |index, what| Fault { index: Some(index), what };
    let missing = "DELETE FROM audit_entry WHERE log_index = 5;";
    let closed_up =
        format!("{missing} UPDATE audit_entry SET log_index = log_index - 1 WHERE log_index > 5;");
    let copy = |index: &str| {
        format!(
            "INSERT INTO audit_entry SELECT site_id, 'added', {index}, at, in_commit, kind, person_id, referral_id, partner_id, \
             leaf, content, actor FROM audit_entry WHERE log_index = 2;"
        )
    };
    let added_within = format!(
        "UPDATE audit_entry SET log_index = -1 - log_index WHERE log_index > 5; \
         UPDATE audit_entry SET log_index = -log_index WHERE log_index < 0; {}",
        copy("6")
    );
    for (what, sql, expected) in [
        ("two rows swapped", SWAP.to_owned(), at(3, What::Hash)),
        ("a row missing", missing.to_owned(), at(6, What::Place)),
        ("a row missing, and the others moved up", closed_up, at(5, What::Hash)),
        ("a tile gone", String::from("DELETE FROM log_tile"), at(0, What::Tile(0))),
    ] {
        assert_eq!(found_after(&sql).await, expected, "{what}");
    }
    let within = found_after(&added_within).await;
    assert_eq!(within.index, Some(6), "a row added within: {within}");
    let end = "(SELECT size FROM log_head)";
    let behind = found_after(&copy(end)).await;
    assert_eq!(behind.what, What::Place, "a row added behind the end: {behind}");
}

#[tokio::test]
async fn one_flipped_bit_of_a_leaf_a_tile_or_a_checkpoint_is_found() {
    let flipped = |table: &str, column: &str, at: usize, which: &str| {
        format!(
            "UPDATE {table} SET {column} = unhex(substr(hex({column}), 1, {at}) || \
             CASE substr(hex({column}), {at} + 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(hex({column}), {at} + 2)) \
             WHERE {which}"
        )
    };
    let leaf = found_after(&flipped("audit_entry", "leaf", 40, "log_index = 7")).await;
    assert_eq!(leaf.index, Some(7), "{leaf}");
    let tile = found_after(&flipped("log_tile", "hashes", 9 * 64 + 3, "level = 0")).await;
    assert_eq!(tile, Fault { index: Some(9), what: What::Hash });
    let first = "size = (SELECT MIN(size) FROM log_checkpoint)";
    let root = found_after(&flipped("log_checkpoint", "root", 3, first)).await;
    assert!(matches!(root.what, What::Note(_)), "{root}");
    let note = format!(
        "UPDATE log_checkpoint SET note = replace(note, 'gateway.example/log', 'gateway.example/lag') WHERE {first}"
    );
    assert!(matches!(found_after(&note).await.what, What::Note(_)));
    let size = format!("UPDATE log_checkpoint SET size = size + 1 WHERE {first}");
    assert!(matches!(found_after(&size).await.what, What::Note(_)));
}

/// Whoever changes rows and tiles together is found at the next checkpoint, whatever the head says.
#[tokio::test]
async fn what_was_changed_with_its_hashes_is_found_at_the_next_checkpoint() {
    let tile = "UPDATE log_tile SET hashes = unhex(substr(hex(hashes), 1, 192) || substr(hex(hashes), 257, 64) || \
        substr(hex(hashes), 193, 64) || substr(hex(hashes), 321)) WHERE level = 0;";
    let found = found_after(&format!("{SWAP}{tile}")).await;
    assert!(matches!(found.what, What::Checkpoint(size) if size > 4), "{found}");
}

/// The end cut off, the head set back to what it was: the checkpoints tell, or else one that was kept elsewhere.
#[tokio::test]
async fn a_truncated_log_an_old_copy_and_a_fork_are_found() {
    let rig = signed().await;
    let old = rig.database.with_file_name("old.db");
    let copy = |to: &Path| {
        let database = rusqlite::Connection::open(&rig.database).unwrap();
        database.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
    };
    let untouched = rig.database.with_file_name("untouched.db");
    copy(&old);
    copy(&untouched);
    let open = |file: &Path| Arc::new(SqliteStore::open(file, rig.clock.clone()).unwrap());
    let kept_before = latest(&rig.store).await;
    rig.submit(&assessment(&["probation-harbour"]), "k4").await.unwrap();
    sign(&rig.exchange).await;
    let kept = latest(&rig.store).await;
    let against = async |store: &SqliteStore, kept: &Checkpoint| {
        verify_log_against(store, Some(kept), |_| {}).await.unwrap().map_err(|fault| fault.what)
    };
    assert!(against(&rig.store, &kept).await.is_ok());
    assert!(against(&rig.store, &kept_before).await.is_ok());

    // An old copy is whole in itself; only what was kept elsewhere tells that it is old.
    let restored = open(&old);
    assert!(verify_log(restored.as_ref(), |_| {}).await.unwrap().is_ok());
    assert_eq!(against(&restored, &kept).await, Err(What::Shorter(kept.size)));

    // Work goes on on the old copy: the same gateway, the same keys, another history.
    let exchange = Exchange::new(
        restored.clone(),
        Arc::clone(&rig.exchange.vault),
        Arc::clone(&rig.exchange.mint),
        rig.exchange.base_url.clone(),
        RetrySchedule::default(),
    );
    let exchange = exchange.unwrap();
    for n in 0..kept.size {
        exchange.read_receipt(&rig.caller("court-harbour"), &format!("nothing-{n}")).await.unwrap_err();
    }
    exchange.write_down_refused_looks().await;
    sign(&exchange).await;
    assert!(verify_log(restored.as_ref(), |_| {}).await.unwrap().is_ok(), "a fork is whole in itself");
    assert_eq!(against(&restored, &kept).await, Err(What::Checkpoint(kept.size)));
    assert!(against(&restored, &kept_before).await.is_ok(), "before the fork it was the same log");

    // The end of the present one cut off, with head and tiles of the old copy.
    let cut = format!(
        "ATTACH '{}' AS old; DELETE FROM main.log_tile; INSERT INTO main.log_tile SELECT * FROM old.log_tile; \
         DELETE FROM main.log_head; INSERT INTO main.log_head SELECT * FROM old.log_head; \
         DELETE FROM main.audit_entry WHERE log_index >= (SELECT size FROM old.log_head);",
        untouched.display()
    );
    rusqlite::Connection::open(&rig.database).unwrap().execute_batch(&cut).unwrap();
    assert_eq!(fault(rig.store.as_ref()).await.what, What::Shorter(kept.size));
}
