//! Messages in, by what their senders know them, and kept answers.

use super::FromRow;
use crate::{
    exchange::{
        ports::Read,
        rows::{ConversationRow, IdempotencyRow, InboundRow},
    },
    ids::{InboundId, PartnerId, PersonId, ReferralId, SiteId},
    store::cell::RowReader,
};

impl FromRow for InboundRow {
    const TABLE: &'static str = "inbound";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            inbound_id: row.id(InboundId::parse)?,
            partner_id: row.id(PartnerId::parse)?,
            message_key: row.text()?,
            kind: row.text()?,
            referral_id: row.opt_id(ReferralId::parse)?,
            person_id: row.opt_id(PersonId::parse)?,
            received_at: row.moment()?,
            body_sha256: row.hash()?,
            body: row.sealed()?,
        })
    }
}

impl FromRow for IdempotencyRow {
    const TABLE: &'static str = "idempotency";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            partner_id: row.id(PartnerId::parse)?,
            key: row.text()?,
            request_sha256: row.hash()?,
            status: row.status()?,
            body: row.sealed()?,
            created_at: row.moment()?,
            expires_at: row.moment()?,
        })
    }
}

impl FromRow for ConversationRow {
    const TABLE: &'static str = "conversation";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            partner_id: row.id(PartnerId::parse)?,
            referral_id: row.id(ReferralId::parse)?,
            bundle_id: row.text()?,
            correlation_id: row.text()?,
            request_hash: row.opt_hash()?,
            created_at: row.moment()?,
        })
    }
}
