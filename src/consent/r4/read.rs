//! Reading a Consent.

use serde_json::Value;

use super::{
    code::Code,
    directive::{Directive, Standing},
    label, provision,
    reference::Named,
    shape::{Coding, Fields, coding, concept, names},
    time,
    unread::Unread,
};
use crate::consent::capture;

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";

/// The elements of Consent in R4.
const KNOWN: [&str; 19] = [
    "resourceType",
    "meta",
    "language",
    "text",
    "contained",
    "identifier",
    "status",
    "scope",
    "category",
    "patient",
    "dateTime",
    "performer",
    "organization",
    "sourceAttachment",
    "sourceReference",
    "policy",
    "policyRule",
    "verification",
    "provision",
];

impl Directive {
    /// Takes a Consent apart. What is not active or not about privacy says nothing, and is not looked at further.
    pub fn read(value: &Value) -> Result<Self, Unread> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let invalid = |name: &str| Unread::here(Code::ElementInvalid).under(name);
        if text("resourceType") != Some("Consent") {
            return Err(invalid("resourceType"));
        }
        for modifier in ["modifierExtension", "implicitRules", "_implicitRules"] {
            if value.get(modifier).is_some() {
                return Err(Unread::here(Code::ModifierExtension).under(modifier));
            }
        }
        let standing = match text("status") {
            Some("active") => Standing::Active,
            Some("inactive") => Standing::Withdrawn,
            Some("draft" | "proposed" | "rejected" | "entered-in-error") => {
                Standing::Nothing(Code::ConsentNotActive)
            }
            _ => return Err(invalid("status")),
        };
        let mut directive = Self {
            id: text("id").map(Into::into),
            version: value.pointer("/meta/versionId").and_then(Value::as_str).map(Into::into),
            standing,
            subjects: Vec::new(),
            performers: Vec::new(),
            recorded: None,
            categories: Vec::new(),
            replaces: Vec::new(),
            capture: None,
            base_permits: false,
            root: None,
        };
        if standing == Standing::Active {
            directive.read_active(value)?;
        } else {
            directive.subjects = value.get("patient").and_then(|one| names(one).ok()).unwrap_or_default();
            directive.recorded = text("dateTime").and_then(time::stretch);
            directive.replaces = replaces(value);
        }
        Ok(directive)
    }

    fn read_active(&mut self, value: &Value) -> Result<(), Unread> {
        let fields = Fields::of(value, &KNOWN)?;
        let missing = |name: &str| Unread::here(Code::ElementInvalid).under(name);
        let patient = fields.get("patient").ok_or_else(|| missing("patient"))?;
        self.subjects = names(patient).map_err(|fault| fault.under("patient"))?;
        if self.subjects.is_empty() {
            return Err(missing("patient"));
        }
        let said = fields.get("scope").ok_or_else(|| missing("scope"))?;
        if scope(said).map_err(|fault| fault.under("scope"))? != "patient-privacy" {
            self.standing = Standing::Nothing(Code::OtherScope);
            return Ok(());
        }
        let categories = fields.each("category", |one, _| category(one))?;
        if categories.is_empty() {
            return Err(missing("category"));
        }
        self.categories = categories.into_iter().flatten().collect();
        self.performers = fields.each("performer", |one, _| names(one))?;
        self.recorded = fields
            .text("dateTime")?
            .map(|text| {
                time::stretch(text).ok_or_else(|| Unread::here(Code::DateUnparsable).under("dateTime"))
            })
            .transpose()?;
        self.replaces = replaces(value);
        self.capture = capture_of(&fields)?;
        if let Some(rule) = fields.get("policyRule") {
            self.base_permits = opts_in(rule).map_err(|fault| fault.under("policyRule"))?;
        }
        self.root = fields
            .get("provision")
            .map(|root| provision::root(root, self.base_permits).map_err(|fault| fault.under("provision")))
            .transpose()?;
        Ok(())
    }
}

/// The one code of the scope that R4 has.
fn scope(value: &Value) -> Result<&'static str, Unread> {
    let known = ["patient-privacy", "research", "treatment", "adr"];
    let codings = concept(value)?;
    let mut codes = codings.iter().filter(|coding| &*coding.system == SCOPE);
    let (first, second) = (codes.next(), codes.next());
    first
        .filter(|_| second.is_none())
        .and_then(|coding| known.into_iter().find(|code| *code == &*coding.code))
        .ok_or(Unread::here(Code::ElementInvalid))
}

/// A category grants nothing, so one that is only words is none.
fn category(value: &Value) -> Result<Vec<Coding>, Unread> {
    let fields = Fields::of(value, &["coding", "text"])?;
    Ok(fields.each("coding", |one, _| Ok(coding(one).ok()))?.into_iter().flatten().collect())
}

/// Whether the base rule is the person's opt-in; every other rule permits nothing by itself.
fn opts_in(value: &Value) -> Result<bool, Unread> {
    let fields = Fields::of(value, &["coding", "text"])?;
    let codings = fields.each("coding", |one, _| coding(one))?;
    let is_opt_in = |one: &Coding| *one == Coding::new(label::ACT_CODE, "OPTIN");
    Ok(!codings.is_empty() && codings.iter().all(is_opt_in))
}

/// The Consent that is named as the source of this one.
fn replaces(value: &Value) -> Vec<Named> {
    let named = value.get("sourceReference").and_then(|one| names(one).ok()).unwrap_or_default();
    named.into_iter().filter(|one| one.kind() == Some("Consent")).collect()
}

/// How it was taken, where our own extension says so. One that cannot be read is a fault.
fn capture_of(fields: &Fields<'_>) -> Result<Option<(bool, crate::assessment::Capture)>, Unread> {
    let invalid = || Unread::here(Code::ElementInvalid).under("extension");
    let Some(extensions) = fields.get("extension") else { return Ok(None) };
    let extensions = extensions.as_array().ok_or_else(invalid)?;
    let mut ours =
        extensions.iter().filter(|one| one.get("url").and_then(Value::as_str) == Some(capture::CAPTURE_URL));
    match (ours.next(), ours.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => capture::of_extension(one).map(Some).map_err(|_| invalid()),
        (Some(_), Some(_)) => Err(invalid()),
    }
}
