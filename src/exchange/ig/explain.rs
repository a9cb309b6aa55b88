//! A decision then, now, and if: made by the same pure function as every decision, from the versions that were stored.

use serde::Serialize;

use super::{Look, Officer, words};
use crate::{
    assessment::OwnWord,
    clock::Moment,
    consent::{Consent, ConsentStatus, Decision, Outcome, Scope},
    directory::{Agreement, LawfulBasis},
    exchange::{
        Exchange,
        people::Consents,
        prepare::{Circumstances, Reading},
        refusal::{Refusal, Refused},
    },
    ids::{AgreementId, AssessmentId, ConsentId, PartnerId, PersonId, SiteId},
    vault::ContentKey,
};

/// What is supposed to be otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatIf {
    /// The person had taken this consent back.
    Revoke(ConsentId),
    /// This agreement had ended.
    Agreement(AgreementId),
}

impl WhatIf {
    /// Reads `revoke:ID` or `agreement:ID`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("revoke", id) => ConsentId::parse(id).map(Self::Revoke),
            ("agreement", id) => AgreementId::parse(id).map(Self::Agreement),
            _ => None,
        }
    }
}

/// Whom a decision is asked about.
#[derive(Clone, Debug)]
pub struct Supposed<'a> {
    /// The person.
    pub person: &'a PersonId,
    /// The recipient.
    pub recipient: &'a PartnerId,
    /// The agency for which the recipient would pass it on.
    pub on_behalf_of: Option<&'a PartnerId>,
    /// A moment of the past.
    pub as_of: Option<Moment>,
    /// What is supposed.
    pub what_if: Option<&'a WhatIf>,
}

/// A decision that was made again, and is used for nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// For which moment.
    pub at: String,
    /// `permit` or `deny`.
    pub answer: &'static str,
    /// Why, in one code.
    pub reason: String,
    /// What that means.
    pub text: String,
    /// The consent that decided, with its version.
    pub consent: Option<(ConsentId, i64)>,
    /// Where in it.
    pub provision: Option<String>,
    /// The agreement that was in force, with its version.
    pub agreement: Option<(AgreementId, i64)>,
    /// The lawful basis; `None` where nothing would leave.
    pub basis: Option<LawfulBasis>,
    /// Blocks that the person keeps back from this agency.
    pub kept_back: Vec<String>,
    /// Blocks that need a consent of their own, and have it.
    pub agreed_apart: Vec<String>,
    /// Each agency's own answer, where one passes it on to the other.
    pub shares: Vec<(PartnerId, String)>,
}

/// The decision then, now, and if.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The person.
    pub person_id: PersonId,
    /// The recipient.
    pub recipient: PartnerId,
    /// The agency for which it would pass it on.
    pub on_behalf_of: Option<PartnerId>,
    /// The assessment that says from when the person's own word suffices; `None`: none does, and no word is taken for that
    /// of somebody who may speak for themself.
    pub age_from: Option<AssessmentId>,
    /// At the moment of the past that was asked for.
    pub then: Option<Explained>,
    /// Now.
    pub now: Explained,
    /// As supposed: at the moment of the past where one was asked for, otherwise now.
    pub supposed: Option<Explained>,
}

impl Exchange {
    /// What would be decided about this person and this recipient then, now, and if. No override is supposed.
    ///
    /// # Errors
    /// There is no such person or agency, the consent or agreement of a supposition is not there; or the question cannot be
    /// put on record.
    pub async fn explain_consent(
        &self,
        site: &SiteId,
        officer: &Officer,
        asked: &Supposed<'_>,
    ) -> Result<Explanation, Refusal> {
        let question = "explain";
        let person = self.store.person(site, asked.person).await?;
        let recipient = self.store.partner(site, asked.recipient).await?;
        let (Some(person), Some(_)) = (person, recipient) else {
            return Err(self.asked_in_vain(site, officer, question, "person").await?);
        };
        let people = [asked.person.clone()];
        let mut about = Vec::new();
        match asked.what_if {
            Some(WhatIf::Revoke(consent)) => about.push(("of-consent", consent.to_string())),
            Some(WhatIf::Agreement(agreement)) => about.push(("of-agreement", agreement.to_string())),
            None => {}
        }
        let look =
            Look { question, people: &people, partner: Some(asked.recipient), about, ..Look::default() };
        self.asked(site, officer, look).await?;
        let key = self.vault.person_key(site, asked.person, &person.wrapped_key)?;
        let now = self.now();
        let (age_from, own_word) = self.own_word(site, asked, &key).await?;
        let at = asked.as_of.unwrap_or(now);
        let then = match asked.as_of {
            Some(at) => Some(self.decided_at(site, asked, &key, own_word, at, None).await?),
            None => None,
        };
        let supposed = match asked.what_if {
            Some(what) => Some(self.decided_at(site, asked, &key, own_word, at, Some(what)).await?),
            None => None,
        };
        Ok(Explanation {
            person_id: asked.person.clone(),
            recipient: asked.recipient.clone(),
            on_behalf_of: asked.on_behalf_of.cloned(),
            age_from,
            then,
            now: self.decided_at(site, asked, &key, own_word, now, None).await?,
            supposed,
        })
    }

    /// How far the person speaks for themself, by the latest assessment that went to the recipient, or else to anybody.
    async fn own_word(
        &self,
        site: &SiteId,
        asked: &Supposed<'_>,
        key: &ContentKey,
    ) -> Result<(Option<AssessmentId>, OwnWord), Refusal> {
        let rows = self.store.referrals_about(site, asked.person, crate::limits::OVERSIGHT_ROWS_MAX).await?;
        let until = asked.as_of.unwrap_or(Moment(i64::MAX));
        let assessed = rows.iter().filter(|row| row.assessment_id.is_some() && row.created_at <= until);
        let latest = assessed.max_by_key(|row| (row.recipient_id == *asked.recipient, row.created_at));
        let Some((row, id)) = latest.and_then(|row| Some((row, row.assessment_id.clone()?))) else {
            return Ok((None, OwnWord::UNKNOWN));
        };
        let assessment = self.open_assessment(row, &id, key).await?;
        Ok((Some(id), assessment.own_word()))
    }

    /// The decision at a moment, from what was stored then.
    async fn decided_at(
        &self,
        site: &SiteId,
        asked: &Supposed<'_>,
        key: &ContentKey,
        own_word: OwnWord,
        at: Moment,
        what_if: Option<&WhatIf>,
    ) -> Result<Explained, Refusal> {
        let rows = self.store.consents_at(site, asked.person, at).await?;
        let mut consents = self.open_consents(key, &rows);
        let mut agreements = latest(self.store.agreements_known(site, at).await?);
        match what_if {
            Some(WhatIf::Revoke(consent)) => take_back(&mut consents, consent)?,
            Some(WhatIf::Agreement(agreement)) => {
                let before = agreements.len();
                agreements.retain(|one| one.agreement_id != *agreement);
                if agreements.len() == before {
                    return Err(supposes("There was no such agreement at that moment."));
                }
            }
            None => {}
        }
        let not_yet = || supposes("There was no such agency at that moment.");
        let agency = async |id: &PartnerId| -> Result<_, Refusal> {
            let agency = self.store.agency_at(site, id, at).await?.ok_or_else(not_yet)?;
            let own: Vec<Agreement> =
                agreements.iter().filter(|one| one.partner_id == *id).cloned().collect();
            Ok((agency.partner, own))
        };
        let (partner, own) = agency(asked.recipient).await?;
        let reader = match asked.on_behalf_of {
            Some(reader) => {
                let (partner, agreements) = agency(reader).await?;
                Some(Reading { partner, agreements })
            }
            None => None,
        };
        let circumstances = Circumstances {
            partner: &partner,
            agreements: &own,
            reader: reader.as_ref(),
            consents: &consents,
            consent_seq: 0,
            asked_override: None,
            now: at,
        };
        let (decision, _) = self.decide_on(&circumstances, own_word);
        Ok(explained(decision, at))
    }
}

/// The latest version of each agreement: an older one says nothing any more.
fn latest(agreements: Vec<Agreement>) -> Vec<Agreement> {
    let mut latest: Vec<Agreement> = Vec::new();
    for agreement in agreements {
        match latest.last_mut() {
            Some(held) if held.agreement_id == agreement.agreement_id => *held = agreement,
            _ => latest.push(agreement),
        }
    }
    latest
}

/// As `withdraw` writes it down: another version, which is not active.
fn take_back(consents: &mut Consents, id: &ConsentId) -> Result<(), Refusal> {
    let found = consents.iter_mut().flatten().find(|consent| consent.id == *id);
    let consent = found.ok_or_else(|| supposes("The person had no such consent at that moment."))?;
    *consent = Consent { status: ConsentStatus::Inactive, version: consent.version + 1, ..consent.clone() };
    Ok(())
}

fn supposes(text: &'static str) -> Refusal {
    Refusal::new(Refused::Unprocessable, "not-found", "what-if", text)
}

fn explained(decision: Decision, at: Moment) -> Explained {
    let (kept_back, agreed_apart) = match &decision.outcome {
        Outcome::Permit {
            scope: Scope::Agreed { excluded, specific } | Scope::AgreedAndMinimum { excluded, specific, .. },
        } => (excluded.clone(), specific.clone()),
        _ => (Vec::new(), Vec::new()),
    };
    let reason = decision.reason.as_str();
    Explained {
        at: at.to_rfc3339(),
        answer: if decision.permits() { "permit" } else { "deny" },
        reason: reason.to_owned(),
        text: words::reason(reason).to_owned(),
        kept_back,
        agreed_apart,
        shares: decision
            .shares
            .iter()
            .map(|share| (share.partner.clone(), share.reason.as_str().to_owned()))
            .collect(),
        consent: decision.consent,
        provision: decision.provision,
        agreement: decision.agreement,
        basis: decision.basis,
    }
}
