//! The allow-lists against the table, against hostile input, and against the page that shows them.

mod decided;
mod fields;
mod leak;
mod narrow;
mod numbers;
mod owed;
mod page;
mod rules;
mod table;
mod under;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::Value;

use super::*;
use crate::{
    consent::{Decision, Outcome, PermittedReferral, Reason, Scope},
    directory::{AgencyKind, Audience, Partner},
};

/// The tables as they are.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::compile().unwrap());

/// The agency that every projection of these tests is for.
const RECIPIENT: &str = "somebody-harbour";

/// Every field of every form.
fn full() -> Value {
    let mut assessment: Value =
        serde_json::from_str(include_str!("../../../fixtures/assessments/everything.json")).unwrap();
    // The first consent and referral are this recipient's, and the first onward referral may be told to it.
    assessment["consents"][0]["recipient"] = RECIPIENT.into();
    assessment["referrals"][0]["recipient"] = RECIPIENT.into();
    assessment["onward_referrals"][0]["may_be_told"][0] = RECIPIENT.into();
    assessment
}

fn agreed(excluded: &[&str], specific: &[&str]) -> Scope {
    let words = |list: &[&str]| list.iter().map(|word| String::from(*word)).collect();
    Scope::Agreed { excluded: words(excluded), specific: words(specific) }
}

fn minimum(blocks: &[&str]) -> Scope {
    Scope::Minimum { blocks: blocks.iter().map(|word| String::from(*word)).collect() }
}

fn permitted(audience: Audience, scope: Scope) -> PermittedReferral {
    let kind = match audience {
        Audience::Custody => AgencyKind::Police,
        Audience::Court => AgencyKind::Court,
        Audience::Probation => AgencyKind::Probation,
        Audience::YouthJustice => AgencyKind::YouthJustice,
        Audience::Health => AgencyKind::Cmht,
        Audience::Housing => AgencyKind::Housing,
        Audience::Voluntary => AgencyKind::Voluntary,
        Audience::SocialCare => AgencyKind::SocialCare,
    };
    let partner = Partner::given(RECIPIENT, kind);
    let decision = Decision {
        outcome: Outcome::Permit { scope },
        reason: Reason::ConsentGiven,
        consent: None,
        provision: None,
        agreement: None,
        basis: None,
        override_basis: None,
        data_classes: None,
        shares: Vec::new(),
    };
    PermittedReferral::new(&decision, &partner).unwrap()
}

/// The same under an agreement that covers these blocks alone.
fn covered(permitted: &PermittedReferral, classes: &[&str]) -> PermittedReferral {
    let data_classes = Some(classes.iter().map(|class| String::from(*class)).collect());
    let decision = Decision { data_classes, ..permitted.decision().clone() };
    PermittedReferral::new(&decision, permitted.recipient()).unwrap()
}

fn project(rules: &Rules, audience: Audience, scope: Scope, assessment: &Value, need: &str) -> Projection {
    rules.project(&permitted(audience, scope), assessment, Ask { recipient: RECIPIENT, need })
}

/// Where a place of the projection stands in the whole assessment.
fn source(seen: &Projection, pointer: &str) -> String {
    let number = seen.places.find(0, pointer).unwrap();
    seen.places.pointer(number)
}

/// Every leaf of `value`: its shape (`*` for the places of lists) and how often it occurs.
fn shapes(value: &Value) -> BTreeMap<String, usize> {
    fn walk(value: &Value, shape: &str, into: &mut BTreeMap<String, usize>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, v)| walk(v, &format!("{shape}/{name}"), into));
            }
            Value::Array(entries) => entries.iter().for_each(|v| walk(v, &format!("{shape}/*"), into)),
            _ => *into.entry(shape.to_owned()).or_default() += 1,
        }
    }
    let mut into = BTreeMap::new();
    walk(value, "", &mut into);
    into
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
