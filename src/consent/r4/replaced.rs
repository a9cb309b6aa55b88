//! Which Consents are replaced by later ones that name them.

use super::{
    code::Code,
    directive::{Directive, Standing},
    gate::Gate,
    meets::Met,
    reference::Named,
};

/// What is left of a Consent that another may have replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    All,
    /// Its refusals: whatever came after, nobody with the say for it took them back.
    Refusals,
    Nothing,
}

/// What is left of the Consent at `place`. A later one that names it takes its permissions away, also when that one was
/// taken back since: what it widened or narrowed does not come back. Its refusals go only where the later one is in force
/// and was given by somebody who could give it.
pub(super) fn left(place: usize, directives: &[(&Directive, Gate)], now: i64) -> Left {
    let Some((replaced, _)) = directives.get(place) else { return Left::Nothing };
    let (Some(id), Some((_, recorded))) = (replaced.id.as_deref(), replaced.recorded) else {
        return Left::All;
    };
    let mut left = Left::All;
    for (later, gate) in directives {
        if later.replaces.is_empty() {
            continue;
        }
        let is_later = later.recorded.is_some_and(|(from, _)| recorded < from && from <= now);
        let names = later.replaces.iter().any(|name| is_consent(name, id));
        if !is_later || !names {
            continue;
        }
        left = match (later.standing, gate) {
            (Standing::Nothing(_), _) | (_, Gate::Ignored(Code::OtherSubject)) => left,
            (Standing::Active, Gate::Open) => return Left::Nothing,
            (Standing::Active | Standing::Withdrawn, _) => Left::Refusals,
        };
    }
    left
}

/// Whether a reference is to the Consent with this id, here.
fn is_consent(name: &Named, id: &str) -> bool {
    name.is("Consent", id) == Met::Yes
}
