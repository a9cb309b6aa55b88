//! `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3), within our own bounds.

use jiff::fmt::rfc2822::DateTimeParser;

use crate::{clock::Moment, limits::RETRY_AFTER_MAX_SECONDS};

/// Seconds to wait from `now`, at least 1 and at most [`RETRY_AFTER_MAX_SECONDS`]. `None` when it says neither.
pub(super) fn seconds(value: &str, now: Moment) -> Option<i64> {
    let value = value.trim();
    let asked = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        value.parse::<i64>().unwrap_or(i64::MAX)
    } else {
        let at = DateTimeParser::new().parse_timestamp(value).ok()?;
        at.as_second().saturating_sub(now.0.div_euclid(1_000_000))
    };
    Some(asked.clamp(1, RETRY_AFTER_MAX_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use crate::clock::Moment;

    #[test]
    fn both_forms_are_read_and_bounded() {
        let now = Moment::from_rfc3339("2026-11-23T09:30:00Z").unwrap();
        for (value, expected) in [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("0", Some(1)),
            ("999999", Some(3_600)),
            ("99999999999999999999999", Some(3_600)),
            ("Mon, 23 Nov 2026 09:31:00 GMT", Some(60)),
            ("Mon, 23 Nov 2026 08:00:00 GMT", Some(1)),
            ("Tue, 24 Nov 2026 09:30:00 GMT", Some(3_600)),
            ("soon", None),
            ("-3", None),
            ("", None),
        ] {
            assert_eq!(seconds(value, now), expected, "{value:?}");
        }
    }
}
