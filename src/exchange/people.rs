//! Who a message is about. Keyway never guesses: two people, or one whose birth date differs, is a "no" with a
//! reason.
//!
//! The liaison and diversion service is told what does not fit what it said itself. Any other sender is told of what it said
//! itself alone: what others said of somebody shows neither in a refusal nor in an answer. Where it does not fit, the person
//! is held apart from whom they may be, and the service is asked to look.

use super::{
    Exchange,
    ports::{Precondition, Write, WriteSet},
    refusal::{Refusal, Refused},
    rows::{ConsentRow, EpisodeRow, LookupRow, PersonRow},
};
use crate::{
    consent::Consent,
    directory::{AgencyKind, Audience},
    ids::{ConsentId, EpisodeId, PartnerId, PersonId, SiteId},
    vault::ContentKey,
};

/// What a message says of who it is about.
#[derive(Clone, Copy)]
pub(super) struct Description<'a> {
    pub(super) sender: &'a PartnerId,
    /// The sender's own reference for the person.
    pub(super) reference: &'a str,
    /// Only when the sender verified it.
    pub(super) nhs_number: Option<&'a str>,
    pub(super) birth_date: Option<&'a str>,
    /// What the sender is.
    pub(super) by: AgencyKind,
    /// Whether it says anew what it said in a referral of its own: it may correct what it said of the person there.
    pub(super) corrects: bool,
}

impl Description<'_> {
    /// The NHS number, where it may find somebody of whom others told. An agency that nobody ever sends an NHS number must not
    /// find out by sending one whose it is: the person whom it knows by a pseudonym would answer to the right one. Its word
    /// for a number is kept as its own.
    pub(super) fn number_that_finds(&self) -> Option<&str> {
        let knows_numbers =
            self.by == AgencyKind::LiaisonDiversion || self.by.audience() == Some(Audience::Health);
        self.nhs_number.filter(|_| knows_numbers)
    }

    /// What is said of a person that must be the same each time.
    pub(super) const fn facts(&self) -> [(&'static str, Option<&str>); 2] {
        [("birth-date", self.birth_date), (NUMBER, self.nhs_number)]
    }
}

/// The word for an NHS number, among what finds a person and what must be the same.
pub(super) const NUMBER: &str = "nhs-number";

/// A person, known or new, with the key to their content.
pub(super) struct Identified {
    pub(super) row: PersonRow,
    pub(super) key: ContentKey,
    pub(super) is_new: bool,
    /// Somebody who may be the same, or about whom others said something else: for the service to look at.
    pub(super) doubt: Option<PersonId>,
    /// What must be written so that the person is found again.
    pub(super) writes: Vec<Write>,
    /// What that rests on.
    pub(super) preconditions: Vec<Precondition>,
}

/// A person's consents; one that cannot be read stays in its place as an error, so that it denies.
pub(super) type Consents = Vec<Result<Consent, (ConsentId, i64)>>;

impl Exchange {
    /// Finds or makes the person that `described` tells of.
    pub(super) async fn identify(
        &self,
        site: &SiteId,
        described: &Description<'_>,
    ) -> Result<Identified, Refusal> {
        if described.by != AgencyKind::LiaisonDiversion {
            return self.identify_of_another(site, described).await;
        }
        self.identify_for_service(site, described).await
    }

    /// Somebody who is on record.
    pub(super) fn known(
        &self,
        row: PersonRow,
        doubt: Option<PersonId>,
        writes: Vec<Write>,
    ) -> Result<Identified, Refusal> {
        let key = self.vault.person_key(&row.site_id, &row.person_id, &row.wrapped_key)?;
        Ok(Identified { row, key, is_new: false, doubt, writes, preconditions: Vec::new() })
    }

    /// Whether anything of this kind is on record, and whether this is. Both are asked for, whatever the first answer.
    pub(super) async fn is_on_record(
        &self,
        site: &SiteId,
        kind: &str,
        told: &str,
    ) -> Result<(bool, bool), Refusal> {
        let known = !self.found_by(site, kind, self.vault.lookup_hash(site, kind, "")).await?.is_empty();
        let same = !self.found_by(site, kind, self.vault.lookup_hash(site, kind, told)).await?.is_empty();
        Ok((known, same))
    }

    /// The same, put on record: that something of this kind is known of the person, and what.
    pub(super) fn put_on_record(
        &self,
        site: &SiteId,
        kind: &str,
        told: &str,
        person: &PersonId,
    ) -> [Write; 2] {
        ["", told].map(|value| self.lookup(site, kind, self.vault.lookup_hash(site, kind, value), person))
    }

    /// What finds the person from now on, of these, and did not yet.
    pub(super) async fn finds_from_now(
        &self,
        site: &SiteId,
        lookups: &[(String, [u8; 32])],
        person: &PersonId,
    ) -> Result<Vec<Write>, Refusal> {
        let mut writes = Vec::new();
        for (kind, hash) in lookups {
            if self.found_by(site, kind, *hash).await?.is_empty() {
                writes.push(self.lookup(site, kind, *hash, person));
            }
        }
        Ok(writes)
    }

    /// Whom a look-up finds.
    pub(super) async fn found_by(
        &self,
        site: &SiteId,
        kind: &str,
        hash: [u8; 32],
    ) -> Result<Vec<PersonRow>, Refusal> {
        Ok(self.store.people_by_lookup(site, &[(kind.to_owned(), hash)]).await?)
    }

    pub(super) fn new_person(
        &self,
        site: &SiteId,
        lookups: &[(String, [u8; 32])],
        described: &Description<'_>,
    ) -> Identified {
        let person_id = PersonId::fresh(&self.mint);
        let (key, wrapped_key) = self.vault.new_person_key(site, &person_id);
        let row = PersonRow {
            site_id: site.clone(),
            person_id,
            wrapped_key,
            consent_seq: 0,
            created_at: self.now(),
        };
        let mut writes = vec![Write::Person(row.clone())];
        writes.extend(lookups.iter().map(|(kind, hash)| self.lookup(site, kind, *hash, &row.person_id)));
        for (what, told) in described.facts() {
            let Some(told) = told else { continue };
            writes.extend(self.put_on_record(
                site,
                &format!("{what}-of:{}", row.person_id),
                told,
                &row.person_id,
            ));
        }
        Identified { row, key, is_new: true, doubt: None, writes, preconditions: Vec::new() }
    }

    pub(super) fn lookup(&self, site: &SiteId, kind: &str, hash: [u8; 32], person: &PersonId) -> Write {
        Write::Lookup(LookupRow {
            site_id: site.clone(),
            kind: kind.to_owned(),
            hash,
            key_id: i64::from(self.vault.key_id()),
            person_id: person.clone(),
        })
    }

    /// The person's open episode, or a new one.
    pub(super) async fn join_episode(
        &self,
        site: &SiteId,
        person: &Identified,
        writes: &mut WriteSet,
    ) -> Result<EpisodeId, Refusal> {
        // Asked for somebody new too: the time must not tell who is.
        if let Some(open) = self.store.open_episode(site, &person.row.person_id).await? {
            return Ok(open.episode_id);
        }
        let episode_id = EpisodeId::fresh(&self.mint);
        writes.push(Write::Episode(EpisodeRow {
            site_id: site.clone(),
            episode_id: episode_id.clone(),
            person_id: person.row.person_id.clone(),
            status: String::from("open"),
            opened_at: self.now(),
        }));
        Ok(episode_id)
    }

    /// The person's key, for opening what is stored about them.
    pub(super) async fn key_of(&self, site: &SiteId, person: &PersonId) -> Result<ContentKey, Refusal> {
        let row = self.store.person(site, person).await?.ok_or_else(Refusal::internal)?;
        Ok(self.vault.person_key(site, person, &row.wrapped_key)?)
    }

    /// The latest version of each of the person's consents, opened.
    pub(super) fn open_consents(&self, key: &ContentKey, rows: &[ConsentRow]) -> Consents {
        rows.iter()
            .map(|row| {
                self.vault
                    .unseal(key, &consent_label(&row.consent_id, row.version), &row.body)
                    .ok()
                    .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                    .and_then(|value| Consent::from_fhir(&value).ok())
                    .filter(|consent| consent.version == row.version && consent.recipient == row.recipient_id)
                    .ok_or_else(|| (row.consent_id.clone(), row.version))
            })
            .collect()
    }
}

pub(super) fn two_people() -> Refusal {
    Refusal::new(
        Refused::Unprocessable,
        "multiple-matches",
        "/person/nhs_number",
        "Your reference and the verified NHS number belong to two different people here. Check both; nothing was kept and \
         nobody was told.",
    )
}

pub(super) fn differs(what: &str) -> Refusal {
    Refusal::new(
        Refused::Unprocessable,
        "conflict",
        if what == "birth-date" { "/person/birth_date" } else { "/person/nhs_number" },
        "The person whom you told of by this reference or NHS number has a different value here. Check both; nothing was \
         kept and nobody was told.",
    )
}

/// The same for another agency, which can correct itself.
pub(super) fn said_otherwise(what: &str) -> Refusal {
    let mut refusal = differs(what);
    for issue in &mut refusal.issues {
        issue.diagnostics = String::from(
            "You told otherwise of this person before. Check the reference and the NHS number. To correct what you said, \
             send the referral in which you said it anew (reason `update`), or take it back as entered in error. Nothing \
             was kept and nobody was told.",
        );
    }
    refusal
}

/// The label under which a consent is sealed.
pub(super) fn consent_label(consent: &ConsentId, version: i64) -> String {
    format!("consent:{consent}:{version}")
}
