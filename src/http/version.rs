//! `ETag` and `If-Match`: the version of what is shown, as FHIR writes it (`W/"3"`).

use crate::exchange::refusal::{Refusal, Refused};

/// The `ETag` of a version.
pub(super) fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// The version that `If-Match` names, if it is there.
pub(super) fn if_match(header: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(header) = header else { return Ok(None) };
    let tag = header.trim();
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let version =
        quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|text| is_number(text));
    match version.and_then(|text| text.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Refusal::new(
            Refused::BadRequest,
            "value",
            "If-Match",
            "Send the ETag that you were given, as in W/\"3\"; one, and not *.",
        )),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
