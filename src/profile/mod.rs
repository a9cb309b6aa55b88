//! What messages must look like: the JSON Schemas of `profiles/`, compiled in, and FHIR's own definitions with ours,
//! compiled into a program; every issue of a value with its place and with what is allowed there, and never with the
//! value itself.
//!
//! Not here: reading files or addresses at run time (nothing is resolved), and what a schema cannot say
//! (`assessment::Assessment::contradictions`).

mod catalogue;
pub mod check;
pub mod definition;
mod finding;
mod form;
pub mod hidden;
pub mod leniency;
pub mod outcome;
pub mod path;
pub mod terminology;
mod words;

use std::collections::{HashMap, HashSet};

pub use catalogue::Schema;
pub use finding::{Finding, Severity};
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::{fhir::Issue, letters, limits};

/// What is made once from definitions and asked often. Its keys are those of the definitions and never a sender's, so that
/// nobody can choose ones that collide: a quicker hash than that of the standard library will do.
type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
/// The same for keys alone.
type TableSet<K> = HashSet<K, foldhash::fast::RandomState>;

/// The compiled profiles.
pub struct Profiles(HashMap<Schema, Compiled>);

struct Compiled {
    document: Value,
    validator: Validator,
}

impl std::fmt::Debug for Profiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Profiles({})", self.0.len())
    }
}

impl Profiles {
    /// Compiles every profile; the error names the one that does not compile.
    pub fn compile() -> Result<Self, String> {
        let mut compiled = HashMap::new();
        for which in Schema::ALL {
            let wrong = |why: &dyn std::fmt::Display| format!("profile {}: {why}", which.as_str());
            let read = |source| serde_json::from_str::<Value>(source).map_err(|e| wrong(&e));
            let written = read(which.source())?;
            let document = match which.base() {
                Some(base) => form::laid(&read(base)?, &written).map_err(|e| wrong(&e))?,
                None => written,
            };
            let validator = validator(&document).map_err(|e| wrong(&e))?;
            compiled.insert(which, Compiled { document, validator });
        }
        Ok(Self(compiled))
    }

    /// The schema of a profile as it was compiled.
    #[must_use]
    pub fn document(&self, which: Schema) -> Option<&Value> {
        self.0.get(&which).map(|compiled| &compiled.document)
    }

    /// Everything that is wrong with `value`, at most [`limits::ISSUES_MAX`] issues and one that says that there
    /// are more. Empty when it is valid.
    #[must_use]
    pub fn check(&self, which: Schema, value: &Value) -> Vec<Issue> {
        let Some(Compiled { document, validator }) = self.0.get(&which) else {
            return vec![Issue::new("not-supported", "", "This profile is not known.")];
        };
        let mut issues: Vec<Issue> = Vec::new();
        for error in validator.iter_errors(value) {
            for issue in words::issues(document, &error) {
                if !issues.contains(&issue) {
                    issues.push(issue);
                }
            }
            if issues.len() > limits::ISSUES_MAX {
                issues.truncate(limits::ISSUES_MAX);
                issues.push(Issue::new("too-costly", "", "There are more issues than are listed here."));
                break;
            }
        }
        issues
    }
}

/// A validator as every profile has one: nothing is fetched, and a format that nobody knows is a mistake of the profile.
fn validator(document: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        // How long a text is is told by its length alone.
        .with_format("readable", |text: &str| text.is_empty() || letters::read(text).is_ok())
        .with_pattern_options(PatternOptions::regex())
        .build(document)
        .map_err(|e| e.to_string())
}

#[cfg(test)]
mod form_test;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod texts_test;
