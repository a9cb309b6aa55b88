//! What of an assessment an audience may have: allow-lists compiled from `profiles/disclosure/`.
//!
//! A field that no rule lists does not leave: the projection is built from the lists, never cut down from the
//! whole. Not here: whether anything may go at all (`consent`; a [`crate::consent::PermittedReferral`] is the
//! proof that it may), and what a message looks like (`mapping`).

mod lots;
mod outline;
mod pattern;
mod places;
mod project;
mod rules;
mod shapes;
mod tables;
mod through;
mod view;

use std::sync::Arc;

use crate::assessment::Form;
use serde::{Deserialize, Serialize};

pub use outline::Outline;
pub use places::{Held, Places, escaped};
pub use rules::Rules;
pub use through::Through;

/// Something kept back: which field, by which rule, why. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Withheld {
    /// The assessment path (`/clinical`) or `*` for everything.
    pub field: String,
    /// The rule, with its version: `custody/6#clinical`.
    pub rule: String,
    /// The reason code.
    pub reason: String,
}

/// To whom the projection goes, and for which need.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The agency as the assessment names it.
    pub recipient: &'a str,
    /// The need that this referral is for.
    pub need: &'a str,
}

/// On what a projection rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// What the person agreed to.
    Consent,
    /// An override alone: it is the minimum that leaves without consent on imminent risk.
    Override,
    /// What the person agreed to, and an override beside it. It is the same whether they kept anything back.
    Both,
}

/// A field that leaves and lets its reader guess at a row that the person keeps back. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    /// Its path in the assessment.
    pub field: String,
    /// The row of the disclosure table that it hints at.
    pub row: String,
}

/// What is left of an assessment for one recipient: all that a message to it may be made from.
#[derive(Clone, Debug)]
pub struct Projection {
    /// What was kept back, sorted.
    pub withheld: Vec<Withheld>,
    /// The blocks that were let through, as `block:view`, sorted.
    pub permitted: Vec<String>,
    /// What was let through of single values that say what another row is about, as `block~row`, sorted: whoever keeps that row
    /// back later takes them back too.
    pub tells: Vec<String>,
    /// Of `permitted`, what the person kept back and an override beside their consent let through.
    pub by_override: Vec<String>,
    /// What leaves and lets others guess at a row that the person keeps back from this recipient, sorted: its sender is told.
    pub hints: Vec<Hint>,
    /// The fields of which something stayed back that reads as an NHS number, sorted. A field of which all stayed back for it
    /// is among them.
    pub numbers: Vec<String>,
    /// On what it rests.
    pub ground: Ground,
    /// The form that the assessment follows: whose questions a message answers. It says nothing of the person that their
    /// date of birth does not.
    pub form: Option<Form>,
    /// The assessment, pruned to what may leave; same shape, and lists closed up.
    pub places: Arc<Places>,
}

impl Projection {
    /// What may leave, as JSON.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        self.places.value(0)
    }
}

#[cfg(test)]
impl Projection {
    /// All of `value`, of which nothing was kept back.
    pub(crate) fn whole(value: &serde_json::Value) -> Self {
        let places = Arc::new(Places::of(value));
        let (withheld, permitted, tells, by_override) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (hints, numbers, ground) = (Vec::new(), Vec::new(), Ground::Consent);
        Self { withheld, permitted, tells, by_override, hints, numbers, ground, form: None, places }
    }

    /// The same with another value, to see what a message makes of it.
    pub(crate) fn changed(&mut self, change: impl FnOnce(&mut serde_json::Value)) {
        let mut value = self.value();
        change(&mut value);
        self.places = Arc::new(Places::of(&value));
    }
}

#[cfg(test)]
mod tests;
