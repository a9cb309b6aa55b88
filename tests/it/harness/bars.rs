//! Answers in the manner of BaRS: what a community mental health team sends back.

use serde_json::{Value, json};

use super::{Ask, receiver::Received};

/// A `servicerequest-response` to a request that came in: accepted, without an appointment, from somebody who knows BaRS
/// and none of our definitions.
pub fn response_to(request: &Received, bundle_id: &str) -> Value {
    let request = request.json();
    // Everything that it refers to goes back with it.
    let mut carried = request["entry"].as_array().unwrap()[1..].to_vec();
    carried.sort_by_key(|e| {
        ["Patient", "ServiceRequest"]
            .iter()
            .rev()
            .position(|kind| e["resource"]["resourceType"] == *kind)
            .unwrap_or(2)
    });
    let header = &request["entry"][0]["resource"];
    let now = "2026-11-23T09:30:00Z";
    let mut answer = json!({
        "resourceType": "Bundle",
        "id": bundle_id,
        "meta": {
            "versionId": "1.0.0", "lastUpdated": now,
            "profile": ["https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage"],
        },
        "type": "message",
        "timestamp": now,
        "entry": [
            {
                "fullUrl": "urn:uuid:0198c0de-0000-7000-8000-0000000000a1",
                "resource": {
                    "resourceType": "MessageHeader",
                    "meta": {"lastUpdated": now},
                    "eventCoding": {
                        "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
                        "code": "servicerequest-response",
                    },
                    "destination": [{"endpoint": header["source"]["endpoint"], "receiver": header["sender"]}],
                    "sender": header["destination"][0]["receiver"],
                    "source": {"name": "A team", "endpoint": header["destination"][0]["endpoint"]},
                    "reason": {"coding": [{
                        "system": "https://fhir.nhs.uk/CodeSystem/message-reason-bars", "code": "new",
                    }]},
                    "response": {"identifier": request["id"], "code": "ok"},
                    "focus": [{"reference": "urn:uuid:0198c0de-0000-7000-8000-0000000000a2"}],
                    "definition": "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral",
                },
            },
            {
                "fullUrl": "urn:uuid:0198c0de-0000-7000-8000-0000000000a2",
                "resource": {
                    "resourceType": "Encounter",
                    "meta": {"lastUpdated": now},
                    "status": "planned",
                    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                },
            },
        ],
    });
    answer["entry"].as_array_mut().unwrap().append(&mut carried);
    answer
}

/// Changes the receiver's encounter to a refusal.
pub fn decline(mut response: Value, reason: &str) -> Value {
    let encounter = &mut response["entry"][1]["resource"];
    encounter["status"] = "cancelled".into();
    encounter["reasonCode"] = json!([{
        "coding": [{"system": "https://keyway.example/fhir/CodeSystem/decline-reason", "code": reason}],
        "text": "CANARY-receiver-words",
    }]);
    response
}

/// Adds an appointment of an hour.
pub fn book(mut response: Value, start: &str, end: &str) -> Value {
    response["entry"].as_array_mut().unwrap().push(json!({
        "fullUrl": "urn:uuid:0198c0de-0000-7000-8000-0000000000a3",
        "resource": {
            "resourceType": "Appointment", "status": "booked", "start": start, "end": end,
            "participant": [{"status": "accepted", "actor": {"display": "A team"}}],
        },
    }));
    response
}

/// The POST that carries a message, under a request id.
pub fn message(request_id: &str, body: impl Into<Vec<u8>>) -> Ask {
    Ask::post("/fhir/$process-message")
        .bytes("application/fhir+json", body)
        .header("accept", "application/fhir+json; version=1.4.0")
        .header("x-request-id", request_id)
        .header("x-correlation-id", "0198c0de-0000-7000-8000-00000000cccc")
}
