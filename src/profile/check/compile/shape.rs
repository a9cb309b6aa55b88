//! The children of an element as a shape with its keys.

use super::{
    Builder,
    element::type_name,
    tree::{Tree, is_choice, name_of},
};
use crate::profile::{
    check::{
        graph::{Child, OriginId, Shape, ShapeId},
        keys::{Hit, Keys},
        primitive::Primitive,
    },
    definition::{DefinitionFault, Kind},
};

/// Most children that one shape may have: their presence is kept in so many bits.
const CHILDREN_MAX: usize = 256;

impl Builder<'_> {
    pub(super) fn fill_shape(&mut self, shape: ShapeId, origin: OriginId, number: usize) {
        let Some(tree) = self.origins.get(origin.0).cloned() else { return };
        let mut children = Vec::new();
        // The value of a primitive stands in its own field, and what is beside it in another.
        let is_primitive = tree.element(number).is_some_and(
            |element| matches!(element.types.as_slice(), [one] if Primitive::parse(&one.code).is_some()),
        );
        for child in tree.children(number).to_vec() {
            self.child(origin, &tree, child, &mut children);
        }
        self.missing_children(&tree, number, &mut children);
        if is_primitive {
            children.retain(|child| &*child.name != "value");
        }
        if children.len() > CHILDREN_MAX {
            let what = format!("an element has more than {CHILDREN_MAX} children");
            self.faults.push(DefinitionFault::new(tree.definition.url.as_str(), what));
            children.truncate(CHILDREN_MAX);
        }
        let mut keys = Vec::new();
        let mut required = Vec::new();
        for (place, child) in children.iter().enumerate() {
            let Some(node) = self.graph.node(child.node) else { continue };
            // Where there is none at all, no slice of it has as many as it must.
            let slices = node.slicing.iter().flat_map(|slicing| &slicing.slices);
            if node.min > 0 || slices.into_iter().any(|slice| slice.min > 0) {
                required.push(place);
            }
            if child.is_choice {
                for (alternative, kind) in node.alternatives.iter().enumerate() {
                    keys.push((choice_key(&child.name, &kind.type_name), Hit { child: place, alternative }));
                }
            } else {
                keys.push((child.name.clone(), Hit { child: place, alternative: 0 }));
            }
        }
        let is_resource = number == 0 && tree.definition.kind == Kind::Resource;
        let made = Shape {
            keys: Keys::new(keys),
            children: children.into(),
            required: required.into(),
            is_resource,
        };
        if !tree.definition.is_profile
            && let Some(element) = tree.element(number)
        {
            self.paths.push((element.path.as_str().into(), shape));
        }
        if let Some(place) = self.graph.shapes.get_mut(shape.0) {
            *place = made;
        }
    }

    fn child(&mut self, origin: OriginId, tree: &Tree, number: usize, children: &mut Vec<Child>) {
        let Some(element) = tree.element(number) else { return };
        let (name, is_choice) = (name_of(element).into(), is_choice(element));
        let node = self.node_of(origin, tree, number, None);
        children.push(Child { name, is_choice, node });
    }

    /// A definition that goes into a type may leave out what it does not change: that is as the type has it.
    fn missing_children(&mut self, tree: &Tree, number: usize, children: &mut Vec<Child>) {
        let Some(element) = tree.element(number) else { return };
        let [one] = element.types.as_slice() else { return };
        if number == 0 || matches!(one.code.as_str(), "BackboneElement" | "Element") {
            return;
        }
        let Some(base) = self.type_tree(&one.code) else { return };
        let Some(root) = self.root(&base.definition.url) else { return };
        let Some(origin) = self.graph.node(root).map(|node| node.origin) else { return };
        for child in base.children(0).to_vec() {
            let known = base
                .element(child)
                .is_some_and(|element| children.iter().any(|known| *known.name == *name_of(element)));
            if !known {
                self.child(origin, &base, child, children);
            }
        }
    }
}

/// `valueQuantity` from `value` and `Quantity`.
pub(super) fn choice_key(name: &str, kind: &str) -> Box<str> {
    let kind = type_name(kind);
    let mut letters = kind.chars();
    let mut key = name.to_owned();
    key.extend(letters.next().map(|first| first.to_ascii_uppercase()));
    key.extend(letters);
    key.into()
}
