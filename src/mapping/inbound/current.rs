//! Which of several names, addresses, telephones or identifiers holds now. What is over is never taken for what is: a letter to
//! a former home finds whoever lives there.

use serde_json::Value;

use super::{taken::Taken, text};
use crate::{
    clock::Moment,
    fhir::{
        modifiers,
        search::{Comparator, Period, date},
    },
};

/// Whether a value holds at `now`: its `use` is not `old`, and its `period` has begun and has not ended. A period that cannot be
/// read is over.
pub(super) fn is_current(value: &Value, now: Moment) -> bool {
    let is = |pointer: &str, holds: fn(Period, Moment) -> bool| {
        value.pointer(pointer).is_none_or(|date| moment(date).is_some_and(|period| holds(period, now)))
    };
    modifiers::is_current(value)
        && is("/period/start", |start, now| start.start <= now)
        && is("/period/end", |end, now| end.end > now)
}

/// The name of a person by which they are known now: the official one, else the usual one, else one that does not say what it
/// is. A nickname, a maiden name and one that hides somebody are no names to ask for somebody by.
pub(super) fn name<'v>(names: &'v [Value], now: Moment, taken: &Taken) -> Option<&'v Value> {
    let rank = |name: &Value| match text(name, "/use") {
        Some("official") => Some(0),
        Some("usual") => Some(1),
        None => Some(2),
        Some("temp") => Some(3),
        Some(_) => None,
    };
    let known =
        names.iter().filter(|name| is_current(name, now)).filter_map(|name| Some((rank(name)?, name)));
    known.min_by_key(|(rank, _)| *rank).map(|(_, name)| chosen(name, taken))
}

/// A value that was chosen by its use and its period: both were read.
pub(super) fn chosen<'v>(value: &'v Value, taken: &Taken) -> &'v Value {
    taken.fields(value, &["use", "period"]);
    value
}

fn moment(value: &Value) -> Option<Period> {
    let text = value.as_str().filter(|text| text.starts_with(|first: char| first.is_ascii_digit()))?;
    date(text).filter(|(comparator, _)| *comparator == Comparator::Equal).map(|(_, period)| period)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_over_or_yet_to_come_does_not_hold() {
        let now = Moment::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
        for (value, holds) in [
            (json!({}), true),
            (json!({"use": "home"}), true),
            (json!({"use": "old"}), false),
            (json!({"period": {"start": "2020"}}), true),
            (json!({"period": {"start": "2026-11-24"}}), false),
            (json!({"period": {"end": "2026-11-23"}}), true),
            (json!({"period": {"end": "2026-11-22"}}), false),
            (json!({"period": {"end": "2026"}}), true),
            (json!({"period": {"end": "2026-11-23T09:59:59Z"}}), false),
            (json!({"period": {"start": "2019", "end": "2025-12"}}), false),
            (json!({"period": {"end": "soon"}}), false),
            (json!({"period": {"end": "ge2026-11-23"}}), false),
            (json!({"period": {"end": 2030}}), false),
        ] {
            assert_eq!(is_current(&value, now), holds, "{value}");
        }
    }

    #[test]
    fn the_official_name_goes_before_the_usual_and_a_nickname_is_none() {
        let now = Moment(0);
        let chosen = |names: Value| {
            name(names.as_array().unwrap(), now, &Taken::default()).map(|name| name["family"].clone())
        };
        let of = |used: &str, family: &str| json!({"use": used, "family": family});
        assert_eq!(chosen(json!([of("usual", "U"), of("official", "O")])), Some(json!("O")));
        assert_eq!(chosen(json!([of("nickname", "N"), of("usual", "U")])), Some(json!("U")));
        assert_eq!(chosen(json!([of("old", "A"), {"family": "P"}])), Some(json!("P")));
        assert_eq!(chosen(json!([of("old", "A"), of("nickname", "N"), of("maiden", "M")])), None);
        let ended = json!([{"use": "official", "family": "E", "period": {"end": "1960"}}, of("temp", "T")]);
        assert_eq!(chosen(ended), Some(json!("T")));
    }
}
