//! People and the directory.

use super::{Expect, Step};
use crate::{
    clock::Moment,
    directory::{Agreement, Partner},
    exchange::{
        ports::CommitError,
        rows::{AssessmentRow, ConsentRow, EpisodeRow, LookupRow, OfficerRow, PersonRow, RootKeyRow},
    },
    ids::{PartnerId, PersonId, SiteId},
    store::{
        cell::{Cell, json, word},
        sql::{directory as directory_sql, oversight, people as sql},
    },
};

pub(super) fn root_key(row: RootKeyRow) -> Step {
    let refused = "root_key: there are people, whose keys another root key wraps";
    Step::new(
        "root_key",
        sql::PUT_ROOT_KEY,
        vec![row.key_id.into(), row.wrapped.into(), row.created_at.into()],
    )
    .expect(Expect::OneRow(CommitError::Unavailable(String::from(refused))))
}

pub(super) fn person(row: PersonRow) -> Step {
    Step::new(
        "person",
        sql::PUT_PERSON,
        vec![
            (&row.site_id).into(),
            (&row.person_id).into(),
            row.wrapped_key.into(),
            row.consent_seq.into(),
            row.created_at.into(),
        ],
    )
}

pub(super) fn lookup(row: LookupRow) -> Step {
    Step::new(
        "person_lookup",
        sql::PUT_LOOKUP,
        vec![
            (&row.site_id).into(),
            row.kind.into(),
            row.hash.into(),
            row.key_id.into(),
            (&row.person_id).into(),
        ],
    )
}

pub(super) fn forget(site: &SiteId, kind: String, hash: Option<[u8; 32]>, person: &PersonId) -> Step {
    let mut cells: Vec<Cell> = vec![site.into(), kind.into(), person.into()];
    let Some(hash) = hash else { return Step::new("person_lookup", sql::FORGET_LOOKUPS, cells) };
    cells.push(hash.into());
    // Somebody else is found by it by now: decide again.
    Step::new("person_lookup", sql::FORGET_LOOKUP, cells)
        .expect(Expect::OneRow(CommitError::Exists("person_lookup")))
}

pub(super) fn consent_seq_up(site: &SiteId, person: &PersonId) -> Step {
    Step::new("person", sql::CONSENT_SEQ_UP, vec![site.into(), person.into()]).changes_one()
}

pub(super) fn episode(row: EpisodeRow) -> Step {
    Step::new(
        "episode",
        sql::PUT_EPISODE,
        vec![
            (&row.site_id).into(),
            (&row.episode_id).into(),
            (&row.person_id).into(),
            row.status.into(),
            row.opened_at.into(),
        ],
    )
}

pub(super) fn assessment(row: AssessmentRow) -> Step {
    Step::new(
        "assessment",
        sql::PUT_ASSESSMENT,
        vec![
            (&row.site_id).into(),
            (&row.assessment_id).into(),
            (&row.episode_id).into(),
            (&row.person_id).into(),
            (&row.sender_id).into(),
            row.profile.into(),
            row.received_at.into(),
            row.body_sha256.into(),
            row.body.into(),
            row.supersedes.as_ref().into(),
        ],
    )
}

pub(super) fn consent(row: ConsentRow) -> Step {
    Step::new(
        "consent",
        sql::PUT_CONSENT,
        vec![
            (&row.site_id).into(),
            (&row.consent_id).into(),
            row.version.into(),
            (&row.person_id).into(),
            (&row.recipient_id).into(),
            row.status.into(),
            row.recorded_by.into(),
            row.recorded_at.into(),
            row.body.into(),
        ],
    )
}

/// The name under which one agency knows a person; the same again changes nothing.
pub(super) fn reference(site: &SiteId, partner: &PartnerId, reference: String, person: &PersonId) -> Step {
    let cells = vec![site.into(), partner.into(), reference.into(), person.into()];
    Step::new("person_reference", sql::PUT_REFERENCE, cells)
}

pub(super) fn partner(row: Partner, now: Moment) -> [Step; 2] {
    let kept = kept(&row.site_id, &row.partner_id, now);
    let put = Step::new(
        "partner",
        directory_sql::PUT_PARTNER,
        vec![
            (&row.site_id).into(),
            (&row.partner_id).into(),
            row.kind.as_str().into(),
            row.name.into(),
            row.organisation_code.into(),
            row.channel.as_str().into(),
            row.endpoint.into(),
            row.client_id.into(),
            row.certificate_sha256.into(),
            row.jwks.into(),
            word(&row.status),
            json(&row.forgives),
            row.service.into(),
        ],
    );
    [put, kept]
}

/// A name of another site is left alone.
pub(super) fn officer(row: OfficerRow) -> Step {
    let cells = vec![
        row.name.into(),
        (&row.site_id).into(),
        row.certificate_sha256.into(),
        word(&row.status),
        row.changed_at.into(),
    ];
    Step::new("officer", directory_sql::PUT_OFFICER, cells)
        .expect(Expect::OneRow(CommitError::Exists("officer")))
}

/// Each version of an agency is kept as it was.
fn kept(site: &SiteId, partner: &PartnerId, now: Moment) -> Step {
    Step::new("partner_version", directory_sql::KEEP_PARTNER, vec![now.into(), site.into(), partner.into()])
}

/// Also moves the partner on: whoever decided under the old agreement decides again. The same version again must say
/// the same.
pub(super) fn agreement(row: Agreement, now: Moment) -> [Step; 5] {
    let kept = kept(&row.site_id, &row.partner_id, now);
    let up = partner_version_up(&row.site_id, &row.partner_id);
    let entered = vec![(&row.site_id).into(), (&row.agreement_id).into(), row.version.into(), now.into()];
    let entered = Step::new("agreement", oversight::AGREEMENT_ENTERED, entered);
    let cells: Vec<Cell> = vec![
        (&row.site_id).into(),
        (&row.agreement_id).into(),
        (&row.partner_id).into(),
        row.version.into(),
        json(&row.purposes),
        row.valid_from.into(),
        row.valid_to.into(),
        json(&row.basis),
        row.emergency.as_ref().map(json).into(),
        row.dpia_reference.into(),
        row.record.as_ref().map(json).into(),
    ];
    let same = Step::new("agreement", directory_sql::HAS_AGREEMENT, cells.clone())
        .expect(Expect::Found(CommitError::Exists("agreement")));
    [up, kept, entered, Step::new("agreement", directory_sql::PUT_AGREEMENT, cells), same]
}

fn partner_version_up(site: &SiteId, partner: &PartnerId) -> Step {
    Step::new("partner", directory_sql::PARTNER_VERSION_UP, vec![site.into(), partner.into()]).changes_one()
}
