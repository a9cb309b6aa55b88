//! The tiles of the log: kept in step with its head by the sequencer, in the same transaction.

use rusqlite::Connection;

use super::{lanes::execute, log::cells, run};
use crate::{
    audit::{
        merkle::{Hash, leaf_hash},
        tiles::{self, TILE_WIDTH, Tile, TileId},
    },
    exchange::ports::{CommitError, Read},
    limits::TILES_CAUGHT_UP_MAX,
    store::{
        cell::{Cell, RowReader},
        decode::FromRow,
        sql::log::{LAST_TILE, LEAVES, PUT_TILE, TILE},
    },
};

/// The last tile of a level, with its place.
struct Last(i64, Tile);

impl FromRow for Last {
    const TABLE: &'static str = "log_tile";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self(row.int()?, Tile::read(row)?))
    }
}

/// A leaf alone in its row.
struct Leaf(Vec<u8>);

impl FromRow for Leaf {
    const TABLE: &'static str = "audit_entry";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        row.blob().map(Self)
    }
}

fn broken() -> CommitError {
    CommitError::Unavailable(String::from("the tiles of the log do not fit its head"))
}

/// Puts the hashes of leaves that follow the first `before` ones into the tiles of every level.
pub(super) fn extend(
    connection: &Connection,
    mut before: u64,
    mut hashes: Vec<Hash>,
) -> Result<(), CommitError> {
    let mut level = 0_u8;
    while !hashes.is_empty() {
        let last = TileId { level, index: before / TILE_WIDTH as u64 };
        let partial = if before.is_multiple_of(TILE_WIDTH as u64) { None } else { tile(connection, last)? };
        let extended = tiles::extend(level, before, partial, &hashes).map_err(|_| broken())?;
        for (id, tile) in extended.tiles {
            let [level, index] = cells(id);
            execute(connection, PUT_TILE, &[level, index, tile.as_bytes().to_vec().into()])?;
        }
        hashes = extended.roots;
        before /= TILE_WIDTH as u64;
        level = level.saturating_add(1);
    }
    Ok(())
}

/// Fills in the tiles of entries that an earlier release gave their places. The log has `size` entries and this root, and so
/// must its tiles have when they are all there: whoever took tiles away cannot have others put in their place.
pub(super) fn catch_up(connection: &Connection, size: u64, root: &Hash) -> Result<(), CommitError> {
    let last: Option<Last> =
        run::row(connection, LAST_TILE, &[Cell::Int(0)]).map_err(|e| run::unreadable(&e))?;
    let mut has = match &last {
        None => 0,
        Some(Last(index, tile)) => {
            let before = u64::try_from(*index).map_err(|_| broken())?.saturating_mul(TILE_WIDTH as u64);
            before.saturating_add(tile.width() as u64)
        }
    };
    if has == size {
        return Ok(());
    }
    if has > size {
        return Err(broken());
    }
    while has < size {
        let end = size.min(has.saturating_add(TILES_CAUGHT_UP_MAX));
        let place = |place: u64| Cell::from(i64::try_from(place).unwrap_or(i64::MAX));
        let leaves: Vec<Leaf> =
            run::rows(connection, LEAVES, &[place(has), place(end)]).map_err(|e| run::unreadable(&e))?;
        if u64::try_from(leaves.len()) != Ok(end.saturating_sub(has)) {
            return Err(broken());
        }
        extend(connection, has, leaves.iter().map(|leaf| leaf_hash(&leaf.0)).collect())?;
        has = end;
    }
    let mut edge = Vec::new();
    for id in TileId::edge(size) {
        edge.push((id, tile(connection, id)?));
    }
    let found = tiles::root_at(size, |id| edge.iter().find(|(other, _)| *other == id)?.1.clone());
    if found == Ok(*root) { Ok(()) } else { Err(broken()) }
}

fn tile(connection: &Connection, id: TileId) -> Result<Option<Tile>, CommitError> {
    run::row(connection, TILE, &cells(id)).map_err(|e| run::unreadable(&e))
}
