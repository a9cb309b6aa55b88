//! The assessment: a narrow typed view over a value that is valid against its profile.
//!
//! The view names only what the gateway itself acts on (who, for whom, on whose word); everything else stays in
//! the value for `minimise` and `mapping`. Not here: validation (`profile`), who may have what (`minimise`).

mod asked;
mod capture;
mod contradictions;
mod form;
mod formulas;
pub mod identifier;
mod identifiers;
mod scores;
mod texts;

use serde_json::Value;

pub use asked::{AskedOverride, AskedReferral, AssessedConsent, day_begins, stated_end};
pub use capture::{Capture, OwnWord};
use contradictions::Weight;
pub use form::{ADULT_YEARS, Form, YEARS_MAX, is_of_a_child, turns};
pub use formulas::found as formulas_in;
pub use identifier::{NhsNumber, NhsNumberFault};
pub use identifiers::{Looked, look_at};
pub use scores::{TAG_DOMAINS, TagMax};

use crate::{clock::Moment, fhir::Issue};

/// One assessment, valid against its profile.
#[derive(Clone)]
pub struct Assessment {
    value: Value,
    nhs_number: Option<NhsNumber>,
    /// The digits of a stated NHS number that is none: they must not travel on under another name.
    not_a_number: Option<String>,
    /// What was set aside when it was read.
    set_aside: Vec<Issue>,
    /// Whether it was made from a FHIR message, which has no place for much of what the forms ask.
    is_from_message: bool,
}

impl std::fmt::Debug for Assessment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Assessment(…)")
    }
}

impl Assessment {
    /// Takes a value that the profile's check found valid.
    ///
    /// An NHS number that fails its check digit is set aside: it stays in the bytes as received, is taken out of
    /// this value so that it cannot travel on, and leaves a warning.
    #[must_use]
    pub fn new(mut value: Value) -> Self {
        let mut set_aside = Vec::new();
        let mut not_a_number = None;
        let stated = value.pointer("/person/nhs_number/value").and_then(Value::as_str).map(NhsNumber::parse);
        let nhs_number = match stated {
            Some(Ok(number)) => Some(number),
            Some(Err(fault)) => {
                let written = value.pointer("/person/nhs_number/value").and_then(Value::as_str);
                not_a_number = written.map(|text| text.chars().filter(char::is_ascii_digit).collect());
                set_aside.push(Issue::new(
                    "value",
                    "/person/nhs_number/value",
                    format!("Set aside and not used: {fault}."),
                ));
                None
            }
            None => None,
        };
        if let Some(person) = value.get_mut("person").and_then(Value::as_object_mut) {
            match (&nhs_number, person.get_mut("nhs_number").and_then(Value::as_object_mut)) {
                (None, _) => {
                    person.shift_remove("nhs_number");
                }
                (Some(number), Some(held)) => {
                    held.insert(String::from("value"), Value::from(number.as_str()));
                }
                (Some(_), None) => {}
            }
        }
        Self { value, nhs_number, not_a_number, set_aside, is_from_message: false }
    }

    /// The same, made from a FHIR message.
    #[must_use]
    pub fn into_message_borne(self) -> Self {
        Self { is_from_message: true, ..self }
    }

    /// Whether it was made from a FHIR message.
    #[must_use]
    pub const fn is_from_message(&self) -> bool {
        self.is_from_message
    }

    /// What its sender should know though it is taken: what was set aside, check letters that do not fit, what can
    /// hardly be true, texts that a spreadsheet would take for formulas, texts with an offence or another agency's number. Each with its place and never with its value.
    #[must_use]
    pub fn warnings(&self, now: Moment) -> Vec<Issue> {
        let mut warnings = self.set_aside.clone();
        warnings.extend(self.identifiers(now).warned);
        warnings.extend(contradictions::found(self, now, Weight::Told));
        warnings.extend(formulas::found(&self.value));
        warnings.extend(texts::found(&self.value));
        warnings
    }

    /// The profile that the assessment follows.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.text("/profile").unwrap_or_default()
    }

    /// The form that it follows; that of version 1 for one that names none, and there it is told.
    #[must_use]
    pub fn form(&self) -> Form {
        Form::parse(self.profile()).unwrap_or(Form::Adult1)
    }

    /// The sender's own, lasting reference for the person.
    #[must_use]
    pub fn person_reference(&self) -> &str {
        self.text("/person/reference").unwrap_or_default()
    }

    /// The date of birth, as in `1990-04-01`.
    #[must_use]
    pub fn birth_date(&self) -> Option<&str> {
        self.text("/person/birth_date")
    }

    /// The request that this answers, by its referral id.
    #[must_use]
    pub fn in_answer_to(&self) -> Option<&str> {
        self.text("/in_answer_to")
    }

    /// What came of the contact: `seen`, `declined`, `not-seen` or `unfit`.
    #[must_use]
    pub fn contact_outcome(&self) -> Option<&str> {
        self.text("/pathway/contact_outcome")
    }

    /// How far the person speaks for themself.
    #[must_use]
    pub fn own_word(&self) -> OwnWord {
        OwnWord {
            from: form::turns(self.birth_date(), form::OWN_WORD_YEARS).unwrap_or(OwnWord::UNKNOWN.from),
            has_capacity: self.text("/capacity/status") == Some("has-capacity"),
        }
    }

    /// The NHS number with a right check digit, and whether it is verified (status 01: traced to this person).
    #[must_use]
    pub fn nhs_number(&self) -> Option<(NhsNumber, bool)> {
        let verified = self.text("/person/nhs_number/verification") == Some("01");
        self.nhs_number.clone().map(|number| (number, verified))
    }

    /// What the person said about each recipient.
    #[must_use]
    pub fn consents(&self) -> Vec<AssessedConsent> {
        self.list("consents").map(AssessedConsent::read).collect()
    }

    /// Who is asked, or told, and for what.
    #[must_use]
    pub fn referrals(&self) -> Vec<AskedReferral> {
        self.list("referrals").map(AskedReferral::read).collect()
    }

    /// Disclosures that a practitioner asks for without consent.
    #[must_use]
    pub fn overrides(&self) -> Vec<AskedOverride> {
        self.list("overrides").map(AskedOverride::read).collect()
    }

    /// Whether the assessment records a current and imminent risk to the person's own life.
    #[must_use]
    pub fn imminent_risk(&self) -> bool {
        self.value.pointer("/risk/to_self/imminent").and_then(Value::as_bool) == Some(true)
            && self.text("/risk/to_self/current") == Some("yes")
    }

    /// The person's own rank for `need`: 1 is what matters most. `None` when they did not name it.
    #[must_use]
    pub fn priority_rank(&self, need: &str) -> Option<u32> {
        self.list("priorities")
            .filter(|p| p.get("need").and_then(Value::as_str) == Some(need))
            .filter_map(|p| p.get("rank").and_then(Value::as_u64).and_then(|r| u32::try_from(r).ok()))
            .min()
    }

    /// The whole value: for `minimise`, which lets through what an audience may have.
    #[must_use]
    pub const fn raw(&self) -> &Value {
        &self.value
    }

    /// What the profile cannot say and is refused: identifiers of another form, parts that cannot both be true, times
    /// that cannot be.
    #[must_use]
    pub fn contradictions(&self, now: Moment) -> Vec<Issue> {
        let mut issues = self.identifiers(now).refused;
        issues.extend(contradictions::found(self, now, Weight::Refused));
        issues
    }

    fn identifiers(&self, now: Moment) -> Looked {
        let place = "/person/identifiers";
        let own = self.nhs_number.as_ref().map(NhsNumber::as_str).or(self.not_a_number.as_deref());
        look_at(self.value.pointer(place), place, own, now)
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.value.pointer(pointer).and_then(Value::as_str)
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.value.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests;
