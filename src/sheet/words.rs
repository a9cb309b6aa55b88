//! The catalogue `profiles/print/words.toml`: what is shown of a sheet, in which order, and how it is said.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{NoPage, Rank};

const SOURCE: &str = include_str!("../../profiles/print/words.toml");
static WORDS: LazyLock<Result<Words, String>> =
    LazyLock::new(|| toml::from_str(SOURCE).map_err(|error| format!("words.toml: {error}")));
/// What stands for the sheet's own word for the person.
const PERSON: &str = "{person}";

/// The catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    #[serde(rename = "version")]
    _version: u32,
    pub(super) language: String,
    pub(super) silent: Vec<String>,
    pub(super) sheet: Vec<SheetWords>,
    pub(super) notices: BTreeMap<String, String>,
    pub(super) section: Vec<SectionWords>,
    pub(super) codes: BTreeMap<String, BTreeMap<String, String>>,
}

/// One kind of sheet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetWords {
    pub(super) id: String,
    pub(super) title: String,
    /// The field that holds the person.
    pub(super) person: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionWords {
    #[serde(rename = "id")]
    _id: String,
    pub(super) rank: Rank,
    pub(super) heading: String,
    /// The notice that stands where the section would be empty.
    pub(super) absent: Option<String>,
    pub(super) line: Vec<LineWords>,
}

/// One thing that a section may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineWords {
    pub(super) at: String,
    pub(super) label: Option<String>,
    /// Whether it stands in the line before it.
    #[serde(default)]
    pub(super) run_on: bool,
    /// The items of a list in one line.
    #[serde(default)]
    pub(super) joined: bool,
    /// What is shown of an object; without it the value itself is.
    #[serde(default)]
    pub(super) parts: Vec<PartWords>,
    #[serde(flatten)]
    pub(super) way: Way,
    /// The notice that stands where there is nothing.
    pub(super) absent: Option<String>,
    #[serde(default)]
    pub(super) absent_on: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PartWords {
    pub(super) at: String,
    /// What stands before it when something does.
    pub(super) lead: Option<String>,
    #[serde(flatten)]
    pub(super) way: Way,
}

/// How a value is said.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Way {
    /// The table of words for its codes.
    pub(super) codes: Option<String>,
    pub(super) form: Option<Form>,
}

/// A form that is not a text.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    Date,
    BirthDate,
    Language,
    /// A kind of service: a code that the service chooses.
    Service,
}

impl Words {
    /// The catalogue that is compiled in.
    pub(super) fn read() -> Result<&'static Self, NoPage> {
        WORDS.as_ref().map_err(|text| NoPage(text.clone()))
    }

    /// A notice, with what stands for its names in braces.
    pub(super) fn notice(&self, name: &str, values: &[(&str, &str)]) -> String {
        filled(self.notices.get(name).map_or(name, String::as_str), values)
    }

    /// The words for a code; a code that has none is shown with a mark.
    pub(super) fn code(&self, table: &str, code: &str) -> String {
        match self.codes.get(table).and_then(|table| table.get(code)) {
            Some(words) => words.clone(),
            None => self.notice("unknown_code", &[("code", code)]),
        }
    }
}

impl SheetWords {
    /// A place of the catalogue as this sheet has it.
    pub(super) fn place(&self, at: &str) -> String {
        at.replace(PERSON, &self.person)
    }
}

/// A text with what stands for its names in braces. Once through: what a value holds is never taken for a name.
pub(super) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let Some((key, behind)) = after.split_once('}') else { break };
        said.push_str(values.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value));
        rest = behind;
    }
    said.push_str(rest);
    said
}
