//! One element of a definition as a node.

use super::{
    Builder, R4,
    tree::{Tree, is_choice},
};
use crate::profile::{
    check::{
        graph::{
            Alternative, Bound, Care, Content, Demands, InvariantId, Node, NodeId, OriginId, ProfileRef,
            Target,
        },
        primitive::Primitive,
        slicing::{Slice, Slicing, Test},
    },
    definition::{Binding, Constraint, DefinitionFault, Element, Kind, Rules, Strength, TypeRef},
};

impl Node {
    /// A node that holds the place of one that is being made.
    pub(super) fn nothing(origin: OriginId) -> Self {
        Self {
            id: Box::default(),
            origin,
            min: 0,
            max: u32::MAX,
            is_array: false,
            alternatives: Box::default(),
            demands: None,
            binding: None,
            invariants: Box::default(),
            slicing: None,
        }
    }
}

impl Slice {
    fn of(part: &Element, node: NodeId, tests: Option<Vec<Test>>) -> Self {
        Self {
            name: part.slice_name.as_deref().unwrap_or_default().into(),
            min: part.min,
            max: part.max.unwrap_or(u32::MAX),
            node,
            tests: tests.map(Into::into),
        }
    }
}

impl Builder<'_> {
    /// The root of a definition.
    pub(super) fn root_node(&mut self, origin: OriginId, tree: &Tree) -> Node {
        let Some(element) = tree.element(0) else { return Node::nothing(origin) };
        let definition = &tree.definition;
        let content = match Primitive::parse(&definition.r#type) {
            Some(primitive) if definition.kind == Kind::Primitive => Content::Primitive(primitive),
            _ => Content::Shape(self.shape_of(origin, 0)),
        };
        let alternative = Alternative {
            content,
            is_inline: true,
            beside: None,
            type_name: definition.r#type.as_str().into(),
            path: definition.r#type.as_str().into(),
            slice: None,
            profiles: Box::default(),
            targets: Box::default(),
            binding: None,
            invariants: Box::default(),
            care: Care::None,
        };
        let binding = element.binding.as_ref().and_then(|binding| self.bound(binding));
        Node {
            id: definition.r#type.as_str().into(),
            origin,
            min: 0,
            // How often an extension may stand on one element, its own definition says here.
            max: element.max.unwrap_or(u32::MAX),
            is_array: false,
            alternatives: Box::new([alternative]),
            demands: demands(element),
            binding,
            invariants: self.invariants_of(&element.constraints),
            slicing: None,
        }
    }

    /// The node of an element; `whole` is the element that it is a slice of.
    pub(super) fn node_of(
        &mut self,
        origin: OriginId,
        tree: &Tree,
        number: usize,
        whole: Option<usize>,
    ) -> NodeId {
        let Some(element) = tree.element(number) else { return self.add(Node::nothing(origin)) };
        self.unchecked(tree, element);
        let unsliced = whole.and_then(|whole| tree.element(whole));
        let types = match unsliced {
            Some(unsliced) if element.types.is_empty() => &unsliced.types,
            _ => &element.types,
        };
        let mut constraints = element.constraints.clone();
        if let Some(unsliced) = unsliced {
            for constraint in &unsliced.constraints {
                if !constraints.iter().any(|known| known.key == constraint.key) {
                    constraints.push(constraint.clone());
                }
            }
        }
        let inner = match whole {
            Some(whole) if tree.children(number).is_empty() && !tree.children(whole).is_empty() => whole,
            _ => number,
        };
        let mut alternatives = self.alternatives(origin, tree, inner, element, types, &constraints);
        let slicing = self.slices(origin, tree, number, element, &mut alternatives);
        let invariants = self.invariants_of(&constraints);
        let binding =
            element.binding.as_ref().or_else(|| unsliced.and_then(|unsliced| unsliced.binding.as_ref()));
        let binding = binding.and_then(|binding| self.bound(binding));
        let base_max = element.base_max.or_else(|| element.max.filter(|_| element.base_max.is_some()));
        let node = Node {
            id: element.id.as_str().into(),
            origin,
            min: element.min,
            max: element.max.unwrap_or(u32::MAX),
            is_array: base_max != Some(1) && !is_choice(element),
            alternatives: alternatives.into(),
            demands: demands(element).or_else(|| unsliced.and_then(demands)),
            binding,
            invariants,
            slicing,
        };
        self.add(node)
    }

    /// Says what of an element is not checked.
    fn unchecked(&mut self, tree: &Tree, element: &Element) {
        // The expressions of the primitive types themselves are in `primitive`.
        let regex = tree.definition.is_profile && element.regex.is_some();
        let aggregation = element.types.iter().any(|one| one.has_aggregation);
        for (is_said, what) in [
            (regex, "its regular expression (extension `regex`) is not checked"),
            (aggregation, "how the reference is made (`aggregation`) is not checked"),
        ] {
            if is_said {
                self.notes.push(DefinitionFault::new(tree.definition.url.as_str(), what).at(&element.id));
            }
        }
    }

    fn alternatives(
        &mut self,
        origin: OriginId,
        tree: &Tree,
        inner: usize,
        element: &Element,
        types: &[TypeRef],
        constraints: &[Constraint],
    ) -> Vec<Alternative> {
        if let Some(reference) = &element.content_reference {
            let (content, own) = self.referred(origin, tree, reference);
            let own: Vec<Constraint> =
                own.into_iter().filter(|one| !constraints.iter().any(|known| known.key == one.key)).collect();
            let invariants = self.invariants_of(&own);
            return vec![Alternative {
                content,
                is_inline: true,
                beside: None,
                type_name: "BackboneElement".into(),
                path: reference.rsplit_once('#').map_or(reference.as_str(), |(_, id)| id).into(),
                slice: None,
                profiles: Box::default(),
                targets: Box::default(),
                binding: None,
                invariants,
                care: Care::None,
            }];
        }
        let inline = !tree.children(inner).is_empty();
        types
            .iter()
            .map(|one| {
                self.alternative(origin, inner, &element.path, one, inline && types.len() == 1, constraints)
            })
            .collect()
    }

    fn alternative(
        &mut self,
        origin: OriginId,
        inner: usize,
        path: &str,
        one: &TypeRef,
        inline: bool,
        constraints: &[Constraint],
    ) -> Alternative {
        let name = one.code.as_str();
        let type_tree = self.type_tree(name);
        let is_resource = type_tree.as_ref().is_some_and(|tree| tree.definition.kind == Kind::Resource);
        let mut beside = None;
        let content = if let Some(primitive) = Primitive::parse(name) {
            if inline {
                beside = Some(self.shape_of(origin, inner));
            }
            Content::Primitive(primitive)
        } else if is_resource {
            Content::Resource
        } else if inline {
            Content::Shape(self.shape_of(origin, inner))
        } else {
            self.type_shape(name).map_or(Content::Unknown, Content::Shape)
        };
        let root = type_tree.as_ref().and_then(|tree| tree.element(0)).filter(|_| !is_resource);
        let binding = root.and_then(|root| root.binding.as_ref()).and_then(|binding| self.bound(binding));
        let own: Vec<Constraint> = match (&type_tree, is_resource) {
            (Some(tree), false) => tree.element(0).map_or_else(Vec::new, |root| root.constraints.clone()),
            _ => Vec::new(),
        };
        let own: Vec<Constraint> =
            own.into_iter().filter(|one| !constraints.iter().any(|known| known.key == one.key)).collect();
        let profiles = one
            .profiles
            .iter()
            .map(|canonical| ProfileRef { canonical: canonical.as_str().into(), root: self.root(canonical) });
        let profiles: Box<[ProfileRef]> = profiles.collect();
        let mut targets = Vec::new();
        for canonical in &one.target_profiles {
            targets.push(self.target(canonical));
        }
        let care = match name {
            "Extension" => Care::Extension,
            "Reference" => Care::Reference,
            "Coding" => Care::Coding,
            "Identifier" => Care::Identifier,
            "Quantity" | "Age" | "Count" | "Distance" | "Duration" | "SimpleQuantity" | "MoneyQuantity" => {
                Care::Quantity
            }
            _ => Care::None,
        };
        let path = if matches!(name, "BackboneElement" | "Element") && inline {
            path.into()
        } else {
            type_name(name)
        };
        Alternative {
            content,
            is_inline: inline,
            beside,
            type_name: type_name(name),
            path,
            slice: None,
            // That something is an instance of its own type says nothing.
            profiles: if profiles.iter().all(|one| *one.canonical == *format!("{R4}{name}")) {
                Box::default()
            } else {
                profiles
            },
            targets: targets.into(),
            binding,
            invariants: self.invariants_of(&own),
            care,
        }
    }

    fn target(&mut self, canonical: &str) -> Target {
        let tree = self.tree(canonical);
        let type_name = tree.as_ref().map(|tree| tree.definition.r#type.as_str().into());
        let root =
            if tree.is_some_and(|tree| tree.definition.is_profile) { self.root(canonical) } else { None };
        Target { canonical: canonical.into(), type_name, root }
    }

    /// What stands in the element that another refers to, and the invariants of that element.
    fn referred(&mut self, origin: OriginId, tree: &Tree, reference: &str) -> (Content, Vec<Constraint>) {
        let id = reference.rsplit_once('#').map_or(reference, |(_, id)| id);
        let own =
            |tree: &Tree, number| tree.element(number).map_or_else(Vec::new, |one| one.constraints.clone());
        if let Some(number) = tree.find(id) {
            return (Content::Shape(self.shape_of(origin, number)), own(tree, number));
        }
        let nothing = (Content::Unknown, Vec::new());
        let name = id.split('.').next().unwrap_or(id);
        let Some(base) = self.type_tree(name) else { return nothing };
        let Some(root) = self.root(&base.definition.url) else { return nothing };
        match (self.graph.node(root).map(|node| node.origin), base.find(id)) {
            (Some(origin), Some(number)) => {
                (Content::Shape(self.shape_of(origin, number)), own(&base, number))
            }
            _ => nothing,
        }
    }

    /// The slices of an element: of a choice by type, in its alternatives; of a list in a table.
    fn slices(
        &mut self,
        origin: OriginId,
        tree: &Tree,
        number: usize,
        element: &Element,
        alternatives: &mut [Alternative],
    ) -> Option<Box<Slicing>> {
        let numbers = tree.slices(number).to_vec();
        if numbers.is_empty() {
            return None;
        }
        let (discriminators, ordered, rules) = match &element.slicing {
            Some(slicing) => (slicing.discriminators.clone(), slicing.ordered, slicing.rules),
            None => (Vec::new(), false, Rules::Open),
        };
        if is_choice(element) {
            let mut slices = Vec::new();
            for slice in numbers {
                let Some(part) = tree.element(slice) else { continue };
                let node = self.node_of(origin, tree, slice, Some(number));
                for alternative in alternatives.iter_mut() {
                    if part.types.iter().any(|one| type_name(&one.code) == alternative.type_name) {
                        alternative.slice = Some(node);
                    }
                }
                slices.push(Slice::of(part, node, None));
            }
            return Some(Box::new(Slicing { slices: slices.into(), ordered, rules, also_whole: false }));
        }
        let mut slices = Vec::new();
        let mut also_whole = false;
        for slice in numbers {
            let Some(part) = tree.element(slice) else { continue };
            also_whole |= !tree.covers(slice, number);
            let tests = self.tests(tree, slice, &discriminators);
            if tests.is_none() {
                self.unsorted(tree, part);
            }
            let node = self.node_of(origin, tree, slice, Some(number));
            slices.push(Slice::of(part, node, tests));
        }
        Some(Box::new(Slicing { slices: slices.into(), ordered, rules, also_whole }))
    }

    fn bound(&self, binding: &Binding) -> Option<Box<Bound>> {
        let set = |canonical: &str| self.terminology.value_set(canonical);
        if binding.strength < Strength::Preferred && binding.max_value_set.is_none() {
            return None;
        }
        if binding.value_set.is_empty() && binding.max_value_set.is_none() {
            return None;
        }
        Some(Box::new(Bound {
            strength: binding.strength,
            value_set: binding.value_set.as_str().into(),
            set: set(&binding.value_set),
            max: binding.max_value_set.as_deref().map(|canonical| (canonical.into(), set(canonical))),
        }))
    }

    fn invariants_of(&mut self, constraints: &[Constraint]) -> Box<[InvariantId]> {
        let mut ids = Vec::new();
        for constraint in constraints {
            ids.extend(self.invariant(constraint));
        }
        ids.into()
    }
}

pub(super) fn demands(element: &Element) -> Option<Box<Demands>> {
    let demands = Demands {
        fixed: element.fixed.clone(),
        pattern: element.pattern.clone(),
        min_value: element.min_value.clone(),
        max_value: element.max_value.clone(),
        min_length: element.min_length,
        max_length: element.max_length,
    };
    (demands != Demands::default()).then(|| Box::new(demands))
}

/// The name of a type as places and keys have it.
pub(super) fn type_name(code: &str) -> Box<str> {
    match code.strip_prefix("http://hl7.org/fhirpath/System.") {
        Some(system) => {
            let mut letters = system.chars();
            let first = letters.next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(letters).collect::<String>().into()
        }
        None => code.into(),
    }
}
