//! The methods of [`Browse`], each one statement.

use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    clock::Moment,
    exchange::{
        browse::{Agency, Browse, By, ConsentPage, EntryPage, ReferralPage, Side},
        ports::Read,
        rows::{ConsentRow, MessageRow, ReferralRow, StoredEntry},
    },
    ids::{ConsentId, EntryId, MessageId, PartnerId, PersonId, ReferralId, SiteId},
    store::{
        cell::{Cell, RowReader},
        decode::FromRow,
        sql::{audit, directory, messages, people, referrals},
    },
};

/// Sorts before every id.
const BEFORE_ALL: &str = "";
/// Sorts after every id: no id holds a tilde.
const AFTER_ALL: &str = "~";

#[async_trait]
impl Browse for SqliteStore {
    async fn referral_version(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        version: i64,
    ) -> Read<Option<ReferralRow>> {
        self.readers
            .row(referrals::REFERRAL_VERSION, vec![site.into(), referral.into(), version.into()])
            .await
    }

    async fn referral_of(
        &self,
        site: &SiteId,
        referral: &ReferralId,
        partner: &PartnerId,
    ) -> Read<Option<ReferralRow>> {
        self.readers.row(referrals::REFERRAL_OF, vec![site.into(), referral.into(), partner.into()]).await
    }

    async fn consent_for(
        &self,
        site: &SiteId,
        consent: &ConsentId,
        recipient: &PartnerId,
    ) -> Read<Option<ConsentRow>> {
        self.readers.row(people::CONSENT_FOR, vec![site.into(), consent.into(), recipient.into()]).await
    }

    async fn is_message_to(&self, site: &SiteId, message: &MessageId, recipient: &PartnerId) -> Read<bool> {
        let cells = vec![site.into(), message.into(), recipient.into()];
        let found: Option<MessageRow> = self.readers.row(messages::MESSAGE_TO, cells).await?;
        Ok(found.is_some())
    }

    async fn log_entry_for(
        &self,
        site: &SiteId,
        entry: &EntryId,
        partner: &PartnerId,
    ) -> Read<Option<StoredEntry>> {
        self.readers.row(audit::ENTRY_FOR, vec![site.into(), entry.into(), partner.into()]).await
    }

    async fn referrals_of(&self, page: &ReferralPage) -> Read<Vec<ReferralRow>> {
        let sql = match (page.side, page.by, page.backwards) {
            (Side::Sender, By::Creation, false) => referrals::SENT_BY_CREATION,
            (Side::Sender, By::Creation, true) => referrals::SENT_BY_CREATION_BACKWARDS,
            (Side::Sender, By::Update, false) => referrals::SENT_BY_UPDATE,
            (Side::Sender, By::Update, true) => referrals::SENT_BY_UPDATE_BACKWARDS,
            (Side::Recipient, By::Creation, false) => referrals::GOT_BY_CREATION,
            (Side::Recipient, By::Creation, true) => referrals::GOT_BY_CREATION_BACKWARDS,
            (Side::Recipient, By::Update, false) => referrals::GOT_BY_UPDATE,
            (Side::Recipient, By::Update, true) => referrals::GOT_BY_UPDATE_BACKWARDS,
        };
        let mut cells: Vec<Cell> =
            vec![(&page.site_id).into(), (&page.partner_id).into(), page.from.into(), page.to.into()];
        cells.extend(place(page.after.as_ref(), page.backwards));
        cells.push(limit(page.limit));
        self.readers.rows(sql, cells).await
    }

    async fn referrals_about(&self, site: &SiteId, person: &PersonId, most: usize) -> Read<Vec<ReferralRow>> {
        self.readers.rows(referrals::REFERRALS_ABOUT, vec![site.into(), person.into(), limit(most)]).await
    }

    async fn person_by_reference(
        &self,
        site: &SiteId,
        partner: &PartnerId,
        reference: &str,
    ) -> Read<Option<PersonId>> {
        let cells = vec![site.into(), partner.into(), reference.into()];
        let found: Option<KnownPerson> = self.readers.row(people::PERSON_BY_REFERENCE, cells).await?;
        Ok(found.map(|KnownPerson(person)| person))
    }

    async fn agencies(&self, site: &SiteId) -> Read<Vec<Agency>> {
        self.readers.rows(directory::AGENCIES, vec![site.into()]).await
    }

    async fn agency_version(&self, site: &SiteId, partner: &PartnerId, version: i64) -> Read<Option<Agency>> {
        self.readers.row(directory::AGENCY_VERSION, vec![site.into(), partner.into(), version.into()]).await
    }

    async fn consent_version(
        &self,
        site: &SiteId,
        consent: &ConsentId,
        version: i64,
    ) -> Read<Option<ConsentRow>> {
        self.readers.row(people::CONSENT_VERSION, vec![site.into(), consent.into(), version.into()]).await
    }

    async fn consents_in_time(&self, page: &ConsentPage) -> Read<Vec<ConsentRow>> {
        let sql = match (&page.told_to, page.backwards) {
            (None, false) => people::CONSENTS_IN_TIME,
            (None, true) => people::CONSENTS_IN_TIME_BACKWARDS,
            (Some(_), false) => people::CONSENTS_TOLD,
            (Some(_), true) => people::CONSENTS_TOLD_BACKWARDS,
        };
        let mut cells: Vec<Cell> = vec![(&page.site_id).into(), page.from.into(), page.to.into()];
        cells.extend(place(page.after.as_ref(), page.backwards));
        cells.extend(page.told_to.as_ref().map(Cell::from));
        cells.push(limit(page.limit));
        self.readers.rows(sql, cells).await
    }

    async fn log_entry(&self, site: &SiteId, entry: &EntryId) -> Read<Option<StoredEntry>> {
        self.readers.row(audit::ENTRY, vec![entry.into(), site.into()]).await
    }

    async fn log_entries_about(&self, consent: &ConsentRow, most: usize) -> Read<Vec<StoredEntry>> {
        let id = consent.consent_id.as_str().as_bytes().to_vec();
        let cells = vec![(&consent.site_id).into(), (&consent.person_id).into(), id.into(), limit(most)];
        self.readers.rows(audit::ABOUT_CONSENT, cells).await
    }

    async fn log_entries_by(&self, page: &EntryPage) -> Read<Vec<StoredEntry>> {
        let mut cells: Vec<Cell> =
            vec![(&page.site_id).into(), (&page.actor).into(), page.from.into(), page.to.into()];
        cells.extend(place(page.after.as_ref(), page.backwards));
        cells.push(limit(page.limit));
        let (own, refused) = if page.backwards {
            (audit::BY_ACTOR_BACKWARDS, audit::REFUSED_BACKWARDS)
        } else {
            (audit::BY_ACTOR, audit::REFUSED)
        };
        if !page.is_owner {
            return self.readers.rows(own, cells).await;
        }
        // Each of the two is as long as the page may be, so the first part of both together is the page.
        let mut entries: Vec<StoredEntry> = self.readers.rows(own, cells.clone()).await?;
        entries.extend(self.readers.rows::<StoredEntry>(refused, cells).await?);
        entries.sort_by(|a, b| (a.at, &a.entry_id).cmp(&(b.at, &b.entry_id)));
        if page.backwards {
            entries.reverse();
        }
        entries.truncate(page.limit);
        Ok(entries)
    }
}

/// The place after which a page begins; without one, before everything in its order.
fn place(after: Option<&(Moment, String)>, backwards: bool) -> [Cell; 2] {
    match after {
        Some((at, id)) => [(*at).into(), id.as_str().into()],
        None if backwards => [i64::MAX.into(), AFTER_ALL.into()],
        None => [i64::MIN.into(), BEFORE_ALL.into()],
    }
}

fn limit(most: usize) -> Cell {
    i64::try_from(most).unwrap_or(i64::MAX).into()
}

/// A person's id alone in its row.
struct KnownPerson(PersonId);

impl FromRow for KnownPerson {
    const TABLE: &'static str = "person_reference";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        row.id(PersonId::parse).map(Self)
    }
}
