//! Gathers all that is held of a person.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Draft, Exemption, Held, Meaning, Source, ToldTo};
use crate::{
    audit::Kind,
    directory::Partner,
    exchange::{
        Exchange,
        ig::Officer,
        keeping::ports::SubjectAccessRow,
        people::consent_label,
        ports::{StoreError, Write},
        refusal::{Refusal, Refused},
        rows::ReferralRow,
        submit::assessment_label,
        words::note_label,
    },
    ids::{PersonId, SiteId, SubjectAccessId},
    limits::{OVERSIGHT_ROWS_MAX, RETENTION_DAYS, SUBJECT_ACCESS_FIELDS_MAX},
    minimise::escaped,
    vault::{ContentKey, VaultError},
};

/// The parts of an assessment that tell of the person alone, and are theirs to know without anybody's look. Of everything
/// else somebody looks at each field.
const OWN: [&str; 9] = [
    "/assessed_at",
    "/profile",
    "/local_reference",
    "/person/name",
    "/person/birth_date",
    "/person/nhs_number",
    "/person/address",
    "/person/reference",
    "/consents",
];
/// Parts that may do harm, or tell of an investigation.
const HARM: [&str; 15] = [
    "/clinical",
    "/risk",
    "/screening",
    "/trauma",
    "/bereavement",
    "/crisis",
    "/substance_use",
    "/learning_and_neurodiversity",
    "/vulnerabilities",
    "/safeguarding",
    "/capacity",
    "/fitness",
    "/treatment_requirement",
    "/treatment_requirements",
    "/young_person",
];
const CRIME: [&str; 5] = ["/offence", "/legal", "/pathway", "/person/identifiers", "/safeguarding"];

impl Exchange {
    /// Drafts what a person is told of themselves, and keeps the draft sealed.
    ///
    /// # Errors
    /// There is no such person, they were erased, there is more than one draft takes, or it cannot be put on record.
    pub async fn draft_subject_access(
        &self,
        site: &SiteId,
        officer: &Officer,
        person: &PersonId,
    ) -> Result<Draft, Refusal> {
        if self.store.person(site, person).await?.is_none() {
            return Err(self.asked_in_vain(site, officer, "subject-access", "person").await?);
        }
        let key = self.key_of(site, person).await?;
        let now = self.now();
        let partners = self.store.partners(site).await?;
        let name = |id: &str| {
            let known = partners.iter().find(|partner| partner.partner_id.as_str() == id);
            known.map_or_else(|| id.to_owned(), |partner| partner.name.clone())
        };
        let (mut held, mut sources) = (Vec::new(), Vec::new());
        for row in self.store.assessments_of(site, person, OVERSIGHT_ROWS_MAX).await? {
            let what = String::from("assessment");
            sources.push(Source {
                name: name(row.sender_id.as_str()),
                what,
                at: row.received_at.to_rfc3339(),
            });
            let label = assessment_label(&row.assessment_id);
            let opened = self.opened_or_purged(&key, &label, &row.body)?;
            add(&mut held, &format!("assessment/{}", row.assessment_id), opened, of_assessment);
        }
        for row in self.store.consents_of(site, person).await? {
            let opened =
                self.opened_or_purged(&key, &consent_label(&row.consent_id, row.version), &row.body)?;
            add(&mut held, &format!("consent/{}", row.consent_id), opened, |_| Vec::new());
        }
        for row in self.store.inbound_of(site, person, OVERSIGHT_ROWS_MAX).await? {
            sources.push(Source {
                name: name(row.partner_id.as_str()),
                what: row.kind.clone(),
                at: row.received_at.to_rfc3339(),
            });
            let opened = self.opened_or_purged(&key, &format!("inbound:{}", row.inbound_id), &row.body)?;
            add(&mut held, &format!("received/{}", row.inbound_id), opened, of_another);
        }
        let referrals = self.store.referrals_about(site, person, OVERSIGHT_ROWS_MAX).await?;
        let mut told_to = Vec::new();
        for row in &referrals {
            if let Some(note) = &row.receiver_note {
                let opened = self.opened_or_purged(&key, &note_label(&row.referral_id), note)?;
                add(&mut held, &format!("words/{}", row.referral_id), opened, of_another);
            }
            told_to.extend(self.told_to(row, &partners).await?);
        }
        if held.len() > SUBJECT_ACCESS_FIELDS_MAX {
            return Err(Refusal::new(
                Refused::Unprocessable,
                "too-costly",
                "--person",
                "More is held than one draft takes. Answer this request by hand, with the operator.",
            ));
        }
        let mut draft = Draft {
            request_id: SubjectAccessId::fresh(&self.mint),
            person_id: person.clone(),
            drafted_at: now.to_rfc3339(),
            held,
            told_to,
            sources,
            glossary: Vec::new(),
        };
        draft.glossary = glossary(&draft);
        let row = SubjectAccessRow {
            site_id: site.clone(),
            request_id: draft.request_id.clone(),
            person_id: person.clone(),
            drafted_at: now,
            released_at: None,
            version: 1,
            body: self.seal_draft(&key, &draft, 1)?,
        };
        let note = self
            .note(site, now, Kind::SubjectAccess, &officer.actor())
            .person(person)
            .about("subject-access", &draft.request_id)
            .fact("step", "drafted")
            .fact("fields", &draft.held.len())
            .fact("undecided", &draft.undecided());
        self.commit(vec![Write::SubjectAccess(row), note.write()], Vec::new()).await?;
        Ok(draft)
    }

    /// What was sealed, as JSON, or its text where it is none; `None` where it was purged.
    fn opened_or_purged(
        &self,
        key: &ContentKey,
        label: &str,
        sealed: &crate::exchange::rows::Sealed,
    ) -> Result<Option<Value>, Refusal> {
        match self.vault.unseal(key, label, sealed) {
            Ok(bytes) => {
                let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
                Ok(Some(serde_json::from_slice(&bytes).unwrap_or_else(|_| text())))
            }
            Err(VaultError::Erased) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn told_to(&self, row: &ReferralRow, partners: &[Partner]) -> Result<Option<ToldTo>, Refusal> {
        if row.disclosure_id.is_none() {
            return Ok(None);
        }
        let of = |id: &str| partners.iter().find(|partner| partner.partner_id.as_str() == id);
        let decision = match &row.decision_id {
            Some(id) => self.store.decision(&row.site_id, id).await?,
            None => None,
        };
        let agreements = self.store.agreements_known(&row.site_id, self.now()).await?;
        let used = decision.and_then(|decision| decision.agreement);
        let used = used.and_then(|(id, version)| {
            agreements.into_iter().find(|one| one.agreement_id == id && one.version == version)
        });
        let recipient = of(row.recipient_id.as_str()).ok_or(StoreError::Corrupt("partner"))?;
        let reader = row.on_behalf_of.as_ref().and_then(|id| of(id.as_str()));
        let record = used.as_ref().and_then(|agreement| agreement.record.as_ref());
        Ok(Some(ToldTo {
            name: recipient.name.clone(),
            kind: recipient.kind.as_str().to_owned(),
            passed_on_to: reader.map(|reader| reader.name.clone()),
            at: row.created_at.to_rfc3339(),
            purposes: used.as_ref().map(|agreement| agreement.purposes.clone()).unwrap_or_default(),
            kept_days: record.map_or(RETENTION_DAYS, |record| record.retention_days),
            state: row.state.as_str().to_owned(),
        }))
    }
}

/// Adds each leaf of what was opened.
fn add(held: &mut Vec<Held>, place: &str, opened: Option<Value>, may_be: fn(&str) -> Vec<Exemption>) {
    let Some(opened) = opened else { return };
    let mut open = vec![(String::new(), opened)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(fields) => {
                open.extend(
                    fields
                        .into_iter()
                        .rev()
                        .map(|(key, value)| (format!("{pointer}/{}", escaped(&key)), value)),
                );
            }
            Value::Array(items) => {
                let items = items.into_iter().enumerate().rev();
                open.extend(items.map(|(number, value)| (format!("{pointer}/{number}"), value)));
            }
            value => held.push(Held {
                field: format!("{place}#{pointer}"),
                may_be: may_be(&pointer),
                value,
                decided: None,
            }),
        }
    }
}

fn is_in(pointer: &str, parts: &[&str]) -> bool {
    parts
        .iter()
        .any(|part| pointer.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// What a field of an assessment may be. Where nothing is known of it, somebody looks whether it tells of another.
fn of_assessment(pointer: &str) -> Vec<Exemption> {
    if is_in(pointer, &OWN) {
        return Vec::new();
    }
    let mut may_be = vec![Exemption::ThirdParty];
    may_be.extend(is_in(pointer, &HARM).then_some(Exemption::SeriousHarm));
    may_be.extend(is_in(pointer, &CRIME).then_some(Exemption::Crime));
    may_be
}

/// What another wrote may be anything.
fn of_another(_: &str) -> Vec<Exemption> {
    vec![Exemption::ThirdParty, Exemption::SeriousHarm, Exemption::Crime]
}

/// The codes of a draft's own words.
fn glossary(draft: &Draft) -> Vec<Meaning> {
    let codes: BTreeSet<&str> = draft
        .told_to
        .iter()
        .flat_map(|told| {
            told.purposes.iter().map(String::as_str).chain([told.state.as_str(), told.kind.as_str()])
        })
        .collect();
    let meaning = |code: &str| MEANINGS.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning);
    codes
        .into_iter()
        .map(|code| Meaning {
            code: code.to_owned(),
            meaning: meaning(code).unwrap_or("Ask the service what this means.").to_owned(),
        })
        .collect()
}

/// Purposes, states and kinds of agency in plain words.
const MEANINGS: [(&str, &str); 27] = [
    ("TREAT", "To give you health care."),
    ("COORDINATION", "So that services can work together for you."),
    ("queued", "It is on its way."),
    ("delivered", "It arrived."),
    ("accepted", "They took it on."),
    ("waitlisted", "They took it on, and you are waiting for a place."),
    ("information-requested", "They asked for more before they decide."),
    ("scheduled", "There is an appointment."),
    ("in-progress", "They are working on it."),
    ("completed", "It is done."),
    ("rejected", "They did not take it on."),
    ("redirected", "They named a better place for it."),
    ("ended-early", "It ended before it was done."),
    ("withdrawn", "It was taken back."),
    ("failed", "It could not be delivered."),
    ("recalled", "They were told to stop using it."),
    ("issued", "It is on its way."),
    ("read", "They read it."),
    ("used", "They took it into account."),
    ("not-used", "They did not take it into account."),
    ("superseded", "A newer one took its place."),
    ("police", "The police."),
    ("court", "A court."),
    ("probation", "The probation service."),
    ("cmht", "A community mental health team."),
    ("housing", "A council's housing service."),
    ("social-care", "Social care."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_is_known_of_is_looked_at_by_somebody() {
        assert!(of_assessment("/person/name/family").is_empty());
        for pointer in ["/person/name_of_another", "/something_new", "/person/safe_contact/must_not_know/0"] {
            assert_eq!(of_assessment(pointer), [Exemption::ThirdParty], "{pointer}");
        }
        assert_eq!(of_assessment("/risk/formulation"), [Exemption::ThirdParty, Exemption::SeriousHarm]);
        assert_eq!(of_assessment("/offence/summary"), [Exemption::ThirdParty, Exemption::Crime]);
    }

    #[test]
    fn each_leaf_is_a_field_in_the_order_in_which_it_was_written() {
        let mut held = Vec::new();
        let value = serde_json::json!({"b": [1, {"c/d": "x"}], "a": null});
        add(&mut held, "p", Some(value), of_another);
        let fields: Vec<&str> = held.iter().map(|held| held.field.as_str()).collect();
        assert_eq!(fields, ["p#/b/0", "p#/b/1/c~1d", "p#/a"]);
    }
}
