//! Audit entries as writes: they go into the same transaction as the thing that they tell of.

use super::{
    Exchange,
    ports::Write,
    rows::{AuditRow, MessageRow, ReferralRow, Sealed},
};
use crate::{
    audit::{Entry, Kind, hex, merkle::sha256},
    clock::Moment,
    ids::{EntryId, Mint, PartnerId, PersonId, ReferralId, SiteId},
};

/// An entry being written.
pub(super) struct Note {
    site_id: SiteId,
    at: Moment,
    kind: Kind,
    actor: String,
    about: Vec<(&'static str, String)>,
    facts: Vec<(&'static str, String)>,
    person_id: Option<PersonId>,
    referral_id: Option<ReferralId>,
    partner_id: Option<PartnerId>,
    content: Option<Sealed>,
    entry_id: EntryId,
}

impl Exchange {
    /// Begins an entry: `actor` is a partner's slug or `gateway`.
    pub(super) fn note(&self, site: &SiteId, at: Moment, kind: Kind, actor: &str) -> Note {
        Note::begin(&self.mint, site, at, kind, actor)
    }

    /// What stands in the log for bytes that came in. Keyed, because a short message could be guessed from a
    /// plain hash of it.
    pub(super) fn keyed_digest(&self, site: &SiteId, body: &[u8]) -> String {
        hex(&self.vault.lookup_hash(site, "body", &hex(&sha256(body))))
    }

    /// Begins an entry about a referral, with its person, its recipient and for whom that one passes it on.
    pub(super) fn note_on(&self, referral: &ReferralRow, at: Moment, kind: Kind, actor: &str) -> Note {
        let note = self
            .note(&referral.site_id, at, kind, actor)
            .referral(&referral.referral_id)
            .person(&referral.person_id)
            .partner(&referral.recipient_id);
        // Two agencies read what one passes on to the other: the log names both.
        match &referral.on_behalf_of {
            Some(reader) => note.about("on-behalf-of", reader),
            None => note,
        }
    }
}

impl Note {
    /// Begins an entry where there is no whole exchange: the command line has no keys.
    pub(super) fn begin(mint: &Mint, site: &SiteId, at: Moment, kind: Kind, actor: &str) -> Self {
        Self {
            site_id: site.clone(),
            at,
            kind,
            actor: actor.to_owned(),
            about: Vec::new(),
            facts: Vec::new(),
            person_id: None,
            referral_id: None,
            partner_id: None,
            content: None,
            entry_id: EntryId::fresh(mint),
        }
    }

    pub(super) fn referral(mut self, id: &ReferralId) -> Self {
        self.about.push(("referral", id.to_string()));
        self.referral_id = Some(id.clone());
        self
    }

    pub(super) fn person(mut self, id: &PersonId) -> Self {
        self.about.push(("person", id.to_string()));
        self.person_id = Some(id.clone());
        self
    }

    pub(super) fn partner(mut self, id: &PartnerId) -> Self {
        self.about.push(("partner", id.to_string()));
        self.partner_id = Some(id.clone());
        self
    }

    /// Names another of Keyway's own things that the entry is about.
    pub(super) fn about(mut self, what: &'static str, id: &(impl ToString + ?Sized)) -> Self {
        self.about.push((what, id.to_string()));
        self
    }

    /// Makes it the entry that tells of a message: it has the message's id, by which a receipt finds it.
    pub(super) fn of_message(mut self, message: &MessageRow) -> Self {
        if let Some(id) = EntryId::parse(message.message_id.as_str()) {
            self.entry_id = id;
        }
        self.about("message", &message.message_id)
    }

    /// Adds a fact in closed codes. Never content.
    pub(super) fn fact(mut self, name: &'static str, code: &(impl ToString + ?Sized)) -> Self {
        self.facts.push((name, code.to_string()));
        self
    }

    /// Hangs sealed content on the entry; only its hash stands in the leaf.
    pub(super) fn content(mut self, sealed: Sealed) -> Self {
        self.content = Some(sealed);
        self
    }

    pub(super) fn write(self) -> Write {
        let entry = Entry {
            entry_id: self.entry_id.clone(),
            site_id: self.site_id.clone(),
            at: self.at,
            kind: self.kind,
            actor: self.actor,
            about: self.about,
            facts: self.facts,
            content_sha256: self.content.as_ref().map(|c| sha256(&c.0)),
        };
        Write::Audit(AuditRow {
            site_id: self.site_id,
            entry_id: self.entry_id,
            at: self.at,
            kind: self.kind.as_str(),
            person_id: self.person_id,
            referral_id: self.referral_id,
            partner_id: self.partner_id,
            leaf: entry.leaf(),
            content: self.content,
        })
    }
}
