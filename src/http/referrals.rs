//! `/referrals/{id}`: follow a referral, and move it.

use super::{
    call::{Call, Outcome},
    version,
};

pub(super) async fn read_referral(call: Call) -> Outcome {
    call.gateway.exchange.read_referral(call.caller()?, call.path("id")?).await
}

pub(super) async fn read_referral_audit(call: Call) -> Outcome {
    call.gateway.exchange.read_referral_audit(call.caller()?, call.path("id")?).await
}

pub(super) async fn list_actions(call: Call) -> Outcome {
    call.gateway.exchange.list_actions(call.caller()?, call.path("id")?).await
}

pub(super) async fn act(call: Call) -> Outcome {
    let if_match = version::if_match(call.header("if-match")?)?;
    let (referral, action) = (call.path("id")?, call.path("action")?);
    call.gateway.exchange.act(call.caller()?, referral, action, if_match, &call.body).await
}
