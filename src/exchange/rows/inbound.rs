//! Messages that come in, what they quote, and answers that are kept for repeats.

use super::Sealed;
use crate::{
    clock::Moment,
    ids::{InboundId, PartnerId, PersonId, ReferralId, SiteId},
};

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
