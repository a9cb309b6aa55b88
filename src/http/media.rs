//! Media types: what a body may be and what a caller may ask for. XML is neither.

use actix_web::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use super::{error::Form, routes::Takes};
use crate::exchange::refusal::{Refusal, Refused};

const JSON: &str = "application/json";
const FHIR: &str = "application/fhir+json";
const CSV: &str = "text/csv";
const FORM: &str = "application/x-www-form-urlencoded";
/// Where documents are, which are FHIR too.
const DOCUMENTS: &str = "/documents/";
/// Ranges of one `Accept` line that are looked at for a version.
const RANGES_MAX: usize = 32;

/// Whether the body's media type is one that the route takes.
pub(super) fn check_content(takes: Takes, headers: &HeaderMap) -> Result<(), Refusal> {
    let (known, told): (&[&str], &str) = match takes {
        Takes::Nothing | Takes::Bytes => return Ok(()),
        Takes::Json | Takes::OptionalJson => (&[JSON], "Send application/json in UTF-8."),
        Takes::Fhir | Takes::OptionalFhir => (&[FHIR, JSON], "Send application/fhir+json in UTF-8."),
        Takes::Assessment => {
            let told =
                "Send application/json in UTF-8; with ?adapter=NAME also text/csv or application/fhir+json.";
            (&[JSON, FHIR, CSV], told)
        }
        Takes::Form => (&[FORM], "Send application/x-www-form-urlencoded."),
    };
    if headers.get(CONTENT_ENCODING).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(unsupported("Content-Encoding", "Send the body as it is, not compressed."));
    }
    if headers.get_all(CONTENT_TYPE).count() > 1 {
        // Whoever stands between may have gone by the other one.
        let text = "This header may stand once only.";
        return Err(Refusal::new(Refused::BadRequest, "value", "Content-Type", text));
    }
    let optional = matches!(takes, Takes::OptionalJson | Takes::OptionalFhir);
    let Some(sent) = headers.get(CONTENT_TYPE) else {
        return if optional { Ok(()) } else { Err(unsupported("Content-Type", told)) };
    };
    let sent = sent.to_str().unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_read = parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let is_utf8 = !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8");
        is_utf8 && is_our_fhir(parameter)
    });
    if is_read && known.iter().any(|k| essence.eq_ignore_ascii_case(k)) {
        Ok(())
    } else {
        Err(unsupported("Content-Type", told))
    }
}

fn unsupported(header: &str, text: &str) -> Refusal {
    Refusal::new(Refused::UnsupportedMediaType, "not-supported", header, text)
}

/// Whether a media type is JSON that is not FHIR.
pub(super) fn is_json(sent: Option<&str>) -> bool {
    let essence = sent.and_then(|sent| sent.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(JSON)
}

/// Whether an answer that a route of this path can give is one that the caller asked for. Only FHIR negotiates, a
/// document as well; elsewhere there is one form.
pub(super) fn check_accept(path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    if Form::of_path(path) != Form::Fhir && !path.starts_with(DOCUMENTS) {
        return Ok(());
    }
    let mut ranges = headers
        .get_all(ACCEPT)
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() || ranges.any(is_acceptable) {
        return Ok(());
    }
    Err(Refusal::new(
        Refused::NotAcceptable,
        "processing",
        "Accept",
        "Ask for application/fhir+json; of FHIR, version 4.0; of BaRS, version 1.",
    ))
}

/// One range of an `Accept` header.
fn is_acceptable(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let known = [FHIR, JSON, "application/*", "*/*"].iter().any(|k| essence.eq_ignore_ascii_case(k));
    known
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("version") => version(value).is_some(),
            Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
                value.trim().parse::<f32>().is_ok_and(|q| q > 0.0)
            }
            _ => is_our_fhir(parameter),
        })
}

/// Whether `_format` asks for what there is.
pub(super) fn check_format(asked: &str) -> Result<(), Refusal> {
    let (essence, parameters) = asked.split_once(';').unwrap_or((asked, ""));
    if essence.to_ascii_lowercase().contains("json") && parameters.split(';').all(is_our_fhir) {
        return Ok(());
    }
    let text = "Only JSON is offered, of FHIR 4.0.";
    Err(Refusal::new(Refused::NotAcceptable, "not-supported", "_format", text))
}

/// Whether a parameter of a media type asks for no other version of FHIR than that of here.
fn is_our_fhir(parameter: &str) -> bool {
    parameter.split_once('=').is_none_or(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("fhirVersion")
            || ["4.0", "4.0.1"].contains(&value.trim().trim_matches('"'))
    })
}

/// The highest version of BaRS that the caller asks for, as in `1.4.0`; `None` when it asks for none. The answer is
/// given as that one: what BaRS changed within version 1 changes nothing of what is said here.
pub(super) fn asked_version(headers: &HeaderMap) -> Option<String> {
    let ranges = headers
        .get_all(ACCEPT)
        .flat_map(|value| value.to_str().unwrap_or_default().split(',').take(RANGES_MAX));
    let versions = ranges.filter(|range| is_acceptable(range.trim())).flat_map(|range| {
        range.split(';').filter_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("version").then(|| version(value)).flatten()
        })
    });
    versions.max().map(|[minor, patch]| format!("1.{minor}.{patch}"))
}

/// Minor version and patch of a version 1, as in `1.4.0`, `1.4` or `1`.
fn version(value: &str) -> Option<[u8; 2]> {
    let mut parts = value.trim().trim_matches('"').split('.');
    let is_first = parts.next() == Some("1");
    let mut next = || parts.next().map_or(Some(0), |part| part.parse().ok());
    let found = [next()?, next()?];
    (is_first && parts.next().is_none()).then_some(found)
}
