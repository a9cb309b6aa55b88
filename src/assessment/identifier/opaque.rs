//! Identifiers that have a form and no check: CRN, prison number, URN, custody record number.

use super::{Check, Read, is_digits, is_plain, unspaced};

/// How long a custody record number is at most, in characters.
const CUSTODY_RECORD: usize = 30;

/// A letter and six digits.
pub(super) fn crn(text: &str) -> Option<Read> {
    kept(unspaced(text), |text| match text.split_at_checked(1) {
        Some((letter, digits)) => is_letters(letter, 1) && is_digits(digits, 6, 6),
        None => false,
    })
}

/// A letter, four digits and two letters.
pub(super) fn prison_number(text: &str) -> Option<Read> {
    kept(unspaced(text), |text| {
        let parts = (text.get(..1), text.get(1..5), text.get(5..));
        let (Some(first), Some(digits), Some(last)) = parts else { return false };
        is_letters(first, 1) && is_digits(digits, 4, 4) && is_letters(last, 2)
    })
}

/// Force and unit with four characters, and the sequence: seven digits mostly, eight have been seen.
pub(super) fn urn(text: &str) -> Option<Read> {
    let text = unspaced(text).replace('/', "");
    kept(text, |text| match text.split_at_checked(4) {
        Some((place, digits)) => is_plain(place) && is_digits(digits, 3, 8),
        None => false,
    })
}

/// Each force has a layout of its own, so that only the characters can be looked at.
pub(super) fn custody_record(text: &str) -> Option<Read> {
    kept(unspaced(text), |text| {
        (1..=CUSTODY_RECORD).contains(&text.len()) && is_plain(&text.replace(['/', '-'], ""))
    })
}

fn kept(text: String, has_the_form: impl Fn(&str) -> bool) -> Option<Read> {
    has_the_form(&text).then(|| Read::new(text, Check::NotChecked))
}

fn is_letters(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
