//! Dates and times as FHIR writes them, of days that exist.

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    date(text.as_bytes()).is_some()
}

/// A date, or a full date with a time to the second and an offset.
pub(super) fn is_date_time(text: &str) -> bool {
    match text.split_once('T') {
        None => is_date(text),
        Some(_) => is_instant(text),
    }
}

/// A full date with a time to the second and an offset.
pub(super) fn is_instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else { return false };
    let Some(rest) = rest.strip_prefix('T') else { return false };
    let Some(at) = rest.bytes().position(|byte| matches!(byte, b'Z' | b'+' | b'-')) else { return false };
    let (time, offset) = rest.split_at(at);
    is_date(day) && is_clock(time, true) && is_offset(offset)
}

/// `HH:MM:SS`, with a fraction or without.
pub(super) fn is_time(text: &str) -> bool {
    is_clock(text, false)
}

fn is_offset(text: &str) -> bool {
    let [b'+' | b'-', h1, h2, b':', m1, m2] = *text.as_bytes() else { return text == "Z" };
    match (number(&[h1, h2]), number(&[m1, m2])) {
        (Some(14), Some(minutes)) => minutes == 0,
        (Some(hours), Some(minutes)) => hours < 14 && minutes < 60,
        _ => false,
    }
}

/// A leap second is for instants and dateTimes alone.
fn is_clock(text: &str, leap: bool) -> bool {
    let Some(([h1, h2, b':', m1, m2, b':', s1, s2], fraction)) = text.as_bytes().split_first_chunk::<8>()
    else {
        return false;
    };
    let most = if leap { 60 } else { 59 };
    number(&[*h1, *h2]).is_some_and(|hours| hours < 24)
        && number(&[*m1, *m2]).is_some_and(|minutes| minutes < 60)
        && number(&[*s1, *s2]).is_some_and(|seconds| seconds <= most)
        && match fraction {
            [] => true,
            [b'.', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
            _ => false,
        }
}

fn date(text: &[u8]) -> Option<()> {
    let (year, rest) = text.split_first_chunk::<4>()?;
    let year = number(year).filter(|year| *year > 0)?;
    let (month, rest) = match rest {
        [] => return Some(()),
        [b'-', m1, m2, rest @ ..] => (number(&[*m1, *m2]).filter(|month| (1..=12).contains(month))?, rest),
        _ => return None,
    };
    match rest {
        [] => Some(()),
        [b'-', d1, d2] => number(&[*d1, *d2]).filter(|day| (1..=days(year, month)).contains(day)).map(|_| ()),
        _ => None,
    }
}

const fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| Some(sum * 10 + char::from(*digit).to_digit(10)?))
}
