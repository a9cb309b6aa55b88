//! The fields of an assessment beside its recipients: what of each reaches whom, and why not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::to_whom;
use crate::exchange::Rehearsed;

/// What becomes of a field for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate<'r> {
    /// Something of the message is made of it.
    Goes,
    /// It is kept back, for this reason.
    Kept(&'r str),
    /// It may leave, or tells only where to send; no part of the message is made of it.
    Unused,
    /// There is no message.
    NoMessage,
}

impl<'r> Fate<'r> {
    /// One word for a narrow column.
    pub(super) fn word(self) -> &'r str {
        match self {
            Self::Goes => "goes",
            Self::Unused => "not used",
            Self::NoMessage => "–",
            Self::Kept(reason) => match reason {
                "never-for-audience" => "never",
                "not-in-agreement" => "agreement",
                "category-only" => "category",
                "not-for-recipient" => "not theirs",
                "excluded-by-person" => "person",
                "needs-specific-consent" => "specific",
                "override-minimum" => "minimum",
                "no-rule" => "no rule",
                other => other,
            },
        }
    }

    /// The same for a program.
    fn code(self) -> &'r str {
        match self {
            Self::Goes => "goes",
            Self::Kept(reason) => reason,
            Self::Unused => "not-used",
            Self::NoMessage => "no-message",
        }
    }
}

/// What the words in the cells mean, for whoever reads the table.
pub(super) const LEGEND: [(&str, &str); 11] = [
    ("goes", "something of the message is made of it"),
    ("not used", "it may leave, or only tells where to send; no part of this message is made of it"),
    ("never", "it never leaves to such an agency"),
    ("category", "a category leaves in its place"),
    ("not theirs", "it is not for this recipient, or not for this need"),
    ("person", "the person keeps it back"),
    ("specific", "it needs a yes of its own"),
    ("agreement", "the agreement does not cover it"),
    ("minimum", "without consent only the least leaves"),
    ("no rule", "nobody listed it"),
    ("–", "nothing would be sent"),
];

/// One field, or a group of which every field fares alike.
pub(super) struct Row<'r> {
    /// Where it stands, as a JSON pointer.
    pub(super) field: String,
    /// One for each recipient.
    pub(super) fates: Vec<Fate<'r>>,
}

/// The rows of `assessment` for these recipients, in its own order.
pub(super) fn rows<'r>(assessment: &Value, recipients: &'r [Rehearsed]) -> Vec<Row<'r>> {
    let columns: Vec<Column<'r>> = recipients.iter().map(Column::of).collect();
    let mut rows = Vec::new();
    below(assessment, String::new(), &columns, &mut rows);
    rows
}

/// Adds the rows of a value; what fares alike is one row.
fn below<'r>(value: &Value, field: String, columns: &[Column<'r>], rows: &mut Vec<Row<'r>>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, part)| (format!("{field}/{}", name.replace('~', "~0").replace('/', "~1")), part))
            .collect(),
        Value::Array(entries) => {
            entries.iter().enumerate().map(|(number, part)| (format!("{field}/{number}"), part)).collect()
        }
        _ => {
            let fates = columns.iter().map(|column| column.fate(&field)).collect();
            return rows.push(Row { field, fates });
        }
    };
    let first = rows.len();
    for (name, part) in parts {
        below(part, name, columns, rows);
    }
    let added = rows.get(first..).unwrap_or_default();
    let alike = added.windows(2).all(|two| matches!(two, [one, other] if one.fates == other.fates));
    if alike && !added.is_empty() && !field.is_empty() {
        rows.truncate(first.saturating_add(1));
        if let Some(row) = rows.last_mut() {
            row.field = field;
        }
    }
}

/// What one recipient would get, to be asked by field.
struct Column<'r> {
    is_sent: bool,
    sources: BTreeSet<String>,
    /// Where something is kept back, and why.
    kept: Vec<(&'r str, &'r str)>,
}

impl<'r> Column<'r> {
    fn of(one: &'r Rehearsed) -> Self {
        let lines = one.message.iter().flat_map(|message| message.lineage.lines());
        let sources = lines.map(|line| line.source).filter(|source| source.starts_with('/')).collect();
        let kept = one.withheld.iter().map(|kept| (kept.field.as_str(), kept.reason.as_str())).collect();
        Self { is_sent: one.message.is_some(), sources, kept }
    }

    fn fate(&self, field: &str) -> Fate<'r> {
        if !self.is_sent {
            return Fate::NoMessage;
        }
        let ways = || std::iter::successors(Some(field), |at| at.rsplit_once('/').map(|(above, _)| above));
        if ways().any(|at| self.sources.contains(at)) {
            return Fate::Goes;
        }
        let reason = |at: &str| {
            let mut kept = self.kept.iter();
            kept.find(|(field, _)| *field == at || field.strip_suffix("/*") == Some(at)).map(|(_, why)| *why)
        };
        ways().find_map(reason).map_or(Fate::Unused, Fate::Kept)
    }
}

/// The rows as JSON.
pub(super) fn whole(rows: &[Row<'_>], recipients: &[Rehearsed]) -> Value {
    let row = |row: &Row<'_>| {
        let fates = recipients.iter().zip(&row.fates);
        let fates: serde_json::Map<String, Value> =
            fates.map(|(one, fate)| (to_whom(one), fate.code().into())).collect();
        json!({"field": row.field, "recipients": fates})
    };
    rows.iter().map(row).collect()
}

/// The rows as lines of text: recipients by number, in the order in which they are named below.
pub(super) fn text(rows: &[Row<'_>]) -> Vec<String> {
    let width = rows.iter().map(|row| row.field.chars().count()).max().unwrap_or_default();
    let number = rows.first().map_or(0, |row| row.fates.len());
    let heads = (1..=number).map(|n| format!("{n:<10} ")).collect::<Vec<_>>().concat();
    let mut lines = vec![format!("{:<width$}  {heads}", "field").trim_end().to_owned()];
    for row in rows {
        let fates = row.fates.iter().map(|fate| format!("{:<10} ", fate.word())).collect::<Vec<_>>().concat();
        lines.push(format!("{:<width$}  {fates}", row.field).trim_end().to_owned());
    }
    let used: BTreeSet<&str> = rows.iter().flat_map(|row| &row.fates).map(|fate| fate.word()).collect();
    lines.push(String::new());
    let meant = LEGEND.iter().filter(|(word, _)| used.contains(word));
    lines.extend(meant.map(|(word, meaning)| format!("{word}: {meaning}")));
    lines
}
