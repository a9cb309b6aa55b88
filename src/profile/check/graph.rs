//! The compiled program: elements and shapes in two lists that point into each other by number, so that types may
//! hold each other and everything is shared.

use serde_json::Value;

use super::{invariant::Invariant, keys::Keys, primitive::Primitive, slicing::Slicing};
use crate::profile::{
    Table,
    definition::{Context, Strength},
    terminology::SetId,
};

/// Which element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(pub(super) usize);

/// Which shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ShapeId(pub(super) usize);

/// Which definition an element stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OriginId(pub(super) usize);

/// A definition, as findings name it.
#[derive(Debug)]
pub(super) struct Origin {
    /// Canonical URL with version.
    pub(super) canonical: Box<str>,
    /// Canonical URL without version.
    pub(super) url: Box<str>,
    /// The type that is defined or constrained.
    pub(super) type_name: Box<str>,
    /// Canonical URLs of everything that it is derived from.
    pub(super) ancestors: Box<[Box<str>]>,
    /// Whether no instance can be of this type itself.
    pub(super) is_abstract: bool,
    /// Whether it defines or constrains a resource.
    pub(super) is_resource: bool,
    /// Whether what it defines changes the meaning of what holds it (an extension that is a modifier).
    pub(super) is_modifier: bool,
    /// Rules in FHIRPath that say where the extension may stand, which are not evaluated.
    pub(super) context_rules: Box<[Box<str>]>,
    /// Where the extension may stand; empty: not said.
    pub(super) contexts: Box<[Context]>,
}

/// One element of one definition.
#[derive(Debug)]
pub(super) struct Node {
    /// Its id in the definition.
    pub(super) id: Box<str>,
    pub(super) origin: OriginId,
    pub(super) min: u32,
    /// `u32::MAX`: any number.
    pub(super) max: u32,
    /// Whether JSON has an array here.
    pub(super) is_array: bool,
    /// The types it may have.
    pub(super) alternatives: Box<[Alternative]>,
    /// What its value must be; none for most elements.
    pub(super) demands: Option<Box<Demands>>,
    /// Where its codes come from.
    pub(super) binding: Option<Box<Bound>>,
    pub(super) invariants: Box<[InvariantId]>,
    pub(super) slicing: Option<Box<Slicing>>,
}

/// Which invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct InvariantId(pub(super) usize);

/// What a value must be.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Demands {
    pub(super) fixed: Option<Value>,
    pub(super) pattern: Option<Value>,
    pub(super) min_value: Option<Value>,
    pub(super) max_value: Option<Value>,
    pub(super) min_length: Option<u32>,
    pub(super) max_length: Option<u32>,
}

/// A binding that is checked.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) strength: Strength,
    pub(super) value_set: Box<str>,
    /// `None`: not loaded.
    pub(super) set: Option<SetId>,
    /// The value set that no code may leave.
    pub(super) max: Option<(Box<str>, Option<SetId>)>,
}

/// One type that an element may have.
#[derive(Debug)]
pub(super) struct Alternative {
    pub(super) content: Content,
    /// Whether the shape is the definition's own, and not the one that the type has everywhere.
    pub(super) is_inline: bool,
    /// Of a primitive: the shape of what may stand beside its value, where the definition says more of it than R4.
    pub(super) beside: Option<ShapeId>,
    /// Its name, for places: `Quantity`.
    pub(super) type_name: Box<str>,
    /// Its name, for `FHIRPath`: of what has elements of its own their path, `Patient.contact`.
    pub(super) path: Box<str>,
    /// For an element that is sliced by type: the slice of this type.
    pub(super) slice: Option<NodeId>,
    /// Profiles of the type, one of which must fit.
    pub(super) profiles: Box<[ProfileRef]>,
    /// Of a reference: what its target may be.
    pub(super) targets: Box<[Target]>,
    /// Where the codes of the type itself come from (`Age`: units of time).
    pub(super) binding: Option<Box<Bound>>,
    /// Invariants of the type itself.
    pub(super) invariants: Box<[InvariantId]>,
    /// Whether it is a reference and which kind of special care it takes.
    pub(super) care: Care,
}

/// A profile that is named by an element.
#[derive(Debug)]
pub(super) struct ProfileRef {
    pub(super) canonical: Box<str>,
    /// `None`: not known here.
    pub(super) root: Option<NodeId>,
}

/// What a reference may point at.
#[derive(Debug)]
pub(super) struct Target {
    /// As the definition names it.
    pub(super) canonical: Box<str>,
    /// The resource type; `None` where the profile is not known. `Resource`: any.
    pub(super) type_name: Option<Box<str>>,
    /// The profile, where it is one and it is known.
    pub(super) root: Option<NodeId>,
}

/// Types that take more than their elements' rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    None,
    Extension,
    Reference,
    Coding,
    Identifier,
    Quantity,
}

/// What stands inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Primitive(Primitive),
    Shape(ShapeId),
    /// Any resource.
    Resource,
    /// A type that is not known: anything.
    Unknown,
}

/// The fields of an object.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) keys: Keys,
    pub(super) children: Box<[Child]>,
    /// Children without which it is not complete.
    pub(super) required: Box<[usize]>,
    /// Whether `resourceType` stands among its keys.
    pub(super) is_resource: bool,
}

/// One field of a shape.
#[derive(Debug)]
pub(super) struct Child {
    /// Its name without `[x]`.
    pub(super) name: Box<str>,
    /// Whether a type follows the name in its key.
    pub(super) is_choice: bool,
    pub(super) node: NodeId,
}

/// Everything, with the ways in.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) shapes: Vec<Shape>,
    pub(super) origins: Vec<Origin>,
    pub(super) invariants: Vec<Invariant>,
    /// The root of each definition, by canonical URL.
    pub(super) roots: Table<Box<str>, NodeId>,
    /// The root of each resource type, by name.
    pub(super) resources: Table<Box<str>, NodeId>,
    /// The shape of each type, and of each element with elements of its own by its path (base definitions only): its
    /// number as that of a child.
    pub(super) by_path: Keys,
    /// What each type of base R4 is derived from: its number in the list as that of a child.
    pub(super) types: Keys,
    pub(super) bases: Vec<Box<[Box<str>]>>,
    /// The shape of `Element`, for what stands beside a primitive value.
    pub(super) element: Option<ShapeId>,
    /// The root of `Extension`.
    pub(super) extension: Option<NodeId>,
}

impl Graph {
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    pub(super) fn shape(&self, id: ShapeId) -> Option<&Shape> {
        self.shapes.get(id.0)
    }

    pub(super) fn origin(&self, id: OriginId) -> Option<&Origin> {
        self.origins.get(id.0)
    }

    /// The definition of this element.
    pub(super) fn origin_of(&self, node: &Node) -> Option<&Origin> {
        self.origin(node.origin)
    }

    /// The root of the definition of this URL, which may end in a version.
    pub(super) fn root(&self, canonical: &str) -> Option<NodeId> {
        let url = canonical.split_once('|').map_or(canonical, |(url, _)| url);
        self.roots.get(url).copied()
    }
}
