//! Referrals, decisions and recalls.

use super::FromRow;
use crate::{
    clock::Moment,
    exchange::{
        ports::Read,
        rows::{DecisionRow, RecallRow, ReferralRow},
    },
    ids::{
        AgreementId, AssessmentId, ConsentId, DecisionId, DisclosureId, EpisodeId, MessageId, PartnerId,
        PersonId, RecallId, ReferralId, SiteId,
    },
    referral::answer_within,
    store::cell::RowReader,
};

impl FromRow for ReferralRow {
    const TABLE: &'static str = "referral";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        let mut read = Self {
            site_id: row.id(SiteId::parse)?,
            referral_id: row.id(ReferralId::parse)?,
            episode_id: row.id(EpisodeId::parse)?,
            person_id: row.id(PersonId::parse)?,
            assessment_id: row.opt_id(AssessmentId::parse)?,
            sender_id: row.id(PartnerId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            nature: row.word()?,
            audience: row.opt_word()?,
            channel: row.word()?,
            urgency: row.text()?,
            need: row.text()?,
            state: row.word()?,
            business_status: row.text()?,
            reason: row.text()?,
            receiver_note: row.opt_sealed()?,
            withheld: row.sealed()?,
            disclosure_id: row.opt_id(DisclosureId::parse)?,
            decision_id: row.opt_id(DecisionId::parse)?,
            review_due_at: row.opt_moment()?,
            recall_answer: row.opt_text()?,
            correlation_id: row.text()?,
            messages: row.int()?,
            on_behalf_of: row.opt_id(PartnerId::parse)?,
            in_answer_to: row.opt_id(ReferralId::parse)?,
            version: row.int()?,
            created_at: row.moment()?,
            updated_at: row.moment()?,
            answer_by: Moment(0),
        };
        // Of what an earlier program wrote, nobody kept it: due by its urgency, as it was shown then.
        read.answer_by =
            row.opt_moment()?.unwrap_or_else(|| read.created_at.plus_seconds(answer_within(&read.urgency)));
        Ok(read)
    }
}

impl FromRow for DecisionRow {
    const TABLE: &'static str = "decision";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            decision_id: row.id(DecisionId::parse)?,
            referral_id: row.id(ReferralId::parse)?,
            person_id: row.id(PersonId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            exit: row.text()?,
            answer: row.text()?,
            reason: row.text()?,
            consent: versioned(row.opt_id(ConsentId::parse)?, row.opt_int()?),
            agreement: versioned(row.opt_id(AgreementId::parse)?, row.opt_int()?),
            body: row.sealed()?,
            policy_version: row.text()?,
            consent_seq: row.int()?,
            partner_version: row.int()?,
            decided_at: row.moment()?,
        })
    }
}

impl FromRow for RecallRow {
    const TABLE: &'static str = "recall";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            recall_id: row.id(RecallId::parse)?,
            referral_id: row.id(ReferralId::parse)?,
            message_id: row.id(MessageId::parse)?,
            consent_id: row.opt_id(ConsentId::parse)?,
            asked_at: row.moment()?,
            answer: row.text()?,
            answered_at: row.opt_moment()?,
            reminders: row.int()?,
            remind_at: row.opt_moment()?,
        })
    }
}

/// An id and its version stand in two columns, both filled or both empty.
fn versioned<T>(id: Option<T>, version: Option<i64>) -> Option<(T, i64)> {
    id.zip(version)
}
