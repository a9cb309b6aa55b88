//! What expressions work with: elements of a message as they stand in its JSON, and values that were made.

use std::borrow::Cow;

use serde_json::Value;
use smallvec::SmallVec;

use super::{decimal::Decimal, navigate::resource_type, temporal::Temporal};

/// What an expression gives: items in order. Most have one or none, which takes no allocation.
pub type Collection<'v> = SmallVec<[Item<'v>; 1]>;

/// The type of an element, worked out when it is needed.
#[derive(Clone, Copy, Debug)]
pub(super) enum TypeOf<'v> {
    /// Not known, or not asked for.
    Unknown,
    Known(&'v str),
    /// The type of this child of that type.
    Child(&'v str, &'v str),
}

/// An element: its JSON, and for a primitive the `_name` beside it that holds its id and extensions.
#[derive(Clone, Copy, Debug)]
pub struct Node<'v> {
    pub(super) value: Option<&'v Value>,
    pub(super) sibling: Option<&'v Value>,
    pub(super) kind: TypeOf<'v>,
}

impl<'v> Node<'v> {
    /// A resource; its type is what it says of itself.
    #[must_use]
    pub fn resource(value: &'v Value) -> Self {
        let kind = match resource_type(value) {
            Some(name) => TypeOf::Known(name),
            None => TypeOf::Unknown,
        };
        Self { value: Some(value), sibling: None, kind }
    }

    /// An element of the named type ([`super::World::child_type`] says how types are named).
    #[must_use]
    pub fn element(value: &'v Value, type_name: &'v str) -> Self {
        Self { value: Some(value), sibling: None, kind: TypeOf::Known(type_name) }
    }

    /// A primitive: its JSON, if it has a value, and its `_name`, if it has an id or extensions.
    #[must_use]
    pub fn primitive(value: Option<&'v Value>, sibling: Option<&'v Value>, type_name: &'v str) -> Self {
        Self { value, sibling, kind: TypeOf::Known(type_name) }
    }

    /// Its JSON.
    #[must_use]
    pub fn json(&self) -> Option<&'v Value> {
        self.value
    }

    /// The value of a primitive.
    pub(super) fn scalar(&self) -> Option<&'v Value> {
        self.value.filter(|v| !matches!(v, Value::Null | Value::Object(_) | Value::Array(_)))
    }
}

/// A quantity: a number of a unit. The unit of the calendar is its word in the singular, others are UCUM codes.
#[derive(Clone, Debug)]
pub struct Quantity<'v> {
    pub(super) value: Decimal,
    pub(super) unit: Cow<'v, str>,
}

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'v> {
    /// An element of the message.
    Node(Node<'v>),
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(Decimal),
    /// Text.
    String(Cow<'v, str>),
    /// A date, date-time or time.
    Temporal(Temporal),
    /// A quantity.
    Quantity(Box<Quantity<'v>>),
}

/// Whether an invariant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It gives `true`.
    True,
    /// It gives `false`.
    False,
    /// It gives nothing.
    Empty,
}

impl Truth {
    /// Whether the invariant is kept: only `true` will do.
    #[must_use]
    pub fn is_satisfied(self) -> bool {
        self == Self::True
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Self {
        match value {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Empty,
        }
    }
}

impl<'v> Item<'v> {
    /// Its text, when it is text: a made string, or an element that JSON has as one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Node(node) => node.value.and_then(Value::as_str),
            _ => None,
        }
    }

    /// The same, living as long as the message where it can.
    pub(super) fn into_text(self) -> Option<Cow<'v, str>> {
        match self {
            Self::String(text) => Some(text),
            Self::Node(node) => node.value.and_then(Value::as_str).map(Cow::Borrowed),
            _ => None,
        }
    }
}

/// A JSON number as an item.
pub(super) fn number_item<'v>(number: &serde_json::Number) -> Option<Item<'v>> {
    let text = number.as_str();
    if text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
        return Decimal::parse(text).map(Item::Decimal);
    }
    match text.parse() {
        Ok(whole) => Some(Item::Integer(whole)),
        Err(_) => Decimal::parse(text).map(Item::Decimal),
    }
}
