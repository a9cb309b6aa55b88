//! What the person said in an assessment, recorded: for each recipient one consent with its versions.

use serde_json::{Value, json};

use super::{
    Exchange,
    caller::Caller,
    people::{Consents, Identified, consent_label},
    ports::{Write, WriteSet},
    refusal::{Issue, Refusal, Refused},
    rows::ConsentRow,
};
use crate::{
    assessment::{AssessedConsent, Assessment},
    audit::Kind,
    clock::Moment,
    consent::{Consent, ConsentDecision, ConsentStatus},
    ids::{ConsentId, PartnerId},
    limits,
};

/// What an assessment's statements come to.
pub(super) struct Recorded {
    /// The person's consents as they will stand.
    pub(super) consents: Consents,
    /// Which were recorded or stand already, for the answer.
    pub(super) shown: Vec<Value>,
    /// Agreements that became refusals: what rests on them is taken back.
    pub(super) turned: Vec<(ConsentId, PartnerId)>,
    /// The agencies of which something new was said.
    pub(super) agencies: Vec<PartnerId>,
}

impl Exchange {
    /// Records what the person said, for each recipient one thread of versions. A statement that is older than
    /// the one on record changes nothing; of two of the same moment, the one that lets less out stands.
    pub(super) async fn record_consents(
        &self,
        caller: &Caller,
        assessment: &Assessment,
        person: &Identified,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<Recorded, Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let rows = if person.is_new {
            Vec::new()
        } else {
            self.store.consents_of(site, &person.row.person_id).await?
        };
        let mut known = self.open_consents(&person.key, &rows);
        let (mut shown, mut turned, mut agencies) = (Vec::new(), Vec::new(), Vec::new());
        for (place, said) in assessment.consents().into_iter().enumerate() {
            let at =
                known.iter().position(|c| c.as_ref().is_ok_and(|c| c.recipient.as_str() == said.recipient));
            let on_record = at.and_then(|at| known.get(at)).and_then(|c| c.as_ref().ok());
            let id = on_record.map_or_else(|| ConsentId::fresh(&self.mint), |c| c.id.clone());
            let version = on_record.map_or(1, |c| c.version + 1);
            let consent = consent_from(said, id, version, person, now, place)?;
            match on_record.map(|earlier| compare(earlier, last_word(&rows, earlier), &consent)) {
                Some(Compared::Same) => {
                    // Nothing new is recorded, and the sender learns what to take back when the person asks for it.
                    shown.push(json!({"consent_id": consent.id, "recipient": consent.recipient}));
                    continue;
                }
                Some(Compared::Older) => {
                    warnings.push(Issue::new(
                        "business-rule",
                        format!("/consents/{place}"),
                        "A later statement by the person is on record for this recipient; this one changes \
                         nothing.",
                    ));
                    continue;
                }
                Some(Compared::Newer) | None => {}
            }
            let agreed_before = on_record.is_some_and(|earlier| earlier.decision == ConsentDecision::Permit);
            if agreed_before && consent.decision == ConsentDecision::Deny {
                turned.push((consent.id.clone(), consent.recipient.clone()));
            }
            shown.push(json!({"consent_id": consent.id, "recipient": consent.recipient}));
            agencies.push(consent.recipient.clone());
            writes.extend(self.consent_writes(caller, person, &consent));
            match at.and_then(|at| known.get_mut(at)) {
                Some(slot) => *slot = Ok(consent),
                None => known.push(Ok(consent)),
            }
        }
        Ok(Recorded { consents: known, shown, turned, agencies })
    }

    pub(super) fn consent_writes(
        &self,
        caller: &Caller,
        person: &Identified,
        consent: &Consent,
    ) -> [Write; 2] {
        let (site, now) = (&caller.site_id, self.now());
        let body = consent.to_fhir().to_string();
        let row = ConsentRow {
            site_id: site.clone(),
            consent_id: consent.id.clone(),
            version: consent.version,
            person_id: person.row.person_id.clone(),
            recipient_id: consent.recipient.clone(),
            status: String::from("active"),
            recorded_by: caller.partner_id.to_string(),
            recorded_at: now,
            body: self.vault.seal(&person.key, &consent_label(&consent.id, consent.version), body.as_bytes()),
        };
        let note = self
            .note(site, now, Kind::ConsentRecorded, caller.partner_id.as_str())
            .about("consent", &consent.id)
            .fact("version", &consent.version)
            .person(&person.row.person_id)
            .partner(&consent.recipient);
        [Write::Consent(row), note.write()]
    }
}

/// How a statement stands to the one on record for the same recipient.
pub(super) enum Compared {
    Newer,
    Same,
    Older,
}

/// When the person last spoke of this recipient: the statement, or its withdrawal.
pub(super) fn last_word(rows: &[ConsentRow], on_record: &Consent) -> Moment {
    rows.iter()
        .find(|row| row.consent_id == on_record.id && row.status != "active")
        .map_or(on_record.valid_from, |row| row.recorded_at)
}

pub(super) fn compare(earlier: &Consent, spoken: Moment, said: &Consent) -> Compared {
    let same_terms = earlier.status == said.status
        && earlier.decision == said.decision
        && earlier.valid_to == said.valid_to
        && earlier.had_capacity == said.had_capacity
        && earlier.capture == said.capture
        && earlier.excluded == said.excluded
        && earlier.specific == said.specific;
    match said.valid_from.cmp(&spoken) {
        std::cmp::Ordering::Greater => Compared::Newer,
        std::cmp::Ordering::Equal if same_terms => Compared::Same,
        std::cmp::Ordering::Equal if said.decision == ConsentDecision::Deny => Compared::Newer,
        std::cmp::Ordering::Equal | std::cmp::Ordering::Less => Compared::Older,
    }
}

fn consent_from(
    said: AssessedConsent,
    id: ConsentId,
    version: i64,
    person: &Identified,
    now: Moment,
    place: usize,
) -> Result<Consent, Refusal> {
    let wrong = |field: &str, text: &str| {
        Refusal::new(Refused::Unprocessable, "value", format!("/consents/{place}/{field}"), text)
    };
    let recorded_at = Moment::from_rfc3339(&said.recorded_at)
        .ok_or_else(|| wrong("recorded_at", "A date-time with an offset is needed here."))?;
    if recorded_at > now.plus_seconds(limits::CLOCK_AHEAD_SECONDS) {
        return Err(wrong("recorded_at", "This lies in the future: a consent is recorded when it is given."));
    }
    if said.excludes.iter().any(|block| block == "own-consent") {
        return Err(wrong("excludes", "What the person agreed to always goes with what is sent under it."));
    }
    let valid_to = said
        .valid_to()
        .ok_or_else(|| wrong("valid_until", "A date, or a date-time with an offset, is needed here."))?;
    let recipient = PartnerId::parse(&said.recipient)
        .ok_or_else(|| wrong("recipient", "An agency's id of your directory is needed here."))?;
    Ok(Consent {
        id,
        version,
        person: person.row.person_id.clone(),
        recipient,
        status: ConsentStatus::Active,
        decision: if said.agreed { ConsentDecision::Permit } else { ConsentDecision::Deny },
        // A sender's clock may be a little ahead of ours: the consent holds from now, not from then.
        valid_from: recorded_at.min(now),
        valid_to,
        excluded: said.excludes,
        specific: if said.agreed { said.specific } else { Vec::new() },
        had_capacity: said.capture.has_capacity(),
        captured_by: said.captured_by,
        how: said.how,
        capture: said.capture,
    })
}
