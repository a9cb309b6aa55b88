//! Audit entries and the head of the log.

use super::FromRow;
use crate::{
    exchange::{
        ports::Read,
        rows::{LogHead, StoredEntry},
    },
    ids::{EntryId, PartnerId, PersonId, ReferralId, SiteId},
    store::cell::RowReader,
};

impl FromRow for StoredEntry {
    const TABLE: &'static str = "audit_entry";

    fn read(row: &mut RowReader) -> Read<Self> {
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

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self { size: row.int()?, root: row.hash()?, frontier: row.blob()?, waiting: row.int()? })
    }
}
