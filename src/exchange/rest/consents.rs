//! Consents: whole for the service that holds them, its own part for a recipient to whom something was sent under one.

use serde_json::Value;

use super::{
    asked::Asked,
    kinds::{Kind, PATIENT},
    page::Place,
    search::Page,
    shown::{Look, Shown},
};
use crate::{
    clock::Moment,
    directory::AgencyKind,
    exchange::{
        Exchange,
        browse::{By, ReferralPage, Side},
        caller::Caller,
        people::consent_label,
        ports::Precondition,
        refusal::{Refusal, Refused},
        respond::may_see,
        rows::{ConsentRow, ReferralRow},
        sought::Sought,
    },
    ids::ConsentId,
    limits,
    mapping::fhir_rest,
    vault::VaultError,
};

impl Exchange {
    pub(super) async fn find_consent(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        version: Option<i64>,
        how: Look,
    ) -> Result<Shown, Refusal> {
        let current = self.consent_seen(caller, id).await?;
        let id = current.consent_id.clone();
        let row = match version.filter(|version| *version != current.version) {
            None => current.clone(),
            Some(version) => {
                let row = self.store.consent_version(&caller.site_id, &id, version).await?;
                row.ok_or_else(Refusal::not_found)?
            }
        };
        let shown = self.show_consent(caller, kind, &row, how).await?.ok_or_else(Refusal::not_found)?;
        // What the person said before and after they agreed is not for a recipient to find out.
        let earlier = row.version != current.version;
        if earlier && !is_service(caller) && shown.resource.get("status") != Some(&Value::from("active")) {
            return Err(Refusal::not_found());
        }
        Ok(shown)
    }

    /// A page of consents, in the order of their ids.
    pub(super) async fn search_consents(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let mut page = Page::new(asked.count);
        let from = place.map(|place| place.id.clone()).unwrap_or_default();
        let few = self.consents_named(caller, asked).await?;
        if let Some(mut rows) = few {
            rows.sort_by(|a, b| a.consent_id.cmp(&b.consent_id));
            rows.retain(|row| row.consent_id.as_str() > from.as_str());
            self.fill_with_consents(caller, asked, rows, &mut page).await?;
            return Ok(page);
        }
        if !is_service(caller) {
            self.own_parts(caller, asked, place, &mut page).await?;
            return Ok(page);
        }
        let (mut after, mut scanned) = (from, 0);
        loop {
            let rows = self.store.consents_after(&caller.site_id, &after, limits::SEARCH_BATCH).await?;
            let Some(last) = rows.last().map(|row| row.consent_id.to_string()) else { return Ok(page) };
            let whole = rows.len() < limits::SEARCH_BATCH;
            scanned += rows.len();
            if !self.fill_with_consents(caller, asked, rows, &mut page).await? || whole {
                return Ok(page);
            }
            if scanned >= limits::SEARCH_SCAN_MAX {
                page.next = Some(Place::after(Moment(0), last));
                return Ok(page);
            }
            after = last;
        }
    }

    /// A recipient's own parts, found by what was sent to it: what it may not see is never gone through, so that not even
    /// the end of a page tells of it.
    async fn own_parts(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
        page: &mut Page,
    ) -> Result<(), Refusal> {
        let mut after = place.map(Place::key);
        let mut scanned = 0;
        loop {
            let question = ReferralPage {
                site_id: caller.site_id.clone(),
                partner_id: caller.partner_id.clone(),
                side: Side::Recipient,
                by: By::Creation,
                backwards: false,
                from: Moment(i64::MIN),
                to: Moment(i64::MAX),
                after: after.clone(),
                limit: limits::SEARCH_BATCH,
            };
            let rows = self.store.referrals_of(&question).await?;
            let Some(last) = rows.last().map(|row| (row.created_at, row.referral_id.to_string())) else {
                return Ok(());
            };
            let whole = rows.len() < limits::SEARCH_BATCH;
            scanned += rows.len();
            for row in rows {
                let end = Place::after(row.created_at, row.referral_id.to_string());
                if let Some(shown) = self.part_under(caller, asked, &row).await?
                    && !page.add(shown, end)
                {
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
            after = Some(last);
        }
    }

    /// The recipient's part of the consent under a referral; with the first referral under it only.
    async fn part_under(
        &self,
        caller: &Caller,
        asked: &Asked,
        row: &ReferralRow,
    ) -> Result<Option<Shown>, Refusal> {
        let all = self.store.referrals_to(&row.site_id, &row.person_id, &caller.partner_id).await?;
        let first = all.iter().find(|referral| tells_of_consent(caller, referral));
        if first.is_none_or(|first| first.referral_id != row.referral_id) {
            return Ok(None);
        }
        let consents = self.store.consents_of(&row.site_id, &row.person_id).await?;
        let Some(consent) = consents.iter().find(|consent| consent.recipient_id == caller.partner_id) else {
            return Ok(None);
        };
        let shown = self.show_consent(caller, asked.kind, consent, Look::Search).await?;
        Ok(shown.filter(|shown| asked.fits(&shown.resource, PATIENT)))
    }

    /// The consents that are asked for by id or by person, when they are.
    async fn consents_named(
        &self,
        caller: &Caller,
        asked: &Asked,
    ) -> Result<Option<Vec<ConsentRow>>, Refusal> {
        let people = self.people_asked_for(caller, asked).await?;
        let mut rows = Vec::new();
        if let Some(filter) = asked.filters_on("_id").next() {
            for id in &filter.values {
                match self.consent_seen(caller, id).await {
                    Ok(row) => rows.push(row),
                    Err(refusal) if refusal.class == Refused::NotFound => {}
                    Err(refusal) => return Err(refusal),
                }
            }
            rows.retain(|row| people.as_ref().is_none_or(|people| people.contains(&row.person_id)));
            return Ok(Some(rows));
        }
        let Some(people) = people else { return Ok(None) };
        for person in people {
            rows.extend(self.store.consents_of(&caller.site_id, &person).await?);
        }
        Ok(Some(rows))
    }

    async fn fill_with_consents(
        &self,
        caller: &Caller,
        asked: &Asked,
        rows: Vec<ConsentRow>,
        page: &mut Page,
    ) -> Result<bool, Refusal> {
        for row in rows {
            if !self.may_see_consent(caller, &row).await? {
                continue;
            }
            let Some(shown) = self.show_consent(caller, asked.kind, &row, Look::Search).await? else {
                continue;
            };
            if !asked.fits(&shown.resource, PATIENT) {
                continue;
            }
            let end = Place::after(Moment(0), row.consent_id.to_string());
            if !page.add(shown, end) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The consent that the caller may see; a look at another's leaves an entry.
    async fn consent_seen(&self, caller: &Caller, id: &str) -> Result<ConsentRow, Refusal> {
        let id = ConsentId::parse(id).ok_or_else(Refusal::not_found)?;
        let row = if is_service(caller) {
            self.store.consent(&caller.site_id, &id).await?
        } else {
            self.store.consent_for(&caller.site_id, &id, &caller.partner_id).await?
        };
        match row {
            Some(row) if self.may_see_consent(caller, &row).await? => Ok(row),
            _ => Err(self.not_for(caller, "Consent", Sought::Consent(id))),
        }
    }

    /// The service holds every consent. A recipient knows of its own once something was sent to it under it: not of one
    /// that was refused, and not of one that an override passed over.
    async fn may_see_consent(&self, caller: &Caller, row: &ConsentRow) -> Result<bool, Refusal> {
        if is_service(caller) {
            return Ok(true);
        }
        if row.recipient_id != caller.partner_id {
            return Ok(false);
        }
        let sent = self.store.referrals_to(&row.site_id, &row.person_id, &caller.partner_id).await?;
        Ok(sent.iter().any(|referral| tells_of_consent(caller, referral)))
    }

    /// A consent as the caller may see it; `None` when its person was erased.
    async fn show_consent(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        row: &ConsentRow,
        how: Look,
    ) -> Result<Option<Shown>, Refusal> {
        let person = self.store.person(&row.site_id, &row.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = match self.vault.person_key(&row.site_id, &row.person_id, &person.wrapped_key) {
            Ok(key) => key,
            Err(VaultError::Erased) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let stored = self.vault.unseal(&key, &consent_label(&row.consent_id, row.version), &row.body)?;
        let stored: Value = serde_json::from_slice(&stored).map_err(|_| Refusal::internal())?;
        let named = self.person_for(caller, &row.site_id, &row.person_id);
        let (version, at) = (row.version, row.recorded_at);
        let resource = if is_service(caller) {
            fhir_rest::consent_whole(&stored, version, at, &named)
        } else {
            fhir_rest::consent_part(&stored, version, at, &named, caller.partner_id.as_str())
        };
        let mut shown = Shown::new(kind, row.consent_id.as_str(), version, Some(at), resource);
        shown.writes.push(self.looked_at_consent(caller, row, how));
        shown.preconditions.push(Precondition::ConsentSeq(
            row.site_id.clone(),
            row.person_id.clone(),
            person.consent_seq,
        ));
        Ok(Some(shown))
    }
}

/// Whether a referral tells its recipient that there is a consent.
fn tells_of_consent(caller: &Caller, referral: &ReferralRow) -> bool {
    referral.disclosure_id.is_some() && referral.review_due_at.is_none() && may_see(caller, referral)
}

fn is_service(caller: &Caller) -> bool {
    caller.kind == AgencyKind::LiaisonDiversion
}
