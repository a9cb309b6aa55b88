//! One kind of value into another, and whether it can be.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    compare::{Plain, unit_name},
    decimal::Decimal,
    eval::Run,
    function::Target,
    temporal::{Temporal, TemporalKind},
    value::{Item, Quantity},
};

/// `true` or `false`, when an item is one.
pub(super) fn boolean_of(item: &Item<'_>) -> Option<bool> {
    match item {
        Item::Boolean(answer) => Some(*answer),
        Item::Node(node) => node.value.and_then(Value::as_bool),
        _ => None,
    }
}

impl<'v> Run<'_, 'v> {
    /// The item as `target`; `None`: it cannot be turned into that.
    pub(super) fn converted(&self, item: Option<&Item<'v>>, target: Target) -> Option<Item<'v>> {
        let item = item?;
        let plain = self.plain(item).ok()?;
        match target {
            Target::Boolean => match plain {
                Plain::Boolean(answer) => Some(answer),
                Plain::Integer(1) => Some(true),
                Plain::Integer(0) => Some(false),
                Plain::Decimal(d) if d == Decimal::from_integer(1) => Some(true),
                Plain::Decimal(d) if d.is_zero() => Some(false),
                Plain::Text(text) => match text.to_ascii_lowercase().as_str() {
                    "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
                    "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
                    _ => None,
                },
                _ => None,
            }
            .map(Item::Boolean),
            Target::Integer => match plain {
                Plain::Integer(whole) => Some(whole),
                Plain::Boolean(answer) => Some(i64::from(answer)),
                Plain::Text(text) => whole_number(text),
                _ => None,
            }
            .map(Item::Integer),
            Target::Decimal => match plain {
                Plain::Integer(whole) => Some(Decimal::from_integer(whole)),
                Plain::Decimal(decimal) => Some(decimal),
                Plain::Boolean(answer) => Some(Decimal::from_integer(i64::from(answer))),
                Plain::Text(text) => plain_decimal(text),
                _ => None,
            }
            .map(Item::Decimal),
            Target::String => written(item, plain).map(Item::String),
            Target::Date => temporal(plain, false).and_then(Temporal::date).map(Item::Temporal),
            Target::DateTime => temporal(plain, false).and_then(Temporal::date_time).map(Item::Temporal),
            Target::Time => {
                temporal(plain, true).filter(|t| t.kind() == TemporalKind::Time).map(Item::Temporal)
            }
            Target::Quantity => quantity(plain).map(|q| Item::Quantity(Box::new(q))),
        }
    }
}

fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A decimal without an exponent, as FHIRPath reads it.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if number(whole) && number(part) { Decimal::parse(text) } else { None }
}

fn temporal(plain: Plain<'_>, of_day: bool) -> Option<Temporal> {
    match plain {
        Plain::Temporal(temporal) => Some(temporal),
        Plain::Text(text) if of_day => Temporal::parse_time(text),
        Plain::Text(text) => Temporal::parse(text),
        _ => None,
    }
}

fn written<'v>(item: &Item<'v>, plain: Plain<'_>) -> Option<Cow<'v, str>> {
    // As it was sent: `1.10`, `2020-01-01T00:00:00.000Z`.
    if let Item::Node(node) = item {
        match node.value {
            Some(Value::String(text)) => return Some(Cow::Borrowed(text)),
            Some(Value::Number(number)) => return Some(Cow::Borrowed(number.as_str())),
            _ => {}
        }
    }
    match plain {
        Plain::Boolean(answer) => Some(Cow::Borrowed(if answer { "true" } else { "false" })),
        Plain::Integer(whole) => Some(Cow::Owned(whole.to_string())),
        Plain::Decimal(decimal) => Some(Cow::Owned(decimal.to_string())),
        Plain::Text(text) => Some(Cow::Owned(text.to_owned())),
        Plain::Temporal(temporal) => Some(Cow::Owned(temporal.to_string())),
        Plain::Quantity(value, unit) => Some(Cow::Owned(format!("{value} '{unit}'"))),
        Plain::Structure => None,
    }
}

fn quantity<'v>(plain: Plain<'_>) -> Option<Quantity<'v>> {
    let of = |value: Decimal, unit: &str| Quantity { value, unit: Cow::Owned(unit.to_owned()) };
    match plain {
        Plain::Quantity(value, unit) => Some(of(value, unit)),
        Plain::Integer(whole) => Some(of(Decimal::from_integer(whole), "1")),
        Plain::Decimal(decimal) => Some(of(decimal, "1")),
        Plain::Boolean(answer) => Some(of(Decimal::from_integer(i64::from(answer)), "1")),
        Plain::Text(text) => {
            let (number, unit) = text.split_once(char::is_whitespace).unwrap_or((text, "'1'"));
            let value = plain_decimal(number)?;
            let unit = unit.trim();
            match unit.strip_prefix('\'').and_then(|u| u.strip_suffix('\'')) {
                Some(code) => Some(of(value, unit_name(code))),
                None if unit_name(unit) != unit || unit.parse::<Calendar>().is_ok() => {
                    Some(of(value, unit_name(unit)))
                }
                None => None,
            }
        }
        _ => None,
    }
}

/// A unit of the calendar.
struct Calendar;

impl std::str::FromStr for Calendar {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "year" | "month" | "week" | "day" | "hour" | "minute" | "second" | "millisecond" => Ok(Self),
            _ => Err(()),
        }
    }
}
