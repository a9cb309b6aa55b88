//! Reading, searching and changing FHIR resources: `/fhir/{Type}`.

use super::{
    call::{Call, Outcome},
    form,
    prefer::Preferences,
    routes::Interaction,
    version,
};
use crate::exchange::{
    refusal::{Refusal, Refused},
    rest::{Kind, Terms},
};

/// `GET /fhir/{Type}/{id}` and `GET /fhir/{Type}/{id}/_history/{version}`.
pub(super) async fn read(call: Call) -> Outcome {
    let (kind, version) = match call.route.fhir {
        Some(Interaction::Read(name)) => (name, None),
        Some(Interaction::Vread(name)) => (name, Some(call.path("version")?)),
        _ => return Err(Refusal::internal()),
    };
    let kind = Kind::named(kind).ok_or_else(Refusal::internal)?;
    call.gateway.exchange.read_resource(call.caller()?, kind, id(&call)?, version).await
}

/// `GET /fhir/{Type}` and `POST /fhir/{Type}/_search`.
pub(super) async fn search(call: Call) -> Outcome {
    let kind = call.route.searches.ok_or_else(Refusal::internal)?;
    let strict = Preferences::read(&call)?.strict;
    let by_form = matches!(call.route.fhir, Some(Interaction::SearchByForm(_)));
    call.gateway.exchange.search_resources(call.caller()?, kind, &call.query, strict, by_form).await
}

/// The id that the path names. What begins as no id can is another interaction of FHIR, which is not offered.
pub(super) fn id(call: &Call) -> Result<&str, Refusal> {
    let id = call.path("id")?;
    if id.starts_with(['_', '$']) {
        let text = "This interaction is not offered. GET /fhir/metadata says which are.";
        return Err(Refusal::new(Refused::NotFound, "not-supported", "", text));
    }
    Ok(id)
}

/// `POST /fhir/{Type}`.
pub(super) async fn create(call: Call) -> Outcome {
    let Some(Interaction::Create(name)) = call.route.fhir else { return Err(Refusal::internal()) };
    let kind = Kind::named(name).ok_or_else(Refusal::internal)?;
    let if_none_exist = match call.header("if-none-exist")? {
        None => None,
        Some(text) => {
            let text = text.strip_prefix('?').unwrap_or(text);
            Some(form::pairs(text, &[], "If-None-Exist")?)
        }
    };
    let terms = Terms {
        if_match: None,
        if_none_exist,
        idempotency_key: call.header("idempotency-key")?.map(str::to_owned),
        returning: Preferences::read(&call)?.returning,
    };
    call.gateway.exchange.create_resource(call.caller()?, kind, &terms, &call.body).await
}

/// `PUT /fhir/{Type}/{id}`.
pub(super) async fn update(call: Call) -> Outcome {
    let Some(Interaction::Update(name)) = call.route.fhir else { return Err(Refusal::internal()) };
    let kind = Kind::named(name).ok_or_else(Refusal::internal)?;
    let terms = Terms {
        if_match: version::if_match(call.header("if-match")?)?,
        returning: Preferences::read(&call)?.returning,
        ..Terms::default()
    };
    call.gateway.exchange.update_resource(call.caller()?, kind, id(&call)?, &terms, &call.body).await
}
