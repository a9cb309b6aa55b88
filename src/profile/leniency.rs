//! What a partner's messages are forgiven: a closed list of names, each for one deviation that has been seen.
//!
//! What is forgiven is still said, as information and with the name of what forgave it. Nothing outside this list
//! is ever forgiven, and nothing that Keyway writes itself.

macro_rules! tolerances {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// One deviation that can be forgiven.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Tolerance {
            $($(#[$doc])* $name,)*
        }

        impl Tolerance {
            /// Every deviation that can be forgiven.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// Its name, as settings and findings have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The one of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }

            const fn bit(self) -> u32 {
                1 << self as u32
            }
        }
    };
}

tolerances! {
    /// A system under `https://fhir.nhs.uk/` whose path says `Codesystem` or `codesystem` for `CodeSystem`; all the
    /// published examples of BaRS errors are spelt so.
    BarsCodeSystemMisspelt = "bars-codesystem-misspelt";
    /// A code of BaRS that is right but for its case: `A1T1` for `a1t1`.
    BarsCodeCase = "bars-code-case";
    /// A code that BaRS' own guide uses and its published code systems lack: `REC_TOO_EARLY`, `REC_SERVICE_UNAVAILABLE`.
    BarsCodeUndefined = "bars-code-undefined";
    /// An identifier system that differs from the published one only in case or in `http` for `https`:
    /// `https://fhir.nhs.uk/id/dos-service-id`.
    NhsSystemSpelling = "nhs-system-spelling";
    /// The words of NHS number verification that UK Core used before its third sequence (`01`, `number-present-and-verified`
    /// in a system that has moved).
    NhsNumberVerificationWords = "nhs-number-verification-words";
    /// An NHS number whose check digit is wrong, as many published examples have it. Never for real people.
    NhsNumberCheckDigit = "nhs-number-check-digit";
    /// An extension that is not known here. Never one that changes the meaning.
    UnknownExtensions = "unknown-extensions";
    /// A profile that is not known here.
    UnknownProfiles = "unknown-profiles";
    /// A resource without `meta.lastUpdated`.
    MissingLastUpdated = "missing-last-updated";
    /// A reference inside a message to something that the message does not hold.
    DanglingReferences = "dangling-references";
    /// A reference that is written as no reference is: a bare UUID, `:uuid:`.
    ReferenceFormat = "reference-format";
    /// A code that its local code system lacks, where the binding does not require it.
    UnknownCodes = "unknown-codes";
    /// Narrative with elements that FHIR does not allow and that do nothing.
    NarrativeMarkup = "narrative-markup";
}

/// What is forgiven.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Leniency(u32);

impl Leniency {
    /// Nothing is forgiven.
    pub const NONE: Self = Self(0);

    /// Forgives what is named; the error is the first name that is not known.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut forgiven = Self::NONE;
        for name in names {
            forgiven = forgiven.with(Tolerance::parse(name).ok_or(name)?);
        }
        Ok(forgiven)
    }

    /// Forgives this as well.
    #[must_use]
    pub const fn with(self, one: Tolerance) -> Self {
        Self(self.0 | one.bit())
    }

    /// Whether this is forgiven.
    #[must_use]
    pub const fn has(self, one: Tolerance) -> bool {
        self.0 & one.bit() != 0
    }

    /// What is forgiven, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Tolerance> {
        Tolerance::ALL.into_iter().filter(move |one| self.has(*one))
    }
}

impl std::fmt::Debug for Leniency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Tolerance::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for one in Tolerance::ALL {
            assert_eq!(Tolerance::parse(one.as_str()), Some(one));
            assert!(Leniency::NONE.with(one).has(one) && !Leniency::NONE.has(one));
        }
        let all = Leniency::parse(Tolerance::ALL.map(Tolerance::as_str)).unwrap();
        assert_eq!(all.iter().count(), Tolerance::ALL.len());
    }

    #[test]
    fn a_name_that_is_not_known_is_told() {
        assert_eq!(Leniency::parse(["unknown-codes", "everything"]), Err("everything"));
    }
}
