//! The elements of a definition as a tree: which are children of which, and which are slices of which.

use std::{collections::HashMap, sync::Arc};

use crate::profile::definition::{Element, StructureDefinition};

/// A definition with its tree.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) definition: Arc<StructureDefinition>,
    children: Arc<Vec<Vec<usize>>>,
    slices: Arc<Vec<Vec<usize>>>,
}

impl Tree {
    pub(super) fn new(definition: Arc<StructureDefinition>) -> Self {
        let elements = &definition.elements;
        let mut numbers: HashMap<&str, usize> = HashMap::with_capacity(elements.len());
        let mut children = vec![Vec::new(); elements.len()];
        let mut slices = vec![Vec::new(); elements.len()];
        for (number, element) in elements.iter().enumerate() {
            let id = id(element);
            numbers.entry(id).or_insert(number);
            let (above, last) = id.rsplit_once('.').unwrap_or(("", id));
            let (into, parent) = match last.split_once(':') {
                // A slice of a slice (`a/b`) is held by the slice `a`.
                Some((_, slice)) => match slice.rsplit_once('/') {
                    Some((outer, _)) => {
                        let end = id.len() - (slice.len() - outer.len());
                        (&mut slices, id.get(..end).unwrap_or(above))
                    }
                    None => (&mut slices, id.get(..id.len() - slice.len() - 1).unwrap_or(above)),
                },
                None => (&mut children, above),
            };
            if let Some(list) = numbers.get(parent).and_then(|parent| into.get_mut(*parent)) {
                list.push(number);
            }
        }
        let (children, slices) = (Arc::new(children), Arc::new(slices));
        drop(numbers);
        Self { definition, children, slices }
    }

    pub(super) fn element(&self, number: usize) -> Option<&Element> {
        self.definition.elements.get(number)
    }

    /// The elements inside this one, without slices.
    pub(super) fn children(&self, number: usize) -> &[usize] {
        self.children.get(number).map_or(&[], Vec::as_slice)
    }

    /// The slices of this element.
    pub(super) fn slices(&self, number: usize) -> &[usize] {
        self.slices.get(number).map_or(&[], Vec::as_slice)
    }

    /// The element of this id.
    pub(super) fn find(&self, wanted: &str) -> Option<usize> {
        self.definition.elements.iter().position(|element| id(element) == wanted)
    }

    /// The child of this name, without `[x]`.
    pub(super) fn child(&self, number: usize, name: &str) -> Option<usize> {
        self.children(number)
            .iter()
            .copied()
            .find(|child| self.element(*child).is_some_and(|element| name_of(element) == name))
    }
}

fn id(element: &Element) -> &str {
    if element.id.is_empty() { &element.path } else { &element.id }
}

/// The last part of the path, without `[x]`.
pub(super) fn name_of(element: &Element) -> &str {
    let last = element.path.rsplit_once('.').map_or(element.path.as_str(), |(_, last)| last);
    last.strip_suffix("[x]").unwrap_or(last)
}

/// Whether a type follows the name in JSON.
pub(super) fn is_choice(element: &Element) -> bool {
    element.path.ends_with("[x]")
}
