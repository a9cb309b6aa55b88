//! Slicing: what the slices of a list are, and how many items each may have, where, and in which order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    belonging::Fit,
    graph::{Alternative, Node, NodeId, ProfileRef},
    place::Step,
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

/// What was seen of the items of one slicing.
struct Tally {
    /// How many are in each slice.
    counts: Vec<u32>,
    /// How many may be in a slice and could not be told.
    open: BTreeMap<usize, u32>,
    /// The last slice, by its place in the definition, that an item was in.
    furthest: usize,
    /// Whether an item was in no slice.
    is_loose: bool,
    /// The same of slices that are sliced again.
    again: BTreeMap<usize, Tally>,
}

impl Tally {
    fn of(slicing: &Slicing) -> Self {
        Self {
            counts: vec![0; slicing.slices.len()],
            open: BTreeMap::new(),
            furthest: 0,
            is_loose: false,
            again: BTreeMap::new(),
        }
    }
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
        let mut tally = Tally::of(slicing);
        for (number, item) in items.iter().enumerate() {
            self.place.enter(Step::Index(number), number);
            let shadow = shadows.and_then(|list| list.get(number)).filter(|shadow| !shadow.is_null());
            self.sorted(node, slicing, &mut tally, item, shadow);
            self.place.leave();
        }
        self.slice_numbers(node, slicing, &tally);
    }

    /// Sorts one item into its slice, and where that is sliced again into its own; checks it as what it is.
    fn sorted(
        &mut self,
        node: &'a Node,
        slicing: &'a Slicing,
        tally: &mut Tally,
        item: &'a Value,
        shadow: Option<&'a Value>,
    ) {
        let mut undecided = Vec::new();
        let mut found = None;
        for (at, slice) in slicing.slices.iter().enumerate() {
            match self.belongs(slice, item) {
                Fit::Yes => {
                    found = Some((at, slice));
                    break;
                }
                Fit::No => {}
                Fit::Undecided => undecided.push((at, slice)),
            }
        }
        let graph = self.graph;
        if let Some((at, slice)) = found {
            if let Some(count) = tally.counts.get_mut(at) {
                *count += 1;
            }
            self.slice_place(node, slicing, slice, at < tally.furthest, tally.is_loose);
            tally.furthest = tally.furthest.max(at);
            if slicing.also_whole {
                self.item(node, None, Some(item), shadow);
            }
            let Some(inner) = graph.node(slice.node) else { return };
            match inner.slicing.as_deref() {
                Some(again) => {
                    let tally = tally.again.entry(at).or_insert_with(|| Tally::of(again));
                    self.sorted(inner, again, tally, item, shadow);
                }
                None => self.item(inner, None, Some(item), shadow),
            }
            return;
        }
        if undecided.is_empty() {
            tally.is_loose = true;
            if slicing.rules == Rules::Closed && slicing.slices.iter().all(|slice| slice.tests.is_some()) {
                let names = list(slicing.slices.iter().map(|slice| &*slice.name));
                self.say_slice(node, "slice-closed", &names, |names| {
                    format!("This fits no slice, and nothing else may stand here. Slices: {names}.")
                });
            }
        } else {
            for (at, _) in &undecided {
                *tally.open.entry(*at).or_default() += 1;
            }
            self.say(Severity::Information, "incomplete", node, "", || {
                let names = list(undecided.iter().map(|(_, slice)| &*slice.name));
                (
                    format!("slice {}", node.id),
                    format!(
                        "Whether this belongs to one of these slices cannot be decided here, for what tells it is not \
                         at hand: {names}. It was not checked as one of them."
                    ),
                )
            });
        }
        self.item(node, None, Some(item), shadow);
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

    /// Whether each slice has as many items as it must and may, and the slices of a slice as well.
    fn slice_numbers(&mut self, node: &'a Node, slicing: &'a Slicing, tally: &Tally) {
        let graph = self.graph;
        for (at, (slice, count)) in slicing.slices.iter().zip(&tally.counts).enumerate() {
            let inner = graph.node(slice.node);
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
            let id = || inner.map_or("", |node| &node.id);
            // Those that may be one of these were told where they stand.
            let most = count.saturating_add(tally.open.get(&at).copied().unwrap_or(0));
            if most < slice.min {
                self.say(Severity::Error, "required", node, "", || {
                    (
                        format!("min {}", id()),
                        format!(
                            "At least {} of the slice `{}` is needed; {most} found.",
                            slice.min, slice.name
                        ),
                    )
                });
            }
            if *count > slice.max {
                self.say(Severity::Error, "structure", node, "", || {
                    (
                        format!("max {}", id()),
                        format!(
                            "At most {} of the slice `{}` is allowed; {count} found.",
                            slice.max, slice.name
                        ),
                    )
                });
            }
            if let Some((inner, again)) = inner.and_then(|inner| Some((inner, inner.slicing.as_deref()?))) {
                match tally.again.get(&at) {
                    Some(tally) => self.slice_numbers(inner, again, tally),
                    // What may be of the slice may be of any slice of it.
                    None if most > 0 => {}
                    None => self.slices_missing(again, false, None),
                }
            }
        }
    }

    fn say_slice(&mut self, node: &Node, rule: &str, name: &str, words: impl FnOnce(&str) -> String) {
        self.say(Severity::Error, "structure", node, "", || (format!("{rule} {}", node.id), words(name)));
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
