//! Where a referral stands, what may happen to it next and who may do it, and in which order things are asked.
//!
//! Not here: whether anything may leave (`consent`), and how an action becomes a message (`mapping`).

mod action;
mod deadline;
mod lifecycle;
mod plan;
mod reason;
mod sense;
mod state;

pub use action::Action;
pub use deadline::{Deadline, InTimeFor, answer_to, answer_within};
pub use lifecycle::{Role, Standing, Step, StepError, permitted, step};
pub use plan::{PlanItem, order};
pub use reason::{RECALL_ANSWERS, ReasonCode};
pub use sense::{refused_in, told_in};
pub use state::State;
