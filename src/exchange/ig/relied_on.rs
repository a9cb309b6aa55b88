//! What relied on a consent, and where each stands: queued, delivered, collected, recalled, and how the recall was answered.

use serde::Serialize;

use super::{Look, Officer};
use crate::{
    exchange::{
        Exchange,
        refusal::Refusal,
        rows::{DeliveryStatus, RecallRow, ReferralRow},
    },
    ids::{ConsentId, MessageId, PartnerId, PersonId, RecallId, ReferralId, SiteId},
    limits::{DECISIONS_TOLD_MAX, RECALL_REMINDERS_MAX},
    referral::State,
};

/// A message of a referral, and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct CarriedTold {
    /// Which.
    pub message_id: MessageId,
    /// Whether it is the notice of a recall, which holds no content.
    pub is_recall: bool,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When it was made.
    pub made_at: String,
}

/// A recall, and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct RecallAsked {
    /// Which.
    pub recall_id: RecallId,
    /// When it was asked.
    pub asked_at: String,
    /// What the agency answered; `None` until then.
    pub answer: Option<String>,
    /// When.
    pub answered_at: Option<String>,
    /// How often the agency was reminded.
    pub reminders: i64,
    /// When it is reminded next, or given up waiting for; `None`: nothing more comes.
    pub next_at: Option<String>,
    /// Whether it was not answered after the last reminder either: somebody has to speak to the agency.
    pub unanswered: bool,
}

impl From<RecallRow> for RecallAsked {
    fn from(row: RecallRow) -> Self {
        Self {
            recall_id: row.recall_id,
            asked_at: row.asked_at.to_rfc3339(),
            reminders: row.reminders,
            next_at: row.remind_at.filter(|_| row.answer.is_empty()).map(crate::clock::Moment::to_rfc3339),
            unanswered: row.answer.is_empty()
                && row.remind_at.is_none()
                && row.reminders >= RECALL_REMINDERS_MAX,
            answer: (!row.answer.is_empty()).then_some(row.answer),
            answered_at: row.answered_at.map(crate::clock::Moment::to_rfc3339),
        }
    }
}

/// One referral that was decided by the consent.
#[derive(Clone, Debug, Serialize)]
pub struct Reliance {
    /// Which.
    pub referral_id: ReferralId,
    /// To whom.
    pub recipient: PartnerId,
    /// For whom the recipient passes it on.
    pub on_behalf_of: Option<PartnerId>,
    /// Where it stands.
    pub state: State,
    /// Why it stands there.
    pub reason: String,
    /// On which versions of the consent a "yes" rested.
    pub permitted_by: Vec<i64>,
    /// By which versions it was refused.
    pub refused_by: Vec<i64>,
    /// When it was first decided by it.
    pub first_decided_at: String,
    /// When last.
    pub last_decided_at: String,
    /// Its messages, oldest first.
    pub messages: Vec<CarriedTold>,
    /// Its recalls, oldest first.
    pub recalls: Vec<RecallAsked>,
}

/// A consent, and what relied on it.
#[derive(Clone, Debug, Serialize)]
pub struct RelyingOn {
    /// Which.
    pub consent_id: ConsentId,
    /// Its latest version.
    pub version: i64,
    /// As it stands.
    pub status: String,
    /// Whose it is.
    pub person_id: PersonId,
    /// About which agency.
    pub recipient: PartnerId,
    /// Who recorded this version.
    pub recorded_by: String,
    /// When.
    pub recorded_at: String,
    /// What was decided by it.
    pub referrals: Vec<Reliance>,
}

impl Exchange {
    /// What relied on a consent.
    ///
    /// # Errors
    /// There is no such consent; or the question cannot be put on record.
    pub async fn relied_on(
        &self,
        site: &SiteId,
        officer: &Officer,
        consent: &ConsentId,
    ) -> Result<RelyingOn, Refusal> {
        let question = "relied-on";
        let Some(row) = self.store.consent(site, consent).await? else {
            return Err(self.asked_in_vain(site, officer, question, "consent").await?);
        };
        let (people, about) = ([row.person_id.clone()], vec![("of-consent", consent.to_string())]);
        let look = Look { question, people: &people, about, ..Look::default() };
        self.asked(site, officer, look).await?;
        let mut referrals = Vec::new();
        // A consent is about one agency, so all that it can decide is sent to that one, or to another for it.
        for referral in self.store.referrals_resting_on(site, &row.person_id, &row.recipient_id).await? {
            referrals.extend(self.reliance(&referral, consent).await?);
        }
        referrals.sort_by(|a, b| a.first_decided_at.cmp(&b.first_decided_at));
        Ok(RelyingOn {
            consent_id: row.consent_id,
            version: row.version,
            status: row.status,
            person_id: row.person_id,
            recipient: row.recipient_id,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at.to_rfc3339(),
            referrals,
        })
    }

    /// How one referral relied on a consent; `None` when no decision about it names it.
    async fn reliance(
        &self,
        referral: &ReferralRow,
        consent: &ConsentId,
    ) -> Result<Option<Reliance>, Refusal> {
        let (site, id) = (&referral.site_id, &referral.referral_id);
        let mut books = self.books(site).await?;
        let (mut permitted_by, mut refused_by, mut when) = (Vec::new(), Vec::new(), Vec::new());
        for row in self.store.decisions_of(site, id, DECISIONS_TOLD_MAX).await? {
            let versions = books.rests_on(&row, consent).await?;
            if versions.is_empty() {
                continue;
            }
            when.push(row.decided_at);
            let list = if row.answer == "permit" { &mut permitted_by } else { &mut refused_by };
            list.extend(versions);
        }
        let (Some(first), Some(last)) = (when.iter().min(), when.iter().max()) else { return Ok(None) };
        for list in [&mut permitted_by, &mut refused_by] {
            list.sort_unstable();
            list.dedup();
        }
        let recalls = self.store.recalls_of(site, id).await?;
        let messages = self.store.deliveries_of(site, id).await?.into_iter().map(|row| CarriedTold {
            is_recall: recalls.iter().any(|recall| recall.message_id == row.new.message_id),
            message_id: row.new.message_id,
            status: row.status,
            made_at: row.new.created_at.to_rfc3339(),
        });
        Ok(Some(Reliance {
            referral_id: id.clone(),
            recipient: referral.recipient_id.clone(),
            on_behalf_of: referral.on_behalf_of.clone(),
            state: referral.state,
            reason: referral.reason.clone(),
            permitted_by,
            refused_by,
            first_decided_at: first.to_rfc3339(),
            last_decided_at: last.to_rfc3339(),
            messages: messages.collect(),
            recalls: recalls.into_iter().map(RecallAsked::from).collect(),
        }))
    }
}
