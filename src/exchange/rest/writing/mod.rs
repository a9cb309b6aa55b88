//! Changing by REST what the workflow lets one change: each is one move of a referral, or one statement of a consent, by
//! the same way as the native routes take. A body says what should be; what differs from what stands, and is not part of
//! a move, is refused by its name.

mod appointment;
mod communication;
mod consent;
mod kept;
mod task;

use serde_json::{Map, Value, json};

use super::{included::may_read, kinds::Kind, shown::Look};
use crate::{
    exchange::{
        Answer, Exchange,
        caller::Caller,
        idempotency::Ticket,
        message::leniency,
        ports::{Precondition, Write},
        refusal::{Issue, Refusal, Refused},
        rows::ReferralRow,
        submit::read_json,
    },
    fhir::outcome::PROFILES,
    mapping::inbound::READ_BY_NAME,
    profile::{Severity, check::Ask},
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

impl Returning {
    /// What the answer to `caller` may hold: to write a resource is not to read it.
    fn to(self, caller: &Caller, kind: &Kind) -> Self {
        if self == Self::Representation && !may_read(caller, kind) { Self::Minimal } else { self }
    }
}

/// What is made, and what a repeat of its request is recognised by.
struct Keeping<'a> {
    kind: &'static Kind,
    ticket: Option<&'a Ticket>,
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
        let returning = terms.returning.to(caller, kind);
        let body = self.resource(caller, kind, body, Some(id)).await?;
        let (id, status) = match kind.name {
            "Task" => (self.update_task(caller, kind, id, terms, &body).await?, 200),
            "Appointment" => (self.update_appointment(caller, kind, id, terms, &body).await?, 200),
            "Consent" => self.update_consent(caller, kind, id, terms, &body).await?,
            _ => return Err(Refusal::internal()),
        };
        let answer = self.read_resource(caller, kind, &id, None).await?;
        Ok(returned(answer, status, returning))
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
        let returning = terms.returning.to(caller, kind);
        let value = self.resource(caller, kind, body, None).await?;
        let ticket = match &terms.idempotency_key {
            Some(key) => Some(Ticket::new(key, kind.name, body)?),
            None => None,
        };
        if let Some(first) = self.made_before(caller, kind, ticket.as_ref()).await? {
            let status = first.status;
            return Ok(returned(first, status, returning));
        }
        if let Some(search) = &terms.if_none_exist
            && let Some(there) = self.existing(caller, kind, search).await?
        {
            return Ok(returned(there, 200, returning));
        }
        let keeping = Keeping { kind, ticket: ticket.as_ref() };
        let made = match kind.name {
            "Communication" => self.create_communication(caller, &keeping, &value).await.map(|id| (id, 201)),
            "Appointment" => self.create_appointment(caller, &keeping, &value).await.map(|id| (id, 201)),
            "Consent" => self.create_consent(caller, &keeping, &value).await,
            _ => Err(Refusal::internal()),
        };
        let (id, status) = match made {
            Ok(made) => made,
            // Of two repeats at once, the later one meets what the first one made.
            Err(refusal) => {
                let first = self.made_before(caller, kind, ticket.as_ref()).await?.ok_or(refusal)?;
                let status = first.status;
                return Ok(returned(first, status, returning));
            }
        };
        let answer = self.read_resource(caller, kind, &id, None).await?;
        // What stands already was not made, and its place is not that of something new.
        let answer = if status == 201 { placed(answer, kind) } else { answer };
        Ok(returned(answer, status, returning))
    }

    /// What a repeat made the first time, as it was then, when it came before. It is read anew, so that a repeat is one
    /// more look; what may not be seen any more is said to have been made, and not shown.
    async fn made_before(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        ticket: Option<&Ticket>,
    ) -> Result<Option<Answer>, Refusal> {
        let Some(ticket) = ticket else { return Ok(None) };
        let Some(kept) = self.first_answer(caller, ticket).await? else { return Ok(None) };
        let kept = placed(kept, kind);
        let made: Value = serde_json::from_slice(&kept.body).unwrap_or_default();
        let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str);
        let (id, version) = text("/id").zip(text("/meta/versionId")).ok_or_else(Refusal::internal)?;
        let body = match self.read_resource(caller, kind, id, Some(version)).await {
            Ok(answer) => answer.body,
            Err(refusal) if matches!(refusal.class, Refused::NotFound | Refused::Gone) => Vec::new(),
            Err(refusal) => return Err(refusal),
        };
        Ok(Some(Answer { body, ..kept }))
    }

    /// The write and the precondition by which a repeat will find what is made: its id and version, in the same commit as
    /// itself.
    fn keep_made(
        &self,
        caller: &Caller,
        keeping: &Keeping<'_>,
        id: &str,
        version: i64,
        status: u16,
    ) -> Option<(Write, Precondition)> {
        let ticket = keeping.ticket?;
        let made = json!({
            "resourceType": keeping.kind.name, "id": id, "meta": {"versionId": version.to_string()},
        });
        let kept = self.keep_answer(caller, ticket, &Answer::json(status, &made), self.now());
        Some((kept, ticket.precondition(caller)))
    }

    /// The body, when it is a resource of this kind in which FHIR finds nothing wrong: everything that is wrong otherwise.
    /// A changed resource has the id of its `path` (R4: 400 otherwise) and names the profiles of what was read, whose rules
    /// bind only what comes out of the change.
    async fn resource(
        &self,
        caller: &Caller,
        kind: &Kind,
        body: &[u8],
        path: Option<&str>,
    ) -> Result<Value, Refusal> {
        let value = read_json(body)?;
        if path.is_some_and(|id| value.get("id").and_then(Value::as_str) != Some(id)) {
            let place = format!("{}.id", kind.name);
            return Err(Refusal::new(
                Refused::BadRequest,
                "value",
                place,
                "The id of the path is needed here.",
            ));
        }
        if value.get("resourceType").and_then(Value::as_str) != Some(kind.name) {
            return Err(wrong("value", kind, "resourceType", "A resource of this type is needed here."));
        }
        let sender = self.store.partner(&caller.site_id, &caller.partner_id).await?;
        let forgives = sender.as_ref().map(leniency).unwrap_or_default();
        let mut value = self.fhir.as_meant(&value, forgives, &READ_BY_NAME).resource;
        refer_within(&mut value, &format!("{}/fhir/", self.base_url));
        let mut judged = value.clone();
        if let Some(meta) = judged.get_mut("meta").and_then(Value::as_object_mut).filter(|_| path.is_some()) {
            meta.remove("profile");
        }
        let findings = self.fhir.check(&judged, &Ask { forgives, ..Ask::at(self.now().0) });
        let issues: Vec<Issue> =
            findings.into_iter().filter(|found| found.severity == Severity::Error).map(Issue::from).collect();
        if issues.is_empty() { Ok(value) } else { Err(Refusal::with_issues(Refused::Unprocessable, issues)) }
    }

    /// The one resource that a conditional create finds. More than one is no condition that can be kept.
    async fn existing(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        search: &[(String, String)],
    ) -> Result<Option<Answer>, Refusal> {
        let asked = self.understood(kind, search, true)?;
        if asked.filters.is_empty() {
            let text = "Say by which parameters what may be there already is known.";
            return Err(Refusal::new(Refused::BadRequest, "required", "If-None-Exist", text));
        }
        let mut page = self.page(caller, &asked, None).await?;
        match page.shown.as_mut_slice() {
            [] => Ok(None),
            [one] => {
                // Who may write and not read is told that it is there, and nothing of it.
                if !may_read(caller, kind) {
                    return Ok(Some(Answer::fhir(200, &Value::Null)));
                }
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

/// What is referred to by its whole address here is the same as by `Type/id`.
fn refer_within(value: &mut Value, here: &str) {
    match value {
        Value::Object(fields) => {
            for (name, below) in fields {
                match below {
                    Value::String(reference) if name == "reference" => {
                        if let Some(within) = reference.strip_prefix(here) {
                            *reference = within.to_owned();
                        }
                    }
                    _ => refer_within(below, here),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer_within(item, here)),
        _ => {}
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

fn wrong(code: &'static str, kind: &Kind, field: &str, text: impl Into<String>) -> Refusal {
    Refusal::new(Refused::Unprocessable, code, format!("{}.{field}", kind.name), text)
}

/// An issue for every field that differs from what stands and is not one of those that a move is read from. What is sent
/// in those, and is then not kept, is for `kept` to find.
fn check_rest(kind: &Kind, stands: &Value, body: &Value, read: &[&str]) -> Result<(), Refusal> {
    let empty = Map::new();
    let (stands, body) = (stands.as_object().unwrap_or(&empty), body.as_object().unwrap_or(&empty));
    let free = |field: &str| field == "meta" || read.contains(&field);
    let issues: Vec<Issue> = stands
        .keys()
        .chain(body.keys().filter(|field| !stands.contains_key(*field)))
        .filter(|field| !free(field) && stands.get(*field) != body.get(*field))
        .map(|field| {
            let place = kept::expression(kind, &format!("/{field}"));
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
            answer.body = json!({
                "resourceType": "OperationOutcome",
                "meta": {"profile": PROFILES},
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
