//! The outline with its places numbered and, at each, what the tables say about it: one pass over an assessment follows
//! it down and looks nothing up by its path.

use std::{collections::HashMap, sync::Arc};

use super::{outline::Outline, pattern::Condition};

/// Names by which a group is entered.
type Fields = HashMap<Arc<str>, usize, foldhash::fast::FixedState>;

/// Every place that the profile knows.
#[derive(Default)]
pub(super) struct Shapes {
    places: Vec<Shape>,
}

/// One place.
#[derive(Default)]
pub(super) struct Shape {
    fields: Fields,
    entry: Option<usize>,
    /// A leaf: the blocks that it may belong to, with what must hold.
    pub(super) belongs: Vec<(usize, Condition)>,
    /// Whether it is routing when it belongs to no block.
    pub(super) is_routing: bool,
    /// Whether its digits are another number by their own form.
    pub(super) has_own_form: bool,
}

impl Shapes {
    /// The place of the whole.
    pub(super) const WHOLE: usize = 0;

    /// Numbers the places of `outline`.
    pub(super) fn of(outline: &Outline) -> Self {
        let mut shapes = Self::default();
        shapes.add(outline);
        shapes
    }

    fn add(&mut self, outline: &Outline) -> usize {
        let number = self.places.len();
        self.places.push(Shape::default());
        let (mut fields, mut entry) = (Fields::default(), None);
        match outline {
            Outline::Leaf => {}
            Outline::List(item) => entry = Some(self.add(item)),
            Outline::Group(named) => {
                for (name, field) in named {
                    let below = self.add(field);
                    fields.insert(Arc::from(name.as_str()), below);
                }
            }
        }
        if let Some(place) = self.places.get_mut(number) {
            (place.fields, place.entry) = (fields, entry);
        }
        number
    }

    /// The place with this number.
    pub(super) fn get(&self, number: usize) -> Option<&Shape> {
        self.places.get(number)
    }

    /// The place with this number, to write about.
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Shape> {
        self.places.get_mut(number)
    }

    /// The field `name` of the group at `number`: its name as it is kept here, and its place.
    pub(super) fn field(&self, number: usize, name: &str) -> Option<(&str, usize)> {
        self.get(number)?.fields.get_key_value(name).map(|(name, below)| (&**name, *below))
    }

    /// The place of the entries of the list at `number`.
    pub(super) fn entry(&self, number: usize) -> Option<usize> {
        self.get(number)?.entry
    }

    /// The place that a shape such as `/risk/*/level` names.
    pub(super) fn named(&self, shape: &str) -> Option<usize> {
        shape.split('/').skip(1).try_fold(Self::WHOLE, |at, step| match step {
            "*" => self.entry(at),
            name => self.field(at, name).map(|(_, below)| below),
        })
    }
}
