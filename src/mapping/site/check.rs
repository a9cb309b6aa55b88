//! Every mistake in an adapter that can be seen before it meets a form.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    adapter::{FieldRule, Format, Kind, ListRule, Mistake, Plan, Rules, Said, SetRule, Test, When},
    conditions, may_say,
    outline::{Form, Group, Leaf, Place, nearest, shown},
    values,
};

/// Where an answer that nobody knows must stop the form: what the person keeps back.
const NEVER_OTHERWISE: &str = "/consents/*/excludes";

/// A list whose entries are made by a word of the form alone: what goes without the person's yes.
const ONLY_BY_A_WORD: &str = "/overrides";

/// Finds the form that the adapter makes, and every mistake in its rules.
pub(super) fn check<'a>(plan: &Plan, forms: &'a [Form], mistakes: &mut Vec<Mistake>) -> Option<&'a Form> {
    if plan.makes.at.is_empty() {
        return None;
    }
    let Some(form) = forms.iter().find(|form| form.url == plan.makes.what) else {
        let known: Vec<&str> = forms.iter().map(Form::url).collect();
        mistakes.push(plan.makes.wrong(format!("makes is one of {}", known.join(", "))));
        return None;
    };
    let mut checking = Checking {
        plan,
        form,
        pointers: form.pointers(),
        used: HashSet::new(),
        written: Vec::new(),
        mistakes,
    };
    checking.all();
    Some(form)
}

struct Checking<'a> {
    plan: &'a Plan,
    form: &'a Form,
    pointers: Vec<String>,
    used: HashSet<&'a str>,
    /// Every place that a rule writes.
    written: Vec<String>,
    mistakes: &'a mut Vec<Mistake>,
}

/// Where rules stand: at the top, or in the entries of a list.
#[derive(Clone, Copy)]
struct Within<'a> {
    /// The place of an entry, as in `/consents/*`; empty at the top.
    at: &'a str,
    /// Whether the entries are made only when the form says a certain word.
    is_said: bool,
    /// How places of the input are named here.
    names: Names,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Columns,
    Pointers,
    LinkIds,
    /// Parts of one answer: only `.`.
    Parts,
    /// Pointers into an item, or `.`.
    InItem,
    /// Names of questions in a group, or `.` for an answer of several.
    InGroup,
}

impl<'a> Checking<'a> {
    fn all(&mut self) {
        let plan = self.plan;
        let (whole, item) = match plan.input.format {
            Format::Csv => (Names::Columns, Names::Parts),
            Format::Json => (Names::Pointers, Names::InItem),
            Format::QuestionnaireResponse => (Names::LinkIds, Names::InGroup),
        };
        self.rules(&plan.rules, Within { at: "", is_said: false, names: whole });
        for list in plan.entries.iter().chain(&plan.eachs) {
            self.when(list.when.as_ref(), whole);
            let mut names = whole;
            if let Some(from) = &list.from {
                self.name(from, whole);
                names = if list.split.is_some() { Names::Parts } else { item };
                if plan.input.format == Format::Csv && list.split.is_none() {
                    self.mistakes
                        .push(from.wrong("a cell is one text: say by what it is split, as in split = \";\""));
                }
            }
            self.list(list, names);
        }
        for map in &plan.values {
            if !self.used.contains(map.name.what.as_str()) {
                self.mistakes.push(map.name.wrong(format!("nothing uses [values.{}]", map.name.what)));
            }
        }
        for ignored in &plan.ignored {
            let pointer = ignored.from.what.strip_suffix("/**").unwrap_or(&ignored.from.what);
            self.name(&Said { what: pointer.to_owned(), at: ignored.from.at.clone() }, whole);
        }
        conditions::mistakes(plan, self.mistakes);
        let form = self.form;
        self.lacking(&form.root, "", &plan.makes);
    }

    fn list(&mut self, list: &'a ListRule, names: Names) {
        let Some(place) = self.known_place(&list.to, &list.to.what) else { return };
        let Place::List(item) = place else {
            self.mistakes.push(list.to.wrong(format!("{} is no list", list.to.what)));
            return;
        };
        let is_said = is_said(list.when.as_ref());
        let at = format!("{}/*", list.to.what);
        self.written.push(list.to.what.clone());
        if list.to.what == ONLY_BY_A_WORD && !is_said {
            self.mistakes.push(list.to.wrong(only_said(&list.to.what, None, &[])));
        }
        let before = self.written.len();
        self.rules(&list.rules, Within { at: &at, is_said, names });
        let inner: Vec<String> = self.written.split_off(before);
        let outer = std::mem::replace(&mut self.written, inner);
        if let Place::Group(group) = item.as_ref() {
            self.lacking(group, &at, &list.to);
        } else {
            self.mistakes.push(
                list.to.wrong(format!("{} is a list of single values: use as = \"list\"", list.to.what)),
            );
        }
        self.written = outer;
    }

    fn rules(&mut self, rules: &'a Rules, within: Within<'_>) {
        // Whether each place is written under a condition every time.
        let mut seen: HashMap<String, bool> = HashMap::new();
        let mut twice = |to: &Said<String>, conditional: bool, mistakes: &mut Vec<Mistake>| {
            let full = full(within.at, &to.what);
            match seen.get(&full) {
                Some(before) if !(*before && conditional) => {
                    mistakes.push(to.wrong(format!("{full} is written by two rules")));
                }
                _ => {}
            }
            let _before = seen.insert(full, conditional);
        };
        for set in &rules.sets {
            twice(&set.to, set.when.is_some(), self.mistakes);
            self.when(set.when.as_ref(), within.names);
            self.set(set, within);
        }
        for field in &rules.fields {
            twice(&field.to, field.when.is_some(), self.mistakes);
            self.when(field.when.as_ref(), within.names);
            for from in &field.from {
                self.name(from, within.names);
            }
            self.field(field, within);
        }
    }

    fn set(&mut self, set: &SetRule, within: Within<'_>) {
        let full = full(within.at, &set.to.what);
        let Some(place) = self.known_place(&set.to, &full) else { return };
        self.written.push(full.clone());
        let (leaf, values) = match (place, &set.value.what) {
            (Place::Leaf(leaf), Value::Array(_)) => {
                self.mistakes.push(set.value.wrong(format!("{full} is one value, not a list")));
                (leaf, Vec::new())
            }
            (Place::Leaf(leaf), value) => (leaf, vec![value]),
            (Place::List(item), Value::Array(values)) if matches!(item.as_ref(), Place::Leaf(_)) => {
                let Place::Leaf(leaf) = item.as_ref() else { return };
                (leaf, values.iter().collect())
            }
            _ => {
                self.mistakes.push(set.to.wrong(format!("{full} is a group or a list: name a field in it")));
                return;
            }
        };
        for value in values {
            self.fits(leaf, value, "value", &set.value, &full);
            if !within.is_said && !is_said(set.when.as_ref()) {
                self.said(&full, leaf, value, &set.to);
            }
        }
    }

    fn field(&mut self, field: &'a FieldRule, within: Within<'_>) {
        let full = full(within.at, &field.to.what);
        self.shape(field);
        if let Some(map) = &field.map {
            self.used.insert(map.what.as_str());
            if self.plan.map(&map.what).is_none() {
                self.mistakes.push(map.wrong(format!("there is no [values.{}]", map.what)));
            }
        }
        let Some(place) = self.known_place(&field.to, &full) else { return };
        self.written.push(full.clone());
        let leaf = match place {
            Place::Leaf(leaf) if field.kind.what != Kind::List => leaf,
            Place::Leaf(_) => {
                self.mistakes.push(field.kind.wrong(format!("{full} is one value, not a list")));
                return;
            }
            Place::List(item) if field.kind.what == Kind::List => {
                let Place::Leaf(leaf) = item.as_ref() else {
                    let text = format!("{full} is a list of groups: use [[each]] or [[entry]]");
                    self.mistakes.push(field.to.wrong(text));
                    return;
                };
                leaf
            }
            _ => {
                self.mistakes
                    .push(field.to.wrong(format!("{full} is a group or a list: name a field in it")));
                return;
            }
        };
        self.kind_fits(field, leaf, &full);
        if let Some(map) = field.map.as_ref().and_then(|map| self.plan.map(&map.what)) {
            for (_, value) in &map.words {
                self.fits(leaf, &value.what, &format!("[values.{}]", map.name.what), value, &full);
            }
        }
        for (word, quiet) in [("missing", &field.missing), ("otherwise", &field.otherwise)] {
            let Some(quiet) = quiet else { continue };
            let values = match &quiet.what {
                Value::Array(values) if matches!(place, Place::List(_)) && word == "missing" => {
                    values.iter().collect()
                }
                value => vec![value],
            };
            for value in values {
                self.fits(leaf, value, word, quiet, &full);
                self.said(&full, leaf, value, quiet);
            }
        }
        if full == NEVER_OTHERWISE
            && let Some(otherwise) = &field.otherwise
        {
            let text = format!(
                "{full} takes no otherwise: what the person keeps back is understood, or the form is refused"
            );
            self.mistakes.push(otherwise.wrong(text));
        }
    }

    /// What a rule says that does not go together, wherever it writes.
    fn shape(&mut self, field: &FieldRule) {
        let kind = field.kind.what;
        let is_time = matches!(kind, Kind::Date | Kind::Instant);
        match &field.format {
            None if is_time && self.plan.input.format == Format::Csv => {
                self.mistakes.push(field.to.wrong("a date from CSV needs a format"));
            }
            Some(format) if !is_time => {
                self.mistakes.push(format.wrong("format is for as = \"date\" and as = \"instant\""));
            }
            Some(format) if !values::is_whole(&format.what, kind) => {
                let example = if kind == Kind::Date { "%d/%m/%Y" } else { "%d/%m/%Y %H:%M" };
                let text = format!(
                    "this format does not give a whole {}; one that does is {example}",
                    kind.as_str()
                );
                self.mistakes.push(format.wrong(text));
            }
            _ => {}
        }
        if let Some(plus) = &field.plus {
            if kind != Kind::Date {
                self.mistakes.push(plus.wrong("plus is for as = \"date\""));
            } else if values::span(&plus.what).is_none() {
                self.mistakes.push(plus.wrong("plus is months or days, as in P6M or P30D"));
            }
        }
        if let Some(otherwise) = &field.otherwise
            && field.map.is_none()
        {
            self.mistakes.push(otherwise.wrong("otherwise is for a rule with a map"));
        }
        if field.required
            && let Some(missing) = &field.missing
        {
            self.mistakes.push(missing.wrong("what is required has no default"));
        }
        let gathers = kind == Kind::List || field.join.is_some();
        if !gathers && let Some(second) = field.from.get(1) {
            self.mistakes
                .push(second.wrong("several places make one field by as = \"list\" or join = \" \""));
        }
        for split in field.split.iter().filter(|split| !gathers || split.what.is_empty()) {
            self.mistakes
                .push(split.wrong("split is a text between the parts, for as = \"list\" or with join"));
        }
    }

    fn kind_fits(&mut self, field: &FieldRule, leaf: &Leaf, full: &str) {
        if field.map.is_some() {
            if !matches!(field.kind.what, Kind::Text | Kind::List) {
                self.mistakes.push(field.kind.wrong("a rule with a map has no as, or as = \"list\""));
            }
            return;
        }
        let needed = match leaf.kind.as_deref() {
            Some("boolean") => &[Kind::YesNo][..],
            Some("integer") => &[Kind::Whole],
            Some("number") => &[Kind::Number, Kind::Whole],
            _ => &[Kind::Text, Kind::Words, Kind::Date, Kind::Instant, Kind::List],
        };
        if leaf.allowed.is_none() && !needed.contains(&field.kind.what) {
            let words: Vec<String> =
                needed.iter().map(|kind| format!("as = \"{}\"", kind.as_str())).collect();
            let place = if field.kind.at.is_empty() { &field.to.at } else { &field.kind.at };
            let text = format!("{full} needs {}, or a map", words.join(" or "));
            self.mistakes.push(Mistake { at: place.clone(), text });
        }
    }

    fn fits(&mut self, leaf: &Leaf, value: &Value, what: &str, at: &Said<Value>, full: &str) {
        if let Some(why) = leaf.refuses(value) {
            self.mistakes.push(at.wrong(format!("{what} '{}' {why} ({full})", shown(value))));
        }
    }

    /// An adapter cannot say yes for anybody.
    fn said<T>(&mut self, full: &str, leaf: &Leaf, value: &Value, at: &Said<T>) {
        if !may_say::allows(full, value, leaf.allowed.is_some()) {
            let instead = may_say::instead(full, leaf.allowed.as_deref());
            self.mistakes.push(at.wrong(only_said(full, Some(value), &instead)));
        }
    }

    /// The place that `to` names, or a mistake with the place that may be meant.
    fn known_place(&mut self, to: &Said<String>, full: &str) -> Option<&'a Place> {
        if to.at.is_empty() {
            return None;
        }
        let starts_well = to.what.starts_with('/') == (full == to.what);
        if to.what.split('/').any(|step| step == "*") {
            self.mistakes
                .push(to.wrong("fields in the entries of a list are written by [[each]] or [[entry]]"));
            return None;
        }
        let found = self.form.find(full).filter(|_| starts_well);
        if found.is_none() {
            let near = nearest(full, self.pointers.iter().map(String::as_str));
            let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            let form = &self.form.url;
            self.mistakes.push(to.wrong(format!("the assessment has no {full} in the form {form}{meant}")));
        } else if full == "/profile" {
            self.mistakes.push(to.wrong("/profile is what makes says"));
            return None;
        }
        found
    }

    fn when(&mut self, when: Option<&When>, names: Names) {
        if let Some(when) = when {
            self.name(&when.from, names);
        }
    }

    /// Whether a place of the input is named as it must be here.
    fn name(&mut self, from: &Said<String>, names: Names) {
        let name = from.what.as_str();
        let is_pointer = name.starts_with('/');
        let (fits, expected) = match names {
            Names::Columns => (!name.is_empty(), "the name of a column"),
            Names::Pointers => (is_pointer, "a pointer into the form, as in /client/dob"),
            Names::LinkIds => (!name.is_empty() && name != ".", "a linkId, or a pointer as in /authored"),
            Names::Parts => (name == ".", "\".\": a part of a cell has no names in it"),
            Names::InItem => {
                (is_pointer || name == ".", "a pointer into the item, as in /tool, or \".\" for the item")
            }
            Names::InGroup => {
                (!name.is_empty(), "a linkId in the group, or \".\" for one of several answers")
            }
        };
        if !fits && !from.at.is_empty() {
            self.mistakes.push(from.wrong(format!("from is {expected}")));
        }
    }

    /// What the form needs, of the groups that are written or are needed themselves, and no rule writes.
    fn lacking(&mut self, group: &Group, prefix: &str, at: &Said<String>) {
        for (name, place) in &group.fields {
            let pointer = format!("{prefix}/{name}");
            if pointer == "/profile" {
                continue;
            }
            let below = format!("{pointer}/");
            let is_written = self.written.iter().any(|to| *to == pointer || to.starts_with(&below));
            let is_needed = group.required.iter().any(|required| required == name);
            match place {
                Place::Group(inner) if is_written || is_needed => self.lacking(inner, &pointer, at),
                _ if is_needed && !is_written => {
                    let what = if matches!(place, Place::List(_)) { "an entry of " } else { "" };
                    self.mistakes.push(
                        at.wrong(format!("{} needs {what}{pointer}, and no rule writes it", self.form.url)),
                    );
                }
                _ => {}
            }
        }
    }
}

fn full(at: &str, to: &str) -> String {
    if at.is_empty() { to.to_owned() } else { format!("{at}/{to}") }
}

/// Whether a condition is a word that the form says: that something is answered at all, or is not, says nothing.
fn is_said(when: Option<&When>) -> bool {
    when.is_some_and(|when| matches!(when.test, Test::Is { .. }))
}

fn only_said(full: &str, value: Option<&Value>, instead: &[String]) -> String {
    let what = value.map(|value| format!(" '{}'", shown(value))).unwrap_or_default();
    let instead = if instead.is_empty() {
        String::from("leave it empty")
    } else {
        format!("what may be said is {}", instead.join(", "))
    };
    format!(
        "{full} is{what} only when the form says so: no default, and no constant without a condition on a word (is = […]); \
         without an answer, {instead}"
    )
}
