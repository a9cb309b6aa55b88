//! Slicing: which slice an item of a list belongs to, and how many each may have.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    fields::field,
    graph::{Alternative, Node, NodeId, ProfileRef},
    place::Step,
    values,
    walk::Walk,
};
use crate::profile::{definition::Rules, finding::Severity, terminology::SetId};

/// How the items of an element are sorted.
#[derive(Debug)]
pub(super) struct Slicing {
    pub(super) slices: Box<[Slice]>,
    pub(super) ordered: bool,
    pub(super) rules: Rules,
    /// Whether an item is checked against the element itself as well as against its slice.
    pub(super) also_whole: bool,
}

/// One slice.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) name: Box<str>,
    pub(super) node: NodeId,
    pub(super) min: u32,
    pub(super) max: u32,
    /// What tells its items from others; all must hold. `None`: it cannot be told.
    pub(super) tests: Option<Box<[Test]>>,
}

/// One discriminator of one slice.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) path: Box<[Way]>,
    pub(super) want: Want,
}

/// One step of a discriminator's path.
#[derive(Debug)]
pub(super) enum Way {
    Field(Box<str>),
    /// A choice element, whichever type it has.
    Choice(Box<str>),
    /// A choice element of this JSON key.
    Extension(Box<str>),
    Resolve,
    /// Only resources of this type.
    OfType(Box<str>),
}

/// What a discriminator finds in a slice's items.
#[derive(Debug)]
pub(super) enum Want {
    Fixed(Value),
    Pattern(Value),
    Codes(SetId),
    Exists(bool),
    /// A resource, or the target of a reference, of one of these types.
    Types(Box<[Box<str>]>),
    Profiles(Box<[ProfileRef]>),
    /// Whatever fits this element.
    Fits(NodeId),
    Any(Box<[Want]>),
}

impl<'a> Walk<'a> {
    /// Checks the items of a sliced element: each against its slice, and the slices against their numbers.
    pub(super) fn sliced(
        &mut self,
        node: &'a Node,
        slicing: &'a Slicing,
        items: &'a [Value],
        shadows: Option<&'a [Value]>,
    ) {
        let mut counts = vec![0_u32; slicing.slices.len()];
        let mut inner_counts: HashMap<usize, Vec<u32>> = HashMap::new();
        let mut furthest = 0;
        let mut loose = false;
        for (number, item) in items.iter().enumerate() {
            self.place.enter(Step::Index(number), number);
            let shadow = shadows.and_then(|list| list.get(number)).filter(|shadow| !shadow.is_null());
            let at = slicing.slices.iter().position(|slice| self.belongs(slice, item));
            if let Some((at, slice)) = at.and_then(|at| Some((at, slicing.slices.get(at)?))) {
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
                self.slice_place(node, slicing, slice, at < furthest, loose);
                furthest = furthest.max(at);
                let inner = self.in_slice(node, slicing, slice, item, shadow);
                if let Some(again) = self.graph.node(slice.node).and_then(|node| node.slicing.as_ref()) {
                    let counts = inner_counts.entry(at).or_insert_with(|| vec![0; again.slices.len()]);
                    if let Some(count) = inner.and_then(|inner| counts.get_mut(inner)) {
                        *count += 1;
                    }
                }
            } else {
                loose = true;
                if slicing.rules == Rules::Closed && slicing.slices.iter().all(|slice| slice.tests.is_some())
                {
                    let names = list(slicing.slices.iter().map(|slice| &*slice.name));
                    self.say_slice(node, "slice-closed", &names, |names| {
                        format!("This fits no slice, and nothing else may stand here. Slices: {names}.")
                    });
                }
                self.item(node, None, Some(item), shadow);
            }
            self.place.leave();
        }
        self.slice_numbers(node, slicing, &counts);
        for (at, counts) in inner_counts {
            let slice = slicing.slices.get(at).and_then(|slice| self.graph.node(slice.node));
            if let Some((slice, inner)) = slice.and_then(|slice| Some((slice, slice.slicing.as_ref()?))) {
                self.slice_numbers(slice, inner, &counts);
            }
        }
    }

    /// Says which slices must have something where there is nothing, but the one that there is.
    pub(super) fn slices_missing(&mut self, slicing: &'a Slicing, is_choice: bool, but: Option<NodeId>) {
        for slice in slicing.slices.iter().filter(|slice| slice.min > 0 && Some(slice.node) != but) {
            let Some(node) = self.graph.node(slice.node) else { continue };
            self.say(Severity::Error, "required", node, "", || {
                let says = if is_choice {
                    let types = list(node.alternatives.iter().map(|kind| &*kind.type_name));
                    format!("The slice `{}` is needed here: a value of the type {types}.", slice.name)
                } else {
                    format!("At least {} of the slice `{}` is needed; 0 found.", slice.min, slice.name)
                };
                (format!("min {}", node.id), says)
            });
        }
    }

    /// Checks the type of a choice element against its slices by type.
    pub(super) fn typed_slices(&mut self, node: &'a Node, slicing: &'a Slicing, kind: &'a Alternative) {
        if slicing.rules == Rules::Closed && kind.slice.is_none() {
            let names = list(slicing.slices.iter().map(|slice| &*slice.name));
            self.say_slice(node, "slice-closed", &names, |names| {
                format!("No slice is of this type, and no other may stand here. Slices: {names}.")
            });
        }
        self.slices_missing(slicing, true, kind.slice);
    }

    /// Whether an item of a slice stands where it may.
    fn slice_place(&mut self, node: &'a Node, slicing: &Slicing, slice: &Slice, before: bool, loose: bool) {
        if slicing.ordered && before {
            self.say_slice(node, "slice-order", &slice.name, |name| {
                format!(
                    "The slice `{name}` comes before the one in front of it; the order of slices is fixed."
                )
            });
        }
        if loose && slicing.rules == Rules::OpenAtEnd {
            self.say_slice(node, "slice-at-end", &slice.name, |name| {
                format!("What is in no slice comes after the slices; `{name}` stands after it.")
            });
        }
    }

    /// Checks an item as one of a slice; of one that is sliced again, which of its own slices the item is in.
    fn in_slice(
        &mut self,
        whole: &'a Node,
        slicing: &Slicing,
        slice: &Slice,
        item: &'a Value,
        shadow: Option<&'a Value>,
    ) -> Option<usize> {
        if slicing.also_whole {
            self.item(whole, None, Some(item), shadow);
        }
        let graph = self.graph;
        let node = graph.node(slice.node)?;
        let inner = node.slicing.as_ref().and_then(|slicing| {
            let at = slicing.slices.iter().position(|inner| self.belongs(inner, item))?;
            Some((at, graph.node(slicing.slices.get(at)?.node)?))
        });
        self.item(inner.map_or(node, |(_, inner)| inner), None, Some(item), shadow);
        inner.map(|(at, _)| at)
    }

    /// Whether each slice has as many items as it must and may.
    pub(super) fn slice_numbers(&mut self, node: &'a Node, slicing: &'a Slicing, counts: &[u32]) {
        for (slice, count) in slicing.slices.iter().zip(counts) {
            if slice.tests.is_none() {
                if slice.min > 0 {
                    self.say(Severity::Information, "incomplete", node, "", || {
                        (
                            format!("slice {}:{}", node.id, slice.name),
                            format!("Which items belong to the slice `{}` cannot be told here.", slice.name),
                        )
                    });
                }
                continue;
            }
            let graph = self.graph;
            let inner = || graph.node(slice.node).map_or("", |node| &node.id);
            if *count < slice.min {
                self.say(Severity::Error, "required", node, "", || {
                    (
                        format!("min {}", inner()),
                        format!(
                            "At least {} of the slice `{}` is needed; {count} found.",
                            slice.min, slice.name
                        ),
                    )
                });
            }
            if *count > slice.max {
                self.say(Severity::Error, "structure", node, "", || {
                    (
                        format!("max {}", inner()),
                        format!(
                            "At most {} of the slice `{}` is allowed; {count} found.",
                            slice.max, slice.name
                        ),
                    )
                });
            }
        }
    }

    fn say_slice(&mut self, node: &Node, rule: &str, name: &str, words: impl FnOnce(&str) -> String) {
        self.say(Severity::Error, "structure", node, "", || (format!("{rule} {}", node.id), words(name)));
    }

    /// Whether an item belongs to a slice. An undecided test is a "no".
    pub(super) fn belongs(&mut self, slice: &'a Slice, item: &'a Value) -> bool {
        slice.tests.as_ref().is_some_and(|tests| {
            self.spend(1) && tests.iter().all(|test| self.holds(&test.path, &test.want, item))
        })
    }

    fn holds(&mut self, path: &'a [Way], want: &'a Want, item: &'a Value) -> bool {
        let Some((step, rest)) = path.split_first() else { return self.is_wanted(want, Some(item)) };
        if let Value::Array(items) = item {
            return items.iter().any(|item| self.holds(path, want, item));
        }
        let next: Option<&'a Value> = match step {
            Way::Field(name) => field(item, name),
            Way::Choice(name) => item.as_object().and_then(|map| {
                map.iter()
                    .find(|(key, _)| {
                        key.strip_prefix(&**name)
                            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
                    })
                    .map(|(_, value)| value)
            }),
            Way::Extension(url) => field(item, "extension").and_then(Value::as_array).and_then(|list| {
                list.iter().find(|extension| field(extension, "url").and_then(Value::as_str) == Some(&**url))
            }),
            Way::Resolve => {
                let target = field(item, "reference").and_then(Value::as_str).and_then(|to| self.resolve(to));
                if target.is_none() && rest.is_empty() {
                    return Self::reference_is_wanted(want, item);
                }
                target
            }
            Way::OfType(name) => {
                (field(item, "resourceType").and_then(Value::as_str) == Some(&**name)).then_some(item)
            }
        };
        match next {
            Some(Value::Array(items)) if !rest.is_empty() || !matches!(want, Want::Exists(_)) => {
                items.iter().any(|item| self.holds(rest, want, item))
            }
            Some(next) => self.holds(rest, want, next),
            None => self.is_wanted(want, None),
        }
    }

    fn is_wanted(&mut self, want: &'a Want, value: Option<&'a Value>) -> bool {
        match (want, value) {
            (Want::Exists(wanted), value) => *wanted == value.is_some(),
            (Want::Any(wants), value) => wants.iter().any(|want| self.is_wanted(want, value)),
            (_, None) => false,
            (Want::Fixed(fixed), Some(value)) => values::same(fixed, value),
            (Want::Pattern(pattern), Some(value)) => values::has_pattern(pattern, value),
            (Want::Codes(codes), Some(value)) => self.has_code_of(*codes, value),
            (Want::Types(types), Some(value)) => {
                let kind = field(value, "resourceType").and_then(Value::as_str);
                kind.is_some_and(|kind| types.iter().any(|one| **one == *kind || &**one == "Resource"))
            }
            (Want::Profiles(profiles), Some(value)) => profiles
                .iter()
                .any(|profile| profile.root.is_some_and(|root| self.conforms_once(root, value))),
            (Want::Fits(node), Some(value)) => self.fits(*node, value),
        }
    }

    /// The type of what a reference points at, by the look of it.
    fn reference_is_wanted(want: &Want, reference: &Value) -> bool {
        let Want::Types(types) = want else { return false };
        let kind = super::reference::type_by_look(reference);
        kind.is_some_and(|kind| types.iter().any(|one| **one == *kind || &**one == "Resource"))
    }
}

/// Names in a row.
pub(super) fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}
