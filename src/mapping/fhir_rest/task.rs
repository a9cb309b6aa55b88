//! Task: one for each referral or advice to one recipient. Its status is the contract, its business status the finer
//! word.

use serde_json::{Value, json};

use super::{Seen, organization_reference, ours, put, restricted};

/// Our extension for what the reader may do now: a simple client needs no table of its own.
pub const PERMITTED_ACTION: &str = "https://keyway.example/fhir/StructureDefinition/permitted-action";

/// The Task.
#[must_use]
pub fn task(seen: &Seen<'_>) -> Value {
    let mut task = json!({
        "resourceType": "Task",
        "id": seen.id,
        "meta": restricted(Some("ld-task"), seen.version, seen.updated_at),
        "identifier": seen.identifier(),
        "basedOn": [{"reference": format!("ServiceRequest/{}", seen.id)}],
        "status": seen.status,
        "intent": "order",
        "priority": seen.priority(),
        "code": {"coding": [{
            "system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill", "display": "Fulfill the focal request",
        }]},
        "focus": {"reference": format!("ServiceRequest/{}", seen.id)},
        "for": seen.person.reference(),
        "authoredOn": seen.created_at.to_rfc3339(),
        "lastModified": seen.updated_at.to_rfc3339(),
        "requester": organization_reference(seen.sender),
        "owner": organization_reference(seen.recipient),
    });
    let word = (!seen.business_status.is_empty()).then(|| ours("business-status", seen.business_status));
    put(&mut task, "businessStatus", word);
    let why = seen.why.map(|why| {
        let mut concept = if why.code.is_empty() { json!({}) } else { ours(why.system, why.code) };
        put(&mut concept, "text", Some(json!(why.text)));
        concept
    });
    put(&mut task, "statusReason", why);
    let by = seen.answer_by.map(|by| json!({"period": {"end": by.to_rfc3339()}}));
    put(&mut task, "restriction", by);
    let actions: Vec<Value> =
        seen.permitted.iter().map(|action| json!({"url": PERMITTED_ACTION, "valueCode": action})).collect();
    put(&mut task, "extension", (!actions.is_empty()).then_some(Value::Array(actions)));
    let answer = seen.recall_answer.map(|answer| {
        json!([{"type": ours("task-output", "recall-answer"), "valueCodeableConcept": ours("recall-answer", answer)}])
    });
    put(&mut task, "output", answer);
    task
}
