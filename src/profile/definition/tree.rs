//! The elements of a definition as a tree: an element, its children, its slices.

use super::{
    Element, Rules,
    names::{self, Step},
};

/// One element with what lies below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Itself. Its id and path are set anew when the tree is written out.
    pub(super) element: Element,
    /// The last step of its path: `identifier`; on a root the type.
    pub(super) name: String,
    /// What lies below it, in the order of the definition.
    pub(super) children: Vec<Node>,
    /// Its slices, in the order of the definition; each stands for itself, with children of its own.
    pub(super) slices: Vec<Node>,
    /// Of a choice: the types that a differential names by the short form (`valueQuantity`), and so narrows it to.
    pub(super) chosen: Vec<String>,
}

impl Node {
    /// The tree of a flat list, whose first element is the root. `Err` holds the id of an element without a parent.
    pub(super) fn grow(elements: &[Element]) -> Result<Self, String> {
        let (root, rest) = elements.split_first().ok_or_else(String::new)?;
        let mut tree = Self { element: root.clone(), name: root.path.clone(), ..Self::default() };
        for element in rest {
            let steps = names::steps_of(&element.id);
            tree.hang(&steps, element).ok_or_else(|| element.id.clone())?;
        }
        Ok(tree)
    }

    fn hang(&mut self, steps: &[Step], element: &Element) -> Option<()> {
        let (last, above) = steps.split_last()?;
        let mut parent = self;
        for step in above {
            parent = parent.step_mut(step)?;
        }
        let node = Self { element: element.clone(), name: last.name.clone(), ..Self::default() };
        if last.slice.is_some() {
            parent.child_mut(&last.name)?.slices.push(node);
        } else {
            parent.children.push(node);
        }
        Some(())
    }

    /// The child of this name, not one of its slices.
    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    /// The child, or the slice of it.
    pub(super) fn step_mut(&mut self, step: &Step) -> Option<&mut Self> {
        let child = self.child_mut(&step.name)?;
        match &step.slice {
            None => Some(child),
            Some(slice) => child.slice_mut(slice),
        }
    }

    /// The slice of this name.
    pub(super) fn slice_mut(&mut self, slice: &str) -> Option<&mut Self> {
        self.slices.iter_mut().find(|node| node.element.slice_name.as_deref() == Some(slice))
    }

    /// How many nodes there are, this one included.
    pub(super) fn count(&self) -> usize {
        1 + self.children.iter().chain(&self.slices).map(Self::count).sum::<usize>()
    }

    /// The flat list, with ids and paths made from where each node stands.
    pub(super) fn write_out(self) -> Vec<Element> {
        let mut all = Vec::new();
        let (id, path) = (self.name.clone(), self.name.clone());
        self.write(&id, &path, &mut all);
        all
    }

    fn write(self, id: &str, path: &str, all: &mut Vec<Element>) {
        let mut element = self.element;
        if !self.chosen.is_empty() {
            element.types.retain(|t| self.chosen.contains(&t.code));
            if let Some(slicing) = &mut element.slicing {
                slicing.rules = Rules::Closed;
            }
        }
        id.clone_into(&mut element.id);
        path.clone_into(&mut element.path);
        all.push(element);
        for child in self.children {
            let name = child.name.clone();
            child.write(&format!("{id}.{name}"), &format!("{path}.{name}"), all);
        }
        for slice in self.slices {
            let name = slice.element.slice_name.clone().unwrap_or_default();
            slice.write(&format!("{id}:{name}"), path, all);
        }
    }
}
