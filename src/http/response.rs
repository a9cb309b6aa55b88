//! Answers and refusals as HTTP responses.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
            WWW_AUTHENTICATE,
        },
    },
};

use super::{
    error::{Form, table},
    trace_ids::{CORRELATION_ID, REQUEST_ID, TraceIds},
    version,
};
use crate::exchange::{
    Answer,
    refusal::{Refusal, Refused},
};

/// Header fields of every response, unless it says otherwise itself.
const ALWAYS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
];

/// `version` is that of BaRS which the caller asked for; FHIR is given as that.
pub(super) fn of_answer(answer: Answer, base_url: &str, version: Option<&str>) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    if !answer.body.is_empty() {
        let plain = answer.content_type;
        match version.filter(|_| plain == Form::Fhir.content_type()) {
            Some(version) => response.insert_header((CONTENT_TYPE, format!("{plain}; version={version}"))),
            None => response.insert_header((CONTENT_TYPE, plain)),
        };
    }
    if let Some(version) = answer.version {
        response.insert_header((ETAG, version::etag(version)));
    }
    if let Some(path) = &answer.location {
        response.insert_header((LOCATION, format!("{base_url}{path}")));
    }
    if answer.repeated {
        response.insert_header(("idempotency-replayed", "true"));
    }
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    response.body(answer.body)
}

pub(super) fn of_refusal(refusal: &Refusal, form: Form, allow: Option<&str>) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(table(refusal.class).status);
    response.insert_header((CONTENT_TYPE, form.content_type()));
    if let Some(seconds) = refusal.retry_after_seconds {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    if let Some(allow) = allow {
        response.insert_header((ALLOW, allow));
    }
    if let Some(challenge) = challenge(refusal) {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    response.body(form.body(refusal).to_string())
}

/// RFC 6750, section 3.
fn challenge(refusal: &Refusal) -> Option<&'static str> {
    let issue = refusal.issues.first();
    let about_token = issue.is_some_and(|i| i.path == "Authorization");
    match refusal.class {
        Refused::Unauthorized if issue.is_some_and(|i| i.code == "login") => Some("Bearer realm=\"keyway\""),
        Refused::Unauthorized => Some("Bearer realm=\"keyway\", error=\"invalid_token\""),
        Refused::Forbidden if about_token => Some("Bearer realm=\"keyway\", error=\"insufficient_scope\""),
        _ => None,
    }
}

/// Adds what every response has.
pub(super) fn finish(mut response: HttpResponse, ids: &TraceIds) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        let name = HeaderName::from_static(name);
        if name != CACHE_CONTROL || !headers.contains_key(CACHE_CONTROL) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    for (name, id) in [(REQUEST_ID, &ids.request), (CORRELATION_ID, &ids.correlation)] {
        if let Ok(value) = HeaderValue::from_str(id) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}
