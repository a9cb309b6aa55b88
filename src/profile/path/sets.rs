//! Collections as sets and as lists: distinct, union, first, skip and their like.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    eval::{Outcome, Run, Scope},
    fault::EvalFault,
    function::Function,
    tree::Call,
    value::{Collection, Item},
};

/// From this many items on, text is looked up rather than compared with every other.
const LOOK_UP_FROM: usize = 8;

impl<'v> Run<'_, 'v> {
    /// Whether `list` has an item equal to `item`.
    pub(super) fn is_among(&self, item: &Item<'v>, list: &[Item<'v>]) -> Outcome<bool> {
        for other in list {
            if self.equal(item, other)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A number that is the same for items that are equal: of an element with children, from the texts in it; of
    /// anything else always one and the same.
    pub(super) fn outline(&self, item: &Item<'v>) -> Outcome<u64> {
        let Item::Node(node) = item else { return Ok(0) };
        let Some(Value::Object(fields)) = node.json() else { return Ok(0) };
        self.spend(1 + fields.len() / LOOK_UP_FROM)?;
        // The order of the fields does not matter: what they come to is added up.
        Ok(fields.iter().fold(1, |sum: u64, (key, value)| {
            let text = value.as_str().unwrap_or_default();
            sum.wrapping_add(mixed(key).wrapping_mul(31).wrapping_add(mixed(text)))
        }))
    }

    /// The texts of the items, when they are many and all are text.
    fn texts<'s>(items: &'s [Item<'v>]) -> Option<Vec<&'s str>> {
        if items.len() < LOOK_UP_FROM {
            return None;
        }
        items.iter().map(Item::text).collect()
    }

    pub(super) fn is_distinct(&self, items: &[Item<'v>]) -> Outcome<bool> {
        if let Some(texts) = Self::texts(items) {
            self.spend(texts.len())?;
            let mut seen = HashSet::with_capacity(texts.len());
            return Ok(texts.into_iter().all(|text| seen.insert(text)));
        }
        for (at, item) in items.iter().enumerate() {
            if self.is_among(item, items.get(at + 1..).unwrap_or_default())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Each item once, in the order of their first standing.
    pub(super) fn distinct(&self, items: Collection<'v>, out: &mut Collection<'v>) -> Outcome<()> {
        if let Some(texts) = Self::texts(&items) {
            self.spend(texts.len())?;
            let mut seen = HashSet::with_capacity(texts.len());
            for (item, text) in items.iter().zip(texts) {
                if seen.insert(text) {
                    self.push(out, item.clone())?;
                }
            }
            return Ok(());
        }
        let mut seen = Collection::new();
        for item in items {
            if !self.is_among(&item, &seen)? {
                self.push(&mut seen, item)?;
            }
        }
        out.extend(seen);
        Ok(())
    }

    pub(super) fn is_subset(&self, part: &[Item<'v>], whole: &[Item<'v>]) -> Outcome<bool> {
        for item in part {
            if !self.is_among(item, whole)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The functions that choose among items.
    pub(super) fn pick(
        &self,
        call: &'v Call,
        base: Collection<'v>,
        scope: Scope<'_, 'v>,
        out: &mut Collection<'v>,
    ) -> Outcome<()> {
        let other = || match call.arguments.first() {
            Some(argument) => self.found(argument, scope),
            None => Ok(Collection::new()),
        };
        let number = || -> Outcome<usize> {
            let Some(argument) = call.arguments.first() else { return Ok(0) };
            let number = self.integer(argument, scope, "skip() or take()")?.unwrap_or(0);
            Ok(usize::try_from(number).unwrap_or(0))
        };
        match call.function {
            Function::First => out.extend(base.into_iter().next()),
            Function::Last => out.extend(base.into_iter().next_back()),
            Function::Tail => out.extend(base.into_iter().skip(1)),
            Function::Skip => out.extend(base.into_iter().skip(number()?)),
            Function::Take => out.extend(base.into_iter().take(number()?)),
            Function::Single if base.len() > 1 => return Err(EvalFault::NotSingle("single()")),
            Function::Distinct => return self.distinct(base, out),
            Function::Union => {
                let mut all = base;
                self.push_all(&mut all, &other()?)?;
                return self.distinct(all, out);
            }
            Function::Combine => {
                out.extend(base);
                return self.push_all(out, &other()?);
            }
            Function::Intersect => {
                let other = other()?;
                let mut both = Collection::new();
                for item in base {
                    if self.is_among(&item, &other)? {
                        both.push(item);
                    }
                }
                return self.distinct(both, out);
            }
            Function::Exclude => {
                let other = other()?;
                for item in base {
                    if !self.is_among(&item, &other)? {
                        out.push(item);
                    }
                }
            }
            _ => out.extend(base),
        }
        Ok(())
    }
}

/// A number for a text, from its length, its beginning and its end.
fn mixed(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(23),
        _ => bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
    };
    (ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
