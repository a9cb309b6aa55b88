//! The forms of an assessment: which is meant, and for whom it is.

use jiff::{ToSpan, civil::Date};
use serde_json::Value;

use super::asked::start_of;
use crate::clock::Moment;

/// From this age the forms for adults are the right ones, in years.
pub const ADULT_YEARS: i16 = 18;
/// Nobody in the country is known to have been much older, in years.
pub const YEARS_MAX: i16 = 120;
/// From this age a person's own word is asked for and suffices, in years (Family Law Reform Act 1969, section 8).
pub(super) const OWN_WORD_YEARS: i16 = 16;

/// A form. All are overlays over one outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Of an adult, as it was before version 2.
    Adult1,
    /// Of an adult.
    Adult2,
    /// Of somebody under 18.
    Youth,
    /// The short one of a court team, in an adjournment; for any age.
    CourtShort,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Adult1, Self::Adult2, Self::Youth, Self::CourtShort];

    /// Its canonical, as an assessment names it.
    #[must_use]
    pub const fn canonical(self) -> &'static str {
        match self {
            Self::Adult1 => "https://keyway.example/profiles/assessment/adult/1",
            Self::Adult2 => "https://keyway.example/profiles/assessment/adult/2",
            Self::Youth => "https://keyway.example/profiles/assessment/youth/1",
            Self::CourtShort => "https://keyway.example/profiles/assessment/court-short/1",
        }
    }

    /// The form of this canonical.
    #[must_use]
    pub fn parse(canonical: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.canonical() == canonical)
    }

    /// The whole form for somebody born on `born` (as in `1990-04-01`), seen at `at`: the one for adults where the date
    /// cannot be read, which that form then tells.
    #[must_use]
    pub fn of_age(born: Option<&str>, at: Moment) -> Self {
        if turns(born, ADULT_YEARS).is_some_and(|adult| at < adult) { Self::Youth } else { Self::Adult2 }
    }

    /// Whether it asks only what an adult can be asked.
    pub(super) const fn is_for_adults(self) -> bool {
        matches!(self, Self::Adult1 | Self::Adult2)
    }
}

/// Whether `assessment`, as it came, is of somebody who was under 18 when it was made: by the date of birth, and where no
/// two dates say so by its form.
#[must_use]
pub fn is_of_a_child(assessment: &Value) -> bool {
    let text = |at: &str| assessment.pointer(at).and_then(Value::as_str);
    let adult = turns(text("/person/birth_date"), ADULT_YEARS);
    let made = text("/assessed_at").and_then(Moment::from_rfc3339);
    match made.zip(adult) {
        Some((made, adult)) => made < adult,
        None => text("/profile").and_then(Form::parse) == Some(Form::Youth),
    }
}

/// The start, in London, of the day on which somebody born on `born` turns `years`; `None` for what is no date.
#[must_use]
pub fn turns(born: Option<&str>, years: i16) -> Option<Moment> {
    let born: Date = born?.parse().ok()?;
    let birthday = born.checked_add(years.years()).ok()?;
    start_of(birthday)
}
