//! What is said about a referral beside its moves: the words of both sides and the latest appointment, sealed together, and
//! whether the sender's may go to the recipient.

use serde_json::{Map, Value, json};

use super::{
    Exchange,
    ports::{Precondition, Write, WriteSet},
    prepare::{Circumstances, Decided, Used},
    refusal::{Refusal, Refused},
    respond::Move,
    rows::{DecisionRow, ReferralRow, Sealed},
};
use crate::{
    assessment::OwnWord, audit::Kind, clock::Moment, consent::Exit, ids::ReferralId, referral::Action,
    vault::ContentKey,
};

/// Why nobody can say yet how an appointment went.
pub(super) const NOT_YET: &str =
    "This time has not come yet: how an appointment went is said when it has. Nothing was changed.";

/// Whether words of the sender may be with the recipient: the decision, and what it rests on.
pub(super) struct AskedAboutWords {
    pub(super) permitted: bool,
    pub(super) row: DecisionRow,
    pub(super) preconditions: Vec<Precondition>,
}

impl Exchange {
    /// Whether a time has come. One that cannot be read has not.
    pub(super) fn has_come(&self, time: &str) -> bool {
        Moment::from_rfc3339(time).is_some_and(|time| time <= self.now())
    }

    /// Whoever says that an appointment was missed says it of the one that is on record for this referral, once its time has
    /// come.
    pub(super) fn was_missed(
        &self,
        referral: &ReferralRow,
        key: &ContentKey,
        action: Action,
    ) -> Result<(), Refusal> {
        if action != Action::DidNotAttend || referral.state.is_final() {
            return Ok(());
        }
        let mut words = self.words_said(referral, key)?;
        let start = booked(&mut words).and_then(|booked| moment(booked.get("start")));
        let text = match start {
            Some(start) if start <= self.now() => return Ok(()),
            Some(_) => NOT_YET,
            None => {
                "No appointment of this referral is on record that could have been missed. Nothing was changed."
            }
        };
        Err(Refusal::new(Refused::Conflict, "business-rule", "", text))
    }

    /// Everything that was said about a referral.
    fn words_said(&self, referral: &ReferralRow, key: &ContentKey) -> Result<Map<String, Value>, Refusal> {
        let Some(sealed) = &referral.receiver_note else { return Ok(Map::new()) };
        let bytes = self.vault.unseal(key, &note_label(&referral.referral_id), sealed)?;
        serde_json::from_slice(&bytes).map_err(|_| Refusal::internal())
    }

    /// The sender's own words to the recipient are content too: consent is asked, and what was said is on
    /// record.
    pub(super) async fn ask_for_words(
        &self,
        referral: &ReferralRow,
        key: &ContentKey,
        words: &str,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Result<Vec<Precondition>, Refusal> {
        let asked = self.ask_about_words(referral, key, Exit::Send).await?;
        if !asked.permitted {
            return Err(Refusal::new(
                Refused::Forbidden,
                "suppressed",
                "/comment",
                "No consent for this recipient is in force, so no words may go to it.",
            ));
        }
        writes.push(self.decided(referral, &asked.row, actor));
        writes.push(
            self.note_on(referral, self.now(), Kind::Disclosed, actor)
                .about("decision", &asked.row.decision_id)
                .fact("what", "supplied-information")
                .fact("body-hmac", &self.keyed_digest(&referral.site_id, words.as_bytes()))
                .write(),
        );
        writes.insert(0, Write::Decision(asked.row));
        Ok(asked.preconditions)
    }

    /// Consent's answer to whether the sender's own words may be with the recipient, now and by this exit.
    pub(super) async fn ask_about_words(
        &self,
        referral: &ReferralRow,
        key: &ContentKey,
        exit: Exit,
    ) -> Result<AskedAboutWords, Refusal> {
        let (site, now) = (&referral.site_id, self.now());
        let partner = self.partner(site, &referral.recipient_id).await?;
        let person = self.store.person(site, &referral.person_id).await?.ok_or_else(Refusal::internal)?;
        let agreements = self.store.agreements(site, &partner.partner_id).await?;
        let consents = self.open_consents(key, &self.store.consents_of(site, &person.person_id).await?);
        let own_word = match &referral.assessment_id {
            Some(id) => self.open_assessment(referral, id, key).await?.own_word(),
            None => OwnWord::UNKNOWN,
        };
        let reader = match &referral.on_behalf_of {
            Some(reader) => self.reading(Some(&self.partner(site, reader).await?)).await?,
            None => None,
        };
        let at = Circumstances {
            partner: &partner,
            agreements: &agreements,
            reader: reader.as_ref(),
            consents: &consents,
            consent_seq: person.consent_seq,
            asked_override: None,
            now,
        };
        let (decision, _) = self.decide_on(&at, own_word);
        let permitted = decision.permits();
        let words = permitted.then(|| String::from("supplied-words:full"));
        let used = Used { partner: &partner, consent_seq: person.consent_seq, now };
        let decided = Decided { permitted: words.into_iter().collect(), ..Decided::of_ids(decision) };
        let row = self.decision_row(referral, &decided, &used, exit, key);
        let mut preconditions = vec![
            Precondition::ConsentSeq(site.clone(), person.person_id, person.consent_seq),
            Precondition::as_seen(&partner),
        ];
        preconditions.extend(reader.iter().map(|reader| Precondition::as_seen(&reader.partner)));
        Ok(AskedAboutWords { permitted, row, preconditions })
    }

    /// The words said about a referral, with these added: the latest appointment, and every comment.
    pub(super) fn add_words(
        &self,
        referral: &ReferralRow,
        key: &ContentKey,
        said: &Move,
        actor: &str,
    ) -> Result<Sealed, Refusal> {
        let label = note_label(&referral.referral_id);
        let mut words = self.words_said(referral, key)?;
        if said.action == Action::CancelAppointment {
            call_off(&mut words, said.appointment.as_ref())?;
        } else if let Some(appointment) = &said.appointment {
            words.insert(String::from("appointment"), appointment.clone());
        }
        if let Some(case) = &said.case {
            words.insert(String::from("case"), case.clone());
        }
        if let Some(comment) = &said.comment {
            words.insert(String::from("comment"), json!(comment));
            let comments = words.entry("comments").or_insert_with(|| json!([]));
            if let Some(comments) = comments.as_array_mut() {
                comments.push(json!({
                    "at": self.now().to_rfc3339(),
                    "by": actor,
                    "action": said.action.as_str(),
                    "text": comment,
                }));
            }
        }
        Ok(self.vault.seal(key, &label, Value::Object(words).to_string().as_bytes()))
    }
}

/// The label under which the words about a referral are sealed.
pub(super) fn note_label(referral: &ReferralId) -> String {
    format!("note:{referral}")
}

/// The appointment that is booked, unless it was called off.
fn booked(words: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let booked = words.get_mut("appointment").and_then(Value::as_object_mut)?;
    let stands = !booked.contains_key("cancelled") && moment(booked.get("start")).is_some();
    stands.then_some(booked)
}

fn moment(time: Option<&Value>) -> Option<Moment> {
    time.and_then(Value::as_str).and_then(Moment::from_rfc3339)
}

/// Marks the appointment that is booked as called off. Who says which must mean that one: an answer that comes late must not
/// call off what was booked since.
fn call_off(words: &mut Map<String, Value>, meant: Option<&Value>) -> Result<(), Refusal> {
    let is_meant = |booked: &Map<String, Value>| {
        let Some(meant) = meant else { return true };
        let same = |name: &str| match name {
            "place" => meant.get(name) == booked.get(name),
            _ => moment(meant.get(name)) == moment(booked.get(name)),
        };
        ["start", "end", "place"].into_iter().all(|name| meant.get(name).is_none() || same(name))
    };
    let Some(booked) = booked(words).filter(|booked| is_meant(booked)) else {
        return Err(Refusal::new(
            Refused::Unprocessable,
            "business-rule",
            "/appointment/start",
            "Another appointment than this one is booked, or none. Nothing was changed.",
        ));
    };
    booked.insert(String::from("cancelled"), Value::Bool(true));
    Ok(())
}
