//! What is purged, held and erased.

use super::{Expect, Step};
use crate::{
    clock::Moment,
    exchange::{
        keeping::ports::{AssessmentPurge, Erase, HoldRow, ReferralPurge, SubjectAccessRow},
        ports::CommitError,
    },
    ids::{HoldId, SiteId},
    limits,
    store::{cell::Cell, sql::keeping as sql},
};

/// What stands in the place of content that is gone.
fn nothing() -> Cell {
    Cell::Blob(Vec::new())
}

pub(super) fn referral(purge: &ReferralPurge) -> [Step; 4] {
    let (site, referral, person) = (&purge.site_id, &purge.referral_id, &purge.person_id);
    let stamp = vec![purge.at.into(), site.into(), referral.into(), person.into()];
    [
        Step::new("referral", sql::PURGE_REFERRAL, stamp)
            .expect(Expect::OneRow(CommitError::Exists("referral"))),
        Step::new("referral_version", sql::PURGE_NOTES, vec![site.into(), referral.into()]),
        Step::new("message", sql::PURGE_MESSAGES, vec![nothing(), site.into(), referral.into()]),
        Step::new(
            "inbound",
            sql::PURGE_INBOUND,
            vec![nothing(), site.into(), person.into(), referral.into()],
        ),
    ]
}

pub(super) fn assessment(purge: &AssessmentPurge) -> [Step; 2] {
    let (site, assessment) = (&purge.site_id, &purge.assessment_id);
    let stamp = vec![purge.at.into(), nothing(), site.into(), assessment.into(), (&purge.person_id).into()];
    let form = format!("form:{assessment}");
    [
        Step::new("assessment", sql::PURGE_ASSESSMENT, stamp)
            .expect(Expect::OneRow(CommitError::Exists("assessment"))),
        Step::new(
            "inbound",
            sql::PURGE_FORM,
            vec![nothing(), site.into(), (&purge.sender_id).into(), form.into()],
        ),
    ]
}

/// A draft is a copy of all content: it does not outlive it for long.
pub(super) fn stale(before: Moment, limit: usize, now: Moment) -> [Step; 3] {
    let drafts = now.plus_seconds(-limits::SUBJECT_ACCESS_KEPT_DAYS * 86_400);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    [
        Step::new("inbound", sql::PURGE_UNMATCHED, vec![nothing(), before.into(), limit.into()]),
        Step::new("subject_access", sql::DROP_OLD_DRAFTS, vec![drafts.into(), limit.into()]),
        Step::new("idempotency", sql::DROP_EXPIRED_ANSWERS, vec![now.into(), limit.into()]),
    ]
}

pub(super) fn hold(row: &HoldRow) -> Step {
    Step::new(
        "legal_hold",
        sql::PUT_HOLD,
        vec![
            (&row.site_id).into(),
            (&row.hold_id).into(),
            (&row.person_id).into(),
            row.set_at.into(),
            row.lifted_at.into(),
        ],
    )
}

pub(super) fn hold_lifted(site: &SiteId, hold: &HoldId, at: Moment) -> Step {
    Step::new("legal_hold", sql::LIFT_HOLD, vec![at.into(), site.into(), hold.into()])
        .expect(Expect::OneRow(CommitError::Exists("legal_hold")))
}

/// The key goes first, and with it what every copy holds; then what stands here.
pub(super) fn erase(erase: Erase) -> Vec<Step> {
    let (site, person, at) = (&erase.site_id, &erase.person_id, erase.at);
    let whose = || vec![Cell::from(site), person.into()];
    let blank = || vec![nothing(), site.into(), person.into()];
    let key = vec![erase.wrapped_key.into(), site.into(), person.into()];
    let stamped = || vec![at.into(), nothing(), site.into(), person.into()];
    let certificate = vec![site.into(), person.into(), at.into(), erase.certificate.into()];
    vec![
        Step::new("person", sql::ERASE_PERSON, key).expect(Expect::OneRow(CommitError::Exists("person"))),
        Step::new("person_lookup", sql::ERASE_LOOKUPS, whose()),
        Step::new("assessment", sql::ERASE_ASSESSMENTS, stamped()),
        Step::new("consent", sql::ERASE_CONSENTS, blank()),
        Step::new("referral_version", sql::ERASE_REFERRAL_VERSIONS, blank()),
        Step::new("decision", sql::ERASE_DECISIONS, blank()),
        Step::new("message", sql::ERASE_MESSAGES, blank()),
        Step::new("inbound", sql::ERASE_INBOUND, blank()),
        Step::new("conversation", sql::ERASE_CONVERSATIONS, whose()),
        Step::new("subject_access", sql::ERASE_SUBJECT_ACCESS, blank()),
        Step::new("referral", sql::ERASE_REFERRALS, stamped()),
        Step::new("erasure", sql::PUT_ERASURE, certificate),
    ]
}

pub(super) fn subject_access(row: SubjectAccessRow) -> Step {
    Step::new(
        "subject_access",
        sql::PUT_SUBJECT_ACCESS,
        vec![
            (&row.site_id).into(),
            (&row.request_id).into(),
            (&row.person_id).into(),
            row.drafted_at.into(),
            row.released_at.into(),
            row.version.into(),
            row.body.into(),
        ],
    )
}

pub(super) fn subject_access_moved(row: SubjectAccessRow) -> Step {
    let cells = vec![
        row.released_at.into(),
        row.version.into(),
        row.body.into(),
        (&row.site_id).into(),
        (&row.request_id).into(),
    ];
    Step::new("subject_access", sql::MOVE_SUBJECT_ACCESS, cells)
        .expect(Expect::OneRow(CommitError::Exists("subject_access")))
}
