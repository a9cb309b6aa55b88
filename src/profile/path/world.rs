//! What an expression is evaluated on, and what it may ask of its surroundings.

use serde_json::Value;

use super::value::Node;

/// What the surroundings of an expression know. Names given out live as long as the message (`'v`).
///
/// A type is named as FHIR names it: `Patient`, `dateTime`. The type of an element with children of its own is named
/// by its path, `Patient.contact`, so that the children can be asked for; of a `contentReference` it is the path
/// referred to.
pub trait World<'v> {
    /// The type of the child that JSON calls `name` (`birthDate`, never `valueString`: choices are known by their
    /// suffix) of an element of type `parent`. `None`: not known; text is then text.
    fn child_type(&self, parent: &str, name: &str) -> Option<&'v str>;

    /// Whether `name` is `of`, or is derived from it: `age` from `Quantity`, `Patient.contact` from
    /// `BackboneElement`, `canonical` from `uri`.
    fn is_subtype(&self, name: &str, of: &str) -> bool;

    /// The resource that a reference in `root` (the resource that contains the others) points at. `None`: it is not
    /// here; the reference is then left out, as FHIRPath asks.
    fn resolve(&self, reference: &str, root: &'v Value) -> Option<&'v Value>;

    /// Whether a code, `Coding` or `CodeableConcept` is in a value set. `None`: it cannot be decided here.
    fn member_of(&self, code: &Value, value_set: &str) -> Option<bool>;

    /// Whether an element keeps to a profile. `None`: it cannot be decided here.
    fn conforms_to(&self, value: &Value, profile: &str) -> Option<bool>;

    /// Whether a narrative's XHTML has only what FHIR allows there. `None`: it cannot be decided here.
    fn html_checks(&self, div: &str) -> Option<bool>;

    /// The time. `None`: this is not the place to ask.
    fn now(&self) -> Option<jiff::Timestamp>;
}

/// The element that an expression is evaluated on, and the resources that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Focus<'v> {
    /// The element: `$this` and `%context`.
    pub node: Node<'v>,
    /// The resource that holds it: `%resource`.
    pub resource: Node<'v>,
    /// The same, or the resource that contains that one: `%rootResource`.
    pub root: Node<'v>,
}

impl<'v> Focus<'v> {
    /// A resource by itself.
    #[must_use]
    pub fn of_resource(resource: &'v Value) -> Self {
        let node = Node::resource(resource);
        Self { node, resource: node, root: node }
    }
}

/// A reference to a contained resource (`#id`, or `#` for the container itself), or to another resource of a Bundle
/// by its `fullUrl` or by type and id.
#[must_use]
pub fn resolve_within<'v>(reference: &str, root: &'v Value, bundle: Option<&'v Value>) -> Option<&'v Value> {
    let list = |value: &'v Value, name: &str| value.get(name).and_then(Value::as_array);
    if let Some(id) = reference.strip_prefix('#') {
        if id.is_empty() {
            return Some(root);
        }
        return list(root, "contained")?.iter().find(|r| r.get("id").and_then(Value::as_str) == Some(id));
    }
    if reference.is_empty() {
        return None;
    }
    let entries = list(bundle?, "entry")?;
    let whole = entries.iter().find(|e| e.get("fullUrl").and_then(Value::as_str) == Some(reference));
    let found = whole.or_else(|| {
        if reference.contains(':') {
            return None;
        }
        entries.iter().find(|e| {
            e.get("fullUrl")
                .and_then(Value::as_str)
                .and_then(|url| url.strip_suffix(reference))
                .is_some_and(|head| head.ends_with('/'))
        })
    });
    found?.get("resource")
}
