//! What the use cases need from the outside: a store and a courier.

use async_trait::async_trait;

use super::rows::{
    AssessmentRow, AttemptRow, AuditRow, CheckpointRow, ConsentRow, ConversationRow, DecisionRow,
    DeliveryRow, DeliveryStatus, EpisodeRow, IdempotencyRow, InboundRow, LeasedLane, LogHead, LogKeyRow,
    LookupRow, MessageRow, NewDelivery, OfficerRow, PersonRow, Quoted, RecallRow, ReferralRow, ReviewRow,
    RootKeyRow, StoredEntry,
};
use super::{
    browse::Browse,
    ig::ports::Oversight,
    keeping::ports::{AssessmentPurge, Erase, HoldRow, Keeping, ReferralPurge, SubjectAccessRow},
    log::Log,
};
use crate::{
    clock::Moment,
    directory::{Agreement, Channel, Partner},
    ids::{
        AssessmentId, AttemptId, ConsentId, DeliveryId, DisclosureId, EpisodeId, HoldId, MessageId,
        PartnerId, PersonId, RecallId, ReferralId, SiteId,
    },
};

/// One row to write, or one change to make. Applied in the order given.
#[derive(Clone, Debug)]
pub enum Write {
    /// The root key of a new database: a second one exists already, and one for a database that has people (whose keys
    /// another wrapped) is refused.
    RootKey(RootKeyRow),
    /// A new person.
    Person(PersonRow),
    /// A new look-up; a second person under the same hash is a conflict.
    Lookup(LookupRow),
    /// The pseudonym under which one agency knows a person; the same again changes nothing.
    PersonReference(SiteId, PartnerId, String, PersonId),
    /// Something about the person's consents changed.
    ConsentSeqUp(SiteId, PersonId),
    /// A new episode; while the person has an open one a second open one exists already.
    Episode(EpisodeRow),
    /// A new assessment version.
    Assessment(AssessmentRow),
    /// A new version of a consent.
    Consent(ConsentRow),
    /// A new referral. Each of its versions is kept.
    Referral(ReferralRow),
    /// A referral as it now is; the row's `version` is the new one, and the stored one must be one less.
    ReferralMoved(ReferralRow),
    /// A decision.
    Decision(DecisionRow),
    /// A message.
    Message(MessageRow),
    /// Puts a delivery on its lane (creating the lane when it is the first), after all that may go as early: the
    /// order of a lane is (`not_before`, number). One that is tried again keeps its place and holds what is behind.
    Enqueue(NewDelivery),
    /// Like `Enqueue`, but before every delivery of the lane that is queued or dead: withdrawals overtake, also a
    /// lane's dead head, which goes on holding all others. Never before one whose attempt has begun.
    EnqueueFirst(NewDelivery),
    /// A change of a delivery.
    Delivery(DeliveryChange),
    /// An attempt begins. Only under the fence of its lane, named as a precondition, and only while that lease has not
    /// run out at `begun_at`: otherwise a conflict with that precondition. The lease then lasts at least until the
    /// attempt must be over, so that nobody else leases the lane while bytes may be under way. The delivery's earlier
    /// attempts must have ended.
    AttemptBegun(AttemptRow),
    /// An attempt ended: `(attempt, outcome code, HTTP status, when)`.
    AttemptEnded(AttemptId, String, Option<u16>, Moment),
    /// Gives a leased lane back; the fence must still be the lane's.
    ReleaseLane {
        /// The tenant.
        site_id: SiteId,
        /// Half of the lane.
        recipient_id: PartnerId,
        /// The other half.
        person_id: PersonId,
        /// The fence under which it was leased.
        fence: i64,
    },
    /// A message that came in.
    Inbound(InboundRow),
    /// By what its sender knows a FHIR referral; a second one for the same referral, or with the sender's same
    /// Bundle.id, exists already.
    Conversation(ConversationRow),
    /// What finds a person no more: `(site, kind, hash, person)`. With a hash, that one, which must be there; without, all of
    /// the kind.
    Forget(SiteId, String, Option<[u8; 32]>, PersonId),
    /// The first answer to an idempotent request.
    Idempotency(IdempotencyRow),
    /// A one-time value (a token's `jti`, a nonce): a second use is a conflict. `(kind, value, expires)`.
    Once(String, String, Moment),
    /// A recall.
    Recall(RecallRow),
    /// A recall's answer: `(site, recall, answer, when)`.
    RecallAnswered(SiteId, RecallId, String, Moment),
    /// A recall was seen to at the time at which it was due, as it was read: how often it is reminded of now, and when it is seen
    /// to next. Answered or seen to meanwhile, that exists already.
    RecallSeenTo {
        /// As it was read.
        recall: RecallRow,
        /// How often it is reminded of now.
        reminders: i64,
        /// When it is seen to next.
        next: Option<Moment>,
    },
    /// The review of a disclosure without consent; a second one exists already.
    Review(ReviewRow),
    /// A partner, new or changed; its version moves on by itself.
    Partner(Partner),
    /// An information governance officer, new or changed. Its certificate may not be another officer's.
    Officer(OfficerRow),
    /// A new version of an agreement; the partner's version moves on by itself. A version that is stored never
    /// changes: the same again with other content exists already.
    Agreement(Agreement),
    /// The content of a referral that is final goes: its messages' bodies and details, what came in about it, and the
    /// receiver's words. One that was purged already, or whose person is on hold, exists already.
    PurgeReferral(ReferralPurge),
    /// The content of an assessment goes, and the form that it was made from. One that was purged already, or whose person is
    /// on hold, exists already.
    PurgeAssessment(AssessmentPurge),
    /// What came in before this moment and matched nobody goes, and kept answers that have expired: at most so many of each.
    PurgeStale(Moment, usize),
    /// A person is erased: their key makes place for another, their content and what finds them goes, and the certificate is
    /// kept. One who is on hold, about whom something is under way, or who was erased before exists already.
    Erase(Erase),
    /// A draft of what a person is told of themselves.
    SubjectAccess(SubjectAccessRow),
    /// The draft as it now is; the row's `version` is the new one. Another version stored, or one released, exists already.
    SubjectAccessMoved(SubjectAccessRow),
    /// A hold.
    Hold(HoldRow),
    /// A hold is lifted: `(site, hold, when)`. One that is not open exists already.
    HoldLifted(SiteId, HoldId, Moment),
    /// An audit entry.
    Audit(AuditRow),
    /// The key that signs checkpoints from now on, and the id of the one that did, which must be the one that signs: another
    /// that signs exists already.
    LogKey(LogKeyRow, Option<String>),
    /// A signed checkpoint, under the key that signs now: with another key, or of the same size, one exists already.
    Checkpoint(CheckpointRow),
}

/// A change of a delivery: its status, and when given also the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryChange {
    /// Which.
    pub delivery_id: DeliveryId,
    /// The version that was read; another one stored is a conflict.
    pub version: i64,
    /// The new status.
    pub status: DeliveryStatus,
    /// The new number of attempts.
    pub attempts: i64,
    /// When it may next be tried.
    pub next_at: Moment,
    /// The latest moment for a begun attempt's first byte.
    pub send_by: Option<Moment>,
    /// Why.
    pub reason: String,
}

/// Everything that one use case writes, in one transaction.
pub type WriteSet = Vec<Write>;

/// What must still be true when the writes are made; checked inside the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No answer is kept under this key yet.
    IdempotencyKeyUnused(SiteId, PartnerId, String),
    /// No message with this key came from this partner yet.
    InboundUnused(SiteId, PartnerId, String),
    /// Under the partner's own identifier, as a keyed hash, no FHIR referral was taken at or after this moment but these.
    NotAskedSince(SiteId, PartnerId, [u8; 32], Moment, Vec<ReferralId>),
    /// The person's consents are as they were read.
    ConsentSeq(SiteId, PersonId, i64),
    /// The partner and its agreements are as they were read.
    PartnerVersion(SiteId, PartnerId, i64),
    /// The lane is still leased under this fence.
    LaneFence(SiteId, PartnerId, PersonId, i64),
    /// The delivery is as it was read.
    DeliveryVersion(DeliveryId, i64),
    /// The referral is as it was read.
    ReferralVersion(SiteId, ReferralId, i64),
}

impl Precondition {
    /// This agency is still as it was seen.
    #[must_use]
    pub fn as_seen(partner: &Partner) -> Self {
        Self::PartnerVersion(partner.site_id.clone(), partner.partner_id.clone(), partner.version)
    }
}

/// Why a commit was not made. Nothing of the write set is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A precondition no longer holds: decide again.
    #[error("a precondition no longer holds")]
    Conflict(Precondition),
    /// A value that may exist once exists already (a look-up, a one-time value): decide again.
    #[error("a unique value exists already: {0}")]
    Exists(&'static str),
    /// The writer's queue is full, or too many audit entries wait for their place in the log: come back.
    #[error("too much waits for the writer or for a place in the log")]
    Busy,
    /// The database cannot be written.
    #[error("the database cannot be written: {0}")]
    Unavailable(String),
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be read.
    #[error("the database cannot be read: {0}")]
    Unavailable(String),
    /// A stored row cannot be understood.
    #[error("a stored row cannot be understood: {0}")]
    Corrupt(&'static str),
}

/// The short form for reads.
pub type Read<T> = Result<T, StoreError>;

/// Everything about a delivery that the worker and the mailbox need.
#[derive(Clone, Debug)]
pub struct DeliveryBundle {
    /// The delivery.
    pub delivery: DeliveryRow,
    /// The message it carries.
    pub message: MessageRow,
    /// The referral it belongs to.
    pub referral: ReferralRow,
    /// The decision under which the message was made.
    pub decision: Option<DecisionRow>,
    /// The latest attempt whose end is not on record: it is under way, or its worker died.
    pub open_attempt: Option<AttemptId>,
}

/// Durable storage. One implementation for each engine; the same SQL serves all.
#[async_trait]
pub trait Store: Browse + Log + Oversight + Keeping {
    /// Checks `preconditions` and makes `writes`, all or nothing. When it answers `Ok` the writes are durable.
    async fn commit(&self, writes: WriteSet, preconditions: Vec<Precondition>) -> Result<(), CommitError>;

    /// The key that all others hang from; `None` in a new database.
    async fn root_key(&self) -> Read<Option<RootKeyRow>>;

    /// The partner with this OAuth client id.
    async fn partner_by_client(&self, client_id: &str) -> Read<Option<Partner>>;
    /// The information governance officer of this name.
    async fn officer(&self, name: &str) -> Read<Option<OfficerRow>>;
    /// A partner of a site.
    async fn partner(&self, site: &SiteId, partner: &PartnerId) -> Read<Option<Partner>>;
    /// All partners of a site.
    async fn partners(&self, site: &SiteId) -> Read<Vec<Partner>>;
    /// The agreements with a partner.
    async fn agreements(&self, site: &SiteId, partner: &PartnerId) -> Read<Vec<Agreement>>;

    /// The answer kept under an idempotency key, unless it has expired at `now`.
    async fn idempotent_answer(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        key: &str,
        now: Moment,
    ) -> Read<Option<IdempotencyRow>>;
    /// The people found under these look-ups `(kind, hash)`, without repeats.
    async fn people_by_lookup(&self, site: &SiteId, lookups: &[(String, [u8; 32])]) -> Read<Vec<PersonRow>>;
    /// A person.
    async fn person(&self, site: &SiteId, person: &PersonId) -> Read<Option<PersonRow>>;
    /// The open episode of a person.
    async fn open_episode(&self, site: &SiteId, person: &PersonId) -> Read<Option<EpisodeRow>>;
    /// The latest version of each of a person's consents.
    async fn consents_of(&self, site: &SiteId, person: &PersonId) -> Read<Vec<ConsentRow>>;
    /// The latest version of a consent.
    async fn consent(&self, site: &SiteId, consent: &ConsentId) -> Read<Option<ConsentRow>>;

    /// An assessment.
    async fn assessment(&self, site: &SiteId, assessment: &AssessmentId) -> Read<Option<AssessmentRow>>;
    /// The assessment that took the place of this one.
    async fn assessment_after(&self, site: &SiteId, assessment: &AssessmentId)
    -> Read<Option<AssessmentRow>>;
    /// A referral.
    async fn referral(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<ReferralRow>>;
    /// The referrals of an episode, oldest first.
    async fn referrals_of_episode(&self, site: &SiteId, episode: &EpisodeId) -> Read<Vec<ReferralRow>>;
    /// The referrals about a person to one recipient, oldest first.
    async fn referrals_to(
        &self,
        site: &SiteId,
        person: &PersonId,
        recipient: &PartnerId,
    ) -> Read<Vec<ReferralRow>>;
    /// The referrals about a person that rest on a consent for this agency: those to it, and those that another is sent for
    /// it. By their recipients, oldest first.
    async fn referrals_resting_on(
        &self,
        site: &SiteId,
        person: &PersonId,
        agency: &PartnerId,
    ) -> Read<Vec<ReferralRow>>;
    /// The deliveries of a referral, oldest first.
    async fn deliveries_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Vec<DeliveryRow>>;
    /// A decision.
    async fn decision(&self, site: &SiteId, decision: &crate::ids::DecisionId) -> Read<Option<DecisionRow>>;
    /// A message.
    async fn message(&self, site: &SiteId, message: &MessageId) -> Read<Option<MessageRow>>;
    /// The message to `recipient` whose body has this wire id (Bundle.id, eventId).
    async fn message_by_wire_id(
        &self,
        site: &SiteId,
        recipient: &PartnerId,
        wire_id: &str,
    ) -> Read<Option<MessageRow>>;
    /// The message that makes this disclosure.
    async fn message_by_disclosure(
        &self,
        site: &SiteId,
        disclosure: &DisclosureId,
    ) -> Read<Option<MessageRow>>;
    /// Whether a message with this key came from this partner, and what it was.
    async fn inbound(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        message_key: &str,
    ) -> Read<Option<InboundRow>>;
    /// By what the sender of a referral knows it; `None` when it did not come as a FHIR message.
    async fn conversation_of(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<ConversationRow>>;
    /// What a message of this sender may quote, the latest first; two at most, as one is meant.
    async fn conversations(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        quoted: &Quoted,
    ) -> Read<Vec<ConversationRow>>;
    /// The recall of a referral that waits for an answer.
    async fn open_recall(&self, site: &SiteId, referral: &ReferralId) -> Read<Option<RecallRow>>;

    /// Recalls without an answer that are to be seen to at `now`, at most `limit`, the longest due first.
    async fn recalls_due(&self, now: Moment, limit: usize) -> Read<Vec<RecallRow>>;

    /// Leases up to `limit` lanes whose head is due at `now`, for `owner`, until `until`. A lane whose lease has
    /// run out is leased again under a higher fence. Mailbox deliveries are never leased. A lane whose head is
    /// dead is never leased, until a withdrawal is put before it.
    async fn lease_lanes(
        &self,
        owner: &str,
        now: Moment,
        until: Moment,
        limit: usize,
    ) -> Result<Vec<LeasedLane>, CommitError>;
    /// The earliest moment at which a lane becomes due, if any waits.
    async fn next_due(&self) -> Read<Option<Moment>>;
    /// A delivery with all that belongs to it.
    async fn delivery(&self, delivery: &DeliveryId) -> Read<Option<DeliveryBundle>>;
    /// The delivery of a message.
    async fn delivery_of_message(&self, site: &SiteId, message: &MessageId) -> Read<Option<DeliveryBundle>>;
    /// Deliveries that wait for one partner. Counts no further than `stop_at`.
    async fn backlog(&self, site: &SiteId, partner: &PartnerId, stop_at: u64) -> Read<u64>;

    /// Mailbox items of `recipient` not yet acknowledged and due at `now`, oldest first, after `after`.
    async fn mailbox(
        &self,
        site: &SiteId,
        recipient: &PartnerId,
        now: Moment,
        after: Option<&DeliveryId>,
        limit: usize,
    ) -> Read<Vec<DeliveryRow>>;

    /// Gives the oldest unsequenced audit entries their places, at most `limit`, and moves the head. Answers how
    /// many.
    async fn sequence_audit(&self, limit: usize) -> Result<usize, CommitError>;
    /// The head of the log.
    async fn log_head(&self) -> Read<LogHead>;
    /// Sequenced entries from index `from`, at most `limit`.
    async fn audit_page(&self, from: i64, limit: usize) -> Read<Vec<StoredEntry>>;
    /// The latest entries about a referral, at most `limit`, oldest first.
    async fn audit_about(&self, site: &SiteId, referral: &ReferralId, limit: usize)
    -> Read<Vec<StoredEntry>>;
    /// Deliveries in each status, for health, metrics and the tests' books.
    async fn delivery_counts(&self) -> Read<Vec<(Channel, DeliveryStatus, u64)>>;
    /// Whether the database answers and can be written.
    async fn healthy(&self) -> Result<(), CommitError>;
}

/// What is carried to a partner in one attempt.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// To whom.
    pub partner: Partner,
    /// From whom.
    pub sender: Partner,
    /// The message id: the recipient's key for duplicates.
    pub message_id: MessageId,
    /// One for the whole conversation with this recipient.
    pub correlation_id: String,
    /// Media type.
    pub content_type: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// The signed receipt, in base64.
    pub receipt: Option<String>,
    /// The latest moment for the first byte.
    pub send_by: Moment,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptClass {
    /// The partner has it.
    Delivered,
    /// The partner does not have it, and later may.
    Retryable,
    /// The partner does not have it and will not take it.
    Permanent,
    /// Nobody knows whether the partner has it: the same bytes are sent again under the same id.
    Ambiguous,
    /// `send_by` had passed: nothing was sent.
    TooLate,
}

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptOutcome {
    /// How it ended.
    pub class: AttemptClass,
    /// Outcome code for the record: `http-503`, `connect`, `tls`, `timeout`, `address-refused`, …
    pub code: String,
    /// HTTP status, when there was one.
    pub http_status: Option<u16>,
    /// Seconds that the partner asked us to wait.
    pub retry_after_seconds: Option<i64>,
    /// The partner's answer, cut at its limit.
    pub answer: Vec<u8>,
}

/// The one way out to partners.
#[async_trait]
pub trait Courier: Send + Sync + 'static {
    /// Sends a parcel once. Never follows a redirect, never sends after `send_by`.
    async fn carry(&self, parcel: Parcel) -> AttemptOutcome;
}
