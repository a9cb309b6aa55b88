//! Rows as they come from a table, back into what the use cases know. Columns are read in the order in which
//! the statements name them.

pub(super) mod audit;
pub(super) mod directory;
pub(super) mod inbound;
pub(super) mod keeping;
pub(super) mod messages;
pub(super) mod oversight;
pub(super) mod people;
pub(super) mod referrals;

use super::cell::RowReader;
use crate::exchange::ports::Read;

/// A row that can be read from its cells.
pub(super) trait FromRow: Sized {
    /// For the message when a row cannot be understood.
    const TABLE: &'static str;

    fn read(row: &mut RowReader<'_>) -> Read<Self>;
}
