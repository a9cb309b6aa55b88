//! The doors at which requests to the liaison and diversion service come in: `exchange::request::Door`.

use super::call::{Call, Outcome};
use crate::exchange::request::Door;

pub(super) async fn take_request(call: Call, door: Door) -> Outcome {
    let key = call.header("idempotency-key")?.unwrap_or_default();
    call.gateway.exchange.take_request(call.caller()?, door, key, &call.body).await
}
