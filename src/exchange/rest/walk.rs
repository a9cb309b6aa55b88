//! The one way through records to a page: batch after batch in the order of the store, or the few that a search names.

use async_trait::async_trait;

use super::{page::Place, search::Page};
use crate::{clock::Moment, exchange::refusal::Refusal, limits};

/// Where a record stands in the order: its time, and its id.
pub(super) type Key = (Moment, String);

/// Records that stand in one order, and what of each goes on a page.
#[async_trait]
pub(super) trait Ordered: Send {
    /// A record.
    type Row: Send;

    /// Whether the latest comes first.
    fn is_backwards(&self) -> bool;

    /// Where a record stands.
    fn key(&self, row: &Self::Row) -> Key;

    /// Puts on the page what the caller may see of a record and asked for. `false`: the page is full.
    async fn put(&mut self, row: Self::Row, page: &mut Page) -> Result<bool, Refusal>;
}

/// Records of which there may be any number: the store has them in their order.
#[async_trait]
pub(super) trait Stored: Ordered {
    /// The records after this place, at most [`limits::SEARCH_BATCH`]; fewer: these are the last.
    async fn batch(&self, after: Option<Key>) -> Result<Vec<Self::Row>, Refusal>;
}

/// Goes through everything that comes after `place`, as far as one page may.
pub(super) async fn through<W: Stored>(
    them: &mut W,
    place: Option<&Place>,
    page: &mut Page,
) -> Result<(), Refusal> {
    let (mut after, mut scanned) = (place.map(Place::key), 0);
    loop {
        let rows = them.batch(after).await?;
        let Some(last) = rows.last().map(|row| them.key(row)) else { return Ok(()) };
        let whole = rows.len() < limits::SEARCH_BATCH;
        scanned += rows.len();
        for row in rows {
            if !them.put(row, page).await? {
                return Ok(());
            }
        }
        if whole {
            return Ok(());
        }
        if scanned >= limits::SEARCH_SCAN_MAX {
            page.next = Some(Place::after(last.0, last.1));
            return Ok(());
        }
        after = Some(last);
    }
}

/// Goes through these few records, from `place` on: first the one of which the page before showed a part.
pub(super) async fn few<W: Ordered>(
    them: &mut W,
    mut rows: Vec<W::Row>,
    place: Option<&Place>,
    page: &mut Page,
) -> Result<(), Refusal> {
    rows.sort_by_cached_key(|row| them.key(row));
    rows.dedup_by(|a, b| them.key(a) == them.key(b));
    if them.is_backwards() {
        rows.reverse();
    }
    let (mut begun, mut further) = (Vec::new(), Vec::new());
    for row in rows {
        let key = them.key(&row);
        match place {
            Some(place) if place.id == key.1 => begun.extend(place.part.map(|_| row)),
            Some(place) if them.is_backwards() == (key > place.key()) => {}
            _ => further.push(row),
        }
    }
    for row in begun.into_iter().chain(further) {
        if !them.put(row, page).await? {
            return Ok(());
        }
    }
    Ok(())
}
