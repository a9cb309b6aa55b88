//! The projection: one pass over the assessment; a leaf leaves when the view that applies to its block names it.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Ask, Ground, Projection, Rules, Withheld,
    pattern::{Guard, Named},
    places::{Places, Step},
    rules::{Column, View},
    shapes::Shapes,
    through::through,
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
    /// This view leaves, but for the values that the person keeps back; the rest of the block is kept back for this reason.
    /// `over`: it leaves by an override beside what the person agreed to.
    Give { name: &'r str, view: &'r View, but: Vec<&'r View>, rest: Why, over: bool },
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
        let (reader, addressee) = (permitted.reader(), permitted.recipient().partner_id.as_str());
        let audience = reader.kind.audience();
        let column = audience
            .and_then(|audience| self.audiences.get(&audience))
            .filter(|_| ask.recipient == addressee);
        let Some(column) = column else {
            let rule = audience.map_or("none", crate::directory::Audience::as_str).to_owned();
            let all = Withheld { field: String::from("*"), rule, reason: Why::NoRule.as_str().to_owned() };
            return Projection {
                withheld: vec![all],
                permitted: Vec::new(),
                by_override: Vec::new(),
                ground: Ground::Consent,
                places: Arc::new(Places::of(&nothing())),
            };
        };
        let mut walk = Walk {
            rules: self,
            column,
            lots: self.lots(column, permitted.scope(), ask),
            named: Named {
                recipient: reader.partner_id.as_str(),
                addressee,
                reader: Some(reader.partner_id.as_str()).filter(|reader| *reader != addressee),
                need: ask.need,
            },
            decision: permitted.decision(),
            ancestors: Vec::new(),
            way_down: Vec::new(),
            fates: Vec::new(),
            withheld: Vec::new(),
            ways: vec![None; self.blocks.len()],
            places: Places::with_room(),
        };
        let (leaves, fate) = walk.visit(assessment, Shapes::WHOLE, None, 0);
        walk.tell(None, fate);
        let ground = column.ground(self, permitted.scope());
        let (permitted, by_override) = (walk.given(|_| true), walk.given(|over| over));
        let Walk { mut withheld, places, .. } = walk;
        withheld.sort();
        withheld.dedup();
        let places = if leaves { places } else { Places::of(&nothing()) };
        Projection { withheld, permitted, by_override, ground, places: Arc::new(places) }
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
                // A value that says what the person keeps back of another row is none that the emergency row names.
                let but = match scope {
                    Scope::Agreed { excluded, .. } | Scope::AgreedAndMinimum { excluded, .. } => {
                        block.values_under(excluded)
                    }
                    Scope::Minimum { .. } => Vec::new(),
                };
                let give = |name: &'r String, rest, over| match block.view(name) {
                    Some(view) => Lot::Give { name, view, but, rest, over },
                    None => Lot::Keep(Why::NoRule),
                };
                let (excluded, specific) = match scope {
                    Scope::Minimum { blocks } => {
                        return match &cell.minimum {
                            Some(name) if blocks.contains(&block.id) => {
                                give(name, Why::OverrideMinimum, false)
                            }
                            _ => Lot::Keep(Why::OverrideMinimum),
                        };
                    }
                    Scope::Agreed { excluded, specific }
                    | Scope::AgreedAndMinimum { excluded, specific, .. } => (excluded, specific),
                };
                // A word that we do not know cannot be honoured in part, so everything is kept back.
                if block.is_among(excluded) || !excluded.iter().all(known) {
                    return match (scope, &cell.minimum) {
                        (Scope::AgreedAndMinimum { blocks, .. }, Some(name))
                            if blocks.contains(&block.id) =>
                        {
                            give(name, Why::ExcludedByPerson, true)
                        }
                        _ => Lot::Keep(Why::ExcludedByPerson),
                    };
                }
                if cell.cell == super::tables::Letters::Specific && !specific.contains(&block.id) {
                    return Lot::Keep(Why::NeedsSpecificConsent);
                }
                match &cell.when_need {
                    Some(needs) if !needs.iter().any(|need| need == ask.need) => {
                        Lot::Keep(Why::NotForRecipient)
                    }
                    _ => give(view, rest, false),
                }
            })
            .collect()
    }
}

impl Column {
    /// On what all of it rests: an override is a ground where it could let something of this column out.
    fn ground(&self, rules: &Rules, scope: &Scope) -> Ground {
        let could = |blocks: &[String]| {
            let mut cells = rules.blocks.iter().zip(&self.cells);
            cells.any(|(block, cell)| cell.minimum.is_some() && blocks.contains(&block.id))
        };
        match scope {
            Scope::Minimum { .. } => Ground::Override,
            Scope::AgreedAndMinimum { blocks, .. } if could(blocks) => Ground::Both,
            Scope::Agreed { .. } | Scope::AgreedAndMinimum { .. } => Ground::Consent,
        }
    }
}

/// One step down in the assessment, as it is told.
#[derive(Clone, Copy)]
enum Down<'r> {
    Field(&'r str),
    Entry(usize),
    /// A name that the profile does not know is not repeated: it could be anything.
    Unknown,
}

/// One pass. `way_down` and `ancestors` follow the way down; both are as long as the place is deep.
struct Walk<'r, 'v> {
    rules: &'r Rules,
    column: &'r Column,
    lots: Vec<Lot<'r>>,
    named: Named<'v>,
    decision: &'v Decision,
    ancestors: Vec<&'v Value>,
    way_down: Vec<Down<'r>>,
    /// What became of the places of the groups that are open now, the innermost last.
    fates: Vec<(Down<'r>, Fate)>,
    withheld: Vec<Withheld>,
    /// By which way the leaves of each block came, once one did.
    ways: Vec<Option<u16>>,
    places: Places,
}

impl<'r, 'v> Walk<'r, 'v> {
    /// Gives a place of its own to each part of `value` that leaves; `value` has the place `shape` in the profile and stands
    /// below `above` by `step`. Whether any of it leaves, and what became of it.
    fn visit(&mut self, value: &'v Value, shape: usize, step: Option<Down<'r>>, above: u32) -> (bool, Fate) {
        match value {
            Value::Object(fields) => {
                let (here, mark) = self.open(value, step, above);
                let mut any = false;
                for (name, field) in fields {
                    let Some((known, below)) = self.rules.shapes.field(shape, name) else {
                        self.fates.push((Down::Unknown, Fate::Kept(None, Why::NoRule)));
                        continue;
                    };
                    any |= self.below(field, below, Down::Field(known), here);
                }
                (any, self.close(here, mark, !any))
            }
            Value::Array(entries) => {
                // What the profile does not know is not looked into, so that the way down is never longer than the
                // profile is deep.
                let Some(below) = self.rules.shapes.entry(shape) else {
                    let nothing = entries.is_empty();
                    return (false, if nothing { Fate::Silent } else { Fate::Kept(None, Why::NoRule) });
                };
                let (here, mark) = self.open(value, step, above);
                let mut any = false;
                for (number, entry) in entries.iter().enumerate() {
                    any |= self.below(entry, below, Down::Entry(number), here);
                }
                (any, self.close(here, mark, !any))
            }
            leaf => match self.judge(shape) {
                Ok(way) => {
                    let here = self.enter(step, above);
                    self.places.put(here, leaf);
                    self.places.came_by(here, way);
                    (true, Fate::Told)
                }
                Err(fate) => (false, fate),
            },
        }
    }

    fn below(&mut self, value: &'v Value, shape: usize, step: Down<'r>, above: u32) -> bool {
        self.way_down.push(step);
        let (leaves, fate) = self.visit(value, shape, Some(step), above);
        self.way_down.pop();
        self.fates.push((step, fate));
        leaves
    }

    fn enter(&mut self, step: Option<Down<'r>>, above: u32) -> u32 {
        let step = step.and_then(|step| match step {
            Down::Field(name) => Some(Step::Field(name)),
            Down::Entry(number) => Some(Step::Entry(number)),
            Down::Unknown => None,
        });
        self.places.enter(step, above)
    }

    /// Begins a group: its place, and from where on the fates are those of its parts.
    fn open(&mut self, value: &'v Value, step: Option<Down<'r>>, above: u32) -> (u32, usize) {
        self.ancestors.push(value);
        let here = self.enter(step, above);
        self.places.put(here, value);
        (here, self.fates.len())
    }

    /// Ends a group. One of which nothing leaves has no place.
    fn close(&mut self, here: u32, mark: usize, is_empty: bool) -> Fate {
        self.ancestors.pop();
        if is_empty {
            self.places.forget(here);
        } else {
            self.places.leave(here);
        }
        self.sum(mark)
    }

    /// By which way the leaf at `shape` may leave; if it may not, what becomes of it.
    fn judge(&mut self, shape: usize) -> Result<u16, Fate> {
        let nowhere = Fate::Kept(None, Why::NoRule);
        let rules = self.rules;
        let place = rules.shapes.get(shape).ok_or(nowhere)?;
        let block = place.belongs.iter().find(|(_, guards)| self.all_hold(guards)).map(|(number, _)| *number);
        let Some(number) = block else {
            return Err(if place.is_routing { Fate::Silent } else { nowhere });
        };
        match self.lots.get(number) {
            Some(Lot::Give { name, view, but, rest, over }) => {
                let is_in =
                    |view: &View| view.get(&shape).into_iter().flatten().any(|guards| self.all_hold(guards));
                if !is_in(view) {
                    Err(Fate::Kept(Some(number), *rest))
                } else if but.iter().any(|values| is_in(values)) {
                    Err(Fate::Kept(Some(number), Why::ExcludedByPerson))
                } else {
                    self.way(number, name, *over).ok_or(nowhere)
                }
            }
            Some(Lot::Keep(why)) => Err(Fate::Kept(Some(number), *why)),
            None => Err(nowhere),
        }
    }

    /// The way of the leaves of block `number`, of which the view `name` leaves.
    fn way(&mut self, number: usize, name: &str, over: bool) -> Option<u16> {
        let known = self.ways.get_mut(number)?;
        if known.is_none() {
            let block = self.rules.blocks.get(number)?;
            *known = Some(self.places.add_way(through(block, name, self.column, self.decision, over)));
        }
        *known
    }

    /// What was let through in a way that is meant (whether by an override beside consent), as `block:view`, sorted.
    fn given(&self, is_meant: impl Fn(bool) -> bool) -> Vec<String> {
        let given: BTreeSet<String> = self
            .rules
            .blocks
            .iter()
            .zip(&self.ways)
            .zip(&self.lots)
            .filter_map(|((block, way), lot)| match (way, lot) {
                (Some(_), Lot::Give { name, over, .. }) if is_meant(*over) => {
                    Some(format!("{}:{name}", block.id))
                }
                _ => None,
            })
            .collect();
        given.into_iter().collect()
    }

    fn all_hold(&self, guards: &[Guard]) -> bool {
        guards.iter().all(|guard| guard.holds(&self.ancestors, self.named))
    }

    /// One fate for all since `mark`: the same rule for every part is told once, higher up; otherwise each part is told
    /// here.
    fn sum(&mut self, mark: usize) -> Fate {
        let fates = self.fates.get(mark..).unwrap_or_default();
        let mut speaking = fates.iter().map(|(_, fate)| *fate).filter(|fate| *fate != Fate::Silent);
        let one = match speaking.next() {
            None => Some(Fate::Silent),
            Some(first) => (first != Fate::Told && speaking.all(|fate| fate == first)).then_some(first),
        };
        if let Some(one) = one {
            self.fates.truncate(mark);
            return one;
        }
        for number in mark..self.fates.len() {
            if let Some((step, fate)) = self.fates.get(number).copied() {
                self.tell(Some(step), fate);
            }
        }
        self.fates.truncate(mark);
        Fate::Told
    }

    /// Tells what is kept back at `step` below where the pass is; without a step, of the whole.
    fn tell(&mut self, step: Option<Down<'r>>, fate: Fate) {
        let Fate::Kept(block, why) = fate else { return };
        let rule = match block.and_then(|number| self.rules.blocks.get(number)) {
            Some(block) => format!("{}#{}", self.column.name, block.id),
            None => self.column.name.clone(),
        };
        let mut field = String::new();
        for step in self.way_down.iter().copied().chain(step) {
            // Writing to a String cannot fail.
            let _ = match step {
                Down::Field(name) => write!(field, "/{name}"),
                Down::Entry(number) => write!(field, "/{number}"),
                Down::Unknown => write!(field, "/*"),
            };
        }
        if field.is_empty() {
            field.push('*');
        }
        self.withheld.push(Withheld { field, rule, reason: why.as_str().to_owned() });
    }
}

fn nothing() -> Value {
    Value::Object(Map::new())
}
