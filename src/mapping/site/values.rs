//! One answer of a form, read as a value of the assessment.

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    fmt::strtime,
    tz::{AmbiguousOffset, TimeZone},
};
use serde_json::{Number, Value};

use super::{
    adapter::{FieldRule, Kind, Plan},
    outline::shown,
    read::fold,
    source::Answer,
};

/// Where a time is meant that names no zone.
const ZONE: &str = "Europe/London";
/// No date of an assessment is older: an earlier year is a slip, as 26 for 2026.
const YEAR_MIN: i16 = 1_900;
/// Most days or months that `plus` adds.
const PLUS_MAX: i64 = 1_830;

/// What an answer became.
#[derive(Debug, PartialEq)]
pub(super) struct ReadValue {
    pub(super) value: Value,
    /// What its sender should know.
    pub(super) note: Option<String>,
}

impl ReadValue {
    fn plain(value: impl Into<Value>) -> Self {
        Self { value: value.into(), note: None }
    }
}

/// Reads one answer as the rule says.
///
/// # Errors
///
/// What is expected instead; never the answer.
pub(super) fn read(answer: &Answer, rule: &FieldRule, plan: &Plan) -> Result<ReadValue, String> {
    if let Some(map) = &rule.map {
        let words = plan.map(&map.what).map(|map| map.words.as_slice()).unwrap_or_default();
        let word = fold(&answer.word());
        if let Some((_, value)) = words.iter().find(|(known, _)| fold(&known.what) == word) {
            return Ok(ReadValue::plain(value.what.clone()));
        }
        if let Some(other) = &rule.otherwise {
            let note =
                format!("This answer is not in the list {}; {} was written.", map.what, shown(&other.what));
            return Ok(ReadValue { value: other.what.clone(), note: Some(note) });
        }
        let known: Vec<&str> = words.iter().map(|(known, _)| known.what.as_str()).collect();
        return Err(format!("an answer of the list {} is expected: {}", map.what, known.join(", ")));
    }
    let format = rule.format.as_ref().map(|format| format.what.as_str());
    let plus = rule.plus.as_ref().and_then(|plus| span(&plus.what));
    let word = answer.word();
    let found = match rule.kind.what {
        Kind::Text | Kind::Words | Kind::List => Some(ReadValue::plain(word)),
        Kind::Date => date(&word, format, plus).map(|date| ReadValue::plain(date.to_string())),
        Kind::Instant => instant(&word, format),
        Kind::Number => number(&word).map(|number| ReadValue::plain(Value::Number(number))),
        Kind::Whole => word.parse::<i64>().ok().map(ReadValue::plain),
        Kind::YesNo => yes_no(&word).map(ReadValue::plain),
    };
    found.ok_or_else(|| {
        let form = format.map(|format| format!(" of the form {format}")).unwrap_or_default();
        format!("this cannot be read as {}{form}", rule.kind.what.as_str())
    })
}

fn yes_no(word: &str) -> Option<bool> {
    match fold(word).as_str() {
        "y" | "yes" | "true" | "1" => Some(true),
        "n" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A number in digits, as it was written: `1.10` stays `1.10`.
fn number(word: &str) -> Option<Number> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let plain = digits.len() <= 18 && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain.then(|| serde_json::from_str(word).ok()).flatten()
}

fn date(word: &str, format: Option<&str>, plus: Option<Span>) -> Option<Date> {
    let date = match format {
        Some(format) => strtime::parse(format, word).ok()?.to_date().ok()?,
        // The day on which a time falls is the day that the people in the room would say.
        None => match word.parse::<Timestamp>() {
            Ok(instant) => TimeZone::get(ZONE).ok()?.to_datetime(instant).date(),
            Err(_) => word.parse::<Date>().ok()?,
        },
    };
    let date = plus.map_or(Some(date), |plus| date.checked_add(plus).ok())?;
    (date.year() >= YEAR_MIN).then_some(date)
}

fn instant(word: &str, format: Option<&str>) -> Option<ReadValue> {
    let local = match format {
        Some(format) => {
            let parsed = strtime::parse(format, word).ok()?;
            if let Ok(instant) = parsed.to_timestamp() {
                return written(instant, None);
            }
            parsed.to_datetime().ok()?
        }
        None => match word.parse::<Timestamp>() {
            Ok(instant) => return written(instant, None),
            // A day alone is no time of day, and none is made up.
            Err(_) if !word.contains(['T', 't', ' ']) => return None,
            Err(_) => word.parse::<DateTime>().ok()?,
        },
    };
    let ambiguous = TimeZone::get(ZONE).ok()?.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => written(ambiguous.unambiguous().ok()?, None),
        // The hour that is left out in spring: no clock showed this time.
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Fold { .. } => {
            let note = "The clocks went back: this time was twice on that day, and the first was taken.";
            written(ambiguous.earlier().ok()?, Some(note.to_owned()))
        }
    }
}

fn written(instant: Timestamp, note: Option<String>) -> Option<ReadValue> {
    let is_of_our_time = TimeZone::UTC.to_datetime(instant).year() >= YEAR_MIN;
    is_of_our_time.then(|| ReadValue { value: Value::from(instant.to_string()), note })
}

/// `P6M` or `P30D`: months or days that are added to a date.
pub(super) fn span(text: &str) -> Option<Span> {
    let (count, unit) = text.strip_prefix('P')?.split_at_checked(text.len().checked_sub(2)?)?;
    let count = count.parse::<i64>().ok().filter(|count| (1..=PLUS_MAX).contains(count))?;
    match unit {
        "M" => Some(Span::new().months(count)),
        "D" => Some(Span::new().days(count)),
        _ => None,
    }
}

/// Whether a format reads again what it writes: the day, and for an instant the minute. A format without the year,
/// with two digits of it, or with half a day of hours does not.
pub(super) fn is_whole(format: &str, kind: Kind) -> bool {
    [DateTime::constant(1945, 3, 14, 21, 47, 0, 0), DateTime::constant(2026, 11, 23, 9, 5, 0, 0)].iter().all(
        |moment| {
            let again = strtime::format(format, *moment).and_then(|text| strtime::parse(format, text));
            let Ok(again) = again else { return false };
            match kind {
                Kind::Instant => again.to_datetime().is_ok_and(|again| again == *moment),
                _ => again.to_date().is_ok_and(|again| again == moment.date()),
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(word: &str, format: Option<&str>) -> Option<String> {
        instant(word, format).map(|read| shown(&read.value))
    }

    #[test]
    fn times_without_a_zone_are_those_of_london() {
        let format = Some("%d/%m/%Y %H:%M");
        assert_eq!(at("18/11/2026 10:30", format).as_deref(), Some("2026-11-18T10:30:00Z"));
        assert_eq!(at("18/06/2026 10:30", format).as_deref(), Some("2026-06-18T09:30:00Z"));
        assert_eq!(at("2026-06-18T10:30:00", None).as_deref(), Some("2026-06-18T09:30:00Z"));
        assert_eq!(at("2026-06-18T10:30:00+02:00", None).as_deref(), Some("2026-06-18T08:30:00Z"));
        assert_eq!(at("2026-06-18", None), None, "no time of day is made up");
        assert_eq!(at("29/03/2026 01:30", format), None, "no clock showed this time");
        let twice = instant("25/10/2026 01:30", format).expect("the first of two");
        assert_eq!(shown(&twice.value), "2026-10-25T00:30:00Z");
        assert!(twice.note.is_some_and(|note| note.contains("twice")));
    }

    #[test]
    fn dates_are_read_whole_or_not_at_all() {
        let dmy = Some("%d/%m/%Y");
        let of = |word, format, plus: &str| date(word, format, span(plus)).map(|date| date.to_string());
        assert_eq!(of("09/03/1988", dmy, "").as_deref(), Some("1988-03-09"));
        assert_eq!(of("31/08/2026", dmy, "P6M").as_deref(), Some("2027-02-28"));
        assert_eq!(of("2026-06-30T23:30:00Z", None, "P1D").as_deref(), Some("2026-07-02"));
        for wrong in ["09/03/88", "31/02/2026", "1988-03-09", "09/03/1988 x", "", "0/3/1988"] {
            assert_eq!(of(wrong, dmy, ""), None, "{wrong}");
        }
        assert!(
            ["P0M", "P-1D", "PM", "P", "", "P1Y", "6M", "P9999D"].iter().all(|text| span(text).is_none())
        );
    }

    #[test]
    fn a_format_that_loses_something_is_known() {
        assert!(is_whole("%d/%m/%Y", Kind::Date) && is_whole("%d/%m/%Y %H:%M", Kind::Instant));
        for lossy in ["%d/%m/%y", "%d/%m", "", "DD/MM/YYYY", "%q"] {
            assert!(!is_whole(lossy, Kind::Date), "{lossy}");
        }
        assert!(!is_whole("%d/%m/%Y %I:%M", Kind::Instant) && !is_whole("%d/%m/%Y", Kind::Instant));
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        assert_eq!(number("1.10").map(|number| number.to_string()).as_deref(), Some("1.10"));
        assert!(
            ["1e9", "0x1", "NaN", "1,5", "--1", ".5", "1234567890123456789"]
                .iter()
                .all(|w| number(w).is_none())
        );
        assert_eq!((yes_no(" Yes"), yes_no("0"), yes_no("perhaps")), (Some(true), Some(false), None));
    }
}
