//! The file of an adapter, read word by word, so that every mistake is found at once and each has its place.

use std::ops::Range;

use serde_json::{Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    adapter::{
        FieldRule, Format, Ignored, Input, Kind, ListRule, Mistake, Plan, Rules, Said, SetRule, Test, Unread,
        ValueMap, When,
    },
    outline::nearest,
};
use crate::limits::{ADAPTER_MAX_BYTES, ADAPTER_RULES_MAX};

/// What the file says, as far as it can be read, and everything in it that cannot.
pub(super) fn read(text: &str) -> (Plan, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    if text.len() > ADAPTER_MAX_BYTES {
        let what = format!("an adapter has at most {ADAPTER_MAX_BYTES} bytes");
        return (Plan::default(), vec![Mistake { at: 0..0, text: what }]);
    }
    let (document, faults) = DeTable::parse_recoverable(text);
    for fault in faults {
        mistakes.push(Mistake { at: fault.span().unwrap_or(0..0), text: fault.message().to_owned() });
    }
    if !mistakes.is_empty() {
        return (Plan::default(), mistakes);
    }
    let mut file = Table::new("the file", document.span(), document.get_ref());
    let plan = plan(&mut file, &mut mistakes);
    file.close(&mut mistakes);
    (plan, mistakes)
}

fn plan(file: &mut Table<'_>, mistakes: &mut Vec<Mistake>) -> Plan {
    let mut plan = Plan {
        name: file.needed("adapter", mistakes),
        version: file.version(mistakes),
        title: file.needed("title", mistakes),
        makes: file.needed("makes", mistakes),
        ..Plan::default()
    };
    match file.table("input", "[input]", mistakes) {
        Some(mut table) => {
            plan.input = input(&mut table, mistakes);
            table.close(mistakes);
        }
        None => mistakes.push(file.lacks("[input]")),
    }
    if let Some(table) = file.table("values", "[values]", mistakes) {
        for (name, value) in table.rest {
            plan.values.extend(value_map(name, value, mistakes));
        }
    }
    plan.rules = rules(file, true, mistakes);
    for mut table in file.tables("entry", "[[entry]]", mistakes) {
        let entry = list_rule(&mut table, false, mistakes);
        table.close(mistakes);
        plan.entries.extend(entry);
    }
    for mut table in file.tables("each", "[[each]]", mistakes) {
        let each = list_rule(&mut table, true, mistakes);
        table.close(mistakes);
        plan.eachs.extend(each);
    }
    for mut table in file.tables("ignore", "[[ignore]]", mistakes) {
        let from = table.needed("from", mistakes);
        let why = table.text("why", mistakes);
        if why.is_none_or(|why| why.what.trim().is_empty()) {
            let at = if from.at.is_empty() { table.at.clone() } else { from.at.clone() };
            mistakes.push(Mistake { at, text: String::from("[[ignore]] says why") });
        }
        table.close(mistakes);
        plan.ignored.push(Ignored { from });
    }
    let inner = plan.entries.iter().chain(&plan.eachs).map(|list| count(&list.rules)).sum::<usize>();
    if count(&plan.rules) + inner + plan.ignored.len() > ADAPTER_RULES_MAX {
        let text = format!("an adapter has at most {ADAPTER_RULES_MAX} rules");
        mistakes.push(Mistake { at: plan.name.at.clone(), text });
    }
    plan
}

fn count(rules: &Rules) -> usize {
    rules.fields.len() + rules.sets.len() + 1
}

fn input(table: &mut Table<'_>, mistakes: &mut Vec<Mistake>) -> Input {
    let mut input = Input::default();
    let formats = [
        ("json", Format::Json),
        ("csv", Format::Csv),
        ("questionnaire-response", Format::QuestionnaireResponse),
    ];
    let said = table.needed("format", mistakes);
    input.format = one_of("format", &said, &formats, mistakes);
    if let Some(said) = table.text("unread", mistakes) {
        input.unread =
            one_of("unread", &said, &[("refuse", Unread::Refuse), ("tell", Unread::Tell)], mistakes);
    }
    if let Some(said) = table.text("delimiter", mistakes) {
        match said.what.as_bytes() {
            [one] if *one != b'"' && (one.is_ascii_punctuation() || *one == b'\t') => {
                input.delimiter = Some(*one);
            }
            _ => mistakes.push(said.wrong("delimiter is one character, as in \",\", \";\" or a tab")),
        }
        if input.format != Format::Csv {
            mistakes.push(said.wrong("delimiter is for format = \"csv\""));
        }
    }
    if let Some(said) = table.text("questionnaire", mistakes) {
        if input.format != Format::QuestionnaireResponse {
            mistakes.push(said.wrong("questionnaire is for format = \"questionnaire-response\""));
        }
        input.questionnaire = Some(said.what);
    }
    input
}

fn one_of<T: Copy + Default>(
    key: &str,
    said: &Said<String>,
    words: &[(&str, T)],
    mistakes: &mut Vec<Mistake>,
) -> T {
    if let Some((_, found)) = words.iter().find(|(word, _)| *word == said.what) {
        return *found;
    }
    if !said.at.is_empty() {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        mistakes.push(said.wrong(format!("{key} is one of {}", words.join(", "))));
    }
    T::default()
}

fn value_map(
    name: Said<&str>,
    value: &Spanned<DeValue<'_>>,
    mistakes: &mut Vec<Mistake>,
) -> Option<ValueMap> {
    let name = Said { what: name.what.to_owned(), at: name.at };
    let Some(words) = value.get_ref().as_table() else {
        mistakes.push(name.wrong("a list of values is a table, as in [values.risk]"));
        return None;
    };
    let table = Table::new("[values]", value.span(), words);
    let mut map = ValueMap { name, words: Vec::new() };
    for (word, value) in table.rest {
        if let Some(value) = leaf(value) {
            let folded = fold(word.what);
            if map.words.iter().any(|(known, _)| fold(&known.what) == folded) {
                mistakes.push(
                    word.wrong("this word is in the list already: case and spaces at the ends do not count"),
                );
            }
            map.words.push((Said { what: word.what.to_owned(), at: word.at }, value));
        } else {
            mistakes.push(word.wrong("a word of a list becomes a text, a number, true or false"));
        }
    }
    Some(map)
}

/// A word as it is compared: without spaces at the ends, without case.
pub(super) fn fold(word: &str) -> String {
    word.trim().to_lowercase()
}

fn rules(table: &mut Table<'_>, needs_why: bool, mistakes: &mut Vec<Mistake>) -> Rules {
    let mut rules = Rules::default();
    for mut inner in table.tables("field", "[[field]]", mistakes) {
        rules.fields.push(field_rule(&mut inner, mistakes));
        inner.close(mistakes);
    }
    for mut inner in table.tables("set", "[[set]]", mistakes) {
        let to = inner.needed("to", mistakes);
        let value = inner.leaves("value", mistakes);
        let why = inner.text("why", mistakes);
        let when = when(&mut inner, mistakes);
        if needs_why && why.as_ref().is_none_or(|why| why.what.trim().is_empty()) {
            mistakes.push(to.wrong("[[set]] says why"));
        }
        match value {
            Some(value) => rules.sets.push(SetRule { to, value, when }),
            None => mistakes.push(inner.lacks("value")),
        }
        inner.close(mistakes);
    }
    rules
}

fn field_rule(table: &mut Table<'_>, mistakes: &mut Vec<Mistake>) -> FieldRule {
    let from = table.texts("from", mistakes);
    if from.is_empty() {
        mistakes.push(table.lacks("from"));
    }
    let kind = table.text("as", mistakes).map_or_else(Said::default, |said| Said {
        what: one_of("as", &said, &Kind::ALL, mistakes),
        at: said.at,
    });
    FieldRule {
        from,
        to: table.needed("to", mistakes),
        map: table.text("map", mistakes),
        kind,
        format: table.text("format", mistakes),
        plus: table.text("plus", mistakes),
        split: table.text("split", mistakes),
        join: table.text("join", mistakes),
        required: table.flag("required", mistakes).unwrap_or_default(),
        missing: table.leaves("missing", mistakes),
        otherwise: otherwise(table, mistakes),
        when: when(table, mistakes),
    }
}

/// `otherwise = "refuse"` is what happens without it; `{ set = … }` names another value.
fn otherwise(table: &mut Table<'_>, mistakes: &mut Vec<Mistake>) -> Option<Said<Value>> {
    let (_, value) = table.take("otherwise")?;
    if let Some(inner) = value.get_ref().as_table() {
        let mut inner = Table::new("otherwise", value.span(), inner);
        let set = inner.leaves("set", mistakes);
        if set.is_none() {
            mistakes.push(inner.lacks("set"));
        }
        inner.close(mistakes);
        return set;
    }
    if value.get_ref().as_str() != Some("refuse") {
        let text = String::from("otherwise is \"refuse\", or a value as in { set = \"other\" }");
        mistakes.push(Mistake { at: value.span(), text });
    }
    None
}

fn when(table: &mut Table<'_>, mistakes: &mut Vec<Mistake>) -> Option<When> {
    let mut inner = table.table("when", "when", mistakes)?;
    let from = inner.needed("from", mistakes);
    let present = inner.flag("present", mistakes);
    let yes = inner.texts("is", mistakes);
    let says_no = inner.rest.iter().any(|(key, _)| key.what == "no");
    let words = inner.texts("no", mistakes);
    let no = says_no.then_some(words);
    let test = match (present, yes.is_empty()) {
        (Some(present), true) if no.is_none() => Test::Present(present),
        (None, false) => Test::Is { yes, no },
        _ => {
            let text = String::from(
                "when has one of is = [\"…\"], with no = [\"…\"] for the words that mean no, and present = true or false",
            );
            mistakes.push(Mistake { at: inner.at.clone(), text });
            Test::Present(true)
        }
    };
    inner.close(mistakes);
    Some(When { from, test })
}

fn list_rule(table: &mut Table<'_>, is_each: bool, mistakes: &mut Vec<Mistake>) -> Option<ListRule> {
    let from = is_each.then(|| table.needed("from", mistakes));
    let split = if is_each { table.text("split", mistakes) } else { None };
    let to = table.needed("to", mistakes);
    let when = when(table, mistakes);
    let rules = rules(table, false, mistakes);
    (!to.at.is_empty()).then_some(ListRule { from, split, to, when, rules })
}

/// A text, a number, true or false.
fn leaf(value: &Spanned<DeValue<'_>>) -> Option<Said<Value>> {
    let what = match value.get_ref() {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(whole) if whole.radix() == 10 => {
            Value::Number(Number::from(whole.as_str().replace('_', "").parse::<i64>().ok()?))
        }
        DeValue::Float(number) => Value::Number(serde_json::from_str(number.as_str()).ok()?),
        _ => return None,
    };
    Some(Said { what, at: value.span() })
}

impl<T> Said<T> {
    /// A mistake at this word.
    pub(super) fn wrong(&self, text: impl Into<String>) -> Mistake {
        Mistake { at: self.at.clone(), text: text.into() }
    }
}

/// A table of the file: what was not taken from it at the end is a key that nobody knows.
struct Table<'a> {
    name: &'static str,
    at: Range<usize>,
    rest: Vec<(Said<&'a str>, &'a Spanned<DeValue<'a>>)>,
    asked: Vec<&'static str>,
}

impl<'a> Table<'a> {
    fn new(name: &'static str, at: Range<usize>, table: &'a DeTable<'a>) -> Self {
        let mut rest: Vec<_> = table
            .iter()
            .map(|(key, value)| (Said { what: key.get_ref().as_ref(), at: key.span() }, value))
            .collect();
        rest.sort_by_key(|(key, _)| key.at.start);
        Self { name, at, rest, asked: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<(Said<&'a str>, &'a Spanned<DeValue<'a>>)> {
        self.asked.push(key);
        let place = self.rest.iter().position(|(known, _)| known.what == key)?;
        Some(self.rest.remove(place))
    }

    fn lacks(&self, key: &str) -> Mistake {
        // The table of the whole file begins at its first byte, so that what it lacks is told on the first line.
        let at = if self.name == "the file" { 0..0 } else { self.at.clone() };
        Mistake { at, text: format!("{} lacks {key}", self.name) }
    }

    fn text(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Option<Said<String>> {
        let (_, value) = self.take(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(Said { what: text.clone().into_owned(), at: value.span() });
        }
        mistakes.push(Mistake { at: value.span(), text: format!("{key} is a text") });
        None
    }

    /// A text that must be there; without a place where it is not.
    fn needed(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Said<String> {
        let is_there = self.rest.iter().any(|(known, _)| known.what == key);
        if !is_there {
            mistakes.push(self.lacks(key));
        }
        self.text(key, mistakes).unwrap_or_default()
    }

    fn texts(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Vec<Said<String>> {
        let Some((_, value)) = self.take(key) else { return Vec::new() };
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => {
                    texts.push(Said { what: text.clone().into_owned(), at: item.span() });
                }
                _ => mistakes
                    .push(Mistake { at: item.span(), text: format!("{key} is a text, or a list of texts") }),
            }
        }
        texts
    }

    fn flag(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Option<bool> {
        let (_, value) = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            mistakes.push(Mistake { at: value.span(), text: format!("{key} is true or false") });
        }
        flag
    }

    fn version(&mut self, mistakes: &mut Vec<Mistake>) -> i64 {
        let Some((_, value)) = self.take("version") else {
            mistakes.push(self.lacks("version"));
            return 0;
        };
        let whole = leaf(value).and_then(|said| said.what.as_i64()).filter(|version| *version > 0);
        whole.unwrap_or_else(|| {
            let text = String::from("version is a whole number from 1: raise it with each change");
            mistakes.push(Mistake { at: value.span(), text });
            0
        })
    }

    /// A value, or a list of values.
    fn leaves(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Option<Said<Value>> {
        let (_, value) = self.take(key)?;
        let found = match value.get_ref() {
            DeValue::Array(items) => {
                let items: Option<Vec<Value>> =
                    items.iter().map(|item| leaf(item).map(|said| said.what)).collect();
                items.map(|items| Said { what: Value::Array(items), at: value.span() })
            }
            _ => leaf(value),
        };
        if found.is_none() {
            let text = format!("{key} is a text, a number, true, false, or a list of them");
            mistakes.push(Mistake { at: value.span(), text });
        }
        found
    }

    fn table(
        &mut self,
        key: &'static str,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Table<'a>> {
        let (_, value) = self.take(key)?;
        let Some(inner) = value.get_ref().as_table() else {
            mistakes.push(Mistake { at: value.span(), text: format!("{name} is a table") });
            return None;
        };
        Some(Table::new(name, value.span(), inner))
    }

    fn tables(
        &mut self,
        key: &'static str,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Vec<Table<'a>> {
        let Some((at, value)) = self.take(key) else { return Vec::new() };
        let items = value.get_ref().as_array().map(|items| items.iter().collect::<Vec<_>>());
        let mut tables = Vec::new();
        for item in items.unwrap_or_else(|| vec![value]) {
            match (value.get_ref().as_array(), item.get_ref().as_table()) {
                (Some(_), Some(inner)) => tables.push(Table::new(name, item.span(), inner)),
                _ => mistakes.push(at.wrong(format!("{key} is written {name}, with two brackets"))),
            }
        }
        tables
    }

    /// Tells of every key that was not asked for.
    fn close(self, mistakes: &mut Vec<Mistake>) {
        for (key, _) in &self.rest {
            let near = nearest(key.what, self.asked.iter().copied());
            let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            mistakes.push(key.wrong(format!("unknown key {} in {}{meant}", key.what, self.name)));
        }
    }
}
