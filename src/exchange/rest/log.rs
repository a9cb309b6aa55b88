//! Provenance and `AuditEvent`: entries of the log, as far as they are the caller's to know.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{
    asked::Asked,
    kinds::Kind,
    page::Place,
    search::Page,
    shown::{Look, Shown},
    walk::{self, Key, Ordered, Stored},
};
use crate::{
    audit::{Kind as Entry, Leaf},
    clock::Moment,
    exchange::{
        Exchange,
        browse::EntryPage,
        caller::Caller,
        refusal::{Refusal, Refused},
        respond::may_see,
        rows::{ConsentRow, ReferralRow, StoredEntry},
        sought::Sought,
    },
    fhir::search::Filter,
    ids::{EntryId, PartnerId, ReferralId},
    limits,
    mapping::fhir_rest::{self, Act, Logged},
};

/// The kinds of entry that tell what was done to a referral.
const ACTS: [&str; 4] = ["disclosed", "moved", "recalled", "recall-answered"];
/// Facts that say no more than the referral itself shows to both of its sides.
const PLAIN_FACTS: [&str; 6] = ["action", "state", "what", "interaction", "part", "answer"];

impl Exchange {
    pub(super) async fn find_logged(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        version: Option<i64>,
        how: Look,
    ) -> Result<Shown, Refusal> {
        let id = EntryId::parse(id).filter(|_| version.is_none_or(|version| version == 1));
        let id = id.ok_or_else(Refusal::not_found)?;
        let nothing = || self.not_for(caller, kind.name, Sought::Entry(id.clone()));
        // The service may see entries about consents, which are nobody's by their columns.
        let entry = if caller.is_service() {
            self.store.log_entry(&caller.site_id, &id).await?
        } else {
            self.store.log_entry_for(&caller.site_id, &id, &caller.partner_id).await?
        };
        let entry = entry.ok_or_else(nothing)?;
        let referral = self.referral_of_entry(caller, &entry).await?;
        let mut shown = self.show_entry_as(caller, kind, &entry, referral.as_ref()).ok_or_else(nothing)?;
        shown.writes.push(match &referral {
            Some(row) => self.looked(caller, row, kind, how),
            None => self.looked_at_log(caller, kind, how),
        });
        Ok(shown)
    }

    /// The referral that an entry is about, when the caller may see it.
    async fn referral_of_entry(
        &self,
        caller: &Caller,
        entry: &StoredEntry,
    ) -> Result<Option<ReferralRow>, Refusal> {
        let Some(id) = &entry.referral_id else { return Ok(None) };
        Ok(self.store.referral(&caller.site_id, id).await?.filter(|row| may_see(caller, row)))
    }

    /// A page of entries, in the order of time.
    pub(super) async fn search_log(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let mut page = Page::new(asked.count);
        let mut entries = Entries { exchange: self, caller, asked, looked_at: BTreeSet::new() };
        if let Some(filter) = asked.filters_on("_id").next() {
            let mut shown = Vec::new();
            for id in &filter.values {
                let found = self.find_logged(caller, asked.kind, id, None, Look::Search).await;
                shown.extend(Refusal::unless_missing(found)?.map(|one| Found::Shown(Box::new(one))));
            }
            walk::few(&mut entries, shown, place, &mut page).await?;
        } else if let Some(filter) = asked.filters_on("target").chain(asked.filters_on("entity")).next() {
            let about = self.entries_about(caller, asked, filter).await?;
            walk::few(&mut entries, about, place, &mut page).await?;
        } else if asked.kind.name == "Provenance" {
            let text = "Name the Task whose history you ask for: target=Task/{id}; or _id.";
            return Err(Refusal::new(Refused::BadRequest, "required", "target", text));
        } else {
            walk::through(&mut entries, place, &mut page).await?;
        }
        Ok(page)
    }

    /// The entries about the referrals and consents that the search names, of each the latest.
    async fn entries_about(
        &self,
        caller: &Caller,
        asked: &Asked,
        filter: &Filter,
    ) -> Result<Vec<Found>, Refusal> {
        let mut entries = Vec::new();
        for value in &filter.values {
            let id = value.rsplit('/').next().unwrap_or_default();
            let (about, subject) = if value.starts_with("Consent/") {
                let Some(row) = Refusal::unless_missing(self.consent_seen(caller, id).await)? else {
                    continue;
                };
                (self.store.log_entries_about(&row, limits::AUDIT_SHOWN_MAX).await?, Subject::Consent(row))
            } else {
                let looked = self.referral_seen(caller, asked.kind, id).await;
                let Some(row) = Refusal::unless_missing(looked)? else { continue };
                let about =
                    self.store.audit_about(&row.site_id, &row.referral_id, limits::AUDIT_SHOWN_MAX).await?;
                (about, Subject::Referral(Box::new(row)))
            };
            entries.extend(about.into_iter().map(|entry| Found::About(Box::new((entry, subject.clone())))));
        }
        Ok(entries)
    }

    /// An entry as the caller may see it; `referral` is the one that it is about, when the caller may see that. `None`:
    /// not the caller's to know.
    fn show_entry_as(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        entry: &StoredEntry,
        referral: Option<&ReferralRow>,
    ) -> Option<Shown> {
        let leaf = Leaf::read(&entry.leaf).ok()?;
        // What was refused to the caller tells it nothing, not even afterwards that there was something to refuse.
        let acted = leaf.actor == caller.partner_id.as_str();
        if acted && entry.kind == Entry::AccessRefused.as_str() {
            return None;
        }
        let holds = caller.is_service() && entry.referral_id.is_none() && leaf.id_of("consent").is_some();
        let (own, sent) = (acted, holds || referral.is_some_and(|row| row.sender_id == caller.partner_id));
        let by = (leaf.actor != "gateway" && PartnerId::parse(&leaf.actor).is_some())
            .then_some(leaf.actor.as_str());
        let (id, at) = (entry.entry_id.as_str(), entry.at);
        let resource = if kind.name == "Provenance" {
            let row = referral.filter(|_| ACTS.contains(&entry.kind.as_str()))?;
            let activity = match leaf.fact("action") {
                Some(action) => ("referral-action", action),
                // What is no action is told as the log has it.
                None => ("audit-kind", entry.kind.as_str()),
            };
            fhir_rest::provenance(&Act { id, at, referral: row.referral_id.as_str(), activity, by })
        } else {
            if !own && !sent {
                return None;
            }
            let person = entry.person_id.as_ref().map(|p| self.person_for(caller, &entry.site_id, p));
            let facts: Vec<(String, String)> = leaf
                .facts
                .iter()
                .filter(|(name, _)| sent || PLAIN_FACTS.contains(&name.as_str()))
                .cloned()
                .collect();
            fhir_rest::audit_event(&Logged {
                id,
                at,
                kind: &entry.kind,
                by,
                referral: entry.referral_id.as_ref().map(ReferralId::as_str),
                person: person.as_ref(),
                consent: leaf.id_of("consent").filter(|_| sent || own),
                facts: &facts,
            })
        };
        Some(Shown::new(kind, id, 1, Some(at), resource))
    }
}

/// What the caller asked about, and may see.
#[derive(Clone)]
enum Subject {
    Referral(Box<ReferralRow>),
    Consent(ConsentRow),
}

impl Subject {
    fn id(&self) -> &str {
        match self {
            Self::Referral(row) => row.referral_id.as_str(),
            Self::Consent(row) => row.consent_id.as_str(),
        }
    }

    fn referral(&self) -> Option<&ReferralRow> {
        match self {
            Self::Referral(row) => Some(row),
            Self::Consent(_) => None,
        }
    }
}

/// A log entry on its way to a page.
enum Found {
    /// Of the caller's own acts.
    Own(Box<StoredEntry>),
    /// About what was asked about.
    About(Box<(StoredEntry, Subject)>),
    /// Asked for by its id.
    Shown(Box<Shown>),
}

/// Log entries by when they were made.
struct Entries<'a> {
    exchange: &'a Exchange,
    caller: &'a Caller,
    asked: &'a Asked,
    /// Of what a look stands on the page already: one entry tells of a look at a whole page about one.
    looked_at: BTreeSet<String>,
}

#[async_trait]
impl Ordered for Entries<'_> {
    type Row = Found;

    fn is_backwards(&self) -> bool {
        self.asked.backwards
    }

    fn key(&self, found: &Found) -> Key {
        match found {
            Found::Own(entry) => (entry.at, entry.entry_id.to_string()),
            Found::About(about) => (about.0.at, about.0.entry_id.to_string()),
            Found::Shown(shown) => (shown.at.unwrap_or(Moment(0)), shown.id.clone()),
        }
    }

    async fn put(&mut self, found: Found, page: &mut Page) -> Result<bool, Refusal> {
        let (kind, (at, id)) = (self.asked.kind, self.key(&found));
        let exchange = self.exchange;
        let (shown, subject) = match found {
            Found::Own(entry) => {
                // What was refused to others is shown by the referral that it is about.
                let referral = if entry.kind == Entry::AccessRefused.as_str() {
                    exchange.referral_of_entry(self.caller, &entry).await?
                } else {
                    None
                };
                (exchange.show_entry_as(self.caller, kind, &entry, referral.as_ref()), None)
            }
            Found::About(about) => {
                let (entry, subject) = *about;
                (exchange.show_entry_as(self.caller, kind, &entry, subject.referral()), Some(subject))
            }
            Found::Shown(shown) => (Some(*shown), None),
        };
        let Some(mut shown) = shown.filter(|shown| self.asked.fits(&shown.resource, "")) else {
            return Ok(true);
        };
        if let Some(subject) = subject
            && !page.is_full()
            && self.looked_at.insert(subject.id().to_owned())
        {
            shown.writes.push(match &subject {
                Subject::Referral(row) => exchange.looked(self.caller, row, kind, Look::Search),
                Subject::Consent(row) => exchange.looked_at_consent(self.caller, row, Look::Search),
            });
        }
        Ok(page.add(shown, Place::after(at, id)))
    }
}

#[async_trait]
impl Stored for Entries<'_> {
    async fn batch(&self, after: Option<Key>) -> Result<Vec<Found>, Refusal> {
        let (from, to) = self.asked.between(&["date", "_lastUpdated"]);
        let question = EntryPage {
            site_id: self.caller.site_id.clone(),
            actor: self.caller.partner_id.clone(),
            is_owner: self.caller.is_service(),
            backwards: self.asked.backwards,
            from,
            to,
            after,
            limit: limits::SEARCH_BATCH,
        };
        let entries = self.exchange.store.log_entries_by(&question).await?;
        Ok(entries.into_iter().map(|entry| Found::Own(Box::new(entry))).collect())
    }
}
