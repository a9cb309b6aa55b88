//! What an information governance officer asks, as it is read back.

use super::FromRow;
use crate::{
    exchange::{
        ig::ports::{FlowUse, OverrideStands, RecallStands},
        ports::Read,
        rows::RecallRow,
    },
    ids::{AgreementId, PartnerId, PersonId, ReferralId},
    store::cell::RowReader,
};

impl FromRow for RecallStands {
    const TABLE: &'static str = "recall";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            recall: RecallRow::read(row)?,
            person_id: row.id(PersonId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            reason: row.text()?,
            delivery: row.opt_word()?,
        })
    }
}

impl FromRow for OverrideStands {
    const TABLE: &'static str = "referral";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            referral_id: row.id(ReferralId::parse)?,
            person_id: row.id(PersonId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            sender_id: row.id(PartnerId::parse)?,
            state: row.word()?,
            disclosed_at: row.moment()?,
            review_due_at: row.moment()?,
            review: row.opt_word()?.zip(row.opt_moment()?),
        })
    }
}

impl FromRow for FlowUse {
    const TABLE: &'static str = "decision";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            agreement: row.opt_id(AgreementId::parse)?.zip(row.opt_int()?),
            recipient_id: row.id(PartnerId::parse)?,
            audience: row.opt_word()?,
            on_behalf_of: row.opt_id(PartnerId::parse)?,
            disclosures: row.count()?,
            first: row.moment()?,
            last: row.moment()?,
        })
    }
}
