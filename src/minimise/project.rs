//! The projection: one pass over the assessment; a leaf leaves when the view that applies to its block names it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value};

use super::{
    Ask, Projection, Rules, Withheld,
    pattern::Guard,
    rules::{Column, View},
    through::{Ways, through},
};
use crate::consent::{Decision, PermittedReferral, Scope};

/// Why something is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    NeverForAudience,
    CategoryOnly,
    NotForRecipient,
    ExcludedByPerson,
    NeedsSpecificConsent,
    OverrideMinimum,
    NoRule,
}

impl Why {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NeverForAudience => "never-for-audience",
            Self::CategoryOnly => "category-only",
            Self::NotForRecipient => "not-for-recipient",
            Self::ExcludedByPerson => "excluded-by-person",
            Self::NeedsSpecificConsent => "needs-specific-consent",
            Self::OverrideMinimum => "override-minimum",
            Self::NoRule => "no-rule",
        }
    }
}

/// What applies to one block in this projection.
enum Lot<'r> {
    /// This view leaves; the rest of the block is kept back for this reason.
    Give { name: &'r str, view: &'r View, rest: Why },
    /// Nothing of it leaves.
    Keep(Why),
}

/// What became of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing there to speak of: routing, or an empty list.
    Silent,
    /// Some of it leaves, or it is kept back for several reasons (each already told).
    Told,
    /// All of it is kept back by one rule: the block, if it belongs to one, and why.
    Kept(Option<usize>, Why),
}

impl Rules {
    /// What of `assessment` may go to the recipient of `permitted`, and what is kept back and why.
    ///
    /// Nothing leaves when `ask` names another recipient than the decision does.
    #[must_use]
    pub fn project(&self, permitted: &PermittedReferral, assessment: &Value, ask: Ask<'_>) -> Projection {
        let minimum = matches!(permitted.scope(), Scope::Minimum { .. });
        let audience = permitted.recipient().kind.audience();
        let column = audience
            .and_then(|audience| self.audiences.get(&audience))
            .filter(|_| ask.recipient == permitted.recipient().partner_id.as_str());
        let Some(column) = column else {
            let rule = audience.map_or("none", crate::directory::Audience::as_str).to_owned();
            let all = Withheld { field: String::from("*"), rule, reason: Why::NoRule.as_str().to_owned() };
            return Projection {
                value: Value::Object(Map::new()),
                withheld: vec![all],
                permitted: Vec::new(),
                minimum,
                moved: BTreeMap::new(),
                ways: Ways::default(),
            };
        };
        let mut walk = Walk {
            rules: self,
            column,
            lots: self.lots(column, permitted.scope(), ask),
            ask,
            ancestors: Vec::new(),
            shape: String::new(),
            withheld: Vec::new(),
            given: BTreeSet::new(),
            moved: BTreeMap::new(),
            ways: Ways::default(),
            decision: permitted.decision(),
        };
        let (value, fate) = walk.visit(assessment, "", "");
        walk.tell("*", fate);
        let Walk { mut withheld, given, moved, mut ways, .. } = walk;
        ways.finish();
        withheld.sort();
        withheld.dedup();
        Projection {
            value: value.unwrap_or_else(|| Value::Object(Map::new())),
            withheld,
            permitted: given.into_iter().collect(),
            minimum,
            moved,
            ways,
        }
    }

    /// What applies to each block: the cell, the scope of the decision and the need, put together.
    fn lots<'r>(&'r self, column: &'r Column, scope: &Scope, ask: Ask<'_>) -> Vec<Lot<'r>> {
        let known = |id: &String| self.blocks.iter().any(|block| &block.id == id);
        self.blocks
            .iter()
            .zip(&column.cells)
            .map(|(block, cell)| {
                let rest = if cell.cell.is_category() { Why::CategoryOnly } else { Why::NotForRecipient };
                let Some(view) = &cell.view else { return Lot::Keep(Why::NeverForAudience) };
                let give = |name: &'r String, rest| match block.view(name) {
                    Some(view) => Lot::Give { name, view, rest },
                    None => Lot::Keep(Why::NoRule),
                };
                match scope {
                    Scope::Minimum { blocks } => match &cell.minimum {
                        Some(name) if blocks.contains(&block.id) => give(name, Why::OverrideMinimum),
                        _ => Lot::Keep(Why::OverrideMinimum),
                    },
                    // A word that we do not know cannot be honoured in part, so everything is kept back.
                    Scope::Agreed { excluded, .. }
                        if excluded.contains(&block.id) || !excluded.iter().all(known) =>
                    {
                        Lot::Keep(Why::ExcludedByPerson)
                    }
                    Scope::Agreed { specific, .. }
                        if cell.cell == super::tables::Letters::Specific && !specific.contains(&block.id) =>
                    {
                        Lot::Keep(Why::NeedsSpecificConsent)
                    }
                    Scope::Agreed { .. } => match &cell.when_need {
                        Some(needs) if !needs.iter().any(|need| need == ask.need) => {
                            Lot::Keep(Why::NotForRecipient)
                        }
                        _ => give(view, rest),
                    },
                }
            })
            .collect()
    }
}

/// One pass. `shape` and `ancestors` follow the way down; both are as long as the place is deep.
struct Walk<'r, 'v> {
    rules: &'r Rules,
    column: &'r Column,
    lots: Vec<Lot<'r>>,
    ask: Ask<'v>,
    ancestors: Vec<&'v Value>,
    shape: String,
    withheld: Vec<Withheld>,
    given: BTreeSet<String>,
    moved: BTreeMap<String, String>,
    ways: Ways,
    decision: &'v Decision,
}

impl<'v> Walk<'_, 'v> {
    /// What leaves of `value`, which stands at `path` in the assessment and would stand at `new_path` in the
    /// projection, and what became of it.
    fn visit(&mut self, value: &'v Value, path: &str, new_path: &str) -> (Option<Value>, Fate) {
        match value {
            Value::Object(fields) => {
                self.ancestors.push(value);
                let mut kept = Map::new();
                let mut fates = Vec::with_capacity(fields.len());
                for (name, field) in fields {
                    let step = escape(name);
                    let length = self.shape.len();
                    // A name that the profile does not know is not repeated: it could be anything.
                    let known = self.enter(&step);
                    let place = format!("{path}/{}", if known { &step } else { "*" });
                    let fate = if known {
                        let (left, fate) = self.visit(field, &place, &format!("{new_path}/{step}"));
                        left.map(|left| kept.insert(name.clone(), left));
                        fate
                    } else {
                        Fate::Kept(None, Why::NoRule)
                    };
                    self.shape.truncate(length);
                    fates.push((place, fate));
                }
                self.ancestors.pop();
                ((!kept.is_empty()).then_some(Value::Object(kept)), self.sum(fates))
            }
            Value::Array(entries) => {
                let length = self.shape.len();
                if !self.enter("*") {
                    self.shape.truncate(length);
                    return (
                        None,
                        if entries.is_empty() { Fate::Silent } else { Fate::Kept(None, Why::NoRule) },
                    );
                }
                self.ancestors.push(value);
                let mut kept = Vec::new();
                let mut fates = Vec::with_capacity(entries.len());
                for (number, entry) in entries.iter().enumerate() {
                    let place = format!("{path}/{number}");
                    let new_place = format!("{new_path}/{}", kept.len());
                    let (left, fate) = self.visit(entry, &place, &new_place);
                    if let Some(left) = left {
                        kept.push(left);
                        if place != new_place {
                            self.moved.insert(new_place, place.clone());
                        }
                    }
                    fates.push((place, fate));
                }
                self.ancestors.pop();
                self.shape.truncate(length);
                ((!kept.is_empty()).then_some(Value::Array(kept)), self.sum(fates))
            }
            leaf => match self.judge(path) {
                Ok(()) => (Some(leaf.clone()), Fate::Told),
                Err(fate) => (None, fate),
            },
        }
    }

    /// Goes one step down in the shape, and says whether the profile knows a place there. What it does not know
    /// is not looked into, so that the way down is never longer than the profile is deep.
    fn enter(&mut self, step: &str) -> bool {
        self.shape.push('/');
        self.shape.push_str(step);
        self.rules.known.contains(&self.shape)
    }

    /// Whether the leaf at `path` may leave; if not, what becomes of it.
    fn judge(&mut self, path: &str) -> Result<(), Fate> {
        let belongs = self.rules.belongs.get(&self.shape).into_iter().flatten();
        let block = belongs.into_iter().find(|(_, guards)| self.all_hold(guards)).map(|(number, _)| *number);
        let Some(number) = block else {
            let routing = self.rules.routing.contains(&self.shape);
            return Err(if routing { Fate::Silent } else { Fate::Kept(None, Why::NoRule) });
        };
        match self.lots.get(number) {
            Some(Lot::Give { name, view, rest }) => {
                let alternatives = view.get(&self.shape).into_iter().flatten();
                if alternatives.into_iter().any(|guards| self.all_hold(guards)) {
                    let Some(block) = self.rules.blocks.get(number) else {
                        return Err(Fate::Kept(None, Why::NoRule));
                    };
                    let (column, decision) = (self.column, self.decision);
                    self.ways.note(path, number, || through(block, name, column, decision));
                    self.given.insert(format!("{}:{name}", block.id));
                    Ok(())
                } else {
                    Err(Fate::Kept(Some(number), *rest))
                }
            }
            Some(Lot::Keep(why)) => Err(Fate::Kept(Some(number), *why)),
            None => Err(Fate::Kept(None, Why::NoRule)),
        }
    }

    fn all_hold(&self, guards: &[Guard]) -> bool {
        guards.iter().all(|guard| guard.holds(&self.ancestors, self.ask))
    }

    /// One fate for all: the same rule for every part is told once, higher up; otherwise each part is told here.
    fn sum(&mut self, fates: Vec<(String, Fate)>) -> Fate {
        let mut speaking = fates.iter().map(|(_, fate)| *fate).filter(|fate| *fate != Fate::Silent);
        let Some(first) = speaking.next() else { return Fate::Silent };
        if first != Fate::Told && speaking.all(|fate| fate == first) {
            return first;
        }
        for (place, fate) in fates {
            self.tell(&place, fate);
        }
        Fate::Told
    }

    fn tell(&mut self, place: &str, fate: Fate) {
        let Fate::Kept(block, why) = fate else { return };
        let rule = match block.and_then(|number| self.rules.blocks.get(number)) {
            Some(block) => format!("{}#{}", self.column.name, block.id),
            None => self.column.name.clone(),
        };
        self.withheld.push(Withheld { field: place.to_owned(), rule, reason: why.as_str().to_owned() });
    }
}

/// A name as a step of a shape: a JSON pointer's escapes, and `*` kept for the places of a list, so that no name
/// can pass for another place.
fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/', '*']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1").replace('*', "~2"))
    } else {
        Cow::Borrowed(name)
    }
}
