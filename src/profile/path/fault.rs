//! Why an expression is not understood, and why one cannot be evaluated. Neither ever repeats a value of a message.

use std::fmt;

/// Why an expression is refused when it is read: it can never be evaluated here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFault {
    /// Where, in bytes from the start of the expression.
    pub at: usize,
    /// What is wrong there.
    pub why: String,
}

impl PathFault {
    pub(super) fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into() }
    }
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.why)
    }
}

impl std::error::Error for PathFault {}

/// Why an expression has no answer for this message. It is then neither kept nor broken, and must be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalFault {
    /// More work than `limits::PATH_STEPS_MAX`.
    TooCostly,
    /// A collection longer than `limits::PATH_ITEMS_MAX`.
    TooMany,
    /// A text longer than `limits::PATH_TEXT_MAX_BYTES`.
    TooLong,
    /// Deeper than `limits::JSON_DEPTH_MAX`.
    TooDeep,
    /// More than one item where this operator or function takes one.
    NotSingle(&'static str),
    /// An item of a kind that this operator or function does not take.
    WrongKind(&'static str),
    /// A number beyond what can be reckoned with exactly.
    NumberTooLarge,
    /// A pattern that was made at evaluation and cannot be used.
    BadPattern,
    /// What only the surroundings know (a value set, a profile, the time), and they do not.
    Undecided(&'static str),
}

impl fmt::Display for EvalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooCostly => f.write_str("it would take too many steps"),
            Self::TooMany => f.write_str("it makes too long a list"),
            Self::TooLong => f.write_str("it makes too long a text"),
            Self::TooDeep => f.write_str("it goes too deep"),
            Self::NotSingle(what) => write!(f, "{what} takes one item, and there are several"),
            Self::WrongKind(what) => write!(f, "{what} does not take items of this kind"),
            Self::NumberTooLarge => f.write_str("a number is too large to reckon with exactly"),
            Self::BadPattern => f.write_str("a regular expression made from the message cannot be used"),
            Self::Undecided(what) => write!(f, "{what} cannot be decided here"),
        }
    }
}

impl std::error::Error for EvalFault {}
