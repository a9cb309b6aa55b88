//! What looking about needs of the store: pages of what one agency sent or was sent, and versions as they were.

use async_trait::async_trait;

use super::{
    ports::Read,
    rows::{ConsentRow, ReferralRow, StoredEntry},
};
use crate::{
    clock::Moment,
    directory::Partner,
    ids::{ConsentId, EntryId, MessageId, PartnerId, PersonId, ReferralId, SiteId},
};

/// One agency's part in its referrals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It asked.
    Sender,
    /// It was asked, and may know of it: what was withheld from it is not among them.
    Recipient,
}

/// By which of its times a page of referrals is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// When it was made.
    Creation,
    /// When it last changed.
    Update,
}

/// Which referrals are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralPage {
    /// The tenant.
    pub site_id: SiteId,
    /// Whose.
    pub partner_id: PartnerId,
    /// In which part.
    pub side: Side,
    /// The order.
    pub by: By,
    /// Latest first.
    pub backwards: bool,
    /// Not before this moment of the time that orders.
    pub from: Moment,
    /// Not after this one.
    pub to: Moment,
    /// Only what comes after this one in the order.
    pub after: Option<(Moment, String)>,
    /// At most so many.
    pub limit: usize,
}

/// Which consents are asked for, each as it stands, in the order in which they last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentPage {
    /// The tenant.
    pub site_id: SiteId,
    /// Only those about this recipient that something was sent to it under; `None`: all.
    pub told_to: Option<PartnerId>,
    /// Latest first.
    pub backwards: bool,
    /// Last changed not before this moment.
    pub from: Moment,
    /// Not after this one.
    pub to: Moment,
    /// Only what comes after this one in the order.
    pub after: Option<(Moment, String)>,
    /// At most so many.
    pub limit: usize,
}

/// Which log entries are asked for: those of one agency's own acts, in the order of time. What was refused to it is
/// not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// The tenant.
    pub site_id: SiteId,
    /// Whose acts.
    pub actor: PartnerId,
    /// Latest first.
    pub backwards: bool,
    /// Whether the agency holds the consents: then also what was refused to others about those, and about what it sent.
    pub is_owner: bool,
    /// Not before this moment.
    pub from: Moment,
    /// Not after this one.
    pub to: Moment,
    /// Only what comes after this one in the order.
    pub after: Option<(Moment, String)>,
    /// At most so many.
    pub limit: usize,
}

/// An agency as it stood at one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// The agency.
    pub partner: Partner,
    /// When this version began; `None` where that is not known any more.
    pub since: Option<Moment>,
}

/// The part of the store that only looks.
#[async_trait]
pub trait Browse: Send + Sync + 'static {
    /// A referral as it was at this version.
    async fn referral_version(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        version: i64,
    ) -> Read<Option<ReferralRow>>;
    /// A referral that this agency sent, or was sent and may know of.
    async fn referral_of(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        partner: &PartnerId,
    ) -> Read<Option<ReferralRow>>;
    /// The latest version of a consent about this recipient.
    async fn consent_for(
        &self,
        site: &SiteId,
        consent: &ConsentId,
        recipient: &PartnerId,
    ) -> Read<Option<ConsentRow>>;
    /// Whether there is such a message to this recipient.
    async fn is_message_to(&self, site: &SiteId, message: &MessageId, recipient: &PartnerId) -> Read<bool>;
    /// A log entry of this agency's own act, or about a referral that it sent or was sent.
    async fn log_entry_for(
        &self,
        site: &SiteId,
        entry: &EntryId,
        partner: &PartnerId,
    ) -> Read<Option<StoredEntry>>;
    /// A page of referrals.
    async fn referrals_of(&self, page: &ReferralPage) -> Read<Vec<ReferralRow>>;
    /// The referrals about a person, whoever sent them, at most `limit`.
    async fn referrals_about(&self, site: &SiteId, person: &PersonId, limit: usize)
    -> Read<Vec<ReferralRow>>;
    /// The person whom this agency knows by this pseudonym.
    async fn person_by_reference(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        reference: &str,
    ) -> Read<Option<PersonId>>;
    /// Every agency of a site, in the order of their ids.
    async fn agencies(&self, site: &SiteId) -> Read<Vec<Agency>>;
    /// An agency as it was at this version.
    async fn agency_version(&self, site: &SiteId, partner: &PartnerId, version: i64) -> Read<Option<Agency>>;
    /// A consent as it was at this version.
    async fn consent_version(
        &self,
        site: &SiteId,
        consent: &ConsentId,
        version: i64,
    ) -> Read<Option<ConsentRow>>;
    /// A page of consents, each in its latest version.
    async fn consents_in_time(&self, page: &ConsentPage) -> Read<Vec<ConsentRow>>;
    /// A log entry.
    async fn log_entry(&self, site: &SiteId, entry: &EntryId) -> Read<Option<StoredEntry>>;
    /// The latest log entries about a consent, of its person and no referral.
    async fn log_entries_about(&self, consent: &ConsentRow, limit: usize) -> Read<Vec<StoredEntry>>;
    /// A page of log entries.
    async fn log_entries_by(&self, page: &EntryPage) -> Read<Vec<StoredEntry>>;
}
