//! What is stored, as the use cases see it. Content is sealed before it gets here; every row has its site.

use serde::{Deserialize, Serialize};

pub use crate::minimise::Withheld;
use crate::{
    clock::Moment,
    directory::{Audience, Channel, Nature},
    ids::{
        AgreementId, AssessmentId, AttemptId, ConsentId, DecisionId, DeliveryId, DisclosureId, EntryId,
        EpisodeId, InboundId, MessageId, PartnerId, PersonId, RecallId, ReferralId, SiteId,
    },
    referral::State,
};

/// Content sealed under a person's key (or the site's, where the person is not known). Opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// The key that all others hang from, wrapped by the key-encryption key, which is not in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeyRow {
    /// Which: the first byte of what it wraps. There is one so far.
    pub key_id: i64,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Moment,
}

/// A person: a pseudonym and a wrapped key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// The tenant.
    pub site_id: SiteId,
    /// The pseudonym.
    pub person_id: PersonId,
    /// The person's content key, wrapped under the root key; its first byte says which. Empty after erasure.
    pub wrapped_key: Vec<u8>,
    /// Moves on at each change of any of the person's consents.
    pub consent_seq: i64,
    /// When first seen.
    pub created_at: Moment,
}

/// A keyed hash by which a person is found again. Unique in the site by kind and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupRow {
    /// The tenant.
    pub site_id: SiteId,
    /// `nhs-number` (verified only) or `sender:<partner>` (the sender's own reference).
    pub kind: String,
    /// HMAC-SHA-256 under the site's look-up key.
    pub hash: [u8; 32],
    /// The root key that the look-up key hangs from.
    pub key_id: i64,
    /// Whose it is.
    pub person_id: PersonId,
}

/// A spell of contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub episode_id: EpisodeId,
    /// Whose.
    pub person_id: PersonId,
    /// `open` or `closed`.
    pub status: String,
    /// When opened.
    pub opened_at: Moment,
}

/// One version of an assessment, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessmentRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub assessment_id: AssessmentId,
    /// The episode it belongs to.
    pub episode_id: EpisodeId,
    /// Whose.
    pub person_id: PersonId,
    /// Who sent it.
    pub sender_id: PartnerId,
    /// The profile it was valid against.
    pub profile: String,
    /// When it was received.
    pub received_at: Moment,
    /// SHA-256 of the bytes as received.
    pub body_sha256: [u8; 32],
    /// The bytes as received, sealed.
    pub body: Sealed,
}

/// One version of a consent: a FHIR Consent, sealed, with the columns that queries need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub consent_id: ConsentId,
    /// This version; the highest counts.
    pub version: i64,
    /// Whose.
    pub person_id: PersonId,
    /// About whom.
    pub recipient_id: PartnerId,
    /// `active`, `inactive`, `entered-in-error`.
    pub status: String,
    /// Who recorded this version (a partner's slug).
    pub recorded_by: String,
    /// When this version was recorded.
    pub recorded_at: Moment,
    /// The FHIR Consent, sealed.
    pub body: Sealed,
}

/// One request or piece of advice to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub referral_id: ReferralId,
    /// The episode it belongs to.
    pub episode_id: EpisodeId,
    /// The person.
    pub person_id: PersonId,
    /// The assessment it came from; `None` when it started with another agency.
    pub assessment_id: Option<AssessmentId>,
    /// Who asked.
    pub sender_id: PartnerId,
    /// Who is asked.
    pub recipient_id: PartnerId,
    /// Referral or advice.
    pub nature: Nature,
    /// The allow-list that governed it; `None` for a request to L&D itself.
    pub audience: Option<Audience>,
    /// How it goes out.
    pub channel: Channel,
    /// `routine`, `urgent` or `emergency`.
    pub urgency: String,
    /// The need that it is for (`housing`), as the assessment says; empty when it says none.
    pub need: String,
    /// Where it stands.
    pub state: State,
    /// The finer word: `appointment-booked`.
    pub business_status: String,
    /// Why it stands there: a reason code, empty when there is nothing to say.
    pub reason: String,
    /// The receiver's own words, verbatim, sealed.
    pub receiver_note: Option<Sealed>,
    /// What was withheld from the recipient, by rule (JSON of [`Withheld`]s), sealed: which fields a person keeps
    /// back says something about them.
    pub withheld: Sealed,
    /// The disclosure, when one was made.
    pub disclosure_id: Option<DisclosureId>,
    /// The latest decision.
    pub decision_id: Option<DecisionId>,
    /// Marked for review by a second person, until when; `None` otherwise.
    pub review_due_at: Option<Moment>,
    /// The recall's own answer, once there is one.
    pub recall_answer: Option<String>,
    /// For a request's answer to L&D's inbox: the correlation id of the conversation, different per recipient.
    pub correlation_id: String,
    /// Messages made so far under this referral; the next message's sequence is one more.
    pub messages: i64,
    /// Moves on at each change; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// A decision as made, with what it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub decision_id: DecisionId,
    /// The referral it is about.
    pub referral_id: ReferralId,
    /// The person.
    pub person_id: PersonId,
    /// The recipient.
    pub recipient_id: PartnerId,
    /// Where data would have left: `plan`, `send`, `replay`, `collect`.
    pub exit: String,
    /// `permit` or `deny`.
    pub answer: String,
    /// Why, in one code.
    pub reason: String,
    /// The consent that decided, with its version.
    pub consent: Option<(ConsentId, i64)>,
    /// The agreement that was in force, with its version.
    pub agreement: Option<(AgreementId, i64)>,
    /// The whole decision and what may leave under it, sealed.
    pub body: Sealed,
    /// Version of the disclosure tables.
    pub policy_version: String,
    /// The person's `consent_seq` that was read.
    pub consent_seq: i64,
    /// The partner's `version` that was read.
    pub partner_version: i64,
    /// When.
    pub decided_at: Moment,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// A referral or advice.
    Disclosure,
    /// "Stop using what we sent": ids only.
    Recall,
    /// A request that another agency made of L&D.
    Request,
    /// The answer to a request: the contact outcome and no more.
    Answer,
}

impl MessageKind {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosure => "disclosure",
            Self::Recall => "recall",
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }
}

/// One message out. Its id never has two bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id: the webhook id, the mailbox message id, the recipient's key for duplicates.
    pub message_id: MessageId,
    /// What it is for.
    pub kind: MessageKind,
    /// The referral.
    pub referral_id: ReferralId,
    /// The person.
    pub person_id: PersonId,
    /// From whom.
    pub sender_id: PartnerId,
    /// To whom.
    pub recipient_id: PartnerId,
    /// The decision that let it through; `None` for a recall, which carries no content.
    pub decision_id: Option<DecisionId>,
    /// The disclosure that it makes.
    pub disclosure_id: Option<DisclosureId>,
    /// The id inside the body that answers quote: Bundle.id or eventId.
    pub wire_id: String,
    /// Mailbox workflow id, or the event type.
    pub workflow: String,
    /// Media type of the body.
    pub content_type: String,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
    /// The body, sealed.
    pub body: Sealed,
    /// The detail that a thin event points to, sealed.
    pub detail: Option<Sealed>,
    /// Where each output field came from, sealed.
    pub lineage: Sealed,
    /// Version of the mapping that made it.
    pub mapping_version: String,
    /// What made it, as JSON ([`MadeBy`](super::made_by::MadeBy)); `None` for a message of an earlier release.
    pub made_by: Option<String>,
    /// When.
    pub created_at: Moment,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryStatus {
    /// Waits for its turn (push) or for its recipient (mailbox).
    Queued,
    /// An attempt has begun and its outcome is not yet recorded.
    Attempting,
    /// A mailbox item was read, not yet acknowledged.
    Collected,
    /// Arrived: 2xx, or acknowledged.
    Delivered,
    /// Stopped before it was sent or collected.
    Withdrawn,
    /// Set aside; its lane is held for all but withdrawals.
    Dead,
}

impl DeliveryStatus {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Attempting => "attempting",
            Self::Collected => "collected",
            Self::Delivered => "delivered",
            Self::Withdrawn => "withdrawn",
            Self::Dead => "dead",
        }
    }

    /// Reads the word of [`DeliveryStatus::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Attempting, Self::Collected, Self::Delivered, Self::Withdrawn, Self::Dead]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// A delivery to put on its lane. The store gives it its sequence number under the lane's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub delivery_id: DeliveryId,
    /// What it carries.
    pub message_id: MessageId,
    /// The referral.
    pub referral_id: ReferralId,
    /// To whom (half of the lane).
    pub recipient_id: PartnerId,
    /// About whom (the other half of the lane).
    pub person_id: PersonId,
    /// How.
    pub channel: Channel,
    /// Not before this moment; it never lies before the moment at which it is put on the lane. Once stored it is
    /// part of its place: a withdrawal that overtakes takes the earliest that waits on its lane.
    pub not_before: Moment,
    /// When it was put on the lane.
    pub created_at: Moment,
}

/// A delivery as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// What it was made from.
    pub new: NewDelivery,
    /// Its place on the lane among those with the same `not_before`, from 1.
    pub seq: i64,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Attempts begun so far.
    pub attempts: i64,
    /// When it may next be tried.
    pub next_at: Moment,
    /// The latest moment that a begun attempt's first byte may leave.
    pub send_by: Option<Moment>,
    /// Why it is where it is (an outcome code), empty at first.
    pub reason: String,
    /// Moves on at each change.
    pub version: i64,
}

/// A leased lane with the delivery at its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedLane {
    /// The head of the lane.
    pub delivery: DeliveryRow,
    /// The fence: what is written under an older one is refused.
    pub fence: i64,
    /// When the lease runs out, if no attempt begins under it. From then on no attempt can begin: the store refuses
    /// it. An attempt that begins before keeps the lane leased until it must be over.
    pub until: Moment,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub attempt_id: AttemptId,
    /// Of which delivery.
    pub delivery_id: DeliveryId,
    /// The decision that was made for it.
    pub decision_id: Option<DecisionId>,
    /// When it was recorded, before the first byte.
    pub begun_at: Moment,
    /// The latest moment for the first byte.
    pub send_by: Moment,
    /// When its outcome was recorded.
    pub ended_at: Option<Moment>,
    /// Outcome code; empty while it is under way.
    pub outcome: String,
    /// HTTP status of the partner's answer.
    pub http_status: Option<u16>,
}

/// A message that came in, kept as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub inbound_id: InboundId,
    /// From whom.
    pub partner_id: PartnerId,
    /// The sender's own message id (Bundle.id, X-Request-Id or mailbox local id): unique for the partner.
    pub message_key: String,
    /// What it is: `servicerequest-response`, `screening-request`, a mailbox workflow id.
    pub kind: String,
    /// The referral it answers; `None` when it matched nothing, which is kept and flagged.
    pub referral_id: Option<ReferralId>,
    /// Whose key sealed it; `None`: the site's.
    pub person_id: Option<PersonId>,
    /// When.
    pub received_at: Moment,
    /// SHA-256 of the bytes.
    pub body_sha256: [u8; 32],
    /// The bytes, sealed.
    pub body: Sealed,
}

/// By what the sender of a FHIR referral knows it: what its later messages, and the answers to it, quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// The tenant.
    pub site_id: SiteId,
    /// The sender.
    pub partner_id: PartnerId,
    /// The referral.
    pub referral_id: ReferralId,
    /// The Bundle.id of its first message.
    pub bundle_id: String,
    /// Its own `X-Correlation-Id`. Recipients have another, so that they cannot compare.
    pub correlation_id: String,
    /// A keyed hash of the sender's own identifier of the request, where it has one.
    pub request_hash: Option<[u8; 32]>,
    /// When.
    pub created_at: Moment,
}

/// What a later message quotes of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quoted {
    /// The Bundle.id of the first message.
    Bundle(String),
    /// The `X-Correlation-Id`.
    Correlation(String),
    /// The keyed hash of the sender's identifier of the request.
    Request([u8; 32]),
}

/// The first answer to an idempotent request, kept so that a repeat gets the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// The tenant.
    pub site_id: SiteId,
    /// The client.
    pub partner_id: PartnerId,
    /// Its key.
    pub key: String,
    /// SHA-256 of the request's route and body.
    pub request_sha256: [u8; 32],
    /// HTTP status of the answer.
    pub status: u16,
    /// The answer's body, sealed under the site's key.
    pub body: Sealed,
    /// When.
    pub created_at: Moment,
    /// Until when it is kept.
    pub expires_at: Moment,
}

/// A recall of something already sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub recall_id: RecallId,
    /// What is recalled.
    pub referral_id: ReferralId,
    /// The message that carries the recall.
    pub message_id: MessageId,
    /// The withdrawn consent; `None` when the recall has another cause.
    pub consent_id: Option<ConsentId>,
    /// When it was asked.
    pub asked_at: Moment,
    /// The recipient's answer: `deleted`, `kept-other-basis`, `retained-by-law`, `already-used`,
    /// `no-further-use`; empty until then.
    pub answer: String,
    /// When it was answered.
    pub answered_at: Option<Moment>,
}

/// An audit entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub entry_id: EntryId,
    /// When.
    pub at: Moment,
    /// What happened: [`crate::audit::Kind::as_str`].
    pub kind: &'static str,
    /// The person it is about, for the ledger of a person.
    pub person_id: Option<PersonId>,
    /// The referral it is about.
    pub referral_id: Option<ReferralId>,
    /// The agency it concerns.
    pub partner_id: Option<PartnerId>,
    /// The canonical bytes: the leaf.
    pub leaf: Vec<u8>,
    /// Sealed content whose hash stands in the leaf.
    pub content: Option<Sealed>,
}

/// An audit entry as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place in the log; `None` until it is sequenced.
    pub log_index: Option<i64>,
    /// Its id.
    pub entry_id: EntryId,
    /// When.
    pub at: Moment,
    /// What happened.
    pub kind: String,
    /// The tenant. This and the ids below are columns, checked against the leaf.
    pub site_id: SiteId,
    /// The person it is about.
    pub person_id: Option<PersonId>,
    /// The referral it is about.
    pub referral_id: Option<ReferralId>,
    /// The agency it concerns.
    pub partner_id: Option<PartnerId>,
    /// The canonical bytes.
    pub leaf: Vec<u8>,
    /// The sealed content.
    pub content: Option<Sealed>,
}

/// The head of the log: how many entries, and their Merkle root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// How many entries are sequenced.
    pub size: i64,
    /// RFC 6962 root over their leaves.
    pub root: [u8; 32],
    /// The right edge of their tree, from which the sequencer goes on.
    pub frontier: Vec<u8>,
    /// Entries that wait for their place.
    pub waiting: i64,
}
