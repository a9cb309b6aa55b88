//! What applies to each block of the table in one projection: the cell, the agreement, the decision's scope, the need, and what a
//! child is owed, put together.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    Ask, Ground, Rules,
    rules::{Cell, Column},
    tables::Letters,
    view::View,
};
use crate::consent::{PermittedReferral, Scope};

/// Why something is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
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
    pub(super) const fn as_str(self) -> &'static str {
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
pub(super) enum Lot<'r> {
    /// A view of it leaves.
    Give(Give<'r>),
    /// Nothing of it leaves.
    Keep(Why),
}

/// What leaves of a block.
pub(super) struct Give<'r> {
    /// This view, by the passage with this number; the rest of the block is kept back for this reason.
    pub(super) passage: u16,
    pub(super) view: &'r View,
    pub(super) rest: Why,
    /// But for the values that the agreement does not cover,
    pub(super) uncovered: Vec<&'r View>,
    /// and those that the person keeps back;
    pub(super) kept: Vec<&'r View>,
    /// of which these go all the same: an override beside their consent (a yes in part gives no less than a no), or what a
    /// child is owed by law.
    pub(super) least: Option<(u16, &'r View)>,
}

impl Rules {
    /// The values that hint at what the person keeps back, with the row that each hints at.
    pub(super) fn hints(&self, scope: &Scope) -> Vec<(&str, &View)> {
        let (Scope::Agreed { excluded, .. } | Scope::AgreedAndMinimum { excluded, .. }) = scope else {
            return Vec::new();
        };
        if excluded.is_empty() {
            return Vec::new();
        }
        self.blocks.iter().flat_map(|block| block.hints_at(excluded)).collect()
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
    pub(super) fn lots<'r>(
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
                    _ if cell.by_need.iter().any(|(need, _)| need == ask.need) => {
                        let found = cell.by_need.iter().find(|(need, _)| need == ask.need);
                        let view = found.map_or(view, |(_, view)| *view);
                        give(view, Why::NotForRecipient, block.values_under(excluded), least)
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
    pub(super) fn owes_a_child(&self) -> bool {
        self.cells.iter().any(|cell| cell.by_law.is_some())
    }

    /// The assessment of a child, with what is owed to every child said as the table says it, whatever it says itself.
    pub(super) fn with_what_is_owed<'v>(&self, assessment: &'v Value) -> Cow<'v, Value> {
        let mut assessment = Cow::Borrowed(assessment);
        for law in self.cells.iter().filter_map(|cell| cell.by_law.as_ref()) {
            if assessment.pointer(&law.at).and_then(Value::as_str) != Some(&law.says) {
                state(assessment.to_mut(), &law.at, &law.says);
            }
        }
        assessment
    }

    /// On what all of it rests: an override is a ground where it could let something of this column out.
    pub(super) fn ground(&self, rules: &Rules, scope: &Scope) -> Ground {
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

/// Says `text` at `at`, in groups that are made where there are none.
fn state(whole: &mut Value, at: &str, text: &str) {
    let mut here = whole;
    for name in at.split('/').skip(1) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Some(fields) = here.as_object_mut() else { return };
        here = fields.entry(name).or_insert(Value::Null);
    }
    *here = Value::from(text);
}
