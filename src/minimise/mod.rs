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

/// What is left of an assessment for one recipient: all that a message to it may be made from.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The assessment, pruned to what may leave; same shape, same paths.
    pub value: serde_json::Value,
    /// What was kept back, sorted.
    pub withheld: Vec<Withheld>,
    /// The blocks that were let through, as `block:view`, sorted.
    pub permitted: Vec<String>,
    /// Whether this is the minimum that leaves without consent on imminent risk.
    pub minimum: bool,
}

/// Being built: replaced when the tables land.
pub struct Rules;
/// Being built.
pub struct Ask<'a> {
    /// Being built.
    pub recipient: &'a str,
    /// Being built.
    pub need: &'a str,
}
impl Rules {
    /// Being built.
    pub fn compile() -> Result<Self, String> {
        Ok(Self)
    }
    /// Being built.
    pub fn version(&self) -> &str {
        ""
    }
    /// Being built.
    pub fn project(
        &self,
        _: &crate::consent::PermittedReferral,
        _: &serde_json::Value,
        _: Ask<'_>,
    ) -> Projection {
        Projection { value: serde_json::Value::Null, withheld: vec![], permitted: vec![], minimum: true }
    }
}
