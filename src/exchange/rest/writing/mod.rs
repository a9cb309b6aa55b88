//! Changing by REST what the workflow lets one change: each is one move of a referral, or one statement of a consent, by
//! the same way as the native routes take. A body says what should be; what differs from what stands, and is not part of
//! a move, is refused by its name.

mod appointment;
mod communication;
mod consent;
mod task;

use serde_json::{Map, Value};

use super::{asked::Asked, kinds::Kind, shown::Look};
use crate::exchange::{
    Answer, Exchange,
    caller::Caller,
    idempotency::Ticket,
    refusal::{Issue, Refusal, Refused},
    rows::ReferralRow,
    submit::read_json,
};

/// What a write comes with beside its body.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The version of `If-Match`.
    pub if_match: Option<i64>,
    /// The search of `If-None-Exist`.
    pub if_none_exist: Option<Vec<(String, String)>>,
    /// The `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// What the answer holds.
    pub returning: Returning,
}

/// `Prefer: return=…`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returning {
    /// The resource as it now stands.
    #[default]
    Representation,
    /// Nothing.
    Minimal,
    /// What became of it.
    OperationOutcome,
}

impl Exchange {
    /// `PUT /fhir/{Type}/{id}`, guarded by `If-Match`.
    pub async fn update_resource(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        terms: &Terms,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let body = resource(kind, body)?;
        if body.get("id").and_then(Value::as_str) != Some(id) {
            return Err(wrong("value", kind, "id", "The id of the path is needed here."));
        }
        let (id, status) = match kind.name {
            "Task" => (self.update_task(caller, kind, id, terms, &body).await?, 200),
            "Appointment" => (self.update_appointment(caller, kind, id, terms, &body).await?, 200),
            "Consent" => self.update_consent(caller, kind, id, terms, &body).await?,
            _ => return Err(Refusal::internal()),
        };
        let answer = self.read_resource(caller, kind, &id, None).await?;
        Ok(returned(answer, status, terms.returning))
    }

    /// `POST /fhir/{Type}`. A repeat under the same `Idempotency-Key` gets the first answer; with `If-None-Exist`, what is
    /// there already is answered instead.
    pub async fn create_resource(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        terms: &Terms,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let value = resource(kind, body)?;
        let ticket = match &terms.idempotency_key {
            Some(key) => Some(Ticket::new(key, kind.name, body)?),
            None => None,
        };
        if let Some(ticket) = &ticket
            && let Some(first) = self.first_answer(caller, ticket).await?
        {
            return Ok(returned(placed(first, kind), 201, terms.returning));
        }
        if let Some(search) = &terms.if_none_exist
            && let Some(there) = self.existing(caller, kind, search).await?
        {
            return Ok(returned(there, 200, terms.returning));
        }
        let id = match kind.name {
            "Communication" => self.create_communication(caller, kind, &value).await?,
            "Appointment" => self.create_appointment(caller, kind, &value).await?,
            "Consent" => self.create_consent(caller, kind, &value).await?,
            _ => return Err(Refusal::internal()),
        };
        let answer = self.read_resource(caller, kind, &id, None).await?;
        if let Some(ticket) = &ticket {
            let kept = Answer { status: 201, ..answer.clone() };
            let write = self.keep_answer(caller, ticket, &kept, self.now());
            // What was made stands; that its repeat would be made again is told by what it would meet then.
            if let Err(error) = self.commit(vec![write], vec![ticket.precondition(caller)]).await {
                tracing::warn!(error = %error, "the answer to a create could not be kept for its repeat");
            }
        }
        Ok(returned(placed(answer, kind), 201, terms.returning))
    }

    /// The one resource that a conditional create finds. More than one is no condition that can be kept.
    async fn existing(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        search: &[(String, String)],
    ) -> Result<Option<Answer>, Refusal> {
        let asked = Asked::read(kind, search, true, &format!("{}/fhir", self.base_url))?;
        if asked.filters.is_empty() {
            let text = "Say by which parameters what may be there already is known.";
            return Err(Refusal::new(Refused::BadRequest, "required", "If-None-Exist", text));
        }
        let mut page = self.page(caller, &asked, None).await?;
        match page.shown.as_mut_slice() {
            [] => Ok(None),
            [one] => {
                self.record(std::slice::from_mut(one), Vec::new()).await?;
                Ok(Some(one.answer(200)))
            }
            _ => Err(Refusal::new(
                Refused::PreconditionFailed,
                "multiple-matches",
                "If-None-Exist",
                "More than one resource is what this describes.",
            )),
        }
    }

    /// The referral that a write is about, at the version that the caller read.
    async fn referral_to_change(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        terms: &Terms,
    ) -> Result<ReferralRow, Refusal> {
        let row = self.referral_seen(caller, kind, id).await?;
        check_version(terms, row.version)?;
        Ok(row)
    }
}

/// `If-Match` is there and names the version that stands.
fn check_version(terms: &Terms, version: i64) -> Result<(), Refusal> {
    match terms.if_match {
        None => Err(Refusal::new(
            Refused::PreconditionRequired,
            "required",
            "If-Match",
            "Send the ETag of the resource as you last read it.",
        )),
        Some(known) if known == version => Ok(()),
        Some(_) => Err(Refusal::new(
            Refused::PreconditionFailed,
            "conflict",
            "If-Match",
            "The resource has changed since. Read it again.",
        )),
    }
}

/// The body, when it is a resource of this kind.
fn resource(kind: &Kind, body: &[u8]) -> Result<Value, Refusal> {
    let value = read_json(body)?;
    if value.get("resourceType").and_then(Value::as_str) == Some(kind.name) {
        Ok(value)
    } else {
        Err(wrong("value", kind, "resourceType", "A resource of this type is needed here."))
    }
}

fn wrong(code: &'static str, kind: &Kind, field: &str, text: impl Into<String>) -> Refusal {
    Refusal::new(Refused::Unprocessable, code, format!("{}.{field}", kind.name), text)
}

/// An issue for every field that differs from what stands and is not one of those that a move is read from.
fn check_rest(kind: &Kind, stands: &Value, body: &Value, read: &[&str]) -> Result<(), Refusal> {
    let empty = Map::new();
    let (stands, body) = (stands.as_object().unwrap_or(&empty), body.as_object().unwrap_or(&empty));
    let free =
        |field: &str| read.contains(&field) || ["meta", "text", "implicitRules", "language"].contains(&field);
    let issues: Vec<Issue> = stands
        .keys()
        .chain(body.keys().filter(|field| !stands.contains_key(*field)))
        .filter(|field| !free(field) && stands.get(*field) != body.get(*field))
        .map(|field| {
            let place = format!("{}.{}", kind.name, crate::fhir::json::shown(field));
            Issue::new("business-rule", place, "This cannot be changed here: send it as it was read.")
        })
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(Refusal::with_issues(Refused::Unprocessable, issues)) }
}

/// A refusal of the native routes, told with the places of the resource.
fn retold(mut refusal: Refusal, places: &[(&str, &str)]) -> Refusal {
    for issue in &mut refusal.issues {
        if let Some((_, place)) = places.iter().find(|(native, _)| issue.path.starts_with(native)) {
            issue.path = (*place).to_owned();
        }
    }
    refusal
}

/// Where what was made can be read, from its own body.
fn placed(mut answer: Answer, kind: &Kind) -> Answer {
    let made: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str);
    if let (Some(id), Some(version)) = (text("/id"), text("/meta/versionId")) {
        answer.location = Some(format!("/fhir/{}/{id}/_history/{version}", kind.name));
        answer.version = version.parse().ok();
    }
    answer.content_type = "application/fhir+json";
    answer
}

fn returned(mut answer: Answer, status: u16, returning: Returning) -> Answer {
    answer.status = status;
    match returning {
        Returning::Representation => {}
        Returning::Minimal => answer.body.clear(),
        Returning::OperationOutcome => {
            answer.body = serde_json::json!({
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "information", "code": "informational", "diagnostics": "It was taken."}],
            })
            .to_string()
            .into_bytes();
        }
    }
    answer
}

/// The look that reads what a write stands on is part of the write.
const HOW: Look = Look::Read;
