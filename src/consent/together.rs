//! A view that goes to one agency and is meant for another: probation passes on what a court is told. Two agencies read it,
//! so each is asked about by itself, and one "no" is the answer.

use serde::{Deserialize, Serialize};

use super::{
    decide::{Decision, Inputs, Outcome, Reason, Scope, decide},
    word::kept_by_word,
};
use crate::{
    directory::Partner,
    ids::{AgreementId, ConsentId, PartnerId},
};

/// What was answered about one of two agencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which agency.
    pub partner: PartnerId,
    /// Whether it may read it.
    pub permits: bool,
    /// Why.
    pub reason: Reason,
    /// The consent that decided, with its version.
    pub consent: Option<(ConsentId, i64)>,
    /// The agreement that was in force, with its version.
    pub agreement: Option<(AgreementId, i64)>,
}

impl Share {
    /// A share for a look ahead by which nothing is sent: as if the person had agreed.
    #[must_use]
    pub fn as_if_agreed(partner: &Partner) -> Self {
        Self {
            partner: partner.partner_id.clone(),
            permits: true,
            reason: Reason::ConsentGiven,
            consent: None,
            agreement: None,
        }
    }

    fn of(inputs: &Inputs<'_>, decision: &Decision) -> Self {
        Self {
            partner: inputs.partner.partner_id.clone(),
            permits: decision.permits(),
            reason: decision.reason,
            consent: decision.consent.clone(),
            agreement: decision.agreement.clone(),
        }
    }
}

/// Decides whether what `reader` may have can go to `carrier`, which passes it on. Both must be permitted; the first "no"
/// is the reason. What the person keeps back from either is kept back, and what needs a consent of its own needs it for
/// both. No override stands in for either: an emergency is told by telephone, and to whom it concerns.
#[must_use]
pub fn decide_together(carrier: Inputs<'_>, reader: Inputs<'_>) -> Decision {
    let [carrier, reader] = [carrier, reader].map(|inputs| Inputs { r#override: None, ..inputs });
    together([&carrier, &reader], [decide(carrier), decide(reader)])
}

/// What the person's own word leaves of what `then` let go, whether or not an agreement stands and the agency is in use
/// now: what an agency may keep, and never a ground on which anything goes. `reader` is for whom it is meant, where the
/// recipient passes it on. Its reason is the person's word, a withdrawal or a refusal among others.
#[must_use]
pub fn still_agreed(then: &Decision, recipient: Inputs<'_>, reader: Option<Inputs<'_>>) -> Decision {
    let first = kept_by_word(then, recipient);
    match reader {
        None => first,
        Some(reader) => together([&recipient, &reader], [first, kept_by_word(then, reader)]),
    }
}

/// One decision of two.
fn together([carrier, reader]: [&Inputs<'_>; 2], [first, second]: [Decision; 2]) -> Decision {
    let shares = vec![Share::of(carrier, &first), Share::of(reader, &second)];
    let scope = match (&first.outcome, &second.outcome) {
        (Outcome::Permit { scope: one }, Outcome::Permit { scope: other }) => both(one, other),
        (Outcome::Permit { .. }, Outcome::Deny) => return Decision { shares, ..second },
        (Outcome::Deny, _) => return Decision { shares, ..first },
    };
    match scope {
        Some(scope) => {
            let data_classes = covered_by_both(&first, &second);
            Decision { outcome: Outcome::Permit { scope }, data_classes, shares, ..first }
        }
        // Without an override neither is a minimum; should it ever be, nothing goes.
        None => Decision { outcome: Outcome::Deny, basis: None, shares, ..first },
    }
}

/// The blocks that both agreements cover.
fn covered_by_both(one: &Decision, other: &Decision) -> Option<Vec<String>> {
    let (first, second) = (one.data_classes.as_ref()?, other.data_classes.as_ref()?);
    Some(first.iter().filter(|class| second.contains(class)).cloned().collect())
}

/// What both scopes let through.
fn both(one: &Scope, other: &Scope) -> Option<Scope> {
    let (
        Scope::Agreed { excluded, specific },
        Scope::Agreed { excluded: excluded_too, specific: specific_too },
    ) = (one, other)
    else {
        return None;
    };
    let mut excluded = [excluded.as_slice(), excluded_too].concat();
    excluded.sort();
    excluded.dedup();
    let specific = specific.iter().filter(|block| specific_too.contains(block)).cloned().collect();
    Some(Scope::Agreed { excluded, specific })
}
