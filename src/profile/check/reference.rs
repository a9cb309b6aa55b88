//! References: how they are written, whether what they point at is there, and whether it may be pointed at.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use serde_json::{Map, Value};

use super::{
    bundle::is_relative,
    fields::{field, text_of},
    graph::{Alternative, Node},
    place::Step,
    primitive::{is_oid, is_uuid},
    slicing::list,
    walk::Walk,
};
use crate::profile::{finding::Severity, leniency::Tolerance};

/// What a reference looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look<'r> {
    Contained(&'r str),
    /// An entry of the same Bundle: a UUID or an OID is no place where anything could be read.
    Entry,
    /// `Type/id` on the same server.
    Relative(&'r str),
    /// `Type?search`: what is found by it, in a transaction.
    Search(&'r str),
    /// An address elsewhere, with the type where it can be seen.
    Absolute(Option<&'r str>),
    Malformed,
}

fn look(reference: &str) -> Look<'_> {
    if let Some(id) = reference.strip_prefix('#') {
        return Look::Contained(id);
    }
    if reference.starts_with("urn:uuid:") {
        return if is_uuid(reference) { Look::Entry } else { Look::Malformed };
    }
    if reference.starts_with("urn:oid:") {
        return if is_oid(reference) { Look::Entry } else { Look::Malformed };
    }
    if let Some(kind) = is_relative(reference) {
        return Look::Relative(kind);
    }
    if let Some((kind, search)) = reference.split_once('?')
        && !search.is_empty()
        && kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|b| b.is_ascii_alphabetic())
    {
        return Look::Search(kind);
    }
    let Some((scheme, rest)) = reference.split_once(':') else { return Look::Malformed };
    if scheme.is_empty()
        || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    {
        return Look::Malformed;
    }
    if !rest.starts_with("//") {
        return if scheme == "urn" && rest.contains(':') { Look::Absolute(None) } else { Look::Malformed };
    }
    let plain = rest.split_once("/_history/").map_or(rest, |(plain, _)| plain);
    let kind = plain.rsplit('/').nth(1).filter(|kind| {
        kind.starts_with(|first: char| first.is_ascii_uppercase())
            && kind.bytes().all(|b| b.is_ascii_alphabetic())
    });
    Look::Absolute(kind)
}

/// The type of what a reference points at, as far as the reference itself says it.
pub(super) fn type_by_look(reference: &Value) -> Option<&str> {
    let text = |name: &str| field(reference, name).and_then(Value::as_str);
    let by_address = text("reference").and_then(|to| match look(to) {
        Look::Relative(kind) | Look::Search(kind) | Look::Absolute(Some(kind)) => Some(kind),
        _ => None,
    });
    by_address.or_else(|| text("type"))
}

/// Contained resources by their ids.
pub(super) type ContainedIndex<'a> = HashMap<&'a str, &'a Value>;

/// What a resource contains, by id: made once for each resource, for a message may hold as many references to its contained
/// resources as it has room for. Of two with one id the first counts.
pub(super) fn contained_in(container: &Value) -> Option<Rc<ContainedIndex<'_>>> {
    let list = field(container, "contained").and_then(Value::as_array)?;
    let mut index = ContainedIndex::with_capacity(list.len());
    for inner in list {
        if let Some(id) = field(inner, "id").and_then(Value::as_str) {
            index.entry(id).or_insert(inner);
        }
    }
    Some(Rc::new(index))
}

impl<'a> Walk<'a> {
    /// Each contained resource has an id of its own: of two, a reference could mean either.
    pub(super) fn contained_ids(&mut self, node: &'a Node, map: &'a Map<String, Value>) {
        let Some(list) = map.get("contained").and_then(Value::as_array).filter(|list| list.len() > 1) else {
            return;
        };
        let id = |inner: &'a Value| inner.get("id").and_then(Value::as_str);
        let different = self.scope.contained.as_ref().map_or(0, |index| index.len());
        if list.iter().filter(|inner| id(inner).is_some()).count() == different {
            return;
        }
        let order = map.keys().position(|key| key == "contained").unwrap_or(0);
        let mut seen = HashSet::with_capacity(list.len());
        for (number, inner) in list.iter().enumerate() {
            if id(inner).is_some_and(|id| !seen.insert(id)) {
                self.place.enter(Step::Key("contained"), order);
                self.place.enter(Step::Index(number), number);
                self.say(Severity::Error, "duplicate", node, "id", || {
                    (
                        "contained id".into(),
                        "Another contained resource has this id; each has its own, which references name."
                            .into(),
                    )
                });
                self.place.leave();
                self.place.leave();
            }
        }
    }

    /// What a reference points at, where that can be reached from here.
    pub(super) fn resolve(&self, reference: &str) -> Option<&'a Value> {
        if let Some(id) = reference.strip_prefix('#') {
            let container = self.scope.container?;
            if id.is_empty() {
                return Some(container);
            }
            return self.scope.contained.as_ref()?.get(id).copied();
        }
        self.scope.bundle.as_ref()?.find(reference)
    }

    /// Checks a reference.
    pub(super) fn reference(&mut self, node: &'a Node, kind: &'a Alternative, map: &'a Map<String, Value>) {
        let text = |name: &str| text_of(map, name);
        let Some(to) = text("reference") else {
            if let Some(named) = text("type") {
                self.target(node, kind, named, "type");
            }
            return;
        };
        let look = look(to);
        let is_transaction = self.scope.bundle.as_ref().is_some_and(|bundle| bundle.is_transaction);
        if look == Look::Malformed || matches!(look, Look::Search(_)) && !is_transaction {
            self.say_forgivable(Tolerance::ReferenceFormat, Severity::Error, "value", node, "reference", || {
                (
                    "reference format".into(),
                    "A reference is an address, `Type/id`, `urn:uuid:` with a UUID in lower case, `urn:oid:` with an OID, or `#id`.".into(),
                )
            });
            return;
        }
        let target = self.resolve(to);
        if target.is_none() {
            match look {
                Look::Contained(_) => self.say(Severity::Error, "not-found", node, "reference", || {
                    ("ref-1".into(), "No contained resource has this id.".into())
                }),
                Look::Entry if self.scope.bundle.is_some() => {
                    self.say_forgivable(
                        Tolerance::DanglingReferences,
                        Severity::Error,
                        "not-found",
                        node,
                        "reference",
                        || ("reference target".into(), "No entry of this Bundle has this address.".into()),
                    );
                }
                _ => {}
            }
        }
        let found =
            target.and_then(|target| field(target, "resourceType")).and_then(Value::as_str).or(match look {
                Look::Relative(kind) | Look::Search(kind) | Look::Absolute(Some(kind)) => Some(kind),
                _ => None,
            });
        if let Look::Relative(kind) | Look::Search(kind) = look
            && !self.graph.resources.contains_key(kind)
        {
            self.say(Severity::Error, "value", node, "reference", || {
                (
                    "reference format".into(),
                    "The type in this reference is no resource type of FHIR R4.".into(),
                )
            });
            return;
        }
        if let (Some(found), Some(named)) = (found, text("type"))
            && found != named
        {
            self.say(Severity::Error, "invalid", node, "type", || {
                ("reference type".into(), "`type` is not the type of what the reference points at.".into())
            });
        }
        match found.or_else(|| text("type")) {
            Some(found) if self.target(node, kind, found, "reference") => {
                if let Some(target) = target {
                    self.target_profile(node, kind, found, target);
                }
            }
            _ => {}
        }
    }

    /// Whether a resource of this type may be pointed at.
    fn target(&mut self, node: &'a Node, kind: &'a Alternative, found: &str, below: &str) -> bool {
        let allowed = |name: &str| name == found || name == "Resource";
        if kind.targets.is_empty()
            || kind.targets.iter().any(|target| target.type_name.as_deref().is_none_or(allowed))
        {
            return true;
        }
        self.say(Severity::Error, "structure", node, below, || {
            let mut names: Vec<&str> =
                kind.targets.iter().filter_map(|target| target.type_name.as_deref()).collect();
            names.dedup();
            (
                format!("target {}", node.id),
                format!("This may not point at such a resource. Allowed: {}.", list(names.into_iter())),
            )
        });
        false
    }

    /// Whether what is pointed at fits one of the profiles that it may have.
    fn target_profile(&mut self, node: &'a Node, kind: &'a Alternative, found: &str, target: &'a Value) {
        if self.trials > 0 {
            return;
        }
        let fitting = || kind.targets.iter().filter(|one| one.type_name.as_deref() == Some(found));
        if fitting().next().is_none() || fitting().any(|one| one.root.is_none()) {
            return;
        }
        let declared =
            field(target, "meta").and_then(|meta| field(meta, "profile")).and_then(Value::as_array);
        for canonical in declared.into_iter().flatten().filter_map(Value::as_str) {
            let Some(origin) =
                self.graph.root(canonical).and_then(|root| self.graph.origin_of(self.graph.node(root)?))
            else {
                continue;
            };
            let covers = |one: &super::graph::Target| {
                let url = one.canonical.split('|').next().unwrap_or_default();
                *origin.url == *url || origin.ancestors.iter().any(|ancestor| **ancestor == *url)
            };
            if fitting().any(covers) {
                return;
            }
        }
        let roots: Vec<_> = fitting().filter_map(|one| one.root).collect();
        for root in roots {
            if self.conforms_once(root, target) {
                return;
            }
        }
        // Where the steps ran out nothing was found out, and that is said at the end.
        if self.steps == 0 {
            return;
        }
        self.say(Severity::Error, "structure", node, "reference", || {
            (
                format!("target profile {}", node.id),
                format!(
                    "What this points at fits none of the profiles that it may have: {}.",
                    list(fitting().map(|one| &*one.canonical))
                ),
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_by_their_look() {
        assert_eq!(look("Patient/1"), Look::Relative("Patient"));
        assert_eq!(look("Patient/1/_history/2"), Look::Relative("Patient"));
        assert_eq!(look("https://a.example/fhir/Patient/1"), Look::Absolute(Some("Patient")));
        assert_eq!(look("https://a.example/x"), Look::Absolute(None));
        assert_eq!(look("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"), Look::Entry);
        assert_eq!(look("urn:oid:1.2.3"), Look::Entry);
        assert_eq!(look("urn:example:1"), Look::Absolute(None));
        assert_eq!(look("#a"), Look::Contained("a"));
        for wrong in [
            ":uuid:c757873d",
            "c757873d-ec9a-4326-a141-556f43239520",
            "Patient",
            "patient/1",
            "urn:uuid:1",
            "urn:oid:1.02.3",
            "urn:oid:9.1",
            "",
        ] {
            assert_eq!(look(wrong), Look::Malformed, "{wrong}");
        }
    }
}
