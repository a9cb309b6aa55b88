//! The projection: one pass over the assessment; a leaf leaves when the view that applies to its block names it.

use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Ask, Ground, Hint, Projection, Rules, Withheld,
    lots::{Lot, Why},
    pattern::{Asked, Condition, Named},
    places::{Places, Step},
    rules::{Block, Column},
    shapes::Shapes,
    through::{Grounds, Passage},
    view::View,
};
use crate::{
    assessment::{Form, identifier::nhs_numbers_in, is_of_a_child},
    consent::PermittedReferral,
};

/// Room for where most fields stand, in bytes.
const FIELD_USUAL: usize = 48;

/// What stands in a text in place of what reads as an NHS number. It is no longer than that is, so that no text grows.
const KEPT_BACK: &str = "[withheld]";
/// The block of numbers by which others know the person: one that holds an NHS number is kept back whole.
const IDENTIFIERS: &str = "identifiers";

/// What became of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing there to speak of: routing, or an empty list.
    Silent,
    /// Some of it leaves, or it is kept back for several reasons (each already told).
    Told,
    /// All of it is kept back by one rule: the block, if it belongs to one, and why.
    Kept(Option<u16>, Why),
}

/// What became of the parts of a group.
#[derive(Default)]
struct Sum {
    /// Some of it leaves.
    leaves: bool,
    /// The fate of the first part that is kept back.
    kept: Option<Fate>,
    /// Not all of it is kept back by that one rule.
    differs: bool,
}

impl Sum {
    /// Adds a part; whether all of that is kept back.
    fn add(&mut self, leaves: bool, fate: Fate) -> bool {
        self.leaves |= leaves;
        match (fate, self.kept) {
            (Fate::Silent, _) => return false,
            (Fate::Told, _) => {
                self.differs = true;
                return false;
            }
            (Fate::Kept(..), None) => self.kept = Some(fate),
            (Fate::Kept(..), Some(first)) => self.differs |= fate != first,
        }
        true
    }
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
        let form = assessment.get("profile").and_then(Value::as_str).and_then(Form::parse);
        let Some(column) = column else {
            let rule = audience.map_or("none", crate::directory::Audience::as_str).to_owned();
            let all = Withheld { field: String::from("*"), rule, reason: Why::NoRule.as_str().to_owned() };
            return Projection {
                withheld: vec![all],
                permitted: Vec::new(),
                tells: Vec::new(),
                by_override: Vec::new(),
                hints: Vec::new(),
                numbers: Vec::new(),
                ground: Ground::Consent,
                form,
                places: Arc::new(Places::of(&nothing())),
            };
        };
        let named = Named {
            recipient: reader.partner_id.as_str(),
            addressee,
            reader: Some(reader.partner_id.as_str()).filter(|reader| *reader != addressee),
            need: ask.need,
        };
        let is_of_a_child = column.owes_a_child() && is_of_a_child(assessment);
        let assessment =
            if is_of_a_child { column.with_what_is_owed(assessment) } else { Cow::Borrowed(assessment) };
        let assessment = &*assessment;
        let mut walk = Walk {
            rules: self,
            column,
            lots: self.lots(column, permitted, assessment, is_of_a_child, ask),
            asked: Asked::new(&self.conditions, named),
            ancestors: Vec::new(),
            way_down: Vec::new(),
            kept: Vec::new(),
            withheld: Vec::new(),
            given: vec![false; column.passages.len()],
            told: BTreeSet::new(),
            hints: self.hints(permitted.scope()),
            hinted: Vec::new(),
            numbers: Vec::new(),
            places: Places::with_room(Grounds::new(&column.passages, permitted.decision())),
        };
        let (leaves, fate) = walk.visit(assessment, Shapes::WHOLE, None, 0);
        walk.tell(None, fate);
        let ground = column.ground(self, permitted.scope());
        let by_override = |passage: &Passage| ground == Ground::Both && passage.is_minimum;
        let (permitted, by_override) = (walk.given(|_| true), walk.given(by_override));
        let tells = walk.tells();
        let Walk { mut withheld, places, hinted: mut hints, mut numbers, .. } = walk;
        hints.sort_unstable();
        hints.dedup();
        numbers.sort_unstable();
        numbers.dedup();
        withheld.sort_unstable();
        withheld.dedup();
        let places = if leaves { places } else { Places::of(&nothing()) };
        let places = Arc::new(places);
        Projection { withheld, permitted, tells, by_override, hints, numbers, ground, form, places }
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

impl<'r> Down<'r> {
    fn step(self) -> Option<Step<'r>> {
        match self {
            Self::Field(name) => Some(Step::Field(name)),
            Self::Entry(number) => Some(Step::Entry(number)),
            Self::Unknown => None,
        }
    }
}

/// One pass. `way_down` and `ancestors` follow the way down; both are as long as the place is deep.
struct Walk<'r, 'v> {
    rules: &'r Rules,
    column: &'r Column,
    lots: Vec<Lot<'r>>,
    asked: Asked<'r, 'v>,
    ancestors: Vec<&'v Value>,
    way_down: Vec<Down<'r>>,
    /// What is kept back of the groups that are open now, the innermost last.
    kept: Vec<(Down<'r>, Fate)>,
    withheld: Vec<Withheld>,
    /// By which passages of the column something came.
    given: Vec<bool>,
    /// Of which block a value came that says what other rows are about, and of which it was.
    told: BTreeSet<(usize, usize)>,
    /// The values that hint at what the person keeps back, and where some came.
    hints: Vec<(&'r str, &'r View)>,
    hinted: Vec<Hint>,
    /// Where something that reads as an NHS number stayed back.
    numbers: Vec<String>,
    places: Places,
}

impl<'r, 'v> Walk<'r, 'v> {
    /// Gives a place of its own to each part of `value` that leaves; `value` has the place `shape` in the profile and stands
    /// below `above` by `step`. Whether any of it leaves, and what became of it.
    fn visit(&mut self, value: &'v Value, shape: usize, step: Option<Down<'r>>, above: u32) -> (bool, Fate) {
        let rules = self.rules;
        match value {
            Value::Object(fields) => {
                let (here, mark) = self.open(value, step, above);
                let mut sum = Sum::default();
                for (name, field) in fields {
                    if let Some((known, below)) = rules.shapes.field(shape, name) {
                        self.below(field, below, Down::Field(known), here, &mut sum);
                    } else {
                        let fate = Fate::Kept(None, Why::NoRule);
                        sum.add(false, fate);
                        self.kept.push((Down::Unknown, fate));
                    }
                }
                self.close(step, here, mark, &sum)
            }
            Value::Array(entries) => {
                // What the profile does not know is not looked into, so that the way down is never longer than the
                // profile is deep.
                let Some(below) = rules.shapes.entry(shape) else {
                    let nothing = entries.is_empty();
                    return (false, if nothing { Fate::Silent } else { Fate::Kept(None, Why::NoRule) });
                };
                let (here, mark) = self.open(value, step, above);
                let mut sum = Sum::default();
                for (number, entry) in entries.iter().enumerate() {
                    self.below(entry, below, Down::Entry(number), here, &mut sum);
                }
                self.close(step, here, mark, &sum)
            }
            leaf => match self.judge(shape) {
                Ok(passage) => {
                    let leaf = match self.without_numbers(leaf, shape, step, passage) {
                        Ok(leaf) => leaf,
                        Err(fate) => return (false, fate),
                    };
                    self.note_hints(shape, step);
                    self.places.enter(step.and_then(Down::step), above, &leaf, Some(passage));
                    if let Some(given) = self.given.get_mut(usize::from(passage)) {
                        *given = true;
                    }
                    (true, Fate::Told)
                }
                Err(fate) => (false, fate),
            },
        }
    }

    /// A leaf that may leave, without what reads as an NHS number, where that does not leave to this audience.
    fn without_numbers(
        &mut self,
        leaf: &'v Value,
        shape: usize,
        step: Option<Down<'r>>,
        passage: u16,
    ) -> Result<Cow<'v, Value>, Fate> {
        let (Some(block), Value::String(text)) = (self.column.keeps_numbers, leaf) else {
            return Ok(Cow::Borrowed(leaf));
        };
        // Most texts are words.
        if !may_hold_a_number(text) || self.rules.shapes.get(shape).is_some_and(|shape| shape.has_own_form) {
            return Ok(Cow::Borrowed(leaf));
        }
        let found = nhs_numbers_in(text);
        if found.is_empty() {
            return Ok(Cow::Borrowed(leaf));
        }
        let fate = Fate::Kept(Some(block), Why::NeverForAudience);
        self.numbers.push(self.field(step));
        let is_a_number = |passage: &Passage| passage.block == IDENTIFIERS;
        if self.column.passages.get(usize::from(passage)).is_some_and(is_a_number) {
            return Err(fate);
        }
        self.tell(step, fate);
        let (mut rest, mut from) = (String::with_capacity(text.len()), 0);
        for number in found {
            rest.push_str(text.get(from..number.start).unwrap_or_default());
            rest.push_str(KEPT_BACK);
            from = number.end;
        }
        rest.push_str(text.get(from..).unwrap_or_default());
        Ok(Cow::Owned(Value::String(rest)))
    }

    /// Notes that the leaf at `shape` leaves and hints at what the person keeps back.
    fn note_hints(&mut self, shape: usize, step: Option<Down<'r>>) {
        for number in 0..self.hints.len() {
            let Some((row, view)) = self.hints.get(number).copied() else { continue };
            if view.get(shape).iter().any(|one| self.holds(*one)) {
                let hint = Hint { field: self.field(step), row: row.to_owned() };
                self.hinted.push(hint);
            }
        }
    }

    fn below(&mut self, value: &'v Value, shape: usize, step: Down<'r>, above: u32, sum: &mut Sum) {
        let (leaves, fate) = self.visit(value, shape, Some(step), above);
        if sum.add(leaves, fate) {
            self.kept.push((step, fate));
        }
    }

    /// Begins a group: its place, and from where on what is kept back is of its parts.
    fn open(&mut self, value: &'v Value, step: Option<Down<'r>>, above: u32) -> (u32, usize) {
        self.ancestors.push(value);
        self.way_down.extend(step);
        (self.places.enter(step.and_then(Down::step), above, value, None), self.kept.len())
    }

    /// Ends a group. One of which nothing leaves has no place. The same rule for every part is told once, higher up;
    /// otherwise each part is told here.
    fn close(&mut self, step: Option<Down<'r>>, here: u32, mark: usize, sum: &Sum) -> (bool, Fate) {
        if sum.leaves {
            self.places.leave(here);
        } else {
            self.places.forget(here);
        }
        if sum.differs {
            for number in mark..self.kept.len() {
                if let Some((step, fate)) = self.kept.get(number).copied() {
                    self.tell(Some(step), fate);
                }
            }
        }
        self.kept.truncate(mark);
        self.ancestors.pop();
        if step.is_some() {
            self.way_down.pop();
        }
        (sum.leaves, if sum.differs { Fate::Told } else { sum.kept.unwrap_or(Fate::Silent) })
    }

    /// By which passage the leaf at `shape` may leave; if it may not, what becomes of it.
    fn judge(&mut self, shape: usize) -> Result<u16, Fate> {
        let nowhere = Fate::Kept(None, Why::NoRule);
        let rules = self.rules;
        let place = rules.shapes.get(shape).ok_or(nowhere)?;
        let block =
            place.belongs.iter().find(|(_, condition)| self.holds(*condition)).map(|(number, _)| *number);
        let Some(number) = block else {
            return Err(if place.is_routing { Fate::Silent } else { nowhere });
        };
        match self.lots.get(number) {
            Some(Lot::Give(give)) => {
                let (asked, ancestors) = (&self.asked, &self.ancestors);
                let is_in = |view: &View| view.get(shape).iter().any(|one| asked.holds(*one, ancestors));
                let kept = |why| Fate::Kept(u16::try_from(number).ok(), why);
                let passage = if !is_in(give.view) {
                    return Err(kept(give.rest));
                } else if give.uncovered.iter().any(|values| is_in(values)) {
                    return Err(kept(Why::NotInAgreement));
                } else if give.kept.iter().any(|values| is_in(values)) {
                    let least = give.least.filter(|(_, view)| is_in(view));
                    least.map(|(passage, _)| passage).ok_or(kept(Why::ExcludedByPerson))?
                } else {
                    give.passage
                };
                let told = rules.blocks.get(number).into_iter().flat_map(Block::under).enumerate();
                for (under, _) in told.filter(|(_, (_, values))| is_in(values)) {
                    self.told.insert((number, under));
                }
                Ok(passage)
            }
            Some(Lot::Keep(why)) => Err(Fate::Kept(u16::try_from(number).ok(), *why)),
            None => Err(nowhere),
        }
    }

    /// What was let through by the passages that are meant, as `block:view`, sorted.
    fn given(&self, is_meant: impl Fn(&Passage) -> bool) -> Vec<String> {
        let passages = self.column.passages.iter().zip(&self.given);
        let meant = passages.filter(|(passage, given)| **given && is_meant(passage));
        let mut given: Vec<String> = meant.map(|(passage, _)| passage.given.clone()).collect();
        given.sort_unstable();
        given
    }

    /// What came of single values that say what other rows are about, as `block~row`, sorted.
    fn tells(&self) -> Vec<String> {
        let told = self.told.iter().filter_map(|(number, under)| {
            let block = self.rules.blocks.get(*number)?;
            let (rows, _) = block.under().nth(*under)?;
            Some(rows.iter().map(|row| format!("{}~{row}", block.id)))
        });
        let mut tells: Vec<String> = told.flatten().collect();
        tells.sort_unstable();
        tells.dedup();
        tells
    }

    fn holds(&self, condition: Condition) -> bool {
        self.asked.holds(condition, &self.ancestors)
    }

    /// Tells what is kept back at `step` below where the pass is; without a step, of the whole.
    fn tell(&mut self, step: Option<Down<'r>>, fate: Fate) {
        let Fate::Kept(block, why) = fate else { return };
        let cell = block.and_then(|number| self.column.cells.get(usize::from(number)));
        let rule = cell.map_or(&self.column.name, |cell| &cell.rule).clone();
        let mut field = self.field(step);
        if field.is_empty() {
            field.push('*');
        }
        self.withheld.push(Withheld { field, rule, reason: why.as_str().to_owned() });
    }

    /// Where `step` below the place of the pass leads, in words.
    fn field(&self, step: Option<Down<'r>>) -> String {
        let mut field = String::with_capacity(FIELD_USUAL);
        for step in self.way_down.iter().copied().chain(step) {
            field.push('/');
            match step {
                Down::Field(name) => field.push_str(name),
                // Writing to a String cannot fail.
                Down::Entry(number) => _ = write!(field, "{number}"),
                Down::Unknown => field.push('*'),
            }
        }
        field
    }
}

/// Whether a text has as many digits as a number: the quick question before the whole one.
fn may_hold_a_number(text: &str) -> bool {
    // Digits that are as broad as a Chinese letter have three bytes.
    !text.is_ascii() || text.bytes().filter(u8::is_ascii_digit).count() >= 10
}

fn nothing() -> Value {
    Value::Object(Map::new())
}
