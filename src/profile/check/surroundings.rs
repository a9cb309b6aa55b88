//! What `FHIRPath` may ask of its surroundings: types from the program, resources from the message, codes from the
//! terminology.

use std::{cell::Cell, collections::HashMap};

use serde_json::Value;

use super::{
    graph::{Content, ShapeId},
    narrative,
    place::Place,
    said::Said,
    walk::Walk,
};
use crate::profile::{
    path::World,
    terminology::{Member, SetId},
};

/// A walk as an expression sees it.
pub(super) struct Surroundings<'w, 'a> {
    walk: &'w Walk<'a>,
    /// Steps of the check that the questions took so far.
    spent: Cell<u64>,
}

impl<'w, 'a> Surroundings<'w, 'a> {
    pub(super) const fn of(walk: &'w Walk<'a>) -> Self {
        Self { walk, spent: Cell::new(0) }
    }

    /// Steps of the check that the questions took.
    pub(super) const fn spent(&self) -> u64 {
        self.spent.get()
    }
}

impl<'a> World<'a> for Surroundings<'_, 'a> {
    fn child_type(&self, parent: &str, name: &str) -> Option<&'a str> {
        let graph = self.walk.graph;
        let shape = graph.shape(ShapeId(graph.by_path.get(parent)?.child))?;
        let hit = shape.keys.get(name)?;
        let node = graph.node(shape.children.get(hit.child)?.node)?;
        let kind = node.alternatives.get(hit.alternative)?;
        Some(match kind.content {
            Content::Resource => "Resource",
            _ => &kind.path,
        })
    }

    fn is_subtype(&self, name: &str, of: &str) -> bool {
        if name == of || (name.contains('.') && matches!(of, "BackboneElement" | "Element")) {
            return true;
        }
        let graph = self.walk.graph;
        let bases = graph.types.get(name).and_then(|hit| graph.bases.get(hit.child));
        bases.is_some_and(|bases| bases.iter().any(|base| **base == *of))
    }

    fn resolve(&self, reference: &str, _root: &'a Value) -> Option<&'a Value> {
        self.walk.resolve(reference)
    }

    fn member_of(&self, code: &Value, value_set: &str) -> Option<bool> {
        self.is_member(self.walk.program.terminology.value_set(value_set)?, code)
    }

    /// A trial of its own, out of what is left of the steps; it does not know where the value stands.
    fn conforms_to(&self, value: &Value, profile: &str) -> Option<bool> {
        let walk = self.walk;
        let root = walk.graph.root(profile)?;
        let steps = walk.steps.saturating_sub(self.spent.get());
        let mut trial = Walk {
            program: walk.program,
            graph: walk.graph,
            ask: walk.ask,
            place: Place::default(),
            scope: walk.scope.clone(),
            holders: Vec::new(),
            extensions: Vec::new(),
            conforming: HashMap::new(),
            said: Said::default(),
            steps,
            trials: walk.trials,
            trial_failed: false,
        };
        let fits = trial.conforms(root, value);
        self.spent.set(self.spent.get().saturating_add(steps.saturating_sub(trial.steps)));
        (trial.steps > 0).then_some(fits)
    }

    fn html_checks(&self, div: &str) -> Option<bool> {
        Some(narrative::is_allowed(div))
    }

    fn now(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_microsecond(self.walk.ask.now).ok()
    }
}

impl Surroundings<'_, '_> {
    fn is_member(&self, set: SetId, code: &Value) -> Option<bool> {
        let member =
            |system: Option<&str>, code: &str| match self.walk.program.terminology.is_in(set, system, code) {
                Member::Yes => Some(true),
                Member::No => Some(false),
                Member::Unknown(_) => None,
            };
        let coding = |coding: &Value| {
            let text = |name: &str| coding.get(name).and_then(Value::as_str);
            text("code").map_or(Some(false), |code| member(text("system"), code))
        };
        match code {
            Value::String(code) => member(None, code),
            Value::Object(fields) => match fields.get("coding").and_then(Value::as_array) {
                None => coding(code),
                Some(codings) => {
                    let mut answer = Some(false);
                    for one in codings {
                        match coding(one) {
                            Some(true) => return Some(true),
                            Some(false) => {}
                            None => answer = None,
                        }
                    }
                    answer
                }
            },
            _ => Some(false),
        }
    }
}
