//! The embedded engine: one file, WAL, every commit synced before it is answered.

mod browse;
mod checkpoint;
mod connection;
mod keeping;
#[cfg(test)]
mod lag;
mod lanes;
mod log;
mod oversight;
mod port;
mod readers;
mod run;
mod schema;
mod sequence;
mod serving;
#[cfg(test)]
mod statements;
mod tiling;
mod writer;

use std::{
    fmt, io,
    path::{Path, PathBuf},
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
    /// There is no file.
    #[error("there is no database: run `keyway migrate`")]
    Missing,
    /// The file is empty or its schema is older than this release wants: run `keyway migrate`.
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

/// Why the database of a gateway was not opened, with the file. The reason is told once: it is no further source.
#[derive(Debug)]
pub struct NotOpened {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub why: OpenError,
}

impl NotOpened {
    /// For adding the file to a reason.
    pub fn of(file: &Path) -> impl FnOnce(OpenError) -> Self {
        |why| Self { file: file.to_owned(), why }
    }
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.why {
            OpenError::Missing => write!(f, "there is no database at {file}: run `keyway migrate`"),
            OpenError::Served => {
                write!(
                    f,
                    "the database {file} is served by another gateway that still runs: stop that one first"
                )
            }
            why => write!(f, "{file}: {why}"),
        }
    }
}

impl std::error::Error for NotOpened {}

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

    /// How many questions were put to the readers so far: what is hidden must ask for as much as what is not there.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.readers.asked()
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
        return Err(OpenError::Missing);
    }
    schema::check(&connection::open(path, durability)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::SystemClock, exchange::ports::Store as _};

    #[test]
    fn what_kept_the_database_shut_names_the_file_and_what_to_do_and_says_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        let told = |why: OpenError| format!("{:#}", anyhow::Error::from(NotOpened::of(&file)(why)));
        let shown = file.display().to_string();
        let missing = SqliteStore::open(&file, Arc::new(SystemClock)).map(|_| ()).unwrap_err();
        assert_eq!(told(missing), format!("there is no database at {shown}: run `keyway migrate`"));
        std::fs::write(&file, b"this is no database, and never was one".repeat(100)).unwrap();
        let engine = told(SqliteStore::open(&file, Arc::new(SystemClock)).map(|_| ()).unwrap_err());
        assert!(engine.starts_with(&shown) && engine.matches("not a database").count() == 1, "{engine}");
        assert!(told(OpenError::Served).contains(&shown));
    }

    /// A write that changes nothing never reaches the disk, and would go well on a full one.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_probe_reaches_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        migrate(&file).unwrap();
        let store = SqliteStore::open(&file, Arc::new(SystemClock)).unwrap();
        let beside = connection::open(&file, Durability::Full).unwrap();
        let seen = || beside.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
        for _ in 0..2 {
            let before = seen();
            store.healthy().await.unwrap();
            assert_ne!(before, seen());
        }
    }
}
