//! Reading and searching FHIR resources: `/fhir/{Type}`.

use actix_web::web;

use super::{
    call::{Call, Outcome},
    prefer::Preferences,
    routes::Interaction,
};
use crate::exchange::{
    refusal::{Refusal, Refused},
    rest::Kind,
};

/// `GET /fhir/{Type}/{id}` and `GET /fhir/{Type}/{id}/_history/{version}`.
pub(super) async fn read(call: Call) -> Outcome {
    if call.query("_format").is_some_and(|format| !format.to_ascii_lowercase().contains("json")) {
        let text = "Only JSON is offered.";
        return Err(Refusal::new(Refused::NotAcceptable, "not-supported", "_format", text));
    }
    let (kind, version) = match call.route.fhir {
        Some(Interaction::Read(name)) => (name, None),
        Some(Interaction::Vread(name)) => (name, Some(call.path("version")?)),
        _ => return Err(Refusal::internal()),
    };
    let kind = Kind::named(kind).ok_or_else(Refusal::internal)?;
    call.gateway.exchange.read_resource(call.caller()?, kind, call.path("id")?, version).await
}

/// `GET /fhir/{Type}` and `POST /fhir/{Type}/_search`, whose form counts as the address does.
pub(super) async fn search(call: Call) -> Outcome {
    let kind = call.route.searches.ok_or_else(Refusal::internal)?;
    let strict = Preferences::read(&call)?.strict;
    let mut pairs = call.query.clone();
    if matches!(call.route.fhir, Some(Interaction::SearchByForm(_))) {
        let form = std::str::from_utf8(&call.body).ok();
        let form = form.and_then(|text| web::Query::<Vec<(String, String)>>::from_query(text).ok());
        let form = form.ok_or_else(|| {
            Refusal::new(Refused::BadRequest, "structure", "", "The form cannot be read: send UTF-8.")
        })?;
        pairs.extend(form.into_inner());
    }
    call.gateway.exchange.search_resources(call.caller()?, kind, &pairs, strict).await
}
