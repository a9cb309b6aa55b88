//! Dates, read for the second time.

use std::{cell::RefCell, collections::HashMap};

use serde_json::Value;

thread_local! {
    /// The same few dates are read again and again.
    static DAYS: RefCell<HashMap<String, Option<(i64, i64)>>> = RefCell::default();
}

pub(super) fn day(text: &str) -> Option<(i64, i64)> {
    DAYS.with_borrow_mut(|days| {
        let known = days.get(text).copied();
        known.unwrap_or_else(|| *days.entry(text.to_owned()).or_insert(read_day(text)))
    })
}

/// First and last microsecond, for the few forms that cases are written in.
fn read_day(text: &str) -> Option<(i64, i64)> {
    use jiff::{Timestamp, ToSpan as _, civil::Date};
    if text.contains('T') {
        let at = text.parse::<Timestamp>().ok()?.as_microsecond();
        return Some((at, at + if text.contains('.') { 99_999 } else { 999_999 }));
    }
    let (first, next): (Date, Date) = match text.len() {
        4 => (format!("{text}-01-01").parse().ok()?, Date::new(text.parse::<i16>().ok()? + 1, 1, 1).ok()?),
        7 => {
            let first: Date = format!("{text}-01").parse().ok()?;
            (first, first.checked_add(1.month()).ok()?)
        }
        10 if text.contains('-') => {
            let first: Date = text.parse().ok()?;
            (first, first.tomorrow().ok()?)
        }
        _ => return None,
    };
    let at = |date: Date| date.in_tz("Europe/London").ok().map(|start| start.timestamp().as_microsecond());
    Some((at(first)?, at(next)? - 1))
}

pub(super) fn stretch(period: &Value) -> (i64, i64) {
    let end = |name: &str| period[name].as_str().and_then(day);
    (end("start").map_or(i64::MIN, |start| start.0), end("end").map_or(i64::MAX, |end| end.1))
}
