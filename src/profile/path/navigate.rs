//! From an element to its children, by FHIR's rules for JSON: choices by their suffix, primitives with what stands
//! beside them, arrays as several elements.

use serde_json::{Map, Value};

use super::{
    eval::{Outcome, Run, Scope},
    fault::EvalFault,
    tree::{Space, Tree, TypeName},
    value::{Collection, Item, Node, TypeOf},
};
use crate::limits;

/// The types that a choice may have, as the suffix in JSON and as FHIR names them.
///
/// Source: FHIR R4 (4.0.1), "Open Type Element", and the data types that its choices name besides.
#[rustfmt::skip]
const CHOICES: &[&str] = &[
    "base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
    "markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "Address", "Age",
    "Annotation", "Attachment", "CodeableConcept", "Coding", "ContactDetail", "ContactPoint", "Contributor", "Count",
    "DataRequirement", "Distance", "Dosage", "Duration", "Expression", "HumanName", "Identifier", "Meta", "Money",
    "ParameterDefinition", "Period", "Quantity", "Range", "Ratio", "Reference", "RelatedArtifact", "SampledData",
    "Signature", "Timing", "TriggerDefinition", "UsageContext",
];

/// Objects with more members than this are looked up in rather than read through.
const READ_THROUGH_MAX: usize = 16;

/// The type of a choice's suffix: `dateTime` of `DateTime`.
fn choice_type(suffix: &str) -> Option<&'static str> {
    let first = suffix.bytes().next().filter(u8::is_ascii_uppercase)?;
    let rest = suffix.get(1..)?;
    CHOICES.iter().copied().find(|name| {
        name.bytes().next().is_some_and(|b| b.eq_ignore_ascii_case(&first)) && name.get(1..) == Some(rest)
    })
}

/// What JSON has of one element: its value, what stands beside it, and its type where it is a choice.
#[derive(Clone, Copy, Default)]
struct Member<'v> {
    value: Option<&'v Value>,
    sibling: Option<&'v Value>,
    choice: Option<&'static str>,
}

/// The element called `name` (`underscored` without its `_`).
fn member<'v>(map: &'v Map<String, Value>, underscored: &str) -> Member<'v> {
    let Some(name) = underscored.get(1..) else { return Member::default() };
    let first = name.as_bytes().first();
    let mut found = Member::default();
    if map.len() > READ_THROUGH_MAX {
        found = Member { value: map.get(name), sibling: map.get(underscored), choice: None };
        if found.value.is_some() || found.sibling.is_some() {
            return found;
        }
    }
    for (key, value) in map {
        let (own, key) = match key.strip_prefix('_') {
            Some(rest) => (false, rest),
            None => (true, key.as_str()),
        };
        // Most keys differ in their first letter: that is asked before the whole is compared.
        if key.as_bytes().first() != first {
            continue;
        }
        let Some(suffix) = key.strip_prefix(name) else { continue };
        if !suffix.is_empty() {
            let Some(choice) = choice_type(suffix) else { continue };
            if found.choice.is_none() && (found.value.is_some() || found.sibling.is_some()) {
                continue;
            }
            found.choice = Some(choice);
        } else if found.choice.is_some() {
            found = Member::default();
        }
        if own {
            found.value = Some(value);
        } else {
            found.sibling = Some(value);
        }
    }
    found
}

/// The type that a resource says it is; most say it first.
pub(super) fn resource_type(value: &Value) -> Option<&str> {
    first_says_type(value).or_else(|| value.as_object()?.get("resourceType")?.as_str())
}

/// The type of a resource that says it first.
fn first_says_type(value: &Value) -> Option<&str> {
    match value.as_object()?.iter().next() {
        Some((key, Value::String(name))) if key == "resourceType" => Some(name),
        _ => None,
    }
}

/// The members of an element: of an object its own, of a primitive those of what stands beside it.
fn members<'v>(node: &Node<'v>) -> Option<&'v Map<String, Value>> {
    match node.value {
        Some(Value::Object(map)) => Some(map),
        _ => node.sibling.and_then(Value::as_object),
    }
}

impl<'v> Run<'_, 'v> {
    /// The children called so of every item.
    pub(super) fn named(
        &self,
        items: &[Item<'v>],
        underscored: &'v str,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        for item in items {
            let Item::Node(node) = item else { continue };
            let Some(map) = members(node) else { continue };
            self.spend(1 + map.len() / READ_THROUGH_MAX)?;
            let found = member(map, underscored);
            let kind = match found.choice {
                Some(choice) => TypeOf::Known(choice),
                None if self.typed => self.child_kind(node, underscored.get(1..).unwrap_or_default()),
                None => TypeOf::Unknown,
            };
            self.emit(found.value, found.sibling, kind, out)?;
        }
        Ok(())
    }

    /// Whether any item has a child called so.
    pub(super) fn has_named(&self, items: &[Item<'v>], underscored: &str) -> Outcome<bool> {
        for item in items {
            let Item::Node(node) = item else { continue };
            let Some(map) = members(node) else { continue };
            self.spend(1 + map.len() / READ_THROUGH_MAX)?;
            let found = member(map, underscored);
            if found.value.is_some_and(is_there) || found.sibling.is_some_and(is_there) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn child_kind(&self, node: &Node<'v>, name: &'v str) -> TypeOf<'v> {
        match self.type_of(node) {
            Some(parent) => TypeOf::Child(parent, name),
            None => TypeOf::Unknown,
        }
    }

    /// One element, or each of an array.
    fn emit(
        &self,
        value: Option<&'v Value>,
        sibling: Option<&'v Value>,
        kind: TypeOf<'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let (values, siblings) = (value.and_then(Value::as_array), sibling.and_then(Value::as_array));
        if values.is_none() && siblings.is_none() {
            return self.emit_one(value, sibling, kind, out);
        }
        let length = values.map_or(0, Vec::len).max(siblings.map_or(0, Vec::len));
        for at in 0..length {
            let value = values.and_then(|v| v.get(at));
            self.emit_one(value, siblings.and_then(|v| v.get(at)), kind, out)?;
        }
        Ok(())
    }

    fn emit_one(
        &self,
        value: Option<&'v Value>,
        sibling: Option<&'v Value>,
        kind: TypeOf<'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let value = value.filter(|v| !v.is_null());
        let sibling = sibling.filter(|v| !v.is_null());
        if value.is_none() && sibling.is_none() {
            return Ok(());
        }
        self.push(out, Item::Node(Node { value, sibling, kind }))
    }

    /// Every child of an item.
    pub(super) fn children(&self, item: &Item<'v>, out: &mut Collection<'v>) -> Outcome<()> {
        let Item::Node(node) = item else { return Ok(()) };
        let Some(map) = members(node) else { return Ok(()) };
        let parent = if self.typed { self.type_of(node) } else { None };
        for (key, value) in map {
            let name = key.strip_prefix('_').unwrap_or(key);
            let kind = parent.map_or(TypeOf::Unknown, |parent| TypeOf::Child(parent, name));
            if key.len() != name.len() {
                if !map.contains_key(name) {
                    self.emit(None, Some(value), kind, out)?;
                }
            } else if key != "resourceType" {
                let sibling = if may_have_sibling(value) { beside(map, key) } else { None };
                self.emit(Some(value), sibling, kind, out)?;
            }
        }
        Ok(())
    }

    /// How many children an item has.
    pub(super) fn count_children(&self, item: &Item<'v>) -> Outcome<usize> {
        let Item::Node(node) = item else { return Ok(0) };
        let Some(map) = members(node) else { return Ok(0) };
        self.spend(1 + map.len())?;
        let mut count = 0;
        for (key, value) in map {
            let is_counted = match key.strip_prefix('_') {
                Some(name) => !map.contains_key(name),
                None => key != "resourceType",
            };
            if is_counted {
                count += match value {
                    Value::Array(items) if !items.iter().any(Value::is_null) => items.len(),
                    Value::Array(_) | Value::Null => {
                        let mut one = Collection::new();
                        let own = !key.starts_with('_');
                        let sibling = if own { beside(map, key) } else { Some(value) };
                        self.emit(own.then_some(value), sibling, TypeOf::Unknown, &mut one)?;
                        one.len()
                    }
                    _ => 1,
                };
            }
        }
        Ok(count)
    }

    /// Everything below the items, parents before children.
    pub(super) fn descendants(&self, base: &[Item<'v>], out: &mut Collection<'v>) -> Outcome<()> {
        let first = out.len();
        for item in base {
            self.children(item, out)?;
        }
        let mut at = first;
        while let Some(item) = out.get(at).cloned() {
            self.children(&item, out)?;
            at += 1;
        }
        Ok(())
    }

    /// The extensions with the URL that `argument` gives.
    pub(super) fn extension(
        &self,
        base: &[Item<'v>],
        argument: Option<&'v Tree>,
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let Some(argument) = argument else { return Ok(()) };
        let url = self.single(argument, scope, "extension()")?;
        let Some(url) = url.as_ref().and_then(Item::text) else { return Ok(()) };
        let mut all = Collection::new();
        self.named(base, "_extension", &mut all)?;
        for item in all {
            let Item::Node(node) = &item else { continue };
            if node.value.and_then(|v| v.get("url")).and_then(Value::as_str) == Some(url) {
                self.push(out, item)?;
            }
        }
        Ok(())
    }

    /// What references point at, where it is here.
    pub(super) fn resolve(&self, base: &[Item<'v>], out: &mut Collection<'v>) -> Outcome<()> {
        for item in base {
            let reference = match item {
                Item::Node(Node { value: Some(Value::Object(map)), .. }) => {
                    map.get("reference").and_then(Value::as_str)
                }
                _ => item.text(),
            };
            let Some(root) = self.focus.root.value else { continue };
            self.spend(limits::PATH_RESOLVE_STEPS)?;
            if let Some(found) = reference.and_then(|reference| self.world.resolve(reference, root)) {
                self.push(out, Item::Node(Node::resource(found)))?;
            }
        }
        Ok(())
    }

    /// The type of an element, where it is known.
    pub(super) fn type_of(&self, node: &Node<'v>) -> Option<&'v str> {
        let declared = match node.kind {
            TypeOf::Unknown => None,
            TypeOf::Known(name) => Some(name),
            TypeOf::Child(parent, name) => match node.value.and_then(first_says_type) {
                // What says that it is a resource is one: nothing else has a `resourceType`.
                Some(own) => Some(own),
                None => self.world.child_type(parent, name).or_else(|| choice_at_end(name)),
            },
        };
        let own = || node.value.and_then(resource_type);
        match declared {
            None | Some("Resource" | "DomainResource") => own().or(declared),
            known => known,
        }
    }

    /// Whether an item is of a type.
    pub(super) fn is_of(&self, item: &Item<'v>, asked: &TypeName) -> bool {
        let name: &str = &asked.name;
        let Item::Node(node) = item else {
            let own = match item {
                Item::Node(_) => return false,
                Item::Boolean(_) => "Boolean",
                Item::Integer(_) => "Integer",
                Item::Decimal(_) => "Decimal",
                Item::String(_) => "String",
                Item::Temporal(t) => match t.kind() {
                    super::TemporalKind::Date => "Date",
                    super::TemporalKind::DateTime => "DateTime",
                    super::TemporalKind::Time => "Time",
                },
                Item::Quantity(_) => "Quantity",
            };
            return asked.space != Space::Fhir && own == name;
        };
        if asked.space == Space::System {
            return false;
        }
        let own = self.type_of(node).or_else(|| match node.value? {
            Value::Bool(_) => Some("boolean"),
            Value::Number(n) if n.as_str().bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                Some("integer")
            }
            Value::Number(_) => Some("decimal"),
            _ => None,
        });
        let Some(own) = own else { return false };
        if own == name || self.world.is_subtype(own, name) {
            return true;
        }
        // FHIR's own invariants write `answer is Boolean` and mean its `boolean`.
        let primitive = match name {
            "Boolean" => "boolean",
            "Integer" => "integer",
            "Decimal" => "decimal",
            "String" => "string",
            "Date" => "date",
            "DateTime" => "dateTime",
            "Time" => "time",
            _ => return false,
        };
        asked.space == Space::Either && (own == primitive || self.world.is_subtype(own, primitive))
    }

    /// Whether a name with a capital at the beginning of a path means this item.
    pub(super) fn is_rooted(&self, item: &Item<'v>, name: &str) -> bool {
        let Item::Node(node) = item else { return false };
        let Some(own) = self.type_of(node) else { return false };
        own == name || self.world.is_subtype(own, name)
    }

    /// A fault when something goes deeper than a message may.
    pub(super) fn depth(depth: usize) -> Outcome<()> {
        if depth > limits::JSON_DEPTH_MAX * 2 { Err(EvalFault::TooDeep) } else { Ok(()) }
    }
}

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(|item| !item.is_null()),
        _ => true,
    }
}

/// Whether something may stand beside a value: beside primitives, and arrays of them.
fn may_have_sibling(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => !matches!(items.first(), Some(Value::Object(_))),
        _ => true,
    }
}

/// What stands beside the member called `name`.
fn beside<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if map.len() > READ_THROUGH_MAX {
        return map.get(&format!("_{name}"));
    }
    map.iter().find(|(key, _)| key.strip_prefix('_') == Some(name)).map(|(_, value)| value)
}

/// The type of a choice that is named in full: `dateTime` of `valueDateTime`.
fn choice_at_end(name: &str) -> Option<&'static str> {
    name.char_indices()
        .filter(|(_, c)| c.is_ascii_uppercase())
        .find_map(|(at, _)| choice_type(name.get(at..).unwrap_or_default()))
}
