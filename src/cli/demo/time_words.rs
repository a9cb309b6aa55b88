//! `@now-2h`, `@today+28d`: times in fixtures, told relative to the day on which the story is told.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::clock::Moment;

/// Replaces every text that is a time word by the moment (or date) it stands for.
pub(super) fn settle(value: &mut Value, now: Moment) -> Result<()> {
    match value {
        Value::String(text) => {
            if let Some(word) = text.strip_prefix('@') {
                *text = read(word, now)?;
            }
        }
        Value::Array(items) => {
            for item in items {
                settle(item, now)?;
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields.iter_mut() {
                settle(field, now)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// `now` or `today`, with `+` or `-`, a number and `m`, `h` or `d`.
fn read(word: &str, now: Moment) -> Result<String> {
    let unknown = || format!("`@{word}` is not a time: write @now, @today, or either with +2h, -30m, +28d");
    let (base, offset) = match word.find(['+', '-']) {
        Some(at) => word.split_at(at),
        None => (word, ""),
    };
    let seconds = if offset.is_empty() {
        0
    } else {
        let unit = offset.chars().last().with_context(unknown)?;
        let number: i64 = offset.strip_suffix(unit).with_context(unknown)?.parse().with_context(unknown)?;
        match unit {
            'm' => number * 60,
            'h' => number * 3_600,
            'd' => number * 86_400,
            _ => bail!(unknown()),
        }
    };
    let moment = now.plus_seconds(seconds).to_rfc3339();
    match base {
        "now" => Ok(moment),
        "today" => Ok(moment.chars().take(10).collect()),
        _ => bail!(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_become_moments_and_dates() {
        let now = Moment::from_rfc3339("2026-11-23T09:30:00Z").unwrap();
        let mut value = json!({"a": ["@now-2h", "@today+28d", "@now"], "b": "plain", "c": 3});
        settle(&mut value, now).unwrap();
        assert_eq!(
            value,
            json!({"a": ["2026-11-23T07:30:00.000Z", "2026-12-21", "2026-11-23T09:30:00.000Z"], "b": "plain", "c": 3})
        );
    }

    #[test]
    fn a_wrong_word_is_an_error_and_not_a_text() {
        for word in ["@then", "@now+5", "@now+5w", "@now+", "@"] {
            assert!(settle(&mut json!(word), Moment(0)).is_err(), "{word}");
        }
    }
}
