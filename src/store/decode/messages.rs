//! Messages and deliveries.

use super::FromRow;
use crate::{
    directory::Channel,
    exchange::{
        ports::Read,
        rows::{DeliveryRow, DeliveryStatus, MessageRow, NewDelivery},
    },
    ids::{DecisionId, DeliveryId, DisclosureId, MessageId, PartnerId, PersonId, ReferralId, SiteId},
    store::cell::RowReader,
};

impl FromRow for MessageRow {
    const TABLE: &'static str = "message";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            message_id: row.id(MessageId::parse)?,
            kind: row.word()?,
            referral_id: row.id(ReferralId::parse)?,
            person_id: row.id(PersonId::parse)?,
            sender_id: row.id(PartnerId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            decision_id: row.opt_id(DecisionId::parse)?,
            disclosure_id: row.opt_id(DisclosureId::parse)?,
            wire_id: row.text()?,
            workflow: row.text()?,
            content_type: row.text()?,
            body_sha256: row.hash()?,
            body: row.sealed()?,
            detail: row.opt_sealed()?,
            lineage: row.sealed()?,
            mapping_version: row.text()?,
            made_by: row.opt_text()?,
            frame: row.opt_sealed()?,
            created_at: row.moment()?,
        })
    }
}

impl FromRow for DeliveryRow {
    const TABLE: &'static str = "delivery";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            new: NewDelivery {
                site_id: row.id(SiteId::parse)?,
                delivery_id: row.id(DeliveryId::parse)?,
                message_id: row.id(MessageId::parse)?,
                referral_id: row.id(ReferralId::parse)?,
                recipient_id: row.id(PartnerId::parse)?,
                person_id: row.id(PersonId::parse)?,
                channel: row.word()?,
                not_before: row.moment()?,
                created_at: row.moment()?,
            },
            seq: row.int()?,
            status: row.word()?,
            attempts: row.int()?,
            next_at: row.moment()?,
            send_by: row.opt_moment()?,
            reason: row.text()?,
            version: row.int()?,
        })
    }
}

/// How many deliveries of a channel stand where.
impl FromRow for (Channel, DeliveryStatus, u64) {
    const TABLE: &'static str = "delivery";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok((row.word()?, row.word()?, row.count()?))
    }
}
