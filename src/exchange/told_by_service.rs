//! Who an assessment of the liaison and diversion service is about. What the service said itself binds it: one reference has
//! one birth date and one NHS number. What another agency once said does not: a slip of theirs must not keep the service
//! from somebody tonight. Where it does not fit, the service's person is held apart from theirs, has the number that the
//! service verified, and both are for a human to look at.

use super::{
    Exchange,
    people::{Description, Identified, NUMBER, differs, two_people},
    ports::{Precondition, Write},
    refusal::{Issue, Refusal},
    rows::PersonRow,
};
use crate::{
    audit::Kind,
    ids::{PartnerId, PersonId, SiteId},
    limits::SEARCH_SCAN_MAX,
};

impl Exchange {
    /// Finds or makes the person that the service tells of.
    pub(super) async fn identify_for_service(
        &self,
        site: &SiteId,
        described: &Description<'_>,
    ) -> Result<Identified, Refusal> {
        let kind = format!("sender:{}", described.sender);
        let reference = self.vault.lookup_hash(site, &kind, described.reference);
        let mut lookups = vec![(kind.clone(), reference)];
        let number = described.nhs_number.map(|number| self.vault.lookup_hash(site, NUMBER, number));
        let mut holder = None;
        if let Some(hash) = number {
            holder = self.found_by(site, NUMBER, hash).await?.pop();
            lookups.push((String::from(NUMBER), hash));
        }
        let own = self.found_by(site, &kind, reference).await?.pop();
        let mut apart = None;
        if let Some(other) =
            holder.take_if(|other| own.as_ref().is_none_or(|own| own.person_id != other.person_id))
        {
            let is_known = self.is_told_by_service(site, described.sender, &other.person_id).await?;
            match (&own, is_known) {
                (Some(_), true) => return Err(two_people()),
                (None, true) => holder = Some(other),
                (None, false) if self.all_fits(site, described, &other.person_id).await? => {
                    holder = Some(other);
                }
                (_, false) => apart = Some(other),
            }
        }
        let mut identified = match own.or(holder) {
            None => self.new_person(site, &lookups, described),
            Some(row) => {
                let mut known = self.told_again_by_service(site, described, row).await?;
                known.writes.extend(self.finds_from_now(site, &lookups, &known.row.person_id).await?);
                known
            }
        };
        let person = identified.row.person_id.clone();
        if let Some(told) = described.nhs_number {
            // That the service itself said it, whoever else did.
            let kind = format!("{NUMBER}-of:{person}:{}", described.sender);
            if let (false, _) = self.is_on_record(site, &kind, told).await? {
                identified.writes.extend(self.put_on_record(site, &kind, told, &person));
            }
        }
        if let Some(other) = apart
            && let Some(hash) = number
        {
            // An assessment about the other in between makes it the service's: decide again.
            let as_seen = Precondition::ConsentSeq(site.clone(), other.person_id.clone(), other.consent_seq);
            identified.preconditions.push(as_seen);
            let free = Write::Forget(site.clone(), String::from(NUMBER), Some(hash), other.person_id.clone());
            identified.writes.insert(0, free);
            if !identified.is_new {
                identified.writes.push(self.lookup(site, NUMBER, hash, &person));
            }
            identified.doubt = Some(other.person_id);
        }
        if let Some(other) = &identified.doubt {
            let note = self.to_be_checked(site, &person, other, described.sender);
            identified.writes.push(note);
        }
        Ok(identified)
    }

    /// The entry that asks the service to look at two people, or at one of whom different things were said.
    pub(super) fn to_be_checked(
        &self,
        site: &SiteId,
        person: &PersonId,
        other: &PersonId,
        sender: &PartnerId,
    ) -> Write {
        self.note(site, self.now(), Kind::Received, "gateway")
            .person(person)
            .about("other-person", other)
            .partner(sender)
            .fact("person", "to-be-checked")
            .write()
    }

    /// Somebody of whom the service told before, or who fits: what is known must be the same.
    async fn told_again_by_service(
        &self,
        site: &SiteId,
        described: &Description<'_>,
        row: PersonRow,
    ) -> Result<Identified, Refusal> {
        let mut writes = Vec::new();
        for (what, told) in described.facts() {
            let Some(told) = told else { continue };
            let kind = format!("{what}-of:{}", row.person_id);
            match self.is_on_record(site, &kind, told).await? {
                (true, false) => return Err(differs(what)),
                (true, true) => {}
                (false, _) => writes.extend(self.put_on_record(site, &kind, told, &row.person_id)),
            }
        }
        self.known(row, None, writes)
    }

    /// One fact about somebody in place of what was said before.
    pub(super) fn said_anew(
        &self,
        site: &SiteId,
        kind: &str,
        told: &str,
        person: &PersonId,
    ) -> impl Iterator<Item = Write> + use<> {
        let gone = Write::Forget(site.clone(), kind.to_owned(), None, person.clone());
        [gone].into_iter().chain(self.put_on_record(site, kind, told, person))
    }

    /// Whether the service itself told of somebody.
    pub(super) async fn is_told_by_service(
        &self,
        site: &SiteId,
        service: &PartnerId,
        person: &PersonId,
    ) -> Result<bool, Refusal> {
        let kind = format!("{NUMBER}-of:{person}:{service}");
        let (known, _) = self.is_on_record(site, &kind, "").await?;
        if known {
            return Ok(true);
        }
        self.is_assessed(site, person).await
    }

    /// Whether an assessment is about somebody.
    pub(super) async fn is_assessed(&self, site: &SiteId, person: &PersonId) -> Result<bool, Refusal> {
        let about = self.store.referrals_about(site, person, SEARCH_SCAN_MAX).await?;
        Ok(about.iter().any(|referral| referral.assessment_id.is_some()))
    }

    /// Whether nothing that is known of somebody is otherwise than described.
    async fn all_fits(
        &self,
        site: &SiteId,
        described: &Description<'_>,
        person: &PersonId,
    ) -> Result<bool, Refusal> {
        for (what, told) in described.facts() {
            let Some(told) = told else { continue };
            if let (true, false) = self.is_on_record(site, &format!("{what}-of:{person}"), told).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Identified {
    /// What the service is told where somebody else may be the same.
    pub(super) fn told_of_doubt(&self) -> Option<Issue> {
        self.doubt.as_ref().map(|_| {
            Issue::new(
                "business-rule",
                "/person",
                "Another agency told of somebody with this NHS number in other words: another birth date, or somebody whom \
                 you know by another number. Your word holds, and what you ask for is done. Compare both with the person; \
                 the agency corrects what it said by a message with reason `update`.",
            )
        })
    }
}
