//! The arrest/summons number: year, force, unit, system, a sequence, a letter. Written in full with 20 characters,
//! `YYFFUUSS` and eleven digits and the letter; with 21 where a top-level code stands before the force.

use super::{Check, Read, is_digits, is_plain, letter, unspaced};

/// How many digits the sequence has in full.
const SEQUENCE: usize = 11;
/// How long year, force, unit and system are, without and with the code before the force.
const SHORT_HEAD: usize = 8;
const LONG_HEAD: usize = 9;
/// Units of the force 50 under which no real number is given.
const UNITS_OF_NONE: [&str; 8] = ["11", "12", "21", "41", "42", "43", "OF", "SJ"];

/// Reads it in full, or as people write it: `97/0000/00/123456K`, and that without its slashes.
pub(super) fn read(text: &str) -> Option<Read> {
    let text = unspaced(text);
    let (body, letter) = letter::split(&text)?;
    let (head, sequence) = parts(body.strip_suffix('/').unwrap_or(body))?;
    let year = head.get(..2)?;
    if !is_digits(year, 2, 2) || !is_plain(&head) || !is_digits(&sequence, 1, SEQUENCE) {
        return None;
    }
    let sequence = format!("{sequence:0>SEQUENCE$}");
    let written = format!("{head}{sequence}{letter}");
    if head.len() == SHORT_HEAD && stands_for_none(&head) {
        return Some(Read { stands_for_none: true, ..Read::new(written, Check::NotChecked) });
    }
    // The code before the force, where there is one, is no part of what the letter is of.
    let codes = head.get(head.len().checked_sub(6)?..)?;
    let (force, system) = (codes.get(..2)?, codes.get(4..)?);
    // Codes with a letter in them, and the unit always, are left out.
    let number: String = [force, system]
        .into_iter()
        .filter(|code| is_digits(code, 2, 2))
        .chain([year, sequence.as_str()])
        .collect();
    Some(Read::new(written, Check::of(letter::fits(&number, letter))))
}

/// The eight or nine characters before the sequence, and the sequence.
fn parts(body: &str) -> Option<(String, String)> {
    if body.contains('/') {
        let mut parts = body.split('/');
        let (year, force_and_unit, system) = (parts.next()?, parts.next()?, parts.next()?);
        let sequence = parts.next().filter(|_| parts.next().is_none())?;
        let fits = year.len() == 2 && matches!(force_and_unit.len(), 4 | 5) && system.len() == 2;
        return fits.then(|| (format!("{year}{force_and_unit}{system}"), sequence.to_owned()));
    }
    let head = if body.len() == LONG_HEAD + SEQUENCE { LONG_HEAD } else { SHORT_HEAD };
    let (head, sequence) = body.split_at_checked(head)?;
    Some((head.to_owned(), sequence.to_owned()))
}

/// Whether it is one of those that are given where nobody was arrested, or no number is known. `head` is year, force,
/// unit and system.
fn stands_for_none(head: &str) -> bool {
    let parts = (head.get(..2), head.get(2..4), head.get(4..6), head.get(6..));
    let (Some(year), Some(force), Some(unit), Some(system)) = parts else { return false };
    match (force, unit, system) {
        ("00", "NP" | "PP", "01") => year == "08",
        ("12", "LN", "00") | ("00", "NP", "00") | ("06", "SS", _) | ("00", "XX", _) => true,
        ("63", "00", system) => is_digits(system, 2, 2),
        ("50", unit, _) => UNITS_OF_NONE.contains(&unit),
        (force, "NR", "PR") => is_digits(force, 2, 2),
        _ => false,
    }
}

/// Whether `text` can hardly be anything but an ASN: written in full, or with all its slashes.
pub(super) fn is_unmistakable(text: &str) -> bool {
    let text = unspaced(text);
    matches!(text.len(), 20 | 21) || text.matches('/').count() >= 3
}
