//! Opening connections, each with what its thread needs.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::Durability;
use crate::limits::{DATABASE_BUSY_TIMEOUT_MILLISECONDS, STATEMENTS_KEPT, WAL_TRUNCATE_TIMEOUT_MILLISECONDS};

/// The one connection that writes. Checkpoints are somebody else's work, so that no commit pays for one.
pub(super) fn writer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = open(path, durability)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is purged or erased is overwritten, not only given up.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, Durability::Full)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The connection that checkpoints. It waits briefly only: while it waits for readers the writer waits for it.
pub(super) fn checkpointer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = open(path, durability)?;
    connection.busy_timeout(Duration::from_millis(WAL_TRUNCATE_TIMEOUT_MILLISECONDS))?;
    Ok(connection)
}

/// Opens a file that exists.
pub(super) fn open(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    // Each connection stays on one thread, so it needs no lock of its own.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(DATABASE_BUSY_TIMEOUT_MILLISECONDS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::None => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}
