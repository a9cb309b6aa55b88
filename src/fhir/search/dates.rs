//! Dates as FHIR writes them, whole or in part: each is the stretch of time that it may mean.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::clock::Moment;

/// How a date is compared: the prefixes of FHIR that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `eq`, or no prefix.
    Equal,
    /// `ge`
    AtLeast,
    /// `le`
    AtMost,
    /// `gt`
    After,
    /// `lt`
    Before,
}

/// A stretch of time; its end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Moment,
    /// The first moment after it.
    pub end: Moment,
}

impl Period {
    /// Whether a resource's time stands to `asked` as `comparator` wants.
    #[must_use]
    pub fn fits(self, comparator: Comparator, asked: Self) -> bool {
        match comparator {
            Comparator::Equal => self.start >= asked.start && self.end <= asked.end,
            Comparator::AtLeast => self.start >= asked.start,
            Comparator::AtMost => self.start < asked.end,
            Comparator::After => self.start >= asked.end,
            Comparator::Before => self.start < asked.start,
        }
    }
}

/// Splits `ge2026-11-23` into its prefix and the stretch that its date may mean. `None`: the prefix is not offered,
/// or this is no date of the calendar.
#[must_use]
pub fn date(text: &str) -> Option<(Comparator, Period)> {
    let (prefix, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_lowercase).count());
    let comparator = match prefix {
        "" | "eq" => Comparator::Equal,
        "ge" => Comparator::AtLeast,
        "le" => Comparator::AtMost,
        "gt" => Comparator::After,
        "lt" => Comparator::Before,
        _ => return None,
    };
    period(rest).map(|period| (comparator, period))
}

/// `2026`, `2026-11`, `2026-11-23` (in UTC), or a date-time with an offset, to the minute, second or any fraction.
pub(super) fn period(text: &str) -> Option<Period> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if digits(text, 4) {
        let first = Date::new(text.parse().ok()?, 1, 1).ok()?;
        return stretch(first, first.checked_add(jiff::Span::new().years(1)).ok()?);
    }
    if let Some((year, month)) = text.split_once('-')
        && digits(year, 4)
        && digits(month, 2)
    {
        let first = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
        return stretch(first, first.checked_add(jiff::Span::new().months(1)).ok()?);
    }
    let Some((day, time)) = text.split_once('T') else {
        let well_formed = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
        let day: Date = text.parse().ok().filter(|_| well_formed)?;
        return stretch(day, day.tomorrow().ok()?);
    };
    let clock = time.split(['Z', '+', '-']).next().unwrap_or_default();
    let whole = match clock.len() {
        5 => format!("{day}T{clock}:00{}", time.get(5..)?),
        _ => text.to_owned(),
    };
    let start = whole.parse::<Timestamp>().ok()?.as_microsecond();
    let fraction = clock.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let width = match (clock.len(), fraction) {
        (5, _) => 60_000_000,
        (_, 0) => 1_000_000,
        (_, places @ 1..=5) => 10_i64.pow(6 - u32::try_from(places).ok()?),
        _ => 1,
    };
    Some(Period { start: Moment(start), end: Moment(start.checked_add(width)?) })
}

fn stretch(first: Date, after: Date) -> Option<Period> {
    let moment = |date: Date| {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        Some(Moment(TimeZone::UTC.to_timestamp(midnight).ok()?.as_microsecond()))
    };
    Some(Period { start: moment(first)?, end: moment(after)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        let period = period(text).unwrap_or_else(|| panic!("{text}"));
        period.end.micros_since(period.start) / 1_000_000
    }

    #[test]
    fn a_date_in_part_is_the_stretch_that_it_may_mean() {
        assert_eq!(seconds("2026"), 365 * 86_400);
        assert_eq!(seconds("2026-02"), 28 * 86_400);
        assert_eq!(seconds("2026-02-28"), 86_400);
        assert_eq!(seconds("2026-02-28T10:30Z"), 60);
        assert_eq!(seconds("2026-02-28T10:30:05+01:00"), 1);
        let exact = period("2026-02-28T10:30:05.123Z").unwrap();
        assert_eq!(exact.end.micros_since(exact.start), 1_000);
    }

    #[test]
    fn what_is_no_date_of_the_calendar_is_none() {
        let wrong = [
            "",
            "26",
            "2026-13",
            "2026-02-30",
            "2026-2-3",
            "2026-02-28T10:30",
            "2026-02-28T25:00Z",
            "ne2026",
            "sa2026",
            "eb2026",
            "ap2026",
            "2026-02-28T10",
            "xx",
            "20261123",
            "2026-W01",
            "2026-02-28T10:30:05.1234567890123Zx",
        ];
        for text in wrong {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_compare_with_the_whole_stretch() {
        let at = period("2026-11-23T09:30:00.000Z").unwrap();
        let fits = |asked: &str| {
            let (comparator, asked) = date(asked).unwrap();
            at.fits(comparator, asked)
        };
        for yes in
            ["2026-11-23", "eq2026", "ge2026-11-23", "le2026-11-23", "gt2026-11-22", "lt2026-11-24", "le2026"]
        {
            assert!(fits(yes), "{yes}");
        }
        for no in
            ["2026-11-22", "eq2025", "ge2026-11-24", "le2026-11-22", "gt2026-11-23", "lt2026-11-23", "gt2026"]
        {
            assert!(!fits(no), "{no}");
        }
    }
}
