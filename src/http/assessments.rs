//! `POST /assessments`: one assessment in, or with `?adapter=NAME` a service's own form; `?dry-run=true` answers with the
//! plan and keeps nothing.
//! `POST /assessments/{id}/amend`: another version of it, with a dry run too.

use super::{
    call::{Call, Outcome},
    media,
};
use crate::exchange::refusal::{Refusal, Refused};

pub(super) async fn submit_assessment(call: Call) -> Outcome {
    let dry_run = call.is_dry_run()?;
    let key = call.header("idempotency-key")?.unwrap_or_default();
    let (exchange, caller) = (&call.gateway.exchange, call.caller()?);
    if let Some(adapter) = call.query("adapter") {
        return exchange.submit_form(caller, key, adapter, &call.body, dry_run).await;
    }
    if !media::is_json(call.header("content-type")?) {
        let text = "Send application/json in UTF-8. With ?adapter=NAME a form of your own, also as text/csv.";
        return Err(Refusal::new(Refused::UnsupportedMediaType, "not-supported", "Content-Type", text));
    }
    exchange.submit_assessment(caller, key, &call.body, dry_run).await
}

pub(super) async fn amend_assessment(call: Call) -> Outcome {
    let key = call.header("idempotency-key")?.unwrap_or_default();
    let dry_run = call.is_dry_run()?;
    call.gateway.exchange.amend_assessment(call.caller()?, call.path("id")?, key, &call.body, dry_run).await
}
