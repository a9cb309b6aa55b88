//! Who a message of another agency than the liaison and diversion service is about. Its sender learns nothing of what others
//! said: whom it told of itself is known by that alone, and somebody whom others told of is joined only by a verified NHS
//! number and a birth date that are both the same, and only for a sender of health, which may know the number, and not where
//! that number was kept back from it. Every way asks the store as often, whoever is known, but for cases of the sender's own.

use super::{
    Exchange,
    people::{Description, Identified, NUMBER, said_otherwise, two_people},
    ports::Write,
    refusal::Refusal,
    rows::PersonRow,
};
use crate::ids::{PartnerId, PersonId, SiteId};

impl Exchange {
    /// Finds or makes the person that `described` tells of, for a sender to whom nothing may show of whom others told.
    pub(super) async fn identify_of_another(
        &self,
        site: &SiteId,
        described: &Description<'_>,
    ) -> Result<Identified, Refusal> {
        let own = self.told_by_sender(site, described);
        let mut found = self.store.people_by_lookup(site, &own).await?;
        if found.len() > 1 {
            return Err(two_people());
        }
        let mut identified = match found.pop() {
            Some(row) => self.told_again(site, described, row).await?,
            None => self.told_first(site, described).await?,
        };
        let found_by_own = self.finds_from_now(site, &own, &identified.row.person_id).await?;
        identified.writes.extend(found_by_own);
        if let Some(other) = &identified.doubt {
            let note = self.to_be_checked(site, &identified.row.person_id, other, described.sender);
            identified.writes.push(note);
        }
        Ok(identified)
    }

    /// By what the sender's own people are found again.
    fn told_by_sender(&self, site: &SiteId, described: &Description<'_>) -> Vec<(String, [u8; 32])> {
        let by = |kind: String, value: &str| {
            let hash = self.vault.lookup_hash(site, &kind, value);
            (kind, hash)
        };
        let reference = by(format!("sender:{}", described.sender), described.reference);
        let number =
            described.nhs_number.map(|number| by(format!("nhs-number-from:{}", described.sender), number));
        [reference].into_iter().chain(number).collect()
    }

    /// Somebody whom the sender told of before: what it says now must be what it said then. What others said is not its
    /// to know; that it differs is for the service.
    async fn told_again(
        &self,
        site: &SiteId,
        described: &Description<'_>,
        row: PersonRow,
    ) -> Result<Identified, Refusal> {
        let (mut writes, mut doubt) = (Vec::new(), None);
        let finds = described.number_that_finds().is_some();
        let is_services = self.is_assessed(site, &row.person_id).await?;
        for (what, told) in described.facts() {
            let Some(told) = told else { continue };
            for (kind, by_sender) in [
                (format!("{what}-of:{}:{}", row.person_id, described.sender), true),
                (format!("{what}-of:{}", row.person_id), false),
            ] {
                match self.is_on_record(site, &kind, told).await? {
                    (true, false) if by_sender && !described.corrects => return Err(said_otherwise(what)),
                    (true, false) => {
                        doubt = Some(row.person_id.clone());
                        // Its own word, or what nobody but others like it ever said.
                        if by_sender || (described.corrects && !is_services) {
                            writes.extend(self.said_anew(site, &kind, told, &row.person_id));
                        }
                        if by_sender && what == NUMBER {
                            writes.push(forgotten(site, described.sender, &row.person_id));
                        }
                    }
                    (true, true) => {}
                    // What others find the person by is not set by whose number finds nobody.
                    (false, _) if !by_sender && what == NUMBER && !finds => {}
                    (false, _) => writes.extend(self.put_on_record(site, &kind, told, &row.person_id)),
                }
            }
        }
        if let Some(number) = described.nhs_number {
            let hash = self.vault.lookup_hash(site, NUMBER, number);
            match self.found_by(site, NUMBER, hash).await?.pop() {
                Some(holder) if holder.person_id != row.person_id => doubt = Some(holder.person_id),
                None if finds => writes.push(self.lookup(site, NUMBER, hash, &row.person_id)),
                _ => {}
            }
        }
        self.known(row, doubt, writes)
    }

    /// Somebody whom the sender never told of.
    async fn told_first(&self, site: &SiteId, described: &Description<'_>) -> Result<Identified, Refusal> {
        let finding = described.number_that_finds();
        let as_others_see = Description { nhs_number: finding, ..*described };
        let mut holder = None;
        let mut is_same = false;
        if let Some(number) = described.nhs_number {
            holder = self.found_by(site, NUMBER, self.vault.lookup_hash(site, NUMBER, number)).await?.pop();
            let asked_about =
                holder.as_ref().map_or_else(|| PersonId::fresh(&self.mint), |row| row.person_id.clone());
            let date = described.birth_date.unwrap_or("none");
            let (_, same_date) =
                self.is_on_record(site, &format!("birth-date-of:{asked_about}"), date).await?;
            let (_, same_number) =
                self.is_on_record(site, &format!("{NUMBER}-of:{asked_about}"), number).await?;
            // Somebody whom the sender knows by a pseudonym answers to a number only where it was sent that number: the
            // same pseudonym would say that the number is right.
            let mut was_sent = Vec::new();
            for case in self.store.referrals_to(site, &asked_about, described.sender).await? {
                if case.disclosure_id.is_some() {
                    was_sent.push(self.was_sent_number(&case, number).await?);
                }
            }
            is_same = same_date && same_number && (was_sent.is_empty() || was_sent.contains(&true));
        }
        let mut identified = match holder {
            Some(row) if is_same && finding.is_some() => self.known(row, None, Vec::new())?,
            Some(other) => {
                let doubt = Some(other.person_id);
                Identified { doubt, ..self.new_person(site, &[], &as_others_see) }
            }
            None => {
                let number = finding
                    .map(|number| (String::from(NUMBER), self.vault.lookup_hash(site, NUMBER, number)));
                self.new_person(site, &number.into_iter().collect::<Vec<_>>(), &as_others_see)
            }
        };
        let person = &identified.row.person_id;
        let facts = described.facts().into_iter().filter_map(|(what, told)| Some((what, told?)));
        let told = facts.map(|(what, told)| {
            self.put_on_record(site, &format!("{what}-of:{person}:{}", described.sender), told, person)
        });
        let told: Vec<Write> = told.flatten().collect();
        identified.writes.extend(told);
        Ok(identified)
    }
}

/// The person is not found any more by the number that the sender said.
fn forgotten(site: &SiteId, sender: &PartnerId, person: &PersonId) -> Write {
    Write::Forget(site.clone(), format!("{NUMBER}-from:{sender}"), None, person.clone())
}

/// What a sender said of somebody in a referral that was raised in error binds it no more.
pub(super) fn unsaid(site: &SiteId, sender: &PartnerId, person: &PersonId) -> Vec<Write> {
    let facts = ["birth-date", NUMBER].map(|what| {
        Write::Forget(site.clone(), format!("{what}-of:{person}:{sender}"), None, person.clone())
    });
    [forgotten(site, sender, person)].into_iter().chain(facts).collect()
}
