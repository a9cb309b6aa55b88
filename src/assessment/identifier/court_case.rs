//! The court case reference: year, court, a sequence and a letter. Written `YY/CCCC/NNNNNNL`.
//!
//! No source states the rule of its letter: it was found from examples. So a wrong one is only ever warned of.

use super::{Check, Read, is_digits, letter, unspaced};

/// Reads it, with or without the zeros before the sequence.
pub(super) fn read(text: &str) -> Option<Read> {
    let text = unspaced(text);
    let (body, letter) = letter::split(&text)?;
    let (year, rest) = body.split_once('/')?;
    let (court, sequence) = rest.split_once('/')?;
    if !is_digits(year, 2, 2) || !is_digits(court, 4, 4) || !is_digits(sequence, 1, 6) {
        return None;
    }
    let check = Check::of(letter::fits(&format!("{year}{court}{sequence:0>6}"), letter));
    Some(Read::new(format!("{year}/{court}/{sequence:0>6}{letter}"), check))
}
