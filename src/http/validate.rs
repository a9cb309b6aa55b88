//! `POST /fhir/{type}/$validate`: what the gateway would say of a resource, without taking it.

use super::call::{Call, Outcome};

pub(super) fn validate(call: &Call) -> Outcome {
    call.gateway.exchange.validate(call.path("type")?, call.query("profile"), &call.body)
}
