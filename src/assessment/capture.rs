//! How a consent was taken, beside who took it and when: whose word it is and what that word rests on.

use serde_json::Value;

use super::asked::{optional, text};
use crate::clock::Moment;

/// What is known of how a consent was taken. What was not said is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Capacity to decide this, as a word: `has-capacity` (only that permits), `lacks-capacity`, `fluctuating`,
    /// `not-assessed`.
    pub capacity: Option<String>,
    /// Whose word it is: `person`, `parental-responsibility` or `both`; what is not said is the person's.
    pub given_by: Option<String>,
    /// Of somebody under 16: `competent`, `not-competent` or `not-assessed` to decide this.
    pub competence: Option<String>,
    /// Name and relation of who decided with parental responsibility.
    pub parental_responsibility: Option<(String, String)>,
    /// Whether an interpreter was there.
    pub interpreter: Option<bool>,
    /// Whether an appropriate adult was there.
    pub appropriate_adult_present: Option<bool>,
}

impl Capture {
    pub(super) fn read(value: &Value) -> Self {
        let parent = value.get("parental_responsibility");
        Self {
            capacity: Some(text(value, "capacity")),
            given_by: optional(value, "given_by"),
            competence: optional(value, "competence"),
            parental_responsibility: parent.map(|one| (text(one, "name"), text(one, "relation"))),
            interpreter: value.get("interpreter").and_then(Value::as_bool),
            appropriate_adult_present: value.get("appropriate_adult_present").and_then(Value::as_bool),
        }
    }

    /// Whether the person was found to have the capacity to decide this.
    #[must_use]
    pub fn has_capacity(&self) -> bool {
        self.capacity.as_deref() == Some("has-capacity")
    }

    /// Whether the word suffices that was given. From 16 it is the person's own (`own_word_suffices`); before, that of a
    /// young person who is competent to decide this, or of a named somebody with parental responsibility. What is not
    /// plainly one is none.
    #[must_use]
    pub fn has_authority(&self, own_word_suffices: bool) -> bool {
        let given_by = self.given_by.as_deref();
        let own = matches!(given_by, None | Some("person" | "both"));
        if own_word_suffices {
            return own;
        }
        let parental = matches!(given_by, Some("parental-responsibility" | "both"));
        (own && self.competence.as_deref() == Some("competent"))
            || (parental && self.parental_responsibility.is_some())
    }
}

/// How far somebody speaks for themself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnWord {
    /// From when their own word suffices: the day on which they turn 16. Never, where the date of birth cannot be read.
    pub from: Moment,
    /// Whether the assessment found that they have capacity. What each consent says of its own moment stands there.
    pub has_capacity: bool,
}

impl OwnWord {
    /// Of somebody of whom nobody said it: no word is taken for that of somebody who may speak for themself.
    pub const UNKNOWN: Self = Self { from: Moment(i64::MAX), has_capacity: false };
}
