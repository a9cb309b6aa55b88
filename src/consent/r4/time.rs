//! Dates as FHIR R4 writes them, whole or in part, as the stretch that each may mean. A date without a zone is London's.

use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::{code::Code, shape::Fields, unread::Unread};

/// Where dates without a zone are read.
pub(super) const ZONE: &str = "Europe/London";

/// From the first to the last microsecond, both part of it.
pub(super) type Stretch = (i64, i64);

/// All of time.
pub(super) const ALWAYS: Stretch = (i64::MIN, i64::MAX);

/// `2026`, `2026-11`, `2026-11-23`, or a date-time to the second or less, with its zone. `None`: it is none of these.
pub(super) fn stretch(text: &str) -> Option<Stretch> {
    match text.len() {
        4 => days(date(text, "01", "01")?, |first| first.checked_add(jiff::Span::new().years(1)).ok()),
        7 => {
            let (year, month) = text.split_once('-')?;
            days(date(year, month, "01")?, |first| first.checked_add(jiff::Span::new().months(1)).ok())
        }
        10 => days(whole_date(text)?, |first| first.tomorrow().ok()),
        _ => moment(text),
    }
}

/// A moment to the second or less, with its zone.
pub(super) fn moment(text: &str) -> Option<Stretch> {
    let (day, time) = text.split_at_checked(10)?;
    let (clock, rest) = time.strip_prefix('T')?.split_at_checked(8)?;
    let mut parts = clock.split(':');
    let mut next = || digits(parts.next()?, 2);
    let (hour, minute, second) = (next()?, next()?, next()?);
    let whole = whole_date(day)?;
    let at = DateTime::new(
        whole.year(),
        whole.month(),
        whole.day(),
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    )
    .ok()?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (fraction, zone) = rest.split_at_checked(zone_at)?;
    let (micros, width) = fraction_of(fraction)?;
    let utc = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?.as_microsecond();
    let first = utc.checked_add(micros)?.checked_sub(offset(zone)?.checked_mul(60_000_000)?)?;
    Some((first, first.checked_add(width - 1)?))
}

/// Microseconds of `.123`, and how many a unit of its last digit has.
fn fraction_of(text: &str) -> Option<(i64, i64)> {
    if text.is_empty() {
        return Some((0, 1_000_000));
    }
    let all =
        text.strip_prefix('.').filter(|all| !all.is_empty() && all.bytes().all(|b| b.is_ascii_digit()))?;
    let known = all.get(..6).unwrap_or(all);
    let width = 10_i64.pow(6 - u32::try_from(known.len()).ok()?);
    Some((known.parse::<i64>().ok()? * width, width))
}

/// Minutes east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    let within = hours <= 14 && minutes <= 59;
    within.then(|| if sign == "-" { -(hours * 60 + minutes) } else { hours * 60 + minutes })
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let right = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

fn whole_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    date(parts.next()?, parts.next()?, parts.next()?)
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// From the start of a day in London to the end of the day before `after`; the calendar's last has no end.
fn days(first: Date, after: impl FnOnce(Date) -> Option<Date>) -> Option<Stretch> {
    let start = |day: Date| Some(day.in_tz(ZONE).ok()?.timestamp().as_microsecond());
    let end = after(first).and_then(start).map_or(i64::MAX, |next| next - 1);
    // The last days of the year 9999, which some write for "without end", have no moment in every zone.
    let first = start(first).or_else(|| (first.year() == Date::MAX.year()).then_some(i64::MAX))?;
    Some((first, end))
}

/// A Period; an end without a start, or the other way round, is open.
pub(super) fn period(value: &Value) -> Result<Stretch, Unread> {
    let fields = Fields::of(value, &["start", "end"])?;
    let read = |name: &str| -> Result<Option<Stretch>, Unread> {
        let Some(text) = fields.text(name)? else { return Ok(None) };
        stretch(text).map(Some).ok_or_else(|| Unread::here(Code::DateUnparsable).under(name))
    };
    let (start, end) = (read("start")?, read("end")?);
    if start.is_none() && end.is_none() {
        return Err(Unread::here(Code::ElementInvalid));
    }
    let (first, last) = (start.map_or(ALWAYS.0, |start| start.0), end.map_or(ALWAYS.1, |end| end.1));
    if first > last { Err(Unread::here(Code::PeriodReversed)) } else { Ok((first, last)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;

    #[test]
    fn a_date_is_the_whole_stretch_that_it_may_mean_in_london() {
        let told = |text: &str| {
            let (first, last) = stretch(text).unwrap();
            (Moment(first).to_rfc3339(), Moment(last).to_rfc3339())
        };
        for (text, first, last) in [
            ("2022", "2022-01-01T00:00:00.000Z", "2022-12-31T23:59:59.999Z"),
            ("2022-06", "2022-05-31T23:00:00.000Z", "2022-06-30T22:59:59.999Z"),
            ("2022-12-31", "2022-12-31T00:00:00.000Z", "2022-12-31T23:59:59.999Z"),
            // The day on which the clocks go forward has 23 hours.
            ("2022-03-27", "2022-03-27T00:00:00.000Z", "2022-03-27T22:59:59.999Z"),
            ("2022-06-01T10:00:00+01:00", "2022-06-01T09:00:00.000Z", "2022-06-01T09:00:00.999Z"),
            ("2022-06-01T10:00:00.5-00:30", "2022-06-01T10:30:00.500Z", "2022-06-01T10:30:00.599Z"),
        ] {
            assert_eq!(told(text), (first.to_owned(), last.to_owned()), "{text}");
        }
        assert_eq!(stretch("9999-12-31").map(|(_, last)| last), Some(i64::MAX));
    }

    #[test]
    fn what_fhir_does_not_write_is_no_date() {
        for text in [
            "",
            "22",
            "2022-1",
            "2022-13",
            "2022-02-30",
            "2022-1-01",
            "2022-12-31T10:00Z",
            "2022-12-31T10:00:00",
            "2022-12-31T24:00:00Z",
            "2022-12-31T10:00:60Z",
            "2022-12-31T10:00:00.Z",
            "2022-12-31T10:00:00+0100",
            "2022-12-31T10:00:00z",
            "2022-12-31 10:00:00Z",
            "31-12-2022",
            "2022-12-31T10:00:00Zx",
            "２０２２",
            "2022-12-31T10:00:00+15:00",
            "+022-12-31",
            "2022-12-31T10:00:00Z[UTC]",
            "2022-12-3é",
        ] {
            assert_eq!(stretch(text), None, "{text}");
        }
    }
}
