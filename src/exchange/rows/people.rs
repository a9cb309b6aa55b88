//! People, what was said of them, and the key that all content hangs from.

use super::Sealed;
use crate::{
    clock::Moment,
    ids::{AssessmentId, ConsentId, EpisodeId, PartnerId, PersonId, SiteId},
};

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
    /// The earlier version whose place it takes.
    pub supersedes: Option<AssessmentId>,
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
