//! Bundles: finding a resource in one, and the rules that hold between its entries.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{fields::field, graph::Node, place::Step, primitive::is_id, walk::Walk};
use crate::profile::{finding::Severity, leniency::Tolerance};

/// The entries of a Bundle by their addresses.
#[derive(Debug)]
pub(super) struct BundleIndex<'a> {
    by_url: HashMap<&'a str, &'a Value>,
    /// By `Type/id`, for references that are relative.
    by_name: HashMap<(&'a str, &'a str), &'a Value>,
    /// Whether this is a message or a document, which holds what it speaks of.
    pub(super) is_whole: bool,
    /// Whether this is a transaction, in which a reference may be a search for what it means.
    pub(super) is_transaction: bool,
}

impl<'a> BundleIndex<'a> {
    pub(super) fn new(bundle: &'a Map<String, Value>) -> Self {
        let kind = bundle.get("type").and_then(Value::as_str);
        let mut index = Self {
            by_url: HashMap::new(),
            by_name: HashMap::new(),
            is_whole: matches!(kind, Some("message" | "document")),
            is_transaction: kind == Some("transaction"),
        };
        for entry in bundle.get("entry").and_then(Value::as_array).into_iter().flatten() {
            let Some(resource) = field(entry, "resource") else { continue };
            if let Some(url) = field(entry, "fullUrl").and_then(Value::as_str) {
                index.by_url.entry(url).or_insert(resource);
                let mut tail = url.rsplit('/');
                if let (Some(id), Some(kind)) = (tail.next(), tail.next()) {
                    index.by_name.entry((kind, id)).or_insert(resource);
                }
            }
            let text = |name: &str| field(resource, name).and_then(Value::as_str);
            if let (Some(kind), Some(id)) = (text("resourceType"), text("id")) {
                index.by_name.entry((kind, id)).or_insert(resource);
            }
        }
        index
    }

    /// The resource of this address, or of this `Type/id`.
    pub(super) fn find(&self, reference: &str) -> Option<&'a Value> {
        if let Some(found) = self.by_url.get(reference) {
            return Some(found);
        }
        if reference.starts_with("urn:") {
            return None;
        }
        let plain = reference.split_once("/_history/").map_or(reference, |(plain, _)| plain);
        if let Some(found) = self.by_url.get(plain) {
            return Some(found);
        }
        if plain.contains(':') {
            return None;
        }
        let (kind, id) = plain.split_once('/')?;
        self.by_name.get(&(kind, id)).copied()
    }
}

impl<'a> Walk<'a> {
    /// The rules between the entries of a Bundle that are no invariants of R4.
    pub(super) fn bundle(&mut self, node: &'a Node, map: &'a Map<String, Value>) {
        let entries = map.get("entry").and_then(Value::as_array);
        let order = map.keys().position(|key| key == "entry").unwrap_or(0);
        let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
        for (number, entry) in entries.into_iter().flatten().enumerate() {
            let Some(url) = field(entry, "fullUrl").and_then(Value::as_str) else {
                if lacks_address(kind, entry) {
                    self.place.enter(Step::Key("entry"), order);
                    self.place.enter(Step::Index(number), number);
                    self.say(Severity::Error, "required", node, "fullUrl", || {
                        let says = "An entry has a `fullUrl`, which is where its resource is or urn:uuid: and a UUID.";
                        ("fullUrl".into(), says.into())
                    });
                    self.place.leave();
                    self.place.leave();
                }
                continue;
            };
            let id =
                field(entry, "resource").and_then(|resource| field(resource, "id")).and_then(Value::as_str);
            let kind = field(entry, "resource")
                .and_then(|resource| field(resource, "resourceType"))
                .and_then(Value::as_str);
            // How a UUID and an OID are written is looked at with every other URI.
            let says = if !url.contains(':') {
                Some("`fullUrl` is absolute: an address that begins with https:// or urn:uuid:.")
            } else if let (true, Some(id), Some(kind)) = (url.starts_with("http"), id, kind) {
                let mut tail = url.rsplit('/');
                let agrees = tail.next() == Some(id) && tail.next() == Some(kind);
                (!agrees)
                    .then_some("`fullUrl` ends in the type and the id of the resource, as in …/Patient/1.")
            } else {
                None
            };
            if let Some(says) = says {
                self.place.enter(Step::Key("entry"), order);
                self.place.enter(Step::Index(number), number);
                self.say(Severity::Error, "value", node, "fullUrl", || ("fullUrl".into(), says.into()));
                self.place.leave();
                self.place.leave();
            }
        }
    }

    /// What a message speaks of is in it.
    pub(super) fn message_header(&mut self, node: &'a Node, map: &'a Map<String, Value>) {
        let Some(bundle) = self.scope.bundle.clone().filter(|bundle| bundle.is_whole) else { return };
        let order = map.keys().position(|key| key == "focus").unwrap_or(0);
        let focus = map.get("focus").and_then(Value::as_array);
        for (number, reference) in focus.into_iter().flatten().enumerate() {
            let Some(to) = field(reference, "reference").and_then(Value::as_str) else { continue };
            // Those that name an entry by its UUID or OID are looked at with every other reference.
            if to.starts_with("urn:uuid:")
                || to.starts_with("urn:oid:")
                || to.starts_with('#')
                || bundle.find(to).is_some()
            {
                continue;
            }
            self.place.enter(Step::Key("focus"), order);
            self.place.enter(Step::Index(number), number);
            self.say_forgivable(
                Tolerance::DanglingReferences,
                Severity::Error,
                "not-found",
                node,
                "reference",
                || {
                    (
                        "focus".into(),
                        "What a message is about stands in the message; no entry has this address.".into(),
                    )
                },
            );
            self.place.leave();
            self.place.leave();
        }
    }
}

/// Whether an entry without `fullUrl` has to have one. R4 lets it be left out where a resource is yet to be made (a POST)
/// and in results of operations that have no identity; a transaction and its like say by `request` where a resource is.
fn lacks_address(kind: &str, entry: &Value) -> bool {
    let Some(resource) = field(entry, "resource") else { return false };
    match kind {
        "message" | "document" => true,
        "collection" | "searchset" => field(resource, "id").is_some(),
        _ => false,
    }
}

/// Whether this is `Type/id`, with a version or without.
pub(super) fn is_relative(reference: &str) -> Option<&str> {
    let plain = match reference.split_once("/_history/") {
        Some((plain, version)) if is_id(version) => plain,
        Some(_) => return None,
        None => reference,
    };
    let (kind, id) = plain.split_once('/')?;
    let named = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    (named && is_id(id)).then_some(kind)
}
