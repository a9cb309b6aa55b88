//! How a change narrows an element.

use super::{Binding, Element, change::Change, tree::Node};

/// Puts what `change` says on `node`. A widening is not followed: the base holds, and a note says so.
pub(super) fn put(node: &mut Node, change: &Change, url: &str, notes: &mut Vec<String>) {
    let element = &mut node.element;
    if let Some(min) = change.min {
        if min < element.min {
            notes.push(format!("{url}: {} has a min below that of its base, which holds", change.id));
        }
        element.min = element.min.max(min);
    }
    if let Some(max) = change.max {
        element.max = match (element.max, max.0) {
            (Some(base), Some(own)) if own <= base => Some(own),
            (Some(base), _) => {
                notes.push(format!("{url}: {} has a max above that of its base, which holds", change.id));
                Some(base)
            }
            (None, own) => own,
        };
    }
    types(element, change);
    binding(element, change, url, notes);
    replace(&mut element.fixed, change.fixed.as_ref());
    replace(&mut element.pattern, change.pattern.as_ref());
    replace(&mut element.min_value, change.min_value.as_ref());
    replace(&mut element.max_value, change.max_value.as_ref());
    replace(&mut element.regex, change.regex.as_ref());
    if let Some(own) = change.min_length {
        element.min_length = Some(element.min_length.map_or(own, |base| base.max(own)));
    }
    if let Some(own) = change.max_length {
        element.max_length = Some(element.max_length.map_or(own, |base| base.min(own)));
    }
    for constraint in &change.constraints {
        match element.constraints.iter_mut().find(|known| known.key == constraint.key) {
            Some(known) => known.clone_from(constraint),
            None => element.constraints.push(constraint.clone()),
        }
    }
    replace(&mut element.slicing, change.slicing.as_ref());
    element.is_modifier |= change.is_modifier.unwrap_or(false);
    element.must_support |= change.must_support.unwrap_or(false);
    if let Some(short) = &change.short {
        element.short.clone_from(short);
    }
}

/// What the root of an unfolded type, profile or extension says counts for the element that has it.
pub(super) fn join_root(node: &mut Node, root: &Element) {
    for constraint in &root.constraints {
        if !node.element.constraints.iter().any(|known| known.key == constraint.key) {
            node.element.constraints.push(constraint.clone());
        }
    }
}

fn replace<T: Clone>(base: &mut Option<T>, own: Option<&T>) {
    if let Some(own) = own {
        *base = Some(own.clone());
    }
}

/// The types that are stated. Where a target is narrowed without its type's profile, or the other way round, the rest
/// stays as in the base.
fn types(element: &mut Element, change: &Change) {
    if change.types.is_empty() {
        return;
    }
    let mut types = change.types.clone();
    for own in &mut types {
        if let Some(base) = element.types.iter().find(|base| base.code == own.code) {
            if own.profiles.is_empty() {
                own.profiles.clone_from(&base.profiles);
            }
            if own.target_profiles.is_empty() {
                own.target_profiles.clone_from(&base.target_profiles);
            }
            own.has_aggregation |= base.has_aggregation;
        }
    }
    // One type may be listed once for each target: they are one type with several.
    let mut joined: Vec<super::TypeRef> = Vec::new();
    for own in types {
        match joined.iter_mut().find(|known| known.code == own.code) {
            Some(known) => {
                known.has_aggregation |= own.has_aggregation;
                for (all, more) in
                    [(&mut known.profiles, own.profiles), (&mut known.target_profiles, own.target_profiles)]
                {
                    for one in more {
                        if !all.contains(&one) {
                            all.push(one);
                        }
                    }
                }
            }
            None => joined.push(own),
        }
    }
    element.types = joined;
    element.content_reference = None;
}

fn binding(element: &mut Element, change: &Change, url: &str, notes: &mut Vec<String>) {
    let Some(strength) = change.strength else { return };
    let base = element.binding.take();
    let Some(value_set) = change.value_set.clone().or_else(|| base.as_ref().map(|b| b.value_set.clone()))
    else {
        notes.push(format!("{url}: {} has a binding that names no value set", change.id));
        return;
    };
    if let Some(base) = &base
        && base.strength > strength
    {
        notes.push(format!("{url}: {} has a weaker binding than its base, which holds", change.id));
        element.binding = Some(base.clone());
        return;
    }
    let max_value_set = change.max_value_set.clone().or_else(|| base.and_then(|base| base.max_value_set));
    // Where the binding itself is required, the same set as a limit says nothing more.
    let max_value_set =
        max_value_set.filter(|most| *most != value_set || strength != super::Strength::Required);
    element.binding = Some(Binding { strength, value_set, max_value_set });
}
