//! A message under construction. There is no way to make a leaf without saying where it comes from.
//!
//! Not here: what any message looks like.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    lineage::{Part, Source, Step},
    place::Place,
};
use crate::{
    clock::Moment,
    minimise::{Held, Places},
};

/// Room for most messages, so that few are moved as they grow.
const BYTES_USUAL: usize = 16 * 1024;

/// The name of a field.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// A name that the mapping gives.
    Given(&'static str),
    /// The name of the field that a place is.
    Place(u32),
    /// The same in the agencies' camelCase.
    Camel(u32),
    /// A name that was made.
    Made(Box<str>),
}

impl Key {
    /// The name; `places` are those that the message is made from.
    pub(super) fn text<'k>(&'k self, places: &'k Places) -> Cow<'k, str> {
        Cow::Borrowed(match self {
            Self::Given(name) => name,
            Self::Place(number) => places.name(*number).unwrap_or_default(),
            Self::Camel(number) => {
                let name = places.name(*number).unwrap_or_default();
                return String::from_utf8(camel(name).collect()).unwrap_or_default().into();
            }
            Self::Made(name) => name,
        })
    }
}

/// A name in the agencies' camelCase, as the bytes of a text.
fn camel(name: &str) -> impl Iterator<Item = u8> {
    let mut begins = false;
    name.bytes().filter_map(move |byte| {
        if byte == b'_' {
            begins = true;
            return None;
        }
        Some(if std::mem::take(&mut begins) { byte.to_ascii_uppercase() } else { byte })
    })
}

/// How the fields of what is copied are named.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    /// As they are.
    Kept,
    /// In the agencies' camelCase.
    Camel,
}

impl Names {
    const fn of(self, field: u32) -> Key {
        match self {
            Self::Kept => Key::Place(field),
            Self::Camel => Key::Camel(field),
        }
    }
}

impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        Self::Given(name)
    }
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        Self::Made(name.into_boxed_str())
    }
}

/// What a leaf says.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A text that the mapping gives.
    Given(&'static str),
    /// A text that was held or made.
    Text(String),
    /// A time, as a FHIR instant.
    Moment(Moment),
    /// Anything else, whole codings among it.
    Other(Box<Value>),
}

impl From<&'static str> for Content {
    fn from(text: &'static str) -> Self {
        Self::Given(text)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Value> for Content {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => text.into(),
            other => Self::Other(Box::new(other)),
        }
    }
}

macro_rules! as_values {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Content {
            fn from(value: $kind) -> Self {
                Self::Other(Box::new(value.into()))
            }
        }
    )*};
}

as_values!(bool, i32, u8, usize, Vec<Value>);

/// What a leaf is made from.
#[derive(Clone, Debug)]
enum Sources {
    One(Source),
    Several(Box<[Source]>),
}

impl Sources {
    fn as_slice(&self) -> &[Source] {
        match self {
            Self::One(source) => std::slice::from_ref(source),
            Self::Several(sources) => sources,
        }
    }
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Content, Sources),
    /// A place with all that is below it: read when the message is written.
    Copy(u32, Names),
    Map(Vec<(Key, Tree)>),
    List(Vec<Tree>),
    /// Something that names the rule for what is below.
    Under(&'static str, Box<Tree>),
}

/// A part of a message, with the origin of every leaf.
#[derive(Clone, Debug)]
pub(super) struct Tree(Node);

impl Tree {
    fn leaf(content: Content, source: Source) -> Self {
        Self(Node::Leaf(content, Sources::One(source)))
    }

    /// A constant of the mapping; may be a whole coding.
    pub(super) fn fixed(value: impl Into<Content>) -> Self {
        Self::leaf(value.into(), Source::Fixed)
    }

    /// Something that the gateway knows about the message: an id, a time, an agency.
    pub(super) fn frame(part: &'static str, value: impl Into<Value>) -> Self {
        Self::leaf(value.into().into(), Source::Frame(part))
    }

    /// A time that the gateway knows about the message.
    pub(super) const fn time(part: &'static str, moment: Moment) -> Self {
        Self(Node::Leaf(Content::Moment(moment), Sources::One(Source::Frame(part))))
    }

    /// What a place of the projection holds, without what is said there to be nothing.
    pub(super) const fn copy(place: &Place<'_>, names: Names) -> Self {
        Self(Node::Copy(place.number(), names))
    }

    /// This, made from a place of the projection.
    pub(super) fn made_of(mut self, place: &Place<'_>) -> Self {
        self.come_from(Source::Place(place.number()));
        self
    }

    /// This, as something that the gateway knows about the message.
    pub(super) fn known_by(mut self, part: &'static str) -> Self {
        self.come_from(Source::Frame(part));
        self
    }

    fn come_from(&mut self, source: Source) {
        match &mut self.0 {
            Node::Leaf(_, sources) => *sources = Sources::One(source),
            Node::Map(fields) => fields.iter_mut().for_each(|(_, field)| field.come_from(source)),
            Node::List(items) => items.iter_mut().for_each(|item| item.come_from(source)),
            Node::Under(_, tree) => tree.come_from(source),
            // What is copied comes from where it is.
            Node::Copy(..) => {}
        }
    }

    /// A value made from one or more places of the projection.
    pub(super) fn made_from<'p>(
        places: impl IntoIterator<Item = &'p Place<'p>>,
        value: impl Into<Value>,
    ) -> Self {
        let sources: Box<[Source]> = places.into_iter().map(|place| Source::Place(place.number())).collect();
        Self(Node::Leaf(value.into().into(), Sources::Several(sources)))
    }

    /// An object of which every field is there.
    pub(super) fn object<const N: usize>(fields: [(&'static str, Self); N]) -> Self {
        Self(Node::Map(fields.into_iter().map(|(key, tree)| (Key::from(key), tree)).collect()))
    }

    /// An array of these.
    pub(super) fn array<const N: usize>(items: [Self; N]) -> Self {
        Self(Node::List(items.into()))
    }

    /// Names the rule for every leaf below that has no nearer one.
    pub(super) fn under(self, rule: &'static str) -> Self {
        Self(Node::Under(rule, Box::new(self)))
    }

    /// Writes the message, which was made from `places`; `part` is `body` or `detail`, `version` names the mapping.
    pub(super) fn write(self, places: &Places, part: &'static str, version: &'static str) -> Written {
        let bytes = Vec::with_capacity(BYTES_USUAL);
        let mut written = Written { bytes, part: Part::new(part, version), time: None };
        written.tree(places, self, 0, None);
        written
    }
}

impl<C: Into<Content>> From<C> for Tree {
    /// A constant of the mapping.
    fn from(content: C) -> Self {
        Self::fixed(content)
    }
}

/// An object. Fields without a value are left out; without any there is no object.
pub(super) fn map<K: Into<Key>>(fields: impl IntoIterator<Item = (K, Option<Tree>)>) -> Option<Tree> {
    let fields = fields.into_iter();
    let mut kept: Vec<(Key, Tree)> = Vec::with_capacity(fields.size_hint().1.unwrap_or_default());
    kept.extend(fields.filter_map(|(key, tree)| Some((key.into(), tree?))));
    (!kept.is_empty()).then(|| Tree(Node::Map(kept)))
}

/// An array. Without items there is no array.
pub(super) fn list(items: impl IntoIterator<Item = Tree>) -> Option<Tree> {
    let kept: Vec<Tree> = items.into_iter().collect();
    (!kept.is_empty()).then(|| Tree(Node::List(kept)))
}

/// A finished part of a message.
#[derive(Debug)]
pub(super) struct Written {
    /// The message.
    pub(super) bytes: Vec<u8>,
    /// One line for each leaf and source.
    pub(super) part: Part,
    /// The last time that was written: most of a message's are the same.
    time: Option<(Moment, String)>,
}

impl Written {
    /// The same object with one field more, after the others. What is no object stays as it is.
    pub(super) fn with(mut self, places: &Places, key: &'static str, tree: Tree) -> Self {
        if self.bytes.pop_if(|last| *last == b'}').is_some() {
            self.bytes.push(b',');
            self.field(places, Key::from(key), tree, 0, None);
            self.bytes.push(b'}');
        }
        self
    }

    fn field(&mut self, places: &Places, key: Key, tree: Tree, above: u32, rule: Option<&'static str>) {
        let below = self.name(places, key, above);
        self.tree(places, tree, below, rule);
    }

    /// Writes the name of a field of what stands at `above`; the field's place.
    fn name(&mut self, places: &Places, key: Key, above: u32) -> u32 {
        if let Key::Camel(number) = key
            && let Some(name) = places.name(number).filter(|name| is_plain(name))
        {
            self.bytes.push(b'"');
            self.bytes.extend(camel(name));
            self.bytes.push(b'"');
        } else {
            self.text(&key.text(places));
        }
        self.bytes.push(b':');
        self.part.enter(above, Step::Field(key))
    }

    /// Writes `tree`, which stands at `here`, under `rule` where it names none itself.
    fn tree(&mut self, places: &Places, tree: Tree, here: u32, rule: Option<&'static str>) {
        match tree.0 {
            Node::Leaf(content, sources) => {
                let sources = sources.as_slice();
                match content {
                    Content::Given(text) => self.text_leaf(text, sources, here, rule),
                    Content::Text(text) => self.text_leaf(&text, sources, here, rule),
                    Content::Moment(moment) => {
                        let (_, text) = self
                            .time
                            .take_if(|(written, _)| *written == moment)
                            .unwrap_or_else(|| (moment, moment.to_rfc3339()));
                        self.text_leaf(&text, sources, here, rule);
                        self.time = Some((moment, text));
                    }
                    Content::Other(value) => self.value_leaves(&value, sources, here, rule),
                }
            }
            Node::Copy(number, names) => self.copy(places, number, names, here, rule),
            Node::Under(rule, tree) => self.tree(places, *tree, here, Some(rule)),
            Node::Map(fields) => {
                let mut before = b'{';
                for (key, tree) in fields {
                    self.bytes.push(before);
                    self.field(places, key, tree, here, rule);
                    before = b',';
                }
                self.bytes.push(b'}');
            }
            Node::List(items) => {
                let mut before = b'[';
                for (index, tree) in items.into_iter().enumerate() {
                    self.bytes.push(before);
                    let below = self.part.enter(here, Step::Entry(index));
                    self.tree(places, tree, below, rule);
                    before = b',';
                }
                self.bytes.push(b']');
            }
        }
    }

    /// Writes what `number` holds. What is said there to be nothing is left out, unless nothing else is there.
    fn copy(&mut self, places: &Places, number: u32, names: Names, here: u32, rule: Option<&'static str>) {
        let source = [Source::Place(number)];
        let below = places.below(number).filter(|below| !places.holds_nothing(*below));
        let begun = self.bytes.len();
        match places.held(number) {
            Held::Text(text) => return self.text_leaf(text, &source, here, rule),
            Held::Number(digits) => {
                self.bytes.extend_from_slice(digits.as_bytes());
                return self.part.add(here, &source, rule);
            }
            Held::Group => {
                for below in below {
                    self.bytes.push(if self.bytes.len() == begun { b'{' } else { b',' });
                    let below_here = self.name(places, names.of(below), here);
                    self.copy(places, below, names, below_here, rule);
                }
                if self.bytes.len() > begun {
                    return self.bytes.push(b'}');
                }
            }
            Held::List => {
                for (index, below) in below.enumerate() {
                    self.bytes.push(if index == 0 { b'[' } else { b',' });
                    let below_here = self.part.enter(here, Step::Entry(index));
                    self.copy(places, below, names, below_here, rule);
                }
                if self.bytes.len() > begun {
                    return self.bytes.push(b']');
                }
            }
            Held::Bool(_) | Held::Null => {}
        }
        self.value_leaves(&places.value(number), &source, here, rule);
    }

    fn value_leaves(&mut self, value: &Value, sources: &[Source], here: u32, rule: Option<&'static str>) {
        self.write(value);
        self.note_leaves(value, sources, here, rule);
    }

    fn text_leaf(&mut self, text: &str, sources: &[Source], here: u32, rule: Option<&'static str>) {
        self.text(text);
        self.part.add(here, sources, rule);
    }

    /// Most texts are written as they are.
    fn text(&mut self, text: &str) {
        if !is_plain(text) {
            return self.write(text);
        }
        self.bytes.reserve(text.len() + 2);
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'"');
    }

    fn write(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        // Values whose names are text can always be written, and anything can be written to a Vec.
        let _ = serde_json::to_writer(&mut self.bytes, value);
    }

    fn note_leaves(&mut self, value: &Value, sources: &[Source], here: u32, rule: Option<&'static str>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let below = self.part.enter(here, Step::Field(Key::from(key.clone())));
                    self.note_leaves(value, sources, below, rule);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    let below = self.part.enter(here, Step::Entry(index));
                    self.note_leaves(value, sources, below, rule);
                }
            }
            _ => self.part.add(here, sources, rule),
        }
    }
}

/// Whether a text is written in JSON as it is. All bytes are looked at, many at once, for that is quicker than to stop at the
/// first.
fn is_plain(text: &str) -> bool {
    let needs_more = |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    text.bytes().fold(0, |found, byte| found | needs_more(byte)) == 0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::mapping::lineage::Lineage;

    #[test]
    fn every_leaf_says_where_it_comes_from() {
        let source = json!({"risk": {"level": "high"}, "name": {"family": "Smith", "given": ["Jo"]}});
        let places = Arc::new(Places::of(&source));
        let root = Place::root(&places);
        let level = root.at("/risk/level").unwrap();
        let (family, given) = (root.at("/name/family").unwrap(), root.at("/name/given/0").unwrap());
        let tree = map([
            ("level", Some(level.copy().under("risk"))),
            ("name", Some(Tree::made_from([&given, &family], "Jo Smith"))),
            ("coding", Some(Tree::fixed(json!({"system": "s", "code": "c"})))),
            ("id", Some(Tree::frame("wire_id", "m-1"))),
            ("missing", None),
        ])
        .unwrap();
        let written = tree.write(&places, "body", "sheet/1");
        assert_eq!(
            serde_json::from_slice::<Value>(&written.bytes).unwrap(),
            json!({"level": "high", "name": "Jo Smith", "coding": {"system": "s", "code": "c"}, "id": "m-1"})
        );
        let lines: Vec<String> = Lineage::new(written.part)
            .of(&places)
            .lines()
            .map(|l| format!("{} {} {}", l.output, l.source, l.rule))
            .collect();
        assert_eq!(
            lines,
            [
                "body#/level /risk/level sheet/1#risk",
                "body#/name /name/given/0 sheet/1#name",
                "body#/name /name/family sheet/1#name",
                "body#/coding/system fixed sheet/1#coding",
                "body#/coding/code fixed sheet/1#coding",
                "body#/id frame:wire_id sheet/1#id",
            ]
        );
    }

    #[test]
    fn what_holds_nothing_is_not_there() {
        assert!(map([("a", None)]).is_none());
        assert!(list([]).is_none());
    }
}
