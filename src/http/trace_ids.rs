//! `X-Request-Id` and `X-Correlation-Id`: taken when they are well formed, made otherwise, always given back.

use actix_web::http::header::HeaderMap;

use crate::ids::Mint;

/// The header for one request: unchanged when the same message is sent again.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// The header for a whole conversation.
pub(super) const CORRELATION_ID: &str = "x-correlation-id";
/// Longest id that is taken, in bytes.
const ID_MAX_BYTES: usize = 64;

/// The two ids of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceIds {
    pub(super) request: String,
    pub(super) correlation: String,
}

impl TraceIds {
    /// The request id as a log may hold it: a caller's own word that is no UUID could be anything.
    pub(super) fn for_log(&self) -> &str {
        if is_uuid(&self.request) { &self.request } else { "-" }
    }

    pub(super) fn read(headers: &HeaderMap, mint: &Mint) -> Self {
        let taken = |name: &str| header(headers, name).filter(|id| is_plain(id)).map(str::to_owned);
        Self {
            request: taken(REQUEST_ID).unwrap_or_else(|| mint.uuid()),
            correlation: taken(CORRELATION_ID).unwrap_or_else(|| mint.uuid()),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

fn is_plain(id: &str) -> bool {
    id.len() <= ID_MAX_BYTES
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

pub(super) fn is_uuid(id: &str) -> bool {
    id.len() == 36 && uuid::Uuid::try_parse(id).is_ok()
}
