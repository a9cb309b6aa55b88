//! Where the walk stands. Nothing is written out until there is something to say.

use std::fmt::Write as _;

use crate::fhir::json::shown;

/// One step down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// Into the field of this key, which is that of an element.
    Key(&'a str),
    /// Into the field of this key, which is the sender's own.
    Unknown(&'a str),
    /// Into the field of this key, which is the choice element of this name with this type.
    Choice { key: &'a str, name: &'a str, type_name: &'a str },
    /// Into the item of this number.
    Index(usize),
    /// The value just reached is a resource of this type.
    Resource(&'a str),
}

/// The steps from the root.
#[derive(Debug, Default)]
pub(super) struct Place<'a> {
    steps: Vec<Step<'a>>,
    /// How the steps sort in the document.
    order: Vec<u32>,
}

impl<'a> Place<'a> {
    /// Goes down into what is the `order`th thing of its parent.
    pub(super) fn enter(&mut self, step: Step<'a>, order: usize) {
        self.steps.push(step);
        self.order.push(u32::try_from(order).unwrap_or(u32::MAX));
    }

    /// Goes up again.
    pub(super) fn leave(&mut self) {
        self.steps.pop();
        self.order.pop();
    }

    /// How deep the walk is.
    pub(super) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// Goes up to a depth.
    pub(super) fn leave_to(&mut self, depth: usize) {
        self.steps.truncate(depth);
        self.order.truncate(depth);
    }

    /// Sorts findings as their places stand in the document.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// As `FHIRPath`, with `below` (a name, or nothing) under it.
    pub(super) fn expression(&self, below: &str) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) => name(&mut text, key.strip_prefix('_').unwrap_or(key)),
                Step::Unknown(key) => name(&mut text, &shown(key)),
                Step::Choice { name: plain, type_name, .. } => {
                    name(&mut text, plain);
                    write!(text, ".ofType({type_name})").ok();
                }
                Step::Index(number) => {
                    write!(text, "[{number}]").ok();
                }
                Step::Resource(kind) if text.is_empty() => text.push_str(kind),
                Step::Resource(kind) => {
                    write!(text, ".ofType({kind})").ok();
                }
            }
        }
        if !below.is_empty() {
            name(&mut text, below.strip_prefix('_').unwrap_or(below));
        }
        text
    }

    /// As a JSON pointer, with `below` (a key, or nothing) under it.
    pub(super) fn pointer(&self, below: &str) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) | Step::Choice { key, .. } => {
                    text.push('/');
                    text.push_str(key);
                }
                Step::Unknown(key) => {
                    text.push('/');
                    text.push_str(&shown(key));
                }
                Step::Index(number) => {
                    write!(text, "/{number}").ok();
                }
                Step::Resource(_) => {}
            }
        }
        if !below.is_empty() {
            text.push('/');
            text.push_str(below);
        }
        text
    }
}

fn name(text: &mut String, key: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    text.push_str(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_place_both_ways() {
        let mut place = Place::default();
        for step in [
            Step::Resource("Bundle"),
            Step::Key("entry"),
            Step::Index(2),
            Step::Key("resource"),
            Step::Resource("Observation"),
            Step::Choice { key: "valueQuantity", name: "value", type_name: "Quantity" },
        ] {
            place.enter(step, 0);
        }
        assert_eq!(
            place.expression("unit"),
            "Bundle.entry[2].resource.ofType(Observation).value.ofType(Quantity).unit"
        );
        assert_eq!(place.pointer("unit"), "/entry/2/resource/valueQuantity/unit");
        place.leave();
        place.enter(Step::Unknown("Jane Testcase"), 0);
        assert_eq!(place.pointer(""), "/entry/2/resource/*");
        assert_eq!(place.expression(""), "Bundle.entry[2].resource.ofType(Observation).*");
        place.leave();
        assert_eq!(place.expression("_status"), "Bundle.entry[2].resource.ofType(Observation).status");
        assert_eq!(place.pointer("_status"), "/entry/2/resource/_status");
    }
}
