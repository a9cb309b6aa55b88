//! What comes in is a text that says something and deceives nobody, in whichever form it comes: each form holds the rule by
//! itself, and nothing but this holds the forms together.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use serde_json::{Value, json};

use super::{Schema, form, validator};
use crate::letters::{HIDDEN, JOINERS, SELECTORS};

/// Forms of what leaves: they are filled by the gateway from what came in by the others.
const OUTWARD: [&str; 9] = [
    "answer-to-request",
    "community-referral",
    "court-sheet",
    "custody-sheet",
    "event",
    "housing-referral",
    "probation-summary",
    "recall-notice",
    "request-to-ld",
];

/// Leaves that may hold any text, each with the reason.
const ANY_TEXT: [(&str, &str); 4] = [
    ("assessment-adult /person/nhs_number/value", NO_NUMBER),
    ("assessment-adult-2 /person/nhs_number/value", NO_NUMBER),
    ("assessment-court-short /person/nhs_number/value", NO_NUMBER),
    ("assessment-youth /person/nhs_number/value", NO_NUMBER),
];

const NO_NUMBER: &str =
    "what is no NHS number is set aside with a warning, so that nothing urgent waits for it";

/// What says nothing, ends an output, turns the direction of reading or cannot be seen.
const REFUSED: [&str; 21] = [
    "   ",
    "\u{a0}",
    "a\u{0}b",
    "a\u{7}b",
    "a\u{9b}b",
    "a\u{202e}b",
    "a\u{200b}b",
    "a\u{feff}b",
    "a\u{e0041}b",
    "\u{3164}",
    "\u{2800}",
    "\u{115f}\u{1160}",
    "\u{ffa0}",
    "\u{301}",
    "a\u{ad}b",
    "a\u{34f}b",
    "a\u{180b}b",
    "a\u{fe0f}b",
    "a\u{200d}b",
    "a\u{2028}b",
    "a\u{2029}b",
];

/// A leaf that a text may stand at: where, and its rules with the definitions that they name.
fn leaves(root: &Value, place: &Value, at: &str, found: &mut BTreeMap<String, Value>) {
    if let Some(named) = place["$ref"].as_str() {
        let named = named.strip_prefix('#').unwrap_or_else(|| panic!("{at} is of another document"));
        let held = root.pointer(named).unwrap();
        if held["type"] == "string" {
            found.insert(at.to_owned(), place.clone());
        } else {
            leaves(root, held, at, found);
        }
        return;
    }
    if place["type"] == "string" {
        found.insert(at.to_owned(), place.clone());
    }
    for (name, field) in place["properties"].as_object().into_iter().flatten() {
        leaves(root, field, &format!("{at}/{name}"), found);
    }
    for rule in ["items", "additionalProperties"] {
        if place[rule].is_object() {
            leaves(root, &place[rule], &format!("{at}/*"), found);
        }
    }
    for rule in ["anyOf", "oneOf"] {
        for one in place[rule].as_array().into_iter().flatten() {
            leaves(root, one, at, found);
        }
    }
}

fn forms() -> Vec<(&'static str, Value)> {
    let read = |source| serde_json::from_str::<Value>(source).unwrap();
    let inward = Schema::ALL.into_iter().filter(|which| !OUTWARD.contains(&which.as_str()));
    let laid = inward.map(|which| {
        let written = read(which.source());
        let whole = which.base().map_or(written.clone(), |base| form::laid(&read(base), &written).unwrap());
        (which.as_str(), whole)
    });
    laid.collect()
}

#[test]
fn every_text_of_every_form_that_comes_in_says_something_and_hides_nothing() {
    let known: BTreeSet<&str> = Schema::ALL.iter().map(|which| which.as_str()).collect();
    assert!(OUTWARD.iter().all(|name| known.contains(name)), "{known:?}");
    let (mut tried, mut open) = (0, BTreeSet::new());
    for (name, whole) in forms() {
        let mut found = BTreeMap::new();
        leaves(&whole, &whole, "", &mut found);
        assert!(!found.is_empty(), "{name} has no text at all");
        for (at, leaf) in found {
            let mut rules = leaf.clone();
            rules["$defs"] = whole["$defs"].clone();
            let validator = validator(&rules).unwrap();
            tried += 1;
            if REFUSED.iter().any(|text| validator.is_valid(&json!(text))) {
                open.insert(format!("{name} {at}"));
            }
        }
    }
    let listed: BTreeSet<String> = ANY_TEXT.iter().map(|(place, _)| (*place).to_owned()).collect();
    assert_eq!(open, listed);
    assert!(tried > 300, "{tried}");
}

/// A definition of one name is the same wherever it is held, but for what it says of its length.
#[test]
fn the_rules_for_texts_are_the_same_in_every_form() {
    let mut patterns: BTreeMap<&str, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
    let forms = forms();
    for (name, whole) in &forms {
        for text in ["notes", "short"] {
            if let Some(pattern) = whole["$defs"][text]["pattern"].as_str() {
                patterns.entry(text).or_default().entry(pattern.to_owned()).or_default().push(name);
            }
        }
    }
    assert_eq!(patterns.len(), 2);
    for (text, spellings) in patterns {
        let holders: Vec<&Vec<&str>> = spellings.values().collect();
        assert_eq!(holders.len(), 1, "{text}: {holders:?}");
        assert!(holders[0].len() > 5, "{text}: {holders:?}");
    }
}

/// What the published patterns say is made of the one list, so that a sender's own system refuses the same; what no pattern
/// can say shortly (a mark without its letter, a joiner where no word needs it) is the format beside it.
#[test]
fn the_patterns_are_made_of_the_list_of_what_cannot_be_seen() {
    let one = |letter: char| {
        if letter.len_utf16() == 1 { format!("\\u{:04x}", u32::from(letter)) } else { letter.to_string() }
    };
    let class = |ranges: &[RangeInclusive<char>]| -> String {
        let spell = |range: &RangeInclusive<char>| match (*range.start(), *range.end()) {
            (only, last) if only == last => one(only),
            (first, last) => format!("{}-{}", one(first), one(last)),
        };
        ranges.iter().map(spell).collect()
    };
    let unseen = format!("{}{}\\u2800", class(&[JOINERS]), class(&SELECTORS));
    for (text, controls) in
        [("short", r"\x00-\x1f\x7f-\x9f"), ("notes", r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f")]
    {
        let out = format!("{controls}{}", class(&HIDDEN));
        let pattern = format!("^([^{out}]*[^\\s{out}{unseen}][^{out}]*)?$");
        for (name, whole) in forms() {
            let held = &whole["$defs"][text];
            if held.is_object() {
                assert_eq!(held["pattern"], pattern, "{name} {text}");
                assert_eq!(held["format"], "readable", "{name} {text}");
            }
        }
    }
}
