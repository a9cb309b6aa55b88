//! Invariants: those that are ubiquitous in a form of our own, the others as `FHIRPath`.

use serde_json::Value;

use super::{graph::Node, native, walk::Walk};
use crate::profile::{definition::Constraint, finding::Severity};

/// A compiled invariant.
#[derive(Debug)]
pub(super) struct Invariant {
    pub(super) key: Box<str>,
    pub(super) is_error: bool,
    pub(super) human: Box<str>,
    pub(super) source: Box<str>,
    pub(super) run: Run,
}

/// How it is checked.
#[derive(Debug)]
pub(super) enum Run {
    /// In a form of our own, which a test holds against the `FHIRPath`.
    Native(native::Rule),
    /// Not at all, and why.
    Not(Box<str>),
}

impl Invariant {
    /// Compiles one; nothing where the walk itself sees to it.
    pub(super) fn compile(constraint: &Constraint) -> Option<Self> {
        let is_base = constraint.source.is_empty() || constraint.source.starts_with(super::compile::R4);
        if is_base && native::IN_THE_WALK.contains(&constraint.key.as_str()) {
            return None;
        }
        let run = match native::find(&constraint.key).filter(|_| is_base) {
            Some(rule) => Run::Native(rule),
            None => Run::Not("FHIRPath is not there yet".into()),
        };
        Some(Self {
            key: constraint.key.as_str().into(),
            is_error: constraint.is_error,
            human: constraint.human.as_str().into(),
            source: constraint.source.as_str().into(),
            run,
        })
    }
}

impl<'a> Walk<'a> {
    /// Checks one invariant of a value.
    pub(super) fn invariant(&mut self, node: &'a Node, invariant: &'a Invariant, value: &'a Value) {
        if !self.spend(1) || (&*invariant.key == "dom-6" && !self.ask.best_practice) {
            return;
        }
        let severity = if invariant.is_error { Severity::Error } else { Severity::Warning };
        match &invariant.run {
            Run::Native(rule) => {
                if !rule(self, value) {
                    self.say(severity, "invariant", node, "", || {
                        (invariant.key.to_string(), invariant.human.to_string())
                    });
                }
            }
            Run::Not(why) => self.say(Severity::Information, "not-supported", node, "", || {
                (
                    invariant.key.to_string(),
                    format!("This rule was not evaluated ({why}): {}", invariant.human),
                )
            }),
        }
    }
}
