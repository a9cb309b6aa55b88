//! A community mental health team with a FHIR server: `$process-message` in the manner of BaRS 1.4.0. It echoes
//! at once with its own ids, and later sends its answer as a message of its own. To what it referred itself it takes the answers.

use actix_web::{HttpRequest, HttpResponse, web};
use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Desk, Taken, events::because, header};
use crate::{
    cli::demo::{client::Ask, fixtures::StaffAnswer, office::Office},
    clock::Moment,
    mapping::bars,
};

const FHIR_JSON: &str = "application/fhir+json";
const REQUEST: &str = "servicerequest-request";
const RESPONSE: &str = "servicerequest-response";

/// Takes a message: checks what BaRS has a receiver check, and echoes it with our ids.
pub(super) async fn take(request: HttpRequest, body: web::Bytes, desk: web::Data<Desk>) -> HttpResponse {
    if let Some(refused) = desk.stranger(&request) {
        return refused;
    }
    if let Some(failed) = desk.keep("message", &request, &body) {
        return failed;
    }
    let Some(id) = header(&request, "x-request-id").filter(|id| uuid::Uuid::parse_str(id).is_ok()) else {
        return outcome(400, "REC_BAD_REQUEST", "required", "X-Request-Id, a UUID, is needed.");
    };
    if header(&request, "x-correlation-id").is_none() {
        return outcome(400, "REC_BAD_REQUEST", "required", "X-Correlation-Id is needed.");
    }
    if target(&request).as_deref() != Some(desk.office.agency.organisation_code.as_str()) {
        return outcome(
            404,
            "REC_NOT_FOUND",
            "not-found",
            "NHSD-Target-Identifier does not mean this service.",
        );
    }
    let Some(bundle) = serde_json::from_slice::<Value>(&body).ok().filter(is_taken) else {
        return outcome(
            422,
            "REC_UNPROCESSABLE_ENTITY",
            "structure",
            "A request, or a response that quotes a request, is needed as a message Bundle.",
        );
    };
    if !desk.office.is_new(id) {
        return outcome(409, "REC_CONFLICT", "duplicate", "This message was processed already.");
    }
    desk.hand_on(&request, &body);
    let mut answer = HttpResponse::Ok();
    for name in ["x-request-id", "x-correlation-id"] {
        answer.insert_header((name, header(&request, name).unwrap_or_default()));
    }
    answer.content_type(FHIR_JSON).body(bars::echo(&bundle).to_string())
}

/// Reads a message that was taken, and answers it.
pub(super) async fn read(office: &Office, taken: &Taken) -> Result<()> {
    let bundle: Value = serde_json::from_slice(&taken.body)?;
    if event(&bundle) == Some(RESPONSE) {
        office.tell("hears by a FHIR message how its own referral stands, and files it");
        return Ok(());
    }
    if reason(&bundle) == Some("delete") {
        let referral = referral_id(&bundle).context("the recall names no referral")?;
        return office.answer_recall(referral).await;
    }
    let Some((family, answer)) = office.opinion(&bundle) else {
        office.tell("receives a FHIR message, and files it");
        return Ok(());
    };
    if let Some(id) = referral_id(&bundle) {
        office.remember(id, family);
    }
    let offer = answer.appointment.as_ref().map(|a| format!(", with an appointment at {}", a.place));
    office.tell(&format!(
        "receives a FHIR message and says: {}{}{}",
        answer.say,
        offer.unwrap_or_default(),
        because(answer.reason.as_deref())
    ));
    let message = response(office, &bundle, answer)?;
    let ask = Ask::post("/fhir/$process-message", &message)
        .header("content-type", FHIR_JSON)
        .header("accept", FHIR_JSON)
        .header("x-request-id", office.mint.uuid())
        .header("x-correlation-id", &taken.correlation_id);
    office.send_in("answer-to-message", ask).await?.success("answering the referral")?;
    Ok(())
}

/// For whom the message is, as `system|value`.
fn target(request: &HttpRequest) -> Option<String> {
    let named: Value =
        serde_json::from_slice(&STANDARD.decode(header(request, "nhsd-target-identifier")?).ok()?).ok()?;
    Some(format!("{}|{}", named.get("system")?.as_str()?, named.get("value")?.as_str()?))
}

/// Whether it is a message that a service takes which refers and is referred to. Who refers hosts `$process-message` for the
/// answers too; an answer says to which of its messages.
fn is_taken(bundle: &Value) -> bool {
    let quotes = || bundle.pointer("/entry/0/resource/response/identifier").is_some_and(Value::is_string);
    bundle.get("type").and_then(Value::as_str) == Some("message")
        && match event(bundle) {
            Some(REQUEST) => true,
            Some(RESPONSE) => quotes(),
            _ => false,
        }
}

fn event(bundle: &Value) -> Option<&str> {
    bundle.pointer("/entry/0/resource/eventCoding/code")?.as_str()
}

fn reason(bundle: &Value) -> Option<&str> {
    bundle.pointer("/entry/0/resource/reason/coding/0/code")?.as_str()
}

/// The gateway's id of the referral: the ServiceRequest's identifier.
fn referral_id(bundle: &Value) -> Option<&str> {
    resource(bundle, "ServiceRequest")?.pointer("/identifier/0/value")?.as_str()
}

fn resource<'a>(bundle: &'a Value, kind: &str) -> Option<&'a Value> {
    entry(bundle, kind)?.get("resource")
}

fn entry<'a>(bundle: &'a Value, kind: &str) -> Option<&'a Value> {
    let entries = bundle.get("entry")?.as_array()?;
    entries.iter().find(|e| e.pointer("/resource/resourceType").and_then(Value::as_str) == Some(kind))
}

/// The later answer: `servicerequest-response`, sender and receiver swapped, the first Bundle's id quoted.
fn response(office: &Office, request: &Value, said: &StaffAnswer) -> Result<Value> {
    let (bundle_id, at) = (office.mint.uuid(), office.mint.clock().now());
    let reply = bars::Reply { bundle_id: &bundle_id, at };
    let answer = match said.say.as_str() {
        "accept" => {
            let offer = said.appointment.as_ref().map(|offer| {
                let start = Moment::from_rfc3339(&offer.start).context("the appointment has no time")?;
                Ok::<_, anyhow::Error>(bars::Appointment {
                    start,
                    end: start.plus_seconds(3600),
                    place: &offer.place,
                })
            });
            bars::response_accepted(request, &reply, offer.transpose()?.as_ref())
        }
        "decline" => {
            let (reason, words) = (said.reason.as_deref().unwrap_or("other"), said.comment.as_deref());
            bars::response_rejected(
                request,
                &reply,
                reason,
                words.or(said.reason.as_deref()).unwrap_or_default(),
            )
        }
        other => bail!("a FHIR receiver does not know how to say {other}"),
    };
    answer.context("what came in is no message that can be answered")
}

fn outcome(status: u16, code: &str, issue: &str, text: &str) -> HttpResponse {
    let body = json!({
        "resourceType": "OperationOutcome",
        "issue": [{
            "severity": "error",
            "code": issue,
            "details": {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/http-error-codes", "code": code}]},
            "diagnostics": text,
        }],
    });
    let status = actix_web::http::StatusCode::from_u16(status)
        .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).content_type(FHIR_JSON).body(body.to_string())
}
