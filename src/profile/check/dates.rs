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
    let Some((day, rest)) = text.split_once('T') else { return false };
    if day.len() != 10 || !is_date(day) {
        return false;
    }
    let Some(at) = rest.find(['Z', '+', '-']) else { return false };
    let (time, offset) = rest.split_at(at);
    is_clock(time, true) && is_offset(offset)
}

/// `HH:MM:SS`, with a fraction or without.
pub(super) fn is_time(text: &str) -> bool {
    is_clock(text, false)
}

fn is_offset(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some((hours, minutes)) = text.get(1..).and_then(|rest| rest.split_once(':')) else { return false };
    match (number(hours, 2), number(minutes, 2)) {
        (Some(14), Some(minutes)) => minutes == 0,
        (Some(hours), Some(minutes)) => hours < 14 && minutes < 60,
        _ => false,
    }
}

/// A leap second is for instants and dateTimes alone.
fn is_clock(text: &str, leap: bool) -> bool {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':').map(|part| number(part, 2));
    let (hours, minutes, seconds) = (parts.next(), parts.next(), parts.next());
    parts.next().is_none()
        && matches!(hours, Some(Some(0..=23)))
        && matches!(minutes, Some(Some(0..=59)))
        && match seconds {
            Some(Some(0..=59)) => true,
            Some(Some(60)) => leap,
            _ => false,
        }
        && fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn date(text: &[u8]) -> Option<()> {
    let text = str::from_utf8(text).ok()?;
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map(|part| number(part, 2));
    let day = parts.next().map(|part| number(part, 2));
    if parts.next().is_some() || year == 0 {
        return None;
    }
    let Some(month) = month else { return Some(()) };
    let month = month.filter(|month| (1..=12).contains(month))?;
    let Some(day) = day else { return Some(()) };
    day.filter(|day| (1..=days(year, month)).contains(day)).map(|_| ())
}

const fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
