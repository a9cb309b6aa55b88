//! What keeping, purging and erasing need of the store.

use async_trait::async_trait;

use crate::{
    clock::Moment,
    directory::ProcessingRecord,
    exchange::{
        ports::{CommitError, Read},
        rows::{AssessmentRow, InboundRow, Sealed},
    },
    ids::{AssessmentId, HoldId, PartnerId, PersonId, ReferralId, SiteId, SubjectAccessId},
    referral::State,
};

/// A place in the order of time, after which a sweep goes on: a moment and an id.
pub type Place = (Moment, String);

/// A referral in a final state whose content is there, with all that may keep it.
#[expect(clippy::struct_excessive_bools, reason = "four reasons to keep it, each by itself")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalReferral {
    /// The tenant.
    pub site_id: SiteId,
    /// Which.
    pub referral_id: ReferralId,
    /// About whom.
    pub person_id: PersonId,
    /// To whom.
    pub recipient_id: PartnerId,
    /// Its state.
    pub state: State,
    /// Its version.
    pub version: i64,
    /// When it last changed: the final answer.
    pub final_at: Moment,
    /// What the agreement under which it was decided says of the processing; `None` where none was.
    pub record: Option<ProcessingRecord>,
    /// Whether a message of it is still on its way, set aside, or not acknowledged.
    pub in_delivery: bool,
    /// Whether a recall of it waits for an answer.
    pub recall_open: bool,
    /// Whether it was disclosed without consent and nobody has reviewed that.
    pub review_open: bool,
    /// Whether a hold of the person is open.
    pub on_hold: bool,
}

/// An assessment whose content is there, with all that may keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAssessment {
    /// The tenant.
    pub site_id: SiteId,
    /// Which.
    pub assessment_id: AssessmentId,
    /// About whom.
    pub person_id: PersonId,
    /// From whom.
    pub sender_id: PartnerId,
    /// When it came.
    pub received_at: Moment,
    /// Whether any referral was made of it.
    pub is_referred: bool,
    /// Whether a referral that was made of it is not purged.
    pub is_in_use: bool,
    /// Whether a hold of the person is open.
    pub on_hold: bool,
}

/// A hold: nothing of the person is purged or erased while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub hold_id: HoldId,
    /// Whose content.
    pub person_id: PersonId,
    /// When it was set.
    pub set_at: Moment,
    /// When it was lifted; `None` while it is open.
    pub lifted_at: Option<Moment>,
}

/// The content of one referral, to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralPurge {
    /// The tenant.
    pub site_id: SiteId,
    /// Which.
    pub referral_id: ReferralId,
    /// About whom. While a hold of theirs is open nothing is purged, and the write exists already.
    pub person_id: PersonId,
    /// When.
    pub at: Moment,
}

/// The content of one assessment, and of the form that it was made from, to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessmentPurge {
    /// The tenant.
    pub site_id: SiteId,
    /// Which.
    pub assessment_id: AssessmentId,
    /// About whom. While a hold of theirs is open nothing is purged, and the write exists already.
    pub person_id: PersonId,
    /// From whom.
    pub sender_id: PartnerId,
    /// When.
    pub at: Moment,
}

/// How much is kept of a person, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOfPerson {
    /// Assessments with content.
    pub assessments: u64,
    /// Versions of consents.
    pub consents: u64,
    /// Referrals and requests.
    pub referrals: u64,
    /// Decisions.
    pub decisions: u64,
    /// Messages out.
    pub messages: u64,
    /// Messages and forms in.
    pub inbound: u64,
    /// What finds the person: numbers and references, as keyed hashes.
    pub lookups: u64,
    /// Drafts of what they are told of themselves.
    pub subject_access: u64,
    /// Entries of the log.
    pub entries: u64,
}

/// A person to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erase {
    /// The tenant.
    pub site_id: SiteId,
    /// Who. While a hold of theirs or a referral is open nothing is erased, and the write exists already.
    pub person_id: PersonId,
    /// The new key in the place of the one that is destroyed: under it the recipients' answers to the notices are kept.
    pub wrapped_key: Vec<u8>,
    /// When.
    pub at: Moment,
    /// The signed certificate.
    pub certificate: String,
}

/// A draft of what a person is told of themselves, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectAccessRow {
    /// The tenant.
    pub site_id: SiteId,
    /// The request.
    pub request_id: SubjectAccessId,
    /// Of whom.
    pub person_id: PersonId,
    /// When it was drafted.
    pub drafted_at: Moment,
    /// When the copy was released; `None` until then.
    pub released_at: Option<Moment>,
    /// Moves on at each change.
    pub version: i64,
    /// The draft with what was decided of it.
    pub body: Sealed,
}

/// The part of the store that purging and erasing read.
#[async_trait]
pub trait Keeping: Send + Sync + 'static {
    /// Referrals of every site in a final state with content, that last changed by this moment, by that time and after a
    /// place, at most `limit`.
    async fn final_referrals(&self, after: &Place, until: Moment, limit: usize) -> Read<Vec<FinalReferral>>;
    /// Assessments of every site with content that had come by this moment, by that time and after a place, at most `limit`.
    async fn kept_assessments(&self, after: &Place, until: Moment, limit: usize)
    -> Read<Vec<KeptAssessment>>;
    /// The assessment that took the place of this one, and what rests on it.
    async fn kept_assessment_after(
        &self,
        site: &SiteId,
        assessment: &AssessmentId,
    ) -> Read<Option<KeptAssessment>>;
    /// How many referrals of a site were purged, and when the last was.
    async fn purged_so_far(&self, site: &SiteId) -> Read<(u64, Option<Moment>)>;
    /// The latest holds of a site, oldest first, at most `limit`.
    async fn holds(&self, site: &SiteId, limit: usize) -> Read<Vec<HoldRow>>;
    /// A hold.
    async fn hold(&self, site: &SiteId, hold: &HoldId) -> Read<Option<HoldRow>>;
    /// The open holds of a person.
    async fn open_holds(&self, site: &SiteId, person: &PersonId) -> Read<Vec<HoldRow>>;
    /// How much is kept of a person.
    async fn held_of(&self, site: &SiteId, person: &PersonId) -> Read<Option<HeldOfPerson>>;
    /// The certificate of a person's erasure; `None` when they were not erased.
    async fn certificate_of(&self, site: &SiteId, person: &PersonId) -> Read<Option<String>>;
    /// The assessments of a person, oldest first, at most `limit`.
    async fn assessments_of(
        &self,
        site: &SiteId,
        person: &PersonId,
        limit: usize,
    ) -> Read<Vec<AssessmentRow>>;
    /// What came in about a person, at most `limit`.
    async fn inbound_of(&self, site: &SiteId, person: &PersonId, limit: usize) -> Read<Vec<InboundRow>>;
    /// A draft of what a person is told of themselves.
    async fn subject_access(
        &self,
        site: &SiteId,
        request: &SubjectAccessId,
    ) -> Read<Option<SubjectAccessRow>>;
    /// Sees to it that what was overwritten is nowhere in the database's files any more. `false`: readers were in the way, so
    /// it will be some time later.
    async fn overwritten(&self) -> Result<bool, CommitError>;
}
