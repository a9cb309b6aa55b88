//! The root key, people, episodes, assessments and consents.

use super::FromRow;
use crate::{
    exchange::{
        ports::Read,
        rows::{AssessmentRow, ConsentRow, EpisodeRow, PersonRow, RootKeyRow},
    },
    ids::{AssessmentId, ConsentId, EpisodeId, PartnerId, PersonId, SiteId},
    store::cell::RowReader,
};

impl FromRow for RootKeyRow {
    const TABLE: &'static str = "root_key";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self { key_id: row.int()?, wrapped: row.blob()?, created_at: row.moment()? })
    }
}

impl FromRow for PersonRow {
    const TABLE: &'static str = "person";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            person_id: row.id(PersonId::parse)?,
            wrapped_key: row.blob()?,
            consent_seq: row.int()?,
            created_at: row.moment()?,
        })
    }
}

impl FromRow for EpisodeRow {
    const TABLE: &'static str = "episode";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            episode_id: row.id(EpisodeId::parse)?,
            person_id: row.id(PersonId::parse)?,
            status: row.text()?,
            opened_at: row.moment()?,
        })
    }
}

impl FromRow for AssessmentRow {
    const TABLE: &'static str = "assessment";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            assessment_id: row.id(AssessmentId::parse)?,
            episode_id: row.id(EpisodeId::parse)?,
            person_id: row.id(PersonId::parse)?,
            sender_id: row.id(PartnerId::parse)?,
            profile: row.text()?,
            received_at: row.moment()?,
            body_sha256: row.hash()?,
            body: row.sealed()?,
            supersedes: row.opt_id(AssessmentId::parse)?,
        })
    }
}

impl FromRow for ConsentRow {
    const TABLE: &'static str = "consent";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            consent_id: row.id(ConsentId::parse)?,
            version: row.int()?,
            person_id: row.id(PersonId::parse)?,
            recipient_id: row.id(PartnerId::parse)?,
            status: row.text()?,
            recorded_by: row.text()?,
            recorded_at: row.moment()?,
            body: row.sealed()?,
        })
    }
}
