//! FHIRPath over JSON: reads an expression once, and says of an element whether it holds or what it finds there.
//!
//! Covers the subset that `docs/fhirpath.md` lists. What is outside it is refused when the expression is read, so
//! that no rule is passed in silence later. Works on the message's own JSON and copies nothing of it.
//!
//! Source: FHIRPath 2.0.0 (N1); FHIR R4 (4.0.1), "FHIRPath" (its functions, variables and type names).

mod arithmetic;
mod boolean;
mod compare;
mod convert;
mod decimal;
mod eval;
mod fault;
mod function;
mod navigate;
mod once;
mod parse;
mod sets;
mod temporal;
mod text;
mod token;
mod tree;
mod value;
mod world;

pub use decimal::Decimal;
pub use fault::{EvalFault, PathFault};
pub use temporal::{Temporal, TemporalKind};
pub use value::{Collection, Item, Node, Quantity, Truth};
pub use world::{Focus, World, resolve_within};

use self::{eval::Run, tree::Tree};
use crate::limits;

/// An expression that was read, and can be evaluated any number of times.
#[derive(Debug)]
pub struct Expression {
    tree: Tree,
    typed: bool,
    /// How much of it is found once.
    once: usize,
}

impl Expression {
    /// Reads an expression. The fault says where it is wrong, or what in it is outside the subset.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        let tree = parse::tree(text)?;
        let typed = tree.needs_types();
        let (tree, once) = once::mark(tree);
        Ok(Self { tree, typed, once })
    }

    /// What it finds.
    pub fn evaluate<'v>(
        &'v self,
        focus: &Focus<'v>,
        world: &dyn World<'v>,
    ) -> Result<Collection<'v>, EvalFault> {
        let this = [Item::Node(focus.node)];
        let run = Run::new(world, focus, self.typed, self.once, limits::PATH_STEPS_MAX);
        let mut found = Collection::new();
        run.eval(&self.tree, Run::scope(&this), &mut found)?;
        Ok(found)
    }

    /// Whether an invariant holds. It is kept only where it gives `true`: nothing found is not enough, as in FHIR's
    /// own validator. One item that is neither `true` nor `false` counts as `true` (FHIRPath, "Singleton Evaluation
    /// of Collections"); several are a fault.
    pub fn holds<'v>(&'v self, focus: &Focus<'v>, world: &dyn World<'v>) -> Result<Truth, EvalFault> {
        self.holds_within(focus, world, limits::PATH_STEPS_MAX).0
    }

    /// The same in at most so many steps, and how many it took: for one who evaluates many.
    pub fn holds_within<'v>(
        &'v self,
        focus: &Focus<'v>,
        world: &dyn World<'v>,
        steps: u32,
    ) -> (Result<Truth, EvalFault>, u32) {
        let this = [Item::Node(focus.node)];
        let most = steps.min(limits::PATH_STEPS_MAX);
        let run = Run::new(world, focus, self.typed, self.once, most);
        let truth = run.truth(&self.tree, Run::scope(&this)).map(Truth::from);
        (truth, run.spent())
    }
}

#[cfg(test)]
mod tests;
