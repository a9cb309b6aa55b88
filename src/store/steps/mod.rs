//! A write set as a list of statements, each with what must come of it. Pure: an engine only runs the list, so
//! the rules of a commit stand here once. Built by the caller, so that the writer does nothing but SQL.

mod checks;
mod inbound;
mod keeping;
mod log;
mod messages;
mod people;
mod referrals;

use super::cell::Cell;
use crate::{
    clock::Moment,
    exchange::ports::{CommitError, Precondition, Write},
};

/// What a statement must do, or else what the commit answers.
#[derive(Debug)]
pub(super) enum Expect {
    /// Anything.
    Any,
    /// It changes exactly one row.
    OneRow(CommitError),
    /// It finds a row.
    Found(CommitError),
    /// It finds none.
    NotFound(CommitError),
}

/// One statement of a commit.
#[derive(Debug)]
pub(super) struct Step {
    /// What is written or asked, for the message when the engine refuses it.
    pub(super) what: &'static str,
    pub(super) sql: &'static str,
    pub(super) cells: Vec<Cell>,
    pub(super) expect: Expect,
    /// The answer when a unique value exists already.
    pub(super) on_unique: CommitError,
}

impl Step {
    fn new(what: &'static str, sql: &'static str, cells: Vec<Cell>) -> Self {
        Self { what, sql, cells, expect: Expect::Any, on_unique: CommitError::Exists(what) }
    }

    fn expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// It changes exactly one row, or the row to change is not there.
    fn changes_one(self) -> Self {
        let missing = CommitError::Unavailable(format!("{}: the row to change is not there", self.what));
        self.expect(Expect::OneRow(missing))
    }

    fn on_unique(mut self, answer: CommitError) -> Self {
        self.on_unique = answer;
        self
    }
}

/// The statements of one commit: the preconditions first, then the writes in the order given. Expiry of kept
/// answers is judged at `now`.
pub(super) fn of_commit(writes: Vec<Write>, preconditions: Vec<Precondition>, now: Moment) -> Vec<Step> {
    let mut steps = Vec::with_capacity(writes.len().saturating_mul(2).saturating_add(preconditions.len()));
    let fence = preconditions.iter().find(|p| matches!(p, Precondition::LaneFence(..))).cloned();
    steps.extend(preconditions.into_iter().map(|p| checks::of(p, now)));
    let mut entries = 0;
    for write in writes {
        of_write(&mut steps, write, fence.as_ref(), &mut entries, now);
    }
    steps
}

fn of_write(
    steps: &mut Vec<Step>,
    write: Write,
    fence: Option<&Precondition>,
    entries: &mut i64,
    now: Moment,
) {
    match write {
        Write::RootKey(row) => steps.push(people::root_key(row)),
        Write::Person(row) => steps.push(people::person(row)),
        Write::Lookup(row) => steps.push(people::lookup(row)),
        Write::Forget(site, kind, hash, person) => steps.push(people::forget(&site, kind, hash, &person)),
        Write::ConsentSeqUp(site, person) => steps.push(people::consent_seq_up(&site, &person)),
        Write::Episode(row) => steps.push(people::episode(row)),
        Write::Assessment(row) => steps.push(people::assessment(row)),
        Write::Consent(row) => steps.push(people::consent(row)),
        Write::PersonReference(site, partner, reference, person) => {
            steps.push(people::reference(&site, &partner, reference, &person));
        }
        Write::Partner(row) => steps.extend(people::partner(row, now)),
        Write::Officer(row) => steps.push(people::officer(row)),
        Write::Agreement(row) => steps.extend(people::agreement(row, now)),
        Write::Referral(row) => steps.extend(referrals::referral(row)),
        Write::ReferralMoved(row) => steps.extend(referrals::moved(row)),
        Write::Decision(row) => steps.push(referrals::decision(row)),
        Write::Recall(row) => steps.push(referrals::recall(row)),
        Write::RecallAnswered(site, recall, answer, at) => {
            steps.push(referrals::recall_answered(&site, &recall, answer, at));
        }
        Write::RecallSeenTo { recall, reminders, next } => {
            steps.push(referrals::recall_seen_to(&recall, reminders, next));
        }
        Write::Review(row) => steps.push(referrals::review(&row)),
        Write::Message(row) => steps.push(messages::message(row)),
        Write::Enqueue(row) => steps.extend(messages::enqueue(&row)),
        Write::EnqueueFirst(row) => steps.extend(messages::enqueue_first(&row)),
        Write::Delivery(change) => steps.extend(messages::change(change)),
        Write::AttemptBegun(row) => steps.extend(messages::attempt_begun(row, fence)),
        Write::AttemptEnded(attempt, outcome, status, at) => {
            steps.push(messages::attempt_ended(&attempt, outcome, status, at));
        }
        Write::ReleaseLane { site_id, recipient_id, person_id, fence } => {
            steps.extend(messages::release(site_id, recipient_id, person_id, fence));
        }
        Write::Inbound(row) => steps.push(inbound::inbound(row)),
        Write::Conversation(row) => steps.push(inbound::conversation(row)),
        Write::Idempotency(row) => steps.extend(inbound::answer(row)),
        Write::Once(kind, value, expires) => {
            steps.extend([inbound::once(kind, value, expires), inbound::forget_once(now)]);
        }
        Write::LogKey(row, before) => steps.extend(log::key(row, before)),
        Write::Checkpoint(row) => steps.push(log::checkpoint(row)),
        Write::PurgeReferral(purge) => steps.extend(keeping::referral(&purge)),
        Write::PurgeAssessment(purge) => steps.extend(keeping::assessment(&purge)),
        Write::PurgeStale(before, limit) => steps.extend(keeping::stale(before, limit, now)),
        Write::Erase(erase) => steps.extend(keeping::erase(erase)),
        Write::SubjectAccess(row) => steps.push(keeping::subject_access(row)),
        Write::SubjectAccessMoved(row) => steps.push(keeping::subject_access_moved(row)),
        Write::Hold(row) => steps.push(keeping::hold(&row)),
        Write::HoldLifted(site, hold, at) => steps.push(keeping::hold_lifted(&site, &hold, at)),
        Write::Audit(row) => {
            steps.push(inbound::entry(row, *entries));
            *entries = entries.saturating_add(1);
        }
    }
}
