//! What an adapter says, once its file is read: rules, with the place of each word that may be blamed.

use std::ops::Range;

use serde_json::Value;

use super::outline::Form;
use crate::fhir::locate;

/// A site's adapter, without a mistake.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub(super) plan: Plan,
    pub(super) form: Form,
}

impl Adapter {
    /// Reads and checks an adapter's file against the forms of the assessment.
    ///
    /// # Errors
    ///
    /// Every mistake, in the order of the file.
    pub fn compile(text: &str, forms: &[Form]) -> Result<Self, Vec<Mistake>> {
        let (plan, mut mistakes) = super::read::read(text);
        let form = super::check::check(&plan, forms, &mut mistakes);
        mistakes.sort_by_key(|mistake| (mistake.at.start, mistake.at.end));
        mistakes.dedup();
        match form {
            Some(form) if mistakes.is_empty() => Ok(Self { plan, form: form.clone() }),
            _ => Err(mistakes),
        }
    }

    /// Its name: the folder that it lies in.
    #[must_use]
    pub fn name(&self) -> &str {
        self.plan.name.what.as_str()
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> &str {
        self.plan.title.what.as_str()
    }

    /// Its name and version, as in `mo-del/1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.plan.name.what, self.plan.version)
    }

    /// The form that it makes, by its URL.
    #[must_use]
    pub fn makes(&self) -> &str {
        self.plan.makes.what.as_str()
    }
}

/// One mistake in an adapter's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: bytes of the file.
    pub at: Range<usize>,
    /// What is wrong and what would be right.
    pub text: String,
}

impl Mistake {
    /// It as people read it: `file` with line and column, and a caret under the place in `text`.
    #[must_use]
    pub fn shown(&self, file: &str, text: &str) -> String {
        let place = locate::place_of(text, &self.at);
        let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default().replace('\t', " ");
        let gutter = place.line.to_string().len().max(4);
        format!(
            "{file}:{row}:{column}  {what}\n{row:>gutter$} | {line}\n{pad:gutter$} | {pad:before$}{caret}",
            row = place.line,
            column = place.column,
            what = self.text,
            pad = "",
            before = place.column.saturating_sub(1),
            caret = "^".repeat(place.width),
        )
    }
}

/// A word of the file, with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Said<T> {
    pub(super) what: T,
    pub(super) at: Range<usize>,
}

/// Everything that the file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) name: Said<String>,
    pub(super) version: i64,
    pub(super) title: Said<String>,
    pub(super) makes: Said<String>,
    pub(super) input: Input,
    pub(super) values: Vec<ValueMap>,
    pub(super) rules: Rules,
    pub(super) entries: Vec<ListRule>,
    pub(super) eachs: Vec<ListRule>,
    pub(super) ignored: Vec<Ignored>,
}

impl Plan {
    pub(super) fn map(&self, name: &str) -> Option<&ValueMap> {
        self.values.iter().find(|map| map.name.what == name)
    }
}

/// What the service sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    pub(super) format: Format,
    pub(super) delimiter: Option<u8>,
    pub(super) questionnaire: Option<String>,
    pub(super) unread: Unread,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Json,
    Csv,
    QuestionnaireResponse,
}

/// What becomes of an answer that no rule reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unread {
    #[default]
    Refuse,
    Tell,
}

/// A list of the service's words, and what each is in the assessment.
#[derive(Clone, Debug)]
pub(super) struct ValueMap {
    pub(super) name: Said<String>,
    pub(super) words: Vec<(Said<String>, Said<Value>)>,
}

/// Rules that write single places.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) fields: Vec<FieldRule>,
    pub(super) sets: Vec<SetRule>,
}

/// An answer becomes a field.
#[derive(Clone, Debug)]
pub(super) struct FieldRule {
    pub(super) from: Vec<Said<String>>,
    pub(super) to: Said<String>,
    pub(super) map: Option<Said<String>>,
    pub(super) kind: Said<Kind>,
    pub(super) format: Option<Said<String>>,
    pub(super) plus: Option<Said<String>>,
    pub(super) split: Option<Said<String>>,
    pub(super) join: Option<Said<String>>,
    pub(super) required: bool,
    pub(super) missing: Option<Said<Value>>,
    pub(super) otherwise: Option<Said<Value>>,
    pub(super) when: Option<When>,
}

/// How an answer is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    Words,
    Date,
    Instant,
    Number,
    Whole,
    YesNo,
    List,
}

impl Kind {
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("date", Self::Date),
        ("instant", Self::Instant),
        ("list", Self::List),
        ("number", Self::Number),
        ("text", Self::Text),
        ("whole", Self::Whole),
        ("words", Self::Words),
        ("yes-no", Self::YesNo),
    ];

    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("text", |(word, _)| word)
    }
}

/// A constant becomes a field.
#[derive(Clone, Debug)]
pub(super) struct SetRule {
    pub(super) to: Said<String>,
    pub(super) value: Said<Value>,
    pub(super) when: Option<When>,
}

/// Rules that make entries of a list: one for each item of the input, or one from several places.
#[derive(Clone, Debug)]
pub(super) struct ListRule {
    /// The list in the input; nothing for a single entry.
    pub(super) from: Option<Said<String>>,
    pub(super) split: Option<Said<String>>,
    pub(super) to: Said<String>,
    pub(super) when: Option<When>,
    pub(super) rules: Rules,
}

/// A condition on an answer.
#[derive(Clone, Debug)]
pub(super) struct When {
    pub(super) from: Said<String>,
    pub(super) test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Whether it is answered at all.
    Present(bool),
    /// Whether it is one of these words. Others are known to mean no: those of `no`, of other conditions on the same answer
    /// and of the maps that read it; what is in none of them is refused.
    Is { yes: Vec<Said<String>>, no: Option<Vec<Said<String>>> },
}

/// A place of the input that is left unread on purpose.
#[derive(Clone, Debug)]
pub(super) struct Ignored {
    pub(super) from: Said<String>,
}
