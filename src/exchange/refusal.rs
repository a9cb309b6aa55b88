//! Every way that a use case says no, as an outcome that the caller can act on. `http` turns a refusal into a
//! status and an OperationOutcome or a problem+json; nothing here holds personal data or inner error text.

pub use crate::fhir::Issue;

/// The class of a refusal; each has one HTTP status, one BaRS code and one FHIR issue type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The bytes or headers are not what the interface takes.
    BadRequest,
    /// A header that says whom a message is for, or from whom, cannot be read.
    HeaderMalformed,
    /// A header names somebody whom this gateway does not reach, or more than one.
    TargetUnknown,
    /// Nobody, or not whom the certificate says.
    Unauthorized,
    /// Known, but not allowed to do this at all.
    Forbidden,
    /// Not there, or not the caller's to see.
    NotFound,
    /// The path exists with another method.
    MethodNotAllowed,
    /// None of the asked-for formats or versions.
    NotAcceptable,
    /// The request took too long to arrive.
    Timeout,
    /// The thing changed meanwhile, or the id was used for something else.
    Conflict,
    /// This message was already processed.
    Duplicate,
    /// It was there and is no longer.
    Gone,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// Too large.
    TooLarge,
    /// The address is too long.
    AddressTooLong,
    /// Not a media type we read.
    UnsupportedMediaType,
    /// Understood, and wrong.
    Unprocessable,
    /// Understood, and not offered.
    NotSupported,
    /// Too many calls.
    TooManyRequests,
    /// Cannot be made durable now; nothing was kept; come back.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Refused {
    /// Every class, for the test that walks them.
    pub const ALL: [Self; 22] = [
        Self::BadRequest,
        Self::HeaderMalformed,
        Self::TargetUnknown,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Timeout,
        Self::Conflict,
        Self::Duplicate,
        Self::Gone,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::TooLarge,
        Self::AddressTooLong,
        Self::UnsupportedMediaType,
        Self::Unprocessable,
        Self::NotSupported,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Internal,
    ];
}

/// A refusal with everything that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused: {class:?}")]
pub struct Refusal {
    /// The class.
    pub class: Refused,
    /// All issues; at least one.
    pub issues: Vec<Issue>,
    /// Seconds after which to come back, for 429 and 503.
    pub retry_after_seconds: Option<u64>,
    /// Ids that the caller may use (a duplicate's first ids): name and value.
    pub details: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(class: Refused, code: &'static str, path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            class,
            issues: vec![Issue::new(code, path, text)],
            retry_after_seconds: None,
            details: Vec::new(),
        }
    }

    /// A refusal with several issues.
    #[must_use]
    pub const fn with_issues(class: Refused, issues: Vec<Issue>) -> Self {
        Self { class, issues, retry_after_seconds: None, details: Vec::new() }
    }

    /// What is not there and what is not the caller's get this same answer.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Refused::NotFound, "not-found", "", "There is nothing here that you may see.")
    }

    /// What was looked for; `None` where it is not there, or not the caller's.
    pub(super) fn unless_missing<T>(looked: Result<T, Self>) -> Result<Option<T>, Self> {
        match looked {
            Ok(found) => Ok(Some(found)),
            Err(refusal) if refusal.class == Refused::NotFound => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// The store cannot take it now.
    #[must_use]
    pub fn unavailable() -> Self {
        let mut refusal = Self::new(
            Refused::Unavailable,
            "transient",
            "",
            "The gateway cannot make this durable now. Nothing was kept; send the same request again.",
        );
        refusal.retry_after_seconds = Some(2);
        refusal
    }

    /// A fault of ours, told without its inner text.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            Refused::Internal,
            "exception",
            "",
            "The gateway failed. Nothing was kept; quote the X-Request-Id.",
        )
    }
}
