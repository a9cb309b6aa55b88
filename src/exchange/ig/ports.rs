//! What the officer's questions need of the store. It only looks.

use async_trait::async_trait;

use crate::{
    clock::Moment,
    directory::{Agreement, Audience},
    exchange::{
        browse::Agency,
        ports::Read,
        rows::{ConsentRow, DecisionRow, DeliveryStatus, OfficerRow, RecallRow, ReviewOutcome, StoredEntry},
    },
    ids::{AgreementId, PartnerId, PersonId, ReferralId, SiteId},
    referral::State,
};

/// A recall, and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallStands {
    /// The recall.
    pub recall: RecallRow,
    /// About whom.
    pub person_id: PersonId,
    /// Whom it asks.
    pub recipient_id: PartnerId,
    /// Why the referral stands where it does.
    pub reason: String,
    /// Where the message that carries it stands; `None` when nothing carries it.
    pub delivery: Option<DeliveryStatus>,
}

/// A disclosure without consent, and its review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideStands {
    /// What was disclosed.
    pub referral_id: ReferralId,
    /// About whom.
    pub person_id: PersonId,
    /// To whom.
    pub recipient_id: PartnerId,
    /// By whom.
    pub sender_id: PartnerId,
    /// Where the referral stands.
    pub state: State,
    /// When it was disclosed.
    pub disclosed_at: Moment,
    /// Until when a second person reviews it.
    pub review_due_at: Moment,
    /// What was found, and when; `None` until then.
    pub review: Option<(ReviewOutcome, Moment)>,
}

/// What was disclosed under one version of an agreement to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowUse {
    /// The agreement, with its version; `None` where none was needed (an agency's own request).
    pub agreement: Option<(AgreementId, i64)>,
    /// To whom.
    pub recipient_id: PartnerId,
    /// By which allow-list.
    pub audience: Option<Audience>,
    /// For whom the recipient passes it on.
    pub on_behalf_of: Option<PartnerId>,
    /// How many messages.
    pub disclosures: u64,
    /// When the first was made.
    pub first: Moment,
    /// When the last was made.
    pub last: Moment,
}

/// The part of the store that the officer's questions read.
#[async_trait]
pub trait Oversight: Send + Sync + 'static {
    /// The latest entries between two moments of who saw, or looked for, what is about a person, at most `limit`, oldest
    /// first.
    async fn seen_of(
        &self,
        site: &SiteId,
        person: &PersonId,
        between: (Moment, Moment),
        limit: usize,
    ) -> Read<Vec<StoredEntry>>;
    /// The latest questions of officers between two moments, at most `limit`, oldest first.
    async fn looks(&self, site: &SiteId, between: (Moment, Moment), limit: usize) -> Read<Vec<StoredEntry>>;
    /// The officers of a site who may ask over HTTP, by name.
    async fn officers(&self, site: &SiteId) -> Read<Vec<OfficerRow>>;
    /// The entry of a disclosure without consent.
    async fn override_entry(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<StoredEntry>>;
    /// The latest decisions about a referral, at most `limit`, oldest first.
    async fn decisions_of(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        limit: usize,
    ) -> Read<Vec<DecisionRow>>;
    /// The recalls of a referral, oldest first.
    async fn recalls_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Vec<RecallRow>>;
    /// The latest recalls of a site; or those that wait for an answer, from the longest wait. At most `limit`.
    async fn recalls(&self, site: &SiteId, open: bool, limit: usize) -> Read<Vec<RecallStands>>;
    /// Disclosures without consent by when their review is due, all or those that nobody reviewed; at most `limit`.
    async fn overrides(&self, site: &SiteId, unreviewed: bool, limit: usize) -> Read<Vec<OverrideStands>>;
    /// One disclosure without consent; `None` when the referral is none.
    async fn override_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<OverrideStands>>;
    /// What was disclosed under each version of each agreement.
    async fn flows_used(&self, site: &SiteId) -> Read<Vec<FlowUse>>;
    /// Every version of every agreement of a site that had been entered at this moment, by id and version.
    async fn agreements_known(&self, site: &SiteId, at: Moment) -> Read<Vec<Agreement>>;
    /// Each consent of a person in the version that stood at this moment.
    async fn consents_at(&self, site: &SiteId, person: &PersonId, at: Moment) -> Read<Vec<ConsentRow>>;
    /// An agency in the version that stood at this moment.
    async fn agency_at(&self, site: &SiteId, partner: &PartnerId, at: Moment) -> Read<Option<Agency>>;
}
