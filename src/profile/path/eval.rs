//! Evaluation: what each step of an expression finds.

use std::{borrow::Cow, cell::Cell, collections::HashMap};

use super::{
    fault::EvalFault,
    function::Function,
    once::Kept,
    tree::{Call, Literal, Operator, Tree, Variable},
    value::{Collection, Item, Quantity},
    world::{Focus, World},
};
use crate::limits;

/// One evaluation of one expression.
pub(super) struct Run<'r, 'v> {
    pub(super) world: &'r dyn World<'v>,
    pub(super) focus: &'r Focus<'v>,
    /// Whether the types of elements are followed.
    pub(super) typed: bool,
    steps: Cell<u32>,
    most: u32,
    kept: &'r Kept<'v>,
}

/// What `$this`, `$index` and `$total` are.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'v> {
    pub(super) this: &'s [Item<'v>],
    index: i64,
    total: &'s [Item<'v>],
}

/// What a step gives, or why it gives nothing.
pub(super) type Outcome<T> = Result<T, EvalFault>;

impl<'r, 'v> Run<'r, 'v> {
    /// An evaluation in at most so many steps.
    pub(super) fn new(
        world: &'r dyn World<'v>,
        focus: &'r Focus<'v>,
        typed: bool,
        kept: &'r Kept<'v>,
        most: u32,
    ) -> Self {
        Self { world, focus, typed, steps: Cell::new(0), most, kept }
    }

    /// How many steps it took so far.
    pub(super) fn spent(&self) -> u32 {
        self.steps.get()
    }

    pub(super) fn scope<'s>(this: &'s [Item<'v>]) -> Scope<'s, 'v> {
        Scope { this, index: 0, total: &[] }
    }

    /// Counts work; a fault when there was too much.
    pub(super) fn spend(&self, steps: usize) -> Outcome<()> {
        let spent = self.steps.get().saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        self.steps.set(spent);
        if spent > self.most { Err(EvalFault::TooCostly) } else { Ok(()) }
    }

    /// Adds an item to what was found.
    pub(super) fn push(&self, out: &mut Collection<'v>, item: Item<'v>) -> Outcome<()> {
        self.spend(1)?;
        if out.len() >= limits::PATH_ITEMS_MAX {
            return Err(EvalFault::TooMany);
        }
        out.push(item);
        Ok(())
    }

    /// Adds what `tree` finds to `out`.
    pub(super) fn eval(&self, tree: &'v Tree, scope: Scope<'_, 'v>, out: &mut Collection<'v>) -> Outcome<()> {
        self.spend(1)?;
        match tree {
            Tree::This => self.push_all(out, scope.this),
            Tree::Index => self.push(out, Item::Integer(scope.index)),
            Tree::Total => self.push_all(out, scope.total),
            Tree::Literal(literal) => {
                if let Some(item) = literal_item(literal) {
                    self.push(out, item)?;
                }
                Ok(())
            }
            Tree::Variable(which) => self.push(out, Item::Node(self.variable(*which))),
            Tree::Member(base, name) => {
                if matches!(**base, Tree::This) {
                    return self.named(scope.this, name, out);
                }
                let found = self.found(base, scope)?;
                self.named(&found, name, out)
            }
            Tree::Root(name) => {
                for item in scope.this {
                    if self.is_rooted(item, name) {
                        self.push(out, item.clone())?;
                    }
                }
                Ok(())
            }
            Tree::Call(call) if call.function.gives_boolean() => self.eval_truth(tree, scope, out),
            Tree::Call(call) => self.call(call, scope, out),
            Tree::Binary(operator, both) => match operator {
                Operator::Union => {
                    let mut all = self.found(&both.0, scope)?;
                    self.eval(&both.1, scope, &mut all)?;
                    self.distinct(all, out)
                }
                Operator::Times
                | Operator::Over
                | Operator::Div
                | Operator::Mod
                | Operator::Plus
                | Operator::Minus
                | Operator::Join => self.arithmetic(*operator, &both.0, &both.1, scope, out),
                _ => self.eval_truth(tree, scope, out),
            },
            Tree::Is(..) => self.eval_truth(tree, scope, out),
            Tree::Negate(of) => self.negate(of, scope, out),
            Tree::As(base, name) => {
                for item in self.found(base, scope)? {
                    if self.is_of(&item, name) {
                        self.push(out, item)?;
                    }
                }
                Ok(())
            }
            Tree::Once(number, inner) => {
                if let Some(count) = self.kept.give(*number, out) {
                    return self.spend(count);
                }
                let found = self.found(inner, scope)?;
                self.push_all(out, &found)?;
                self.kept.keep(*number, found);
                Ok(())
            }
            Tree::At(both) => {
                let found = self.found(&both.0, scope)?;
                let index = self.integer(&both.1, scope, "[]")?;
                let at = index.and_then(|i| usize::try_from(i).ok());
                match at.and_then(|at| found.get(at)) {
                    Some(item) => self.push(out, item.clone()),
                    None => Ok(()),
                }
            }
        }
    }

    fn eval_truth(&self, tree: &'v Tree, scope: Scope<'_, 'v>, out: &mut Collection<'v>) -> Outcome<()> {
        match self.truth(tree, scope)? {
            Some(answer) => self.push(out, Item::Boolean(answer)),
            None => Ok(()),
        }
    }

    /// What `tree` finds.
    pub(super) fn found(&self, tree: &'v Tree, scope: Scope<'_, 'v>) -> Outcome<Collection<'v>> {
        let mut out = Collection::new();
        self.eval(tree, scope, &mut out)?;
        Ok(out)
    }

    /// The one item that `tree` finds, or none; `what` names who asks.
    pub(super) fn single(
        &self,
        tree: &'v Tree,
        scope: Scope<'_, 'v>,
        what: &'static str,
    ) -> Outcome<Option<Item<'v>>> {
        let mut found = self.found(tree, scope)?;
        if found.len() > 1 {
            return Err(EvalFault::NotSingle(what));
        }
        Ok(found.pop())
    }

    pub(super) fn integer(
        &self,
        tree: &'v Tree,
        scope: Scope<'_, 'v>,
        what: &'static str,
    ) -> Outcome<Option<i64>> {
        match self.single(tree, scope, what)?.map(|item| self.plain_item(item)) {
            None => Ok(None),
            Some(Item::Integer(whole)) => Ok(Some(whole)),
            Some(_) => Err(EvalFault::WrongKind(what)),
        }
    }

    pub(super) fn push_all(&self, out: &mut Collection<'v>, items: &[Item<'v>]) -> Outcome<()> {
        for item in items {
            self.push(out, item.clone())?;
        }
        Ok(())
    }

    fn variable(&self, which: Variable) -> super::Node<'v> {
        match which {
            Variable::Context => self.focus.node,
            Variable::Resource => self.focus.resource,
            Variable::RootResource => self.focus.root,
        }
    }

    /// The scope for one item of a collection.
    pub(super) fn inside<'s>(scope: Scope<'s, 'v>, item: &'s Item<'v>, index: usize) -> Scope<'s, 'v> {
        Scope {
            this: std::slice::from_ref(item),
            index: i64::try_from(index).unwrap_or(i64::MAX),
            total: scope.total,
        }
    }

    fn call(&self, call: &'v Call, scope: Scope<'_, 'v>, out: &mut Collection<'v>) -> Outcome<()> {
        if call.function == Function::Count {
            let count = self.count(&call.base, scope)?;
            return self.push(out, Item::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
        }
        let argument = call.arguments.first();
        let base = self.found(&call.base, scope)?;
        match (call.function, argument) {
            (Function::Where, Some(criteria)) => {
                for (index, item) in base.iter().enumerate() {
                    if self.truth(criteria, Self::inside(scope, item, index))? == Some(true) {
                        self.push(out, item.clone())?;
                    }
                }
                Ok(())
            }
            (Function::Select, Some(projection)) => {
                for (index, item) in base.iter().enumerate() {
                    self.eval(projection, Self::inside(scope, item, index), out)?;
                }
                Ok(())
            }
            (Function::Repeat, Some(projection)) => self.repeat(base, projection, scope, out),
            (Function::Aggregate, Some(step)) => {
                let mut total = match call.arguments.get(1) {
                    Some(start) => self.found(start, scope)?,
                    None => Collection::new(),
                };
                for (index, item) in base.iter().enumerate() {
                    let inner = Scope { total: &total, ..Self::inside(scope, item, index) };
                    let next = self.found(step, inner)?;
                    total = next;
                }
                self.push_all(out, &total)
            }
            (Function::Iif, Some(criteria)) => {
                let inner =
                    if matches!(call.base, Tree::This) { scope } else { Scope { this: &base, ..scope } };
                let branch = usize::from(self.truth(criteria, inner)? != Some(true)) + 1;
                match call.arguments.get(branch) {
                    Some(chosen) => self.eval(chosen, inner, out),
                    None => Ok(()),
                }
            }
            (Function::OfType | Function::As, _) => {
                for item in base {
                    if call.type_name.as_ref().is_some_and(|name| self.is_of(&item, name)) {
                        self.push(out, item)?;
                    }
                }
                Ok(())
            }
            (Function::Trace, _) => {
                out.extend(base);
                Ok(())
            }
            (Function::Children, _) => {
                for item in &base {
                    self.children(item, out)?;
                }
                Ok(())
            }
            (Function::Descendants, _) => self.descendants(&base, out),
            (Function::Extension, _) => self.extension(&base, argument, scope, out),
            (Function::Resolve, _) => self.resolve(&base, out),
            (Function::GetValue, _) => {
                if let [item @ Item::Node(node)] = base.as_slice()
                    && node.scalar().is_some()
                {
                    self.push(out, self.plain_item(item.clone()))?;
                }
                Ok(())
            }
            (Function::Now | Function::Today | Function::TimeOfDay, _) => self.clock(call.function, out),
            (
                Function::First
                | Function::Last
                | Function::Tail
                | Function::Skip
                | Function::Take
                | Function::Single
                | Function::Distinct
                | Function::Union
                | Function::Combine
                | Function::Intersect
                | Function::Exclude,
                _,
            ) => self.pick(call, base, scope, out),
            (Function::To(target), _) => {
                if let Some(made) = self.converted(one(&base, "a conversion")?, target) {
                    self.push(out, made)?;
                }
                Ok(())
            }
            (
                Function::Abs | Function::Ceiling | Function::Floor | Function::Round | Function::Truncate,
                _,
            ) => self.rounding(call, &base, scope, out),
            _ => self.text_function(call, &base, scope, out),
        }
    }

    /// What `projection` finds, and finds in that, and so on; each once.
    fn repeat(
        &self,
        base: Collection<'v>,
        projection: &'v Tree,
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let mut seen = Collection::new();
        // Where elements with the same outline stand among them: others cannot be equal.
        let mut outlines: HashMap<u64, Collection<'v>> = HashMap::new();
        let mut waiting = base;
        while !waiting.is_empty() {
            let mut next = Collection::new();
            for (index, item) in waiting.iter().enumerate() {
                let mut found = Collection::new();
                self.eval(projection, Self::inside(scope, item, index), &mut found)?;
                for item in found {
                    let alike = outlines.entry(self.outline(&item)?).or_default();
                    if !self.is_among(&item, alike)? {
                        alike.push(item.clone());
                        self.push(&mut seen, item.clone())?;
                        self.push(&mut next, item)?;
                    }
                }
            }
            waiting = next;
        }
        out.extend(seen);
        Ok(())
    }

    fn clock(&self, function: Function, out: &mut Collection<'v>) -> Outcome<()> {
        let now = self.world.now().ok_or(EvalFault::Undecided("the time"))?;
        let now = super::Temporal::of_moment(now);
        let made = match function {
            Function::Today => now.date(),
            Function::TimeOfDay => now.time(),
            _ => Some(now),
        };
        match made {
            Some(made) => self.push(out, Item::Temporal(made)),
            None => Ok(()),
        }
    }
}

/// The one item of a collection, or none.
pub(super) fn one<'s, 'v>(items: &'s [Item<'v>], what: &'static str) -> Outcome<Option<&'s Item<'v>>> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        _ => Err(EvalFault::NotSingle(what)),
    }
}

fn literal_item(literal: &Literal) -> Option<Item<'_>> {
    Some(match literal {
        Literal::Empty => return None,
        Literal::Boolean(b) => Item::Boolean(*b),
        Literal::Integer(i) => Item::Integer(*i),
        Literal::Decimal(d) => Item::Decimal(*d),
        Literal::Text(text) => Item::String(Cow::Borrowed(text)),
        Literal::Temporal(t) => Item::Temporal(*t),
        Literal::Quantity(value, unit) => {
            Item::Quantity(Box::new(Quantity { value: *value, unit: Cow::Borrowed(unit) }))
        }
    })
}
