//! `/ig`: the questions of an information governance officer. Each is answered by what answers the commands, and is on record
//! before it is; what is personal is never in an address.

use serde::Serialize;
use serde_json::json;

use super::call::{Call, Outcome};
use crate::{
    clock::Moment,
    exchange::{
        Answer,
        caller::OfficerCaller,
        ig::{ReviewAsked, Supposed, WhatIf, register::register, who_saw_asked},
        refusal::{Refusal, Refused},
    },
    ids::{ConsentId, DisclosureId, PartnerId, PersonId, ReferralId},
};

pub(super) async fn who_saw(call: Call) -> Outcome {
    let (subject, between) = who_saw_asked(&call.body)?;
    let OfficerCaller { site_id, officer } = call.officer()?;
    Ok(told(&call.gateway.exchange.who_saw(site_id, officer, &subject, between).await?))
}

pub(super) async fn why(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let (referral, disclosure) = (call.query("referral"), call.query("disclosure"));
    let exchange = &call.gateway.exchange;
    match (referral, disclosure) {
        (Some(_), None) => {
            let referral = id(&call, "referral", ReferralId::parse)?;
            Ok(told(&exchange.why_referral(site_id, officer, &referral).await?))
        }
        (None, Some(_)) => {
            let disclosure = id(&call, "disclosure", DisclosureId::parse)?;
            Ok(told(&exchange.why_disclosed(site_id, officer, &disclosure).await?))
        }
        _ => Err(wrong("required", "query", "Say of what, by one of referral and disclosure.")),
    }
}

pub(super) async fn relied_on(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let consent = id(&call, "consent", ConsentId::parse)?;
    Ok(told(&call.gateway.exchange.relied_on(site_id, officer, &consent).await?))
}

pub(super) async fn recalls(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let open = is_asked(&call, "open")?;
    Ok(told(&call.gateway.exchange.recalls(site_id, officer, open).await?))
}

pub(super) async fn overrides(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let unreviewed = is_asked(&call, "unreviewed")?;
    Ok(told(&call.gateway.exchange.overrides(site_id, officer, unreviewed).await?))
}

pub(super) async fn review(call: Call) -> Outcome {
    let asked = ReviewAsked::read(&call.body)?;
    let OfficerCaller { site_id, officer } = call.officer()?;
    let referral = ReferralId::parse(call.path("id")?).ok_or_else(Refusal::not_found)?;
    Ok(told(&call.gateway.exchange.review_override(site_id, officer, &referral, &asked.review()).await?))
}

/// `?format=` json, csv or markdown.
pub(super) async fn flows(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let format = call.query("format").unwrap_or("json");
    if !["json", "csv", "markdown"].contains(&format) {
        return Err(wrong("value", "format", "Must be json, csv or markdown."));
    }
    let flows = call.gateway.exchange.flows(site_id, officer).await?;
    Ok(match format {
        "csv" => text("text/csv; charset=utf-8; header=present", register(&flows.flows).csv()),
        "markdown" => {
            let heading = format!("Flows at {}\n\n", flows.at);
            text("text/markdown; charset=utf-8", heading + &register(&flows.flows).markdown())
        }
        _ => told(&flows),
    })
}

pub(super) async fn looks(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let since = moment(&call, "since")?.unwrap_or(Moment(i64::MIN));
    let until = moment(&call, "until")?.unwrap_or(Moment(i64::MAX));
    Ok(told(&call.gateway.exchange.looks(site_id, officer, (since, until)).await?))
}

pub(super) async fn explain(call: Call) -> Outcome {
    let OfficerCaller { site_id, officer } = call.officer()?;
    let person = id(&call, "person", PersonId::parse)?;
    let recipient = id(&call, "recipient", PartnerId::parse)?;
    let on_behalf_of = optional(&call, "on-behalf-of", PartnerId::parse)?;
    let what_if = match call.query("what-if") {
        None => None,
        Some(text) => Some(
            WhatIf::parse(text)
                .ok_or_else(|| wrong("value", "what-if", "Must be revoke:CONSENT or agreement:AGREEMENT."))?,
        ),
    };
    let supposed = Supposed {
        person: &person,
        recipient: &recipient,
        on_behalf_of: on_behalf_of.as_ref(),
        as_of: moment(&call, "as-of")?,
        what_if: what_if.as_ref(),
    };
    Ok(told(&call.gateway.exchange.explain_consent(site_id, officer, &supposed).await?))
}

fn told<T: Serialize>(answer: &T) -> Answer {
    Answer::json(200, &json!(answer))
}

fn text(content_type: &'static str, body: String) -> Answer {
    Answer { content_type, body: body.into_bytes(), ..Answer::json(200, &json!(null)) }
}

fn wrong(code: &'static str, place: &'static str, text: &str) -> Refusal {
    Refusal::new(Refused::BadRequest, code, place, text)
}

fn is_asked(call: &Call, name: &'static str) -> Result<bool, Refusal> {
    match call.query(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(wrong("value", name, "Must be true or false.")),
    }
}

fn optional<T>(call: &Call, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    match call.query(name) {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| wrong("value", name, "This is not such an id.")),
    }
}

fn id<T>(call: &Call, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<T, Refusal> {
    optional(call, name, parse)?.ok_or_else(|| wrong("required", name, "This is needed."))
}

fn moment(call: &Call, name: &'static str) -> Result<Option<Moment>, Refusal> {
    let told = "Must be a date-time with an offset, as in 2026-11-23T09:00:00Z.";
    call.query(name)
        .map(|text| Moment::from_rfc3339(text).ok_or_else(|| wrong("value", name, told)))
        .transpose()
}
