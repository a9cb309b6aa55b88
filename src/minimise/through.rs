//! By what each field was let through: the block, the view of it, the rule; and the consent and the provision that the
//! decision rests on.

use std::sync::Arc;

use super::rules::{Block, Column};
use crate::{consent::Decision, ids::ConsentId};

/// What let a field through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// The block of the disclosure table, as in `risk-to-self`.
    pub block: String,
    /// The view of it that left, as in `full`.
    pub view: String,
    /// The rule, with its version: `custody/1#risk-to-self`.
    pub rule: String,
    /// The consent that decided, with its version; `None` under an override, and where nobody's consent was asked.
    pub consent: Option<(ConsentId, i64)>,
    /// Where in that consent, as in `provision.provision[0]`.
    pub provision: Option<String>,
}

/// What let each field of one projection through.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    /// One for each block that gave something.
    ways: Vec<(usize, Arc<Through>)>,
    /// Each leaf that left, by its pointer in the whole assessment, with the place of its way. Sorted when finished.
    leaves: Vec<(String, usize)>,
}

impl Ways {
    /// Notes that the leaf at `pointer` left as part of `block`'s `view`.
    pub(super) fn note(&mut self, pointer: &str, number: usize, make: impl FnOnce() -> Through) {
        let place = self.ways.iter().position(|(known, _)| *known == number).unwrap_or_else(|| {
            self.ways.push((number, Arc::new(make())));
            self.ways.len() - 1
        });
        self.leaves.push((pointer.to_owned(), place));
    }

    /// To be called once, when every leaf is noted.
    pub(super) fn finish(&mut self) {
        self.leaves.sort_unstable();
    }

    /// The ways of the leaf at `pointer`, or of all leaves below it; each once.
    pub(super) fn of(&self, pointer: &str) -> Vec<Arc<Through>> {
        let begin = self.leaves.partition_point(|(leaf, _)| leaf.as_str() < pointer);
        let mut found: Vec<Arc<Through>> = Vec::new();
        for (leaf, place) in self.leaves.get(begin..).unwrap_or_default() {
            match leaf.strip_prefix(pointer) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => {}
                // A neighbour such as `/a-b` stands between `/a` and `/a/b`.
                Some(_) => continue,
                None => break,
            }
            if let Some((_, way)) = self.ways.get(*place)
                && !found.iter().any(|known| Arc::ptr_eq(known, way))
            {
                found.push(Arc::clone(way));
            }
        }
        found
    }
}

/// The way of a block's leaves in this column, under this decision.
pub(super) fn through(block: &Block, view: &str, column: &Column, decision: &Decision) -> Through {
    Through {
        block: block.id.clone(),
        view: view.to_owned(),
        rule: format!("{}#{}", column.name, block.id),
        consent: decision.consent.clone().filter(|_| !decision.is_override()),
        provision: decision.provision.clone().filter(|_| !decision.is_override()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(block: &str) -> Through {
        let text = String::from;
        Through { block: text(block), view: text("full"), rule: text("r"), consent: None, provision: None }
    }

    #[test]
    fn a_leaf_has_its_way_and_a_group_has_those_of_its_leaves() {
        let mut ways = Ways::default();
        for (pointer, number) in [("/a/b", 0), ("/a-b", 1), ("/a/c/0", 2), ("/a/b2", 1), ("/b", 0)] {
            ways.note(pointer, number, || way(&number.to_string()));
        }
        ways.finish();
        let blocks = |pointer: &str| {
            ways.of(pointer).iter().map(|way| way.block.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(blocks("/a/b"), "0");
        assert_eq!(blocks("/a"), "0 1 2");
        assert_eq!(blocks("/a/c"), "2");
        assert_eq!(blocks("/a-b"), "1");
        assert_eq!(blocks("/c"), "");
    }
}
