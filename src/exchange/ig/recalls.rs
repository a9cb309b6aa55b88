//! How recalls come on: whom they ask, whether the notice arrived, and what was answered.

use serde::Serialize;

use super::{Look, Officer, relied_on::RecallAsked};
use crate::{
    exchange::{Exchange, refusal::Refusal, rows::DeliveryStatus},
    ids::{ConsentId, PartnerId, PersonId, ReferralId, SiteId},
    limits::OVERSIGHT_ROWS_MAX,
};

/// A recall.
#[derive(Clone, Debug, Serialize)]
pub struct RecallTold {
    /// The recall, and its answer.
    #[serde(flatten)]
    pub recall: RecallAsked,
    /// What is recalled.
    pub referral_id: ReferralId,
    /// About whom.
    pub person_id: PersonId,
    /// Whom it asks.
    pub recipient: PartnerId,
    /// The consent that was taken back; `None` when it has another cause.
    pub consent_id: Option<ConsentId>,
    /// Why.
    pub reason: String,
    /// Where the notice stands; `None` when nothing carries it.
    pub notice: Option<DeliveryStatus>,
    /// For how long it waited, or waits, for its answer, in seconds.
    pub waited_seconds: i64,
}

/// Recalls of a site.
#[derive(Clone, Debug, Serialize)]
pub struct Recalls {
    /// Those that wait, from the longest wait; all of them, the latest first.
    pub recalls: Vec<RecallTold>,
    /// How many of these wait for an answer.
    pub open: usize,
    /// How many of those were not answered after the last reminder either.
    pub unanswered: usize,
    /// Whether there are more.
    pub more: bool,
}

impl Exchange {
    /// The recalls of a site, all or those that wait for an answer.
    ///
    /// # Errors
    /// The question cannot be put on record.
    pub async fn recalls(&self, site: &SiteId, officer: &Officer, open: bool) -> Result<Recalls, Refusal> {
        let by = if open { "open" } else { "" };
        self.asked(site, officer, Look { question: "recalls", by, ..Look::default() }).await?;
        let mut rows = self.store.recalls(site, open, OVERSIGHT_ROWS_MAX + 1).await?;
        let more = rows.len() > OVERSIGHT_ROWS_MAX;
        rows.truncate(OVERSIGHT_ROWS_MAX);
        let now = self.now();
        let told: Vec<RecallTold> = rows
            .into_iter()
            .map(|row| RecallTold {
                waited_seconds: row.recall.answered_at.unwrap_or(now).micros_since(row.recall.asked_at)
                    / 1_000_000,
                referral_id: row.recall.referral_id.clone(),
                person_id: row.person_id,
                recipient: row.recipient_id,
                consent_id: row.recall.consent_id.clone(),
                reason: row.reason,
                notice: row.delivery,
                recall: row.recall.into(),
            })
            .collect();
        let open = told.iter().filter(|one| one.recall.answer.is_none()).count();
        let unanswered = told.iter().filter(|one| one.recall.unanswered).count();
        Ok(Recalls { recalls: told, open, unanswered, more })
    }
}
