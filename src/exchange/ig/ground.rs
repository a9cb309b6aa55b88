//! On what a disclosure rested: the stored decision, without what it was about.

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    clock::Moment,
    directory::{Agreement, Audience, LawfulBasis},
    exchange::{
        Exchange,
        refusal::Refusal,
        rows::{DecisionRow, DeliveryRow, ReferralRow},
    },
    ids::{AgreementId, ConsentId, DecisionId, PersonId, ReferralId, SiteId},
    vault::{ContentKey, VaultError},
};

/// An id with its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Versioned<T> {
    /// Which.
    pub id: T,
    /// In which version.
    pub version: i64,
}

/// A decision as an officer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// Its id.
    pub decision_id: DecisionId,
    /// When it was made.
    pub decided_at: String,
    /// Where data would have left: `plan`, `send`, `replay`, `collect`, `read`.
    pub exit: String,
    /// `permit` or `deny`.
    pub answer: String,
    /// Why, in one code.
    pub reason: String,
    /// The consent that decided.
    pub consent: Option<Versioned<ConsentId>>,
    /// Where in it.
    pub provision: Option<String>,
    /// The agreement that was in force.
    pub agreement: Option<Versioned<AgreementId>>,
    /// For what: the purposes of that agreement that this audience may be told for.
    pub purposes: Vec<String>,
    /// The lawful basis; `None` where nothing left.
    pub basis: Option<LawfulBasis>,
    /// The lawful basis of what left by an override beside the person's consent.
    pub override_basis: Option<LawfulBasis>,
    /// Which blocks of the disclosure table might leave, each with its view; `None` once the person is erased.
    pub blocks: Option<Vec<String>>,
    /// What was decided about the agency to which the recipient passes it on.
    pub on_behalf_of: Option<String>,
    /// Version of the disclosure tables.
    pub policy: String,
}

impl Ground {
    /// Whether it let something out.
    #[must_use]
    pub fn permits(&self) -> bool {
        self.answer == "permit"
    }
}

/// What was read for one answer, so that nothing is read twice.
pub(super) struct Books<'e> {
    exchange: &'e Exchange,
    site: SiteId,
    agreements: Vec<Agreement>,
    keys: HashMap<PersonId, Option<ContentKey>>,
    decisions: HashMap<DecisionId, Option<Ground>>,
    referrals: HashMap<ReferralId, Option<ReferralRow>>,
    deliveries: HashMap<ReferralId, Vec<DeliveryRow>>,
}

impl Exchange {
    pub(super) async fn books(&self, site: &SiteId) -> Result<Books<'_>, Refusal> {
        Ok(Books {
            exchange: self,
            site: site.clone(),
            agreements: self.store.agreements_known(site, Moment(i64::MAX)).await?,
            keys: HashMap::new(),
            decisions: HashMap::new(),
            referrals: HashMap::new(),
            deliveries: HashMap::new(),
        })
    }
}

impl Books<'_> {
    pub(super) async fn referral(&mut self, id: &ReferralId) -> Result<Option<ReferralRow>, Refusal> {
        if !self.referrals.contains_key(id) {
            let row = self.exchange.store.referral(&self.site, id).await?;
            self.referrals.insert(id.clone(), row);
        }
        Ok(self.referrals.get(id).cloned().flatten())
    }

    pub(super) async fn deliveries(&mut self, id: &ReferralId) -> Result<&[DeliveryRow], Refusal> {
        if !self.deliveries.contains_key(id) {
            let rows = self.exchange.store.deliveries_of(&self.site, id).await?;
            self.deliveries.insert(id.clone(), rows);
        }
        Ok(self.deliveries.get(id).map_or(&[], Vec::as_slice))
    }

    /// A decision by its id.
    pub(super) async fn decision(&mut self, id: &DecisionId) -> Result<Option<Ground>, Refusal> {
        if !self.decisions.contains_key(id) {
            let row = self.exchange.store.decision(&self.site, id).await?;
            let ground = match row {
                Some(row) => Some(self.ground(&row).await?),
                None => None,
            };
            self.decisions.insert(id.clone(), ground);
        }
        Ok(self.decisions.get(id).cloned().flatten())
    }

    /// A stored decision, without what it was about.
    pub(super) async fn ground(&mut self, row: &DecisionRow) -> Result<Ground, Refusal> {
        let audience = self.referral(&row.referral_id).await?.and_then(|referral| referral.audience);
        let exchange = self.exchange;
        let key = self.key(&row.person_id).await?;
        let opened = key.map(|key| exchange.open_decision(row, key)).transpose()?;
        let purposes = row.agreement.as_ref().map(|used| self.purposes(used, audience)).unwrap_or_default();
        let decision = opened.as_ref().map(|opened| &opened.decision);
        Ok(Ground {
            decision_id: row.decision_id.clone(),
            decided_at: row.decided_at.to_rfc3339(),
            exit: row.exit.clone(),
            answer: row.answer.clone(),
            reason: row.reason.clone(),
            consent: row.consent.clone().map(|(id, version)| Versioned { id, version }),
            provision: decision.and_then(|decision| decision.provision.clone()),
            agreement: row.agreement.clone().map(|(id, version)| Versioned { id, version }),
            purposes,
            basis: decision.and_then(|decision| decision.basis.clone()),
            override_basis: decision.and_then(|decision| decision.override_basis.clone()),
            on_behalf_of: decision
                .and_then(|decision| decision.shares.get(1))
                .map(|share| format!("{}: {}", share.partner, share.reason.as_str())),
            blocks: opened.map(|opened| opened.permitted),
            policy: row.policy_version.clone(),
        })
    }

    /// Which versions of a consent a decision rests on, also as the word of the second of two agencies' readers.
    pub(super) async fn rests_on(
        &mut self,
        row: &DecisionRow,
        consent: &ConsentId,
    ) -> Result<Vec<i64>, Refusal> {
        let mut named: Vec<(ConsentId, i64)> = row.consent.iter().cloned().collect();
        let exchange = self.exchange;
        if let Some(key) = self.key(&row.person_id).await? {
            let opened = exchange.open_decision(row, key)?;
            named.extend(opened.decision.shares.into_iter().filter_map(|share| share.consent));
        }
        let mut versions: Vec<i64> =
            named.into_iter().filter(|(id, _)| id == consent).map(|(_, version)| version).collect();
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }

    /// The person's key; `None` once they are erased.
    pub(super) async fn key(&mut self, person: &PersonId) -> Result<Option<&ContentKey>, Refusal> {
        if !self.keys.contains_key(person) {
            let row = self.exchange.store.person(&self.site, person).await?.ok_or_else(Refusal::internal)?;
            // The key that came in the place of an erased person's opens nothing of before.
            let is_erased = self.exchange.store.certificate_of(&self.site, person).await?.is_some();
            let key = match self.exchange.vault.person_key(&self.site, person, &row.wrapped_key) {
                Ok(key) => (!is_erased).then_some(key),
                Err(VaultError::Erased) => None,
                Err(error) => return Err(error.into()),
            };
            self.keys.insert(person.clone(), key);
        }
        Ok(self.keys.get(person).and_then(Option::as_ref))
    }

    /// A version of an agreement.
    pub(super) fn agreement(&self, (id, version): &(AgreementId, i64)) -> Option<&Agreement> {
        self.agreements.iter().find(|one| one.agreement_id == *id && one.version == *version)
    }

    fn purposes(&self, used: &(AgreementId, i64), audience: Option<Audience>) -> Vec<String> {
        let held = self.agreement(used).map(|agreement| agreement.purposes.as_slice()).unwrap_or_default();
        let may = self.exchange.rules.purposes(audience);
        held.iter().filter(|purpose| may.contains(purpose)).cloned().collect()
    }
}
