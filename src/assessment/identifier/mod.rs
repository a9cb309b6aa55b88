//! What people and cases are known by: the NHS number, and the identifiers of police, prosecution, courts, prison and
//! probation. What is read, in which spellings; how it is written; and whether its check digit or letter fits.
//!
//! That an identifier fits says nothing of whose it is: nobody is found by one. Not here: where identifiers stand in an
//! assessment or a request (`identifiers`), who may have which (`minimise`).

mod asn;
mod court_case;
mod cro;
mod letter;
mod nhs_number;
mod opaque;
mod pnc;

use std::fmt;

pub use nhs_number::{NhsNumber, NhsNumberFault, nhs_numbers_in};

use crate::{clock::Moment, limits::IDENTIFIER_MAX_BYTES};

/// What kind of identifier it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierType {
    /// NHS number.
    Nhs,
    /// Police National Computer ID of a person.
    Pnc,
    /// Criminal Records Office number.
    Cro,
    /// Arrest/summons number.
    Asn,
    /// Case reference number of probation.
    Crn,
    /// Prison number.
    PrisonNumber,
    /// Unique reference number of police and prosecution.
    Urn,
    /// Court case reference of the magistrates' courts.
    CourtCase,
    /// Custody record number: each police force has a layout of its own.
    CustodyRecord,
}

/// What the check digit or letter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It fits.
    Valid,
    /// It does not fit.
    Invalid,
    /// There is none, or the identifier stands for no number.
    NotChecked,
}

impl Check {
    const fn of(fits: bool) -> Self {
        if fits { Self::Valid } else { Self::Invalid }
    }

    /// The code: `valid`, `invalid` or `not-checked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::NotChecked => "not-checked",
        }
    }
}

/// An identifier of the right form.
///
/// It has no `Display`, and its `Debug` is masked: it cannot slip into a log line or an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    kind: IdentifierType,
    read: Read,
}

/// An identifier as one of the files beside this one reads it.
#[derive(Clone, PartialEq, Eq)]
struct Read {
    /// As it is written, but for the century that a two-digit year of a PNC ID leaves open.
    written: String,
    /// The year of a PNC ID, where only its two last digits were given.
    two_digit_year: Option<i16>,
    check: Check,
    /// Whether it is one of the texts that stand where there is no number.
    stands_for_none: bool,
}

impl Read {
    const fn new(written: String, check: Check) -> Self {
        Self { written, two_digit_year: None, check, stands_for_none: false }
    }
}

/// Why a text is not an identifier of the kind that was asked for. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifierFault {
    asked: IdentifierType,
    /// The kind whose form it has instead.
    pub form_of: Option<IdentifierType>,
}

impl fmt::Display for IdentifierFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.asked.form())?;
        match self.form_of {
            Some(other) => write!(f, " This has the form of {}.", other.label()),
            None => Ok(()),
        }
    }
}

impl IdentifierType {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Nhs,
        Self::Pnc,
        Self::Cro,
        Self::Asn,
        Self::Crn,
        Self::PrisonNumber,
        Self::Urn,
        Self::CourtCase,
        Self::CustodyRecord,
    ];

    /// The name under which an assessment holds it, as in `PNC`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nhs => "NHS",
            Self::Pnc => "PNC",
            Self::Cro => "CRO",
            Self::Asn => "ASN",
            Self::Crn => "CRN",
            Self::PrisonNumber => "NOMS",
            Self::Urn => "URN",
            Self::CourtCase => "CCR",
            Self::CustodyRecord => "CUSTODY_RECORD",
        }
    }

    /// The kind of that name, in capitals or not; the names spelt out (`prison-number`) are understood too.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let plain = name.to_ascii_uppercase().replace('_', "-");
        match plain.as_str() {
            "NHS-NUMBER" => Some(Self::Nhs),
            "PRISON-NUMBER" => Some(Self::PrisonNumber),
            "COURT-CASE" | "COURT-CASE-REFERENCE" => Some(Self::CourtCase),
            _ => Self::ALL.into_iter().find(|kind| kind.name().replace('_', "-") == plain),
        }
    }

    /// What people call it, with its article.
    const fn label(self) -> &'static str {
        match self {
            Self::Nhs => "an NHS number",
            Self::Pnc => "a PNC ID",
            Self::Cro => "a CRO number",
            Self::Asn => "an ASN",
            Self::Crn => "a CRN",
            Self::PrisonNumber => "a prison number",
            Self::Urn => "a URN",
            Self::CourtCase => "a court case reference",
            Self::CustodyRecord => "a custody record number",
        }
    }

    /// What it looks like, as a sentence with an example that is nobody's.
    const fn form(self) -> &'static str {
        match self {
            Self::Nhs => "An NHS number is ten digits, as in 999 000 0018.",
            Self::Pnc => {
                "A PNC ID is a year of two or four digits, a slash, one to seven digits and a letter other than I, O \
                 and S, as in 1999/0000001G."
            }
            Self::Cro => {
                "A CRO number is one to six digits, a slash, a year of two digits and a letter other than I, O and S, \
                 as in 000001/99W, or begins with SF and the year, as in SF83/50058Z."
            }
            Self::Asn => {
                "An ASN is a year of two digits, six or seven letters and digits for force, unit and system, up to \
                 eleven digits and a letter other than I, O and S, as in 24/06AA/00/1G."
            }
            Self::Crn => "A CRN is a letter and six digits, as in X999901.",
            Self::PrisonNumber => "A prison number is a letter, four digits and two letters, as in A9999ZZ.",
            Self::Urn => {
                "A URN is four letters or digits for force and unit, and three to eight digits, as in 99ZZ0001234."
            }
            Self::CourtCase => {
                "A court case reference is a year of two digits, a slash, four digits for the court, a slash, one to \
                 six digits and a letter other than I, O and S, as in 99/0000/000001X."
            }
            Self::CustodyRecord => {
                "A custody record number is 1 to 30 letters, digits, slashes and hyphens, as in NG-26-009901."
            }
        }
    }

    fn read(self, text: &str) -> Option<Read> {
        if text.len() > IDENTIFIER_MAX_BYTES || !text.is_ascii() {
            return None;
        }
        let text = text.trim_matches(' ').to_ascii_uppercase();
        match self {
            Self::Nhs => nhs_number::read(&text),
            Self::Pnc => pnc::read(&text),
            Self::Cro => cro::read(&text),
            Self::Asn => asn::read(&text),
            Self::Crn => opaque::crn(&text),
            Self::PrisonNumber => opaque::prison_number(&text),
            Self::Urn => opaque::urn(&text),
            Self::CourtCase => court_case::read(&text),
            Self::CustodyRecord => opaque::custody_record(&text),
        }
    }

    /// Which kind's form `text` has, beside this one. Those without a form of their own are not tried.
    fn mistaken_for(self, text: &str) -> Option<Self> {
        let others =
            [Self::Asn, Self::Pnc, Self::CourtCase, Self::Cro, Self::PrisonNumber, Self::Crn, Self::Nhs];
        let known: Vec<(Self, Check)> = others
            .into_iter()
            .filter(|other| *other != self)
            .filter_map(|other| Some((other, other.read(text)?.check)))
            // Without separators, digits and a letter may be many things.
            .filter(|(other, _)| match other {
                Self::Asn => asn::is_unmistakable(text),
                Self::Pnc => text.contains('/'),
                _ => true,
            })
            .collect();
        let right = known.iter().find(|(_, check)| *check == Check::Valid);
        right.or_else(|| known.first()).map(|(other, _)| *other)
    }
}

impl Identifier {
    /// Reads an identifier in any spelling that people use for its kind: spaces around it and within, small letters,
    /// left-out zeros. A wrong check digit or letter is no error here: see [`Identifier::check`].
    ///
    /// # Errors
    ///
    /// When the text has another form.
    pub fn parse(kind: IdentifierType, text: &str) -> Result<Self, IdentifierFault> {
        match kind.read(text) {
            Some(read) => Ok(Self { kind, read }),
            None => Err(IdentifierFault { asked: kind, form_of: kind.mistaken_for(text) }),
        }
    }

    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> IdentifierType {
        self.kind
    }

    /// Whether its check digit or letter fits.
    #[must_use]
    pub const fn check(&self) -> Check {
        self.read.check
    }

    /// Whether it stands where there is no number, as in a summons without an arrest.
    #[must_use]
    pub const fn stands_for_none(&self) -> bool {
        self.read.stands_for_none
    }

    /// Whether it says that it was given in a year after `now`: a slip of the pen that no letter finds, for a letter is of two
    /// digits of the year.
    #[must_use]
    pub fn is_of_a_year_to_come(&self, now: Moment) -> bool {
        let is_long = self.kind == IdentifierType::Pnc && self.read.two_digit_year.is_none();
        let year = self.read.written.split('/').next().filter(|_| is_long);
        year.and_then(|year| year.parse::<i16>().ok()).is_some_and(|year| year > pnc::year_of(now))
    }

    /// How it is written in full. For a message and for its owner's terminal; never for a log or an error.
    ///
    /// A year of two digits in a PNC ID is the last such year that was not after `now`: the letter does not cover the
    /// century, so nothing can tell a wrong one.
    #[must_use]
    pub fn canonical(&self, now: Moment) -> String {
        match self.read.two_digit_year {
            Some(year) => format!("{}{}", pnc::century(year, now), self.read.written),
            None => self.read.written.clone(),
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({}, {})", self.kind.name(), self.read.check.as_str())
    }
}

/// `text` without its spaces.
fn unspaced(text: &str) -> String {
    text.chars().filter(|letter| *letter != ' ').collect()
}

/// Whether `text` is `least` to `most` digits and nothing else.
fn is_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is digits and capital letters and nothing else.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests;
