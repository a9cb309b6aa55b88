//! A place in what may leave: a value together with the path that it has in the assessment.
//!
//! Reading is free; whatever is written from a place carries its path along.

use serde_json::Value;

use super::tree::{Tree, list, map};

/// A value of the projection, and its path.
#[derive(Clone, Debug)]
pub(super) struct Place<'p> {
    pointer: String,
    value: &'p Value,
}

impl<'p> Place<'p> {
    /// The whole projection.
    pub(super) const fn root(value: &'p Value) -> Self {
        Self { pointer: String::new(), value }
    }

    /// The whole of something that is not a projection, whose paths begin with `name`.
    pub(super) fn named(name: &str, value: &'p Value) -> Self {
        Self { pointer: name.to_owned(), value }
    }

    /// The path in the assessment.
    pub(super) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The value.
    pub(super) const fn value(&self) -> &'p Value {
        self.value
    }

    /// The place at `path` (a JSON pointer) below this one; `None` when nothing is there.
    pub(super) fn at(&self, path: &str) -> Option<Self> {
        let value = self.value.pointer(path).filter(|value| !is_empty(value))?;
        Some(Self { pointer: format!("{}{path}", self.pointer), value })
    }

    /// The items of an array; any other value is the only item.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .filter(|(_, value)| !is_empty(value))
                .map(|(index, value)| Self { pointer: format!("{}/{index}", self.pointer), value })
                .collect(),
            _ => vec![self.clone()],
        }
    }

    /// The fields of an object, in order.
    pub(super) fn fields(&self) -> Vec<(&'p str, Self)> {
        let Value::Object(fields) = self.value else { return Vec::new() };
        fields
            .iter()
            .filter(|(_, value)| !is_empty(value))
            .map(|(key, value)| (key.as_str(), Self { pointer: format!("{}/{key}", self.pointer), value }))
            .collect()
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
        match self.value {
            Value::Array(_) => list(self.items().iter().map(Self::copy)),
            Value::Object(_) => map(self.fields().iter().map(|(key, place)| (*key, Some(place.copy())))),
            _ => None,
        }
        .unwrap_or_else(|| self.becomes(self.value.clone()))
    }

    /// Every leaf below this place; itself when it is one.
    pub(super) fn leaves(&self) -> Vec<Self> {
        match self.value {
            Value::Array(_) => self.items().iter().flat_map(Self::leaves).collect(),
            Value::Object(_) => self.fields().iter().flat_map(|(_, place)| place.leaves()).collect(),
            _ => vec![self.clone()],
        }
    }

    /// Another value that says the same in the recipient's terms.
    pub(super) fn becomes(&self, value: impl Into<Value>) -> Tree {
        Tree::made_from([self], value)
    }

    /// The value with its keys in the agencies' camelCase.
    pub(super) fn copy_camel(&self) -> Tree {
        match self.value {
            Value::Array(_) => list(self.items().iter().map(Self::copy_camel)),
            Value::Object(_) => {
                let fields: Vec<(String, Tree)> =
                    self.fields().iter().map(|(key, place)| (camel(key), place.copy_camel())).collect();
                map(fields.iter().map(|(key, tree)| (key.as_str(), Some(tree.clone()))))
            }
            _ => None,
        }
        .unwrap_or_else(|| self.becomes(self.value.clone()))
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

fn camel(key: &str) -> String {
    let mut words = key.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_become_camel_case_and_keep_their_source() {
        let source = json!({"withdrawal_risk": {"level": "high", "gone": null}});
        let written = Place::root(&source).copy_camel().write("detail", "x/1");
        assert_eq!(written.value, json!({"withdrawalRisk": {"level": "high"}}));
        assert_eq!(written.lineage[0].output, "detail#/withdrawalRisk/level");
        assert_eq!(written.lineage[0].source, "/withdrawal_risk/level");
        assert_eq!(written.lineage[0].rule, "x/1#withdrawalRisk");
    }
}
