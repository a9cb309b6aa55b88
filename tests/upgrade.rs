//! Databases that earlier versions wrote open in this one, with everything in them whole. Each landed schema
//! leaves its file in `fixtures/upgrade/`; none is ever written anew.

use std::{path::Path, sync::Arc};

use keyway::{
    clock::SystemClock,
    exchange::{ports::Store, verify_log},
    ids::SiteId,
    store::sqlite::{SqliteStore, migrate},
};

#[tokio::test]
async fn the_first_landed_database_opens_whole_with_what_waits_in_it() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/upgrade/0001-keyway.db");
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("keyway.db");
    std::fs::copy(kept, &database).unwrap();
    migrate(&database).unwrap();
    let store = SqliteStore::open(&database, Arc::new(SystemClock)).unwrap();
    let head = store.log_head().await.unwrap();
    let verified = verify_log(&store, |_| {}).await.unwrap().unwrap();
    assert!(verified.entries > 50, "the kept log holds a story, not nothing");
    assert_eq!((i64::try_from(verified.entries).unwrap(), head.waiting), (head.size, 0));
    let site = SiteId::parse("riverside").unwrap();
    assert!(store.partners(&site).await.unwrap().len() >= 6);
    // A message that waits for its day is still there to be carried.
    assert!(store.next_due().await.unwrap().is_some());
}
