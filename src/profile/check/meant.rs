//! A resource as its sender means it: what a partner is forgiven, written as it should have been.
//!
//! It is done once, before anything is read, and by the spellings that the check knows: who reads has no second
//! opinion of what is forgiven. What was received is not changed.

use serde_json::{Map, Value};

use super::{
    Program,
    coded::{NHS, OLD_WORDS, VERIFICATION, nhs_system, spelt_right},
};
use crate::{
    fhir::json::shown,
    limits::ISSUES_MAX,
    profile::{
        finding::{Finding, Severity},
        leniency::{Leniency, Tolerance},
        terminology::Member,
    },
};

/// The word of an earlier UK Core that means that an NHS number was traced and verified, and the code that it is now.
const VERIFIED: (&str, &str) = ("number-present-and-verified", "01");

/// A resource as it is meant, and what was forgiven for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The resource, with every forgiven spelling written right.
    pub resource: Value,
    /// One piece of information for each place that is written otherwise than it was received.
    pub forgiven: Vec<Finding>,
}

impl Program {
    /// A resource with everything written right that is forgiven. `codes` are codes of systems that are not loaded here
    /// and are read by name: system, codes.
    #[must_use]
    pub fn as_meant(
        &self,
        resource: &Value,
        forgives: Leniency,
        codes: &[(&'static str, &'static [&'static str])],
    ) -> Meant {
        let mut meant = Meant { resource: resource.clone(), forgiven: Vec::new() };
        if forgives == Leniency::NONE {
            return meant;
        }
        let addresses = addresses(resource);
        let mut writer = Writer { program: self, forgives, codes, addresses, forgiven: Vec::new() };
        let root = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        writer.write(&mut meant.resource, &Place { pointer: String::new(), expression: shown(root) });
        meant.forgiven = writer.forgiven;
        meant
    }
}

struct Place {
    pointer: String,
    expression: String,
}

impl Place {
    fn below(&self, key: &str) -> Self {
        let key = shown(key);
        Self { pointer: format!("{}/{key}", self.pointer), expression: format!("{}.{key}", self.expression) }
    }

    fn at(&self, index: usize) -> Self {
        Self {
            pointer: format!("{}/{index}", self.pointer),
            expression: format!("{}[{index}]", self.expression),
        }
    }
}

struct Writer<'p> {
    program: &'p Program,
    forgives: Leniency,
    codes: &'p [(&'static str, &'static [&'static str])],
    /// Where the entries of a Bundle say that they are.
    addresses: Vec<String>,
    forgiven: Vec<Finding>,
}

impl Writer<'_> {
    /// Goes through a value. How deep it is was limited when it was parsed.
    fn write(&mut self, value: &mut Value, place: &Place) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.write(item, &place.at(index));
                }
            }
            Value::Object(fields) => {
                self.object(fields, place);
                for (key, item) in fields.iter_mut().filter(|(_, item)| item.is_object() || item.is_array()) {
                    self.write(item, &place.below(key));
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, fields: &mut Map<String, Value>, place: &Place) {
        self.field(fields, place, "system", Tolerance::BarsCodeSystemMisspelt, |_, given| spelt_right(given));
        self.field(fields, place, "system", Tolerance::NhsSystemSpelling, |_, given| {
            nhs_system(given).map(str::to_owned)
        });
        self.field(fields, place, "endpoint", Tolerance::NhsSystemSpelling, |_, given| {
            let (system, value) = given.rsplit_once('|')?;
            Some(format!("{}|{value}", nhs_system(system)?))
        });
        self.field(fields, place, "reference", Tolerance::ReferenceFormat, Self::address);
        self.verification(fields, place);
        if let Some(system) = fields.get("system").and_then(Value::as_str).map(str::to_owned) {
            self.field(fields, place, "code", Tolerance::BarsCodeCase, |writer, given| {
                writer.program.other_case(&system, given).or_else(|| writer.by_name(&system, given))
            });
        }
        if self.forgives.has(Tolerance::UnknownProfiles) {
            self.profiles(fields, place);
        }
    }

    /// Leaves out the profiles that are not known here, and what holds nothing then.
    fn profiles(&mut self, fields: &mut Map<String, Value>, place: &Place) {
        let Some(meta) = fields.get_mut("meta").and_then(Value::as_object_mut) else { return };
        let Some(profiles) = meta.get_mut("profile").and_then(Value::as_array_mut) else { return };
        let unknown = |one: &Value| one.as_str().is_some_and(|canonical| !self.program.knows(canonical));
        let places: Vec<usize> =
            profiles.iter().enumerate().filter(|(_, one)| unknown(one)).map(|(index, _)| index).collect();
        if places.is_empty() {
            return;
        }
        profiles.retain(|one| !unknown(one));
        if profiles.is_empty() {
            meta.shift_remove("profile");
        }
        if meta.is_empty() {
            fields.shift_remove("meta");
        }
        let list = place.below("meta").below("profile");
        for index in places {
            self.say(&list.at(index), Tolerance::UnknownProfiles, "This profile is not known here.");
        }
    }

    /// Writes one field right, when this is forgiven and it is written otherwise.
    fn field(
        &mut self,
        fields: &mut Map<String, Value>,
        place: &Place,
        name: &str,
        tolerance: Tolerance,
        right: impl FnOnce(&Self, &str) -> Option<String>,
    ) {
        if !self.forgives.has(tolerance) {
            return;
        }
        if let Some(given) = fields.get_mut(name)
            && let Some(right) = given.as_str().and_then(|text| right(self, text))
        {
            *given = Value::String(right);
            self.say(
                &place.below(name),
                tolerance,
                "This was read as it is written by the published definitions.",
            );
        }
    }

    /// The words of an earlier UK Core: `number-present-and-verified` is the only one that anybody here goes by.
    fn verification(&mut self, fields: &mut Map<String, Value>, place: &Place) {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let of_old = text("system") == Some(VERIFICATION);
        if !of_old || !text("code").is_some_and(|code| OLD_WORDS.contains(&code) || code == VERIFIED.1) {
            return;
        }
        self.field(fields, place, "system", Tolerance::NhsNumberVerificationWords, |_, _| {
            Some(format!("{VERIFICATION}England"))
        });
        self.field(fields, place, "code", Tolerance::NhsNumberVerificationWords, |_, given| {
            (given == VERIFIED.0).then(|| VERIFIED.1.to_owned())
        });
    }

    /// A code that is read by name, in the case that it has there.
    fn by_name(&self, system: &str, code: &str) -> Option<String> {
        let (_, codes) = self.codes.iter().find(|(known, _)| *known == system)?;
        let right = codes.iter().find(|known| **known != code && known.eq_ignore_ascii_case(code))?;
        Some((*right).to_owned())
    }

    /// The address of an entry that a bare UUID names, or one with `:uuid:` before it.
    fn address(&self, reference: &str) -> Option<String> {
        let bare = reference.strip_prefix(":uuid:").unwrap_or(reference);
        let meant = format!("urn:uuid:{}", bare.to_ascii_lowercase());
        (meant != reference && self.addresses.contains(&meant)).then_some(meant)
    }

    fn say(&mut self, place: &Place, tolerance: Tolerance, words: &str) {
        if self.forgiven.len() >= ISSUES_MAX {
            return;
        }
        self.forgiven.push(Finding {
            severity: Severity::Information,
            code: "value",
            expression: place.expression.clone(),
            pointer: place.pointer.clone(),
            diagnostics: format!("{words} Forgiven: {}.", tolerance.as_str()),
            profile: String::new(),
            rule: String::from("as meant"),
        });
    }
}

impl Program {
    /// A code of the NHS as its loaded code system writes it, where only the case is another.
    pub(super) fn other_case(&self, system: &str, code: &str) -> Option<String> {
        let exists = |code: &str| self.terminology.code_exists(system, code) == Member::Yes;
        if !system.starts_with(NHS) || exists(code) {
            return None;
        }
        [code.to_ascii_lowercase(), code.to_ascii_uppercase()].into_iter().find(|other| exists(other))
    }
}

fn addresses(bundle: &Value) -> Vec<String> {
    let entries = bundle.get("entry").and_then(Value::as_array);
    let full = entries.into_iter().flatten().filter_map(|entry| entry.get("fullUrl")?.as_str());
    full.map(str::to_owned).collect()
}
