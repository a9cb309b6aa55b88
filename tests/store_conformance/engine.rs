//! The engines under test.

use std::sync::Arc;

use keyway::{
    clock::{Clock, ManualClock, Moment},
    exchange::ports::Store,
    store::sqlite::{OpenError, SqliteStore, migrate},
};
use tempfile::TempDir;

/// The moment at which every story begins.
pub(crate) const START: Moment = Moment(1_790_000_000_000_000);

/// A database of its own for one story.
pub(crate) trait Engine: Send + Sync {
    /// Opens the store; after the last one was dropped this is a restart.
    fn open(&self) -> Arc<dyn Store>;
    /// The clock that the store reads.
    fn clock(&self) -> &ManualClock;
    /// The moment that it shows.
    fn now(&self) -> Moment {
        self.clock().now()
    }
}

/// SQLite in a fresh folder.
pub(crate) struct Sqlite {
    folder: TempDir,
    clock: Arc<ManualClock>,
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        migrate(&folder.path().join("keyway.db")).unwrap();
        Self { folder, clock: Arc::new(ManualClock::new(START)) }
    }

    /// Opens the store as the gateway does that serves it.
    pub(crate) fn serve(&self) -> Result<Arc<dyn Store>, OpenError> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Ok(Arc::new(SqliteStore::open_to_serve(&self.folder.path().join("keyway.db"), clock)?))
    }
}

impl Engine for Sqlite {
    fn open(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Arc::new(SqliteStore::open(&self.folder.path().join("keyway.db"), clock).unwrap())
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}
