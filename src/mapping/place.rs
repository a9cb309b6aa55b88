//! A place in what may leave: a value together with the path that it has in the assessment.
//!
//! Reading is free; whatever is written from a place carries its path along.

use super::tree::{Names, Tree};
use crate::minimise::{Held, Places, Projection};

/// A place of the projection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    number: u32,
    places: &'p Places,
}

impl<'p> Place<'p> {
    /// The whole projection.
    pub(super) fn of(projection: &'p Projection) -> Self {
        Self::root(&projection.places)
    }

    /// The whole of what has these places.
    pub(super) const fn root(places: &'p Places) -> Self {
        Self { number: 0, places }
    }

    /// Its number.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// The path in the assessment.
    pub(super) fn pointer(&self) -> String {
        self.places.pointer(self.number)
    }

    /// What it holds.
    pub(super) fn held(&self) -> Held<'p> {
        self.places.held(self.number)
    }

    /// The place at `path` (a JSON pointer) below this one; `None` when nothing is there.
    pub(super) fn at(&self, path: &str) -> Option<Self> {
        let number = self.places.find(self.number, path)?;
        (!self.places.holds_nothing(number)).then_some(Self { number, ..*self })
    }

    /// The items of an array; any other value is the only item.
    pub(super) fn items(&self) -> Vec<Self> {
        self.each().collect()
    }

    /// The same, one by one.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        let (whole, below) = if self.is_list() { (None, Some(self.below())) } else { (Some(self), None) };
        whole.into_iter().chain(below.into_iter().flatten())
    }

    /// The fields of an object, in order.
    pub(super) fn fields(&self) -> Vec<(&'p str, Self)> {
        if !self.is_group() {
            return Vec::new();
        }
        let named = |field: Self| Some((self.places.name(field.number)?, field));
        self.below().filter_map(named).collect()
    }

    /// The places right below this one, without those that hold nothing.
    fn below(self) -> impl Iterator<Item = Self> {
        let below = self.places.below(self.number).filter(move |number| !self.places.holds_nothing(*number));
        below.map(move |number| Self { number, ..self })
    }

    /// Whether it is a group of named places.
    pub(super) fn is_group(&self) -> bool {
        self.held() == Held::Group
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.held() == Held::List
    }

    /// Whether it is a list in which there are groups.
    pub(super) fn is_list_of_groups(&self) -> bool {
        self.is_list() && self.below().any(|item| item.is_group())
    }

    /// The whole number, when it is one.
    pub(super) fn whole_number(&self) -> Option<i64> {
        if let Held::Number(digits) = self.held() { digits.parse().ok() } else { None }
    }

    /// The text, when it is text.
    pub(super) fn text(&self) -> Option<&'p str> {
        if let Held::Text(text) = self.held() { Some(text) } else { None }
    }

    /// Whether it says yes.
    pub(super) fn says_yes(&self) -> bool {
        matches!(self.held(), Held::Bool(true) | Held::Text("yes"))
    }

    /// The value as it is.
    pub(super) const fn copy(&self) -> Tree {
        Tree::copy(self, Names::Kept)
    }

    /// The value with its keys in the agencies' camelCase.
    pub(super) const fn copy_camel(&self) -> Tree {
        Tree::copy(self, Names::Camel)
    }

    /// Every leaf below this place; itself when it is one.
    pub(super) fn leaves(&self) -> Vec<Self> {
        match self.held() {
            Held::Group | Held::List => self.below().flat_map(|below| below.leaves()).collect(),
            _ => vec![*self],
        }
    }

    /// Another value that says the same in the recipient's terms.
    pub(super) fn becomes(&self, said: impl Into<Tree>) -> Tree {
        said.into().made_of(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::mapping::lineage::{Lineage, Traced};

    #[test]
    fn keys_become_camel_case_and_keep_their_source() {
        let source = json!({"withdrawal_risk": {"level": "high", "gone": null}});
        let places = Arc::new(Places::of(&source));
        let written = Place::root(&places).copy_camel().write(&places, "detail", "x/1");
        assert_eq!(String::from_utf8_lossy(&written.bytes), r#"{"withdrawalRisk":{"level":"high"}}"#);
        let lineage = Lineage::new(written.part).of(&places);
        let lines: Vec<Traced<'_>> = lineage.lines().collect();
        assert_eq!(lines[0].output, "detail#/withdrawalRisk/level");
        assert_eq!(lines[0].source, "/withdrawal_risk/level");
        assert_eq!(lines[0].rule, "x/1#withdrawalRisk");
    }
}
