//! Referrals, decisions and recalls.

use super::{Expect, Step};
use crate::{
    clock::Moment,
    exchange::{
        ports::{CommitError, Precondition},
        rows::{DecisionRow, RecallRow, ReferralRow, ReviewRow},
    },
    ids::{RecallId, SiteId},
    store::{
        cell::word,
        sql::{oversight, referrals as sql},
    },
};

pub(super) fn referral(row: ReferralRow) -> [Step; 2] {
    let kept = kept(&row);
    let put = Step::new(
        "referral",
        sql::PUT_REFERRAL,
        vec![
            (&row.site_id).into(),
            (&row.referral_id).into(),
            (&row.episode_id).into(),
            (&row.person_id).into(),
            row.assessment_id.as_ref().into(),
            (&row.sender_id).into(),
            (&row.recipient_id).into(),
            word(&row.nature),
            row.audience.map(crate::directory::Audience::as_str).into(),
            row.channel.as_str().into(),
            row.urgency.into(),
            row.need.into(),
            row.state.as_str().into(),
            row.business_status.into(),
            row.reason.into(),
            row.receiver_note.into(),
            row.withheld.into(),
            row.disclosure_id.as_ref().into(),
            row.decision_id.as_ref().into(),
            row.review_due_at.into(),
            row.recall_answer.into(),
            row.correlation_id.into(),
            row.messages.into(),
            row.on_behalf_of.as_ref().into(),
            row.in_answer_to.as_ref().into(),
            row.version.into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.answer_by.into(),
        ],
    );
    [put, kept]
}

/// Each version is kept as it was.
fn kept(row: &ReferralRow) -> Step {
    Step::new("referral_version", sql::KEEP_REFERRAL, vec![(&row.site_id).into(), (&row.referral_id).into()])
        .changes_one()
}

/// What a referral is about (episode, person) and when it was made never change.
pub(super) fn moved(row: ReferralRow) -> [Step; 2] {
    let kept = kept(&row);
    let before = Precondition::ReferralVersion(
        row.site_id.clone(),
        row.referral_id.clone(),
        row.version.saturating_sub(1),
    );
    let moved = Step::new(
        "referral",
        sql::MOVE_REFERRAL,
        vec![
            row.assessment_id.as_ref().into(),
            (&row.sender_id).into(),
            (&row.recipient_id).into(),
            word(&row.nature),
            row.audience.map(crate::directory::Audience::as_str).into(),
            row.channel.as_str().into(),
            row.urgency.into(),
            row.need.into(),
            row.state.as_str().into(),
            row.business_status.into(),
            row.reason.into(),
            row.receiver_note.into(),
            row.withheld.into(),
            row.disclosure_id.as_ref().into(),
            row.decision_id.as_ref().into(),
            row.review_due_at.into(),
            row.recall_answer.into(),
            row.correlation_id.into(),
            row.messages.into(),
            row.version.into(),
            row.updated_at.into(),
            row.answer_by.into(),
            row.in_answer_to.as_ref().into(),
            (&row.site_id).into(),
            (&row.referral_id).into(),
        ],
    )
    .expect(Expect::OneRow(CommitError::Conflict(before)));
    [moved, kept]
}

pub(super) fn decision(row: DecisionRow) -> Step {
    Step::new(
        "decision",
        sql::PUT_DECISION,
        vec![
            (&row.site_id).into(),
            (&row.decision_id).into(),
            (&row.referral_id).into(),
            (&row.person_id).into(),
            (&row.recipient_id).into(),
            row.exit.into(),
            row.answer.into(),
            row.reason.into(),
            row.consent.as_ref().map(|(id, _)| id).into(),
            row.consent.as_ref().map(|(_, version)| *version).into(),
            row.agreement.as_ref().map(|(id, _)| id).into(),
            row.agreement.as_ref().map(|(_, version)| *version).into(),
            row.body.into(),
            row.policy_version.into(),
            row.consent_seq.into(),
            row.partner_version.into(),
            row.decided_at.into(),
        ],
    )
}

pub(super) fn recall(row: RecallRow) -> Step {
    Step::new(
        "recall",
        sql::PUT_RECALL,
        vec![
            (&row.site_id).into(),
            (&row.recall_id).into(),
            (&row.referral_id).into(),
            (&row.message_id).into(),
            row.consent_id.as_ref().into(),
            row.asked_at.into(),
            row.answer.into(),
            row.answered_at.into(),
            row.reminders.into(),
            row.remind_at.into(),
        ],
    )
}

pub(super) fn recall_seen_to(recall: &RecallRow, reminders: i64, next: Option<Moment>) -> Step {
    let cells = vec![
        reminders.into(),
        next.into(),
        (&recall.site_id).into(),
        (&recall.recall_id).into(),
        recall.remind_at.into(),
    ];
    Step::new("recall_seen_to", sql::RECALL_SEEN_TO, cells)
        .expect(Expect::OneRow(CommitError::Exists("recall_seen_to")))
}

/// A recall is answered once.
pub(super) fn recall_answered(site: &SiteId, recall: &RecallId, answer: String, at: Moment) -> Step {
    Step::new("recall_answer", sql::ANSWER_RECALL, vec![answer.into(), at.into(), site.into(), recall.into()])
        .expect(Expect::OneRow(CommitError::Exists("recall_answer")))
}

/// A second one is refused: what was answered once stands.
pub(super) fn review(row: &ReviewRow) -> Step {
    Step::new(
        "review",
        oversight::PUT_REVIEW,
        vec![
            (&row.site_id).into(),
            (&row.referral_id).into(),
            row.outcome.as_str().into(),
            row.reviewed_at.into(),
        ],
    )
}
