//! `POST /fhir/$process-message`: a BaRS-style message in.

use super::{
    bars_head,
    call::{Call, Outcome},
};

pub(super) async fn process_message(call: Call) -> Outcome {
    let head = bars_head::read(&call)?;
    call.gateway.exchange.process_message(call.caller()?, &head, &call.body).await
}
