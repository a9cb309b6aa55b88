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
pub use once::{Common, Kept};
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
}

impl Expression {
    /// Reads an expression. The fault says where it is wrong, or what in it is outside the subset.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        let mut read = Self::read(text)?;
        read.mark(&mut Common::default());
        Ok(read)
    }

    /// The same for one of several, which are marked when all have been read.
    pub(super) fn read(text: &str) -> Result<Self, PathFault> {
        let tree = parse::tree(text)?;
        let typed = tree.needs_types();
        Ok(Self { tree, typed })
    }

    /// Marks what is found once in it, and in others that `common` has learnt of.
    pub(super) fn mark(&mut self, common: &mut Common) {
        let tree = std::mem::replace(&mut self.tree, Tree::This);
        self.tree = common.mark(tree, self.typed);
    }

    /// Learns what these have in common, which are evaluated on one element.
    pub(super) fn learn<'e>(common: &mut Common, together: impl Iterator<Item = &'e Self>) {
        common.learn(together.map(|one| (&one.tree, one.typed)));
    }

    /// What it finds.
    pub fn evaluate<'v>(
        &'v self,
        focus: &Focus<'v>,
        world: &dyn World<'v>,
    ) -> Result<Collection<'v>, EvalFault> {
        let this = [Item::Node(focus.node)];
        let kept = Kept::default();
        let run = Run::new(world, focus, self.typed, &kept, limits::PATH_STEPS_MAX);
        let mut found = Collection::new();
        run.eval(&self.tree, Run::scope(&this), &mut found)?;
        Ok(found)
    }

    /// Whether an invariant holds. It is kept only where it gives `true`: nothing found is not enough, as in FHIR's
    /// own validator. One item that is neither `true` nor `false` counts as `true` (FHIRPath, "Singleton Evaluation
    /// of Collections"); several are a fault.
    pub fn holds<'v>(&'v self, focus: &Focus<'v>, world: &dyn World<'v>) -> Result<Truth, EvalFault> {
        self.holds_within(focus, world, &Kept::default(), limits::PATH_STEPS_MAX).0
    }

    /// The same in at most so many steps, and how many it took: for one who evaluates many. `kept` is for those that are
    /// evaluated on this element in this place.
    pub fn holds_within<'v>(
        &'v self,
        focus: &Focus<'v>,
        world: &dyn World<'v>,
        kept: &Kept<'v>,
        steps: u32,
    ) -> (Result<Truth, EvalFault>, u32) {
        let this = [Item::Node(focus.node)];
        let most = steps.min(limits::PATH_STEPS_MAX);
        let run = Run::new(world, focus, self.typed, kept, most);
        let truth = run.truth(&self.tree, Run::scope(&this)).map(Truth::from);
        (truth, run.spent())
    }
}

#[cfg(test)]
mod tests;
