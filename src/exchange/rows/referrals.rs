//! Referrals, the decisions about them, and what was taken back.

use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::{
    clock::Moment,
    directory::{Audience, Channel, Nature},
    ids::{
        AgreementId, AssessmentId, ConsentId, DecisionId, DisclosureId, EpisodeId, MessageId, PartnerId,
        PersonId, RecallId, ReferralId, SiteId,
    },
    referral::State,
};

/// One request or piece of advice to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub referral_id: ReferralId,
    /// The episode it belongs to.
    pub episode_id: EpisodeId,
    /// The person.
    pub person_id: PersonId,
    /// The assessment it came from; `None` when it started with another agency.
    pub assessment_id: Option<AssessmentId>,
    /// Who asked.
    pub sender_id: PartnerId,
    /// Who is asked.
    pub recipient_id: PartnerId,
    /// Referral or advice.
    pub nature: Nature,
    /// The allow-list that governed it; `None` for a request to L&D itself.
    pub audience: Option<Audience>,
    /// How it goes out.
    pub channel: Channel,
    /// `routine`, `urgent` or `emergency`.
    pub urgency: String,
    /// The need that it is for (`housing`), as the assessment says; empty when it says none.
    pub need: String,
    /// Where it stands.
    pub state: State,
    /// The finer word: `appointment-booked`.
    pub business_status: String,
    /// Why it stands there: a reason code, empty when there is nothing to say.
    pub reason: String,
    /// The receiver's own words, verbatim, sealed.
    pub receiver_note: Option<Sealed>,
    /// What was withheld from the recipient, by rule (JSON of [`Withheld`](crate::minimise::Withheld)), sealed: which
    /// fields a person keeps back says something about them.
    pub withheld: Sealed,
    /// The disclosure, when one was made.
    pub disclosure_id: Option<DisclosureId>,
    /// The latest decision.
    pub decision_id: Option<DecisionId>,
    /// Marked for review by a second person, until when; `None` otherwise.
    pub review_due_at: Option<Moment>,
    /// The recall's own answer, once there is one.
    pub recall_answer: Option<String>,
    /// For a request's answer to L&D's inbox: the correlation id of the conversation, different per recipient.
    pub correlation_id: String,
    /// Messages made so far under this referral; the next message's sequence is one more.
    pub messages: i64,
    /// The agency for which it is meant, where the recipient passes it on: it is that agency's view, and both are asked about.
    pub on_behalf_of: Option<PartnerId>,
    /// The request that it answers.
    pub in_answer_to: Option<ReferralId>,
    /// Moves on at each change; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// Until when an answer is awaited, while one is: as it was told to both sides when it was last asked.
    pub answer_by: Moment,
}

/// A decision as made, with what it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub decision_id: DecisionId,
    /// The referral it is about.
    pub referral_id: ReferralId,
    /// The person.
    pub person_id: PersonId,
    /// The recipient.
    pub recipient_id: PartnerId,
    /// Where data would have left: `plan`, `send`, `replay`, `collect`.
    pub exit: String,
    /// `permit` or `deny`.
    pub answer: String,
    /// Why, in one code.
    pub reason: String,
    /// The consent that decided, with its version.
    pub consent: Option<(ConsentId, i64)>,
    /// The agreement that was in force, with its version.
    pub agreement: Option<(AgreementId, i64)>,
    /// The whole decision and what may leave under it, sealed.
    pub body: Sealed,
    /// Version of the disclosure tables.
    pub policy_version: String,
    /// The person's `consent_seq` that was read.
    pub consent_seq: i64,
    /// The partner's `version` that was read.
    pub partner_version: i64,
    /// When.
    pub decided_at: Moment,
}

/// A recall of something already sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallRow {
    /// The tenant.
    pub site_id: SiteId,
    /// Its id.
    pub recall_id: RecallId,
    /// What is recalled.
    pub referral_id: ReferralId,
    /// The message that carries the recall.
    pub message_id: MessageId,
    /// The withdrawn consent; `None` when the recall has another cause.
    pub consent_id: Option<ConsentId>,
    /// When it was asked.
    pub asked_at: Moment,
    /// The recipient's answer: `deleted`, `kept-other-basis`, `retained-by-law`, `already-used`,
    /// `no-further-use`; empty until then.
    pub answer: String,
    /// When it was answered.
    pub answered_at: Option<Moment>,
    /// How often the recipient was reminded.
    pub reminders: i64,
    /// When it is next seen to while it has no answer: reminded of, or given up waiting for. `None` once nothing more comes.
    pub remind_at: Option<Moment>,
}

/// What a second person found of a disclosure without consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewOutcome {
    /// It was right.
    Upheld,
    /// It should not have been made.
    NotUpheld,
}

impl ReviewOutcome {
    /// The word in the database and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::NotUpheld => "not-upheld",
        }
    }
}

/// The review of a disclosure without consent. Who reviewed it and why stands sealed with its entry in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The tenant.
    pub site_id: SiteId,
    /// What was disclosed.
    pub referral_id: ReferralId,
    /// What was found.
    pub outcome: ReviewOutcome,
    /// When.
    pub reviewed_at: Moment,
}
