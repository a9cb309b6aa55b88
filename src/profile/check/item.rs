//! One value of an element: a primitive, an object or a resource.

use serde_json::Value;

use super::{
    fields::ONLY_BESIDE_A_PRIMITIVE,
    graph::{Alternative, Care, Content, InvariantId, Node, ShapeId},
    primitive::Primitive,
    slicing::list,
    walk::Walk,
};
use crate::profile::{finding::Severity, path::Kept};

impl<'a> Walk<'a> {
    /// Checks one value of an element; `kind` is which of its types it has (the first where it is not said).
    pub(super) fn item(
        &mut self,
        node: &'a Node,
        kind: Option<&'a Alternative>,
        value: Option<&'a Value>,
        shadow: Option<&'a Value>,
    ) {
        if !self.spend(1) {
            return;
        }
        let Some(kind) = kind.or_else(|| node.alternatives.first()) else { return };
        match kind.content {
            Content::Primitive(primitive) => self.primitive(node, kind, primitive, value, shadow),
            _ if shadow.is_some() => self.say(Severity::Error, "structure", node, "", || {
                (format!("json {}", node.id), String::from(ONLY_BESIDE_A_PRIMITIVE))
            }),
            Content::Shape(shape) => self.complex(node, kind, shape, value),
            Content::Resource => {
                if let Some(value) = value {
                    self.held_resource(node, kind, value);
                }
            }
            Content::Unknown => {}
        }
    }

    fn primitive(
        &mut self,
        node: &'a Node,
        kind: &'a Alternative,
        primitive: Primitive,
        value: Option<&'a Value>,
        shadow: Option<&'a Value>,
    ) {
        match value {
            None | Some(Value::Null) if shadow.is_some() => self.says_why(node, shadow),
            None => {}
            Some(Value::Null) => self.say(Severity::Error, "structure", node, "", || {
                (
                    format!("json {}", node.id),
                    String::from(
                        "`null` stands only in a list, where an extension stands in the list beside it.",
                    ),
                )
            }),
            Some(value) => {
                if let Some((code, says)) = primitive.fault(value) {
                    self.say(Severity::Error, code, node, "", || {
                        (format!("{} {}", primitive.as_str(), node.id), says.into_owned())
                    });
                } else {
                    self.demanded(node, value);
                    if let Some(bound) = &node.binding {
                        self.coded(node, kind, bound, value);
                    }
                    if primitive == Primitive::Xhtml {
                        self.narrative(node, value);
                    }
                    self.invariants(node, kind, &node.invariants, Some(value), None);
                    self.invariants(node, kind, &kind.invariants, Some(value), None);
                }
            }
        }
        match shadow {
            None => {
                if let Some(shape) = kind.beside {
                    self.nothing_beside(shape);
                }
            }
            Some(Value::Object(map)) if !map.is_empty() => {
                if let Some(shape) = kind.beside.or(self.graph.element) {
                    self.fields(node, kind, shape, map);
                }
            }
            Some(_) => self.say(Severity::Error, "structure", node, "", || {
                (
                    format!("json {}", node.id),
                    String::from("Beside a primitive value stands an object with `id` or `extension`."),
                )
            }),
        }
    }

    /// A primitive without a value has an extension that says why; an id alone is nothing, and must not stand in for
    /// what is demanded.
    fn says_why(&mut self, node: &'a Node, shadow: Option<&'a Value>) {
        let Some(Value::Object(map)) = shadow else { return };
        if !map.contains_key("extension") {
            self.say(Severity::Error, "invariant", node, "", || {
                (
                    String::from("ele-1"),
                    String::from(
                        "An element has a value, or an extension that says why not; leave it out instead.",
                    ),
                )
            });
        }
    }

    fn complex(&mut self, node: &'a Node, kind: &'a Alternative, shape: ShapeId, value: Option<&'a Value>) {
        let Some(value) = value else { return };
        let Value::Object(map) = value else {
            self.say(Severity::Error, "structure", node, "", || {
                (format!("json {}", node.id), format!("An object is expected here ({}).", kind.type_name))
            });
            return;
        };
        if map.is_empty() || (map.len() == 1 && map.contains_key("id")) {
            self.say(Severity::Error, "invariant", node, "", || {
                (
                    String::from("ele-1"),
                    String::from("An element has a value or children; leave it out instead."),
                )
            });
            return;
        }
        if kind.care == Care::Extension {
            self.extension(node, kind, shape, value, map);
            return;
        }
        let covered = self.profiled(node, kind, value);
        if !covered {
            self.fields(node, kind, shape, map);
            self.invariants(node, kind, &kind.invariants, Some(value), None);
        }
        self.demanded(node, value);
        if let Some(bound) = node.binding.as_ref().or(kind.binding.as_ref()) {
            self.coded(node, kind, bound, value);
        }
        match kind.care {
            Care::None | Care::Extension => {}
            Care::Reference => self.reference(node, kind, map),
            Care::Coding => self.coding(node, map),
            Care::Identifier => self.identifier(node, map),
            Care::Quantity => self.quantity(node, map),
        }
        self.invariants(node, kind, &node.invariants, Some(value), None);
    }

    /// Checks a value against the profiles that its element names for its type. Whether one of them covers all the
    /// rules of the element's own shape.
    pub(super) fn profiled(&mut self, node: &'a Node, kind: &'a Alternative, value: &'a Value) -> bool {
        match &*kind.profiles {
            [] => false,
            [only] => {
                if let Some(root) = only.root.and_then(|root| self.graph.node(root)) {
                    self.against(root, value);
                    return !kind.is_inline;
                }
                self.unknown_profile(node, &only.canonical);
                false
            }
            several => {
                let mut undecided = false;
                for profile in several {
                    match profile.root {
                        Some(root) if self.conforms(root, value) => return false,
                        Some(_) => {}
                        None => undecided = true,
                    }
                }
                if !undecided {
                    self.say(Severity::Error, "structure", node, "", || {
                        let names = list(several.iter().map(|profile| &*profile.canonical));
                        (
                            format!("profile {}", node.id),
                            format!("This fits none of the profiles that it may have: {names}."),
                        )
                    });
                }
                false
            }
        }
    }

    /// Says that a profile that an element names is not known here. Definitions are ours to show.
    pub(super) fn unknown_profile(&mut self, node: &'a Node, canonical: &str) {
        self.say(Severity::Information, "not-found", node, "", || {
            (
                format!("profile {}", node.id),
                format!("The profile {canonical} is not known here; this was not checked against it."),
            )
        });
    }

    /// Checks fixed value, pattern, least and greatest value, and length.
    pub(super) fn demanded(&mut self, node: &'a Node, value: &'a Value) {
        if let Some(demands) = &node.demands {
            super::demands::check(self, node, demands, value);
        }
    }

    /// Checks invariants.
    pub(super) fn invariants(
        &mut self,
        node: &'a Node,
        kind: &'a Alternative,
        invariants: &'a [InvariantId],
        value: Option<&'a Value>,
        shadow: Option<&'a Value>,
    ) {
        if invariants.is_empty() {
            return;
        }
        let kept = Kept::default();
        for id in invariants {
            if let Some(invariant) = self.graph.invariants.get(id.0) {
                self.invariant(node, kind, invariant, value, shadow, &kept);
            }
        }
    }
}
