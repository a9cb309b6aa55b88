//! What does not change from item to item is found once: in `entry.all(fullUrl in %resource.entry.fullUrl)` the right
//! side is the same for every entry.

use super::{
    function::Function,
    tree::{Call, Tree},
};

/// Marks what is the same for every item; gives how much was marked.
pub(super) fn mark(tree: Tree) -> (Tree, usize) {
    let mut count = 0;
    let tree = marked(tree, false, &mut count);
    (tree, count)
}

/// `in_items`: within what is evaluated for each item of a collection.
fn marked(tree: Tree, in_items: bool, count: &mut usize) -> Tree {
    if in_items && !matches!(tree, Tree::Variable(_)) && has_variable(&tree) && !depends_on_item(&tree) {
        *count += 1;
        return Tree::Once(*count - 1, Box::new(marked(tree, false, count)));
    }
    let mut inner = |tree: Tree| marked(tree, in_items, count);
    match tree {
        Tree::Member(base, name) => Tree::Member(Box::new(inner(*base)), name),
        Tree::Negate(of) => Tree::Negate(Box::new(inner(*of))),
        Tree::Is(of, name) => Tree::Is(Box::new(inner(*of)), name),
        Tree::As(of, name) => Tree::As(Box::new(inner(*of)), name),
        Tree::Binary(operator, both) => {
            let (left, right) = *both;
            Tree::Binary(operator, Box::new((inner(left), inner(right))))
        }
        Tree::At(both) => {
            let (left, right) = *both;
            Tree::At(Box::new((inner(left), inner(right))))
        }
        Tree::Call(call) => {
            let Call { base, function, arguments, type_name, pattern } = *call;
            let base = inner(base);
            let for_each = in_items || is_for_each(function);
            let arguments = arguments.into_iter().map(|argument| marked(argument, for_each, count)).collect();
            Tree::Call(Box::new(Call { base, function, arguments, type_name, pattern }))
        }
        other => other,
    }
}

/// Whether the arguments are evaluated for each item, which is `$this` in them.
fn is_for_each(function: Function) -> bool {
    matches!(
        function,
        Function::Where | Function::Select | Function::All | Function::Exists | Function::Repeat
    )
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
