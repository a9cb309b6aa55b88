//! The PNC ID: a year, a serial within it, a letter. Written `YYYY/NNNNNNNL`.

use super::{Check, Read, is_digits, letter, unspaced};
use crate::clock::Moment;

/// What stands between the year and the serial.
const SEPARATORS: [char; 3] = ['/', '.', '-'];

/// Reads `81/34U`, `1981/0000034U` and the same without the slash. Where a separator stands, it ends the year: the
/// length decides only without one (up to nine digits begin with a year of two).
pub(super) fn read(text: &str) -> Option<Read> {
    let (digits, letter) = letter::split(text)?;
    let trimmed = digits.trim_end_matches(|one| one == ' ' || SEPARATORS.contains(&one));
    // With no separator but one before the letter, nothing says where the year ends.
    if digits.contains(SEPARATORS) && !trimmed.contains(SEPARATORS) {
        return None;
    }
    let (year, serial) = parts(trimmed)?;
    let (year, serial) = (unspaced(year), unspaced(serial));
    if !is_digits(&serial, 1, 7) || !is_digits(&year, 2, 4) {
        return None;
    }
    let serial = format!("{serial:0>7}");
    let (century, short) = year.split_at_checked(year.len().checked_sub(2)?)?;
    if !matches!(century, "" | "19" | "20") {
        return None;
    }
    // The century is no part of the number that the letter is of.
    let check = Check::of(letter::fits(&format!("{short}{serial}"), letter));
    Some(Read {
        two_digit_year: if century.is_empty() { Some(short.parse().ok()?) } else { None },
        ..Read::new(format!("{year}/{serial}{letter}"), check)
    })
}

fn parts(digits: &str) -> Option<(&str, &str)> {
    if let Some((year, serial)) = digits.split_once(SEPARATORS) {
        return Some((year, serial.trim_start_matches(|one| one == ' ' || SEPARATORS.contains(&one))));
    }
    if let Some((year, serial)) = digits.split_once(' ')
        && matches!(year.len(), 2 | 4)
    {
        return Some((year, serial));
    }
    match digits.bytes().filter(u8::is_ascii_digit).count() {
        3..=9 => digits.split_at_checked(2),
        10 | 11 => digits.split_at_checked(4),
        _ => None,
    }
}

/// The first two digits of the year, as 19 or 20: a year is not after this one.
pub(super) fn century(year: i16, now: Moment) -> i16 {
    if year <= year_of(now).rem_euclid(100) { 20 } else { 19 }
}

/// The year in which `now` is.
pub(super) fn year_of(now: Moment) -> i16 {
    let moment = jiff::Timestamp::from_microsecond(now.0);
    moment.map_or(0, |moment| jiff::tz::Offset::UTC.to_datetime(moment).year())
}
