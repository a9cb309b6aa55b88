//! The places of what may leave, by number: what each holds, where it stands in the whole assessment, and what let it through.
//!
//! Places are numbered as one reads them, each group before what is in it. Lists close up when entries are left out, so
//! a place knows which entry of the whole it was. All texts stand in one, for a projection is made for each recipient and
//! most of its texts are read once.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use serde_json::{Map, Value};

use super::{Through, through::Grounds};

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
    Entry(u32),
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
    /// By which passage of the table it came; a group, and what no table was asked about, by none.
    passage: Option<u16>,
}

/// The places of one value.
#[derive(Clone, Default)]
pub struct Places {
    nodes: Vec<Node>,
    texts: String,
    grounds: Grounds,
}

/// Says how much there is, and nothing of it.
impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("len", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl Places {
    /// None yet of what may leave on these grounds, with room for those of most projections.
    pub(super) fn with_room(grounds: Grounds) -> Self {
        Self { nodes: Vec::with_capacity(PLACES_USUAL), texts: String::with_capacity(TEXTS_USUAL), grounds }
    }

    /// The places of a value of which nothing was left out.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        fn add(places: &mut Places, value: &Value, step: Option<Step<'_>>, above: u32) {
            let here = places.enter(step, above, value, None);
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

    /// A new place below `above`, of `value`, and by which passage that came; its number. What is in a group or a list is
    /// no part of it.
    pub(super) fn enter(
        &mut self,
        step: Option<Step<'_>>,
        above: u32,
        value: &Value,
        passage: Option<u16>,
    ) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let step = step.map(|step| match step {
            Step::Field(name) => {
                let (from, to) = self.keep(name);
                Way::Field(from, to)
            }
            Step::Entry(entry) => Way::Entry(u32::try_from(entry).unwrap_or(u32::MAX)),
        });
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
        self.nodes.push(Node { content, step, above, size: 1, passage });
        number
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
        self.nodes.get(at(number)).is_none_or(|node| match node.content {
            Content::Null => true,
            Content::Group | Content::List => node.size == 1,
            _ => false,
        })
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
        let (mut here, mut rest) = (number, path);
        while let Some(steps) = rest.strip_prefix('/') {
            let end = steps.bytes().position(|byte| byte == b'/').unwrap_or(steps.len());
            let (step, further) = steps.split_at(end);
            here = match self.nodes.get(at(here))?.content {
                Content::Group if step.as_bytes().contains(&b'~') => {
                    let name = step.replace("~1", "/").replace("~0", "~");
                    self.below(here).find(|below| self.is_named(*below, &name))?
                }
                Content::Group => self.below(here).find(|below| self.is_named(*below, step))?,
                Content::List => self.below(here).nth(step.parse().ok()?)?,
                _ => return None,
            };
            rest = further;
        }
        rest.is_empty().then_some(here)
    }

    fn is_named(&self, number: u32, name: &str) -> bool {
        match self.nodes.get(at(number)).and_then(|node| node.step) {
            Some(Way::Field(from, to)) => at(to - from) == name.len() && self.text(from, to) == name,
            _ => false,
        }
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
            pointer.push('/');
            match *step {
                Way::Field(from, to) => pointer.push_str(&escaped(self.text(from, to))),
                // Writing to a String cannot fail.
                Way::Entry(entry) => _ = write!(pointer, "{entry}"),
            }
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
    pub fn through(&self, number: u32) -> impl Iterator<Item = Through<'_>> {
        let from = at(number);
        let leaves = self.nodes.get(from..from + at(self.size(number))).unwrap_or_default();
        let mut found: Vec<u16> = Vec::new();
        for passage in leaves.iter().filter_map(|leaf| leaf.passage) {
            if !found.contains(&passage) {
                found.push(passage);
            }
        }
        found.into_iter().filter_map(|passage| self.grounds.through(passage))
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
