//! Audit entries, the head of the log, its tiles, checkpoints and keys.

use super::FromRow;
use crate::{
    audit::tiles::Tile,
    exchange::{
        ports::{Read, StoreError},
        rows::{CheckpointRow, LogHead, LogKeyRow, StoredEntry},
    },
    ids::{EntryId, PartnerId, PersonId, ReferralId, SiteId},
    store::cell::RowReader,
};

impl FromRow for StoredEntry {
    const TABLE: &'static str = "audit_entry";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            log_index: row.opt_int()?,
            entry_id: row.id(EntryId::parse)?,
            at: row.moment()?,
            kind: row.text()?,
            site_id: row.id(SiteId::parse)?,
            person_id: row.opt_id(PersonId::parse)?,
            referral_id: row.opt_id(ReferralId::parse)?,
            partner_id: row.opt_id(PartnerId::parse)?,
            leaf: row.blob()?,
            content: row.opt_sealed()?,
        })
    }
}

impl FromRow for LogHead {
    const TABLE: &'static str = "log_head";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self { size: row.int()?, root: row.hash()?, frontier: row.blob()?, waiting: row.int()? })
    }
}

impl FromRow for Tile {
    const TABLE: &'static str = "log_tile";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Self::from_bytes(row.blob()?).ok_or(StoreError::Corrupt(Self::TABLE))
    }
}

impl FromRow for LogKeyRow {
    const TABLE: &'static str = "log_key";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            key_id: row.text()?,
            name: row.text()?,
            public_key: row.hash()?,
            wrapped: row.blob()?,
            valid_from: row.moment()?,
            valid_until: row.opt_moment()?,
        })
    }
}

impl FromRow for CheckpointRow {
    const TABLE: &'static str = "log_checkpoint";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            size: row.int()?,
            root: row.hash()?,
            note: row.text()?,
            key_id: row.text()?,
            signed_at: row.moment()?,
            late: row.int()? != 0,
        })
    }
}
