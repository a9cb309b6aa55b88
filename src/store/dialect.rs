//! Every difference between the engines. So far one engine is built; a second one puts its own words beside these.
//! DDL differs too: it is in `migrations/`, a folder for each engine.

/// SQLite.
pub(super) mod sqlite {
    /// Begins a transaction that will write: the lock is taken at once, not at the first write.
    pub(in crate::store) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

    /// Lanes that may be leased now. One writer needs no row locks; PostgreSQL adds `FOR UPDATE SKIP LOCKED`.
    pub(in crate::store) const DUE_LANES: &str = "SELECT site_id, recipient_id, person_id FROM lane \
        WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2";

    /// Whether the table of applied migrations is there.
    pub(in crate::store) const HAS_HISTORY: &str =
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'refinery_schema_history'";

    /// The latest applied migration; null when there is none.
    pub(in crate::store) const SCHEMA_VERSION: &str = "SELECT MAX(version) FROM refinery_schema_history";

    /// Moves pages from the WAL to the database as far as readers allow; never waits.
    pub(in crate::store) const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

    /// Also cuts the WAL file to nothing; waits for readers, so only when the file is large.
    pub(in crate::store) const CHECKPOINT_TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
}
