//! Resources wherever they stand: which definitions one must fit, and what it stands in.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::{
    bundle::BundleIndex,
    fields::{field, field_of, text_of},
    graph::{Alternative, Content, Node, NodeId},
    place::Step,
    reference::contained_in,
    walk::{Scope, Walk},
};
use crate::{limits, profile::finding::Severity, profile::leniency::Tolerance};

impl<'a> Walk<'a> {
    /// Checks a whole document: a resource of a type that is known.
    pub(super) fn document(&mut self, value: &'a Value) {
        let asked: Vec<&'a str> = self.ask.profiles.to_vec();
        let scope = Scope {
            resource: Some(value),
            container: Some(value),
            contained: contained_in(value),
            bundle: None,
        };
        self.resource(None, value, &asked, scope);
    }

    /// Checks a resource that stands in an element.
    pub(super) fn held_resource(&mut self, node: &'a Node, kind: &'a Alternative, value: &'a Value) {
        let scope = if node.id.ends_with(".contained") {
            Scope { resource: Some(value), ..self.scope.clone() }
        } else {
            Scope {
                resource: Some(value),
                container: Some(value),
                contained: contained_in(value),
                bundle: self.scope.bundle.clone(),
            }
        };
        let wanted = &*kind.type_name;
        let found = field(value, "resourceType").and_then(Value::as_str);
        if !matches!(wanted, "Resource" | "DomainResource") && found.is_some_and(|found| found != wanted) {
            self.say(Severity::Error, "structure", node, "", || {
                (format!("type {}", node.id), format!("A resource of type {wanted} is expected here."))
            });
        }
        let mut asked: Vec<&'a str> = Vec::new();
        if let [only] = &*kind.profiles {
            asked.push(&only.canonical);
        } else {
            self.profiled(node, kind, value);
        }
        self.resource(Some(node), value, &asked, scope);
    }

    /// Checks a resource as an instance of one definition only.
    pub(super) fn resource_as(&mut self, root: &'a Node, value: &'a Value) {
        let wanted = self.graph.origin_of(root).map_or("", |origin| &origin.type_name);
        let found = field(value, "resourceType").and_then(Value::as_str);
        if wanted != "Resource" && wanted != "DomainResource" && found != Some(wanted) {
            self.trial_failed = true;
            return;
        }
        let id = field(value, "id").and_then(Value::as_str);
        let here = id.and_then(|id| self.scope.contained.as_ref()?.get(id).copied());
        // What is contained goes on being so: its own references lead to others of the same container.
        let scope = if here.is_some_and(|here| std::ptr::eq(here, value)) {
            Scope { resource: Some(value), ..self.scope.clone() }
        } else {
            let bundle = self.scope.bundle.clone();
            Scope { resource: Some(value), container: Some(value), contained: contained_in(value), bundle }
        };
        let outer = std::mem::replace(&mut self.scope, scope);
        self.against(root, value);
        self.scope = outer;
    }

    fn resource(&mut self, holder: Option<&'a Node>, value: &'a Value, asked: &[&'a str], scope: Scope<'a>) {
        let graph = self.graph;
        let Some(anchor) = holder.or_else(|| graph.node(*graph.resources.get("Resource")?)) else { return };
        let Value::Object(map) = value else {
            self.say(Severity::Error, "structure", anchor, "", || {
                ("json Resource".into(), "A resource is an object with `resourceType`.".into())
            });
            return;
        };
        let Some(kind) = text_of(map, "resourceType") else {
            self.say(Severity::Error, "required", anchor, "resourceType", || {
                (
                    "resourceType".into(),
                    "`resourceType` is missing: the name of a resource type of FHIR R4.".into(),
                )
            });
            return;
        };
        let base = graph.resources.get(kind).and_then(|root| Some((*root, graph.node(*root)?)));
        let Some((base, base_node)) = base else {
            self.say(Severity::Error, "structure", anchor, "resourceType", || {
                ("resourceType".into(), "This is not a resource type of FHIR R4.".into())
            });
            return;
        };
        if graph.origin_of(base_node).is_some_and(|origin| origin.is_abstract) {
            self.say(Severity::Error, "structure", anchor, "resourceType", || {
                ("resourceType".into(), "No resource is of this type itself; it is abstract.".into())
            });
            return;
        }
        let outer = std::mem::replace(&mut self.scope, scope);
        if kind == "Bundle" {
            self.scope.bundle = Some(Rc::new(BundleIndex::new(map)));
        }
        self.place.enter(Step::Resource(kind), 0);
        let mut roots: Vec<NodeId> = Vec::new();
        for canonical in asked {
            self.add_profile(base_node, canonical, None, &mut roots);
        }
        self.declared(base_node, map, &mut roots);
        self.drop_covered(&mut roots);
        if roots.is_empty() {
            roots.push(base);
        }
        for root in roots {
            if let Some(root) = graph.node(root)
                && let Some(Content::Shape(_)) = root.alternatives.first().map(|one| one.content)
            {
                self.against(root, value);
            }
        }
        if self.scope.container.is_none_or(|container| std::ptr::eq(container, value)) {
            self.contained_ids(base_node, map);
        }
        // What they say may turn the meaning of all that follows.
        if map.contains_key("implicitRules") {
            self.say(Severity::Error, "not-supported", base_node, "implicitRules", || {
                (
                    "implicit rules".into(),
                    "No implicit rules are known here, and without them the resource may mean something else; \
                     leave `implicitRules` out, and say in extensions and profiles what they say."
                        .into(),
                )
            });
        }
        match kind {
            "Bundle" => {
                self.bundle(base_node, map);
                self.message(base_node, map);
            }
            "MessageHeader" => self.message_header(base_node, map),
            _ => {}
        }
        self.place.leave();
        self.scope = outer;
    }

    /// Adds the profiles that a resource says it fits.
    fn declared(&mut self, base: &'a Node, map: &'a Map<String, Value>, roots: &mut Vec<NodeId>) {
        let declared =
            field_of(map, "meta").and_then(|meta| field(meta, "profile")).and_then(Value::as_array);
        for (number, canonical) in declared.into_iter().flatten().enumerate() {
            if number >= limits::CHECK_PROFILES_MAX {
                self.say(Severity::Error, "too-costly", base, "meta", || {
                    ("profiles-max".into(), "More profiles are named here than are checked.".into())
                });
                return;
            }
            let Some(canonical) = canonical.as_str() else { continue };
            self.add_profile(base, canonical, Some(number), roots);
        }
    }

    /// Adds a profile by its canonical URL; `declared` is its place in `meta.profile`.
    fn add_profile(
        &mut self,
        base: &'a Node,
        canonical: &str,
        declared: Option<usize>,
        roots: &mut Vec<NodeId>,
    ) {
        let depth = self.place.depth();
        if let Some(number) = declared {
            self.place.enter(Step::Key("meta"), 0);
            self.place.enter(Step::Key("profile"), 0);
            self.place.enter(Step::Index(number), number);
        }
        let graph = self.graph;
        let root = graph.roots.get(canonical).copied();
        let other_version = if root.is_none() { graph.root(canonical) } else { None };
        if let Some(root) = root.or(other_version) {
            if !self.is_of_type(root, base) {
                self.say(Severity::Error, "structure", base, "", || {
                    ("profile type".into(), "This is not a profile of this type of resource.".into())
                });
            } else if !roots.contains(&root) {
                roots.push(root);
            }
            if other_version.is_some() {
                self.say(Severity::Information, "not-found", base, "", || {
                    (
                        "profile version".into(),
                        "This version of the profile is not known here; the one that is was used.".into(),
                    )
                });
            }
        } else {
            let severity = self.ask.unknown_profiles;
            self.say_forgivable(Tolerance::UnknownProfiles, severity, "not-found", base, "", || {
                (
                    "profile known".into(),
                    "This profile is not known here; the resource was not checked against it.".into(),
                )
            });
        }
        self.place.leave_to(depth);
    }

    /// Whether a profile is one of this type of resource.
    fn is_of_type(&self, profile: NodeId, base: &Node) -> bool {
        let Some(origin) = self.graph.node(profile).and_then(|node| self.graph.origin_of(node)) else {
            return false;
        };
        matches!(&*origin.type_name, "Resource" | "DomainResource")
            || self.graph.origin_of(base).is_some_and(|base| base.type_name == origin.type_name)
    }

    /// Leaves out what another one is derived from: its rules are all in that one.
    fn drop_covered(&self, roots: &mut Vec<NodeId>) {
        if roots.len() < 2 {
            return;
        }
        let graph = self.graph;
        let origin = |root: &NodeId| graph.node(*root).and_then(|node| graph.origin_of(node));
        let all = roots.clone();
        roots.retain(|root| {
            let Some(own) = origin(root) else { return false };
            !all.iter().any(|other| {
                other != root && origin(other).is_some_and(|other| other.ancestors.contains(&own.url))
            })
        });
    }

    /// Says something that a partner may be forgiven.
    pub(super) fn say_forgivable(
        &mut self,
        tolerance: Tolerance,
        severity: Severity,
        code: &'static str,
        node: &Node,
        below: &str,
        words: impl FnOnce() -> (String, String),
    ) {
        if self.ask.forgives.has(tolerance) {
            self.say(Severity::Information, code, node, below, || {
                let (rule, says) = words();
                (rule, format!("{says} Forgiven: {}.", tolerance.as_str()))
            });
        } else {
            self.say(severity, code, node, below, words);
        }
    }
}
