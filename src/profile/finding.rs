//! One thing that the validator says about a message.

use crate::fhir::{Issue, Rule};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing: a code that cannot be checked here, a rule that could not be evaluated.
    Information,
    /// Doubtful, and no reason to refuse.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The code of FHIR's `issue-severity`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The rule of the finding that says that an invariant was not evaluated whose breach would be an error.
pub(super) const NOT_WHOLLY_CHECKED: &str = "not-wholly-checked";

impl Finding {
    /// Whether this says that the document was not wholly checked: no error in it is then no proof that it has none.
    #[must_use]
    pub fn is_of_the_unchecked(&self) -> bool {
        self.rule == NOT_WHOLLY_CHECKED
    }
}

/// One thing that is to be said, with the rule that says it. Never a value that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// FHIR issue type: `required`, `value`, `structure`, `code-invalid`, `invariant`, …
    pub code: &'static str,
    /// Where, as `FHIRPath`: `Bundle.entry[2].resource.ofType(Patient).birthDate`.
    pub expression: String,
    /// Where, as a JSON pointer: `/entry/2/resource/birthDate`. Names of unknown fields that do not look like one
    /// stand in it as `*`, as [`crate::fhir::json::shown`] shows them.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub diagnostics: String,
    /// Canonical URL of the definition whose rule it is, with its version: `http://…/Patient|4.0.1`.
    pub profile: String,
    /// The rule: an invariant's key (`per-1`), or the kind of rule and the element's id (`min Patient.name`).
    pub rule: String,
}

impl From<Finding> for Issue {
    fn from(finding: Finding) -> Self {
        let rule = Some(Rule { id: finding.rule, profile: finding.profile });
        Self { rule, ..Self::new(finding.code, finding.expression, finding.diagnostics) }
    }
}
