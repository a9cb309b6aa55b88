//! The validator: definitions compiled once into a program that is shared and never changes, and the check of a
//! value by it.
//!
//! A check reports everything that is wrong, with the rule and the place, and ends after a bounded number of steps.
//! It keeps nothing: no cache grows with what was seen. Not here: reading definitions (`definition`), codes
//! (`terminology`), `FHIRPath` (`path`), and the bytes of a document (`fhir::json`).

mod belonging;
mod bundle;
mod coded;
mod compile;
mod dates;
mod demands;
mod extension;
mod fields;
mod graph;
mod invariant;
mod item;
mod keys;
mod meant;
mod message;
mod narrative;
mod native;
mod place;
mod primitive;
mod reference;
mod resource;
mod said;
mod slicing;
mod surroundings;
mod values;
mod walk;

use std::sync::{Arc, OnceLock};

use serde_json::Value;

pub use self::meant::Meant;
use self::{
    compile::Builder,
    graph::Graph,
    place::Place,
    said::Said,
    walk::{Scope, Walk},
};
use super::{
    definition::{DefinitionFault, Definitions, MessageDefinition},
    finding::{Finding, Severity},
    leniency::Leniency,
    terminology::Terminology,
};
use crate::limits;

/// Every definition, compiled. Immutable; share it behind an `Arc`.
#[derive(Debug)]
pub struct Program {
    graph: Graph,
    terminology: Terminology,
    messages: Vec<MessageDefinition>,
    unevaluated: Vec<Unevaluated>,
}

/// A rule of a definition that is not checked, and why. Where an invariant or a slice applies, a finding says so too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unevaluated {
    /// The definition, as a canonical URL.
    pub profile: String,
    /// The rule: an invariant's key, the id of an element or slice, or the field of the definition.
    pub rule: String,
    /// Why it is not checked.
    pub why: String,
}

/// What to check a resource against, beside its own type and the profiles that it names.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Canonical URLs of further profiles, with or without version.
    pub profiles: &'a [&'a str],
    /// The time that `now()` and `today()` give, in microseconds since 1970 in UTC.
    pub now: i64,
    /// What is forgiven.
    pub forgives: Leniency,
    /// How bad it is that a profile is not known here.
    pub unknown_profiles: Severity,
    /// Whether advice is given as well (`dom-6`: a resource should have narrative).
    pub best_practice: bool,
}

impl Ask<'_> {
    /// The resource's own type and profiles, strictly, at this time in microseconds since 1970 in UTC.
    #[must_use]
    pub const fn at(now: i64) -> Self {
        Self {
            profiles: &[],
            now,
            forgives: Leniency::NONE,
            unknown_profiles: Severity::Warning,
            best_practice: true,
        }
    }
}

impl Program {
    /// Compiles every definition; the error holds each one that cannot be used.
    pub fn compile(definitions: &Definitions) -> Result<Self, Vec<DefinitionFault>> {
        let terminology = definitions.terminology();
        let mut builder = Builder::new(definitions, &terminology);
        builder.build();
        if !builder.faults.is_empty() {
            return Err(builder.faults);
        }
        let unevaluated = builder.unevaluated();
        let graph = builder.graph;
        Ok(Self { graph, terminology, messages: definitions.messages().to_vec(), unevaluated })
    }

    /// Base R4 and Keyway's own definitions.
    pub fn built_in() -> Result<Self, Vec<DefinitionFault>> {
        Self::compile(&Definitions::built_in().map_err(|fault| vec![fault])?)
    }

    /// The same, compiled once in a process and shared by all who ask.
    pub fn shared() -> Result<Arc<Self>, String> {
        static SHARED: OnceLock<Result<Arc<Program>, String>> = OnceLock::new();
        let told = |faults: Vec<DefinitionFault>| {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        SHARED.get_or_init(|| Self::built_in().map(Arc::new).map_err(told)).clone()
    }

    /// Whether a profile of this canonical URL is known.
    #[must_use]
    pub fn knows(&self, canonical: &str) -> bool {
        self.graph.root(canonical).is_some()
    }

    /// The code systems and value sets.
    #[must_use]
    pub const fn terminology(&self) -> &Terminology {
        &self.terminology
    }

    /// The rules that are not checked, and why.
    #[must_use]
    pub fn unevaluated(&self) -> &[Unevaluated] {
        &self.unevaluated
    }

    /// Everything that there is to say about a resource, in the order of the document: at most
    /// [`limits::ISSUES_MAX`] findings, and one that says that there are more.
    #[must_use]
    pub fn check(&self, resource: &Value, ask: &Ask<'_>) -> Vec<Finding> {
        let mut walk = self.walk(ask);
        walk.document(resource);
        let costly = walk.steps == 0;
        walk.said.finish(costly)
    }

    fn walk<'a>(&'a self, ask: &'a Ask<'a>) -> Walk<'a> {
        Walk {
            program: self,
            graph: &self.graph,
            ask,
            place: Place::default(),
            scope: Scope::default(),
            holders: Vec::new(),
            extensions: Vec::new(),
            said: Said::default(),
            conforming: std::collections::HashMap::new(),
            steps: limits::CHECK_STEPS_MAX,
            trials: 0,
            trial_failed: false,
        }
    }
}

#[cfg(test)]
mod tests;
