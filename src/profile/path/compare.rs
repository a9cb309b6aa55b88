//! Equal, equivalent, before and after.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    decimal::Decimal,
    eval::{Outcome, Run, Scope},
    fault::EvalFault,
    temporal::Temporal,
    tree::{Operator, Tree},
    value::{Collection, Item, Node},
};

/// An item by what it is worth.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain<'s> {
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    Text(&'s str),
    Temporal(Temporal),
    Quantity(Decimal, &'s str),
    /// An element with children, or a primitive without a value.
    Structure,
}

/// The unit of a calendar quantity in the singular; other units as they are.
pub(super) fn unit_name(unit: &str) -> &str {
    match unit {
        "years" | "year" => "year",
        "months" | "month" => "month",
        "weeks" | "week" | "wk" => "week",
        "days" | "day" | "d" => "day",
        "hours" | "hour" | "h" => "hour",
        "minutes" | "minute" | "min" => "minute",
        "seconds" | "second" | "s" => "second",
        "milliseconds" | "millisecond" | "ms" => "millisecond",
        "" => "1",
        other => other,
    }
}

fn may_be_temporal(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

impl<'v> Run<'_, 'v> {
    /// What an item is worth. A number that cannot be held exactly is a fault.
    pub(super) fn plain<'s>(&self, item: &'s Item<'v>) -> Outcome<Plain<'s>> {
        Ok(match item {
            Item::Boolean(b) => Plain::Boolean(*b),
            Item::Integer(i) => Plain::Integer(*i),
            Item::Decimal(d) => Plain::Decimal(*d),
            Item::String(text) => Plain::Text(text),
            Item::Temporal(t) => Plain::Temporal(*t),
            Item::Quantity(q) => Plain::Quantity(q.value, unit_name(&q.unit)),
            Item::Node(node) => match node.value {
                Some(Value::Bool(b)) => Plain::Boolean(*b),
                Some(Value::Number(number)) => {
                    let text = number.as_str();
                    match text.parse() {
                        Ok(whole) => Plain::Integer(whole),
                        Err(_) => Plain::Decimal(Decimal::parse(text).ok_or(EvalFault::NumberTooLarge)?),
                    }
                }
                Some(Value::String(text)) => match self.temporal(node, text) {
                    Some(temporal) => Plain::Temporal(temporal),
                    None => Plain::Text(text),
                },
                Some(Value::Object(map)) => match map.get("value") {
                    Some(Value::Number(number)) => {
                        let value = Decimal::parse(number.as_str()).ok_or(EvalFault::NumberTooLarge)?;
                        let unit = map.get("code").or_else(|| map.get("unit"));
                        Plain::Quantity(value, unit_name(unit.and_then(Value::as_str).unwrap_or_default()))
                    }
                    _ => Plain::Structure,
                },
                _ => Plain::Structure,
            },
        })
    }

    /// The date or time that text is, when its type says so.
    fn temporal(&self, node: &Node<'v>, text: &str) -> Option<Temporal> {
        if !self.typed || !may_be_temporal(text) {
            return None;
        }
        match self.type_of(node)? {
            "date" => Temporal::parse(text),
            "dateTime" | "instant" => Temporal::parse(text)?.date_time(),
            "time" => Temporal::parse_time(text),
            _ => None,
        }
    }

    /// An item as a value of its own, where it has one.
    pub(super) fn plain_item(&self, item: Item<'v>) -> Item<'v> {
        let Item::Node(node) = &item else { return item };
        match node.value {
            Some(Value::Bool(b)) => Item::Boolean(*b),
            Some(Value::Number(number)) => super::value::number_item(number).unwrap_or(item),
            Some(Value::String(text)) => match self.temporal(node, text) {
                Some(temporal) => Item::Temporal(temporal),
                None => Item::String(std::borrow::Cow::Borrowed(text)),
            },
            _ => item,
        }
    }

    pub(super) fn comparison(
        &self,
        operator: Operator,
        left: &'v Tree,
        right: &'v Tree,
        scope: Scope<'_, 'v>,
    ) -> Outcome<Option<bool>> {
        let (a, b) = (self.found(left, scope)?, self.found(right, scope)?);
        match operator {
            Operator::Equal => self.all_equal(&a, &b),
            Operator::NotEqual => Ok(self.all_equal(&a, &b)?.map(|same| !same)),
            Operator::Equivalent => self.all_equivalent(&a, &b).map(Some),
            Operator::NotEquivalent => self.all_equivalent(&a, &b).map(|same| Some(!same)),
            Operator::In => self.contained(&a, &b, "in"),
            Operator::Contains => self.contained(&b, &a, "contains"),
            _ => {
                let (Some(a), Some(b)) =
                    (super::eval::one(&a, "a comparison")?, super::eval::one(&b, "a comparison")?)
                else {
                    return Ok(None);
                };
                Ok(self.order(a, b)?.map(|order| match operator {
                    Operator::Less => order == Ordering::Less,
                    Operator::LessOrEqual => order != Ordering::Greater,
                    Operator::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }))
            }
        }
    }

    fn contained(
        &self,
        item: &Collection<'v>,
        list: &Collection<'v>,
        what: &'static str,
    ) -> Outcome<Option<bool>> {
        let Some(item) = super::eval::one(item, what)? else { return Ok(None) };
        self.is_among(item, list).map(Some)
    }

    /// Order; `None`: it cannot be said.
    fn order(&self, a: &Item<'v>, b: &Item<'v>) -> Outcome<Option<Ordering>> {
        let (a, b) = (self.plain(a)?, self.plain(b)?);
        Ok(match (a, b) {
            (Plain::Integer(a), Plain::Integer(b)) => Some(a.cmp(&b)),
            (Plain::Text(a), Plain::Text(b)) => Some(a.cmp(b)),
            (Plain::Temporal(a), Plain::Temporal(b)) => a.order(&b),
            (Plain::Text(text), Plain::Temporal(b)) => read_as(text, &b).and_then(|a| a.order(&b)),
            (Plain::Temporal(a), Plain::Text(text)) => read_as(text, &a).and_then(|b| a.order(&b)),
            (Plain::Quantity(a, unit), Plain::Quantity(b, other)) => {
                if unit != other {
                    return Ok(None);
                }
                Some(a.order(b).ok_or(EvalFault::NumberTooLarge)?)
            }
            (Plain::Quantity(a, "1"), b) => Some(decimal_order(a, b)?),
            (a, Plain::Quantity(b, "1")) => Some(decimal_order(b, a)?.reverse()),
            // A primitive without a value, or a quantity without one: there is nothing to compare.
            (Plain::Structure, _) | (_, Plain::Structure) => None,
            (Plain::Decimal(a), b) => Some(decimal_order(a, b)?),
            (a, Plain::Decimal(b)) => Some(decimal_order(b, a)?.reverse()),
            _ => return Err(EvalFault::WrongKind("a comparison")),
        })
    }

    fn all_equal(&self, a: &[Item<'v>], b: &[Item<'v>]) -> Outcome<Option<bool>> {
        if a.is_empty() || b.is_empty() {
            return Ok(None);
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut unknown = false;
        for (a, b) in a.iter().zip(b) {
            match self.equal(a, b)? {
                Some(false) => return Ok(Some(false)),
                None => unknown = true,
                Some(true) => {}
            }
        }
        Ok(if unknown { None } else { Some(true) })
    }

    /// Whether two items are equal; `None`: it cannot be said.
    pub(super) fn equal(&self, a: &Item<'v>, b: &Item<'v>) -> Outcome<Option<bool>> {
        self.spend(1)?;
        if let (Some(a), Some(b)) = (a.text(), b.text())
            && (a == b || !self.typed || !may_be_temporal(a))
        {
            return Ok(Some(a == b));
        }
        if let (Item::Node(a), Item::Node(b)) = (a, b)
            && (a.scalar().is_none() || b.scalar().is_none())
        {
            return self.same_structure(a, b).map(Some);
        }
        Ok(match (self.plain(a)?, self.plain(b)?) {
            (Plain::Boolean(a), Plain::Boolean(b)) => Some(a == b),
            (Plain::Integer(a), Plain::Integer(b)) => Some(a == b),
            (Plain::Text(a), Plain::Text(b)) => Some(a == b),
            (Plain::Temporal(a), Plain::Temporal(b)) => a.order(&b).map(|order| order == Ordering::Equal),
            (Plain::Text(text), Plain::Temporal(t)) | (Plain::Temporal(t), Plain::Text(text)) => {
                match read_as(text, &t) {
                    Some(read) => read.order(&t).map(|order| order == Ordering::Equal),
                    None => Some(false),
                }
            }
            (Plain::Quantity(a, unit), Plain::Quantity(b, other)) => {
                if unit == other {
                    Some(a == b)
                } else {
                    None
                }
            }
            (Plain::Quantity(a, "1") | Plain::Decimal(a), Plain::Integer(b))
            | (Plain::Integer(b), Plain::Quantity(a, "1") | Plain::Decimal(a)) => {
                Some(a == Decimal::from_integer(b))
            }
            (Plain::Quantity(a, "1") | Plain::Decimal(a), Plain::Decimal(b))
            | (Plain::Decimal(b), Plain::Quantity(a, "1")) => Some(a == b),
            _ => Some(false),
        })
    }

    fn same_structure(&self, a: &Node<'v>, b: &Node<'v>) -> Outcome<bool> {
        let same = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
            (None, None) => Ok(true),
            (Some(a), Some(b)) => self.same_json(a, b, 0),
            _ => Ok(false),
        };
        Ok(same(a.value, b.value)? && same(a.sibling, b.sibling)?)
    }

    fn same_json(&self, a: &Value, b: &Value, depth: usize) -> Outcome<bool> {
        self.spend(1)?;
        Self::depth(depth)?;
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => {
                if a.as_str() == b.as_str() {
                    return Ok(true);
                }
                let both = Decimal::parse(a.as_str()).zip(Decimal::parse(b.as_str()));
                both.map(|(a, b)| a == b).ok_or(EvalFault::NumberTooLarge)
            }
            (Value::Array(a), Value::Array(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b) {
                    if !self.same_json(a, b, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Object(a), Value::Object(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (key, value) in a {
                    match b.get(key) {
                        Some(other) if self.same_json(value, other, depth + 1)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            _ => Ok(a == b),
        }
    }

    fn all_equivalent(&self, a: &[Item<'v>], b: &[Item<'v>]) -> Outcome<bool> {
        if a.len() != b.len() {
            return Ok(false);
        }
        for item in a {
            let mut found = false;
            for other in b {
                found |= self.equivalent(item, other)?;
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equivalent(&self, a: &Item<'v>, b: &Item<'v>) -> Outcome<bool> {
        self.spend(1)?;
        Ok(match (self.plain(a)?, self.plain(b)?) {
            (Plain::Text(a), Plain::Text(b)) => {
                let words =
                    |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
                words(a) == words(b)
            }
            (Plain::Temporal(a), Plain::Temporal(b)) => a.is_equivalent(&b),
            (a @ (Plain::Decimal(_) | Plain::Integer(_)), b @ (Plain::Decimal(_) | Plain::Integer(_))) => {
                let (a, b) = (decimal_of(a)?, decimal_of(b)?);
                let places = a.places().min(b.places());
                let both = a.rounded(places).zip(b.rounded(places));
                both.is_some_and(|(a, b)| a == b)
            }
            _ => self.equal(a, b)?.unwrap_or(false),
        })
    }
}

fn read_as(text: &str, like: &Temporal) -> Option<Temporal> {
    if like.kind() == super::TemporalKind::Time { Temporal::parse_time(text) } else { Temporal::parse(text) }
}

fn decimal_of(plain: Plain<'_>) -> Outcome<Decimal> {
    match plain {
        Plain::Integer(whole) => Ok(Decimal::from_integer(whole)),
        Plain::Decimal(decimal) | Plain::Quantity(decimal, "1") => Ok(decimal),
        _ => Err(EvalFault::WrongKind("a comparison")),
    }
}

fn decimal_order(a: Decimal, b: Plain<'_>) -> Outcome<Ordering> {
    a.order(decimal_of(b)?).ok_or(EvalFault::NumberTooLarge)
}
