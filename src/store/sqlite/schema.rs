//! The schema: bringing a file up to date, and refusing one that is not.

use std::{fs, io, path::Path};

use refinery::{Migration, Runner};
use rusqlite::Connection;

use super::{Durability, OpenError, connection};
use crate::store::dialect::sqlite::{HAS_HISTORY, SCHEMA_VERSION};

/// Every migration, in order. A landed one is never edited.
const MIGRATIONS: &[(&str, &str)] = &[("V1__first", include_str!("../migrations/sqlite/V1__first.sql"))];

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
