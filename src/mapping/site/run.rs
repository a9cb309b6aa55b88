//! A form becomes an assessment by the rules of its adapter, or is refused at a place that its sender knows.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    adapter::{Adapter, FieldRule, Format, Kind, ListRule, Rules, Test, Unread, When},
    conditions::Conditions,
    read::fold,
    response,
    source::{Answer, Sent, Source},
    values,
};
use crate::{fhir::Issue, mapping::origin::nearest};

/// Something that a form's sender is told: where in the form, and what. Never an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// A row and a column, a pointer, a linkId; empty where it is about all that was sent.
    pub place: String,
    /// What is wrong or was done, and what would be right.
    pub text: String,
}

impl Told {
    /// About all that was sent.
    pub(super) fn file(text: impl Into<String>) -> Self {
        Self { place: String::new(), text: text.into() }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.text)
        } else {
            write!(f, "{}: {}", self.place, self.text)
        }
    }
}

/// An assessment that was made of a form. Whether it fits its profile is not asked here.
#[derive(Clone, Debug)]
pub struct Adapted {
    /// The assessment.
    pub value: Value,
    /// What was set by `otherwise`, and what was not read.
    pub told: Vec<Told>,
    /// Where in the form each field comes from: a pointer into the assessment, and the place.
    places: Vec<(String, String)>,
}

impl Adapted {
    /// Issues of the assessment, at the places of the form that they come from. A field that nothing was written
    /// to keeps its own name.
    #[must_use]
    pub fn located(&self, mut issues: Vec<Issue>) -> Vec<Issue> {
        for issue in &mut issues {
            if let Some(place) = nearest(&self.places, &issue.path) {
                issue.path = place.to_owned();
            }
        }
        issues
    }
}

impl Adapter {
    /// What each form that was sent becomes. One that is refused does not hold up the others.
    ///
    /// # Errors
    ///
    /// Why nothing of it can be read.
    pub fn run(&self, bytes: &[u8]) -> Result<Vec<Result<Adapted, Told>>, Told> {
        let sent = Sent::read(self, bytes)?;
        let (known, conditions) = (self.known(), Conditions::of(&self.plan));
        Ok(sent.forms().iter().map(|form| self.run_one(form, &known, &conditions)).collect())
    }

    fn run_one(
        &self,
        form: &Source<'_>,
        known: &HashSet<String>,
        conditions: &Conditions<'_>,
    ) -> Result<Adapted, Told> {
        if let Source::Response { root, .. } = form
            && let Some(told) = response::refusal(root, self.plan.input.questionnaire.as_deref())
        {
            return Err(told);
        }
        conditions.hold_whole(form)?;
        let mut draft = Draft { adapter: self, told: Vec::new(), places: Vec::new() };
        let mut value = Map::new();
        value.insert(String::from("profile"), Value::from(self.makes()));
        draft.apply(&self.plan.rules, form, "", &mut value)?;
        for entry in &self.plan.entries {
            if holds(entry.when.as_ref(), form)? {
                draft.add_entry(entry, form, &mut value)?;
            }
        }
        for (list, each) in self.plan.eachs.iter().enumerate() {
            if let Some(from) = &each.from
                && holds(each.when.as_ref(), form)?
            {
                for item in form.items(&from.what, each.split.as_ref().map(|split| split.what.as_str()))? {
                    conditions.hold_item(list, &item)?;
                    draft.add_entry(each, &item, &mut value)?;
                }
            }
        }
        self.unread(form, known, &mut draft.told)?;
        Ok(Adapted { value: self.form.in_order(value), told: draft.told, places: draft.places })
    }

    /// What no rule reads is refused or told, never dropped in silence.
    fn unread(&self, form: &Source<'_>, known: &HashSet<String>, told: &mut Vec<Told>) -> Result<(), Told> {
        let is_known = |spelling: &str| {
            let within =
                |name: &String| name.strip_suffix("**").is_some_and(|start| spelling.starts_with(start));
            known.contains(spelling)
                || spelling.strip_suffix("/*").is_some_and(|list| known.contains(list))
                || self.plan.ignored.iter().any(|ignored| within(&ignored.from.what))
        };
        let mut places: Vec<String> = Vec::new();
        for place in form.answered() {
            if !is_known(&place.shape) && !is_known(&place.exact) {
                places.push(place.shown);
            }
        }
        match (self.plan.input.unread, places.first()) {
            (_, None) => Ok(()),
            (Unread::Refuse, Some(first)) => Err(Told {
                place: first.clone(),
                text: format!("no rule reads this ({} such)", places.len()),
            }),
            (Unread::Tell, Some(_)) => {
                let text = "Kept as received. It is not read, and not passed on.";
                told.extend(places.into_iter().map(|place| Told { place, text: text.to_owned() }));
                Ok(())
            }
        }
    }

    /// Every place of the input that a rule names. It does not depend on the answers.
    fn known(&self) -> HashSet<String> {
        let mut known: HashSet<String> =
            self.plan.ignored.iter().map(|ignored| ignored.from.what.clone()).collect();
        named(&self.plan.rules, "", &mut known);
        for list in self.plan.entries.iter().chain(&self.plan.eachs) {
            known.extend(list.when.iter().map(|when| when.from.what.clone()));
            let mut prefix = String::new();
            if let Some(from) = &list.from {
                known.insert(from.what.clone());
                if self.plan.input.format == Format::Json {
                    prefix = format!("{}/*", from.what);
                }
            }
            if list.split.is_none() {
                named(&list.rules, &prefix, &mut known);
            }
        }
        known
    }

    /// Every column that a rule names.
    pub(super) fn columns(&self) -> Vec<&str> {
        let plan = &self.plan;
        let mut names: Vec<&str> = Vec::new();
        let lists = plan.entries.iter().chain(&plan.eachs);
        for list in lists.clone() {
            names.extend(
                list.from
                    .iter()
                    .chain(list.when.iter().map(|when| &when.from))
                    .map(|said| said.what.as_str()),
            );
        }
        let outer = lists.filter(|list| list.from.is_none()).map(|list| &list.rules);
        for rules in std::iter::once(&plan.rules).chain(outer) {
            names.extend(rules.names());
        }
        names
    }
}

impl Rules {
    /// Every place of the input that these rules name.
    fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self
            .fields
            .iter()
            .flat_map(|field| field.from.iter().chain(field.when.iter().map(|when| &when.from)));
        fields
            .chain(self.sets.iter().filter_map(|set| set.when.as_ref().map(|when| &when.from)))
            .map(|said| said.what.as_str())
    }
}

fn named(rules: &Rules, prefix: &str, known: &mut HashSet<String>) {
    for name in rules.names() {
        known.insert(if name == "." { prefix.to_owned() } else { format!("{prefix}{name}") });
    }
}

/// Whether a condition holds. Without one it does.
fn holds(when: Option<&When>, source: &Source<'_>) -> Result<bool, Told> {
    let Some(when) = when else { return Ok(true) };
    let answers = source.answers(&when.from.what)?;
    Ok(match &when.test {
        Test::Present(present) => answers.is_empty() != *present,
        Test::Is { yes, .. } => {
            let says = |word: String| yes.iter().any(|yes| fold(&yes.what) == fold(&word));
            answers.iter().any(|answer| says(answer.word()))
        }
    })
}

/// An assessment while it is being made.
struct Draft<'a> {
    adapter: &'a Adapter,
    told: Vec<Told>,
    places: Vec<(String, String)>,
}

impl Draft<'_> {
    /// Applies single rules; `at` is where `into` stands in the assessment.
    fn apply(
        &mut self,
        rules: &Rules,
        source: &Source<'_>,
        at: &str,
        into: &mut Map<String, Value>,
    ) -> Result<(), Told> {
        for set in &rules.sets {
            if holds(set.when.as_ref(), source)? {
                if let Some(when) = &set.when {
                    self.remember(at, &set.to.what, source.place(&when.from.what));
                }
                put(into, &set.to.what, set.value.what.clone());
            }
        }
        for field in &rules.fields {
            if holds(field.when.as_ref(), source)?
                && let Some(value) = self.field(field, source)?
            {
                if let Some(from) = field.from.first() {
                    self.remember(at, &field.to.what, source.place(&from.what));
                }
                put(into, &field.to.what, value);
            }
        }
        Ok(())
    }

    fn remember(&mut self, at: &str, to: &str, place: String) {
        self.places.push((format!("{at}/{}", to.trim_start_matches('/')), place));
    }

    /// The value that a rule writes, if it writes one.
    fn field(&mut self, rule: &FieldRule, source: &Source<'_>) -> Result<Option<Value>, Told> {
        let mut answers = Vec::new();
        for from in &rule.from {
            for answer in source.answers(&from.what)? {
                match &rule.split {
                    Some(split) => answers.extend(
                        answer
                            .word()
                            .split(split.what.as_str())
                            .map(str::trim)
                            .filter(|part| !part.is_empty())
                            .map(|part| Answer::Text(part.to_owned())),
                    ),
                    None => answers.push(answer),
                }
            }
        }
        let name = rule.from.first().map(|from| from.what.as_str()).unwrap_or_default();
        let Some(first) = answers.first() else {
            if rule.required {
                return Err(source.told(name, "this must be answered"));
            }
            return Ok(rule.missing.as_ref().map(|missing| missing.what.clone()));
        };
        if let Some(join) = &rule.join {
            let words: Vec<String> = answers.iter().map(Answer::word).collect();
            return Ok(Some(Value::from(words.join(&join.what))));
        }
        if rule.kind.what == Kind::List {
            let mut values = Vec::new();
            for answer in &answers {
                values.push(self.value(answer, rule, source, name)?);
            }
            return Ok(Some(Value::Array(values)));
        }
        if answers.len() > 1 {
            return Err(source.told(name, "one answer is expected, and there are several"));
        }
        self.value(first, rule, source, name).map(Some)
    }

    fn value(
        &mut self,
        answer: &Answer,
        rule: &FieldRule,
        source: &Source<'_>,
        name: &str,
    ) -> Result<Value, Told> {
        let read = values::read(answer, rule, &self.adapter.plan).map_err(|text| source.told(name, text))?;
        self.told.extend(read.note.map(|note| source.told(name, note)));
        Ok(read.value)
    }

    /// Adds an entry to a list, if its rules write anything.
    fn add_entry(
        &mut self,
        list: &ListRule,
        source: &Source<'_>,
        into: &mut Map<String, Value>,
    ) -> Result<(), Told> {
        let before = find(into, &list.to.what).and_then(Value::as_array).map_or(0, Vec::len);
        let at = format!("{}/{before}", list.to.what);
        let mut entry = Map::new();
        let place = match &list.from {
            Some(_) => source.place("."),
            None => list.when.as_ref().map(|when| source.place(&when.from.what)).unwrap_or_default(),
        };
        if !place.is_empty() {
            self.places.push((at.clone(), place));
        }
        self.apply(&list.rules, source, &at, &mut entry)?;
        if entry.is_empty() {
            return Ok(());
        }
        match slot(into, &list.to.what) {
            Some(Value::Array(entries)) => entries.push(Value::Object(entry)),
            Some(empty) => *empty = Value::Array(vec![Value::Object(entry)]),
            None => {}
        }
        Ok(())
    }
}

fn find<'a>(root: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut steps = pointer.split('/').filter(|step| !step.is_empty());
    let first = root.get(steps.next()?)?;
    steps.try_fold(first, |here, step| here.get(step))
}

/// The place of a pointer, made where it is not there; groups on the way are made too.
fn slot<'a>(root: &'a mut Map<String, Value>, pointer: &str) -> Option<&'a mut Value> {
    let mut steps = pointer.split('/').filter(|step| !step.is_empty());
    let mut here = root.entry(steps.next()?.to_owned()).or_insert(Value::Null);
    for step in steps {
        if here.is_null() {
            *here = Value::Object(Map::new());
        }
        here = here.as_object_mut()?.entry(step.to_owned()).or_insert(Value::Null);
    }
    Some(here)
}

fn put(root: &mut Map<String, Value>, pointer: &str, value: Value) {
    if let Some(place) = slot(root, pointer) {
        *place = value;
    }
}
