//! What a partner's answer means.
//!
//! | answer | FHIR | event |
//! |---|---|---|
//! | 2xx | delivered, if the body is empty, a Bundle, or an OperationOutcome without errors; else ambiguous | delivered |
//! | 409 with issue `duplicate` | delivered (BaRS reserves that pair for this) | permanent |
//! | 409 | permanent | permanent |
//! | 429, 503 | retryable | retryable |
//! | 408, 425, other 5xx | ambiguous | ambiguous |
//! | 410 | permanent, `gone` | permanent, `gone` |
//! | 3xx, other 4xx | permanent | permanent |
//!
//! A FHIR 2xx with something else in it (a login page, a proxy's greeting) is proof of nothing: a BaRS receiver
//! answers with the message echoed. Nobody knows whether it arrived, so the same bytes go again under the same
//! id, and a person looks at it once the tries are used up. So it is when the answer gives back another message's
//! `X-Request-Id` or `X-Correlation-Id`; one that gives none back is taken. With 408, 425 ("still being processed") and server
//! errors the partner may have what was sent; calling those ambiguous errs on the side of recalling too much.

use serde_json::Value;

use crate::{directory::Channel, exchange::ports::AttemptClass};

/// How the body of an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerEnd {
    /// All of it was read.
    Whole,
    /// It was longer than what is read of an answer.
    Cut,
    /// It stopped half-way, or did not end in time.
    Broken,
}

/// An answer as far as it was read.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) is_json: bool,
    /// Whether the ids that it gives back are those of the message.
    pub(super) is_ours: bool,
    pub(super) body: &'a [u8],
    pub(super) end: AnswerEnd,
}

/// The class of an answer on a channel, and its outcome code.
pub(super) fn judge(channel: Channel, answer: &Answer<'_>) -> (AttemptClass, String) {
    let status = answer.status;
    let plain = || {
        let cut = if answer.end == AnswerEnd::Cut { "-answer-cut" } else { "" };
        format!("http-{status}{cut}")
    };
    let fhir = channel == Channel::FhirPush;
    match status {
        // A cache, or a server that mixes up its callers: nobody knows what became of ours.
        200..=299 | 409 if fhir && !answer.is_ours => {
            (AttemptClass::Ambiguous, "answer-to-another".to_owned())
        }
        200..=299 if fhir => judge_fhir_success(answer, plain),
        200..=299 => (AttemptClass::Delivered, plain()),
        409 if fhir && answer.end == AnswerEnd::Broken => {
            (AttemptClass::Ambiguous, "answer-broken".to_owned())
        }
        409 if fhir && says_duplicate(answer.body) => {
            (AttemptClass::Delivered, "http-409-duplicate".to_owned())
        }
        410 => (AttemptClass::Permanent, "gone".to_owned()),
        // A wrong path, an expired credential or a sign-in page in between is mended by somebody at the partner:
        // it is tried again, for a dead letter holds everything behind it.
        300..=399 | 401 | 403 | 404 | 429 | 503 => (AttemptClass::Retryable, plain()),
        408 | 425 | 500..=599 => (AttemptClass::Ambiguous, plain()),
        400..=499 => (AttemptClass::Permanent, plain()),
        _ => (AttemptClass::Ambiguous, plain()),
    }
}

fn judge_fhir_success(answer: &Answer<'_>, plain: impl Fn() -> String) -> (AttemptClass, String) {
    let ambiguous = |code: &str| (AttemptClass::Ambiguous, code.to_owned());
    match answer.end {
        AnswerEnd::Broken => ambiguous("answer-broken"),
        // An echo of a long message may be longer than what is read: its media type has to do.
        AnswerEnd::Cut if answer.is_json => (AttemptClass::Delivered, plain()),
        AnswerEnd::Cut => ambiguous("answer-not-fhir"),
        AnswerEnd::Whole if answer.body.is_empty() => (AttemptClass::Delivered, plain()),
        AnswerEnd::Whole => match resource(answer.body) {
            Some(("OperationOutcome", issues)) if issues.iter().any(|i| i.is_error) => {
                ambiguous("answer-says-error")
            }
            Some(_) => (AttemptClass::Delivered, plain()),
            None => ambiguous("answer-not-fhir"),
        },
    }
}

fn says_duplicate(body: &[u8]) -> bool {
    resource(body)
        .is_some_and(|(kind, issues)| kind == "OperationOutcome" && issues.iter().any(|i| i.is_duplicate))
}

/// What matters of an issue in an OperationOutcome.
struct AnsweredIssue {
    is_error: bool,
    is_duplicate: bool,
}

/// The two kinds of resource that are understood in an answer, with the issues of an outcome.
fn resource(body: &[u8]) -> Option<(&'static str, Vec<AnsweredIssue>)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    match value.get("resourceType")?.as_str()? {
        "Bundle" => Some(("Bundle", Vec::new())),
        "OperationOutcome" => {
            let issues = value.get("issue").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let word = |issue: &Value, name: &str| issue.get(name).and_then(Value::as_str).map(str::to_owned);
            let read = |issue: &Value| AnsweredIssue {
                is_error: matches!(word(issue, "severity").as_deref(), Some("error" | "fatal")),
                is_duplicate: word(issue, "code").as_deref() == Some("duplicate"),
            };
            Some(("OperationOutcome", issues.iter().map(read).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, AnswerEnd, judge};
    use crate::{
        directory::Channel::{self, EventPush, FhirPush},
        exchange::ports::AttemptClass::{self, Ambiguous, Delivered, Permanent, Retryable},
    };

    const DUPLICATE: &str =
        r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}"#;
    const CONFLICT: &str =
        r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"conflict"}]}"#;
    const INFORMATION: &str =
        r#"{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}"#;

    fn verdict(channel: Channel, status: u16, body: &str, end: AnswerEnd) -> (AttemptClass, String) {
        let is_json = body.starts_with('{');
        judge(channel, &Answer { status, is_json, is_ours: true, body: body.as_bytes(), end })
    }

    #[test]
    fn whole_answers() {
        for (channel, status, body, class, code) in [
            (FhirPush, 200, r#"{"resourceType":"Bundle"}"#, Delivered, "http-200"),
            (FhirPush, 202, "", Delivered, "http-202"),
            (FhirPush, 200, INFORMATION, Delivered, "http-200"),
            (FhirPush, 200, CONFLICT, Ambiguous, "answer-says-error"),
            (FhirPush, 200, "<html>Sign in</html>", Ambiguous, "answer-not-fhir"),
            (FhirPush, 200, "{}", Ambiguous, "answer-not-fhir"),
            (FhirPush, 200, r#"{"resourceType":"Patient"}"#, Ambiguous, "answer-not-fhir"),
            (FhirPush, 409, DUPLICATE, Delivered, "http-409-duplicate"),
            (FhirPush, 409, CONFLICT, Permanent, "http-409"),
            (FhirPush, 400, DUPLICATE, Permanent, "http-400"),
            (EventPush, 204, "", Delivered, "http-204"),
            (EventPush, 200, "<html>ok</html>", Delivered, "http-200"),
            (EventPush, 409, DUPLICATE, Permanent, "http-409"),
            (EventPush, 301, "", Retryable, "http-301"),
            (EventPush, 404, "", Retryable, "http-404"),
            (EventPush, 408, "", Ambiguous, "http-408"),
            (EventPush, 410, "", Permanent, "gone"),
            (EventPush, 425, "", Ambiguous, "http-425"),
            (EventPush, 429, "", Retryable, "http-429"),
            (EventPush, 500, "", Ambiguous, "http-500"),
            (EventPush, 503, "", Retryable, "http-503"),
            (EventPush, 504, "", Ambiguous, "http-504"),
            (EventPush, 777, "", Ambiguous, "http-777"),
        ] {
            assert_eq!(
                verdict(channel, status, body, AnswerEnd::Whole),
                (class, code.to_owned()),
                "{channel:?} {status} {body}"
            );
        }
    }

    #[test]
    fn answers_that_do_not_end_well() {
        for (channel, status, body, end, class, code) in [
            (FhirPush, 200, r#"{"resourceType":"#, AnswerEnd::Cut, Delivered, "http-200-answer-cut"),
            (FhirPush, 200, "<html>", AnswerEnd::Cut, Ambiguous, "answer-not-fhir"),
            (FhirPush, 200, r#"{"resourceType":"#, AnswerEnd::Broken, Ambiguous, "answer-broken"),
            (FhirPush, 409, r#"{"resourceType":"#, AnswerEnd::Broken, Ambiguous, "answer-broken"),
            (FhirPush, 400, "", AnswerEnd::Broken, Permanent, "http-400"),
            (EventPush, 200, "", AnswerEnd::Broken, Delivered, "http-200"),
            (EventPush, 200, "xx", AnswerEnd::Cut, Delivered, "http-200-answer-cut"),
        ] {
            assert_eq!(
                verdict(channel, status, body, end),
                (class, code.to_owned()),
                "{channel:?} {status} {end:?}"
            );
        }
    }
}
