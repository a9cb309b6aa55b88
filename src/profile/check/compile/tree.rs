//! The elements of a definition as a tree: which are children of which, and which are slices of which.

use std::{collections::HashMap, sync::Arc};

use super::element::demands;
use crate::profile::definition::{Element, Strength, StructureDefinition};

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

    /// Whether a slice says everything that the sliced element says, of itself and of what is inside: then its items
    /// need not be held against the sliced element as well. What a slice with nothing inside leaves unsaid of that, it
    /// takes from the sliced element.
    pub(super) fn covers(&self, slice: usize, whole: usize) -> bool {
        let (Some(part), Some(all)) = (self.element(slice), self.element(whole)) else { return false };
        // What a slice does not say at all of its own value is as the sliced element says it.
        let is_silent = demands(part).is_none();
        if !(is_silent || values_as_narrow(part, all)) || !types_as_narrow(part, all) {
            return false;
        }
        if self.children(slice).is_empty() {
            return true;
        }
        let inside = |start: &str, id: &str| id.strip_prefix(start).is_some_and(|rest| rest.starts_with('.'));
        let parts: HashMap<&str, &Element> = self
            .definition
            .elements
            .iter()
            .filter(|element| inside(id(part), id(element)))
            .filter_map(|element| Some((id(element).get(id(part).len()..)?, element)))
            .collect();
        self.definition.elements.iter().filter(|element| inside(id(all), id(element))).all(|element| {
            let below = id(element).get(id(all).len()..).unwrap_or_default();
            parts.get(below).is_some_and(|part| asks_as_much(part, element))
        })
    }

    /// The child of this name, without `[x]`.
    pub(super) fn child(&self, number: usize, name: &str) -> Option<usize> {
        self.children(number)
            .iter()
            .copied()
            .find(|child| self.element(*child).is_some_and(|element| name_of(element) == name))
    }
}

/// Whether one element asks for everything that the other asks for.
fn asks_as_much(part: &Element, whole: &Element) -> bool {
    part.min >= whole.min
        && part.max.unwrap_or(u32::MAX) <= whole.max.unwrap_or(u32::MAX)
        && part.content_reference == whole.content_reference
        && part.types.is_empty() == whole.types.is_empty()
        && bound_as_narrow(part, whole)
        && whole.constraints.iter().all(|one| part.constraints.iter().any(|known| known.key == one.key))
        && values_as_narrow(part, whole)
        && types_as_narrow(part, whole)
}

fn values_as_narrow(part: &Element, whole: &Element) -> bool {
    (whole.fixed.is_none() || part.fixed == whole.fixed)
        && (whole.pattern.is_none() || part.pattern == whole.pattern)
        && (whole.min_value.is_none() || part.min_value == whole.min_value)
        && (whole.max_value.is_none() || part.max_value == whole.max_value)
        && (whole.min_length.is_none() || part.min_length == whole.min_length)
        && (whole.max_length.is_none() || part.max_length == whole.max_length)
}

fn types_as_narrow(part: &Element, whole: &Element) -> bool {
    let within = |own: &[String], all: &[String]| {
        all.is_empty() || (!own.is_empty() && own.iter().all(|one| all.contains(one)))
    };
    part.types.iter().all(|one| {
        whole.types.iter().any(|all| {
            (all.code == one.code || matches!(all.code.as_str(), "Resource" | "DomainResource" | "Element"))
                && within(&one.profiles, &all.profiles)
                && within(&one.target_profiles, &all.target_profiles)
        })
    })
}

/// Two sets of which every code must be in are not one: the narrower is not known here.
fn bound_as_narrow(part: &Element, whole: &Element) -> bool {
    match (&part.binding, &whole.binding) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(part), Some(whole)) => whole.strength < Strength::Required || part.value_set == whole.value_set,
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
