//! What is true, false or neither: the logic of three values, and the functions that answer yes or no.

use super::{
    convert::boolean_of,
    eval::{Outcome, Run, Scope, one},
    fault::EvalFault,
    function::Function,
    tree::{Call, Operator, Tree},
    value::Item,
};

impl<'v> Run<'_, 'v> {
    /// `tree` as `true`, `false` or nothing. One item that is neither counts as `true`.
    pub(super) fn truth(&self, tree: &'v Tree, scope: Scope<'_, 'v>) -> Outcome<Option<bool>> {
        self.spend(1)?;
        match tree {
            Tree::Binary(operator, both) => {
                let (left, right) = (&both.0, &both.1);
                match operator {
                    Operator::And => match self.truth(left, scope)? {
                        Some(false) => Ok(Some(false)),
                        Some(true) => self.truth(right, scope),
                        None => Ok(self.truth(right, scope)?.filter(|right| !right)),
                    },
                    Operator::Or => match self.truth(left, scope)? {
                        Some(true) => Ok(Some(true)),
                        Some(false) => self.truth(right, scope),
                        None => Ok(self.truth(right, scope)?.filter(|right| *right)),
                    },
                    Operator::Implies => match self.truth(left, scope)? {
                        Some(false) => Ok(Some(true)),
                        Some(true) => self.truth(right, scope),
                        None => Ok(self.truth(right, scope)?.filter(|right| *right)),
                    },
                    Operator::Xor => {
                        let (left, right) = (self.truth(left, scope)?, self.truth(right, scope)?);
                        Ok(left.zip(right).map(|(left, right)| left != right))
                    }
                    Operator::Less
                    | Operator::LessOrEqual
                    | Operator::Greater
                    | Operator::GreaterOrEqual
                    | Operator::Equal
                    | Operator::NotEqual
                    | Operator::Equivalent
                    | Operator::NotEquivalent
                    | Operator::In
                    | Operator::Contains => self.comparison(*operator, left, right, scope),
                    _ => self.truth_of_found(tree, scope),
                }
            }
            Tree::Is(base, name) => {
                let item = self.single(base, scope, "is")?;
                Ok(item.map(|item| self.is_of(&item, name)))
            }
            Tree::Call(call) if call.function.gives_boolean() => self.answer(call, scope),
            _ => self.truth_of_found(tree, scope),
        }
    }

    fn truth_of_found(&self, tree: &'v Tree, scope: Scope<'_, 'v>) -> Outcome<Option<bool>> {
        let item = self.single(tree, scope, "a condition")?;
        Ok(item.map(|item| boolean_of(&item).unwrap_or(true)))
    }

    /// Whether `tree` finds anything.
    fn any(&self, tree: &'v Tree, scope: Scope<'_, 'v>) -> Outcome<bool> {
        match tree {
            Tree::Member(base, name) if matches!(**base, Tree::This) => self.has_named(scope.this, name),
            Tree::Member(base, name) => {
                let found = self.found(base, scope)?;
                self.has_named(&found, name)
            }
            Tree::Call(call) if call.function == Function::Where => {
                let Some(criteria) = call.arguments.first() else { return Ok(false) };
                self.any_where(&call.base, criteria, scope)
            }
            Tree::This => Ok(!scope.this.is_empty()),
            _ => Ok(!self.found(tree, scope)?.is_empty()),
        }
    }

    fn any_where(&self, base: &'v Tree, criteria: &'v Tree, scope: Scope<'_, 'v>) -> Outcome<bool> {
        let found = self.found(base, scope)?;
        for (index, item) in found.iter().enumerate() {
            if self.truth(criteria, Self::inside(scope, item, index))? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many items `tree` finds.
    pub(super) fn count(&self, tree: &'v Tree, scope: Scope<'_, 'v>) -> Outcome<usize> {
        if let Tree::Call(call) = tree
            && call.function == Function::Children
            && matches!(call.base, Tree::This)
        {
            let mut count = 0;
            for item in scope.this {
                count += self.count_children(item)?;
            }
            return Ok(count);
        }
        Ok(self.found(tree, scope)?.len())
    }

    fn answer(&self, call: &'v Call, scope: Scope<'_, 'v>) -> Outcome<Option<bool>> {
        let argument = call.arguments.first();
        match (call.function, argument) {
            (Function::Exists, None) => return self.any(&call.base, scope).map(Some),
            (Function::Exists, Some(criteria)) => {
                return self.any_where(&call.base, criteria, scope).map(Some);
            }
            (Function::Empty, _) => return self.any(&call.base, scope).map(|any| Some(!any)),
            (Function::Not, _) => return Ok(self.truth(&call.base, scope)?.map(|answer| !answer)),
            (Function::HasValue, _) if matches!(call.base, Tree::This) => {
                return Ok(Some(has_value(scope.this)));
            }
            _ => {}
        }
        let base = self.found(&call.base, scope)?;
        match (call.function, argument) {
            (Function::HasValue, _) => Ok(Some(has_value(&base))),
            (Function::All, Some(criteria)) => {
                for (index, item) in base.iter().enumerate() {
                    if self.truth(criteria, Self::inside(scope, item, index))? != Some(true) {
                        return Ok(Some(false));
                    }
                }
                Ok(Some(true))
            }
            (Function::AllTrue, _) => Self::each(&base, |b| b).map(|all| Some(all.0)),
            (Function::AllFalse, _) => Self::each(&base, |b| !b).map(|all| Some(all.0)),
            (Function::AnyTrue, _) => Self::each(&base, |b| b).map(|all| Some(all.1)),
            (Function::AnyFalse, _) => Self::each(&base, |b| !b).map(|all| Some(all.1)),
            (Function::IsDistinct, _) => self.is_distinct(&base).map(Some),
            (Function::SubsetOf, Some(other)) => {
                let other = self.found(other, scope)?;
                self.is_subset(&base, &other).map(Some)
            }
            (Function::SupersetOf, Some(other)) => {
                let other = self.found(other, scope)?;
                self.is_subset(&other, &base).map(Some)
            }
            (Function::Is, _) => {
                let item = one(&base, "is()")?;
                Ok(item.zip(call.type_name.as_ref()).map(|(item, name)| self.is_of(item, name)))
            }
            (Function::ConvertsTo(target), _) => {
                let item = one(&base, "a conversion")?;
                Ok(item.map(|item| self.converted(Some(item), target).is_some()))
            }
            (Function::MemberOf | Function::ConformsTo | Function::HtmlChecks, _) => {
                self.asked(call, &base, scope)
            }
            _ => self.text_answer(call, &base, scope),
        }
    }

    /// Whether all and whether any of the items answer yes.
    fn each(base: &[Item<'v>], yes: impl Fn(bool) -> bool) -> Outcome<(bool, bool)> {
        let (mut all, mut any) = (true, false);
        for item in base {
            let answer = yes(boolean_of(item).ok_or(EvalFault::WrongKind("allTrue() and its like"))?);
            all &= answer;
            any |= answer;
        }
        Ok((all, any))
    }

    /// What only the surroundings know.
    fn asked(&self, call: &'v Call, base: &[Item<'v>], scope: Scope<'_, 'v>) -> Outcome<Option<bool>> {
        let what = match call.function {
            Function::MemberOf => "memberOf()",
            Function::ConformsTo => "conformsTo()",
            _ => "htmlChecks()",
        };
        let Some(item) = one(base, what)? else { return Ok(None) };
        let Item::Node(node) = item else { return Err(EvalFault::WrongKind(what)) };
        let Some(value) = node.value else { return Ok(None) };
        let answer = match call.arguments.first() {
            None => item.text().map(|div| self.world.html_checks(div)),
            Some(argument) => {
                let url = self.single(argument, scope, what)?;
                let Some(url) = url.as_ref().and_then(Item::text) else { return Ok(None) };
                Some(if call.function == Function::MemberOf {
                    self.world.member_of(value, url)
                } else {
                    self.world.conforms_to(value, url)
                })
            }
        };
        match answer {
            None => Err(EvalFault::WrongKind(what)),
            Some(None) => Err(EvalFault::Undecided(what)),
            Some(decided) => Ok(decided),
        }
    }
}

/// Whether it is one primitive that has a value.
fn has_value(items: &[Item<'_>]) -> bool {
    match items {
        [Item::Node(node)] => node.scalar().is_some(),
        [_] => true,
        _ => false,
    }
}
