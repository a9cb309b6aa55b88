//! Values beside each other: the same, holding a pattern, less or more.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use crate::profile::path::Temporal;

/// Whether two values are the same, digits of numbers included but for how they are written: `1.0` is not `1.00`.
pub(super) fn same(fixed: &Value, value: &Value) -> bool {
    match (fixed, value) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => fixed == value,
    }
}

/// Whether a value holds everything that a pattern has: each field, and for each item of a list some item.
pub(super) fn has_pattern(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.iter().all(|wanted| found.iter().any(|found| has_pattern(wanted, found)))
        }
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(key, wanted)| found.get(key).is_some_and(|found| has_pattern(wanted, found)))
        }
        _ => pattern == value,
    }
}

/// How two values of one type compare; `None` where they cannot be. Texts are dates and times here: they compare
/// as far as both say something.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare_numbers(a, b),
        (Value::String(a), Value::String(b)) => match (Temporal::parse(a), Temporal::parse(b)) {
            (Some(a), Some(b)) => a.order(&b),
            _ => Temporal::parse_time(a)?.order(&Temporal::parse_time(b)?),
        },
        (Value::Object(a), Value::Object(b)) => compare_quantities(a, b),
        _ => None,
    }
}

/// Quantities, of which only those in one unit compare. `<` and its like say only on which side of a value it lies.
fn compare_quantities(a: &Map<String, Value>, b: &Map<String, Value>) -> Option<Ordering> {
    let text =
        |fields: &Map<String, Value>, name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let unit = |fields: &Map<String, Value>| text(fields, "code").or_else(|| text(fields, "unit"));
    if unit(a) != unit(b) {
        return None;
    }
    // The same code of two systems is not the same unit.
    if let (Some(one), Some(other)) = (text(a, "system"), text(b, "system"))
        && one != other
    {
        return None;
    }
    let order = compare(a.get("value")?, b.get("value")?)?;
    match (text(a, "comparator").as_deref(), text(b, "comparator").as_deref(), order) {
        (None, None, order) => Some(order),
        (Some("<" | "<="), None, Ordering::Less) | (Some("<"), None, Ordering::Equal) => Some(Ordering::Less),
        (Some(">" | ">="), None, Ordering::Greater) | (Some(">"), None, Ordering::Equal) => {
            Some(Ordering::Greater)
        }
        _ => None,
    }
}

/// Order to the last digit, however many there are.
pub(super) fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return Some(a.cmp(&b));
    }
    let (a, b) = (Exact::of(a.as_str())?, Exact::of(b.as_str())?);
    Some(a.order(&b))
}

/// A number as digits: 0.d1d2d3… times ten to the power of `exponent`, without noughts before or behind.
struct Exact {
    is_negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

impl Exact {
    /// A number as JSON writes it.
    fn of(text: &str) -> Option<Self> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (plain, power) = match text.split_once(['e', 'E']) {
            Some((plain, power)) => (plain, power.strip_prefix('+').unwrap_or(power).parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let before = all.iter().take_while(|digit| **digit == b'0').count();
        let mut digits: Vec<u8> = all.into_iter().skip(before).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Some(Self { is_negative: false, exponent: 0, digits });
        }
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(before).ok()?;
        Some(Self { is_negative, exponent: power.checked_add(places)?, digits })
    }

    fn order(&self, other: &Self) -> Ordering {
        let sign = |one: &Self| match (one.digits.is_empty(), one.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            let size = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
            if self.is_negative { size.reverse() } else { size }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_is_held_by_more() {
        let pattern = json!({"coding": [{"system": "s", "code": "a"}]});
        assert!(has_pattern(
            &pattern,
            &json!({"coding": [{"code": "x"}, {"system": "s", "code": "a", "display": "A"}]})
        ));
        assert!(!has_pattern(&pattern, &json!({"coding": [{"system": "s"}, {"code": "a"}]})));
        assert!(!has_pattern(&pattern, &json!({"text": "a"})));
        assert!(!same(&pattern, &json!({"coding": [{"system": "s", "code": "a", "display": "A"}]})));
        assert!(same(&pattern, &json!({"coding": [{"code": "a", "system": "s"}]})));
    }

    #[test]
    fn numbers_and_dates_compare() {
        assert_eq!(compare(&json!(1.5), &json!(2)), Some(Ordering::Less));
        assert_eq!(compare(&json!("2026-01-01"), &json!("2025-12-31")), Some(Ordering::Greater));
        assert_eq!(compare(&json!({"value": 3}), &json!({"value": 3})), Some(Ordering::Equal));
        assert_eq!(compare(&json!("a"), &json!(1)), None);
        // A year goes less far than a day; a time is where its offset puts it.
        assert_eq!(compare(&json!("2026"), &json!("2026-01-01")), None);
        assert_eq!(compare(&json!("2025"), &json!("2026-01-01")), Some(Ordering::Less));
        let (late, early) = (json!("2026-01-01T00:30:00Z"), json!("2026-01-01T01:00:00+01:00"));
        assert_eq!(compare(&late, &early), Some(Ordering::Greater));
        assert_eq!(compare(&json!("09:30:00"), &json!("10:00:00")), Some(Ordering::Less));
    }

    #[test]
    fn numbers_compare_to_the_last_digit() {
        let order = |a: &str, b: &str| {
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let (one, other) = (compare(&read(a), &read(b)), compare(&read(b), &read(a)));
            assert_eq!(one.map(Ordering::reverse), other, "{a} {b}");
            one.unwrap()
        };
        for (less, more) in [
            ("0.49999999999999999999999", "0.5"),
            ("1.5", "1.5000000000000000000001"),
            ("-0.5", "-0.49999999999999999999999"),
            ("-1", "0.0"),
            ("9", "1e1"),
            ("9223372036854775807", "9223372036854775808"),
            ("1e-5", "0.0001"),
        ] {
            assert_eq!(order(less, more), Ordering::Less, "{less} {more}");
        }
        for (one, other) in
            [("1.10", "1.1"), ("100", "1e2"), ("0.001", "1E-3"), ("-0.0", "0"), ("1.5e+1", "15")]
        {
            assert_eq!(order(one, other), Ordering::Equal, "{one} {other}");
        }
        assert_eq!(compare(&json!({"value": 3, "unit": "g"}), &json!({"value": 3, "unit": "kg"})), None);
    }
}
