//! Where a referral stands and what may happen to it next.

mod state;

pub use state::State;
