//! A community mental health team with a FHIR server: `$process-message` in the manner of BaRS 1.4.0. It echoes
//! at once with its own ids, and later sends its answer as a message of its own.

use actix_web::{HttpRequest, HttpResponse, web};
use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Desk, Taken, events::because, header};
use crate::{
    cli::demo::{
        client::Ask,
        fixtures::StaffAnswer,
        office::{Office, find_text},
    },
    clock::Moment,
};

const FHIR_JSON: &str = "application/fhir+json";
const EVENTS: &str = "https://fhir.nhs.uk/CodeSystem/message-events-bars";
const REASONS: &str = "https://fhir.nhs.uk/CodeSystem/message-reason-bars";
const ANSWER: &str =
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral-short";

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
    let Some(bundle) = serde_json::from_slice::<Value>(&body).ok().filter(is_request) else {
        return outcome(422, "REC_UNPROCESSABLE_ENTITY", "structure", "A message Bundle is needed.");
    };
    if !desk.office.is_new(id) {
        return outcome(409, "REC_CONFLICT", "duplicate", "This message was processed already.");
    }
    desk.hand_on(&request, &body);
    let mut answer = HttpResponse::Ok();
    for name in ["x-request-id", "x-correlation-id"] {
        answer.insert_header((name, header(&request, name).unwrap_or_default()));
    }
    answer.content_type(FHIR_JSON).body(echo(&desk.office, bundle).to_string())
}

/// Reads a message that was taken, and answers it.
pub(super) async fn read(office: &Office, taken: &Taken) -> Result<()> {
    let bundle: Value = serde_json::from_slice(&taken.body)?;
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

fn is_request(bundle: &Value) -> bool {
    let event = bundle.pointer("/entry/0/resource/eventCoding/code").and_then(Value::as_str);
    bundle.get("type").and_then(Value::as_str) == Some("message") && event == Some("servicerequest-request")
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

/// The synchronous answer: the request with our ids in it, and our own Encounter, planned.
fn echo(office: &Office, mut bundle: Value) -> Value {
    let patient = entry(&bundle, "Patient").and_then(|e| e.get("fullUrl")).cloned();
    let planned = encounter(office, "planned", patient.as_ref().and_then(Value::as_str).unwrap_or_default());
    for entry in bundle.get_mut("entry").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(resource) = entry.get_mut("resource").and_then(Value::as_object_mut) {
            resource.insert(String::from("id"), json!(office.mint.uuid()));
        }
    }
    if let Some(entries) = bundle.get_mut("entry").and_then(Value::as_array_mut) {
        entries.push(json!({"fullUrl": format!("urn:uuid:{}", office.mint.uuid()), "resource": planned}));
    }
    bundle
}

fn encounter(office: &Office, status: &str, patient_url: &str) -> Value {
    json!({
        "resourceType": "Encounter",
        "meta": {"lastUpdated": office.mint.clock().now().to_rfc3339()},
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": patient_url},
    })
}

/// The later answer: `servicerequest-response`, sender and receiver swapped, the first Bundle's id quoted.
fn response(office: &Office, request: &Value, said: &StaffAnswer) -> Result<Value> {
    let now = office.mint.clock().now().to_rfc3339();
    let first = request.get("id").and_then(Value::as_str).context("the message has no Bundle.id")?;
    let header = resource(request, "MessageHeader").context("the message has no MessageHeader")?;
    let patient = entry(request, "Patient").context("the message has no Patient")?;
    let patient_url = patient.get("fullUrl").and_then(Value::as_str).unwrap_or_default();
    let encounter_url = format!("urn:uuid:{}", office.mint.uuid());
    let endpoint = header.pointer("/destination/0/endpoint").cloned().unwrap_or(Value::Null);
    let back_to = header.pointer("/source/endpoint").cloned().unwrap_or(Value::Null);

    let declined = match said.say.as_str() {
        "accept" => false,
        "decline" => true,
        other => bail!("a FHIR receiver does not know how to say {other}"),
    };
    let mut encounter = encounter(office, if declined { "cancelled" } else { "planned" }, patient_url);
    if let (true, Some(fields)) = (declined, encounter.as_object_mut()) {
        let mut why = Map::new();
        why.insert(
            String::from("coding"),
            json!([
                {"system": "https://fhir.nhs.uk/CodeSystem/rejected-reasons-bars", "code": "OTH"},
                {"system": "https://keyway.example/fhir/CodeSystem/decline-reason", "code": said.reason},
            ]),
        );
        why.insert(String::from("text"), json!(said.comment.as_ref().or(said.reason.as_ref())));
        fields.insert(String::from("reasonCode"), json!([why]));
    }
    let mut entries = vec![
        json!({
            "fullUrl": format!("urn:uuid:{}", office.mint.uuid()),
            "resource": {
                "resourceType": "MessageHeader",
                "meta": {
                    "lastUpdated": now,
                    "profile": ["https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-servicerequest-response"],
                },
                "eventCoding": {"system": EVENTS, "code": "servicerequest-response"},
                "destination": [{"endpoint": back_to, "receiver": header.get("sender")}],
                "sender": header.pointer("/destination/0/receiver"),
                "source": {"name": office.agency.name, "endpoint": endpoint},
                "reason": {"coding": [{"system": REASONS, "code": "new"}]},
                "response": {"identifier": first, "code": "ok"},
                "focus": [{"reference": encounter_url}],
                "definition": ANSWER,
            },
        }),
        json!({"fullUrl": encounter_url, "resource": encounter}),
    ];
    // Everything that the request refers to goes back with it.
    let sent = request.get("entry").and_then(Value::as_array).into_iter().flatten();
    entries.extend(
        sent.filter(|e| e.pointer("/resource/resourceType").and_then(Value::as_str) != Some("MessageHeader"))
            .cloned(),
    );
    if let (false, Some(appointment)) = (declined, &said.appointment) {
        let end = Moment::from_rfc3339(&appointment.start).map(|start| start.plus_seconds(3600).to_rfc3339());
        entries.push(json!({
            "fullUrl": format!("urn:uuid:{}", office.mint.uuid()),
            "resource": {
                "resourceType": "Appointment",
                "meta": {"lastUpdated": now},
                "status": "booked",
                "start": appointment.start,
                "end": end,
                "comment": appointment.place,
                "participant": [{"actor": {"reference": patient_url}, "status": "accepted"}],
            },
        }));
    }
    Ok(json!({
        "resourceType": "Bundle",
        "id": office.mint.uuid(),
        "meta": {
            "versionId": find_text(request.get("meta").unwrap_or(&Value::Null), "versionId").unwrap_or("1.0.0"),
            "lastUpdated": now,
            "profile": ["https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage"],
        },
        "type": "message",
        "timestamp": now,
        "entry": entries,
    }))
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
