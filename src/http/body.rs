//! Reads a body to its end within its limit and its time. What is too large is thrown away as it comes, never kept.

use std::time::Duration;

use actix_web::{
    error::PayloadError,
    http::header::{CONTENT_LENGTH, HeaderMap},
    web,
};
use futures_util::StreamExt as _;

use crate::{
    exchange::refusal::{Refusal, Refused},
    limits::{BODY_DRAIN_MAX_BYTES, BODY_DRAIN_SECONDS, BODY_MAX_BYTES},
};

/// The whole body, or why not.
pub(super) async fn read(headers: &HeaderMap, payload: &mut web::Payload) -> Result<Vec<u8>, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_MAX_BYTES) {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(BODY_MAX_BYTES));
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error| broken_off(&error))?;
        if body.len().saturating_add(piece.len()) > BODY_MAX_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Lets the rest of a refused body run out, so that the caller hears the answer and not a broken connection. Keeps
/// nothing, and gives up on a body that never ends.
pub(super) async fn drain(payload: &mut web::Payload) {
    let all = async {
        let mut seen = 0_usize;
        while let Some(Ok(piece)) = payload.next().await {
            seen = seen.saturating_add(piece.len());
            if seen > BODY_DRAIN_MAX_BYTES {
                return;
            }
        }
    };
    let _unread_is_fine = tokio::time::timeout(Duration::from_secs(BODY_DRAIN_SECONDS), all).await;
}

fn too_large() -> Refusal {
    Refusal::new(
        Refused::TooLarge,
        "too-long",
        "",
        format!("A body may have at most {BODY_MAX_BYTES} bytes. Attachments are not taken."),
    )
}

fn broken_off(error: &PayloadError) -> Refusal {
    let text = match error {
        PayloadError::Incomplete(_) => "The body broke off before its end.",
        _ => "The body could not be read.",
    };
    Refusal::new(Refused::BadRequest, "structure", "", text)
}
