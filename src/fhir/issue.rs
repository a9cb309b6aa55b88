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
}

impl Issue {
    /// An issue of FHIR type `code` at `path`.
    pub fn new(code: &'static str, path: impl Into<String>, diagnostics: impl Into<String>) -> Self {
        Self { code, path: path.into(), diagnostics: diagnostics.into() }
    }
}
