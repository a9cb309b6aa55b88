//! The walk over a value: one pass for each definition that it must fit.

use std::{collections::HashMap, rc::Rc};

use serde_json::Value;

use super::{
    Ask, Program,
    bundle::BundleIndex,
    graph::{Content, Graph, Node, NodeId},
    place::Place,
    reference::ContainedIndex,
    said::Said,
};
use crate::{limits, profile::finding::Severity};

/// What the value under the walk stands in.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    /// The resource that holds it.
    pub(super) resource: Option<&'a Value>,
    /// The resource that contains that one; the same where none does.
    pub(super) container: Option<&'a Value>,
    /// What that one contains, by id.
    pub(super) contained: Option<Rc<ContainedIndex<'a>>>,
    /// The Bundle that holds them.
    pub(super) bundle: Option<Rc<BundleIndex<'a>>>,
}

/// What an extension stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder<'a> {
    pub(super) element: &'a str,
    pub(super) type_name: &'a str,
}

/// One check of one value.
pub(super) struct Walk<'a> {
    pub(super) program: &'a Program,
    pub(super) graph: &'a Graph,
    pub(super) ask: &'a Ask<'a>,
    pub(super) place: Place<'a>,
    pub(super) scope: Scope<'a>,
    pub(super) holders: Vec<Holder<'a>>,
    /// The definitions of the extensions round this place.
    pub(super) extensions: Vec<&'a str>,
    /// Which resource fits which profile, so far.
    pub(super) conforming: HashMap<(usize, NodeId), bool>,
    pub(super) said: Said,
    /// What is left of [`limits::CHECK_STEPS_MAX`].
    pub(super) steps: u64,
    /// Trials under way: what fails in one is counted and not said.
    pub(super) trials: usize,
    pub(super) trial_failed: bool,
}

impl<'a> Walk<'a> {
    /// Takes from the budget. Whether the walk may go on.
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        if self.trials > 0 && self.trial_failed {
            return false;
        }
        self.steps = self.steps.saturating_sub(steps);
        self.steps > 0
    }

    /// Says something at this place, or at the field `below` it. The words are the rule and the diagnostics.
    pub(super) fn say(
        &mut self,
        severity: Severity,
        code: &'static str,
        node: &Node,
        below: &str,
        words: impl FnOnce() -> (String, String),
    ) {
        if self.trials > 0 {
            self.trial_failed |= severity == Severity::Error;
            return;
        }
        let profile = self.graph.origin_of(node).map_or("", |origin| &origin.canonical);
        self.said.add(severity, code, &self.place, below, profile, words);
    }

    /// The same for an invariant, by the definition that introduced it.
    pub(super) fn say_of(
        &mut self,
        severity: Severity,
        code: &'static str,
        node: &Node,
        source: &str,
        words: impl FnOnce() -> (String, String),
    ) {
        let root = self.graph.root(source).and_then(|root| self.graph.node(root));
        self.say(severity, code, root.unwrap_or(node), "", words);
    }

    /// Tries something without saying anything. Whether it was without error.
    pub(super) fn attempt(&mut self, trial: impl FnOnce(&mut Self)) -> bool {
        if self.trials >= limits::CHECK_TRIALS_DEEP_MAX {
            self.steps = 0;
        }
        if self.steps == 0 {
            return false;
        }
        let before = std::mem::replace(&mut self.trial_failed, false);
        self.trials += 1;
        trial(self);
        self.trials -= 1;
        let good = !self.trial_failed && self.steps > 0;
        self.trial_failed = before;
        good
    }

    /// Whether a value fits an element, tried.
    pub(super) fn fits(&mut self, node: NodeId, value: &'a Value) -> bool {
        let Some(node) = self.graph.node(node) else { return false };
        self.attempt(|walk| walk.item(node, None, Some(value), None))
    }

    /// Whether a value fits a profile, tried.
    pub(super) fn conforms(&mut self, root: NodeId, value: &'a Value) -> bool {
        let Some(node) = self.graph.node(root) else { return false };
        let is_resource = self.graph.origin_of(node).is_some_and(|origin| origin.is_resource);
        self.attempt(
            |walk| {
                if is_resource { walk.resource_as(node, value) } else { walk.against(node, value) }
            },
        )
    }

    /// The same, tried once in a check for each value: many references may point at one resource, and many slices may
    /// ask the same of it.
    pub(super) fn conforms_once(&mut self, root: NodeId, value: &'a Value) -> bool {
        let key = (std::ptr::from_ref(value).addr(), root);
        if let Some(known) = self.conforming.get(&key) {
            return *known;
        }
        let fits = self.conforms(root, value);
        self.conforming.insert(key, fits);
        fits
    }

    /// Checks a value against the root of a definition.
    pub(super) fn against(&mut self, root: &'a Node, value: &'a Value) {
        let Some(alternative) = root.alternatives.first() else { return };
        match (alternative.content, value) {
            (Content::Shape(shape), Value::Object(map)) => {
                self.fields(root, alternative, shape, map);
                self.demanded(root, value);
                if let Some(bound) = &root.binding {
                    self.coded(root, alternative, bound, value);
                }
                self.invariants(root, alternative, &root.invariants, Some(value), None);
            }
            (Content::Primitive(_), _) => self.item(root, None, Some(value), None),
            _ => {}
        }
    }
}
