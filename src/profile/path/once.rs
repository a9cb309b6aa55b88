//! What would be found again and again is found once: in `entry.all(fullUrl in %resource.entry.fullUrl)` the right side is
//! the same for every entry, what stands twice in an expression is the same both times, and what stands in several rules
//! of one element is the same in each.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use smallvec::SmallVec;

use super::{
    function::Function,
    tree::{Call, Tree},
    value::Collection,
};

/// What was found once, by number: for the expressions that are evaluated on one element, in one place.
#[derive(Debug, Default)]
pub struct Kept<'v>(RefCell<SmallVec<[(usize, Collection<'v>); 4]>>);

impl<'v> Kept<'v> {
    /// Adds what was found under this number to `out`; how much it was.
    pub(super) fn give(&self, number: usize, out: &mut Collection<'v>) -> Option<usize> {
        let all = self.0.borrow();
        let (_, known) = all.iter().find(|(other, _)| *other == number)?;
        out.extend(known.iter().cloned());
        Some(known.len())
    }

    pub(super) fn keep(&self, number: usize, found: Collection<'v>) {
        self.0.borrow_mut().push((number, found));
    }
}

/// What several expressions have in common, and the numbers under which it is kept.
#[derive(Debug, Default)]
pub struct Common {
    numbers: HashMap<String, usize>,
    shared: HashSet<String>,
}

impl Common {
    /// Learns what the rules of one element have in common.
    pub(super) fn learn<'t>(&mut self, trees: impl Iterator<Item = (&'t Tree, bool)>) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for (tree, typed) in trees {
            let mut own = HashMap::new();
            count(tree, typed, &is_worth_sharing, &mut own);
            for key in own.into_keys() {
                *counts.entry(key).or_default() += 1;
            }
        }
        self.shared.extend(counts.into_iter().filter(|(_, count)| *count > 1).map(|(key, _)| key));
    }

    /// Marks what is found once.
    pub(super) fn mark(&mut self, tree: Tree, typed: bool) -> Tree {
        let mut counts = HashMap::new();
        count(&tree, typed, &is_worth_it, &mut counts);
        Marker { counts, typed, common: self }.marked(tree, true)
    }
}

/// What a part is known by. With types followed, more is known of what it finds.
fn key(tree: &Tree, typed: bool) -> String {
    format!("{typed} {tree:?}")
}

/// How often each part stands where `$this` is the element that the expression is evaluated on.
fn count(tree: &Tree, typed: bool, is_counted: &dyn Fn(&Tree) -> bool, counts: &mut HashMap<String, usize>) {
    if is_counted(tree) {
        *counts.entry(key(tree, typed)).or_default() += 1;
    }
    match tree {
        Tree::Call(call) if has_scope(call.function) => count(&call.base, typed, is_counted, counts),
        _ => tree.parts().into_iter().for_each(|part| count(part, typed, is_counted, counts)),
    }
}

struct Marker<'c> {
    counts: HashMap<String, usize>,
    typed: bool,
    common: &'c mut Common,
}

impl Marker<'_> {
    /// `is_outside`: where `$this` is the element that the expression is evaluated on.
    fn marked(&mut self, tree: Tree, is_outside: bool) -> Tree {
        if is_worth_it(&tree) {
            let key = key(&tree, self.typed);
            let is_same = if is_outside {
                self.counts.get(&key).is_some_and(|count| *count > 1) || self.common.shared.contains(&key)
            } else {
                has_variable(&tree) && !depends_on_item(&tree)
            };
            if is_same {
                let next = self.common.numbers.len();
                let number = *self.common.numbers.entry(key).or_insert(next);
                return Tree::Once(number, Box::new(self.inside(tree, is_outside)));
            }
        }
        self.inside(tree, is_outside)
    }

    fn inside(&mut self, tree: Tree, is_outside: bool) -> Tree {
        let mut inner = |tree: Tree| Box::new(self.marked(tree, is_outside));
        match tree {
            Tree::Member(base, name) => Tree::Member(inner(*base), name),
            Tree::Negate(of) => Tree::Negate(inner(*of)),
            Tree::Is(of, name) => Tree::Is(inner(*of), name),
            Tree::As(of, name) => Tree::As(inner(*of), name),
            Tree::Binary(operator, both) => {
                let (left, right) = *both;
                Tree::Binary(operator, Box::new((*inner(left), *inner(right))))
            }
            Tree::At(both) => {
                let (left, right) = *both;
                Tree::At(Box::new((*inner(left), *inner(right))))
            }
            Tree::Call(call) => {
                let Call { base, function, arguments, type_name, pattern } = *call;
                let base = *inner(base);
                let is_outside = is_outside && !has_scope(function);
                let arguments =
                    arguments.into_iter().map(|argument| self.marked(argument, is_outside)).collect();
                Tree::Call(Box::new(Call { base, function, arguments, type_name, pattern }))
            }
            other => other,
        }
    }
}

/// Whether finding it takes more than a step.
fn is_worth_it(tree: &Tree) -> bool {
    match tree {
        Tree::Member(base, _) => !matches!(**base, Tree::This),
        Tree::Call(_) => true,
        _ => false,
    }
}

/// Whether it is worth to be kept for another expression: what leads two steps down, and is not a yes or no.
fn is_worth_sharing(tree: &Tree) -> bool {
    match tree {
        Tree::Member(base, _) => is_worth_it(base),
        Tree::Call(call) => !call.function.gives_boolean() && is_worth_it(&call.base),
        _ => false,
    }
}

/// Whether the arguments are evaluated for each item, which is `$this` in them.
fn is_for_each(function: Function) -> bool {
    matches!(
        function,
        Function::Where | Function::Select | Function::All | Function::Exists | Function::Repeat
    )
}

/// Whether `$this` is another one in the arguments.
fn has_scope(function: Function) -> bool {
    is_for_each(function) || matches!(function, Function::Aggregate | Function::Iif)
}

fn has_variable(tree: &Tree) -> bool {
    matches!(tree, Tree::Variable(_)) || tree.parts().into_iter().any(has_variable)
}

/// Whether `$this`, `$index` or `$total` of outside matter.
fn depends_on_item(tree: &Tree) -> bool {
    match tree {
        Tree::This | Tree::Index | Tree::Total | Tree::Root(_) => true,
        Tree::Call(call) if is_for_each(call.function) => {
            // Inside, `$this` is its own; `$total` is still that of outside.
            depends_on_item(&call.base) || call.arguments.iter().any(has_total)
        }
        _ => tree.parts().into_iter().any(depends_on_item),
    }
}

fn has_total(tree: &Tree) -> bool {
    matches!(tree, Tree::Total) || tree.parts().into_iter().any(has_total)
}
