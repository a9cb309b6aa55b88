//! The projection: one pass over the assessment; a leaf leaves when the view that applies to its block names it.

use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Ask, Ground, Projection, Rules, Withheld,
    pattern::{Asked, Condition, Named},
    places::{Places, Step},
    rules::{Block, Cell, Column},
    shapes::Shapes,
    tables::Letters,
    through::{Grounds, Passage},
    view::View,
};
use crate::{
    assessment::is_of_a_child,
    consent::{PermittedReferral, Scope},
};

/// Room for where most fields stand, in bytes.
const FIELD_USUAL: usize = 48;

/// Why something is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    NeverForAudience,
    NotInAgreement,
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
            Self::NotInAgreement => "not-in-agreement",
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
    /// A view of it leaves.
    Give(Give<'r>),
    /// Nothing of it leaves.
    Keep(Why),
}

/// What leaves of a block.
struct Give<'r> {
    /// This view, by the passage with this number; the rest of the block is kept back for this reason.
    passage: u16,
    view: &'r View,
    rest: Why,
    /// But for the values that the agreement does not cover,
    uncovered: Vec<&'r View>,
    /// and those that the person keeps back;
    kept: Vec<&'r View>,
    /// of which these go all the same: an override beside their consent (a yes in part gives no less than a no), or what a
    /// child is owed by law.
    least: Option<(u16, &'r View)>,
}

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
        let Some(column) = column else {
            let rule = audience.map_or("none", crate::directory::Audience::as_str).to_owned();
            let all = Withheld { field: String::from("*"), rule, reason: Why::NoRule.as_str().to_owned() };
            return Projection {
                withheld: vec![all],
                permitted: Vec::new(),
                tells: Vec::new(),
                by_override: Vec::new(),
                ground: Ground::Consent,
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
            places: Places::with_room(Grounds::new(&column.passages, permitted.decision())),
        };
        let (leaves, fate) = walk.visit(assessment, Shapes::WHOLE, None, 0);
        walk.tell(None, fate);
        let ground = column.ground(self, permitted.scope());
        let by_override = |passage: &Passage| ground == Ground::Both && passage.is_minimum;
        let (permitted, by_override) = (walk.given(|_| true), walk.given(by_override));
        let tells = walk.tells();
        let Walk { mut withheld, places, .. } = walk;
        withheld.sort_unstable();
        withheld.dedup();
        let places = if leaves { places } else { Places::of(&nothing()) };
        Projection { withheld, permitted, tells, by_override, ground, places: Arc::new(places) }
    }

    /// The blocks that are open to the audience and that the agreement does not cover.
    fn uncovered(&self, column: &Column, classes: Option<&[String]>) -> Vec<String> {
        let Some(classes) = classes else { return Vec::new() };
        // They stand in the order of the table as a rule, and then each is found at once.
        let mut next = classes.iter().peekable();
        let mut is_covered = |id: &&String| next.next_if_eq(id).is_some() || classes.contains(id);
        let open = self.blocks.iter().zip(&column.cells).filter(|(_, cell)| cell.view.is_some());
        open.map(|(block, _)| &block.id).filter(|id| !is_covered(id)).cloned().collect()
    }

    /// What applies to each block: the cell, the agreement, the scope of the decision, the need and what the person agreed
    /// to beside the referral, put together.
    fn lots<'r>(
        &'r self,
        column: &'r Column,
        permitted: &PermittedReferral,
        assessment: &Value,
        is_of_a_child: bool,
        ask: Ask<'_>,
    ) -> Vec<Lot<'r>> {
        let scope = permitted.scope();
        let uncovered = self.uncovered(column, permitted.decision().data_classes.as_deref());
        let known = |id: &String| self.blocks.iter().any(|block| &block.id == id);
        self.blocks
            .iter()
            .zip(&column.cells)
            .map(|(block, cell)| {
                let rest = if cell.letters.is_category() { Why::CategoryOnly } else { Why::NotForRecipient };
                let Some(view) = cell.view else { return Lot::Keep(Why::NeverForAudience) };
                if uncovered.contains(&block.id) {
                    return Lot::Keep(Why::NotInAgreement);
                }
                let found =
                    |passage: u16| column.passages.get(usize::from(passage)).map(|found| &*found.leaves);
                let give = |passage: u16, rest, kept: Vec<&'r View>, least: Option<u16>| {
                    let Some(view) = found(passage) else { return Lot::Keep(Why::NoRule) };
                    let uncovered = block.values_under(&uncovered);
                    let least = least.and_then(|least| Some((least, found(least)?)));
                    Lot::Give(Give { passage, view, rest, uncovered, kept, least })
                };
                let (excluded, specific) = match scope {
                    Scope::Minimum { blocks } => {
                        return match cell.minimum {
                            Some(least) if blocks.contains(&block.id) => {
                                give(least, Why::OverrideMinimum, Vec::new(), None)
                            }
                            _ => Lot::Keep(Why::OverrideMinimum),
                        };
                    }
                    Scope::Agreed { excluded, specific }
                    | Scope::AgreedAndMinimum { excluded, specific, .. } => (excluded, specific),
                };
                let least = match scope {
                    Scope::AgreedAndMinimum { blocks, .. } if blocks.contains(&block.id) => cell.minimum,
                    _ => None,
                };
                let owed = cell.by_law.as_ref().filter(|_| is_of_a_child).map(|law| law.passage);
                let least = least.or(owed);
                // A word that we do not know cannot be honoured in part, so everything is kept back.
                if block.is_among(excluded) || !excluded.iter().all(known) {
                    return match least {
                        Some(least) => give(least, Why::ExcludedByPerson, Vec::new(), None),
                        None => Lot::Keep(Why::ExcludedByPerson),
                    };
                }
                if cell.letters == Letters::Specific && !specific.contains(&block.id) {
                    return Lot::Keep(Why::NeedsSpecificConsent);
                }
                if let Some(why) = cell.not_agreed(assessment) {
                    return Lot::Keep(why);
                }
                match &cell.when_need {
                    Some(needs) if !needs.iter().any(|need| need == ask.need) => {
                        Lot::Keep(Why::NotForRecipient)
                    }
                    // A value that says what the person keeps back of another row stays back with that.
                    _ => give(view, rest, block.values_under(excluded), least),
                }
            })
            .collect()
    }
}

impl Cell {
    /// Why it is kept back, where it needs a yes of its own in the assessment: the person said no, or nobody asked them.
    fn not_agreed(&self, assessment: &Value) -> Option<Why> {
        match assessment.pointer(self.when_agreed.as_ref()?) {
            Some(Value::Bool(true)) => None,
            Some(Value::Bool(false)) => Some(Why::ExcludedByPerson),
            _ => Some(Why::NeedsSpecificConsent),
        }
    }
}

impl Column {
    /// Whether anything leaves of a child by law.
    fn owes_a_child(&self) -> bool {
        self.cells.iter().any(|cell| cell.by_law.is_some())
    }

    /// The assessment of a child, with what is owed to every child said as the table says it, whatever it says itself.
    fn with_what_is_owed<'v>(&self, assessment: &'v Value) -> Cow<'v, Value> {
        let mut assessment = Cow::Borrowed(assessment);
        for law in self.cells.iter().filter_map(|cell| cell.by_law.as_ref()) {
            if assessment.pointer(&law.at).and_then(Value::as_str) != Some(&law.says) {
                state(assessment.to_mut(), &law.at, &law.says);
            }
        }
        assessment
    }

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
                    self.places.enter(step.and_then(Down::step), above, leaf, Some(passage));
                    if let Some(given) = self.given.get_mut(usize::from(passage)) {
                        *given = true;
                    }
                    (true, Fate::Told)
                }
                Err(fate) => (false, fate),
            },
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
        if field.is_empty() {
            field.push('*');
        }
        self.withheld.push(Withheld { field, rule, reason: why.as_str().to_owned() });
    }
}

/// Says `text` at `at`, in groups that are made where there are none.
fn state(whole: &mut Value, at: &str, text: &str) {
    let mut here = whole;
    for name in at.split('/').skip(1) {
        if !here.is_object() {
            *here = nothing();
        }
        let Some(fields) = here.as_object_mut() else { return };
        here = fields.entry(name).or_insert(Value::Null);
    }
    *here = Value::from(text);
}

fn nothing() -> Value {
    Value::Object(Map::new())
}
