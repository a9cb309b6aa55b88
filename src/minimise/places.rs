//! The places of what may leave, by number: where each stands in the whole assessment, and what let it through.
//!
//! Places are numbered as one reads them, each group before what is in it. Lists close up when entries are left out, so
//! a place knows which entry of the whole it was.

use std::{fmt::Write as _, sync::Arc};

use serde_json::Value;

use super::Through;

/// No way leads to it: a group, or a value that no table was asked about.
const NO_WAY: u16 = u16::MAX;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a group, by the field's name.
    Field(Arc<str>),
    /// Into a list: which entry it is in the whole.
    Entry(usize),
}

#[derive(Clone, Debug)]
struct Node {
    /// How one comes here from the place above; the whole has none.
    step: Option<Step>,
    above: u32,
    /// How many places it is, with all below.
    size: u32,
    way: u16,
}

/// The places of one value.
#[derive(Clone, Debug, Default)]
pub struct Places {
    nodes: Vec<Node>,
    ways: Vec<Arc<Through>>,
}

impl Places {
    /// The places of a value of which nothing was left out.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        fn add(places: &mut Places, value: &Value, step: Option<Step>, above: u32) {
            let here = places.enter(step, above);
            match value {
                Value::Object(fields) => {
                    for (name, field) in fields {
                        add(places, field, Some(Step::Field(Arc::from(name.as_str()))), here);
                    }
                }
                Value::Array(entries) => {
                    for (number, entry) in entries.iter().enumerate() {
                        add(places, entry, Some(Step::Entry(number)), here);
                    }
                }
                _ => {}
            }
            places.leave(here);
        }
        let mut places = Self::default();
        add(&mut places, value, None, 0);
        places
    }

    /// A new place below `above`; its number.
    pub(super) fn enter(&mut self, step: Option<Step>, above: u32) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node { step, above, size: 1, way: NO_WAY });
        number
    }

    /// Nothing more is below `number`.
    pub(super) fn leave(&mut self, number: u32) {
        let end = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        if let Some(node) = self.nodes.get_mut(at(number)) {
            node.size = end.saturating_sub(number);
        }
    }

    /// Takes back `number` and all that is below.
    pub(super) fn forget(&mut self, number: u32) {
        self.nodes.truncate(at(number));
    }

    /// A new way, for [`Places::came_by`].
    pub(super) fn add_way(&mut self, way: Through) -> u16 {
        self.ways.push(Arc::new(way));
        u16::try_from(self.ways.len() - 1).unwrap_or(NO_WAY)
    }

    /// Notes what let the leaf at `number` through.
    pub(super) fn came_by(&mut self, number: u32, way: u16) {
        if let Some(node) = self.nodes.get_mut(at(number)) {
            node.way = way;
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many places `number` is, with all below; what follows it stands that much further.
    #[must_use]
    pub fn size(&self, number: u32) -> u32 {
        self.nodes.get(at(number)).map_or(1, |node| node.size)
    }

    /// The place at `path`, a JSON pointer, below `number`, whose value is `value`; `None` when nothing is there.
    #[must_use]
    pub fn find<'v>(&self, number: u32, value: &'v Value, path: &str) -> Option<(u32, &'v Value)> {
        path.split('/').skip(1).try_fold((number, value), |(number, value), step| {
            let below = number + 1;
            match value {
                Value::Object(fields) if step.contains('~') => {
                    self.walk(below, fields, |name| *name == step.replace("~1", "/").replace("~0", "~"))
                }
                Value::Object(fields) => self.walk(below, fields, |name| name == step),
                Value::Array(entries) => {
                    let entry: usize = step.parse().ok()?;
                    let passed = (0..entry).fold(below, |number, _| number + self.size(number));
                    entries.get(entry).map(|value| (passed, value))
                }
                _ => None,
            }
        })
    }

    /// The first field of a group that is it; `number` is the place of the first one.
    fn walk<'v>(
        &self,
        mut number: u32,
        fields: &'v serde_json::Map<String, Value>,
        is_it: impl Fn(&String) -> bool,
    ) -> Option<(u32, &'v Value)> {
        for (name, value) in fields {
            if is_it(name) {
                return Some((number, value));
            }
            number += self.size(number);
        }
        None
    }

    /// Where `number` stands in the whole, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self, number: u32) -> String {
        let mut steps = Vec::new();
        let mut here = number;
        while let Some(Node { step: Some(step), above, .. }) = self.nodes.get(at(here)) {
            steps.push(step);
            here = *above;
        }
        let mut pointer = String::new();
        for step in steps.into_iter().rev() {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Field(name) if name.contains(['~', '/']) => {
                    write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1"))
                }
                Step::Field(name) => write!(pointer, "/{name}"),
                Step::Entry(entry) => write!(pointer, "/{entry}"),
            };
        }
        pointer
    }

    /// The name of the field that `number` is.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&Arc<str>> {
        match &self.nodes.get(at(number))?.step {
            Some(Step::Field(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether it is a leaf. Nothing leaves as an empty group.
    #[must_use]
    pub fn is_leaf(&self, number: u32) -> bool {
        self.nodes.get(at(number)).is_some_and(|node| node.size == 1)
    }

    /// What let `number` through: one for a leaf; for a group, each that let one of its leaves through.
    #[must_use]
    pub fn through(&self, number: u32) -> Vec<&Arc<Through>> {
        let from = at(number);
        let leaves = self.nodes.get(from..from + at(self.size(number))).unwrap_or_default();
        let mut found: Vec<&Arc<Through>> = Vec::new();
        for way in leaves.iter().filter_map(|leaf| self.ways.get(usize::from(leaf.way))) {
            if !found.iter().any(|known| Arc::ptr_eq(known, way)) {
                found.push(way);
            }
        }
        found
    }
}

const fn at(number: u32) -> usize {
    number as usize
}
