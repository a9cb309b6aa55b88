//! The schema: bringing a file up to date, and refusing one that is not.

use std::{fs, io, path::Path};

use refinery::{Migration, Runner};
use rusqlite::Connection;

use super::{Durability, OpenError, connection};
use crate::store::dialect::sqlite::{HAS_HISTORY, SCHEMA_VERSION};

/// Every migration, in order. A landed one is never edited.
const MIGRATIONS: &[(&str, &str)] = &[
    ("V1__first", include_str!("../migrations/sqlite/V1__first.sql")),
    ("V2__versions", include_str!("../migrations/sqlite/V2__versions.sql")),
    ("V3__conversations", include_str!("../migrations/sqlite/V3__conversations.sql")),
    ("V4__made_by", include_str!("../migrations/sqlite/V4__made_by.sql")),
    ("V5__services", include_str!("../migrations/sqlite/V5__services.sql")),
    ("V6__consents_in_time", include_str!("../migrations/sqlite/V6__consents_in_time.sql")),
    ("V7__amendments", include_str!("../migrations/sqlite/V7__amendments.sql")),
    ("V8__refused_looks", include_str!("../migrations/sqlite/V8__refused_looks.sql")),
    ("V9__answer_by", include_str!("../migrations/sqlite/V9__answer_by.sql")),
    ("V10__frames", include_str!("../migrations/sqlite/V10__frames.sql")),
    ("V11__consents_told", include_str!("../migrations/sqlite/V11__consents_told.sql")),
    ("V12__checkpoints", include_str!("../migrations/sqlite/V12__checkpoints.sql")),
    ("V13__oversight", include_str!("../migrations/sqlite/V13__oversight.sql")),
    ("V14__records_of_processing", include_str!("../migrations/sqlite/V14__records_of_processing.sql")),
    ("V15__officers", include_str!("../migrations/sqlite/V15__officers.sql")),
    ("V16__recall_reminders", include_str!("../migrations/sqlite/V16__recall_reminders.sql")),
    ("V17__keeping", include_str!("../migrations/sqlite/V17__keeping.sql")),
];

/// What [`migrate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationReport {
    /// The schema's version before; `None` when the file was new.
    pub before: Option<i64>,
    /// The schema's version now.
    pub after: i64,
    /// The migrations that were applied, by name.
    pub applied: Vec<String>,
}

/// Makes the file if it is not there and brings its schema up to date. Safe to repeat; a second process that
/// does the same waits.
pub fn migrate(path: &Path) -> Result<MigrationReport, OpenError> {
    create(path)?;
    let lock = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.with_added_extension("migrating"))?;
    lock.lock()?;
    let mut connection = connection::open(path, Durability::Full)?;
    let before = version(&connection)?;
    refuse_newer(before)?;
    let applied = runner()?.run(&mut connection).map_err(|e| OpenError::Migration(e.to_string()))?;
    let names = applied.applied_migrations().iter().map(ToString::to_string).collect();
    // The lock ends when its file is closed, here.
    Ok(MigrationReport { before, after: newest(), applied: names })
}

/// Whether the schema of an open file is exactly ours.
pub(super) fn check(connection: &Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    refuse_newer(found)?;
    if found != Some(newest()) {
        return Err(OpenError::NotMigrated { found, wanted: newest() });
    }
    Ok(())
}

/// The version that this release wants.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn refuse_newer(found: Option<i64>) -> Result<(), OpenError> {
    match found {
        Some(found) if found > newest() => Err(OpenError::Newer { found, known: newest() }),
        _ => Ok(()),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if !connection.prepare(HAS_HISTORY)?.exists([])? {
        return Ok(None);
    }
    connection.query_row(SCHEMA_VERSION, [], |row| row.get(0))
}

fn runner() -> Result<Runner, OpenError> {
    let migrations: Result<Vec<Migration>, _> =
        MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    migrations.map(|m| Runner::new(&m)).map_err(|e| OpenError::Migration(e.to_string()))
}

/// Only the account that runs the gateway reads the file; SQLite gives its companions the same mode.
fn create(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, sync::Arc, thread};

    use tempfile::TempDir;

    use super::*;
    use crate::{clock::SystemClock, store::sqlite::SqliteStore};

    fn file() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        (folder, file)
    }

    fn open(file: &Path) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(file, Arc::new(SystemClock))
    }

    #[test]
    fn migrating_makes_the_file_once_and_can_be_repeated() {
        let (_folder, file) = file();
        let first = migrate(&file).unwrap();
        let all: Vec<String> = MIGRATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!((first.before, first.after, first.applied), (None, newest(), all));
        let again = migrate(&file).unwrap();
        assert_eq!((again.before, again.after, again.applied), (Some(newest()), newest(), vec![]));
        open(&file).unwrap();
    }

    #[test]
    fn a_file_without_our_schema_is_refused_and_not_made() {
        let (_folder, file) = file();
        assert!(matches!(open(&file), Err(OpenError::Missing)));
        assert!(!file.exists());
        fs::write(&file, b"").unwrap();
        assert!(matches!(open(&file), Err(OpenError::NotMigrated { found: None, .. })));
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let (_folder, file) = file();
        migrate(&file).unwrap();
        let connection = Connection::open(&file).unwrap();
        let later = newest() + 1;
        let newer = format!(
            "INSERT INTO refinery_schema_history VALUES ({later}, 'later', '2026-11-23T00:00:00Z', '1')"
        );
        connection.execute_batch(&newer).unwrap();
        let refused = |found: &OpenError| matches!(found, OpenError::Newer { found, known } if (*found, *known) == (later, newest()));
        assert!(open(&file).err().is_some_and(|error| refused(&error)));
        assert!(migrate(&file).err().is_some_and(|error| refused(&error)));
    }

    #[test]
    fn two_processes_may_migrate_at_once() {
        let (_folder, file) = file();
        let applied: usize = thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| migrate(&file).unwrap().applied.len()));
            both.map(|one| one.join().unwrap()).into_iter().sum()
        });
        assert_eq!(applied, MIGRATIONS.len());
    }

    /// A landed migration that was edited is not applied on top of what it was.
    #[test]
    fn a_landed_migration_that_was_edited_is_refused() {
        let (_folder, file) = file();
        migrate(&file).unwrap();
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("UPDATE refinery_schema_history SET checksum = '1'").unwrap();
        assert!(matches!(migrate(&file), Err(OpenError::Migration(_))));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, file) = file();
        migrate(&file).unwrap();
        let _store = open(&file).unwrap();
        for name in ["keyway.db", "keyway.db-wal", "keyway.db-shm"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
