//! `Prefer` (RFC 7240), as FHIR uses it.

use super::call::Call;
use crate::exchange::{
    refusal::{Refusal, Refused},
    rest::Returning,
};

/// What the caller would rather have. What is not known there is not minded, as the RFC says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Preferences {
    /// `handling=strict`: refuse what is not supported.
    pub(super) strict: bool,
    /// `return=…`: what the answer to a write holds.
    pub(super) returning: Returning,
}

impl Preferences {
    /// Reads every `Prefer` header of the call.
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        Self::of_headers(&call.headers)
    }

    /// Reads every `Prefer` among these headers, whose names are in lower case.
    pub(super) fn of_headers(headers: &[(String, String)]) -> Result<Self, Refusal> {
        Self::of(headers.iter().filter(|(name, _)| name == "prefer").map(|(_, value)| value.as_str()))
    }

    fn of<'a>(headers: impl Iterator<Item = &'a str>) -> Result<Self, Refusal> {
        let (mut preferences, mut handling) = (Self::default(), None);
        for token in headers.flat_map(|value| value.split([',', ';'])) {
            let (name, value) = token.split_once('=').unwrap_or((token, ""));
            let value = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("return") {
                preferences.returning = match value {
                    "minimal" => Returning::Minimal,
                    "OperationOutcome" => Returning::OperationOutcome,
                    _ => Returning::Representation,
                };
            }
            if name.trim().eq_ignore_ascii_case("handling") {
                if handling.is_some_and(|before| before != value) {
                    let text = "Say once whether handling is strict or lenient.";
                    return Err(Refusal::new(Refused::BadRequest, "value", "Prefer", text));
                }
                handling = Some(value);
                preferences.strict = value.eq_ignore_ascii_case("strict");
            }
        }
        Ok(preferences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_preferred_is_read_from_any_header_and_spelling() {
        let strict = |headers: &[&str]| Preferences::of(headers.iter().copied()).unwrap().strict;
        assert!(strict(&["handling=strict"]));
        assert!(strict(&["return=minimal, Handling=\"strict\""]));
        assert!(strict(&["return=minimal", "respond-async; handling=strict"]));
        assert!(!strict(&["handling=lenient"]));
        assert!(!strict(&[]));
        assert!(Preferences::of(["handling=strict, handling=lenient"].into_iter()).is_err());
    }
}
