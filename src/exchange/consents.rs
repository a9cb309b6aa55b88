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
    ids::ConsentId,
};

impl Exchange {
    /// Records what the person said, for each recipient one thread of versions. A statement that is older than
    /// the one on record changes nothing.
    pub(super) async fn record_consents(
        &self,
        caller: &Caller,
        assessment: &Assessment,
        person: &Identified,
        now: Moment,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<(Consents, Vec<Value>), Refusal> {
        let site = &caller.site_id;
        let rows = if person.is_new {
            Vec::new()
        } else {
            self.store.consents_of(site, &person.row.person_id).await?
        };
        let mut known = self.open_consents(&person.key, &rows);
        let mut recorded = Vec::new();
        for (place, said) in assessment.consents().into_iter().enumerate() {
            let at =
                known.iter().position(|c| c.as_ref().is_ok_and(|c| c.recipient.as_str() == said.recipient));
            let on_record = at.and_then(|at| known.get(at)).and_then(|c| c.as_ref().ok());
            let said_at = Moment::from_rfc3339(&said.recorded_at).unwrap_or(now);
            if let Some(earlier) = on_record
                && said_at < rows_moment(&rows, &earlier.id).unwrap_or(earlier.valid_from)
            {
                warnings.push(Issue::new(
                    "business-rule",
                    format!("/consents/{place}"),
                    "A later statement by the person is on record for this recipient; this one changes nothing.",
                ));
                continue;
            }
            let id = on_record.map_or_else(|| ConsentId::fresh(&self.mint), |c| c.id.clone());
            let version = on_record.map_or(1, |c| c.version + 1);
            let consent = consent_from(said, id, version, person, said_at, place)?;
            recorded.push(json!({"consent_id": consent.id, "recipient": consent.recipient}));
            let body = consent.to_fhir().to_string();
            writes.push(Write::Consent(ConsentRow {
                site_id: site.clone(),
                consent_id: consent.id.clone(),
                version,
                person_id: person.row.person_id.clone(),
                recipient_id: consent.recipient.clone(),
                status: String::from("active"),
                recorded_by: caller.partner_id.to_string(),
                recorded_at: now,
                body: self.vault.seal(&person.key, &consent_label(&consent.id, version), body.as_bytes()),
            }));
            writes.push(
                self.note(site, now, Kind::ConsentRecorded, caller.partner_id.as_str())
                    .about("consent", &consent.id)
                    .fact("version", &version)
                    .person(&person.row.person_id)
                    .partner(&consent.recipient)
                    .write(),
            );
            match at.and_then(|at| known.get_mut(at)) {
                Some(slot) => *slot = Ok(consent),
                None => known.push(Ok(consent)),
            }
        }
        if !recorded.is_empty() {
            writes.push(Write::ConsentSeqUp(site.clone(), person.row.person_id.clone()));
        }
        Ok((known, recorded))
    }
}

/// When the version on record was recorded (a withdrawal counts, not only the first statement).
fn rows_moment(rows: &[ConsentRow], id: &ConsentId) -> Option<Moment> {
    rows.iter().find(|r| r.consent_id == *id).filter(|r| r.status != "active").map(|r| r.recorded_at)
}

fn consent_from(
    said: AssessedConsent,
    id: ConsentId,
    version: i64,
    person: &Identified,
    said_at: Moment,
    place: usize,
) -> Result<Consent, Refusal> {
    let wrong = |field: &str, text: &str| {
        Refusal::new(Refused::Unprocessable, "value", format!("/consents/{place}/{field}"), text)
    };
    let valid_to = said
        .valid_to()
        .ok_or_else(|| wrong("valid_until", "A date, or a date-time with an offset, is needed here."))?;
    let recipient = crate::ids::PartnerId::parse(&said.recipient)
        .ok_or_else(|| wrong("recipient", "An agency's id of your directory is needed here."))?;
    Ok(Consent {
        id,
        version,
        person: person.row.person_id.clone(),
        recipient,
        status: ConsentStatus::Active,
        decision: if said.agreed { ConsentDecision::Permit } else { ConsentDecision::Deny },
        valid_from: said_at,
        valid_to,
        excluded: said.excludes,
        specific: said.specific,
        had_capacity: said.had_capacity,
        captured_by: said.captured_by,
        how: said.how,
    })
}
