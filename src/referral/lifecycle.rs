//! The table of transitions: who may do what to a referral or to advice, from where, and where that leads.
//!
//! Everything that changes a state asks this table; there is no other. Not in it: how a referral begins (it is
//! made queued, issued, held or withheld), expiry, and entering in error.

use super::{action::Action, reason::ReasonCode, state::State};
use crate::directory::Nature;

/// In which part somebody acts on a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Who was asked: the recipient owns the task.
    Owner,
    /// Who asked.
    Requester,
    /// The gateway itself.
    Gateway,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Requester, Self::Gateway];
}

/// Where it stands: the state, and the finer word where it is known. Only answering a question needs the finer
/// word: it says where the question was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The state.
    pub state: State,
    /// The finer word, empty when it is not known.
    pub business_status: &'a str,
}

impl From<State> for Standing<'_> {
    fn from(state: State) -> Self {
        Self { state, business_status: "" }
    }
}

impl<'a> From<(State, &'a str)> for Standing<'a> {
    fn from((state, business_status): (State, &'a str)) -> Self {
        Self { state, business_status }
    }
}

/// Where an action led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The new state.
    pub state: State,
    /// The finer word.
    pub business_status: &'static str,
}

/// Why an action was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Not from this state. What the caller may do instead.
    #[error("this cannot be done now")]
    NotNow {
        /// The caller's actions from here.
        allowed: Vec<Action>,
    },
    /// Another's to do.
    #[error("this is another's to do")]
    NotYours,
    /// It needs a reason.
    #[error("a reason is missing")]
    ReasonMissing {
        /// The reasons it takes.
        allowed: Vec<&'static str>,
    },
    /// It takes other reasons, or none.
    #[error("the reason is not one that this takes")]
    ReasonUnknown {
        /// The reasons it takes.
        allowed: Vec<&'static str>,
    },
    /// It needs words beside the reason.
    #[error("a comment is missing")]
    CommentMissing,
}

/// Where a row of the table leads.
#[derive(Clone, Copy)]
enum Leads {
    /// To this state.
    To(State),
    /// Nowhere: only the finer word changes.
    Stay,
    /// On hold, remembering from where in the finer word.
    Aside,
    /// Back to where a question was asked.
    Back,
}

struct Row {
    nature: Nature,
    role: Role,
    action: Action,
    from: &'static [State],
    leads: Leads,
    business_status: &'static str,
}

/// On its way or arrived. A recipient that answers plainly has it, though its acknowledgement is still on the
/// way: an answer may overtake it.
const WITH_RECIPIENT: &[State] = &[State::Queued, State::Delivered];
/// Not yet left.
const NOT_LEFT: &[State] = &[State::Draft, State::Held, State::Queued];

/// A question can be asked at each of these, and the answer leads back. The finer word remembers which; the
/// first of a pair that fits wins.
const ASKED_AT: &[(State, &str, &str)] = &[
    (State::Delivered, "information-requested", "collected"),
    (State::Queued, "information-requested", "collected"),
    (State::Accepted, "information-requested-once-accepted", "accepted"),
    (State::Waitlisted, "information-requested-on-waiting-list", "on-waiting-list"),
    (State::Scheduled, "information-requested-once-scheduled", "appointment-booked"),
    (State::InProgress, "information-requested-in-progress", "first-contact-made"),
];

#[rustfmt::skip]
const TABLE: &[Row] = {
    use Action as A; use Leads::{Aside, Back, Stay, To}; use Nature::{Advice, Referral};
    use Role::{Gateway, Owner, Requester}; use State as S;
    const fn row(nature: Nature, role: Role, action: Action, from: &'static [State], leads: Leads, business_status: &'static str) -> Row {
        Row { nature, role, action, from, leads, business_status }
    }
    &[
        row(Referral, Owner, A::Accept, &[S::Queued, S::Delivered, S::Waitlisted], To(S::Accepted), "accepted"),
        row(Referral, Owner, A::Waitlist, WITH_RECIPIENT, To(S::Waitlisted), "on-waiting-list"),
        row(Referral, Owner, A::RequestInformation,
            &[S::Queued, S::Delivered, S::Accepted, S::Waitlisted, S::Scheduled, S::InProgress], Aside, ""),
        // Who books an appointment accepts: an answer that says both is one answer.
        row(Referral, Owner, A::BookAppointment,
            &[S::Queued, S::Delivered, S::Accepted, S::Waitlisted, S::Scheduled], To(S::Scheduled), "appointment-booked"),
        row(Referral, Owner, A::BookAppointment, &[S::InProgress], Stay, "appointment-booked"),
        // Nothing is booked any more, and that must not look as if something were.
        row(Referral, Owner, A::CancelAppointment, &[S::Scheduled], To(S::Accepted), "appointment-cancelled"),
        row(Referral, Owner, A::CancelAppointment, &[S::InProgress], Stay, "first-contact-made"),
        row(Referral, Owner, A::Start, &[S::Accepted, S::Waitlisted, S::Scheduled], To(S::InProgress), "first-contact-made"),
        row(Referral, Owner, A::DidNotAttend, &[S::Scheduled, S::InProgress], Stay, "did-not-attend"),
        row(Referral, Owner, A::Complete, &[S::Scheduled, S::InProgress], To(S::Completed), "outcome-recorded"),
        // Not after any work has begun: then it ends early.
        row(Referral, Owner, A::Decline, WITH_RECIPIENT, To(S::Rejected), "declined"),
        row(Referral, Owner, A::Redirect, WITH_RECIPIENT, To(S::Redirected), "redirected"),
        row(Referral, Owner, A::EndEarly, &[S::Scheduled, S::InProgress], To(S::EndedEarly), "service-closed"),
        row(Referral, Requester, A::SupplyInformation, &[S::InformationRequested], Back, ""),
        row(Referral, Requester, A::Withdraw,
            &[S::Draft, S::Held, S::Queued, S::Delivered, S::Accepted, S::Waitlisted, S::InformationRequested,
              S::Scheduled, S::InProgress, S::Failed], To(S::Withdrawn), "withdrawn-by-sender"),

        row(Advice, Owner, A::Read, &[S::Issued, S::Delivered], To(S::Read), "read"),
        row(Advice, Owner, A::Use, &[S::Issued, S::Delivered, S::Read], To(S::Used), "used"),
        row(Advice, Owner, A::NotUse, &[S::Issued, S::Delivered, S::Read], To(S::NotUsed), "not-used"),
        row(Advice, Requester, A::Withdraw, &[S::Draft, S::Held, S::Issued, S::Delivered, S::Read, S::Failed],
            To(S::Withdrawn), "withdrawn-by-sender"),

        row(Referral, Owner, A::AnswerRecall, &[S::Recalled], Stay, "recalled"),
        row(Advice, Owner, A::AnswerRecall, &[S::Recalled], Stay, "recalled"),

        row(Referral, Gateway, A::Deliver, &[S::Queued], To(S::Delivered), "collected"),
        row(Referral, Gateway, A::Fail, &[S::Queued], To(S::Failed), "undeliverable"),
        row(Referral, Gateway, A::Withhold, NOT_LEFT, To(S::Withheld), "withheld"),
        row(Referral, Gateway, A::Stop, NOT_LEFT, To(S::Withdrawn), "client-withdrew"),
        // Also while it is on its way: an attempt may have arrived. And also after its end: the recipient has it.
        row(Referral, Gateway, A::Recall,
            &[S::Queued, S::Delivered, S::Accepted, S::Waitlisted, S::InformationRequested, S::Scheduled, S::InProgress,
              S::Completed, S::Rejected, S::Redirected, S::EndedEarly, S::Withdrawn, S::Expired, S::Failed],
            To(S::Recalled), "recalled"),

        row(Advice, Gateway, A::Deliver, &[S::Issued], To(S::Delivered), "collected"),
        row(Advice, Gateway, A::Fail, &[S::Issued], To(S::Failed), "undeliverable"),
        row(Advice, Gateway, A::Withhold, &[S::Draft, S::Held, S::Issued], To(S::Withheld), "withheld"),
        row(Advice, Gateway, A::Stop, &[S::Draft, S::Held, S::Issued], To(S::Withdrawn), "client-withdrew"),
        row(Advice, Gateway, A::Supersede, &[S::Issued, S::Delivered, S::Read], To(S::Superseded), "superseded"),
        row(Advice, Gateway, A::Recall,
            &[S::Issued, S::Delivered, S::Read, S::Used, S::NotUsed, S::Superseded, S::Withdrawn, S::Expired, S::Failed],
            To(S::Recalled), "recalled"),
    ]
};

/// What `role` may do from here, in the order of the table. A simple client needs no table of its own.
#[must_use]
pub fn permitted(state: State, nature: Nature, role: Role) -> Vec<Action> {
    TABLE
        .iter()
        .filter(|row| row.nature == nature && row.role == role && row.from.contains(&state))
        .map(|row| row.action)
        .collect()
}

/// Takes one action. For `supply-information` give the finer word too, as `(state, business_status)`: it leads
/// back to where the question was asked, and without the word to `delivered`.
pub fn step<'a>(
    standing: impl Into<Standing<'a>>,
    nature: Nature,
    action: Action,
    role: Role,
    reason: Option<&str>,
    comment: Option<&str>,
) -> Result<Step, StepError> {
    let standing = standing.into();
    let state = standing.state;
    let of_action = || TABLE.iter().filter(|row| row.action == action);
    let from_here = || of_action().filter(|row| row.nature == nature && row.from.contains(&state));
    let Some(row) = from_here().find(|row| row.role == role) else {
        let others = from_here().next().is_some() || of_action().all(|row| row.role != role);
        let refusal = StepError::NotNow { allowed: permitted(state, nature, role) };
        return Err(if others { StepError::NotYours } else { refusal });
    };
    let reason = check_words(action, role, reason, comment)?;
    let (state, business_status) = match row.leads {
        Leads::To(to) => (to, row.business_status),
        Leads::Stay => (state, row.business_status),
        Leads::Aside => (State::InformationRequested, asked_at(state)),
        Leads::Back => back_from(standing.business_status),
    };
    let business_status = reason.and_then(|code| code.business_status).unwrap_or(business_status);
    Ok(Step { state, business_status })
}

/// Whether reason and comment are what the action asks for. The gateway's reasons are its own codes.
fn check_words(
    action: Action,
    role: Role,
    reason: Option<&str>,
    comment: Option<&str>,
) -> Result<Option<&'static ReasonCode>, StepError> {
    if role == Role::Gateway {
        return Ok(None);
    }
    let said = |words: Option<&str>| words.is_some_and(|words| !words.trim().is_empty());
    let allowed = || action.reasons().iter().map(|code| code.code).collect();
    let code = match reason.filter(|reason| !reason.is_empty()) {
        Some(given) => {
            let code = action.reasons().iter().find(|code| code.code == given);
            Some(code.ok_or_else(|| StepError::ReasonUnknown { allowed: allowed() })?)
        }
        None if action.reason_mandatory() => return Err(StepError::ReasonMissing { allowed: allowed() }),
        None => None,
    };
    let wants_comment = action.comment_mandatory() || code.is_some_and(|code| code.comment_mandatory);
    if wants_comment && !said(comment) { Err(StepError::CommentMissing) } else { Ok(code) }
}

fn asked_at(state: State) -> &'static str {
    let known = ASKED_AT.iter().find(|(at, ..)| *at == state);
    known.map_or("information-requested", |(_, word, _)| word)
}

fn back_from(business_status: &str) -> (State, &'static str) {
    let known = ASKED_AT.iter().find(|(_, word, _)| *word == business_status);
    known.map_or((State::Delivered, "collected"), |(state, _, before)| (*state, before))
}

#[cfg(test)]
#[path = "lifecycle_test.rs"]
mod tests;
