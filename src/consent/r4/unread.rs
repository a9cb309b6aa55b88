//! Why a Consent or a request could not be read, and where. Never a value that was sent.

use super::code::Code;
use crate::fhir::json::shown;

/// What is not understood, and its place as a JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Which kind of fault.
    pub code: Code,
    /// Where, from the root of the Consent or of the request.
    pub at: String,
}

impl Unread {
    /// A fault right here.
    pub(super) const fn here(code: Code) -> Self {
        Self { code, at: String::new() }
    }

    /// The same fault, seen from one member further out.
    pub(super) fn under(mut self, name: &str) -> Self {
        self.at.insert_str(0, &format!("/{}", shown(name)));
        self
    }

    /// The same fault, seen from a list around it.
    pub(super) fn item(mut self, place: usize) -> Self {
        self.at.insert_str(0, &format!("/{place}"));
        self
    }
}
