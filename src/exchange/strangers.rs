//! Who a message of another agency than the liaison and diversion service is about. Its sender learns nothing of what others
//! said: whom it told of itself is known by that alone, and somebody whom others told of is joined only by a verified NHS
//! number and a birth date that are both the same, and only for a sender of health, which may know the number. Every way asks
//! the store as often, whoever is known.

use super::{
    Exchange,
    people::{Description, Identified, differs, two_people},
    ports::Write,
    refusal::Refusal,
    rows::PersonRow,
};
use crate::{
    audit::Kind,
    ids::{PersonId, SiteId},
};

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
        for (kind, hash) in own {
            if self.store.people_by_lookup(site, &[(kind.clone(), hash)]).await?.is_empty() {
                identified.writes.push(self.lookup(site, &kind, hash, &identified.row.person_id));
            }
        }
        if let Some(other) = &identified.doubt {
            let now = self.now();
            identified.writes.push(
                self.note(site, now, Kind::Received, "gateway")
                    .person(&identified.row.person_id)
                    .about("other-person", other)
                    .partner(described.sender)
                    .fact("person", "to-be-checked")
                    .write(),
            );
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
        for (what, told) in facts(described) {
            let Some(told) = told else { continue };
            for (kind, by_sender) in [
                (format!("{what}-of:{}:{}", row.person_id, described.sender), true),
                (format!("{what}-of:{}", row.person_id), false),
            ] {
                let any = self.vault.lookup_hash(site, &kind, "");
                let this = self.vault.lookup_hash(site, &kind, told);
                let known = !self.store.people_by_lookup(site, &[(kind.clone(), any)]).await?.is_empty();
                let same = !self.store.people_by_lookup(site, &[(kind.clone(), this)]).await?.is_empty();
                match (known, same) {
                    (true, false) if by_sender => return Err(differs(what)),
                    (true, false) => doubt = Some(row.person_id.clone()),
                    (true, true) => {}
                    // What others find the person by is not set by whose number finds nobody.
                    (false, _) if !by_sender && what == NUMBER && !finds => {}
                    (false, _) => {
                        writes.extend([any, this].map(|hash| self.lookup(site, &kind, hash, &row.person_id)));
                    }
                }
            }
        }
        if let Some(number) = described.nhs_number {
            let hash = self.vault.lookup_hash(site, "nhs-number", number);
            match self.store.people_by_lookup(site, &[(String::from("nhs-number"), hash)]).await?.pop() {
                Some(holder) if holder.person_id != row.person_id => doubt = Some(holder.person_id),
                None if finds => writes.push(self.lookup(site, "nhs-number", hash, &row.person_id)),
                _ => {}
            }
        }
        let key = self.vault.person_key(site, &row.person_id, &row.wrapped_key)?;
        Ok(Identified { row, key, is_new: false, doubt, writes })
    }

    /// Somebody whom the sender never told of.
    async fn told_first(&self, site: &SiteId, described: &Description<'_>) -> Result<Identified, Refusal> {
        let finding = described.number_that_finds();
        let as_others_see = Description { nhs_number: finding, ..*described };
        let mut holder = None;
        let mut is_same = false;
        if let Some(number) = described.nhs_number {
            let hash = self.vault.lookup_hash(site, "nhs-number", number);
            holder = self.store.people_by_lookup(site, &[(String::from("nhs-number"), hash)]).await?.pop();
            let asked_about =
                holder.as_ref().map_or_else(|| PersonId::fresh(&self.mint), |row| row.person_id.clone());
            let kind = format!("birth-date-of:{asked_about}");
            let hash = self.vault.lookup_hash(site, &kind, described.birth_date.unwrap_or("none"));
            is_same = !self.store.people_by_lookup(site, &[(kind, hash)]).await?.is_empty();
        }
        let mut identified = match holder {
            Some(row) if is_same && finding.is_some() => {
                let key = self.vault.person_key(site, &row.person_id, &row.wrapped_key)?;
                Identified { row, key, is_new: false, doubt: None, writes: Vec::new() }
            }
            Some(other) => {
                let doubt = Some(other.person_id);
                Identified { doubt, ..self.new_person(site, &[], &as_others_see) }
            }
            None => {
                let number = finding.map(|number| {
                    (String::from("nhs-number"), self.vault.lookup_hash(site, "nhs-number", number))
                });
                self.new_person(site, &number.into_iter().collect::<Vec<_>>(), &as_others_see)
            }
        };
        let person = &identified.row.person_id;
        let facts = facts(described).into_iter().filter_map(|(what, told)| Some((what, told?)));
        let told: Vec<Write> = facts
            .flat_map(|(what, told)| {
                let kind = format!("{what}-of:{person}:{}", described.sender);
                ["", told].map(|value| {
                    let hash = self.vault.lookup_hash(site, &kind, value);
                    self.lookup(site, &kind, hash, person)
                })
            })
            .collect();
        identified.writes.extend(told);
        Ok(identified)
    }
}

/// The word for an NHS number among what must be the same.
const NUMBER: &str = "nhs-number";

/// What is said of a person that must be the same each time.
const fn facts<'d>(described: &Description<'d>) -> [(&'static str, Option<&'d str>); 2] {
    [("birth-date", described.birth_date), (NUMBER, described.nhs_number)]
}
