//! What a recipient fetches beside a message: `GET /justice/sheets/{id}`, the sheet that an event points to, and
//! `GET /documents/{id}`, the trusted assessment of a referral to a health service. Consent is asked when it is fetched.

use super::call::{Call, Outcome};

pub(super) async fn collect_sheet(call: Call) -> Outcome {
    call.gateway.exchange.collect_sheet(call.caller()?, call.path("id")?).await
}

pub(super) async fn collect_document(call: Call) -> Outcome {
    call.gateway.exchange.collect_document(call.caller()?, call.path("id")?).await
}
