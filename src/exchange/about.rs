//! Whether an answer is about the person and the referral of the message that it quotes. A quoted id alone is a number
//! that somebody may have mixed up; what the answer names beside it must agree with what that message told its recipient.
//! Nothing else that is known here is asked: an answer must not find out who else is.

use serde_json::Value;

use super::{
    Exchange,
    caller::Caller,
    refusal::{Refusal, Refused},
    rows::{MessageRow, ReferralRow},
};
use crate::{audit::Kind, mapping::inbound::named_beside};

impl Exchange {
    /// Refuses an answer that names another referral, or another person, than `quoted` told its recipient of, and puts it
    /// on record.
    pub(super) async fn is_about(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        quoted: &MessageRow,
        answer: &Value,
    ) -> Result<(), Refusal> {
        let named = named_beside(answer);
        if named.referrals.iter().any(|id| id != referral.referral_id.as_str()) {
            return self.names_another(caller, referral, "ServiceRequest").await;
        }
        let own = self.person_reference(&caller.site_id, &caller.partner_id, &referral.person_id);
        let another = named.people.iter().any(|reference| *reference != own)
            || self.names_another_number(caller, referral, quoted, &named.nhs_numbers).await?;
        if another {
            return self.names_another(caller, referral, "Patient").await;
        }
        Ok(())
    }

    /// Whether one of these NHS numbers is none that `quoted` told. The liaison and diversion service, whose requests tell
    /// it none, is asked for the number that its person is known by.
    async fn names_another_number(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        quoted: &MessageRow,
        numbers: &[String],
    ) -> Result<bool, Refusal> {
        if numbers.is_empty() {
            return Ok(false);
        }
        if caller.is_service() {
            let site = &caller.site_id;
            let kind = format!("nhs-number-of:{}", referral.person_id);
            let by = |value: &str| (kind.clone(), self.vault.lookup_hash(site, &kind, value));
            let is_known = !self.store.people_by_lookup(site, &[by("")]).await?.is_empty();
            for number in numbers {
                if is_known && self.store.people_by_lookup(site, &[by(number)]).await?.is_empty() {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let Some(key) = self.key_if_any(referral).await? else { return Ok(true) };
        let told = named_beside(&self.opened(quoted, &key)?).nhs_numbers;
        Ok(numbers.iter().any(|number| !told.contains(number)))
    }

    async fn names_another(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        kind: &str,
    ) -> Result<(), Refusal> {
        let note = self.note_on(referral, self.now(), Kind::AccessRefused, caller.partner_id.as_str());
        let entry = note.fact("reason", "names-another").fact("what", "answer").write();
        if !self.try_commit(vec![entry], Vec::new()).await? {
            return Err(Refusal::unavailable());
        }
        Err(Refusal::new(
            Refused::Conflict,
            "conflict",
            format!("Bundle.entry.resource.ofType({kind}).identifier"),
            "The answer names another referral or another person than the message that it quotes, or an NHS number that \
             the message did not tell you. Check both, and leave away what you were not told; nothing was changed.",
        ))
    }
}
