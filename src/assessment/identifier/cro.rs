//! The CRO number: a serial, a year of two digits, a letter. Written `NNNNNN/YYL`; those of the SF file `SFYY/NL`,
//! whose serial is never filled up with zeros.

use super::{Check, Read, is_digits, letter, unspaced};

/// Reads both forms.
pub(super) fn read(text: &str) -> Option<Read> {
    let text = unspaced(text);
    let (body, letter) = letter::split(&text)?;
    let (before, after) = body.split_once('/')?;
    if let Some(year) = before.strip_prefix("SF") {
        if !is_digits(year, 2, 2) || !is_digits(after, 1, 6) {
            return None;
        }
        let check = Check::of(letter::fits(&format!("{year}{after}"), letter));
        return Some(Read::new(format!("SF{year}/{after}{letter}"), check));
    }
    if !is_digits(before, 1, 6) || !is_digits(after, 2, 2) {
        return None;
    }
    let check = Check::of(letter::fits(&format!("{after}{before:0>6}"), letter));
    Some(Read::new(format!("{before:0>6}/{after}{letter}"), check))
}
