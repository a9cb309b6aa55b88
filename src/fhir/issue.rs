//! One thing that is wrong with a message.

use serde::Serialize;

/// One thing that is wrong: where, what, and what would be right. Never the value that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// FHIR issue type: `required`, `value`, `structure`, …
    pub code: &'static str,
    /// Where: a JSON pointer (`/person/birth_date`), a `FHIRPath` (`Bundle.entry[0]`) or a header's name.
    pub path: String,
    /// What is wrong and what is allowed.
    pub diagnostics: String,
    /// The rule that says so, where it is a rule of a FHIR profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}

/// A rule of a FHIR profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its id within the profile: an invariant's key (`per-1`), or the kind of rule and the element's id.
    pub id: String,
    /// Canonical URL of the profile, with its version.
    pub profile: String,
}

impl Issue {
    /// An issue of FHIR type `code` at `path`.
    pub fn new(code: &'static str, path: impl Into<String>, diagnostics: impl Into<String>) -> Self {
        Self { code, path: path.into(), diagnostics: diagnostics.into(), rule: None }
    }
}
