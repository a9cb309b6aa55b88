//! From a sheet to its page: every value in words, in the order of the catalogue, and nothing in silence.

use serde_json::Value;

use super::{
    Item, NoPage, Page, Piece, Section,
    text::{self, is_hidden, without},
    words::{Form, LineWords, PartWords, SheetWords, Way, Words},
};

/// From this age on nobody must have an appropriate adult for their age alone (PACE 1984, section 37(15)).
const ADULT_AGE_YEARS: i16 = 18;
/// What stands between two parts of one thing.
const LEAD: &str = ": ";
/// The sheet on which an appropriate adult is a duty by age, and a spoken handover follows.
const CUSTODY: &str = "custody-sheet";
/// The basis of a sheet on which an override stands beside the person's consent.
const ON_BOTH: &str = "consent-and-risk-to-life";

/// A sheet with the words for it.
struct Reader<'a> {
    words: &'a Words,
    kind: &'a SheetWords,
    sheet: &'a Value,
}

impl Page {
    /// The page of a sheet: what a recipient in justice gets as the detail of a message, or as its body.
    ///
    /// # Errors
    /// The bytes are no sheet that is printed.
    pub fn of(sheet: &[u8]) -> Result<Self, NoPage> {
        let sheet: Value =
            serde_json::from_slice(sheet).map_err(|_| NoPage(String::from("it is not JSON")))?;
        let words = Words::read()?;
        let profile = sheet.get("profile").and_then(Value::as_str).unwrap_or_default();
        let known = |kind: &&SheetWords| profile.split('/').any(|part| part == kind.id);
        let kind = words.sheet.iter().find(known);
        let kind = kind.ok_or_else(|| NoPage(String::from("it is no sheet that can be printed")))?;
        Ok(Reader { words, kind, sheet: &sheet }.page())
    }
}

impl Reader<'_> {
    fn page(&self) -> Page {
        let mut sections: Vec<Section> = Vec::new();
        for section in &self.words.section {
            let mut items = Vec::new();
            for line in &section.line {
                let Some(item) = self.item(line) else { continue };
                match (item, items.last_mut()) {
                    (Item::Line(pieces), Some(Item::Line(before))) if line.run_on => before.extend(pieces),
                    (item, _) => items.push(item),
                }
            }
            if let (true, Some(notice)) = (items.is_empty(), &section.absent) {
                items.push(Item::Line(vec![Piece { label: None, text: self.words.notice(notice, &[]) }]));
            }
            if !items.is_empty() {
                sections.push(Section { rank: section.rank, heading: section.heading.clone(), items });
            }
        }
        sections.extend(self.unplaced());
        let [recipient, sender, issued, classification, sheet, message, person] = [
            "/issuedTo/name",
            "/issuedBy/name",
            "/issuedAt",
            "/classification",
            "/disclosureId",
            "/messageId",
            "/{person}/reference",
        ]
        .map(|at| self.text_at(at));
        let sheet = if sheet.is_empty() { message } else { sheet };
        let reader = self.text_at("/issuedFor/name");
        let classified = if reader.is_empty() {
            let names = [("classification", &*classification), ("recipient", &*recipient)];
            self.words.notice("classification", &names)
        } else {
            let (through, only) = (("recipient", &*recipient), ("reader", &*reader));
            self.words.notice("classification_both", &[("classification", &*classification), through, only])
        };
        let telephone = Some(self.text_at("/practitioner/telephone")).filter(|number| !number.is_empty());
        Page {
            language: self.words.language.clone(),
            title: self.kind.title.clone(),
            classification: classified,
            issued: issued.clone(),
            made: self.words.notice("made", &[("sender", &sender), ("when", &text::date(&issued))]),
            warnings: self.warnings(),
            notices: Vec::new(),
            sections,
            reference: self.words.notice("reference", &[("sheet", &sheet), ("person", &person)]),
            telephone,
            left_out: Vec::new(),
        }
    }

    /// What has to be read before anything else.
    fn warnings(&self) -> Vec<String> {
        let is_custody = self.kind.id == CUSTODY;
        let mut said = Vec::new();
        if self.at("/disclosure/minimum").and_then(Value::as_bool) == Some(true) {
            said.push(self.words.notice("minimum", &[]));
        }
        if self.text_at("/disclosure/basis") == ON_BOTH {
            said.push(self.words.notice("both", &[]));
        }
        if is_custody {
            said.push(self.words.notice("handover", &[]));
        } else {
            // Only custody's has words of the catalogue; what another sheet says of itself stands as it says it.
            said.extend(Some(self.text_at("/notice")).filter(|notice| !notice.is_empty()));
        }
        let (reader, recipient) = (self.text_at("/issuedFor/name"), self.text_at("/issuedTo/name"));
        if !reader.is_empty() {
            said.push(self.words.notice("pass_on", &[("reader", &*reader), ("recipient", &*recipient)]));
        }
        let born = self.text_at("/{person}/dateOfBirth");
        if text::age(&born, &self.text_at("/issuedAt")).is_some_and(|age| age < ADULT_AGE_YEARS) {
            if is_custody {
                said.push(self.words.notice("adult_always", &[]));
            } else {
                said.push(self.words.notice("under_18", &[]));
            }
        }
        said
    }

    fn at(&self, at: &str) -> Option<&Value> {
        self.sheet.pointer(&self.kind.place(at))
    }

    fn text_at(&self, at: &str) -> String {
        self.at(at).and_then(Value::as_str).map(|text| self.clean(text)).unwrap_or_default()
    }

    fn clean(&self, text: &str) -> String {
        without(text, is_hidden, &self.words.notice("hidden", &[]))
    }

    /// What a line of the catalogue has to say of this sheet.
    fn item(&self, line: &LineWords) -> Option<Item> {
        let in_line = |text| Some(Item::Line(vec![Piece { label: line.label.clone(), text }]));
        if let Some(list) = line.at.strip_suffix("/*") {
            let listed = self.at(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let entries: Vec<String> = listed.iter().filter_map(|one| self.one(line, one)).collect();
            if !entries.is_empty() {
                return if line.joined { in_line(entries.join("; ")) } else { Some(Item::List(entries)) };
            }
        } else if let Some(said) = self.at(&line.at).and_then(|value| self.one(line, value)) {
            return in_line(said);
        }
        let notice = line.absent.as_ref().filter(|_| line.absent_on.contains(&self.kind.id))?;
        in_line(self.words.notice(notice, &[]))
    }

    fn one(&self, line: &LineWords, value: &Value) -> Option<String> {
        if line.parts.is_empty() { self.said(&line.way, value) } else { self.in_parts(&line.parts, value) }
    }

    fn in_parts(&self, parts: &[PartWords], value: &Value) -> Option<String> {
        let mut whole = String::new();
        for part in parts {
            let Some(said) = value.get(&part.at).and_then(|value| self.said(&part.way, value)) else {
                continue;
            };
            if !whole.is_empty() {
                let lead = part.lead.as_deref().unwrap_or(LEAD);
                let ended = whole.ends_with(['.', '!', '?']);
                whole.push_str(if ended { lead.trim_start_matches(';') } else { lead });
            }
            whole.push_str(&said);
        }
        (!whole.is_empty()).then_some(whole)
    }

    /// One value in words.
    fn said(&self, way: &Way, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => self.clean(text),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().filter_map(|item| self.said(way, item)).collect();
                return (!items.is_empty()).then(|| items.join(" "));
            }
            Value::Null | Value::Object(_) => return None,
        };
        if text.trim().is_empty() {
            return None;
        }
        if let Some(table) = &way.codes {
            // A code without a word to say is silent.
            return Some(self.words.code(table, &text)).filter(|words| !words.is_empty());
        }
        Some(match way.form {
            None => text,
            Some(Form::Date) => text::date(&text),
            Some(Form::BirthDate) => match text::age(&text, &self.text_at("/issuedAt")) {
                None => text::birth_date(&text),
                Some(age) => {
                    let age = self.words.notice("age", &[("age", &age.to_string())]);
                    format!("{} ({age})", text::birth_date(&text))
                }
            },
            Some(Form::Language) => {
                let tongue = text.split('-').next().unwrap_or_default().to_ascii_lowercase();
                let known = self.words.codes.get("language").and_then(|table| table.get(&tongue));
                known.cloned().unwrap_or_else(|| self.words.notice("unknown_code", &[("code", &text)]))
            }
            Some(Form::Service) => text.replace('-', " "),
        })
    }

    /// What the sheet holds and no line shows: it stands under its own names, as weighty as anything.
    fn unplaced(&self) -> Option<Section> {
        let lines = self.words.section.iter().flat_map(|section| &section.line);
        let mut placed: Vec<String> = self.words.silent.iter().map(|at| self.kind.place(at)).collect();
        for line in lines {
            let at = self.kind.place(&line.at);
            if line.parts.is_empty() {
                placed.push(at);
            } else {
                placed.extend(line.parts.iter().map(|part| format!("{at}/{}", part.at)));
            }
        }
        let mut items = Vec::new();
        self.walk(self.sheet, "", "", &placed, &mut items);
        let heading = self.words.notice("other", &[]);
        (!items.is_empty()).then_some(Section { rank: 0, heading, items })
    }

    /// `shape` is the place with `*` for every number, `name` as people may read it.
    fn walk(&self, value: &Value, shape: &str, name: &str, placed: &[String], items: &mut Vec<Item>) {
        let is_placed = |shape: &str| placed.iter().any(|one| one == shape);
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    let name = if name.is_empty() { field.clone() } else { format!("{name}, {field}") };
                    self.walk(value, &format!("{shape}/{field}"), &name, placed, items);
                }
            }
            Value::Array(list) if !is_placed(shape) => {
                for value in list {
                    self.walk(value, &format!("{shape}/*"), name, placed, items);
                }
            }
            _ if is_placed(shape) => {}
            _ => {
                if let Some(text) = self.said(&Way::default(), value) {
                    items.push(Item::Line(vec![Piece { label: Some(self.clean(name)), text }]));
                }
            }
        }
    }
}
