//! What a service sends, as forms that rules can ask: a row of a sheet, a JSON object, a `QuestionnaireResponse`.
//!
//! A place of the input is named as its sender knows it: a row and a column, a pointer, a linkId. What the adapter
//! names is repeated; a name that only the input has is shown where it looks like the name of a field.

use serde_json::{Number, Value};

use super::{
    adapter::{Adapter, Format},
    csv::{self, Sheet},
    response,
    run::Told,
};
use crate::{
    fhir::json,
    limits::{SITE_FILE_MAX_BYTES, SITE_FORMS_MAX},
};

/// One answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Text(String),
    Number(Number),
    Flag(bool),
}

impl Answer {
    /// A JSON value as an answer; nothing where nothing is answered.
    ///
    /// # Errors
    ///
    /// When it is an object or a list.
    pub(super) fn of(value: &Value) -> Result<Option<Self>, ()> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            Value::String(text) => Ok(Some(Self::Text(text.clone()))),
            Value::Number(number) => Ok(Some(Self::Number(number.clone()))),
            Value::Bool(flag) => Ok(Some(Self::Flag(*flag))),
            Value::Array(_) | Value::Object(_) => Err(()),
        }
    }

    /// The answer as a word.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// Everything that was sent, taken apart into forms.
#[derive(Debug)]
pub(super) enum Sent {
    Sheet(Sheet),
    Objects(Vec<Value>),
    Responses(Vec<Value>),
}

impl Sent {
    /// Takes apart what was sent.
    ///
    /// # Errors
    ///
    /// Why none of it can be read.
    pub(super) fn read(adapter: &Adapter, bytes: &[u8]) -> Result<Self, Told> {
        if bytes.len() > SITE_FILE_MAX_BYTES {
            return Err(Told::file(format!("at most {SITE_FILE_MAX_BYTES} bytes are read at once")));
        }
        let input = &adapter.plan.input;
        if input.format == Format::Csv {
            let sheet = csv::read(bytes, input.delimiter.unwrap_or(b','))?;
            for name in adapter.columns() {
                if !sheet.header.iter().any(|column| column == name) {
                    return Err(Told::file(format!("the header has no column \"{name}\"")));
                }
            }
            return Ok(Self::Sheet(sheet));
        }
        let value = json::parse(bytes).map_err(|fault| Told::file(fault.text))?;
        let objects = if let Value::Array(objects) = value { objects } else { vec![value] };
        if objects.len() > SITE_FORMS_MAX {
            return Err(Told::file(format!("at most {SITE_FORMS_MAX} forms are read at once")));
        }
        if objects.iter().any(|object| !object.is_object()) {
            return Err(Told::file(String::from("a form is a JSON object; several are an array of objects")));
        }
        Ok(match input.format {
            Format::QuestionnaireResponse => Self::Responses(objects),
            Format::Csv | Format::Json => Self::Objects(objects),
        })
    }

    /// Each form.
    pub(super) fn forms(&self) -> Vec<Source<'_>> {
        match self {
            Self::Sheet(sheet) => sheet
                .rows
                .iter()
                .enumerate()
                // A row without a word in it is what a spreadsheet leaves behind: nobody is in it.
                .filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()))
                .map(|(place, cells)| Source::Row { sheet, cells, number: place + 2 })
                .collect(),
            Self::Objects(objects) => {
                objects.iter().map(|value| Source::Object { value, at: String::new() }).collect()
            }
            Self::Responses(objects) => objects
                .iter()
                .map(|root| Source::Response { root, items: response::items_of(root) })
                .collect(),
        }
    }
}

/// One form, or one item of a list in it.
#[derive(Clone, Debug)]
pub(super) enum Source<'a> {
    Row {
        sheet: &'a Sheet,
        cells: &'a [String],
        number: usize,
    },
    Object {
        value: &'a Value,
        at: String,
    },
    Response {
        root: &'a Value,
        items: Vec<&'a Value>,
    },
    /// One answer of several; its only name is `.`.
    Single {
        answer: Answer,
        place: String,
    },
}

/// An answered place of a form: how rules would name it, in two spellings, and how its sender is told of it.
pub(super) struct AnsweredPlace {
    pub(super) exact: String,
    pub(super) shape: String,
    pub(super) shown: String,
}

impl<'a> Source<'a> {
    /// Everything that is answered at `name`, in its order.
    ///
    /// # Errors
    ///
    /// When what stands there is no answer.
    pub(super) fn answers(&self, name: &str) -> Result<Vec<Answer>, Told> {
        match self {
            Self::Row { .. } => {
                Ok(self.cell(name).map(|text| Answer::Text(text.to_owned())).into_iter().collect())
            }
            Self::Object { value, .. } => self.json_answers(at(value, name), name),
            Self::Response { root, .. } if name.starts_with('/') => self.json_answers(at(root, name), name),
            Self::Response { items, .. } => response::answers(items, name)
                .map_err(|()| self.told(name, "this kind of answer cannot be read")),
            Self::Single { answer, .. } => Ok(if name == "." { vec![answer.clone()] } else { Vec::new() }),
        }
    }

    fn json_answers(&self, found: Option<&Value>, name: &str) -> Result<Vec<Answer>, Told> {
        let items = match found {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let answers: Result<Vec<Option<Answer>>, ()> = items.iter().map(Answer::of).collect();
        let answers = answers.map_err(|()| self.told(name, "an answer is expected, and this has parts"))?;
        Ok(answers.into_iter().flatten().collect())
    }

    fn cell(&self, name: &str) -> Option<&'a str> {
        let Self::Row { sheet, cells, .. } = self else { return None };
        let place = sheet.header.iter().position(|column| column == name)?;
        cells.get(place).map(|cell| csv::without_guard(cell.trim())).filter(|cell| !cell.is_empty())
    }

    /// The items of a list.
    ///
    /// # Errors
    ///
    /// When what stands there is no list.
    pub(super) fn items(&self, name: &str, split: Option<&str>) -> Result<Vec<Source<'a>>, Told> {
        if let Some(split) = split {
            let mut parts = Vec::new();
            for answer in self.answers(name)? {
                for part in answer.word().split(split).map(str::trim).filter(|part| !part.is_empty()) {
                    let place = format!("{}, {}.", self.place(name), parts.len() + 1);
                    parts.push(Source::Single { answer: Answer::Text(part.to_owned()), place });
                }
            }
            return Ok(parts);
        }
        match self {
            Self::Object { value, .. } => match at(value, name) {
                None | Some(Value::Null) => Ok(Vec::new()),
                Some(Value::Array(items)) => Ok(items
                    .iter()
                    .enumerate()
                    .map(|(place, value)| Source::Object {
                        value,
                        at: format!("{}/{place}", self.place(name)),
                    })
                    .collect()),
                Some(_) => Err(self.told(name, "a list is expected")),
            },
            Self::Response { root, items, .. } => response::repeated(root, items, name)
                .map_err(|()| self.told(name, "this kind of answer cannot be read")),
            Self::Row { .. } | Self::Single { .. } => Ok(Vec::new()),
        }
    }

    /// How the sender knows this place.
    pub(super) fn place(&self, name: &str) -> String {
        match self {
            Self::Row { number, .. } => format!("row {number}, column \"{name}\""),
            Self::Object { at, .. } if name == "." => at.clone(),
            Self::Object { at, .. } => format!("{at}{name}"),
            // A group of a response is named by the questions in it.
            Self::Response { .. } if name == "." => String::new(),
            Self::Response { .. } => name.to_owned(),
            Self::Single { place, .. } => place.clone(),
        }
    }

    pub(super) fn told(&self, name: &str, text: impl Into<String>) -> Told {
        Told { place: self.place(name), text: text.into() }
    }

    /// Every place of the form that holds something.
    pub(super) fn answered(&self) -> Vec<AnsweredPlace> {
        let mut places = Vec::new();
        match self {
            Self::Row { sheet, cells, number } => {
                for (place, (column, cell)) in sheet.header.iter().zip(*cells).enumerate() {
                    if !cell.trim().is_empty() {
                        let shown = format!("row {number}, column {}", place + 1);
                        places.push(AnsweredPlace { exact: column.clone(), shape: column.clone(), shown });
                    }
                }
            }
            Self::Object { value, .. } => {
                leaves(value, String::new(), String::new(), String::new(), &mut places);
            }
            Self::Response { root, items, .. } => response::answered(root, items, &mut places),
            Self::Single { .. } => {}
        }
        places
    }
}

/// The value at a JSON pointer; `.` is the value itself.
fn at<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    if name == "." { Some(value) } else { value.pointer(name) }
}

/// Every value below `value` that holds no others.
pub(super) fn leaves(
    value: &Value,
    exact: String,
    shape: String,
    shown: String,
    into: &mut Vec<AnsweredPlace>,
) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let step = name.replace('~', "~0").replace('/', "~1");
                let plain = shown_name(&step);
                leaves(
                    field,
                    format!("{exact}/{step}"),
                    format!("{shape}/{step}"),
                    format!("{shown}/{plain}"),
                    into,
                );
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                leaves(
                    item,
                    format!("{exact}/{place}"),
                    format!("{shape}/*"),
                    format!("{shown}/{place}"),
                    into,
                );
            }
        }
        _ => into.push(AnsweredPlace { exact, shape, shown }),
    }
}

/// A name that only the input has, if it looks like the name of a field; else `*`, for it may be anything.
pub(super) fn shown_name(name: &str) -> &str {
    if json::looks_like_a_name(name, ".") { name } else { "*" }
}
