//! A message under construction. There is no way to make a leaf without saying where it comes from.
//!
//! Not here: what any message looks like.

use serde_json::{Map, Value};

use super::{place::Place, traced::Traced};

/// Where a leaf comes from.
#[derive(Clone, Debug)]
enum Origin {
    /// Places of the projection.
    Fields(Vec<String>),
    /// What the gateway knows about the message itself.
    Frame(&'static str),
    /// A constant of the mapping.
    Fixed,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Value, Origin),
    Map(Vec<(String, Tree)>),
    List(Vec<Tree>),
}

/// A part of a message, with the origin of every leaf.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    node: Node,
    rule: Option<&'static str>,
}

impl Tree {
    const fn new(node: Node) -> Self {
        Self { node, rule: None }
    }

    /// A constant of the mapping; may be a whole coding.
    pub(super) fn fixed(value: impl Into<Value>) -> Self {
        Self::new(Node::Leaf(value.into(), Origin::Fixed))
    }

    /// Something that the gateway knows about the message: an id, a time, an agency.
    pub(super) fn frame(part: &'static str, value: impl Into<Value>) -> Self {
        Self::new(Node::Leaf(value.into(), Origin::Frame(part)))
    }

    /// A value made from one or more places of the projection.
    pub(super) fn made_from<'p>(
        places: impl IntoIterator<Item = &'p Place<'p>>,
        value: impl Into<Value>,
    ) -> Self {
        let fields = places.into_iter().map(|place| place.pointer().to_owned()).collect();
        Self::new(Node::Leaf(value.into(), Origin::Fields(fields)))
    }

    /// Names the rule for every leaf below that has no nearer one.
    pub(super) const fn under(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Writes the message; `part` is `body` or `detail`, `version` names the mapping.
    pub(super) fn write(self, part: &str, version: &str) -> Written {
        let mut written = Written { value: Value::Null, lineage: Vec::new() };
        let start = Walk { output: format!("{part}#"), rule: None, version };
        written.value = written.walk(self, &start);
        written
    }
}

/// An object. Fields without a value are left out; without any there is no object.
pub(super) fn map<'k>(fields: impl IntoIterator<Item = (&'k str, Option<Tree>)>) -> Option<Tree> {
    let kept: Vec<(String, Tree)> =
        fields.into_iter().filter_map(|(key, tree)| Some((key.to_owned(), tree?))).collect();
    (!kept.is_empty()).then(|| Tree::new(Node::Map(kept)))
}

/// An array. Without items there is no array.
pub(super) fn list(items: impl IntoIterator<Item = Tree>) -> Option<Tree> {
    let kept: Vec<Tree> = items.into_iter().collect();
    (!kept.is_empty()).then(|| Tree::new(Node::List(kept)))
}

/// A finished part of a message.
#[derive(Debug)]
pub(super) struct Written {
    /// The message.
    pub(super) value: Value,
    /// One entry for each leaf and source.
    pub(super) lineage: Vec<Traced>,
}

struct Walk<'v> {
    output: String,
    rule: Option<&'v str>,
    version: &'v str,
}

impl Walk<'_> {
    /// The rule of a leaf: the nearest that is named, else the top-level field that it is under.
    fn rule(&self) -> String {
        let top = self.output.split('/').nth(1).unwrap_or("message");
        format!("{}#{}", self.version, self.rule.unwrap_or(top))
    }
}

impl Written {
    fn walk(&mut self, tree: Tree, at: &Walk<'_>) -> Value {
        let rule = tree.rule.or(at.rule);
        let below = |key: &str| Walk { output: format!("{}/{key}", at.output), rule, version: at.version };
        match tree.node {
            Node::Leaf(value, origin) => {
                let here = Walk { output: at.output.clone(), rule, version: at.version };
                self.note_leaves(&value, &origin, &here);
                value
            }
            Node::Map(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(key, tree)| {
                        let value = self.walk(tree, &below(&escape(&key)));
                        (key, value)
                    })
                    .collect::<Map<_, _>>(),
            ),
            Node::List(items) => Value::Array(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, tree)| self.walk(tree, &below(&index.to_string())))
                    .collect(),
            ),
        }
    }

    fn note_leaves(&mut self, value: &Value, origin: &Origin, at: &Walk<'_>) {
        let below = |key: &str| Walk {
            output: format!("{}/{}", at.output, escape(key)),
            rule: at.rule,
            version: at.version,
        };
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.note_leaves(value, origin, &below(key));
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    self.note_leaves(value, origin, &below(&index.to_string()));
                }
            }
            _ => {
                let sources = match origin {
                    Origin::Fields(pointers) => pointers.clone(),
                    Origin::Frame(part) => vec![format!("frame:{part}")],
                    Origin::Fixed => vec![String::from("fixed")],
                };
                for source in sources {
                    self.lineage.push(Traced::new(at.output.clone(), source, at.rule()));
                }
            }
        }
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_leaf_says_where_it_comes_from() {
        let source = json!({"risk": {"level": "high"}, "name": {"family": "Smith", "given": ["Jo"]}});
        let root = Place::root(&source);
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
        let written = tree.write("body", "sheet/1");
        assert_eq!(
            written.value,
            json!({"level": "high", "name": "Jo Smith", "coding": {"system": "s", "code": "c"}, "id": "m-1"})
        );
        let lines: Vec<String> =
            written.lineage.iter().map(|l| format!("{} {} {}", l.output, l.source, l.rule)).collect();
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
