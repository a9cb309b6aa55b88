//! The methods of [`Oversight`], each one statement.

use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    clock::Moment,
    directory::Agreement,
    exchange::{
        browse::Agency,
        ig::ports::{FlowUse, OverrideStands, Oversight, RecallStands},
        ports::Read,
        rows::{ConsentRow, DecisionRow, OfficerRow, RecallRow, StoredEntry},
    },
    ids::{PartnerId, PersonId, ReferralId, SiteId},
    store::{
        cell::Cell,
        sql::{directory, oversight as sql},
    },
};

fn most(number: usize) -> Cell {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

#[async_trait]
impl Oversight for SqliteStore {
    async fn seen_of(
        &self,
        site: &SiteId,
        person: &PersonId,
        (from, to): (Moment, Moment),
        limit: usize,
    ) -> Read<Vec<StoredEntry>> {
        let cells = vec![site.into(), person.into(), from.into(), to.into(), most(limit)];
        let mut latest: Vec<StoredEntry> = self.readers.rows(sql::SEEN, cells).await?;
        latest.reverse();
        Ok(latest)
    }

    async fn looks(
        &self,
        site: &SiteId,
        (from, to): (Moment, Moment),
        limit: usize,
    ) -> Read<Vec<StoredEntry>> {
        let cells = vec![site.into(), from.into(), to.into(), most(limit)];
        let mut latest: Vec<StoredEntry> = self.readers.rows(sql::LOOKS, cells).await?;
        latest.reverse();
        Ok(latest)
    }

    async fn officers(&self, site: &SiteId) -> Read<Vec<OfficerRow>> {
        self.readers.rows(directory::OFFICERS, vec![site.into()]).await
    }

    async fn override_entry(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<StoredEntry>> {
        self.readers.row(sql::OVERRIDDEN, vec![site.into(), referral.into()]).await
    }

    async fn decisions_of(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        limit: usize,
    ) -> Read<Vec<DecisionRow>> {
        let cells = vec![site.into(), referral.into(), most(limit)];
        let mut latest: Vec<DecisionRow> = self.readers.rows(sql::DECISIONS_OF, cells).await?;
        latest.reverse();
        Ok(latest)
    }

    async fn recalls_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Vec<RecallRow>> {
        self.readers.rows(sql::RECALLS_OF, vec![site.into(), referral.into()]).await
    }

    async fn recalls(&self, site: &SiteId, open: bool, limit: usize) -> Read<Vec<RecallStands>> {
        let sql = if open { sql::OPEN_RECALLS } else { sql::RECALLS };
        self.readers.rows(sql, vec![site.into(), most(limit)]).await
    }

    async fn overrides(&self, site: &SiteId, unreviewed: bool, limit: usize) -> Read<Vec<OverrideStands>> {
        let sql = if unreviewed { sql::UNREVIEWED } else { sql::OVERRIDES };
        self.readers.rows(sql, vec![site.into(), most(limit)]).await
    }

    async fn override_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<OverrideStands>> {
        self.readers.row(sql::OVERRIDE_OF, vec![site.into(), referral.into()]).await
    }

    async fn flows_used(&self, site: &SiteId) -> Read<Vec<FlowUse>> {
        self.readers.rows(sql::FLOWS_USED, vec![site.into()]).await
    }

    async fn agreements_known(&self, site: &SiteId, at: Moment) -> Read<Vec<Agreement>> {
        self.readers.rows(sql::AGREEMENTS_KNOWN, vec![site.into(), at.into()]).await
    }

    async fn consents_at(&self, site: &SiteId, person: &PersonId, at: Moment) -> Read<Vec<ConsentRow>> {
        self.readers.rows(sql::CONSENTS_AT, vec![site.into(), person.into(), at.into()]).await
    }

    async fn agency_at(&self, site: &SiteId, partner: &PartnerId, at: Moment) -> Read<Option<Agency>> {
        self.readers.row(sql::AGENCY_AT, vec![site.into(), partner.into(), at.into()]).await
    }
}
