//! `GET /justice/sheets/{id}`: the sheet that an event points to. Consent is asked when it is fetched.

use super::call::{Call, Outcome};

pub(super) async fn collect_sheet(call: Call) -> Outcome {
    call.gateway.exchange.collect_sheet(call.caller()?, call.path("id")?).await
}
