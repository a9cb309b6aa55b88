//! By what each field was let through: the block, the view of it, the rule; and the consent and the provision that the
//! decision rests on.
//!
//! The names are those of the compiled tables, which many projections share.

use std::sync::Arc;

use super::view::View;
use crate::{consent::Decision, ids::ConsentId};

/// What let a field through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Through<'g> {
    /// The block of the disclosure table, as in `risk-to-self`.
    pub block: &'g str,
    /// The view of it that left, as in `full`.
    pub view: &'g str,
    /// The rule, with its version: `custody/1#risk-to-self`.
    pub rule: &'g str,
    /// The consent that decided, with its version; `None` under an override, for what a child is owed by law, and where
    /// nobody's consent was asked.
    pub consent: Option<&'g (ConsentId, i64)>,
    /// Where in that consent, as in `provision.provision[0]`.
    pub provision: Option<&'g str>,
}

/// A view of a block that a column of the table lets through.
pub(super) struct Passage {
    pub(super) block: String,
    pub(super) view: String,
    /// The rule, with its version.
    pub(super) rule: String,
    /// The block with the view, as in `risk-to-self:full`.
    pub(super) given: String,
    /// Whether it is what an override lets through, whatever the person agreed to.
    pub(super) is_minimum: bool,
    /// Whether it is what the law gives to every child, whatever the person agreed to.
    pub(super) is_by_law: bool,
    /// What of the block the view has.
    pub(super) leaves: Arc<View>,
}

/// What a projection rests on: the passages of its column, and the decision.
#[derive(Clone, Default)]
pub(super) struct Grounds {
    passages: Arc<[Passage]>,
    consent: Option<(ConsentId, i64)>,
    provision: Option<String>,
}

impl Grounds {
    pub(super) fn new(passages: &Arc<[Passage]>, decision: &Decision) -> Self {
        let decision = Some(decision).filter(|decision| !decision.is_override());
        Self {
            passages: Arc::clone(passages),
            consent: decision.and_then(|decision| decision.consent.clone()),
            provision: decision.and_then(|decision| decision.provision.clone()),
        }
    }

    /// What let through a leaf that came by the passage with this number.
    pub(super) fn through(&self, passage: u16) -> Option<Through<'_>> {
        let Passage { block, view, rule, is_minimum, is_by_law, .. } =
            self.passages.get(usize::from(passage))?;
        let is_theirs = !is_minimum && !is_by_law;
        let consent = self.consent.as_ref().filter(|_| is_theirs);
        let provision = self.provision.as_deref().filter(|_| is_theirs);
        Some(Through { block, view, rule, consent, provision })
    }
}
