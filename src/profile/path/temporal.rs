//! Dates, date-times and times as far as they are known: `2020-05` is a month, and whether it comes before
//! `2020-05-07` cannot be said.
//!
//! Source: FHIRPath 2.0.0 (N1), "Equals", "Comparison" and "Date/Time Arithmetic".

use std::{cmp::Ordering, fmt};

use jiff::{
    SignedDuration,
    civil::{self, DateTime},
};

/// What is known of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporalKind {
    /// A date, or a part of one.
    Date,
    /// A date with perhaps a time.
    DateTime,
    /// A time of day.
    Time,
}

/// How far a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A date, date-time or time, with the precision that it was written with.
#[derive(Clone, Copy, Debug)]
pub struct Temporal {
    kind: TemporalKind,
    precision: Precision,
    at: DateTime,
    /// Digits of the fraction of a second, for writing it again.
    fraction: u8,
    /// Offset from UTC in minutes.
    offset: Option<i16>,
}

fn number(text: &str, digits: usize) -> Option<(i16, &str)> {
    let head = text.get(..digits)?;
    if !head.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, text.get(digits..)?))
}

fn after(text: &str, mark: char, digits: usize) -> Option<(i8, &str)> {
    let (n, rest) = number(text.strip_prefix(mark)?, digits)?;
    Some((i8::try_from(n).ok()?, rest))
}

impl Temporal {
    /// A date or date-time as FHIR and FHIRPath write it: a date unless there is a `T`. `None`: it is neither, or
    /// there is no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = number(text, 4)?;
        let (mut precision, mut month, mut day) = (Precision::Year, 1, 1);
        let mut left = rest;
        if let Some((m, rest)) = after(left, '-', 2) {
            (precision, month, left) = (Precision::Month, m, rest);
            if let Some((d, rest)) = after(left, '-', 2) {
                (precision, day, left) = (Precision::Day, d, rest);
            }
        }
        let date = civil::Date::new(year, month, day).ok()?;
        let mut made = Self {
            kind: TemporalKind::Date,
            precision,
            at: date.to_datetime(civil::Time::midnight()),
            fraction: 0,
            offset: None,
        };
        if left.is_empty() {
            return Some(made);
        }
        let left = left.strip_prefix('T')?;
        made.kind = TemporalKind::DateTime;
        if left.is_empty() {
            return Some(made);
        }
        if precision != Precision::Day {
            return None;
        }
        let zone_at = left.find(['Z', '+', '-']).unwrap_or(left.len());
        let (clock, zone) = left.split_at_checked(zone_at)?;
        let (time, precision, fraction) = time_of(clock)?;
        made.at = date.to_datetime(time);
        made.precision = precision;
        made.fraction = fraction;
        made.offset = match zone {
            "" => None,
            "Z" => Some(0),
            _ => {
                let sign: i16 = if zone.starts_with('-') { -1 } else { 1 };
                let (hours, rest) = number(zone.get(1..)?, 2)?;
                let (minutes, rest) = after(rest, ':', 2)?;
                if !rest.is_empty() || hours > 14 || minutes > 59 {
                    return None;
                }
                Some(sign * (hours * 60 + i16::from(minutes)))
            }
        };
        Some(made)
    }

    /// A time of day: `10:30`, `10:30:00.5`.
    #[must_use]
    pub fn parse_time(text: &str) -> Option<Self> {
        let (time, precision, fraction) = time_of(text)?;
        let at = civil::Date::constant(1, 1, 1).to_datetime(time);
        Some(Self { kind: TemporalKind::Time, precision, at, fraction, offset: None })
    }

    /// A moment, in UTC, to the millisecond.
    pub(super) fn of_moment(moment: jiff::Timestamp) -> Self {
        let at = jiff::tz::Offset::UTC.to_datetime(moment);
        Self { kind: TemporalKind::DateTime, precision: Precision::Second, at, fraction: 3, offset: Some(0) }
    }

    /// Whether it is a date, a date-time or a time.
    #[must_use]
    pub fn kind(&self) -> TemporalKind {
        self.kind
    }

    /// The day that it falls on.
    pub(super) fn date(self) -> Option<Self> {
        (self.kind != TemporalKind::Time).then(|| Self {
            kind: TemporalKind::Date,
            precision: self.precision.min(Precision::Day),
            at: self.at.date().to_datetime(civil::Time::midnight()),
            fraction: 0,
            offset: None,
        })
    }

    /// The same, called a date-time. `None`: it is a time of day.
    #[must_use]
    pub fn date_time(self) -> Option<Self> {
        (self.kind != TemporalKind::Time).then_some(Self { kind: TemporalKind::DateTime, ..self })
    }

    pub(super) fn time(self) -> Option<Self> {
        (self.precision >= Precision::Hour).then(|| Self {
            kind: TemporalKind::Time,
            precision: self.precision,
            at: civil::Date::constant(1, 1, 1).to_datetime(self.at.time()),
            fraction: self.fraction,
            offset: None,
        })
    }

    /// Order. `None`: it cannot be said, for one of them goes less far, or a time goes with a date, or only one of
    /// two times of a day names its offset.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        if (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time) {
            return None;
        }
        let both_timed = self.precision >= Precision::Hour && other.precision >= Precision::Hour;
        let (mine, theirs) = if both_timed {
            match (self.offset, other.offset) {
                (Some(a), Some(b)) if a != b => (self.in_utc()?, other.in_utc()?),
                (Some(_), None) | (None, Some(_)) => return None,
                _ => (self.at, other.at),
            }
        } else {
            (self.at, other.at)
        };
        let least = self.precision.min(other.precision);
        let known = cut(mine, least).cmp(&cut(theirs, least));
        if known != Ordering::Equal || self.precision == other.precision { Some(known) } else { None }
    }

    /// Whether they are written with the same precision and are the same: what `~` asks.
    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        self.order(other) == Some(Ordering::Equal)
    }

    fn in_utc(self) -> Option<DateTime> {
        let offset = SignedDuration::from_mins(i64::from(self.offset.unwrap_or(0)));
        self.at.checked_sub(offset).ok()
    }

    /// Later by so many of a calendar unit; earlier when negative. `None`: not a unit of the calendar, or beyond it.
    pub(super) fn plus(self, count: i64, unit: &str) -> Option<Self> {
        let span = jiff::Span::new();
        let span = match unit.strip_suffix('s').unwrap_or(unit) {
            "year" => span.try_years(count),
            "month" => span.try_months(count),
            "week" => span.try_weeks(count),
            "day" => span.try_days(count),
            "hour" => span.try_hours(count),
            "minute" => span.try_minutes(count),
            "second" => span.try_seconds(count),
            "millisecond" => span.try_milliseconds(count),
            _ => return None,
        };
        let at = self.at.checked_add(span.ok()?).ok()?;
        if self.kind == TemporalKind::Time && at.date() != self.at.date() {
            return None;
        }
        Some(Self { at: cut(at, self.precision), ..self })
    }
}

fn cut(at: DateTime, to: Precision) -> DateTime {
    let day = at.date();
    let (hour, minute) = (at.hour(), at.minute());
    let made = match to {
        Precision::Year => civil::Date::new(day.year(), 1, 1).map(|d| d.to_datetime(civil::Time::midnight())),
        Precision::Month => {
            civil::Date::new(day.year(), day.month(), 1).map(|d| d.to_datetime(civil::Time::midnight()))
        }
        Precision::Day => Ok(day.to_datetime(civil::Time::midnight())),
        Precision::Hour => civil::Time::new(hour, 0, 0, 0).map(|t| day.to_datetime(t)),
        Precision::Minute => civil::Time::new(hour, minute, 0, 0).map(|t| day.to_datetime(t)),
        Precision::Second => Ok(at),
    };
    made.unwrap_or(at)
}

fn time_of(text: &str) -> Option<(civil::Time, Precision, u8)> {
    let (hour, mut left) = number(text, 2)?;
    let (mut precision, mut minute, mut second, mut nanos, mut fraction) =
        (Precision::Hour, 0, 0, 0_i32, 0_u8);
    if let Some((m, rest)) = after(left, ':', 2) {
        (precision, minute, left) = (Precision::Minute, m, rest);
        if let Some((s, rest)) = after(left, ':', 2) {
            (precision, second, left) = (Precision::Second, s, rest);
            if let Some(part) = left.strip_prefix('.') {
                if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                for digit in part.bytes().chain(std::iter::repeat(b'0')).take(9) {
                    nanos = nanos * 10 + i32::from(digit - b'0');
                }
                fraction = u8::try_from(part.len().min(9)).ok()?;
                left = "";
            }
        }
    }
    if !left.is_empty() {
        return None;
    }
    // A leap second is a second; the calendar used here has none.
    let second = if second == 60 { 59 } else { second };
    Some((civil::Time::new(i8::try_from(hour).ok()?, minute, second, nanos).ok()?, precision, fraction))
}

impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        if self.kind != TemporalKind::Time {
            write!(f, "{:04}", at.year())?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", at.month())?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", at.day())?;
            }
            if self.precision >= Precision::Hour {
                f.write_str("T")?;
            }
        }
        if self.precision >= Precision::Hour {
            write!(f, "{:02}", at.hour())?;
        }
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", at.minute())?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", at.second())?;
            if self.fraction > 0 {
                let digits = format!("{:09}", at.subsec_nanosecond());
                write!(f, ".{}", digits.get(..usize::from(self.fraction)).unwrap_or(&digits))?;
            }
        }
        match self.offset {
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let size = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", size / 60, size % 60)
            }
            None => Ok(()),
        }
    }
}
