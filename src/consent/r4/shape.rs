//! JSON of FHIR taken apart strictly: what R4 does not have in a place is a fault, and so a "no".

use serde_json::{Map, Value};

use super::{code::Code, reference::Named, unread::Unread};
use crate::limits;

/// A system and a code, both there. Codes differ more often than systems, and are compared first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Coding {
    pub(super) code: Box<str>,
    pub(super) system: Box<str>,
}

impl Coding {
    pub(super) fn new(system: &str, code: &str) -> Self {
        Self { system: system.into(), code: code.into() }
    }
}

/// An object that has none but the `known` elements.
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// `id` and `extension` are known everywhere; `_name` beside `name`, which must then be there: a value that is only
    /// said to be missing would read as if nobody had limited it.
    pub(super) fn of(value: &'a Value, known: &[&str]) -> Result<Self, Unread> {
        let fields = value.as_object().ok_or(Unread::here(Code::ElementInvalid))?;
        for name in fields.keys() {
            let code = match name.strip_prefix('_') {
                _ if known.contains(&name.as_str()) || name == "id" || name == "extension" => continue,
                _ if name == "modifierExtension" || name == "implicitRules" => Code::ModifierExtension,
                Some("implicitRules") => Code::ModifierExtension,
                Some(beside) if known.contains(&beside) && fields.contains_key(beside) => continue,
                Some(beside) if known.contains(&beside) => Code::ElementInvalid,
                _ => Code::UnknownElement,
            };
            return Err(Unread::here(code).under(name));
        }
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// A text that may be missing, but may not be another type.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Unread> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(Unread::here(Code::ElementInvalid).under(name)),
        }
    }

    /// Each item of a list that may be missing; an empty list is none of FHIR's.
    pub(super) fn each<T>(
        &self,
        name: &str,
        mut read: impl FnMut(&'a Value, usize) -> Result<T, Unread>,
    ) -> Result<Vec<T>, Unread> {
        let Some(value) = self.0.get(name) else { return Ok(Vec::new()) };
        let list = value.as_array().filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| Unread::here(Code::ElementInvalid).under(name))?;
        if list.len() > limits::CONSENT_LIST_MAX {
            return Err(Unread::here(Code::TooMany).under(name));
        }
        list.iter()
            .enumerate()
            .map(|(place, item)| read(item, place).map_err(|fault| fault.item(place).under(name)))
            .collect()
    }
}

/// A Coding with both system and code.
pub(super) fn coding(value: &Value) -> Result<Coding, Unread> {
    let fields = Fields::of(value, &["system", "version", "code", "display", "userSelected"])?;
    match (fields.text("system")?, fields.text("code")?) {
        (Some(system), Some(code)) => Ok(Coding::new(system, code)),
        _ => Err(Unread::here(Code::CodingIncomplete)),
    }
}

/// The codings of a `CodeableConcept`, which say the same in different systems; at least one.
pub(super) fn concept(value: &Value) -> Result<Vec<Coding>, Unread> {
    let fields = Fields::of(value, &["coding", "text"])?;
    let codings = fields.each("coding", |one, _| coding(one))?;
    if codings.is_empty() { Err(Unread::here(Code::CodingIncomplete)) } else { Ok(codings) }
}

/// The names that a Reference gives, at least one.
pub(super) fn reference(value: &Value) -> Result<Vec<Named>, Unread> {
    let names = names(value)?;
    if names.is_empty() { Err(Unread::here(Code::ActorUnresolvable)) } else { Ok(names) }
}

/// The names that a Reference gives, by address or by identifier.
pub(super) fn names(value: &Value) -> Result<Vec<Named>, Unread> {
    let fields = Fields::of(value, &["reference", "type", "identifier", "display"])?;
    let mut names: Vec<Named> = fields.text("reference")?.and_then(Named::of).into_iter().collect();
    if let Some(identifier) = fields.get("identifier") {
        let known = ["use", "type", "system", "value", "period", "assigner"];
        let identifier = Fields::of(identifier, &known).map_err(|fault| fault.under("identifier"))?;
        if let (Some(system), Some(value)) = (identifier.text("system")?, identifier.text("value")?) {
            names.push(Named::identifier(system, value));
        }
    }
    Ok(names)
}
