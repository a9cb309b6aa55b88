//! Reading, searching and changing FHIR resources: `/fhir/{Type}`.

use actix_web::web;

use super::{
    call::{Call, Outcome},
    media,
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
    call.gateway.exchange.read_resource(call.caller()?, kind, call.path("id")?, version).await
}

/// `GET /fhir/{Type}` and `POST /fhir/{Type}/_search`, whose form counts as the address does.
pub(super) async fn search(call: Call) -> Outcome {
    let kind = call.route.searches.ok_or_else(Refusal::internal)?;
    let strict = Preferences::read(&call)?.strict;
    let mut pairs = call.query.clone();
    let by_form = matches!(call.route.fhir, Some(Interaction::SearchByForm(_)));
    if by_form {
        let form = std::str::from_utf8(&call.body).ok();
        let form = form.and_then(|text| web::Query::<Vec<(String, String)>>::from_query(text).ok());
        let form = form.ok_or_else(|| {
            Refusal::new(Refused::BadRequest, "structure", "", "The form cannot be read: send UTF-8.")
        })?;
        pairs.extend(form.into_inner());
    }
    for (_, format) in pairs.iter().filter(|(name, _)| name == "_format") {
        media::check_format(format)?;
    }
    call.gateway.exchange.search_resources(call.caller()?, kind, &pairs, strict, by_form).await
}

/// `POST /fhir/{Type}`.
pub(super) async fn create(call: Call) -> Outcome {
    let Some(Interaction::Create(name)) = call.route.fhir else { return Err(Refusal::internal()) };
    let kind = Kind::named(name).ok_or_else(Refusal::internal)?;
    let if_none_exist = match call.header("if-none-exist")? {
        None => None,
        Some(text) => {
            let text = text.strip_prefix('?').unwrap_or(text);
            let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| {
                let told = "A search is needed here, as in status=active&date=ge2026.";
                Refusal::new(Refused::BadRequest, "value", "If-None-Exist", told)
            })?;
            Some(pairs.into_inner())
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
    call.gateway.exchange.update_resource(call.caller()?, kind, call.path("id")?, &terms, &call.body).await
}
