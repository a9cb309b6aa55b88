//! What came in, what makes a repeat known, and audit entries.

use super::Step;
use crate::{
    audit::Leaf,
    clock::Moment,
    exchange::{
        ports::{CommitError, Precondition},
        rows::{AuditRow, ConversationRow, IdempotencyRow, InboundRow},
    },
    ids::PartnerId,
    store::sql::{audit as audit_sql, conversations, inbound as sql},
};

pub(super) fn inbound(row: InboundRow) -> Step {
    let used =
        Precondition::InboundUnused(row.site_id.clone(), row.partner_id.clone(), row.message_key.clone());
    Step::new(
        "inbound",
        sql::PUT_INBOUND,
        vec![
            (&row.site_id).into(),
            (&row.inbound_id).into(),
            (&row.partner_id).into(),
            row.message_key.into(),
            row.kind.into(),
            row.referral_id.as_ref().into(),
            row.person_id.as_ref().into(),
            row.received_at.into(),
            row.body_sha256.into(),
            row.body.into(),
        ],
    )
    .on_unique(CommitError::Conflict(used))
}

pub(super) fn conversation(row: ConversationRow) -> Step {
    Step::new(
        "conversation",
        conversations::PUT_CONVERSATION,
        vec![
            (&row.site_id).into(),
            (&row.partner_id).into(),
            (&row.referral_id).into(),
            row.bundle_id.into(),
            row.correlation_id.into(),
            row.request_hash.into(),
            row.created_at.into(),
        ],
    )
}

/// The answer to an idempotent request; one that has expired makes way.
pub(super) fn answer(row: IdempotencyRow) -> [Step; 2] {
    let used =
        Precondition::IdempotencyKeyUnused(row.site_id.clone(), row.partner_id.clone(), row.key.clone());
    let drop = Step::new(
        "idempotency",
        sql::DROP_EXPIRED_ANSWER,
        vec![(&row.site_id).into(), (&row.partner_id).into(), row.key.as_str().into(), row.created_at.into()],
    );
    let put = Step::new(
        "idempotency",
        sql::PUT_ANSWER,
        vec![
            (&row.site_id).into(),
            (&row.partner_id).into(),
            row.key.into(),
            row.request_sha256.into(),
            row.status.into(),
            row.body.into(),
            row.created_at.into(),
            row.expires_at.into(),
        ],
    )
    .on_unique(CommitError::Conflict(used));
    [drop, put]
}

pub(super) fn once(kind: String, value: String, expires: Moment) -> Step {
    Step::new("once", sql::PUT_ONCE, vec![kind.into(), value.into(), expires.into()])
}

/// Takes away a little of what has expired, so that the table does not grow for ever.
pub(super) fn forget_once(now: Moment) -> Step {
    Step::new("once", sql::DROP_EXPIRED_ONCE, vec![now.into()])
}

/// `place` is the entry's place among those of its commit.
pub(super) fn entry(row: AuditRow, place: i64) -> Step {
    // Beside the leaf stands what the leaf says. The gateway's own doing is nobody's to ask for, and an operator
    // (`operator:name`) is no agency.
    let actor = Leaf::read(&row.leaf).ok().map(|leaf| leaf.actor);
    let actor = actor.filter(|actor| actor != "gateway" && PartnerId::parse(actor).is_some());
    Step::new(
        "audit_entry",
        audit_sql::PUT_ENTRY,
        vec![
            (&row.site_id).into(),
            (&row.entry_id).into(),
            row.at.into(),
            place.into(),
            row.kind.into(),
            row.person_id.as_ref().into(),
            row.referral_id.as_ref().into(),
            row.partner_id.as_ref().into(),
            row.leaf.into(),
            row.content.into(),
            actor.into(),
        ],
    )
}
