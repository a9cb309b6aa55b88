//! Leasing lanes: a job of the writer.

use rusqlite::Connection;

use super::run;
use crate::{
    clock::Moment,
    exchange::{
        ports::{CommitError, Read},
        rows::{DeliveryRow, DeliveryStatus, LeasedLane},
    },
    ids::{PartnerId, PersonId, SiteId},
    store::{
        cell::{Cell, RowReader},
        decode::FromRow,
        dialect::sqlite::DUE_LANES,
        sql::lanes::{FENCE, HEAD, LEASE, WAKE},
    },
};

/// The key of a lane.
struct Lane(SiteId, PartnerId, PersonId);

impl FromRow for Lane {
    const TABLE: &'static str = "lane";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self(row.id(SiteId::parse)?, row.id(PartnerId::parse)?, row.id(PersonId::parse)?))
    }
}

/// A number alone in its row.
pub(super) struct Number(pub(super) Option<i64>);

impl FromRow for Number {
    const TABLE: &'static str = "number";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        row.opt_int().map(Self)
    }
}

/// Leases up to `limit` lanes that are due, the longest due first. Each lease raises the fence.
pub(super) fn lease(
    connection: &Connection,
    owner: &str,
    now: Moment,
    until: Moment,
    limit: usize,
) -> Result<Vec<LeasedLane>, CommitError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let due: Vec<Lane> =
        run::rows(connection, DUE_LANES, &[now.into(), limit.into()]).map_err(|e| run::unreadable(&e))?;
    let mut leased = Vec::with_capacity(due.len());
    for Lane(site, recipient, person) in due {
        let lane: [Cell; 3] = [(&site).into(), (&recipient).into(), (&person).into()];
        let head: Option<DeliveryRow> = run::row(connection, HEAD, &lane).map_err(|e| run::unreadable(&e))?;
        if let Some(delivery) = head.filter(|head| head.status != DeliveryStatus::Dead) {
            let [a, b, c] = lane.clone();
            execute(connection, LEASE, &[owner.into(), until.into(), a, b, c])?;
            let fence: Option<Number> =
                run::row(connection, FENCE, &lane).map_err(|e| run::unreadable(&e))?;
            if let Some(Number(Some(fence))) = fence {
                leased.push(LeasedLane { delivery, fence, until });
            }
        }
        execute(connection, WAKE, &lane)?;
    }
    Ok(leased)
}

/// Runs one statement of a job.
pub(super) fn execute(connection: &Connection, sql: &str, cells: &[Cell]) -> Result<usize, CommitError> {
    let failed = |error: rusqlite::Error| run::unavailable(&error);
    connection.prepare_cached(sql).map_err(failed)?.execute(rusqlite::params_from_iter(cells)).map_err(failed)
}
