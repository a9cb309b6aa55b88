//! What is kept, as it is read back.

use super::FromRow;
use crate::{
    clock::Moment,
    exchange::{
        keeping::ports::{FinalReferral, HeldOfPerson, HoldRow, KeptAssessment, SubjectAccessRow},
        ports::Read,
    },
    ids::{AssessmentId, HoldId, PartnerId, PersonId, ReferralId, SiteId, SubjectAccessId},
    store::cell::RowReader,
};

impl FromRow for FinalReferral {
    const TABLE: &'static str = "referral";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            referral_id: row.id(ReferralId::parse)?,
            person_id: row.id(PersonId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            state: row.word()?,
            version: row.int()?,
            final_at: row.moment()?,
            record: row.opt_json()?,
            in_delivery: row.opt_int()?.is_some(),
            recall_open: row.opt_int()?.is_some(),
            review_open: row.opt_int()?.is_some(),
            on_hold: row.opt_int()?.is_some(),
        })
    }
}

impl FromRow for KeptAssessment {
    const TABLE: &'static str = "assessment";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            assessment_id: row.id(AssessmentId::parse)?,
            person_id: row.id(PersonId::parse)?,
            sender_id: row.id(PartnerId::parse)?,
            received_at: row.moment()?,
            is_referred: row.opt_int()?.is_some(),
            is_in_use: row.opt_int()?.is_some(),
            on_hold: row.opt_int()?.is_some(),
        })
    }
}

impl FromRow for HoldRow {
    const TABLE: &'static str = "legal_hold";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            hold_id: row.id(HoldId::parse)?,
            person_id: row.id(PersonId::parse)?,
            set_at: row.moment()?,
            lifted_at: row.opt_moment()?,
        })
    }
}

impl FromRow for HeldOfPerson {
    const TABLE: &'static str = "person";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self {
            assessments: row.count()?,
            consents: row.count()?,
            referrals: row.count()?,
            decisions: row.count()?,
            messages: row.count()?,
            inbound: row.count()?,
            lookups: row.count()?,
            subject_access: row.count()?,
            entries: row.count()?,
        })
    }
}

impl FromRow for SubjectAccessRow {
    const TABLE: &'static str = "subject_access";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            request_id: row.id(SubjectAccessId::parse)?,
            person_id: row.id(PersonId::parse)?,
            drafted_at: row.moment()?,
            released_at: row.opt_moment()?,
            version: row.int()?,
            body: row.sealed()?,
        })
    }
}

/// A certificate.
impl FromRow for String {
    const TABLE: &'static str = "erasure";

    fn read(row: &mut RowReader) -> Read<Self> {
        row.text()
    }
}

/// How many, and when the last was.
impl FromRow for (u64, Option<Moment>) {
    const TABLE: &'static str = "referral";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok((row.count()?, row.opt_moment()?))
    }
}
