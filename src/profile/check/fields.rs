//! The fields of an object: which there are, which are missing, and how many.

use serde_json::{Map, Value};

use super::{
    graph::{Alternative, Care, Content, Node, Shape, ShapeId},
    place::Step,
    slicing::list,
    walk::{Holder, Walk},
};
use crate::{
    limits,
    profile::{finding::Severity, leniency::Tolerance},
};

/// Why a field with a name that begins with `_` may not stand where it does.
pub(super) const ONLY_BESIDE_A_PRIMITIVE: &str =
    "Only beside a primitive value stands a field that begins with `_`.";
/// Objects with more fields than this are looked up in rather than read through.
const READ_THROUGH_MAX: usize = 12;

/// Which children an object has.
#[derive(Default)]
struct Seen([u64; 4]);

impl Seen {
    /// Marks a child; whether it was marked already.
    fn mark(&mut self, child: usize) -> bool {
        let Some(word) = self.0.get_mut(child / 64) else { return false };
        let bit = 1 << (child % 64);
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    fn has(&self, child: usize) -> bool {
        self.0.get(child / 64).is_some_and(|word| word & (1 << (child % 64)) != 0)
    }
}

impl<'a> Walk<'a> {
    /// Checks the fields of an object.
    pub(super) fn fields(
        &mut self,
        node: &'a Node,
        alternative: &'a Alternative,
        shape: ShapeId,
        map: &'a Map<String, Value>,
    ) {
        let graph = self.graph;
        let Some(shape) = graph.shape(shape) else { return };
        if self.steps == 0 {
            return;
        }
        if self.place.depth() > limits::CHECK_DEPTH_MAX {
            self.say(Severity::Error, "too-costly", node, "", || {
                (String::from("depth"), String::from("This is nested too deep to be checked."))
            });
            return;
        }
        self.holders.push(Holder { element: &node.id, type_name: &alternative.type_name });
        let has_shadows = map.keys().any(|key| key.starts_with('_'));
        let mut seen = Seen::default();
        for (order, (key, value)) in map.iter().enumerate() {
            let (name, value, shadow) = if let Some(hit) = shape.keys.get(key) {
                (hit, Some(value), if has_shadows { shadow_of(map, key) } else { None })
            } else if let Some(plain) = key.strip_prefix('_')
                && let Some(hit) = shape.keys.get(plain)
            {
                if map.contains_key(plain) {
                    continue;
                }
                (hit, None, Some(value))
            } else {
                if !(shape.is_resource && key == "resourceType") {
                    self.unknown(node, shape, key, order);
                }
                continue;
            };
            let Some(child) = shape.children.get(name.child) else { continue };
            let Some(element) = graph.node(child.node) else { continue };
            let Some(kind) = element.alternatives.get(name.alternative) else { continue };
            let step = if child.is_choice {
                Step::Choice { key, name: &child.name, type_name: &kind.type_name }
            } else {
                Step::Key(key)
            };
            self.place.enter(step, order);
            if seen.mark(name.child) && child.is_choice {
                self.say(Severity::Error, "structure", element, "", || {
                    (
                        format!("choice {}", element.id),
                        format!("`{}[x]` has one type at a time; it stands here more than once.", child.name),
                    )
                });
            }
            self.field(element, kind, value, shadow);
            self.place.leave();
        }
        self.absent(shape, &seen, map.len());
        self.holders.pop();
    }

    /// Says what is needed and was not seen; `order` is where it would stand.
    fn absent(&mut self, shape: &'a Shape, seen: &Seen, order: usize) {
        let graph = self.graph;
        for number in &shape.required {
            if !seen.has(*number)
                && let Some(child) = shape.children.get(*number)
                && let Some(element) = graph.node(child.node)
            {
                if element.min > 0 {
                    self.missing(element, &child.name, child.is_choice);
                } else if let Some(slicing) = &element.slicing {
                    self.place.enter(Step::Key(&child.name), order);
                    self.slices_missing(slicing, child.is_choice, None);
                    self.place.leave();
                }
            }
        }
    }

    /// Says what is needed beside a primitive value that has nothing beside it.
    pub(super) fn nothing_beside(&mut self, shape: ShapeId) {
        if let Some(shape) = self.graph.shape(shape).filter(|shape| !shape.required.is_empty()) {
            self.absent(shape, &Seen::default(), 0);
        }
    }

    fn missing(&mut self, element: &'a Node, name: &'a str, is_choice: bool) {
        let words = || {
            let types = list(element.alternatives.iter().map(|kind| &*kind.type_name));
            let choice = if is_choice { "[x]" } else { "" };
            let of = match element.alternatives.len() {
                1..=4 if !types.is_empty() => format!(" ({types})"),
                _ => String::new(),
            };
            (
                format!("min {}", element.id),
                format!("`{name}{choice}` is missing; at least {} is needed{of}.", element.min.max(1)),
            )
        };
        if name == "lastUpdated" {
            self.say_forgivable(
                Tolerance::MissingLastUpdated,
                Severity::Error,
                "required",
                element,
                name,
                words,
            );
        } else {
            self.say(Severity::Error, "required", element, name, words);
        }
    }

    fn unknown(&mut self, node: &'a Node, shape: &'a Shape, key: &'a str, order: usize) {
        self.place.enter(Step::Unknown(key), order);
        let choice = shape.children.iter().find(|child| {
            child.is_choice
                && key
                    .strip_prefix(&*child.name)
                    .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
        });
        let graph = self.graph;
        self.say(Severity::Error, "structure", node, "", || match choice {
            Some(child) => {
                let id = graph.node(child.node).map_or("", |node| &node.id);
                let allowed = shape.keys.iter().filter(|(_, hit)| {
                    shape.children.get(hit.child).is_some_and(|other| other.node == child.node)
                });
                let count = allowed.count();
                let allowed = shape.keys.iter().filter(|(_, hit)| {
                    shape.children.get(hit.child).is_some_and(|other| other.node == child.node)
                });
                let says = if count > 12 {
                    format!("This type is not one that `{}[x]` may have.", child.name)
                } else {
                    format!("This type is not allowed here. Allowed: {}.", list(allowed.map(|(key, _)| key)))
                };
                (format!("type {id}"), says)
            }
            None => (
                format!("unknown {}", node.id),
                format!("There is no such element in {}; leave it out or put it into an extension.", node.id),
            ),
        });
        self.place.leave();
    }

    /// Checks one field: a list or a single value.
    fn field(
        &mut self,
        node: &'a Node,
        kind: &'a Alternative,
        value: Option<&'a Value>,
        shadow: Option<&'a Value>,
    ) {
        if node.max == 0 {
            self.say(Severity::Error, "structure", node, "", || {
                (format!("max {}", node.id), String::from("This element is not allowed here; leave it out."))
            });
            return;
        }
        if !node.is_array {
            if matches!(value, Some(Value::Array(_))) || matches!(shadow, Some(Value::Array(_))) {
                self.say(Severity::Error, "structure", node, "", || {
                    (
                        format!("json {}", node.id),
                        String::from("A single value is expected here, not a list."),
                    )
                });
                return;
            }
            if let Some(slicing) = &node.slicing {
                self.typed_slices(node, slicing, kind);
            }
            let graph = self.graph;
            if let Some(slice) = kind.slice.and_then(|slice| graph.node(slice)) {
                self.item(slice, None, value, shadow);
            } else {
                self.item(node, Some(kind), value, shadow);
            }
            return;
        }
        let items = match value {
            None => &[][..],
            Some(Value::Array(items)) => items.as_slice(),
            Some(_) => {
                self.say(Severity::Error, "structure", node, "", || {
                    (format!("json {}", node.id), String::from("A list is expected here, even of one."))
                });
                return;
            }
        };
        let shadows = match shadow {
            None => None,
            Some(Value::Array(shadows)) if matches!(kind.content, Content::Primitive(_)) => {
                Some(shadows.as_slice())
            }
            Some(_) => {
                let says = if matches!(kind.content, Content::Primitive(_)) {
                    "Beside a list of primitive values stands a list."
                } else {
                    ONLY_BESIDE_A_PRIMITIVE
                };
                self.say(Severity::Error, "structure", node, "", || {
                    (format!("json {}", node.id), String::from(says))
                });
                return;
            }
        };
        let count = items.len().max(shadows.map_or(0, <[Value]>::len));
        if count == 0 {
            self.say(Severity::Error, "structure", node, "", || {
                (
                    format!("json {}", node.id),
                    String::from("A list is never empty; leave the element out instead."),
                )
            });
            return;
        }
        let number = u32::try_from(count).unwrap_or(u32::MAX);
        if number < node.min {
            self.say(Severity::Error, "required", node, "", || {
                (format!("min {}", node.id), format!("At least {} are needed; {count} found.", node.min))
            });
        }
        if number > node.max {
            self.say(Severity::Error, "structure", node, "", || {
                (format!("max {}", node.id), format!("At most {} is allowed; {count} found.", node.max))
            });
        }
        if kind.care == Care::Extension && count > 1 {
            self.extension_numbers(items);
        }
        for index in items.len()..count {
            self.nothing_said(node, shadows.and_then(|list| list.get(index)), index);
        }
        if let Some(slicing) = &node.slicing {
            self.sliced(node, slicing, items, shadows);
            return;
        }
        for index in 0..count {
            if self.steps == 0 {
                break;
            }
            self.place.enter(Step::Index(index), index);
            let shadow = shadows.and_then(|list| list.get(index)).filter(|shadow| !shadow.is_null());
            self.item(node, Some(kind), items.get(index), shadow);
            self.place.leave();
        }
    }
}

impl<'a> Walk<'a> {
    /// Says of an entry without a value that it says nothing, when nothing stands beside it either.
    fn nothing_said(&mut self, node: &'a Node, shadow: Option<&'a Value>, index: usize) {
        if shadow.is_none_or(Value::is_null) {
            self.place.enter(Step::Index(index), index);
            self.say(Severity::Error, "structure", node, "", || {
                (
                    format!("json {}", node.id),
                    String::from("This entry has neither a value nor an extension."),
                )
            });
            self.place.leave();
        }
    }
}

/// What stands beside a primitive value.
fn shadow_of<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    map.iter().find(|(other, _)| other.strip_prefix('_') == Some(key)).map(|(_, value)| value)
}

/// A field of a value. What stands first is asked first, as `resourceType` does in a resource.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    field_of(value.as_object()?, name)
}

/// A field of an object.
pub(super) fn field_of<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if map.len() > READ_THROUGH_MAX {
        return match map.iter().next() {
            Some((key, first)) if key == name => Some(first),
            _ => map.get(name),
        };
    }
    map.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The text of a field. Small objects are read through: that is quicker than to look a key up.
pub(super) fn text_of<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    field_of(map, name)?.as_str()
}
