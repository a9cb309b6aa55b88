//! A settings file laid over the defaults. Finds unknown keys and wrong types with their lines.

use std::{ops::Range, path::Path};

use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{problem::Problem, settings::Settings};

/// The documented sample, which holds every setting: the defaults.
pub const SAMPLE: &str = include_str!("../../config/keyway.toml");

/// Reads `text`, which came from `file`, and lays it over [`SAMPLE`]. What is wrong in it is reported and otherwise
/// passed over, so that the rest can be checked too.
pub(super) fn over_defaults(text: &str, file: &Path) -> (Option<Settings>, Vec<Problem>) {
    let (given, faults) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = faults
        .iter()
        .map(|fault| Problem::file(file, fault.span().map(|span| line_of(text, &span)), fault.message()))
        .collect();
    let mut merged = match toml::from_str::<Table>(SAMPLE) {
        Ok(sample) => sample,
        Err(e) => return (None, vec![Problem::setting("config/keyway.toml", e.message())]),
    };
    let mut overlay = Overlay { text, file, problems: &mut problems };
    overlay.lay(given.get_ref(), &mut merged, "");
    match merged.try_into() {
        Ok(settings) => (Some(settings), problems),
        Err(e) => {
            let e: toml::de::Error = e;
            problems.push(Problem::file(file, None, e.message()));
            (None, problems)
        }
    }
}

struct Overlay<'a> {
    text: &'a str,
    file: &'a Path,
    problems: &'a mut Vec<Problem>,
}

impl Overlay<'_> {
    fn lay(&mut self, given: &DeTable<'_>, onto: &mut Table, section: &str) {
        for (key, value) in given {
            let name = key.get_ref().as_ref();
            let full = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            let known: Vec<String> = onto.keys().map(|k| format!("`{k}`")).collect();
            match (onto.get_mut(name), value.get_ref()) {
                (None, _) => {
                    self.blame(&key.span(), format!("unknown key `{full}`; known: {}", known.join(", ")));
                }
                (Some(Value::Table(inner)), DeValue::Table(table)) => self.lay(table, inner, &full),
                (Some(default), _) => self.set(&full, value, default),
            }
        }
    }

    fn set(&mut self, full: &str, value: &Spanned<DeValue<'_>>, default: &mut Value) {
        match plain(value.get_ref()) {
            Some(plain) if plain.same_type(default) && same_items(&plain, default) => *default = plain,
            _ => self.blame(&value.span(), format!("`{full}` must be {}", wanted(default))),
        }
    }

    fn blame(&mut self, span: &Range<usize>, text: String) {
        self.problems.push(Problem::file(self.file, Some(line_of(self.text, span)), text));
    }
}

/// Whether an array's items are all of the type that the default's items have; a list that is empty by default holds
/// texts.
fn same_items(given: &Value, default: &Value) -> bool {
    match (given.as_array(), default.as_array().map(|d| d.first())) {
        (Some(items), Some(Some(sample))) => items.iter().all(|item| item.same_type(sample)),
        (Some(items), Some(None)) => items.iter().all(Value::is_str),
        _ => true,
    }
}

fn wanted(default: &Value) -> &'static str {
    match default {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(items) if items.is_empty() => "a list of texts in quotes",
        Value::Array(_) => "a list of whole numbers",
        Value::Table(_) => "a section",
        Value::Float(_) | Value::Datetime(_) => "of another type",
    }
}

/// The value without its places. `None`: a type that no setting has.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Integer)
        }
        DeValue::Boolean(yes) => Some(Value::Boolean(*yes)),
        DeValue::Array(items) => {
            items.iter().map(|item| plain(item.get_ref())).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        DeValue::Table(_) => Some(Value::Table(Table::new())),
        DeValue::Float(_) | DeValue::Datetime(_) => None,
    }
}

/// The line, from 1, on which `span` begins.
fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1
}
