//! `/log` and receipts: what others need to check the audit log.

use super::call::{Call, Outcome};

pub(super) async fn checkpoint(call: Call) -> Outcome {
    call.gateway.exchange.read_checkpoint().await
}

pub(super) async fn keys(call: Call) -> Outcome {
    call.gateway.exchange.read_log_keys().await
}

pub(super) async fn tile(call: Call) -> Outcome {
    call.gateway.exchange.read_tile(call.path("level")?, call.path("place")?).await
}

pub(super) async fn entries(call: Call) -> Outcome {
    call.gateway.exchange.read_log_entries(call.caller()?, call.path("place")?).await
}

pub(super) async fn receipt(call: Call) -> Outcome {
    call.gateway.exchange.read_receipt(call.caller()?, call.path("id")?).await
}
