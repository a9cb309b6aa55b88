//! A snapshot from a differential: the tree of the base, unfolded where the differential goes deeper, with every
//! change put in its place.

use super::{
    DefinitionFault, Discriminator, Rules, Slicing, StructureDefinition, TypeRef, merge,
    names::{Step, choice_name},
    source::Source,
    tree::Node,
};
use crate::limits;

/// Finds the definition of a canonical URL, made in full.
pub(super) type Find<'a> =
    dyn FnMut(&str) -> Result<std::sync::Arc<StructureDefinition>, DefinitionFault> + 'a;

/// Makes the snapshot of `source` over the elements of `base`. What is odd and no fault is put in `notes`.
pub(super) fn make(
    source: &Source,
    base: &StructureDefinition,
    find: &mut Find<'_>,
    notes: &mut Vec<String>,
) -> Result<StructureDefinition, DefinitionFault> {
    let url = &source.head.url;
    let mut root = Node::grow(&base.elements).map_err(|id| orphan(&base.url, &id))?;
    root.name.clone_from(&source.head.r#type);
    let mut work = Work { url, find, notes, room: limits::DEFINITION_ELEMENTS_MAX };
    work.spend(root.count())?;
    for change in &source.changes {
        let node = work.place(&mut root, &change.steps).map_err(|fault| fault.at(&change.id))?;
        merge::put(node, change, url, work.notes);
    }
    let mut made = source.head.clone();
    made.elements = root.write_out();
    if made.contexts.is_empty() && made.r#type == "Extension" {
        made.contexts.clone_from(&base.contexts);
        made.context_invariants.clone_from(&base.context_invariants);
    }
    Ok(made)
}

fn orphan(url: &str, id: &str) -> DefinitionFault {
    DefinitionFault::new(url, "the element that this one belongs to is not there").at(id)
}

struct Work<'a, 'f> {
    url: &'a str,
    find: &'a mut Find<'f>,
    notes: &'a mut Vec<String>,
    /// How many more elements the snapshot may get.
    room: usize,
}

impl Work<'_, '_> {
    fn wrong(&self, what: impl Into<String>) -> DefinitionFault {
        DefinitionFault::new(self.url, what)
    }

    fn spend(&mut self, elements: usize) -> Result<(), DefinitionFault> {
        let most = limits::DEFINITION_ELEMENTS_MAX;
        let left = self.room.checked_sub(elements);
        self.room =
            left.ok_or_else(|| self.wrong(format!("the snapshot would have more than {most} elements")))?;
        Ok(())
    }

    /// The node of these steps below `node`, unfolded and sliced as they need it.
    fn place<'n>(&mut self, node: &'n mut Node, steps: &[Step]) -> Result<&'n mut Node, DefinitionFault> {
        let mut here = node;
        for step in steps {
            here = self.step(here, step)?;
        }
        Ok(here)
    }

    fn step<'n>(&mut self, node: &'n mut Node, step: &Step) -> Result<&'n mut Node, DefinitionFault> {
        let name = step.name.as_str();
        if node.children.is_empty() {
            if let Some(code) = self.only_type_with(node, name)? {
                let slice = choice_name(&node.name, &code).unwrap_or_default();
                self.notes.push(format!(
                    "{}: {} has several types, and {name} only in one: what is said of it counts for {slice}",
                    self.url, node.element.id
                ));
                let slice = self.slice(node, &slice, Some(&code))?;
                return self.step(slice, step);
            }
            self.unfold(node)?;
        }
        if let Some(at) = node.children.iter().position(|child| child.name == name) {
            let child = node.children.get_mut(at).ok_or_else(|| self.wrong("lost"))?;
            return match &step.slice {
                None => Ok(child),
                Some(slice) => self.slice(child, slice, None),
            };
        }
        // `valueQuantity` is the slice of `value[x]` whose type is Quantity.
        let chosen = node.children.iter().enumerate().find_map(|(at, child)| {
            let types = child.element.types.iter();
            let code = types
                .map(|t| &t.code)
                .find(|code| choice_name(&child.name, code).as_deref() == Some(name))?;
            Some((at, code.clone()))
        });
        let Some((at, code)) = chosen else {
            return Err(self.wrong(format!("there is no element {name} in what this is derived from")));
        };
        let child = node.children.get_mut(at).ok_or_else(|| self.wrong("lost"))?;
        if child.element.slicing.is_none() || !child.chosen.is_empty() {
            child.chosen.push(code.clone());
        }
        match &step.slice {
            None => self.slice(child, name, Some(&code)),
            Some(slice) => self.slice(child, &format!("{name}/{slice}"), Some(&code)),
        }
    }

    /// The one of several types of a choice that has an element `name`; `None` where there are no several, or where not
    /// exactly one has it.
    fn only_type_with(&mut self, node: &Node, name: &str) -> Result<Option<String>, DefinitionFault> {
        let types = &node.element.types;
        if types.len() < 2 || !node.name.ends_with("[x]") || matches!(name, "id" | "extension") {
            return Ok(None);
        }
        let mut found = None;
        for one in types {
            let definition = (self.find)(&type_url(&one.code))?;
            let path = format!("{}.{name}", one.code);
            if definition.elements.iter().any(|element| element.path == path) {
                if found.is_some() {
                    return Ok(None);
                }
                found = Some(one.code.clone());
            }
        }
        Ok(found)
    }

    /// The slice of this name, made where there is none yet; `a/b` is a slice `b` within the slice `a`.
    fn slice<'n>(
        &mut self,
        node: &'n mut Node,
        slice: &str,
        code: Option<&str>,
    ) -> Result<&'n mut Node, DefinitionFault> {
        if let Some(at) = node.slices.iter().position(|s| s.element.slice_name.as_deref() == Some(slice)) {
            return node.slices.get_mut(at).ok_or_else(|| self.wrong("lost"));
        }
        let choice = node.name.ends_with("[x]");
        if node.element.slicing.is_none() {
            node.element.slicing = Some(self.implied(node, choice));
        }
        // Within a slice the slice stands for what it is a slice of; where that is not stated, it is made.
        let outer = slice.rsplit_once('/').map(|(outer, _)| outer);
        if let Some(outer) = outer {
            self.slice(node, outer, code)?;
        }
        let outer = outer
            .and_then(|outer| node.slices.iter().find(|s| s.element.slice_name.as_deref() == Some(outer)));
        let mut made = outer.unwrap_or(node).clone();
        made.slices = Vec::new();
        made.chosen = Vec::new();
        made.element.slicing = None;
        made.element.slice_name = Some(slice.to_owned());
        made.element.min = 0;
        if choice {
            let named = |t: &&TypeRef| choice_name(&node.name, &t.code).as_deref() == Some(slice);
            let code = code.map(str::to_owned);
            let code = code.or_else(|| node.element.types.iter().find(named).map(|t| t.code.clone()));
            if let Some(code) = code {
                made.element.types.retain(|t| t.code == code);
                // What lies below a choice of several types is not what lies below one of them.
                if node.element.types.len() > 1 {
                    made.children = Vec::new();
                }
            }
        }
        self.spend(made.count())?;
        node.slices.push(made);
        node.slices.last_mut().ok_or_else(|| self.wrong("lost"))
    }

    /// The slicing that the standard has where none is stated.
    fn implied(&mut self, node: &Node, choice: bool) -> Slicing {
        let discriminators = if choice {
            vec![(Discriminator::Type, String::from("$this"))]
        } else if matches!(node.name.as_str(), "extension" | "modifierExtension") {
            vec![(Discriminator::Value, String::from("url"))]
        } else {
            self.notes.push(format!(
                "{}: {} is sliced, and nothing says by what: its slices cannot be told apart",
                self.url, node.element.id
            ));
            Vec::new()
        };
        Slicing { discriminators, ordered: false, rules: Rules::Open }
    }

    /// Gives `node` the children that its type, its profile or what it refers to has.
    fn unfold(&mut self, node: &mut Node) -> Result<(), DefinitionFault> {
        if let Some(reference) = node.element.content_reference.clone() {
            return self.unfold_reference(node, &reference);
        }
        let unfolded = match node.element.types.as_slice() {
            [] => return Err(self.wrong("it has no type, so nothing can lie below it")),
            [one] => match one.profiles.as_slice() {
                [profile] => self.profile_or_type(&profile.clone(), &one.code.clone())?,
                _ => (self.find)(&type_url(&one.code.clone()))?,
            },
            // Of several types only what all have in common.
            _ => (self.find)(&type_url("Element"))?,
        };
        let tree = Node::grow(&unfolded.elements).map_err(|id| orphan(&unfolded.url, &id))?;
        self.spend(tree.count())?;
        merge::join_root(node, &tree.element);
        node.children = tree.children;
        Ok(())
    }

    fn profile_or_type(
        &mut self,
        profile: &str,
        code: &str,
    ) -> Result<std::sync::Arc<StructureDefinition>, DefinitionFault> {
        match (self.find)(profile) {
            Ok(found) => Ok(found),
            Err(fault) if fault.is_unknown() => {
                self.notes
                    .push(format!("{}: {profile} is not loaded; only its type {code} is used", self.url));
                (self.find)(&type_url(code))
            }
            Err(fault) => Err(fault),
        }
    }

    fn unfold_reference(&mut self, node: &mut Node, reference: &str) -> Result<(), DefinitionFault> {
        let code = reference.split('.').next().unwrap_or_default();
        let holder = (self.find)(&type_url(code))?;
        let mut tree = Node::grow(&holder.elements).map_err(|id| orphan(&holder.url, &id))?;
        let mut found = &mut tree;
        for step in super::names::steps_of(reference) {
            found = found
                .step_mut(&step)
                .ok_or_else(|| self.wrong(format!("its contentReference {reference} leads nowhere")))?;
        }
        self.spend(found.count())?;
        node.element.content_reference = None;
        node.element.types.clone_from(&found.element.types);
        merge::join_root(node, &found.element);
        node.children = std::mem::take(&mut found.children);
        Ok(())
    }
}

/// The canonical URL of a type of FHIR; a logical model's type is one already.
pub(super) fn type_url(code: &str) -> String {
    super::names::spelt_out(code, super::names::R4)
}
