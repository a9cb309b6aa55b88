//! Whether something about a person may go to a recipient, and why.
//!
//! A pure function of stored inputs: any past decision can be made again. Not here: which fields an audience
//! may have at all (`minimise`), who is calling (`identity`), clocks.

mod capture;
mod decide;
pub mod r4;
mod record;
mod stated;
mod together;
mod word;

pub use decide::{
    Decision, Exit, Inputs, Outcome, Override, PermittedReferral, Reason, Scope, decide, decide_own_request,
};
pub use record::{Consent, ConsentDecision, ConsentStatus, RecordError};
pub use together::{Share, decide_together, still_agreed};

#[cfg(test)]
mod tests;
