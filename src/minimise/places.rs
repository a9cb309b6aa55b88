//! The places of what may leave, by number: what each holds, where it stands in the whole assessment, and what let it through.
//!
//! Places are numbered as one reads them, each group before what is in it. Lists close up when entries are left out, so
//! a place knows which entry of the whole it was. All texts stand in one, for a projection is made for each recipient and
//! most of its texts are read once.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::Through;

/// No way leads to it: a group, or a value that no table was asked about.
const NO_WAY: u16 = u16::MAX;
/// Room for the places of most projections, and for their texts in bytes.
const PLACES_USUAL: usize = 512;
const TEXTS_USUAL: usize = 8 * 1024;

/// One step down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'n> {
    /// Into a group, by the field's name.
    Field(&'n str),
    /// Into a list: which entry it is in the whole.
    Entry(usize),
}

/// [`Step`], with the name by where it stands in [`Places::texts`].
#[derive(Clone, Copy)]
enum Way {
    Field(u32, u32),
    Entry(usize),
}

/// What a place holds. A group and a list hold what is below them, and nothing of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held<'p> {
    /// Named places.
    Group,
    /// Entries.
    List,
    /// A text.
    Text(&'p str),
    /// A number, in the digits in which it came.
    Number(&'p str),
    /// Yes or no.
    Bool(bool),
    /// Nothing, said as such.
    Null,
}

/// [`Held`], with texts by where they stand in [`Places::texts`].
#[derive(Clone, Copy)]
enum Content {
    Group,
    List,
    Text(u32, u32),
    Number(u32, u32),
    Bool(bool),
    Null,
}

#[derive(Clone)]
struct Node {
    content: Content,
    /// How one comes here from the place above; the whole has none.
    step: Option<Way>,
    above: u32,
    /// How many places it is, with all below.
    size: u32,
    way: u16,
}

/// The places of one value.
#[derive(Clone, Default)]
pub struct Places {
    nodes: Vec<Node>,
    texts: String,
    ways: Vec<Arc<Through>>,
}

/// Says how much there is, and nothing of it.
impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("len", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl Places {
    /// Room for those of most projections.
    pub(super) fn with_room() -> Self {
        Self {
            nodes: Vec::with_capacity(PLACES_USUAL),
            texts: String::with_capacity(TEXTS_USUAL),
            ways: Vec::new(),
        }
    }

    /// The places of a value of which nothing was left out.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        fn add(places: &mut Places, value: &Value, step: Option<Step<'_>>, above: u32) {
            let here = places.enter(step, above);
            places.put(here, value);
            match value {
                Value::Object(fields) => {
                    for (name, field) in fields {
                        add(places, field, Some(Step::Field(name)), here);
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
    pub(super) fn enter(&mut self, step: Option<Step<'_>>, above: u32) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let step = step.map(|step| match step {
            Step::Field(name) => {
                let (from, to) = self.keep(name);
                Way::Field(from, to)
            }
            Step::Entry(entry) => Way::Entry(entry),
        });
        self.nodes.push(Node { content: Content::Null, step, above, size: 1, way: NO_WAY });
        number
    }

    /// Notes what `number` holds: of a group or a list, that it is one.
    pub(super) fn put(&mut self, number: u32, value: &Value) {
        let content = match value {
            Value::Object(_) => Content::Group,
            Value::Array(_) => Content::List,
            Value::Null => Content::Null,
            Value::Bool(yes) => Content::Bool(*yes),
            Value::String(text) => {
                let (from, to) = self.keep(text);
                Content::Text(from, to)
            }
            Value::Number(number) => {
                let (from, to) = self.keep(number.as_str());
                Content::Number(from, to)
            }
        };
        if let Some(node) = self.nodes.get_mut(at(number)) {
            node.content = content;
        }
    }

    /// Adds to the texts; from where on it stands there, and to where.
    fn keep(&mut self, text: &str) -> (u32, u32) {
        let from = end_of(&self.texts);
        self.texts.push_str(text);
        (from, end_of(&self.texts))
    }

    fn text(&self, from: u32, to: u32) -> &str {
        self.texts.get(at(from)..at(to)).unwrap_or_default()
    }

    /// What `number` holds.
    #[must_use]
    pub fn held(&self, number: u32) -> Held<'_> {
        match self.nodes.get(at(number)).map_or(Content::Null, |node| node.content) {
            Content::Group => Held::Group,
            Content::List => Held::List,
            Content::Text(from, to) => Held::Text(self.text(from, to)),
            Content::Number(from, to) => Held::Number(self.text(from, to)),
            Content::Bool(yes) => Held::Bool(yes),
            Content::Null => Held::Null,
        }
    }

    /// The places right below `number`, in order.
    pub fn below(&self, number: u32) -> impl Iterator<Item = u32> {
        let end = number.saturating_add(self.size(number));
        let mut next = number.saturating_add(1);
        std::iter::from_fn(move || {
            let here = next;
            (here < end).then(|| {
                next = here.saturating_add(self.size(here));
                here
            })
        })
    }

    /// All that `number` holds, as JSON.
    #[must_use]
    pub fn value(&self, number: u32) -> Value {
        match self.held(number) {
            Held::Group => {
                let named = |below| Some((self.name(below)?.to_owned(), self.value(below)));
                Value::Object(self.below(number).filter_map(named).collect::<Map<_, _>>())
            }
            Held::List => self.below(number).map(|below| self.value(below)).collect(),
            Held::Text(text) => text.into(),
            // The digits are those of a number.
            Held::Number(digits) => digits.parse().map_or(Value::Null, Value::Number),
            Held::Bool(yes) => yes.into(),
            Held::Null => Value::Null,
        }
    }

    /// Whether nothing stands there: nothing said, or an empty group.
    #[must_use]
    pub fn holds_nothing(&self, number: u32) -> bool {
        match self.held(number) {
            Held::Null => true,
            Held::Group | Held::List => self.size(number) == 1,
            _ => false,
        }
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

    /// The place at `path`, a JSON pointer, below `number`; `None` when there is none.
    #[must_use]
    pub fn find(&self, number: u32, path: &str) -> Option<u32> {
        path.split('/').skip(1).try_fold(number, |number, step| match self.held(number) {
            Held::Group if step.contains('~') => {
                let name = step.replace("~1", "/").replace("~0", "~");
                self.below(number).find(|below| self.name(*below).is_some_and(|own| own == name))
            }
            Held::Group => self.below(number).find(|below| self.name(*below).is_some_and(|own| own == step)),
            Held::List => self.below(number).nth(step.parse().ok()?),
            _ => None,
        })
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
            let _ = match *step {
                Way::Field(from, to) => write!(pointer, "/{}", escaped(self.text(from, to))),
                Way::Entry(entry) => write!(pointer, "/{entry}"),
            };
        }
        pointer
    }

    /// The name of the field that `number` is.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&str> {
        match self.nodes.get(at(number))?.step {
            Some(Way::Field(from, to)) => Some(self.text(from, to)),
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

/// A name as it stands in a JSON pointer.
#[must_use]
pub fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

/// An assessment is far shorter than what this can count.
fn end_of(texts: &str) -> u32 {
    u32::try_from(texts.len()).unwrap_or(u32::MAX)
}
