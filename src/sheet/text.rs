//! Values of a sheet as people read them: dates in words, and no letter that would deceive the eye.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::letters;

/// Whose clock a time is told by.
const LONDON: &str = "Europe/London";

/// What a text may not hold unseen: control characters but the end of a line, and what turns the direction of reading or
/// cannot be seen. Joiners, which names need, stay, and so do selectors.
pub(super) fn is_hidden(letter: char) -> bool {
    letter != '\n' && letters::is_hidden(letter)
}

/// `text` with `words` in place of every run of letters for which `is_out` holds.
pub(super) fn without(text: &str, is_out: impl Fn(char) -> bool, words: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut in_run = false;
    for letter in text.chars() {
        let out = is_out(letter);
        if !out {
            kept.push(letter);
        } else if !in_run {
            kept.push_str(words);
        }
        in_run = out;
    }
    kept
}

/// A date, a month, a year or a moment in words, as in `Monday 13 January 2025, 09:15`. What is none stays as it is.
pub(super) fn date(text: &str) -> String {
    if let Ok(moment) = text.parse::<Timestamp>() {
        let zone = TimeZone::get(LONDON).unwrap_or(TimeZone::UTC);
        return zone.to_datetime(moment).strftime("%A %-d %B %Y, %H:%M").to_string();
    }
    if let Some(day) = day(text) {
        return day.strftime("%A %-d %B %Y").to_string();
    }
    day(&format!("{text}-01")).map_or_else(|| text.to_owned(), |first| first.strftime("%B %Y").to_string())
}

/// The day of birth in words.
pub(super) fn birth_date(text: &str) -> String {
    day(text).map_or_else(|| date(text), |day| day.strftime("%-d %B %Y").to_string())
}

/// How old somebody born on `born` is at the moment `at`, in years; `None` when one of them does not say.
pub(super) fn age(born: &str, at: &str) -> Option<i16> {
    let born = day(born)?;
    let zone = TimeZone::get(LONDON).ok()?;
    let today = zone.to_datetime(at.parse::<Timestamp>().ok()?).date();
    let before_birthday = (today.month(), today.day()) < (born.month(), born.day());
    let years = today.year() - born.year() - i16::from(before_birthday);
    (years >= 0).then_some(years)
}

fn day(text: &str) -> Option<Date> {
    // Ten letters: jiff would read the date of a date and time, too.
    (text.len() == 10).then(|| text.parse().ok())?
}
