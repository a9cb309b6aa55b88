//! Code systems and value sets: whether a code is one of them, as far as that can be said without asking anybody.
//!
//! What cannot be decided here (SNOMED CT by its hierarchy, LOINC, a system that is not loaded) is
//! [`Member::Unknown`], with the reason; never a yes.

mod code_system;
mod compile;
mod language;
mod snomed;
mod sources;
mod table;
mod ucum;
mod value_set;

use std::{borrow::Cow, sync::Arc};

pub use self::snomed::{fault as snomed_fault, has_check_digit as snomed_check_digit_holds};
pub(crate) use self::sources::Sources;
use self::{code_system::System, value_set::Set};
use super::Table;

/// Text that is compiled in, or was read.
type Text = Cow<'static, str>;

/// Where the value sets of base R4 are.
const R4_STARTS: [&str; 2] = ["http://hl7.org/fhir/ValueSet/", "http://terminology.hl7.org/ValueSet/"];

/// Whether a code belongs to a set or a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member<'a> {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It cannot be said here; why.
    Unknown(&'a str),
}

/// A value set, found once and asked often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetId(usize);

/// Every code system and value set that is loaded. Asking allocates nothing.
#[derive(Debug)]
pub struct Terminology {
    systems: Vec<Arc<System>>,
    /// By address, and by `address|version`.
    system_names: Table<Text, usize>,
    sets: Vec<Set>,
    set_names: Table<Text, usize>,
}

impl Terminology {
    /// The value set of this canonical URL, with or without a version: of one that is named, that version and no other.
    /// The value sets that FHIR names by its own version are those of base R4, whatever version they have themselves.
    #[must_use]
    pub fn value_set(&self, canonical: &str) -> Option<SetId> {
        set_named(&self.set_names, canonical).map(SetId)
    }

    /// Whether a code is in the value set; without `system` (an element of type `code`) it is enough that some system of
    /// the set has it.
    #[must_use]
    pub fn contains(&self, canonical: &str, system: Option<&str>, code: &str) -> Member<'_> {
        match self.value_set(canonical) {
            Some(set) => self.is_in(set, system, code),
            None => Member::Unknown("the value set is not loaded"),
        }
    }

    /// The same, for a value set that was found before.
    #[must_use]
    pub fn is_in(&self, set: SetId, system: Option<&str>, code: &str) -> Member<'_> {
        self.sets.get(set.0).map_or(Member::No, |set| set.contains(self, system, code))
    }

    /// The codes of a value set, each once, where it is a short list: for a message that says what is allowed.
    /// Nothing where there are more than `most`, or where they cannot be listed.
    #[must_use]
    pub fn listed(&self, set: SetId, most: usize) -> Vec<&str> {
        self.sets.get(set.0).map_or_else(Vec::new, |set| set.listed(self, most))
    }

    /// Whether a code system has this code.
    #[must_use]
    pub fn code_exists(&self, system: &str, code: &str) -> Member<'_> {
        match self.system(system) {
            Some(system) => system.contains(code),
            None => {
                value_set::by_syntax(system, code).unwrap_or(Member::Unknown("the code system is not loaded"))
            }
        }
    }

    /// Whether a code has the form that the codes of this system have; `None` where the form does not tell.
    #[must_use]
    pub fn has_form(&self, system: &str, code: &str) -> Option<Member<'static>> {
        value_set::by_syntax(system, code)
    }

    /// Whether this code system is loaded, in whole or in part.
    #[must_use]
    pub fn has_system(&self, system: &str) -> bool {
        self.system(system).is_some()
    }

    /// How a code system calls one of its codes.
    #[must_use]
    pub fn display(&self, system: &str, code: &str) -> Option<&str> {
        self.system(system)?.display(code)
    }

    /// Whether `display` is what the code system calls the code, letter case and spacing aside. `None` where the code
    /// or its display is not known.
    #[must_use]
    pub fn display_fits(&self, system: &str, code: &str, display: &str) -> Option<bool> {
        self.system(system)?.display_fits(code, display)
    }

    fn system(&self, canonical: &str) -> Option<&System> {
        self.systems.get(*self.system_names.get(canonical)?).map(Arc::as_ref)
    }
}

fn set_named(names: &Table<Text, usize>, canonical: &str) -> Option<usize> {
    let of_r4 = || {
        let url = canonical.strip_suffix("|4.0.1")?;
        let is_of_fhir = R4_STARTS.iter().any(|start| url.starts_with(start));
        names.get(url).filter(|_| is_of_fhir)
    };
    names.get(canonical).or_else(of_r4).copied()
}

#[cfg(test)]
#[path = "terminology_test.rs"]
mod tests;
