//! Whether an answer is about the person and the referral of the message that it quotes. A quoted id alone is a number
//! that somebody may have mixed up; what the answer names beside it must agree.

use serde_json::Value;

use super::{
    Exchange,
    caller::Caller,
    refusal::{Refusal, Refused},
    rows::ReferralRow,
};
use crate::{assessment::NhsNumber, mapping::inbound::named_beside};

impl Exchange {
    /// Refuses an answer that names another referral, or another person, than the one of `referral`.
    pub(super) async fn is_about(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        answer: &Value,
    ) -> Result<(), Refusal> {
        let named = named_beside(answer);
        if named.referrals.iter().any(|id| id != referral.referral_id.as_str()) {
            return Err(another("Bundle.entry.resource.ofType(ServiceRequest).identifier"));
        }
        let site = &caller.site_id;
        let own = self.person_reference(site, &caller.partner_id, &referral.person_id);
        if named.people.iter().any(|reference| *reference != own) {
            return Err(another("Bundle.entry.resource.ofType(Patient).identifier"));
        }
        for number in named.nhs_numbers.iter().filter_map(|text| NhsNumber::parse(text).ok()) {
            let by = |kind: String, value: &str| {
                let hash = self.vault.lookup_hash(site, &kind, value);
                (kind, hash)
            };
            let own = format!("nhs-number-of:{}", referral.person_id);
            let known = self.store.people_by_lookup(site, &[by(own.clone(), "")]).await?;
            let same = self.store.people_by_lookup(site, &[by(own, number.as_str())]).await?;
            let holders =
                self.store.people_by_lookup(site, &[by(String::from("nhs-number"), number.as_str())]).await?;
            let somebody_elses = holders.iter().any(|person| person.person_id != referral.person_id);
            if somebody_elses || (!known.is_empty() && same.is_empty()) {
                return Err(another("Bundle.entry.resource.ofType(Patient).identifier"));
            }
        }
        Ok(())
    }
}

fn another(path: &str) -> Refusal {
    Refusal::new(
        Refused::Conflict,
        "conflict",
        path,
        "The answer names another referral or another person than the message that it quotes. Check both; nothing was \
         changed.",
    )
}
