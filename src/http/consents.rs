//! `POST /fhir/Consent/{id}/$revoke`: the person takes a consent back.

use super::call::{Call, Outcome};

pub(super) async fn revoke_consent(call: Call) -> Outcome {
    let dry_run = call.is_dry_run()?;
    call.gateway.exchange.revoke_consent(call.caller()?, call.path("id")?, &call.body, dry_run).await
}
