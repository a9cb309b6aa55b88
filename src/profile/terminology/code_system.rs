//! One code system.

use std::collections::{HashMap, HashSet};

use super::{Member, Text};
use crate::profile::Table;

/// How much of a code system is in its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// All of its codes.
    Complete,
    /// Some, or none.
    Partial,
    /// None of its own: further words for another system.
    Supplement,
}

impl Content {
    /// The code of FHIR's `codesystem-content-mode`.
    pub(super) fn of(code: &str) -> Option<Self> {
        match code {
            "complete" => Some(Self::Complete),
            "fragment" | "example" | "not-present" => Some(Self::Partial),
            "supplement" => Some(Self::Supplement),
            _ => None,
        }
    }
}

/// A code with what is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Concept {
    /// The code.
    pub(super) code: Text,
    /// Its display; may be empty.
    pub(super) display: Text,
    /// Other words for it.
    pub(super) designations: Vec<Text>,
    /// The codes directly above it.
    pub(super) parents: Vec<Text>,
}

/// A code system, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct System {
    /// Its address, without version.
    pub(super) url: Text,
    /// Its version; may be empty.
    pub(super) version: Text,
    /// How much of it is here.
    pub(super) content: Content,
    /// Whether `A` and `a` are two codes.
    pub(super) case_sensitive: bool,
    concepts: Vec<Concept>,
    places: Table<Text, usize>,
}

impl System {
    pub(super) fn new(
        url: Text,
        version: Text,
        content: Content,
        case_sensitive: bool,
        concepts: Vec<Concept>,
    ) -> Self {
        let places = concepts.iter().enumerate().map(|(at, concept)| (concept.code.clone(), at)).collect();
        Self { url, version, content, case_sensitive, concepts, places }
    }

    fn concept(&self, code: &str) -> Option<&Concept> {
        match self.places.get(code) {
            Some(at) => self.concepts.get(*at),
            None if self.case_sensitive => None,
            None => self.concepts.iter().find(|concept| concept.code.eq_ignore_ascii_case(code)),
        }
    }

    /// Whether it has the code.
    pub(super) fn contains(&self, code: &str) -> Member<'_> {
        if self.concept(code).is_some() {
            Member::Yes
        } else if self.content == Content::Complete {
            Member::No
        } else {
            Member::Unknown("only a part of the code system is loaded")
        }
    }

    /// The codes, in its own order.
    pub(super) fn codes(&self) -> impl ExactSizeIterator<Item = &Text> {
        self.concepts.iter().map(|concept| &concept.code)
    }

    /// How it calls the code.
    pub(super) fn display(&self, code: &str) -> Option<&str> {
        self.concept(code).map(|concept| concept.display.as_ref()).filter(|display| !display.is_empty())
    }

    /// Whether it calls the code so.
    pub(super) fn display_fits(&self, code: &str, display: &str) -> Option<bool> {
        let concept = self.concept(code)?;
        if concept.display.is_empty() && concept.designations.is_empty() {
            return None;
        }
        Some(
            std::iter::once(&concept.display).chain(&concept.designations).any(|known| alike(known, display)),
        )
    }

    /// The code and all below it; `None` when it has no such code.
    pub(super) fn at_or_below(&self, code: &str) -> Option<HashSet<&str>> {
        let top = self.concept(code)?;
        let mut below: HashMap<&str, Vec<&str>> = HashMap::new();
        for concept in &self.concepts {
            for parent in &concept.parents {
                below.entry(parent).or_default().push(&concept.code);
            }
        }
        let mut found = HashSet::from([top.code.as_ref()]);
        let mut open = vec![top.code.as_ref()];
        while let Some(code) = open.pop() {
            for child in below.get(code).into_iter().flatten() {
                if found.insert(child) {
                    open.push(child);
                }
            }
        }
        Some(found)
    }

    /// The codes directly below this one.
    pub(super) fn directly_below(&self, code: &str) -> HashSet<&str> {
        let children = self.concepts.iter().filter(|concept| concept.parents.iter().any(|p| p == code));
        children.map(|concept| concept.code.as_ref()).collect()
    }
}

/// The same words, letter case and spacing aside.
fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
    one == other || words(one) == words(other)
}
