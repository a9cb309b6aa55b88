//! What of an assessment an audience may have: allow-lists compiled from `profiles/disclosure/`.
//!
//! A field that no rule lists does not leave: the projection is built from the lists, never cut down from the
//! whole. Not here: whether anything may go at all (`consent`; a [`crate::consent::PermittedReferral`] is the
//! proof that it may), and what a message looks like (`mapping`).

mod outline;
mod pattern;
mod project;
mod rules;
mod tables;
mod through;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use rules::Rules;
pub use through::Through;

/// Something kept back: which field, by which rule, why. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Withheld {
    /// The assessment path (`/clinical`) or `*` for everything.
    pub field: String,
    /// The rule, with its version: `custody/2#clinical`.
    pub rule: String,
    /// The reason code.
    pub reason: String,
}

/// For whom the projection is made, and for which need.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The agency as the assessment names it.
    pub recipient: &'a str,
    /// The need that this referral is for.
    pub need: &'a str,
}

/// What is left of an assessment for one recipient: all that a message to it may be made from.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The assessment, pruned to what may leave; same shape, and lists closed up.
    pub value: serde_json::Value,
    /// What was kept back, sorted.
    pub withheld: Vec<Withheld>,
    /// The blocks that were let through, as `block:view`, sorted.
    pub permitted: Vec<String>,
    /// Whether this is the minimum that leaves without consent on imminent risk.
    pub minimum: bool,
    /// Entries of lists that moved up because others were left out: from their pointer here to the one they have
    /// in the assessment.
    moved: BTreeMap<String, String>,
    /// What let each leaf through.
    ways: through::Ways,
}

impl Projection {
    /// What let through the field at `source`, a pointer into the whole assessment: one for a leaf; for a group, each
    /// that let one of its leaves through. Empty when nothing of it left.
    #[must_use]
    pub fn through(&self, source: &str) -> Vec<Arc<Through>> {
        self.ways.of(source)
    }

    /// Where `pointer`, a place in [`Projection::value`], stands in the whole assessment.
    #[must_use]
    pub fn source(&self, pointer: &str) -> String {
        let mut end = pointer.len();
        loop {
            let head = pointer.get(..end).unwrap_or_default();
            if let Some(origin) = self.moved.get(head) {
                return format!("{origin}{}", pointer.get(end..).unwrap_or_default());
            }
            match head.rfind('/') {
                Some(cut) => end = cut,
                None => return pointer.to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
