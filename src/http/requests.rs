//! `POST /justice/requests`: an agency asks the liaison and diversion service to see somebody.

use super::call::{Call, Outcome};

pub(super) async fn take_request(call: Call) -> Outcome {
    let key = call.header("idempotency-key")?.unwrap_or_default();
    call.gateway.exchange.take_request(call.caller()?, key, &call.body).await
}
