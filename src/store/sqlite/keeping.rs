//! The methods of [`Keeping`], each one statement, and emptying the WAL.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    clock::Moment,
    exchange::{
        keeping::ports::{
            FinalReferral, HeldOfPerson, HoldRow, Keeping, KeptAssessment, Place, SubjectAccessRow,
        },
        ports::{CommitError, Read},
        rows::{AssessmentRow, InboundRow},
    },
    ids::{AssessmentId, HoldId, PersonId, SiteId, SubjectAccessId},
    limits::WAL_CUTS_MAX,
    store::{cell::Cell, sql::keeping as sql},
};

fn page((at, id): &Place, until: Moment, limit: usize) -> Vec<Cell> {
    vec![(*at).into(), id.as_str().into(), until.into(), most(limit)]
}

fn most(number: usize) -> Cell {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

#[async_trait]
impl Keeping for SqliteStore {
    async fn final_referrals(&self, after: &Place, until: Moment, limit: usize) -> Read<Vec<FinalReferral>> {
        self.readers.rows(sql::FINAL_REFERRALS, page(after, until, limit)).await
    }

    async fn kept_assessments(
        &self,
        after: &Place,
        until: Moment,
        limit: usize,
    ) -> Read<Vec<KeptAssessment>> {
        self.readers.rows(sql::KEPT_ASSESSMENTS, page(after, until, limit)).await
    }

    async fn kept_assessment_after(
        &self,
        site: &SiteId,
        assessment: &AssessmentId,
    ) -> Read<Option<KeptAssessment>> {
        self.readers.row(sql::KEPT_ASSESSMENT_AFTER, vec![site.into(), assessment.into()]).await
    }

    async fn purged_so_far(&self, site: &SiteId) -> Read<(u64, Option<Moment>)> {
        Ok(self.readers.row(sql::PURGED_SO_FAR, vec![site.into()]).await?.unwrap_or_default())
    }

    async fn holds(&self, site: &SiteId, limit: usize) -> Read<Vec<HoldRow>> {
        let mut latest: Vec<HoldRow> = self.readers.rows(sql::HOLDS, vec![site.into(), most(limit)]).await?;
        latest.reverse();
        Ok(latest)
    }

    async fn hold(&self, site: &SiteId, hold: &HoldId) -> Read<Option<HoldRow>> {
        self.readers.row(sql::HOLD, vec![site.into(), hold.into()]).await
    }

    async fn open_holds(&self, site: &SiteId, person: &PersonId) -> Read<Vec<HoldRow>> {
        self.readers.rows(sql::OPEN_HOLDS, vec![site.into(), person.into()]).await
    }

    async fn held_of(&self, site: &SiteId, person: &PersonId) -> Read<Option<HeldOfPerson>> {
        self.readers.row(sql::HELD_OF, vec![site.into(), person.into()]).await
    }

    async fn certificate_of(&self, site: &SiteId, person: &PersonId) -> Read<Option<String>> {
        self.readers.row(sql::CERTIFICATE_OF, vec![site.into(), person.into()]).await
    }

    async fn assessments_of(
        &self,
        site: &SiteId,
        person: &PersonId,
        limit: usize,
    ) -> Read<Vec<AssessmentRow>> {
        self.readers.rows(sql::ASSESSMENTS_OF, vec![site.into(), person.into(), most(limit)]).await
    }

    async fn inbound_of(&self, site: &SiteId, person: &PersonId, limit: usize) -> Read<Vec<InboundRow>> {
        self.readers.rows(sql::INBOUND_OF, vec![site.into(), person.into(), most(limit)]).await
    }

    async fn subject_access(
        &self,
        site: &SiteId,
        request: &SubjectAccessId,
    ) -> Read<Option<SubjectAccessRow>> {
        self.readers.row(sql::SUBJECT_ACCESS, vec![site.into(), request.into()]).await
    }

    /// What the pages held before stands in the WAL until that is cut. The writer cuts it after the group of the first of two
    /// empty jobs, and has done so when the second is answered.
    async fn overwritten(&self) -> Result<bool, CommitError> {
        let shared = self.writer.shared();
        let before = shared.cuts.load(Ordering::Relaxed);
        for _ in 0..WAL_CUTS_MAX {
            shared.cut_wal.store(true, Ordering::Relaxed);
            for _ in 0..2 {
                self.writer.submit(|_| Ok(())).await?;
            }
            if shared.cuts.load(Ordering::Relaxed) > before {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
