//! What operators ask: does it live, can it work, what does it count.

use serde_json::json;

use super::call::{Call, Outcome, json_answer};
use crate::{
    exchange::{Answer, refusal::Refusal},
    metrics::CONTENT_TYPE,
};

/// `GET /health/live`: the process answers.
pub(super) fn live() -> Answer {
    json_answer(200, "application/json", &json!({"status": "ok"}))
}

/// `GET /health/ready`: whoever may call gets in, what is taken can also be kept, and what is kept is carried.
pub(super) async fn ready(call: Call) -> Outcome {
    let exchange = &call.gateway.exchange;
    exchange.store.healthy().await?;
    let mut missing = (call.gateway.missing)(exchange.mint.clock().now());
    if call.gateway.partners.are_all_taken() {
        missing.push("connections for partners");
    }
    if missing.is_empty() {
        return Ok(json_answer(200, "application/json", &json!({"status": "ok"})));
    }
    tracing::error!(missing = missing.join(","), "the gateway is not ready");
    Err(Refusal::unavailable())
}

/// `GET /metrics`: everything that is counted, in the OpenMetrics text form.
pub(super) async fn metrics(call: Call) -> Outcome {
    let exchange = &call.gateway.exchange;
    let now = exchange.mint.clock().now();
    if let Err(error) = call.gateway.metrics.refresh(exchange.store.as_ref(), now).await {
        tracing::error!(error = %error, "the gauges could not be read from the store");
    }
    call.gateway.metrics.retention(&exchange.retained);
    Ok(Answer {
        status: 200,
        content_type: CONTENT_TYPE,
        body: call.gateway.metrics.encode().into_bytes(),
        version: None,
        location: None,
        repeated: false,
        headers: Vec::new(),
    })
}
