//! Invariants: those that are ubiquitous in a form of our own, the others as `FHIRPath`.

use serde_json::Value;

use super::{
    fields::field,
    graph::{Alternative, Node},
    native,
    place::Step,
    surroundings::Surroundings,
    walk::Walk,
};
use crate::profile::{
    definition::Constraint,
    finding::Severity,
    leniency::Tolerance,
    path::{self, EvalFault, Expression, Focus, Kept},
};

/// Steps of an expression that count as one step of a check.
const PATH_STEPS_FOR_ONE: u64 = 4;

/// The rule of our messages that every resource has `meta.lastUpdated`.
const LAST_UPDATED: &str = "kw-msg-1";

/// Where our own definitions are.
const OURS: &str = "https://keyway.example/fhir/StructureDefinition/";
/// The rule of base R4 that a resource should have narrative.
const ADVICE: &str = "dom-6";

/// A compiled invariant.
#[derive(Debug)]
pub(super) struct Invariant {
    pub(super) key: Box<str>,
    pub(super) is_error: bool,
    /// Whether it is good practice rather than a rule.
    pub(super) is_advice: bool,
    pub(super) human: Box<str>,
    pub(super) source: Box<str>,
    pub(super) run: Run,
}

/// How it is checked.
#[derive(Debug)]
pub(super) enum Run {
    /// In a form of our own, which a test holds against the `FHIRPath`.
    Native(native::Rule),
    /// As it is written.
    Path(Expression),
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
        let is_ours = constraint.source.starts_with(OURS) && constraint.key.starts_with("kw-");
        let run = match native::find(&constraint.key).filter(|_| is_base || is_ours) {
            Some(rule) => Run::Native(rule),
            None if constraint.expression.is_empty() => Run::Not("it is given in words only".into()),
            None => match Expression::read(&constraint.expression) {
                Ok(expression) => Run::Path(expression),
                Err(fault) => Run::Not(fault.to_string().into()),
            },
        };
        Some(Self {
            key: constraint.key.as_str().into(),
            is_error: constraint.is_error,
            is_advice: is_base && constraint.key == ADVICE,
            human: constraint.human.as_str().into(),
            source: constraint.source.as_str().into(),
            run,
        })
    }

    /// How bad it is to break it.
    const fn severity(&self) -> Severity {
        if self.is_error { Severity::Error } else { Severity::Warning }
    }
}

impl<'a> Walk<'a> {
    /// Checks one invariant of a value.
    pub(super) fn invariant(
        &mut self,
        node: &'a Node,
        kind: &'a Alternative,
        invariant: &'a Invariant,
        value: Option<&'a Value>,
        shadow: Option<&'a Value>,
        kept: &Kept<'a>,
    ) {
        if !self.spend(1) || (invariant.is_advice && !self.ask.best_practice) {
            return;
        }
        let broken = match &invariant.run {
            Run::Native(rule) => value.is_some_and(|value| !rule(self, value)),
            Run::Path(expression) => match self.evaluated(kind, expression, value, shadow, kept) {
                Ok(truth) => !truth.is_satisfied(),
                // What only others know (a value set that is not here) says nothing against the message.
                Err(fault @ EvalFault::Undecided(_)) => {
                    return self.undecidable(node, invariant, &fault.to_string());
                }
                // Whatever else breaks a rule off lies in the message, and must not be a way past the rule.
                Err(fault) => {
                    let severity = invariant.severity();
                    return self.not_evaluated(severity, node, invariant, &fault.to_string());
                }
            },
            Run::Not(why) => return self.undecidable(node, invariant, why),
        };
        if broken {
            let forgiven =
                self.ask.forgives.has(Tolerance::MissingLastUpdated) && &*invariant.key == LAST_UPDATED;
            let severity = if forgiven { Severity::Information } else { invariant.severity() };
            // Which of the contained resources it is, the one who looks for it wants to see.
            if &*invariant.key == "dom-3"
                && let (Run::Native(_), Some(value)) = (&invariant.run, value)
            {
                for number in native::unreferred(value) {
                    self.place.enter(Step::Key("contained"), order_of(value, "contained"));
                    self.place.enter(Step::Index(number), number);
                    self.say_of(severity, "invariant", node, &invariant.source, || {
                        (invariant.key.to_string(), said(invariant, forgiven))
                    });
                    self.place.leave();
                    self.place.leave();
                }
                return;
            }
            self.say_of(severity, "invariant", node, &invariant.source, || {
                (invariant.key.to_string(), said(invariant, forgiven))
            });
        }
    }

    fn evaluated(
        &mut self,
        kind: &'a Alternative,
        expression: &'a Expression,
        value: Option<&'a Value>,
        shadow: Option<&'a Value>,
        kept: &Kept<'a>,
    ) -> Result<path::Truth, EvalFault> {
        let node = match value {
            Some(value) if field(value, "resourceType").is_some() => path::Node::resource(value),
            Some(value) if value.is_object() => path::Node::element(value, &kind.path),
            _ => path::Node::primitive(value, shadow, &kind.path),
        };
        let resource = self.scope.resource.map_or(node, path::Node::resource);
        let root = self.scope.container.map_or(resource, path::Node::resource);
        let left = u32::try_from(self.steps.saturating_mul(PATH_STEPS_FOR_ONE)).unwrap_or(u32::MAX);
        let surroundings = Surroundings::of(self);
        let (truth, spent) =
            expression.holds_within(&Focus { node, resource, root }, &surroundings, kept, left);
        let asked = surroundings.spent();
        self.spend(asked.saturating_add(u64::from(spent) / PATH_STEPS_FOR_ONE));
        truth
    }

    /// Says that a rule cannot be evaluated here, whatever the message holds: loudly where it may be broken.
    fn undecidable(&mut self, node: &'a Node, invariant: &'a Invariant, why: &str) {
        if invariant.is_error && self.trials == 0 {
            self.said.unchecked += 1;
        }
        let severity = if invariant.is_error { Severity::Warning } else { Severity::Information };
        self.not_evaluated(severity, node, invariant, why);
    }

    fn not_evaluated(&mut self, severity: Severity, node: &'a Node, invariant: &'a Invariant, why: &str) {
        self.say_of(severity, "not-supported", node, &invariant.source, || {
            (invariant.key.to_string(), format!("This rule was not evaluated ({why}): {}", invariant.human))
        });
    }
}

/// Where a field stands among those of its object.
fn order_of(value: &Value, name: &str) -> usize {
    value.as_object().and_then(|fields| fields.keys().position(|key| key == name)).unwrap_or(0)
}

fn said(invariant: &Invariant, forgiven: bool) -> String {
    if forgiven {
        return format!("{} Forgiven: {}.", invariant.human, Tolerance::MissingLastUpdated.as_str());
    }
    invariant.human.to_string()
}
