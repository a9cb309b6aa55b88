//! Values beside each other: the same, holding a pattern, less or more.

use std::cmp::Ordering;

use serde_json::{Number, Value};

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
        (Value::String(a), Value::String(b)) => {
            let shared = a.len().min(b.len());
            match (a.get(..shared)?, b.get(..shared)?) {
                (a, b) if a == b => (shared == a.len()).then_some(Ordering::Equal),
                (a, b) => Some(a.cmp(b)),
            }
        }
        (Value::Object(a), Value::Object(b)) => compare(a.get("value")?, b.get("value")?),
        _ => None,
    }
}

fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
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
    }
}
