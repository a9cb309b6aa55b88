//! Whom and which referral an answer names beside the message that it quotes. Read so that nothing said of one person
//! is taken for another.

use serde_json::Value;

use super::{array, entries, kind, resource, text};
use crate::mapping::codes;

/// What an answer names, wherever it names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedBeside {
    /// Our ids of referrals, from every ServiceRequest.
    pub referrals: Vec<String>,
    /// References under which we gave a person out, from every Patient.
    pub people: Vec<String>,
    /// NHS numbers, verified or not, from every Patient.
    pub nhs_numbers: Vec<String>,
}

/// Reads what `bundle` names.
#[must_use]
pub fn named_beside(bundle: &Value) -> NamedBeside {
    let mut named = NamedBeside::default();
    for entry in entries(bundle) {
        let one = resource(entry);
        for identifier in array(one, "/identifier") {
            let Some(value) = text(identifier, "/value") else { continue };
            match (kind(one), text(identifier, "/system").unwrap_or_default()) {
                ("ServiceRequest", codes::REFERRAL_ID) => named.referrals.push(value.to_owned()),
                ("Patient", codes::PERSON_REF) => named.people.push(value.to_owned()),
                ("Patient", codes::NHS_NUMBER) => named.nhs_numbers.push(value.to_owned()),
                _ => {}
            }
        }
    }
    named
}
