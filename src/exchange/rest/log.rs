//! Provenance and `AuditEvent`: entries of the log, as far as they are the caller's to know.

use super::{
    asked::Asked,
    kinds::Kind,
    page::Place,
    search::Page,
    shown::{Look, Shown},
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
        rows::{ReferralRow, StoredEntry},
        sought::Sought,
    },
    fhir::search::{Comparator, Filter},
    ids::{EntryId, PartnerId},
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
        let entry = self.store.log_entry_for(&caller.site_id, &id, &caller.partner_id).await?;
        let entry = entry.ok_or_else(nothing)?;
        let referral = match &entry.referral_id {
            Some(id) => self.store.referral(&caller.site_id, id).await?.filter(|row| may_see(caller, row)),
            None => None,
        };
        let mut shown = self.show_entry_as(caller, kind, &entry, referral.as_ref()).ok_or_else(nothing)?;
        shown.writes.push(match &referral {
            Some(row) => self.looked(caller, row, kind, how),
            None => self.looked_at_log(caller, kind, how),
        });
        Ok(shown)
    }

    /// A page of entries, the latest first.
    pub(super) async fn search_log(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let mut page = Page::new(asked.count);
        if let Some(filter) = asked.filters_on("_id").next() {
            let mut ids = filter.values.clone();
            ids.sort();
            ids.dedup();
            for id in ids.iter().filter(|id| place.is_none_or(|place| **id > place.id)) {
                match self.find_logged(caller, asked.kind, id, None, Look::Search).await {
                    Ok(shown) if asked.fits(&shown.resource, "") => {
                        if !page.add(shown, Place::after(Moment(0), id.clone())) {
                            break;
                        }
                    }
                    Ok(_) => {}
                    Err(refusal) if refusal.class == Refused::NotFound => {}
                    Err(refusal) => return Err(refusal),
                }
            }
            return Ok(page);
        }
        if let Some(filter) = asked.filters_on("target").chain(asked.filters_on("entity")).next() {
            self.search_about(caller, asked, filter, place, &mut page).await?;
            return Ok(page);
        }
        if asked.kind.name == "Provenance" {
            let text = "Name the Task whose history you ask for: target=Task/{id}; or _id.";
            return Err(Refusal::new(Refused::BadRequest, "required", "target", text));
        }
        self.search_own_acts(caller, asked, place, &mut page).await?;
        Ok(page)
    }

    /// Entries about one referral after another that the search names.
    async fn search_about(
        &self,
        caller: &Caller,
        asked: &Asked,
        filter: &Filter,
        place: Option<&Place>,
        page: &mut Page,
    ) -> Result<(), Refusal> {
        let mut entries = Vec::new();
        for value in &filter.values {
            let id = value.rsplit('/').next().unwrap_or_default();
            match self.referral_seen(caller, asked.kind, id).await {
                Ok(row) => {
                    let about = self
                        .store
                        .audit_about(&row.site_id, &row.referral_id, limits::AUDIT_SHOWN_MAX)
                        .await?;
                    entries.extend(about.into_iter().map(|entry| (entry, row.clone())));
                }
                Err(refusal) if refusal.class == Refused::NotFound => {}
                Err(refusal) => return Err(refusal),
            }
        }
        entries.sort_by(|(a, _), (b, _)| (b.at, &b.entry_id).cmp(&(a.at, &a.entry_id)));
        let mut looked_at: Vec<ReferralRow> = Vec::new();
        for (entry, row) in entries {
            let key = (entry.at, entry.entry_id.to_string());
            if place.is_some_and(|place| key >= place.key()) {
                continue;
            }
            let Some(mut shown) = self.show_entry_as(caller, asked.kind, &entry, Some(&row)) else {
                continue;
            };
            if !asked.fits(&shown.resource, "") {
                continue;
            }
            // One entry tells of a look at a whole page about a referral.
            if !page.is_full() && !looked_at.iter().any(|seen| seen.referral_id == row.referral_id) {
                shown.writes.push(self.looked(caller, &row, asked.kind, Look::Search));
                looked_at.push(row);
            }
            if !page.add(shown, Place::after(key.0, key.1)) {
                break;
            }
        }
        Ok(())
    }

    async fn search_own_acts(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
        page: &mut Page,
    ) -> Result<(), Refusal> {
        let mut question = EntryPage {
            site_id: caller.site_id.clone(),
            actor: caller.partner_id.clone(),
            from: Moment(i64::MIN),
            to: Moment(i64::MAX),
            after: place.map(Place::key),
            limit: limits::SEARCH_BATCH,
        };
        for filter in asked.filters_on("date") {
            let [(comparator, period)] = filter.dates.as_slice() else { continue };
            if matches!(comparator, Comparator::Equal | Comparator::AtLeast | Comparator::After) {
                question.from = question.from.max(Moment(period.start.0.saturating_sub(1_000)));
            }
            if matches!(comparator, Comparator::Equal | Comparator::AtMost | Comparator::Before) {
                question.to = question.to.min(Moment(period.end.0.saturating_add(1_000)));
            }
        }
        let mut scanned = 0;
        loop {
            let entries = self.store.log_entries_by(&question).await?;
            let whole = entries.len() < limits::SEARCH_BATCH;
            scanned += entries.len();
            let Some(last) = entries.last().map(|entry| (entry.at, entry.entry_id.to_string())) else {
                return Ok(());
            };
            for entry in entries {
                let Some(shown) = self.show_entry_as(caller, asked.kind, &entry, None) else { continue };
                let end = Place::after(entry.at, entry.entry_id.to_string());
                if asked.fits(&shown.resource, "") && !page.add(shown, end) {
                    return Ok(());
                }
            }
            if whole {
                return Ok(());
            }
            if scanned >= limits::SEARCH_SCAN_MAX {
                page.next = Some(Place::after(last.0, last.1));
                return Ok(());
            }
            question.after = Some(last);
        }
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
        let was_refused = entry.kind == Entry::AccessRefused.as_str() && entry.referral_id.is_some();
        let own = leaf.actor == caller.partner_id.as_str() && !was_refused;
        let sent = referral.is_some_and(|row| row.sender_id == caller.partner_id);
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
                referral: entry.referral_id.as_ref().map(crate::ids::ReferralId::as_str),
                person: person.as_ref(),
                consent: leaf.id_of("consent").filter(|_| sent || own),
                facts: &facts,
            })
        };
        Some(Shown::new(kind, id, 1, Some(at), resource))
    }
}
