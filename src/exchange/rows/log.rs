//! Entries of the audit log, its head, its checkpoints and the keys that sign them.

use super::Sealed;
use crate::{
    clock::Moment,
    ids::{EntryId, PartnerId, PersonId, ReferralId, SiteId},
};

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

/// A key that signs checkpoints, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeyRow {
    /// Its id in signed notes: eight hexadecimal digits.
    pub key_id: String,
    /// The name in signed notes, which is the origin of the log.
    pub name: String,
    /// The public key.
    pub public_key: [u8; 32],
    /// The private key, wrapped under the root key.
    pub wrapped: Vec<u8>,
    /// Since when it signs.
    pub valid_from: Moment,
    /// Until when it did; `None` while it does.
    pub valid_until: Option<Moment>,
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// How many entries the log had.
    pub size: i64,
    /// The root over them.
    pub root: [u8; 32],
    /// The signed note, as it is served.
    pub note: String,
    /// The key that signed it.
    pub key_id: String,
    /// When.
    pub signed_at: Moment,
    /// Whether an entry had waited for it longer than it may.
    pub late: bool,
}
