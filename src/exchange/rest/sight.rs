//! What a caller may know of a referral: how the person is named to it, why the referral stands where it does, what was
//! said. The same as the native routes show.

use serde_json::{Map, Value};

use crate::{
    exchange::{
        Exchange,
        ask_again::is_over,
        caller::Caller,
        query::{awaited_until, business_status_for, reason_for, words_for},
        refusal::Refusal,
        rows::ReferralRow,
        why::why,
        words::note_label,
    },
    ids::{PersonId, SiteId},
    mapping::fhir_rest::{Person, Seen},
    vault::{ContentKey, VaultError},
};

impl Exchange {
    /// How `person` is named to the caller. The id here is the same for every agency, and older than a referral about somebody
    /// who was known before: the service alone may have it.
    pub(in crate::exchange) fn person_for(
        &self,
        caller: &Caller,
        site: &SiteId,
        person: &PersonId,
    ) -> Person {
        if caller.is_service() {
            Person::known_to_the_service(person.to_string())
        } else {
            Person::known_to_one(self.person_reference(site, &caller.partner_id, person))
        }
    }

    /// The person's key; `None` after erasure: then nothing of content is left to show.
    pub(in crate::exchange) async fn key_if_any(
        &self,
        row: &ReferralRow,
    ) -> Result<Option<ContentKey>, Refusal> {
        let person = self.store.person(&row.site_id, &row.person_id).await?.ok_or_else(Refusal::internal)?;
        match self.vault.person_key(&row.site_id, &row.person_id, &person.wrapped_key) {
            Ok(key) => Ok(Some(key)),
            Err(VaultError::Erased) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// What was said about a referral, as the caller may read it. `now` is the referral as it stands: what is over shows
    /// its words to nobody but its sender, in no version.
    pub(super) async fn words_seen(
        &self,
        caller: &Caller,
        row: &ReferralRow,
        now: &ReferralRow,
    ) -> Result<Map<String, Value>, Refusal> {
        let is_sender = row.sender_id == caller.partner_id;
        let (Some(note), false) = (&row.receiver_note, is_over(now.state) && !is_sender) else {
            return Ok(Map::new());
        };
        let Some(key) = self.key_if_any(row).await? else { return Ok(Map::new()) };
        let bytes = self.vault.unseal(&key, &note_label(&row.referral_id), note)?;
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(words)) => Ok(words_for(caller, row, words)),
            _ => Err(Refusal::internal()),
        }
    }
}

/// The referral as `caller` may see it.
pub(super) fn seen<'a>(
    caller: &Caller,
    row: &'a ReferralRow,
    person: &'a Person,
    permitted: &'a [&'a str],
) -> Seen<'a> {
    let is_sender = row.sender_id == caller.partner_id;
    let finer = business_status_for(row, is_sender);
    Seen {
        id: row.referral_id.as_str(),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        nature: row.nature,
        status: row.state.task_status(),
        business_status: finer,
        why: why(row, reason_for(row, is_sender), finer),
        answer_by: awaited_until(row),
        urgency: &row.urgency,
        sender: row.sender_id.as_str(),
        recipient: row.recipient_id.as_str(),
        person,
        recall_answer: row.recall_answer.as_deref(),
        permitted,
    }
}
