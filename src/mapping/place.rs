//! A place in what may leave: a value together with the path that it has in the assessment.
//!
//! Reading is free; whatever is written from a place carries its path along.

use std::sync::Arc;

use serde_json::Value;

use super::tree::{Key, Tree, list, map};
use crate::minimise::{Places, Projection};

/// A value of the projection, and which of its places it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    number: u32,
    value: &'p Value,
    places: &'p Places,
}

impl<'p> Place<'p> {
    /// The whole projection.
    pub(super) fn of(projection: &'p Projection) -> Self {
        Self::root(&projection.value, &projection.places)
    }

    /// The whole of a value, whose places are `places`.
    pub(super) const fn root(value: &'p Value, places: &'p Places) -> Self {
        Self { number: 0, value, places }
    }

    /// Its number.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// The path in the assessment.
    #[cfg(test)]
    pub(super) fn pointer(&self) -> String {
        self.places.pointer(self.number)
    }

    /// The value.
    pub(super) const fn value(&self) -> &'p Value {
        self.value
    }

    /// The place at `path` (a JSON pointer) below this one; `None` when nothing is there.
    pub(super) fn at(&self, path: &str) -> Option<Self> {
        let (number, value) = self.places.find(self.number, self.value, path)?;
        (!is_empty(value)).then_some(Self { number, value, ..*self })
    }

    /// The items of an array; any other value is the only item.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => self.below(items.iter()).collect(),
            _ => vec![*self],
        }
    }

    /// The fields of an object, in order.
    pub(super) fn fields(&self) -> Vec<(&'p str, Self)> {
        let Value::Object(fields) = self.value else { return Vec::new() };
        let mut number = self.number + 1;
        let mut held = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            if !is_empty(value) {
                held.push((name.as_str(), Self { number, value, ..*self }));
            }
            number += self.places.size(number);
        }
        held
    }

    /// The places of `values`, which are those right below this one, without those that hold nothing.
    fn below(self, values: impl Iterator<Item = &'p Value>) -> impl Iterator<Item = Self> {
        values
            .scan(self.number + 1, move |next, value| {
                let number = *next;
                *next += self.places.size(number);
                Some(Self { number, value, ..self })
            })
            .filter(|place| !is_empty(place.value))
    }

    /// The name of the field that this is.
    fn key(&self) -> Option<Key> {
        self.places.name(self.number).map(|name| Key::from(Arc::clone(name)))
    }

    /// The text, when it is text.
    pub(super) fn text(&self) -> Option<&'p str> {
        self.value.as_str()
    }

    /// Whether it says yes.
    pub(super) fn says_yes(&self) -> bool {
        self.value.as_bool() == Some(true) || self.text() == Some("yes")
    }

    /// The value as it is.
    pub(super) fn copy(&self) -> Tree {
        self.copy_as(&|key| key)
    }

    /// The value with its keys in the agencies' camelCase.
    pub(super) fn copy_camel(&self) -> Tree {
        self.copy_as(&camel)
    }

    fn copy_as(&self, named: &impl Fn(Key) -> Key) -> Tree {
        match self.value {
            Value::Array(items) => list(self.below(items.iter()).map(|item| item.copy_as(named))),
            Value::Object(fields) => map(self
                .below(fields.values())
                .filter_map(|field| Some((named(field.key()?), Some(field.copy_as(named)))))),
            _ => None,
        }
        .unwrap_or_else(|| Tree::made_of(self, self.value))
    }

    /// Every leaf below this place; itself when it is one.
    pub(super) fn leaves(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => self.below(items.iter()).flat_map(|item| item.leaves()).collect(),
            Value::Object(fields) => self.below(fields.values()).flat_map(|field| field.leaves()).collect(),
            _ => vec![*self],
        }
    }

    /// Another value that says the same in the recipient's terms.
    pub(super) fn becomes(&self, value: impl Into<Value>) -> Tree {
        Tree::made_of(self, value.into())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn camel(key: Key) -> Key {
    if !key.as_str().contains('_') {
        return key;
    }
    let mut words = key.as_str().split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    Key::from(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mapping::lineage::{Lineage, Traced};

    #[test]
    fn keys_become_camel_case_and_keep_their_source() {
        let source = json!({"withdrawal_risk": {"level": "high", "gone": null}});
        let places = Arc::new(Places::of(&source));
        let written = Place::root(&source, &places).copy_camel().write("detail", "x/1");
        assert_eq!(String::from_utf8_lossy(&written.bytes), r#"{"withdrawalRisk":{"level":"high"}}"#);
        let lines: Vec<Traced> = Lineage::new(written.part).of(&places).lines().collect();
        assert_eq!(lines[0].output, "detail#/withdrawalRisk/level");
        assert_eq!(lines[0].source, "/withdrawal_risk/level");
        assert_eq!(lines[0].rule, "x/1#withdrawalRisk");
    }
}
