//! The methods of [`Log`].

use async_trait::async_trait;

use super::{SqliteStore, run};
use crate::{
    audit::tiles::{Tile, TileId},
    clock::Moment,
    exchange::{
        log::Log,
        ports::Read,
        rows::{CheckpointRow, LogKeyRow},
    },
    store::{
        cell::{Cell, RowReader},
        decode::FromRow,
        sql::log,
    },
};

/// A number alone in its row.
struct Number(i64);

impl FromRow for Number {
    const TABLE: &'static str = "log_checkpoint";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        row.int().map(Self)
    }
}

/// The parameters of a question about one tile. A place beyond what the engine counts holds nothing.
pub(super) fn cells(id: TileId) -> [Cell; 2] {
    [i64::from(id.level).into(), i64::try_from(id.index).unwrap_or(i64::MAX).into()]
}

#[async_trait]
impl Log for SqliteStore {
    async fn log_keys(&self) -> Read<Vec<LogKeyRow>> {
        self.readers.rows(log::LOG_KEYS, Vec::new()).await
    }

    async fn latest_checkpoint(&self) -> Read<Option<CheckpointRow>> {
        self.readers.row(log::LATEST_CHECKPOINT, Vec::new()).await
    }

    async fn checkpoints_after(&self, size: i64, limit: usize) -> Read<Vec<CheckpointRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.readers.rows(log::CHECKPOINTS_AFTER, vec![size.into(), limit.into()]).await
    }

    async fn late_checkpoints(&self) -> Read<i64> {
        let late: Option<Number> = self.readers.row(log::LATE_CHECKPOINTS, Vec::new()).await?;
        Ok(late.map_or(0, |number| number.0))
    }

    async fn tiles(&self, ids: &[TileId]) -> Read<Vec<Option<Tile>>> {
        let questions: Vec<[Cell; 2]> = ids.iter().copied().map(cells).collect();
        self.readers
            .run(move |connection| {
                questions.iter().map(|question| run::row(connection, log::TILE, question)).collect()
            })
            .await
    }

    async fn uncovered_since(&self, size: i64) -> Read<Option<Moment>> {
        self.readers
            .run(move |connection| {
                let placed: Option<Number> = run::row(connection, log::MADE_AT, &[size.into()])?;
                let waiting: Option<Number> = run::row(connection, log::WAITING_SINCE, &[])?;
                Ok(placed.into_iter().chain(waiting).map(|at| Moment(at.0)).min())
            })
            .await
    }
}
