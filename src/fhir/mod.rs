//! FHIR R4 as Keyway needs it: strict JSON in, `OperationOutcome` out, narrow views over values.

mod issue;
pub mod json;
pub mod locate;
pub mod modifiers;
pub mod outcome;
pub mod search;

pub use issue::{Issue, Rule};
