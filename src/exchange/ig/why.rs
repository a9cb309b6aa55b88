//! Why something was sent or withheld, question by question, from the decision that is stored.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Look, Officer, ground::Ground, words};
use crate::{
    directory::Audience,
    exchange::{
        Exchange,
        refusal::Refusal,
        rows::{DeliveryStatus, MessageRow, ReferralRow, Withheld},
    },
    ids::{DisclosureId, PartnerId, PersonId, ReferralId, SiteId},
    limits::DECISIONS_TOLD_MAX,
    referral::State,
};

/// How one question of a decision was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepAnswer {
    /// Yes: on to the next.
    Yes,
    /// No: nothing leaves, unless a later question lets the minimum out.
    No,
    /// It did not come to this.
    NotAsked,
}

/// One question of a decision, in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The question.
    pub question: &'static str,
    /// The answer.
    pub answer: StepAnswer,
    /// By what it was answered.
    pub by: Option<String>,
}

/// A decision, and what it says in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reasoned {
    /// The decision.
    pub decision: Ground,
    /// What its reason means.
    pub text: String,
    /// Question by question.
    pub steps: Vec<Step>,
    /// How many decisions after it, at later exits, came out the same.
    pub came_out_the_same: usize,
}

/// What one rule kept back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The rule, with its version: `custody/4#clinical`.
    pub rule: String,
    /// The reason code.
    pub reason: String,
    /// What that means.
    pub text: String,
    /// How many fields of the assessment.
    pub fields: usize,
}

/// Why.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// The referral.
    pub referral_id: ReferralId,
    /// About whom.
    pub person_id: PersonId,
    /// By whom.
    pub sender: PartnerId,
    /// To whom.
    pub recipient: PartnerId,
    /// For whom the recipient passes it on.
    pub on_behalf_of: Option<PartnerId>,
    /// By which allow-list.
    pub audience: Option<Audience>,
    /// Where it stands.
    pub state: State,
    /// The disclosure that was asked about, or the latest.
    pub disclosure_id: Option<DisclosureId>,
    /// Where the message that carries it stands.
    pub delivery: Option<DeliveryStatus>,
    /// In one sentence.
    pub text: String,
    /// The decisions, oldest first; one that came out as the one before it is counted there.
    pub decisions: Vec<Reasoned>,
    /// What of the assessment was kept back from the latest disclosure, by rule; `None` once the person is erased.
    pub withheld: Option<Vec<Kept>>,
    /// Whether there are decisions before the first that is shown.
    pub earlier_left_out: bool,
}

impl Exchange {
    /// Why the content of this disclosure was sent.
    ///
    /// # Errors
    /// There is no such disclosure; or the question cannot be put on record.
    pub async fn why_disclosed(
        &self,
        site: &SiteId,
        officer: &Officer,
        disclosure: &DisclosureId,
    ) -> Result<Why, Refusal> {
        let message = self.store.message_by_disclosure(site, disclosure).await?;
        let referral = match &message {
            Some(message) => self.store.referral(site, &message.referral_id).await?,
            None => None,
        };
        let Some((message, referral)) = message.zip(referral) else {
            return Err(self.asked_in_vain(site, officer, "why", "disclosure").await?);
        };
        let about = vec![("of-disclosure", disclosure.to_string())];
        self.asked_why(site, officer, "disclosure", &referral, about).await?;
        self.reasons_for(&referral, Some(&message)).await
    }

    /// Why this referral was sent, or was not.
    ///
    /// # Errors
    /// There is no such referral; or the question cannot be put on record.
    pub async fn why_referral(
        &self,
        site: &SiteId,
        officer: &Officer,
        referral: &ReferralId,
    ) -> Result<Why, Refusal> {
        let Some(referral) = self.store.referral(site, referral).await? else {
            return Err(self.asked_in_vain(site, officer, "why", "referral").await?);
        };
        self.asked_why(site, officer, "referral", &referral, Vec::new()).await?;
        self.reasons_for(&referral, None).await
    }

    async fn asked_why(
        &self,
        site: &SiteId,
        officer: &Officer,
        by: &'static str,
        referral: &ReferralRow,
        mut about: Vec<(&'static str, String)>,
    ) -> Result<(), Refusal> {
        about.push(("of-referral", referral.referral_id.to_string()));
        let people = [referral.person_id.clone()];
        let look = Look { question: "why", by, people: &people, about, ..Look::default() };
        self.asked(site, officer, look).await
    }

    async fn reasons_for(
        &self,
        referral: &ReferralRow,
        message: Option<&MessageRow>,
    ) -> Result<Why, Refusal> {
        let site = &referral.site_id;
        let mut books = self.books(site).await?;
        let mut rows = self.store.decisions_of(site, &referral.referral_id, DECISIONS_TOLD_MAX + 1).await?;
        let earlier_left_out = rows.len() > DECISIONS_TOLD_MAX;
        if earlier_left_out {
            rows.remove(0);
        }
        // Of a disclosure, the decision that let it out and those after it.
        if let Some(decision) = message.and_then(|message| message.decision_id.as_ref())
            && let Some(place) = rows.iter().position(|row| row.decision_id == *decision)
        {
            rows.drain(..place);
        }
        let mut decisions: Vec<Reasoned> = Vec::new();
        for row in &rows {
            let ground = books.ground(row).await?;
            match decisions.last_mut() {
                Some(last) if is_the_same(&last.decision, &ground) => last.came_out_the_same += 1,
                _ => decisions.push(Reasoned {
                    text: words::reason(&ground.reason).to_owned(),
                    steps: steps(&ground),
                    decision: ground,
                    came_out_the_same: 0,
                }),
            }
        }
        let withheld = match books.key(&referral.person_id).await? {
            Some(key) => Some(by_rule(&self.open_withheld(referral, key)?)),
            None => None,
        };
        let disclosure_id = match message {
            Some(message) => message.disclosure_id.clone(),
            None => referral.disclosure_id.clone(),
        };
        let carried = match (message, &disclosure_id) {
            (Some(message), _) => Some(message.message_id.clone()),
            (None, Some(id)) => {
                self.store.message_by_disclosure(site, id).await?.map(|message| message.message_id)
            }
            (None, None) => None,
        };
        let deliveries = books.deliveries(&referral.referral_id).await?;
        let delivery = carried.and_then(|id| deliveries.iter().find(|row| row.new.message_id == id));
        Ok(Why {
            referral_id: referral.referral_id.clone(),
            person_id: referral.person_id.clone(),
            sender: referral.sender_id.clone(),
            recipient: referral.recipient_id.clone(),
            on_behalf_of: referral.on_behalf_of.clone(),
            audience: referral.audience,
            state: referral.state,
            delivery: delivery.map(|row| row.status),
            text: in_a_sentence(referral, disclosure_id.as_ref(), decisions.first()),
            disclosure_id,
            decisions,
            withheld,
            earlier_left_out,
        })
    }
}

fn in_a_sentence(
    referral: &ReferralRow,
    disclosure: Option<&DisclosureId>,
    first: Option<&Reasoned>,
) -> String {
    let why = first.map_or("No decision about it is stored.", |first| first.text.as_str());
    match (disclosure, first) {
        (Some(_), _) => format!("It was made for {}: {why}", referral.recipient_id),
        (None, Some(first)) if first.decision.permits() => format!(
            "It was decided that it may go to {}, and nothing of it stands there now ({}): {why}",
            referral.recipient_id,
            referral.state.as_str()
        ),
        (None, _) => format!("Nothing of it went to {}: {why}", referral.recipient_id),
    }
}

/// Whether two decisions, at two exits, say the same.
fn is_the_same(one: &Ground, other: &Ground) -> bool {
    (&one.answer, &one.reason, &one.consent, &one.agreement, &one.blocks, &one.basis)
        == (&other.answer, &other.reason, &other.consent, &other.agreement, &other.blocks, &other.basis)
}

/// The questions in the order in which `consent` asks them, and which of them decided.
pub(super) fn steps(ground: &Ground) -> Vec<Step> {
    use StepAnswer::{No, NotAsked, Yes};
    let agreement = ground.agreement.as_ref().map(|used| format!("{}/{}", used.id, used.version));
    let consent = ground.consent.as_ref().map(|used| format!("{}/{}", used.id, used.version));
    let purposes = (!ground.purposes.is_empty()).then(|| ground.purposes.join(" "));
    let by_override = matches!(ground.reason.as_str(), "override-risk-to-life" | "consent-and-override");
    let asked_override = by_override || ground.reason.starts_with("override-");
    let says_yes =
        matches!(ground.reason.as_str(), "consent-given" | "consent-and-override" | "consent-implied");
    // Where each stops: the first "no" is the reason, and what comes after it was not asked.
    let (in_use, agreed, purpose, person) = match ground.reason.as_str() {
        "partner-suspended" => (No, NotAsked, NotAsked, NotAsked),
        "no-agreement" | "no-processing-record" => (Yes, No, NotAsked, NotAsked),
        "purpose-not-agreed" => (Yes, Yes, No, NotAsked),
        "own-request" => (Yes, if agreement.is_some() { Yes } else { NotAsked }, Yes, NotAsked),
        // An override stands for itself, also where the agreement is for another purpose.
        _ if asked_override && purposes.is_none() => (Yes, Yes, No, NotAsked),
        _ => (Yes, Yes, Yes, if says_yes { Yes } else { No }),
    };
    let emergency = match (asked_override, by_override) {
        (false, _) => NotAsked,
        (true, true) => Yes,
        (true, false) => No,
    };
    let by = |answer: StepAnswer, what: Option<String>| what.filter(|_| answer != NotAsked);
    let step = |question, answer, what| Step { question, answer, by: by(answer, what) };
    vec![
        step("Is the agency in use?", in_use, None),
        step("Is there an agreement with it in force?", agreed, agreement),
        step("Is that agreement for a purpose for which such an agency may be told?", purpose, purposes),
        step("Did the person agree, and could they?", person, consent),
        step("Is there an imminent risk to life, and a row for that in the agreement?", emergency, None),
    ]
}

fn by_rule(withheld: &[Withheld]) -> Vec<Kept> {
    let mut rules: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in withheld {
        *rules.entry((&one.rule, &one.reason)).or_default() += 1;
    }
    let kept = |((rule, reason), fields): ((&str, &str), usize)| Kept {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        text: words::kept(reason).to_owned(),
        fields,
    };
    rules.into_iter().map(kept).collect()
}
