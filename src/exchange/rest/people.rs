//! `patient:identifier`: the person whom a caller may mean by an identifier that it may know.

use super::{asked::Asked, kinds::PATIENT};
use crate::{
    exchange::{
        Exchange, ask_again::is_over, caller::Caller, people::NUMBER, refusal::Refusal, respond::may_see,
        rows::ReferralRow,
    },
    ids::PersonId,
    limits::SEARCH_SCAN_MAX,
    mapping::fhir_rest::{NHS_NUMBER, PERSON_ID, PERSON_REFERENCE},
};

impl Exchange {
    /// The people that are asked for, when people are asked for. An identifier that the caller may not know finds
    /// nobody, exactly as one that does not exist.
    pub(super) async fn people_asked_for(
        &self,
        caller: &Caller,
        asked: &Asked,
    ) -> Result<Option<Vec<PersonId>>, Refusal> {
        let mut people: Option<Vec<PersonId>> = None;
        for filter in asked.filters_on(PATIENT) {
            let mut found = Vec::new();
            for value in &filter.values {
                found.extend(self.person_meant(caller, value).await?);
            }
            people = Some(match people {
                None => found,
                Some(before) => before.into_iter().filter(|person| found.contains(person)).collect(),
            });
        }
        Ok(people)
    }

    pub(super) async fn person_meant(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<Option<PersonId>, Refusal> {
        let site = &caller.site_id;
        let is_service = caller.is_service();
        Ok(match token.split_once('|') {
            Some((PERSON_REFERENCE, value)) => {
                self.store.person_by_reference(site, &caller.partner_id, value).await?
            }
            Some((PERSON_ID, value)) if is_service => match PersonId::parse(value) {
                Some(id) => self.store.person(site, &id).await?.map(|person| person.person_id),
                None => None,
            },
            Some((NHS_NUMBER, number)) => {
                let hash = self.vault.lookup_hash(site, NUMBER, number);
                let found = self.found_by(site, NUMBER, hash).await?.pop().map(|person| person.person_id);
                if is_service {
                    return Ok(found);
                }
                // A number that nobody here has takes the same way through the store as that of somebody whom the caller
                // was never sent: the time must not tell.
                let asked_about = found.clone().unwrap_or_else(|| PersonId::fresh(&self.mint));
                let knows = self.knows_number(caller, &asked_about, number).await?;
                found.filter(|_| knows)
            }
            _ => None,
        })
    }

    /// Whether this person's NHS number was sent to the caller, in something that still stands.
    async fn knows_number(&self, caller: &Caller, person: &PersonId, number: &str) -> Result<bool, Refusal> {
        for row in self.store.referrals_to(&caller.site_id, person, &caller.partner_id).await? {
            if may_see(caller, &row) && !is_over(row.state) && self.was_sent_number(&row, number).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The referrals about these people that the caller may see.
    pub(super) async fn referrals_about_people(
        &self,
        caller: &Caller,
        people: &[PersonId],
    ) -> Result<Vec<ReferralRow>, Refusal> {
        let mut rows = Vec::new();
        for person in people {
            rows.extend(self.store.referrals_about(&caller.site_id, person, SEARCH_SCAN_MAX).await?);
        }
        rows.retain(|row| may_see(caller, row));
        Ok(rows)
    }
}
