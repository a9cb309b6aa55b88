//! Giving audit entries their places in the log: a job of the writer.

use rusqlite::Connection;

use super::{lanes::execute, run, tiling};
use crate::{
    audit::merkle::{Frontier, Hash, leaf_hash},
    exchange::ports::{CommitError, Read},
    ids::EntryId,
    store::{
        cell::RowReader,
        decode::FromRow,
        sql::audit::{GIVE_PLACE, HEAD, SWAP_HEAD, UNSEQUENCED},
    },
};

/// The head as stored, with the right edge of the tree.
struct Head {
    size: i64,
    root: [u8; 32],
    frontier: Vec<u8>,
}

impl FromRow for Head {
    const TABLE: &'static str = "log_head";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self { size: row.int()?, root: row.hash()?, frontier: row.blob()? })
    }
}

/// An entry without a place.
struct Waiting {
    entry_id: EntryId,
    leaf: Vec<u8>,
}

impl FromRow for Waiting {
    const TABLE: &'static str = "audit_entry";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self { entry_id: row.id(EntryId::parse)?, leaf: row.blob()? })
    }
}

/// Gives at most `limit` entries the next places, puts their hashes into the tiles, and swaps the head for the one that was
/// read. Whoever finds another head in its place has lost, and changes nothing.
pub(super) fn sequence(connection: &Connection, limit: usize) -> Result<usize, CommitError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let entries: Vec<Waiting> =
        run::rows(connection, UNSEQUENCED, &[limit.into()]).map_err(|e| run::unreadable(&e))?;
    if entries.is_empty() {
        return Ok(0);
    }
    let head: Option<Head> = run::row(connection, HEAD, &[]).map_err(|e| run::unreadable(&e))?;
    let broken = || CommitError::Unavailable(String::from("the head of the log does not match its tree"));
    let head = head.ok_or_else(broken)?;
    let mut frontier = Frontier::from_bytes(&head.frontier).map_err(|_| broken())?;
    if i64::try_from(frontier.size()) != Ok(head.size) || frontier.root() != head.root {
        return Err(broken());
    }
    tiling::catch_up(connection, frontier.size(), &head.root)?;
    let mut next = head.size;
    let mut hashes: Vec<Hash> = Vec::with_capacity(entries.len());
    for entry in &entries {
        let given = execute(connection, GIVE_PLACE, &[next.into(), (&entry.entry_id).into()])?;
        if given != 1 {
            return Err(CommitError::Exists("log_index"));
        }
        let hash = leaf_hash(&entry.leaf);
        frontier.append(hash);
        hashes.push(hash);
        next = next.saturating_add(1);
    }
    tiling::extend(connection, frontier.size().saturating_sub(hashes.len() as u64), hashes)?;
    let swapped = execute(
        connection,
        SWAP_HEAD,
        &[
            next.into(),
            frontier.root().into(),
            frontier.to_bytes().into(),
            head.size.into(),
            head.root.into(),
        ],
    )?;
    if swapped == 1 { Ok(entries.len()) } else { Err(CommitError::Exists("log_head")) }
}
