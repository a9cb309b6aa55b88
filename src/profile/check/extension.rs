//! Extensions: each is checked against its own definition, where that is known, and where it may stand.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    fields::{field, text_of},
    graph::{Alternative, Node, Origin, ShapeId},
    place::Step,
    walk::{Holder, Walk},
};
use crate::profile::{
    definition::{Context, Rules},
    finding::Severity,
    leniency::Tolerance,
};

/// Stands for the definition of an extension that is not known here.
const UNKNOWN: &str = "";

impl<'a> Walk<'a> {
    /// Checks one extension.
    pub(super) fn extension(
        &mut self,
        node: &'a Node,
        kind: &'a Alternative,
        shape: ShapeId,
        value: &'a Value,
        map: &'a Map<String, Value>,
    ) {
        let url = text_of(map, "url").unwrap_or_default();
        let by_profile = kind.profiles.iter().find_map(|profile| profile.root);
        let graph = self.graph;
        let known = if url.contains(':') { graph.root(url) } else { None };
        let root = by_profile
            .or(known)
            .and_then(|root| graph.node(root))
            .filter(|root| graph.origin_of(root).is_some_and(|origin| &*origin.type_name == "Extension"));
        if let Some(root) = root {
            if let Some(origin) = graph.origin_of(root) {
                self.modifies(node, origin);
                self.context(root, origin);
                self.extensions.push(&origin.url);
            }
            self.against(root, value);
            self.extensions.pop();
            if kind.is_inline {
                // Which parts there are its own definition has said.
                self.extensions.push(UNKNOWN);
                self.fields(node, kind, shape, map);
                self.extensions.pop();
            }
        } else {
            // A part that its definition names has no parts but those that are named there as well.
            let part = kind.is_inline && self.inside_extension().is_some();
            let by = if part { self.extensions.last().copied() } else { None };
            self.extensions.push(by.unwrap_or(UNKNOWN));
            self.fields(node, kind, shape, map);
            self.extensions.pop();
            self.invariants(node, kind, &kind.invariants, Some(value), None);
            // One that fits a slice inside another extension is known by that.
            if !kind.is_inline && !url.is_empty() {
                self.unknown_extension(node, url);
            }
        }
        let has_value = map.keys().any(|key| {
            key.strip_prefix('_').unwrap_or(key).strip_prefix("value").is_some_and(|rest| !rest.is_empty())
        });
        if has_value == map.contains_key("extension") {
            self.say(Severity::Error, "invariant", node, "", || {
                ("ext-1".into(), "An extension has either a value or extensions inside, and not both.".into())
            });
        }
        self.demanded(node, value);
        self.invariants(node, kind, &node.invariants, Some(value), None);
    }

    /// Whether each extension stands here as often as its own definition allows, whatever a profile says of it.
    pub(super) fn extension_numbers(&mut self, items: &'a [Value]) {
        let graph = self.graph;
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for (number, item) in items.iter().enumerate() {
            let Some(url) = field(item, "url").and_then(Value::as_str).filter(|url| url.contains(':')) else {
                continue;
            };
            let Some(root) = graph.root(url).and_then(|root| graph.node(root)) else { continue };
            let count = counts.entry(url).or_default();
            *count += 1;
            if *count > root.max
                && graph.origin_of(root).is_some_and(|origin| &*origin.type_name == "Extension")
            {
                self.place.enter(Step::Index(number), number);
                self.say(Severity::Error, "structure", root, "", || {
                    (
                        "extension max".into(),
                        format!(
                            "By its definition, at most {} of this extension may stand on one element.",
                            root.max
                        ),
                    )
                });
                self.place.leave();
            }
        }
    }

    fn unknown_extension(&mut self, node: &'a Node, url: &str) {
        // Of one that is not known here, no part can be wrong.
        let inside_known =
            self.inside_extension().is_some() && self.extensions.last().is_some_and(|url| *url != UNKNOWN);
        if !url.contains(':') {
            // Where no other part may stand at all, that is said.
            let is_closed = node.slicing.as_ref().is_some_and(|slicing| slicing.rules == Rules::Closed);
            if is_closed || (!inside_known && self.inside_extension().is_some()) {
                return;
            }
            self.say(Severity::Error, "value", node, "url", || {
                let says = if inside_known {
                    "The definition of the extension around this one knows no part of this name."
                } else {
                    "The `url` of an extension is absolute; only inside another one is it a name."
                };
                ("extension url".into(), says.into())
            });
            return;
        }
        if is_for_modifiers(node) {
            self.say(Severity::Error, "extension", node, "url", || {
                (
                    "modifier known".into(),
                    "This extension changes the meaning of what holds it and is not known here, so that cannot be used.".into(),
                )
            });
            return;
        }
        self.say_forgivable(
            Tolerance::UnknownExtensions,
            Severity::Warning,
            "extension",
            node,
            "url",
            || ("extension known".into(), "This extension is not known here; it was not checked.".into()),
        );
    }

    /// Whether an extension stands where those stand that change the meaning, and only if it is one of them: a reader
    /// that does not know it goes by the place.
    fn modifies(&mut self, node: &'a Node, origin: &'a Origin) {
        let says = match (is_for_modifiers(node), origin.is_modifier) {
            (true, false) => "This extension is no modifier by its definition; put it into `extension`.",
            (false, true) => {
                "This extension changes the meaning of what holds it; put it into `modifierExtension`."
            }
            _ => return,
        };
        self.say(Severity::Error, "extension", node, "", || ("modifier place".into(), says.into()));
    }

    /// The extension that holds this one directly.
    fn inside_extension(&self) -> Option<Holder<'a>> {
        self.holders.last().copied().filter(|holder| holder.type_name == "Extension")
    }

    /// Whether the extension may stand here.
    fn context(&mut self, root: &'a Node, origin: &'a Origin) {
        if !origin.context_rules.is_empty() {
            self.say(Severity::Information, "not-supported", root, "", || {
                let rules = origin.context_rules.join("; ");
                let says = "Where this extension may stand is said by rules that are not evaluated";
                ("extension context".into(), format!("{says}: {rules}."))
            });
        }
        if origin.contexts.is_empty() {
            return;
        }
        let Some(holder) = self.holders.last().copied() else { return };
        let path = plain(holder.element);
        let above = self
            .holders
            .len()
            .checked_sub(2)
            .and_then(|at| self.holders.get(at))
            .map(|above| above.type_name);
        let field = path.rsplit_once('.').map_or("", |(_, field)| field);
        let fits = origin.contexts.iter().any(|context| match context {
            Context::Element(wanted) => {
                let wanted = wanted.strip_prefix(super::compile::R4).unwrap_or(wanted);
                wanted == "Element"
                    || wanted == path
                    || wanted == holder.type_name
                    || (matches!(wanted, "Resource" | "DomainResource")
                        && self.graph.resources.contains_key(holder.type_name))
                    || (wanted == "BackboneElement" && path.contains('.'))
                    || wanted.split_once('.').is_some_and(|(kind, part)| {
                        Some(kind) == above && part.strip_suffix("[x]").unwrap_or(part) == field
                    })
            }
            Context::Extension(url) => self.holder_url().is_some_and(|holder| holder == url),
            // Not decided here: what stands in the way of a reading is said where it is compiled.
            Context::FhirPath(_) => true,
        });
        if !fits {
            self.say(Severity::Error, "extension", root, "", || {
                let mut places = String::new();
                for context in &origin.contexts {
                    let (Context::Element(place) | Context::Extension(place) | Context::FhirPath(place)) =
                        context;
                    if !places.is_empty() {
                        places.push_str(", ");
                    }
                    places.push_str(place);
                }
                (
                    "extension context".into(),
                    format!("This extension may not stand here. It may on: {places}."),
                )
            });
        }
    }

    /// The definition of the extension that holds this one.
    fn holder_url(&self) -> Option<&str> {
        self.inside_extension()?;
        self.extensions.last().copied()
    }
}

/// Whether what stands in this element changes the meaning of what holds it.
fn is_for_modifiers(node: &Node) -> bool {
    let last = node.id.rsplit('.').next().unwrap_or_default();
    last.split(':').next() == Some("modifierExtension")
}

/// A path without the names of slices.
fn plain(id: &str) -> String {
    let mut path = String::with_capacity(id.len());
    for part in id.split('.') {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(part.split(':').next().unwrap_or(part));
    }
    path
}
