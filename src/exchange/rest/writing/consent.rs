//! A Consent made (a later statement of the person about one recipient) or taken back. For the service only, which holds
//! consents; to others the kind cannot be written at all.

use serde_json::{Value, json};

use super::{
    HOW, Keeping, Terms, check_rest, check_version,
    kept::{OF_A_CHANGE, OF_WHAT_IS_MADE, check_kept, expression, same_moment},
    wrong,
};
use crate::{
    consent::{Consent, ConsentDecision, ConsentStatus},
    exchange::{
        DECIDE_TRIES, Exchange,
        caller::Caller,
        consents::{Compared, compare, last_word},
        less::SaidAnew,
        ports::{Precondition, Write},
        recall::Why,
        refusal::{Refusal, Refused},
        rest::kinds::Kind,
        withdraw::{Taken, TakingBack, put_in_place},
    },
    ids::{ConsentId, PersonId},
    limits,
    mapping::fhir_rest::{self, Person},
};

/// Longest text of who captured a consent, in characters.
const CAPTURED_BY_MAX: usize = 120;
/// What a statement may leave to the gateway.
const MAY_BE_LEFT_OUT: [&str; 5] = ["/id", "/meta", "/dateTime", "/performer", "/patient/type"];
/// What is told of a part that is not as it is in every Consent here.
const SHAPE: &str = "This is not in the shape in which consents are kept here: see docs/fhir-rest.md.";
/// How a consent can have been given.
const HOWS: [&str; 3] = ["oral", "written", "signed"];

impl Exchange {
    /// Records a statement; answers the consent's id, and 201. One that says what stands already changes nothing (200), and
    /// one that is older than what stands is refused. A refusal takes back what rested on the agreement before it, in the same
    /// commit.
    pub(super) async fn create_consent(
        &self,
        caller: &Caller,
        keeping: &Keeping<'_>,
        body: &Value,
    ) -> Result<(String, u16), Refusal> {
        let kind = keeping.kind;
        let person_id = self.person_of(caller, kind, body).await?;
        let site = &caller.site_id;
        for _ in 0..DECIDE_TRIES {
            let row = self.store.person(site, &person_id).await?.ok_or_else(Refusal::internal)?;
            let key = self.vault.person_key(site, &person_id, &row.wrapped_key)?;
            let rows = self.store.consents_of(site, &person_id).await?;
            let mut known = self.open_consents(&key, &rows);
            let draft = self.statement(kind, body, &person_id)?;
            let recipient = self.store.partner(site, &draft.recipient).await?.ok_or_else(|| {
                let text = "No agency with this id is in the directory of your site.";
                wrong("not-found", kind, "provision.provision[0].actor[0].reference", text)
            })?;
            let on_record = known.iter().flatten().find(|consent| consent.recipient == draft.recipient);
            let consent = Consent {
                id: on_record.map_or_else(|| ConsentId::fresh(&self.mint), |earlier| earlier.id.clone()),
                version: on_record.map_or(1, |earlier| earlier.version + 1),
                ..draft
            };
            match on_record.map(|earlier| compare(earlier, last_word(&rows, earlier), &consent)) {
                Some(Compared::Same) => {
                    let stands = on_record.map_or(consent.version, |earlier| earlier.version);
                    if let Some((kept, unused)) =
                        self.keep_made(caller, keeping, consent.id.as_str(), stands, 200)
                    {
                        self.commit(vec![kept], vec![unused]).await?;
                    }
                    return Ok((consent.id.to_string(), 200));
                }
                Some(Compared::Older) => {
                    let text = "A later statement by the person is on record for this recipient.";
                    return Err(Refusal::new(Refused::Conflict, "business-rule", "Consent.dateTime", text));
                }
                Some(Compared::Newer) | None => {}
            }
            let turned = on_record.is_some_and(|earlier| earlier.decision == ConsentDecision::Permit)
                && consent.decision == ConsentDecision::Deny;
            let seq = row.consent_seq;
            let person = self.known(row, None, Vec::new())?;
            let mut taken = Taken::default();
            taken.writes.extend(self.consent_writes(caller, &person, &consent));
            taken.writes.push(Write::ConsentSeqUp(site.clone(), person_id.clone()));
            taken.preconditions.push(Precondition::ConsentSeq(site.clone(), person_id.clone(), seq));
            let actor = caller.partner_id.as_str();
            if turned {
                let (consent, why) = (Some(&consent.id), Why::ConsentWithdrawn);
                let back = TakingBack { consent, why, agency: &recipient, key: &person.key, actor };
                self.take_back_all(site, &person_id, &back, &mut taken).await?;
            }
            put_in_place(&mut known, consent.clone());
            let said = SaidAnew {
                site,
                person: &person_id,
                key: &person.key,
                agencies: std::slice::from_ref(&consent.recipient),
                consents: &known,
                consent_seq: seq + 1,
                actor,
            };
            self.take_back_all_that_is_more(&said, &mut taken).await?;
            if let Some((kept, unused)) =
                self.keep_made(caller, keeping, consent.id.as_str(), consent.version, 201)
            {
                taken.writes.push(kept);
                taken.preconditions.push(unused);
            }
            if self.try_commit(taken.writes, taken.preconditions).await? {
                return Ok((consent.id.to_string(), 201));
            }
        }
        Err(Refusal::unavailable())
    }

    /// A consent that the person takes back: the same as `$revoke`. Answers 202 while something is in flight.
    pub(super) async fn update_consent(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        terms: &Terms,
        body: &Value,
    ) -> Result<(String, u16), Refusal> {
        let stands = self.find_resource(caller, kind, id, None, HOW).await?;
        check_version(terms, stands.version)?;
        check_rest(kind, &stands.resource, body, &["status"])?;
        check_kept(kind, body, &[&stands.resource], &[&OF_A_CHANGE[..], &["/status"]].concat())?;
        let status = body.get("status");
        if status == stands.resource.get("status") {
            return Ok((id.to_owned(), 200));
        }
        if status != Some(&json!("inactive")) {
            let text =
                "inactive is taken here: the person takes it back. What they say anew is a new Consent.";
            return Err(wrong("business-rule", kind, "status", text));
        }
        let answer = self.revoke_consent(caller, id, &[], false).await?;
        Ok((id.to_owned(), answer.status))
    }

    /// The person, by an identifier that the service may know them by.
    async fn person_of(&self, caller: &Caller, kind: &Kind, body: &Value) -> Result<PersonId, Refusal> {
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let place = "patient.identifier";
        let (system, value) = text("/patient/identifier/system")
            .zip(text("/patient/identifier/value"))
            .ok_or_else(|| wrong("required", kind, place, "Name the person by system and value."))?;
        let found = self.person_meant(caller, &format!("{system}|{value}")).await?;
        found.ok_or_else(|| wrong("not-found", kind, place, "Nobody is known here by this identifier."))
    }

    /// The statement that a body makes, in the shape in which consents are stored. Anything else is refused: what is not
    /// understood of a consent could be what the person meant.
    fn statement(&self, kind: &Kind, body: &Value, person: &PersonId) -> Result<Consent, Refusal> {
        let now = self.now();
        let mut shaped = body.clone();
        let reference = format!("Patient/{person}");
        if let Some(fields) = shaped.as_object_mut() {
            fields.insert("id".into(), json!("new"));
            fields.insert("meta".into(), json!({"versionId": "1"}));
            fields.insert("patient".into(), json!({"reference": reference}));
        }
        let consent = Consent::from_fhir(&shaped).map_err(|fault| {
            Refusal::new(Refused::Unprocessable, "structure", expression(kind, fault.0), SHAPE)
        })?;
        if consent.status != ConsentStatus::Active {
            return Err(wrong("value", kind, "status", "active is needed here."));
        }
        let from = json!(consent.valid_from.to_rfc3339());
        if body.get("dateTime").is_some_and(|said| !same_moment(said, &from)) {
            let text = "The start of the period is needed here: a consent holds from when it is given.";
            return Err(wrong("value", kind, "dateTime", text));
        }
        // Written again it is what was sent, the person named as they were: nothing is left out, and nothing added.
        let named = Person::known_to_the_service(person.to_string());
        let mut again = fhir_rest::consent_whole(&consent.to_fhir(), consent.version, now, &named);
        let identifier = |part: &str| body.pointer(&format!("/patient/identifier/{part}"));
        let patient = json!({
            "type": "Patient", "identifier": {"system": identifier("system"), "value": identifier("value")},
        });
        if let Some(fields) = again.as_object_mut() {
            fields.insert("performer".into(), json!([patient]));
            fields.insert("patient".into(), patient);
        }
        check_kept(kind, body, &[&again], &OF_WHAT_IS_MADE)?;
        if let Err(mut refusal) = check_kept(kind, &again, &[body], &MAY_BE_LEFT_OUT) {
            for issue in &mut refusal.issues {
                (issue.code, issue.diagnostics) = ("required", String::from(SHAPE));
            }
            return Err(refusal);
        }
        if consent.valid_from > now.plus_seconds(limits::CLOCK_AHEAD_SECONDS) {
            let text = "This lies in the future: a consent is recorded when it is given.";
            return Err(wrong("value", kind, "provision.provision[0].period.start", text));
        }
        if consent.valid_to <= consent.valid_from {
            let text = "The end of the period has to come after its start.";
            return Err(wrong("value", kind, "provision.provision[0].period.end", text));
        }
        let known = |block: &String| self.rules.blocks().any(|(name, _)| name == block);
        if !consent.excluded.iter().chain(&consent.specific).all(known) {
            let text = "Blocks of the disclosure table are needed here: docs/disclosure-table.md has them.";
            return Err(wrong("code-invalid", kind, "provision.provision[0].provision", text));
        }
        if consent.excluded.iter().any(|block| block == "own-consent") {
            let text = "What the person agreed to always goes with what is sent under it.";
            return Err(wrong("value", kind, "provision.provision[0].provision", text));
        }
        let captured = consent.captured_by.chars().count();
        if captured == 0 || captured > CAPTURED_BY_MAX || !HOWS.contains(&consent.how.as_str()) {
            let text = format!(
                "Who captured it (1 to {CAPTURED_BY_MAX} characters) and how: oral, written, signed."
            );
            return Err(wrong("value", kind, "extension[0]", text));
        }
        // A sender's clock may be a little ahead of ours: the consent holds from now, not from then.
        Ok(Consent { valid_from: consent.valid_from.min(now), ..consent })
    }
}
