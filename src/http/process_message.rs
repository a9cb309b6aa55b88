//! `POST /fhir/$process-message`: a BaRS-style message in.

use super::{
    call::{Call, Outcome},
    trace_ids::required_uuids,
};

pub(super) async fn process_message(call: Call) -> Outcome {
    let request_id = required_uuids(&call)?;
    call.gateway.exchange.process_message(call.caller()?, &request_id, &call.body).await
}
