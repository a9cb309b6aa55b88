//! The one table from refusals to HTTP, and the two forms in which a refusal is told.
//!
//! | refusal | status | BaRS code |
//! |---|---|---|
//! | what the caller got wrong about who it is, what it may do or how it calls | 401 403 405 406 429 | `SEND_…` |
//! | what is wrong with the way to the receiver: whom a header names | 400 404 | `PROXY_…` |
//! | what is wrong with the message, or with us | all others | `REC_…` |
//!
//! Where the `http-error-codes` of `BaRS` have none for a status (410, 412, 413, 414, 428) the nearest in meaning stands.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    exchange::refusal::{Issue, Refusal, Refused},
    fhir::outcome::operation_outcome,
};

/// How a class of refusal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The HTTP status.
    pub status: StatusCode,
    /// The BaRS code.
    pub code: &'static str,
    /// The problem's title; in lower case with dashes it is also the problem's type.
    pub title: &'static str,
}

/// The table.
#[must_use]
pub const fn table(class: Refused) -> Told {
    let (status, code, title) = match class {
        Refused::BadRequest => (StatusCode::BAD_REQUEST, "REC_BAD_REQUEST", "Bad request"),
        Refused::HeaderMalformed => (StatusCode::BAD_REQUEST, "PROXY_BAD_REQUEST", "Header malformed"),
        Refused::TargetUnknown => (StatusCode::NOT_FOUND, "PROXY_NOT_FOUND", "Target unknown"),
        Refused::Unauthorized => (StatusCode::UNAUTHORIZED, "SEND_UNAUTHORIZED", "Unauthorized"),
        Refused::Forbidden => (StatusCode::FORBIDDEN, "SEND_FORBIDDEN", "Forbidden"),
        Refused::NotFound => (StatusCode::NOT_FOUND, "REC_NOT_FOUND", "Not found"),
        Refused::MethodNotAllowed => {
            (StatusCode::METHOD_NOT_ALLOWED, "SEND_METHOD_NOT_ALLOWED", "Method not allowed")
        }
        Refused::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "SEND_NOT_ACCEPTABLE", "Not acceptable"),
        Refused::Timeout => (StatusCode::REQUEST_TIMEOUT, "REC_TIMEOUT", "Timeout"),
        Refused::Conflict => (StatusCode::CONFLICT, "REC_CONFLICT", "Conflict"),
        Refused::Duplicate => (StatusCode::CONFLICT, "REC_CONFLICT", "Duplicate"),
        Refused::Gone => (StatusCode::GONE, "REC_NOT_FOUND", "Gone"),
        Refused::PreconditionFailed => {
            (StatusCode::PRECONDITION_FAILED, "REC_CONFLICT", "Precondition failed")
        }
        Refused::PreconditionRequired => {
            (StatusCode::PRECONDITION_REQUIRED, "REC_BAD_REQUEST", "Precondition required")
        }
        Refused::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "REC_BAD_REQUEST", "Too large"),
        Refused::AddressTooLong => (StatusCode::URI_TOO_LONG, "REC_BAD_REQUEST", "Address too long"),
        Refused::UnsupportedMediaType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "REC_UNSUPPORTED_MEDIA_TYPE", "Unsupported media type")
        }
        Refused::Unprocessable => {
            (StatusCode::UNPROCESSABLE_ENTITY, "REC_UNPROCESSABLE_ENTITY", "Unprocessable")
        }
        Refused::NotSupported => (StatusCode::NOT_IMPLEMENTED, "REC_NOT_IMPLEMENTED", "Not supported"),
        Refused::TooManyRequests => {
            (StatusCode::TOO_MANY_REQUESTS, "SEND_TOO_MANY_REQUESTS", "Too many requests")
        }
        Refused::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "REC_UNAVAILABLE", "Unavailable"),
        Refused::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "REC_SERVER_ERROR", "Internal error"),
    };
    Told { status, code, title }
}

/// The form in which a path tells its refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An `OperationOutcome`.
    Fhir,
    /// RFC 9457.
    Problem,
}

impl Form {
    /// By the beginning of the path.
    pub(super) fn of_path(path: &str) -> Self {
        if path == "/fhir" || path.starts_with("/fhir/") { Self::Fhir } else { Self::Problem }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Fhir => "application/fhir+json",
            Self::Problem => "application/problem+json",
        }
    }

    /// The body that tells `refusal`.
    pub(super) fn body(self, refusal: &Refusal) -> Value {
        let told = table(refusal.class);
        match self {
            Self::Fhir => {
                let display = format!("{} - {}", told.status.as_u16(), told.code);
                operation_outcome(&issues_with_details(refusal), Some((told.code, &display)))
            }
            Self::Problem => problem(refusal, told),
        }
    }
}

/// An `OperationOutcome` has no place for the ids of a duplicate but its text.
fn issues_with_details(refusal: &Refusal) -> Vec<Issue> {
    let mut issues = refusal.issues.clone();
    if let Some(first) = issues.first_mut() {
        for (name, value) in &refusal.details {
            first.diagnostics.extend([" ", name, ": ", value, "."]);
        }
    }
    issues
}

fn problem(refusal: &Refusal, told: Told) -> Value {
    let slug = told.title.to_ascii_lowercase().replace(' ', "-");
    let mut body = json!({
        "type": format!("https://keyway.example/problems/{slug}"),
        "title": told.title,
        "status": told.status.as_u16(),
        "code": told.code,
        "issues": refusal.issues,
    });
    if !refusal.details.is_empty()
        && let Some(body) = body.as_object_mut()
    {
        let details = refusal.details.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        body.insert(String::from("details"), Value::Object(details.collect()));
    }
    body
}
