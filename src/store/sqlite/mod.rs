//! The embedded engine: one file, WAL, every commit synced before it is answered.

mod checkpoint;
mod connection;
#[cfg(test)]
mod lag;
mod lanes;
mod port;
mod readers;
mod run;
mod schema;
mod sequence;
mod serving;
#[cfg(test)]
mod statements;
mod writer;

use std::{
    io,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

pub use schema::{MigrationReport, migrate};

use crate::clock::Clock;

/// Whether a commit is on the disk before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is: it survives loss of power. What [`SqliteStore::open`] takes.
    Full,
    /// It is not. For data that may be lost, and for the test that shows that `Full` is what keeps it.
    None,
}

/// Why a database was not opened or not migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is missing or its schema is older than this release wants: run `keyway migrate`.
    #[error("the database has schema {}, this release wants {wanted}: run `keyway migrate`", found.unwrap_or(0))]
    NotMigrated {
        /// The version found; `None` when there is none.
        found: Option<i64>,
        /// The version that this release wants.
        wanted: i64,
    },
    /// The schema is newer than this release knows.
    #[error("the database has schema {found}, this release knows {known} at most: use a newer release")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// Another gateway serves the file. Two would not know of each other's leases.
    #[error("the database is served by another gateway that still runs")]
    Served,
    /// A migration failed; nothing of it is left.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    /// The engine refused.
    #[error("the database could not be opened: {0}")]
    Engine(#[from] rusqlite::Error),
    /// The file or a thread could not be had.
    #[error("the database could not be opened: {0}")]
    Io(#[from] io::Error),
}

/// How many commits shared how many transactions since the store was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterCounts {
    /// Transactions committed.
    pub groups: u64,
    /// Jobs in them, also those that were refused.
    pub jobs: u64,
}

/// The store on an SQLite file. Dropping it finishes what is queued, and blocks while it does.
pub struct SqliteStore {
    // In this order they are dropped: the last connection to close empties the WAL.
    writer: writer::Writer,
    readers: readers::Readers,
    _checkpointer: checkpoint::Checkpointer,
    clock: Arc<dyn Clock>,
    _serving: Option<serving::Serving>,
}

impl SqliteStore {
    /// Opens a migrated file. `clock` says when kept answers and one-time values have expired.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with(path, clock, Durability::Full)
    }

    /// Opens a migrated file with another durability than the one that a gateway needs.
    pub fn open_with(path: &Path, clock: Arc<dyn Clock>, durability: Durability) -> Result<Self, OpenError> {
        Self::start(path, clock, durability, None)
    }

    /// Opens a migrated file for the one gateway that serves it, and ends the leases of one that died: it sends
    /// nothing any more, so nobody has to wait for them to run out.
    pub fn open_to_serve(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        check(path, Durability::Full)?;
        let serving = serving::Serving::begin(path)?;
        serving::give_back(&connection::open(path, Durability::Full)?, clock.now())?;
        Self::start(path, clock, Durability::Full, Some(serving))
    }

    fn start(
        path: &Path,
        clock: Arc<dyn Clock>,
        durability: Durability,
        serving: Option<serving::Serving>,
    ) -> Result<Self, OpenError> {
        check(path, durability)?;
        let writer = writer::Writer::start(path, durability)?;
        let readers = readers::Readers::start(path)?;
        let checkpointer = checkpoint::Checkpointer::start(path, durability, Arc::clone(writer.shared()))?;
        Ok(Self { writer, readers, _checkpointer: checkpointer, clock, _serving: serving })
    }

    /// How many commits shared how many transactions.
    #[must_use]
    pub fn writer_counts(&self) -> WriterCounts {
        let shared = self.writer.shared();
        WriterCounts {
            groups: shared.groups.load(Ordering::Relaxed),
            jobs: shared.jobs.load(Ordering::Relaxed),
        }
    }
}

/// Whether the file is there and its schema is ours.
fn check(path: &Path, durability: Durability) -> Result<(), OpenError> {
    if !path.try_exists()? {
        return Err(OpenError::NotMigrated { found: None, wanted: schema::newest() });
    }
    schema::check(&connection::open(path, durability)?)
}
