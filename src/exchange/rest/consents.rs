//! Consents: whole for the service that holds them, its own part for a recipient to whom something was sent under one.

use async_trait::async_trait;
use serde_json::Value;

use super::{
    asked::Asked,
    kinds::{Kind, PATIENT},
    page::Place,
    search::Page,
    shown::{Look, Shown},
    walk::{self, Key, Ordered, Stored},
};
use crate::{
    consent::Consent,
    exchange::{
        Exchange,
        browse::ConsentPage,
        caller::Caller,
        people::consent_label,
        ports::Precondition,
        refusal::Refusal,
        respond::may_see,
        rows::{ConsentRow, ReferralRow},
        sought::Sought,
    },
    ids::{ConsentId, PersonId},
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
        if earlier && !caller.is_service() && shown.resource.get("status") != Some(&Value::from("active")) {
            return Err(Refusal::not_found());
        }
        Ok(shown)
    }

    /// A page of consents, in the order in which they last changed.
    pub(super) async fn search_consents(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let mut page = Page::new(asked.count);
        let mut consents = Consents { exchange: self, caller, asked };
        match self.consents_named(caller, asked).await? {
            Some(rows) => walk::few(&mut consents, rows, place, &mut page).await?,
            None => walk::through(&mut consents, place, &mut page).await?,
        }
        Ok(page)
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
                rows.extend(Refusal::unless_missing(self.consent_seen(caller, id).await)?);
            }
            rows.retain(|row| people.as_ref().is_none_or(|people| people.contains(&row.person_id)));
            return Ok(Some(rows));
        }
        let Some(people) = people else { return Ok(None) };
        for person in people {
            let of_person = self.store.consents_of(&caller.site_id, &person).await?;
            if self.may_see_consents(caller, &person).await? {
                let is_about =
                    |row: &ConsentRow| caller.is_service() || row.recipient_id == caller.partner_id;
                rows.extend(of_person.into_iter().filter(is_about));
            }
        }
        Ok(Some(rows))
    }

    /// The consent that the caller may see; a look at another's leaves an entry.
    pub(super) async fn consent_seen(&self, caller: &Caller, id: &str) -> Result<ConsentRow, Refusal> {
        let id = ConsentId::parse(id).ok_or_else(Refusal::not_found)?;
        let row = if caller.is_service() {
            self.store.consent(&caller.site_id, &id).await?
        } else {
            self.store.consent_for(&caller.site_id, &id, &caller.partner_id).await?
        };
        match row {
            Some(row) if self.may_see_consents(caller, &row.person_id).await? => Ok(row),
            _ => Err(self.not_for(caller, "Consent", Sought::Consent(id))),
        }
    }

    /// The service holds every consent. A recipient knows of a person's about itself once something was sent to it under
    /// one: not of one that was refused, and not of one that an override passed over. `store` asks the same of what it lists.
    async fn may_see_consents(&self, caller: &Caller, person: &PersonId) -> Result<bool, Refusal> {
        if caller.is_service() {
            return Ok(true);
        }
        let sent = self.store.referrals_to(&caller.site_id, person, &caller.partner_id).await?;
        let tells = |row: &ReferralRow| {
            row.disclosure_id.is_some() && row.review_due_at.is_none() && may_see(caller, row)
        };
        Ok(sent.iter().any(tells))
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
        let resource = if caller.is_service() {
            fhir_rest::consent_whole(&stored, version, at, &named)
        } else {
            // What cannot be read permits nothing.
            let permits = Consent::from_fhir(&stored).is_ok_and(|consent| consent.may_permit());
            fhir_rest::consent_part(&stored, version, at, &named, caller.partner_id.as_str(), permits)
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

/// Consents by when they last changed: all of the site's for the service, and for a recipient those about it that something
/// was sent to it under. What it may not see is never gone through, so that not even the end of a page tells of it.
struct Consents<'a> {
    exchange: &'a Exchange,
    caller: &'a Caller,
    asked: &'a Asked,
}

#[async_trait]
impl Ordered for Consents<'_> {
    type Row = ConsentRow;

    fn is_backwards(&self) -> bool {
        self.asked.backwards
    }

    fn key(&self, row: &ConsentRow) -> Key {
        (row.recorded_at, row.consent_id.to_string())
    }

    async fn put(&mut self, row: ConsentRow, page: &mut Page) -> Result<bool, Refusal> {
        let shown = self.exchange.show_consent(self.caller, self.asked.kind, &row, Look::Search).await?;
        let (at, id) = self.key(&row);
        Ok(shown
            .filter(|shown| self.asked.fits(&shown.resource, PATIENT))
            .is_none_or(|shown| page.add(shown, Place::after(at, id))))
    }
}

#[async_trait]
impl Stored for Consents<'_> {
    async fn batch(&self, after: Option<Key>) -> Result<Vec<ConsentRow>, Refusal> {
        let (from, to) = self.asked.between(&["_lastUpdated"]);
        let question = ConsentPage {
            site_id: self.caller.site_id.clone(),
            told_to: (!self.caller.is_service()).then(|| self.caller.partner_id.clone()),
            backwards: self.asked.backwards,
            from,
            to,
            after,
            limit: limits::SEARCH_BATCH,
        };
        Ok(self.exchange.store.consents_in_time(&question).await?)
    }
}
