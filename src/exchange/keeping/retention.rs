//! Purging: the content of a referral goes so many days after its final answer, as the record of processing under which it
//! was decided says, and that of an assessment once nothing rests on it.
//!
//! One round looks at a bounded number of each and hands back where the next goes on. Nothing of it is kept in memory but that
//! place: after a restart the sweep begins again and finds what is left.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde::Serialize;

use super::ports::{AssessmentPurge, FinalReferral, KeptAssessment, Place, ReferralPurge};
use crate::{
    audit::Kind,
    clock::Moment,
    exchange::{
        Exchange,
        ig::{Look, Officer},
        ports::{Precondition, Write},
        refusal::Refusal,
    },
    ids::{PartnerId, PersonId, ReferralId, SiteId},
    limits::{
        AMENDMENTS_FOLLOWED_MAX, OVERSIGHT_ROWS_MAX, RETENTION_DAYS, RETENTION_ROUND_MAX,
        RETENTION_ROUNDS_MAX,
    },
    referral::State,
};

const DAY_SECONDS: i64 = 86_400;
/// Before it nothing is due: the shortest retention that a record may state.
const SHORTEST_SECONDS: i64 = DAY_SECONDS;
const ACTOR: &str = "gateway";

/// Where a sweep stands: it goes on behind the last that was looked at, and begins again when there is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    referrals: Place,
    assessments: Place,
    held: i64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { referrals: beginning(), assessments: beginning(), held: 0 }
    }
}

const fn beginning() -> Place {
    (Moment(i64::MIN), String::new())
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purge {
    /// Referrals whose content went.
    pub referrals: usize,
    /// Assessments whose content went.
    pub assessments: usize,
    /// Whether the sweep came to its end.
    pub is_whole: bool,
}

/// What was purged since the process started, for the operators' metrics.
#[derive(Debug, Default)]
pub struct Retained {
    purged: AtomicU64,
    held: AtomicI64,
}

impl Retained {
    /// Referrals and assessments whose content went.
    #[must_use]
    pub fn purged(&self) -> u64 {
        self.purged.load(Ordering::Relaxed)
    }

    /// Referrals that would be due and that something keeps, by the last whole sweep.
    #[must_use]
    pub fn held(&self) -> i64 {
        self.held.load(Ordering::Relaxed)
    }
}

/// A referral in a final state whose content is there.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Which.
    pub referral_id: ReferralId,
    /// About whom.
    pub person_id: PersonId,
    /// To whom.
    pub recipient: PartnerId,
    /// Its state.
    pub state: State,
    /// When it came to it.
    pub final_at: String,
    /// For how many days after that its content is kept.
    pub days: u16,
    /// Whether the record of processing says so, or it is what is kept where none does.
    pub by_record: bool,
    /// When its content goes.
    pub due_at: String,
    /// What keeps it all the same: `legal-hold`, `in-delivery`, `recall-unanswered`, `review-open`.
    pub held_by: Vec<&'static str>,
}

/// How long what is kept.
#[derive(Clone, Debug, Serialize)]
pub struct Retention {
    /// As of when.
    pub at: String,
    /// Whether nothing was to be purged.
    pub dry_run: bool,
    /// Whose content is due and goes by the next rounds; after a run that purges, what is left of it.
    pub due: Vec<Kept>,
    /// Whose content would be due and is kept, and why.
    pub held: Vec<Kept>,
    /// How many are final and not due yet.
    pub later: usize,
    /// How many of the site's referrals were purged so far, this time included.
    pub purged: u64,
    /// When the last was.
    pub last_purged_at: Option<String>,
    /// Referrals that were purged this time.
    pub purged_now: usize,
    /// Assessments that were purged this time.
    pub assessments_purged_now: usize,
    /// Whether there are more than were looked at.
    pub more: bool,
}

impl FinalReferral {
    fn days(&self) -> u16 {
        self.record.as_ref().map_or(RETENTION_DAYS, |record| record.retention_days)
    }

    fn due_at(&self) -> Moment {
        self.final_at.plus_seconds(i64::from(self.days()).saturating_mul(DAY_SECONDS))
    }

    /// What keeps it though it is due.
    fn held_by(&self) -> Vec<&'static str> {
        [
            (self.on_hold, "legal-hold"),
            (self.in_delivery, "in-delivery"),
            (self.recall_open, "recall-unanswered"),
            (self.review_open, "review-open"),
        ]
        .into_iter()
        .filter_map(|(is_so, why)| is_so.then_some(why))
        .collect()
    }

    fn told(&self) -> Kept {
        Kept {
            referral_id: self.referral_id.clone(),
            person_id: self.person_id.clone(),
            recipient: self.recipient_id.clone(),
            state: self.state,
            final_at: self.final_at.to_rfc3339(),
            days: self.days(),
            by_record: self.record.is_some(),
            due_at: self.due_at().to_rfc3339(),
            held_by: self.held_by(),
        }
    }
}

impl Exchange {
    /// One round of purging at `now`, behind what `sweep` looked at before. What cannot be purged is left for a later sweep.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn purge_round(&self, now: Moment, sweep: &mut Sweep) -> Result<Purge, Refusal> {
        let (referrals, first_whole) = self.purge_referrals(now, sweep).await?;
        let (assessments, second_whole) = self.purge_assessments(now, sweep).await?;
        let before = now.plus_seconds(-i64::from(RETENTION_DAYS) * DAY_SECONDS);
        self.commit(vec![Write::PurgeStale(before, RETENTION_ROUND_MAX)], Vec::new()).await?;
        let gone = referrals + assessments;
        if gone > 0 {
            self.retained.purged.fetch_add(u64::try_from(gone).unwrap_or(u64::MAX), Ordering::Relaxed);
            let overwritten = self.store.overwritten().await?;
            tracing::info!(
                referrals,
                assessments,
                overwritten,
                "content was purged at the end of its retention"
            );
        }
        Ok(Purge { referrals, assessments, is_whole: first_whole && second_whole })
    }

    async fn purge_referrals(&self, now: Moment, sweep: &mut Sweep) -> Result<(usize, bool), Refusal> {
        let until = now.plus_seconds(-SHORTEST_SECONDS);
        let page = self.store.final_referrals(&sweep.referrals, until, RETENTION_ROUND_MAX).await?;
        let is_last = page.len() < RETENTION_ROUND_MAX;
        let mut purged = 0;
        for row in &page {
            sweep.referrals = (row.final_at, row.referral_id.to_string());
            if now < row.due_at() {
                continue;
            }
            if !row.held_by().is_empty() {
                sweep.held += 1;
                continue;
            }
            if self.purge_referral(row, now).await? {
                purged += 1;
            }
        }
        if is_last {
            self.retained.held.store(sweep.held, Ordering::Relaxed);
            sweep.referrals = beginning();
            sweep.held = 0;
        }
        Ok((purged, is_last))
    }

    async fn purge_referral(&self, row: &FinalReferral, now: Moment) -> Result<bool, Refusal> {
        let purge = ReferralPurge {
            site_id: row.site_id.clone(),
            referral_id: row.referral_id.clone(),
            person_id: row.person_id.clone(),
            at: now,
        };
        let note = self
            .note(&row.site_id, now, Kind::Purged, ACTOR)
            .referral(&row.referral_id)
            .person(&row.person_id)
            .partner(&row.recipient_id)
            .fact("days", &row.days())
            .fact("by", if row.record.is_some() { "record-of-processing" } else { "default" });
        let as_read =
            Precondition::ReferralVersion(row.site_id.clone(), row.referral_id.clone(), row.version);
        self.try_commit(vec![Write::PurgeReferral(purge), note.write()], vec![as_read]).await
    }

    async fn purge_assessments(&self, now: Moment, sweep: &mut Sweep) -> Result<(usize, bool), Refusal> {
        let until = now.plus_seconds(-SHORTEST_SECONDS);
        let page = self.store.kept_assessments(&sweep.assessments, until, RETENTION_ROUND_MAX).await?;
        let is_last = page.len() < RETENTION_ROUND_MAX;
        let mut purged = 0;
        for row in page {
            sweep.assessments = (row.received_at, row.assessment_id.to_string());
            if row.on_hold || row.is_in_use || !self.rests_no_more(&row, now).await? {
                continue;
            }
            let note = self
                .note(&row.site_id, now, Kind::Purged, ACTOR)
                .about("assessment", &row.assessment_id)
                .person(&row.person_id);
            let purge = AssessmentPurge {
                site_id: row.site_id,
                assessment_id: row.assessment_id,
                person_id: row.person_id,
                sender_id: row.sender_id,
                at: now,
            };
            if self.try_commit(vec![Write::PurgeAssessment(purge), note.write()], Vec::new()).await? {
                purged += 1;
            }
        }
        if is_last {
            sweep.assessments = beginning();
        }
        Ok((purged, is_last))
    }

    /// Whether nothing rests on an assessment any more: every referral that was made of it, or of what took its place, is
    /// purged; or none was made, and the days are over.
    async fn rests_no_more(&self, row: &KeptAssessment, now: Moment) -> Result<bool, Refusal> {
        let mut latest = row.clone();
        let mut is_referred = row.is_referred;
        for _ in 0..AMENDMENTS_FOLLOWED_MAX {
            let later = self.store.kept_assessment_after(&latest.site_id, &latest.assessment_id).await?;
            let Some(later) = later else {
                let over = latest.received_at.plus_seconds(i64::from(RETENTION_DAYS) * DAY_SECONDS);
                return Ok(is_referred || over <= now);
            };
            if later.is_in_use {
                return Ok(false);
            }
            is_referred |= later.is_referred;
            latest = later;
        }
        Ok(false)
    }

    /// Tells an officer what is due, held and purged, as of now. Purges first what is due, unless it is a dry run.
    ///
    /// # Errors
    /// The question cannot be put on record, or the store cannot be written.
    pub async fn retention(
        &self,
        site: &SiteId,
        officer: &Officer,
        dry_run: bool,
    ) -> Result<Retention, Refusal> {
        let by = if dry_run { "dry-run" } else { "purge" };
        self.asked(site, officer, Look { question: "retention", by, ..Look::default() }).await?;
        let now = self.now();
        let (mut purged_now, mut assessments_purged_now) = (0, 0);
        if !dry_run {
            let mut sweep = Sweep::default();
            for _ in 0..RETENTION_ROUNDS_MAX {
                let done = self.purge_round(now, &mut sweep).await?;
                purged_now += done.referrals;
                assessments_purged_now += done.assessments;
                if done.is_whole {
                    break;
                }
            }
        }
        let mut rows =
            self.store.final_referrals(&beginning(), Moment(i64::MAX), OVERSIGHT_ROWS_MAX + 1).await?;
        let more = rows.len() > OVERSIGHT_ROWS_MAX;
        rows.truncate(OVERSIGHT_ROWS_MAX);
        rows.retain(|row| row.site_id == *site);
        let (over, later): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.due_at() <= now);
        let (held, due): (Vec<Kept>, Vec<Kept>) =
            over.into_iter().map(FinalReferral::told).partition(|kept| !kept.held_by.is_empty());
        let (purged, last) = self.store.purged_so_far(site).await?;
        Ok(Retention {
            at: now.to_rfc3339(),
            dry_run,
            due,
            held,
            later: later.len(),
            purged,
            last_purged_at: last.map(Moment::to_rfc3339),
            purged_now,
            assessments_purged_now,
            more,
        })
    }
}
