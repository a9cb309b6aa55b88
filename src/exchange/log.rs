//! What a store shows of the log beside its entries: tiles, checkpoints, and the keys that sign them.

use async_trait::async_trait;

use super::{
    ports::Read,
    rows::{CheckpointRow, LogKeyRow},
};
use crate::{
    audit::tiles::{Tile, TileId},
    clock::Moment,
};

/// Reads what anybody needs who checks the log.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Every key that signs or signed checkpoints, the oldest first.
    async fn log_keys(&self) -> Read<Vec<LogKeyRow>>;
    /// The latest checkpoint.
    async fn latest_checkpoint(&self) -> Read<Option<CheckpointRow>>;
    /// Checkpoints of more than `size` entries, the smallest first, at most `limit`.
    async fn checkpoints_after(&self, size: i64, limit: usize) -> Read<Vec<CheckpointRow>>;
    /// How many checkpoints came late.
    async fn late_checkpoints(&self) -> Read<i64>;
    /// These tiles as they are now, in the order asked for; `None` for one that is not there.
    async fn tiles(&self, ids: &[TileId]) -> Read<Vec<Option<Tile>>>;
    /// When the oldest entry was made that lies beyond the first `size` places or has none.
    async fn uncovered_since(&self, size: i64) -> Read<Option<Moment>>;
}
