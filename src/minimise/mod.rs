//! What of an assessment an audience may have: allow-lists compiled from `profiles/disclosure/`.
//!
//! A field that no rule lists does not leave. Not here: whether anything may go at all (`consent`).

use serde::{Deserialize, Serialize};

/// Something kept back: which field, by which rule, why. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Withheld {
    /// The assessment path (`/clinical`) or `*` for everything.
    pub field: String,
    /// The rule, with its version: `custody/1#clinical`.
    pub rule: String,
    /// The reason code.
    pub reason: String,
}
