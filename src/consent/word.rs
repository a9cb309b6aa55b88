//! What the person's own word says of one agency, whatever stands of agreements.

use super::{
    decide::{Decision, Inputs, Outcome, Reason, Scope},
    record::{Consent, ConsentDecision, ConsentStatus},
};
use crate::{
    directory::{Audience, LawfulBasis},
    ids::ConsentId,
};

/// What it says, and by which consent.
pub(super) struct Verdict {
    pub(super) reason: Reason,
    pub(super) consent: Option<(ConsentId, i64)>,
    pub(super) provision: Option<String>,
    pub(super) scope: Option<Scope>,
}

/// What the person's consents say about this recipient: deny overrides across those in force; a permit needs
/// one in force; otherwise the reason is the one nearest to a yes (withdrawn, expired, not yet, none).
pub(super) fn person_says(inputs: Inputs<'_>) -> Verdict {
    let mut best: Option<(u8, Verdict)> = None;
    let mut permits: Vec<&Consent> = Vec::new();
    let mut excluded: Vec<String> = Vec::new();
    let mut consider = |rank: u8, verdict: Verdict| {
        if best.as_ref().is_none_or(|(held, _)| rank > *held) {
            best = Some((rank, verdict));
        }
    };
    for consent in inputs.consents {
        let consent = match consent {
            Ok(consent) => consent,
            // We cannot know whom it speaks of, so it speaks of everybody.
            Err((id, version)) => {
                consider(10, no(Reason::ConsentUnreadable, Some((id.clone(), *version))));
                continue;
            }
        };
        if consent.recipient != inputs.partner.partner_id {
            continue;
        }
        let named = Some((consent.id.clone(), consent.version));
        let withdrawn = consent.status == ConsentStatus::Inactive;
        let is_in_time = consent.valid_from <= inputs.now && inputs.now < consent.valid_to;
        // What the person kept back stays back until they say otherwise, whatever became of the permission round it.
        if consent.status == ConsentStatus::Active {
            excluded.extend_from_slice(&consent.excluded);
        }
        match (consent.status, consent.decision) {
            (ConsentStatus::Active, ConsentDecision::Deny) => {
                // A refusal that the person limited in time outweighs nothing after it; it permits nothing either.
                consider(if is_in_time { 9 } else { 1 }, no(Reason::ConsentRefused, named));
            }
            (ConsentStatus::EnteredInError, _) | (_, ConsentDecision::Deny) => {
                consider(1, no(Reason::ConsentNotActive, named));
            }
            (_, ConsentDecision::Permit) if withdrawn => consider(5, no(Reason::ConsentWithdrawn, named)),
            (_, ConsentDecision::Permit) if !consent.had_capacity => {
                consider(4, no(Reason::CapacityAbsent, named));
            }
            (_, ConsentDecision::Permit)
                if !consent.capture.has_authority(inputs.own_word.from <= consent.valid_from) =>
            {
                consider(4, no(Reason::AuthorityAbsent, named));
            }
            (_, ConsentDecision::Permit) if inputs.now < consent.valid_from => {
                consider(2, no(Reason::ConsentNotYetValid, named));
            }
            (_, ConsentDecision::Permit) if inputs.now >= consent.valid_to => {
                consider(3, no(Reason::ConsentExpired, named));
            }
            (ConsentStatus::Active, ConsentDecision::Permit) => permits.push(consent),
            (ConsentStatus::Inactive, ConsentDecision::Permit) => {}
        }
    }
    if let Some((rank, verdict)) = best
        && (rank >= 9 || permits.is_empty())
    {
        return verdict;
    }
    let Some(latest) = permits.iter().max_by_key(|c| (c.valid_from, c.version)) else {
        return no(Reason::NoConsent, None);
    };
    // Two permits at once: what either excludes stays excluded; what is specific must be in the latest.
    excluded.sort();
    excluded.dedup();
    Verdict {
        reason: Reason::ConsentGiven,
        consent: Some((latest.id.clone(), latest.version)),
        provision: Some(String::from("provision.provision[0]")),
        scope: Some(Scope::Agreed { excluded, specific: latest.specific.clone() }),
    }
}

/// A no.
pub(super) const fn no(reason: Reason, consent: Option<(ConsentId, i64)>) -> Verdict {
    Verdict { reason, consent, provision: None, scope: None }
}

/// Where the person said nothing about a health service, their consent may be implied for direct care: if the agreement
/// enables it, they speak for themself, and there is no refusal of anybody, for whoever says no to one may mean it of more.
pub(super) fn implied_where_silent(verdict: Verdict, inputs: Inputs<'_>, basis: &LawfulBasis) -> Verdict {
    let is_enabled = inputs.partner.kind.audience() == Some(Audience::Health) && basis.implies_consent();
    let speaks = inputs.own_word.has_capacity && inputs.own_word.from <= inputs.now;
    let refuses = |consent: &Result<Consent, _>| {
        consent.as_ref().is_ok_and(|one| {
            one.decision == ConsentDecision::Deny
                && one.status == ConsentStatus::Active
                && inputs.now < one.valid_to
        })
    };
    if verdict.reason != Reason::NoConsent || !is_enabled || !speaks || inputs.consents.iter().any(refuses) {
        return verdict;
    }
    let scope = Scope::Agreed { excluded: Vec::new(), specific: Vec::new() };
    Verdict { reason: Reason::ConsentImplied, scope: Some(scope), ..verdict }
}

/// What the person's own word leaves of what `then` let go: the agreement and the agency's being in use are taken to be as
/// they were, and so is an override. It tells what an agency may keep, and is no ground on which anything goes: its reason
/// is the person's word.
pub(super) fn kept_by_word(then: &Decision, inputs: Inputs<'_>) -> Decision {
    let said = person_says(inputs);
    let verdict = match &then.basis {
        Some(basis) if then.is_implied() => implied_where_silent(said, inputs, basis),
        _ => said,
    };
    let least = match &then.outcome {
        Outcome::Permit { scope: Scope::Minimum { blocks } | Scope::AgreedAndMinimum { blocks, .. } } => {
            Some(blocks.clone())
        }
        Outcome::Permit { scope: Scope::Agreed { .. } } | Outcome::Deny => None,
    };
    let scope = match (verdict.scope, least) {
        (Some(Scope::Agreed { excluded, specific }), Some(blocks)) => {
            Some(Scope::AgreedAndMinimum { excluded, specific, blocks })
        }
        (None, Some(blocks)) => Some(Scope::Minimum { blocks }),
        (said, _) => said,
    };
    Decision {
        outcome: scope.map_or(Outcome::Deny, |scope| Outcome::Permit { scope }),
        reason: verdict.reason,
        consent: verdict.consent,
        provision: verdict.provision,
        shares: Vec::new(),
        ..then.clone()
    }
}
