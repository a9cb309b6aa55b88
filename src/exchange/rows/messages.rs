//! Messages that go out, their deliveries, and the lanes that carry them.

use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::{
    clock::Moment,
    directory::Channel,
    ids::{
        AttemptId, DecisionId, DeliveryId, DisclosureId, MessageId, PartnerId, PersonId, ReferralId, SiteId,
    },
};

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
    /// What made it, as JSON ([`MadeBy`](crate::exchange::made_by::MadeBy)); `None` for a message of an earlier release.
    pub made_by: Option<String>,
    /// What was known when it was made and may be otherwise now, sealed: with it, it can be made again. `None` for what
    /// discloses nothing, and for a message of an earlier release.
    pub frame: Option<Sealed>,
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
