//! What would be found again and again is found once: in `entry.all(fullUrl in %resource.entry.fullUrl)` the right side is
//! the same for every entry, and what stands twice in an expression is the same both times.

use std::collections::HashMap;

use super::{
    function::Function,
    tree::{Call, Tree},
};

/// Marks what is found once; gives how much was marked.
pub(super) fn mark(tree: Tree) -> (Tree, usize) {
    let mut marker = Marker::default();
    marker.count(&tree);
    let tree = marker.marked(tree, true);
    (tree, marker.numbers.len())
}

#[derive(Default)]
struct Marker {
    /// How often each part stands in the expression where `$this` is the element that it is evaluated on.
    counts: HashMap<String, usize>,
    /// The number of each part that is marked.
    numbers: HashMap<String, usize>,
}

impl Marker {
    fn count(&mut self, tree: &Tree) {
        if is_worth_it(tree) {
            *self.counts.entry(format!("{tree:?}")).or_default() += 1;
        }
        match tree {
            Tree::Call(call) if has_scope(call.function) => self.count(&call.base),
            _ => tree.parts().into_iter().for_each(|part| self.count(part)),
        }
    }

    /// `is_outside`: where `$this` is the element that the expression is evaluated on.
    fn marked(&mut self, tree: Tree, is_outside: bool) -> Tree {
        if is_worth_it(&tree) {
            let key = format!("{tree:?}");
            let is_same = if is_outside {
                self.counts.get(&key).is_some_and(|count| *count > 1)
            } else {
                has_variable(&tree) && !depends_on_item(&tree)
            };
            if is_same {
                let next = self.numbers.len();
                let number = *self.numbers.entry(key).or_insert(next);
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
