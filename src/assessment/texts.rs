//! What a text must not hold: numbers by which the police, a court, probation or a prison know somebody, and words of an
//! offence. No offence leaves in any form, and every agency gets its own numbers only; a text that somebody wrote is sent as
//! it stands, so whoever wrote it is told.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::identifier::{Identifier, IdentifierType};
use crate::{fhir::Issue, limits::ISSUES_MAX};

const NUMBER: &str = "This text holds what reads as a number by which the police, a court, probation or a prison know somebody, or as \
                      the code of an offence. It is sent as it stands to whoever may have this text: take it out. Numbers belong in \
                      /person/identifiers, where each agency gets its own; an offence goes to nobody.";
const OFFENCE: &str = "This text holds a word that offences are known by. No offence leaves in any form, but a text is sent as it \
                       stands to whoever may have it: take it out, unless it says what was done to the person.";

/// Parts that go to health alone or to nobody, that have a form of their own, or that are codes.
const NOT_LOOKED_AT: [&str; 12] = [
    "profile",
    "local_reference",
    "in_answer_to",
    "assessed_at",
    "person",
    "consents",
    "overrides",
    "clinical",
    "offence",
    "trauma",
    "bereavement",
    "practitioner",
];

/// The numbers whose form is their own. A custody record has none.
const KINDS: [IdentifierType; 3] = [IdentifierType::Crn, IdentifierType::PrisonNumber, IdentifierType::Urn];
/// Those of the police, which are known by their strokes: without, too much else is like them.
const STROKED: [IdentifierType; 3] = [IdentifierType::Pnc, IdentifierType::Cro, IdentifierType::Asn];

/// Words of offences, as data.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// Whole words and beginnings of sentences in small letters; what ends with `*` is the beginning of a word.
    words: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    toml::from_str(include_str!("../../profiles/assessment/offence-words.toml")).unwrap_or_default()
});

/// Every such text, at its place, and never with its words.
pub(super) fn found(assessment: &Value) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (name, part) in assessment.as_object().into_iter().flatten() {
        if !NOT_LOOKED_AT.contains(&name.as_str()) {
            walk(part, &mut format!("/{name}"), &mut issues);
        }
    }
    issues
}

fn walk(value: &Value, place: &mut String, issues: &mut Vec<Issue>) {
    let length = place.len();
    let mut below = |name: &str, held: &Value, issues: &mut Vec<Issue>| {
        place.push('/');
        place.push_str(name);
        walk(held, place, issues);
        place.truncate(length);
    };
    match value {
        // A code is one word without capitals, and is in nobody's own words.
        Value::String(text) if issues.len() < ISSUES_MAX => {
            if text.split(is_gap).any(is_number) {
                issues.push(Issue::new("value", place.as_str(), NUMBER));
            }
            if text.contains(' ') && names_an_offence(text) {
                issues.push(Issue::new("value", place.as_str(), OFFENCE));
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| below(&at.to_string(), item, issues));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| below(name, field, issues)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands between words and between numbers; a slash is part of a number.
fn is_gap(letter: char) -> bool {
    !(letter.is_ascii_alphanumeric() || letter == '/')
}

fn is_number(word: &str) -> bool {
    let is_long = (6..=24).contains(&word.len());
    let is_mixed = word.contains(|letter: char| letter.is_ascii_digit())
        && word.contains(|letter: char| letter.is_ascii_alphabetic());
    let kinds = if word.contains('/') { STROKED } else { KINDS };
    let reads =
        |kind| Identifier::parse(kind, word).is_ok() && (kind != IdentifierType::Urn || is_whole_urn(word));
    let is_known = || kinds.into_iter().any(reads);
    is_long && is_mixed && (is_offence_code(word) || is_known())
}

/// A URN as it is written whole, with the number of its force; with fewer digits too much else is like it.
fn is_whole_urn(word: &str) -> bool {
    let (force, rest) = word.split_at_checked(2).unwrap_or_default();
    force.chars().all(|digit| digit.is_ascii_digit()) && rest.len() == 9
}

/// Two letters and five digits: how the offences of England and Wales are numbered.
fn is_offence_code(word: &str) -> bool {
    let (letters, digits) = word.split_at_checked(2).unwrap_or_default();
    digits.len() == 5
        && letters.chars().all(|letter| letter.is_ascii_uppercase())
        && digits.chars().all(|digit| digit.is_ascii_digit())
}

fn names_an_offence(text: &str) -> bool {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .collect();
    let plain = format!(" {} ", plain.split_whitespace().collect::<Vec<_>>().join(" "));
    WORDS.words.iter().any(|word| match word.strip_suffix('*') {
        Some(beginning) => plain.contains(&format!(" {beginning}")),
        None => plain.contains(&format!(" {word} ")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(assessment: &Value) -> Vec<String> {
        let issues = found(assessment);
        for issue in &issues {
            for sent in ["TH68010", "X999404", "assault", "Stabbed"] {
                assert!(!issue.diagnostics.contains(sent), "nothing that was sent is repeated");
            }
        }
        issues.into_iter().map(|issue| issue.path).collect()
    }

    #[test]
    fn a_number_or_an_offence_in_a_text_is_told_at_its_place() {
        assert!(WORDS.words.len() > 20, "the list of words is read");
        for text in [
            "Charged under TH68010.",
            "See CJ88116, and ring.",
            "PNC 1999/0000001G",
            "(26/9999/00/104321A)",
            "known to probation as X999404",
            "prison number A9999AA",
            "URN 99ZZ0009904",
            "In for assault by beating",
            "Stabbed his partner",
            "a robbery",
            "Burglaries, he says",
        ] {
            let held = json!({"risk": {"to_self": {"handover_advice": text}}});
            assert_eq!(places(&held), ["/risk/to_self/handover_advice"], "{text}");
        }
        let listed = json!({"referrals": [{"reason": "a"}, {"reason": "Stabbed somebody, TH68010"}]});
        assert_eq!(places(&listed), ["/referrals/1/reason", "/referrals/1/reason"]);
    }

    #[test]
    fn what_people_write_otherwise_is_let_through() {
        for text in [
            "On bail, with a hearing on 12/2026.",
            "Ring 01632 960404, ext 12345",
            "ZZ99 4EF",
            "Takes 200mg at night; 2 of 3 tablets.",
            "E99000001",
            "Robin helps; a therapist too.",
            "mental-health",
            "A date 23/11/2026 and A4 paper",
            "HR-90000018",
        ] {
            assert_eq!(places(&json!({"legal": {"summary": text}})), Vec::<String>::new(), "{text}");
        }
        // To health alone, to nobody, or of a form of its own.
        for part in ["clinical", "offence", "trauma", "person"] {
            assert!(places(&json!({part: {"narrative": "Stabbed, TH68010"}})).is_empty(), "{part}");
        }
    }
}
