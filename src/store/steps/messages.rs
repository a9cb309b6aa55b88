//! Messages, and the lanes that carry them.

use super::{Expect, Step};
use crate::{
    clock::Moment,
    exchange::{
        ports::{CommitError, DeliveryChange, Precondition},
        rows::{AttemptRow, MessageRow, NewDelivery},
    },
    ids::{AttemptId, PartnerId, PersonId, SiteId},
    limits,
    store::{
        cell::Cell,
        sql::{lanes, messages as sql},
    },
};

/// The longest that an attempt takes from its first byte.
#[expect(clippy::cast_possible_wrap, reason = "a few seconds")]
const ATTEMPT_SECONDS: i64 = limits::ATTEMPT_TIMEOUT_SECONDS as i64;

pub(super) fn message(row: MessageRow) -> Step {
    Step::new(
        "message",
        sql::PUT_MESSAGE,
        vec![
            (&row.site_id).into(),
            (&row.message_id).into(),
            row.kind.as_str().into(),
            (&row.referral_id).into(),
            (&row.person_id).into(),
            (&row.sender_id).into(),
            (&row.recipient_id).into(),
            row.decision_id.as_ref().into(),
            row.disclosure_id.as_ref().into(),
            row.wire_id.into(),
            row.workflow.into(),
            row.content_type.into(),
            row.body_sha256.into(),
            row.body.into(),
            row.detail.into(),
            row.lineage.into(),
            row.mapping_version.into(),
            row.made_by.into(),
            row.frame.into(),
            row.created_at.into(),
        ],
    )
}

fn lane(row: &NewDelivery) -> Vec<Cell> {
    vec![(&row.site_id).into(), (&row.recipient_id).into(), (&row.person_id).into()]
}

fn new_delivery(row: &NewDelivery) -> Vec<Cell> {
    vec![
        (&row.site_id).into(),
        (&row.delivery_id).into(),
        (&row.message_id).into(),
        (&row.referral_id).into(),
        (&row.recipient_id).into(),
        (&row.person_id).into(),
        row.channel.as_str().into(),
        row.not_before.into(),
        row.created_at.into(),
    ]
}

/// After all that may go as early.
pub(super) fn enqueue(row: &NewDelivery) -> [Step; 3] {
    [
        Step::new("lane", lanes::TAKE_NUMBER, lane(row)),
        Step::new("delivery", lanes::PUT_DELIVERY, new_delivery(row)),
        Step::new("lane", lanes::WAKE, lane(row)),
    ]
}

/// Before all that is queued or was set aside: a dead head holds what is ordinary, not what withdraws. An attempt
/// that has begun is never overtaken: its message may already be there, so what withdraws it must come after it.
pub(super) fn enqueue_first(row: &NewDelivery) -> [Step; 5] {
    let mut room = lane(row);
    room.push(row.not_before.into());
    [
        Step::new("lane", lanes::TAKE_NUMBER, lane(row)),
        Step::new("delivery", lanes::MAKE_ROOM, room),
        Step::new("delivery", lanes::PUT_DELIVERY_FIRST, new_delivery(row)),
        Step::new("delivery", lanes::CLOSE_ROOM, lane(row)),
        Step::new("lane", lanes::WAKE, lane(row)),
    ]
}

pub(super) fn change(change: DeliveryChange) -> [Step; 2] {
    let id = Cell::from(&change.delivery_id);
    let put = Step::new(
        "delivery",
        sql::CHANGE_DELIVERY,
        vec![
            change.status.as_str().into(),
            change.attempts.into(),
            change.next_at.into(),
            change.send_by.into(),
            change.reason.into(),
            id.clone(),
            change.version.into(),
        ],
    )
    .expect(Expect::OneRow(CommitError::Conflict(Precondition::DeliveryVersion(
        change.delivery_id,
        change.version,
    ))));
    [put, Step::new("lane", lanes::WAKE_OF_DELIVERY, vec![id])]
}

/// An attempt begins under the fence of its lane, and holds the lane until it must be over.
pub(super) fn attempt_begun(row: AttemptRow, fence: Option<&Precondition>) -> [Step; 3] {
    let over = row.send_by.plus_seconds(ATTEMPT_SECONDS).plus_seconds(limits::LEASE_MARGIN_SECONDS);
    let (lane, fenced, refusal) = match fence {
        Some(held @ Precondition::LaneFence(site, recipient, person, fence)) => (
            vec![Cell::from(site), recipient.into(), person.into()],
            Cell::from(*fence),
            CommitError::Conflict(held.clone()),
        ),
        _ => (
            vec![Cell::Null; 3],
            Cell::Null,
            CommitError::Unavailable(String::from("attempt: it begins under no fence")),
        ),
    };
    let mut hold = vec![over.into()];
    hold.extend(lane.iter().cloned());
    hold.extend([fenced, (&row.delivery_id).into(), row.begun_at.into()]);
    let put = Step::new(
        "attempt",
        sql::PUT_ATTEMPT,
        vec![
            (&row.site_id).into(),
            (&row.attempt_id).into(),
            (&row.delivery_id).into(),
            row.decision_id.as_ref().into(),
            row.begun_at.into(),
            row.send_by.into(),
            row.ended_at.into(),
            row.outcome.into(),
            row.http_status.into(),
        ],
    );
    [
        Step::new("lane", lanes::HOLD, hold).expect(Expect::OneRow(refusal)),
        put,
        Step::new("lane", lanes::WAKE, lane),
    ]
}

/// An attempt ends once.
pub(super) fn attempt_ended(attempt: &AttemptId, outcome: String, status: Option<u16>, at: Moment) -> Step {
    Step::new(
        "attempt_outcome",
        sql::END_ATTEMPT,
        vec![outcome.into(), status.into(), at.into(), attempt.into()],
    )
    .expect(Expect::OneRow(CommitError::Exists("attempt_outcome")))
}

pub(super) fn release(site: SiteId, recipient: PartnerId, person: PersonId, fence: i64) -> [Step; 2] {
    let lane: Vec<Cell> = vec![(&site).into(), (&recipient).into(), (&person).into()];
    let mut fenced = lane.clone();
    fenced.push(fence.into());
    let conflict = CommitError::Conflict(Precondition::LaneFence(site, recipient, person, fence));
    [
        Step::new("lane", lanes::RELEASE, fenced).expect(Expect::OneRow(conflict)),
        Step::new("lane", lanes::WAKE, lane),
    ]
}
