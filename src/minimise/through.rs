//! By what each field was let through: the block, the view of it, the rule; and the consent and the provision that the
//! decision rests on.

use super::rules::{Block, Column};
use crate::{consent::Decision, ids::ConsentId};

/// What let a field through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// The block of the disclosure table, as in `risk-to-self`.
    pub block: String,
    /// The view of it that left, as in `full`.
    pub view: String,
    /// The rule, with its version: `custody/1#risk-to-self`.
    pub rule: String,
    /// The consent that decided, with its version; `None` under an override, and where nobody's consent was asked.
    pub consent: Option<(ConsentId, i64)>,
    /// Where in that consent, as in `provision.provision[0]`.
    pub provision: Option<String>,
}

/// The way of a block's leaves in this column, under this decision; `over`: by an override beside what the person agreed to.
pub(super) fn through(
    block: &Block,
    view: &str,
    column: &Column,
    decision: &Decision,
    over: bool,
) -> Through {
    let by_consent = !over && !decision.is_override();
    Through {
        block: block.id.clone(),
        view: view.to_owned(),
        rule: format!("{}#{}", column.name, block.id),
        consent: decision.consent.clone().filter(|_| by_consent),
        provision: decision.provision.clone().filter(|_| by_consent),
    }
}
