//! `ServiceRequest`: what was asked. Its frame comes from the record; its content from the message that was sent to
//! this recipient, and never from anything wider.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Seen, codes, organization_reference, put, restricted};

/// What the record says of a request, whatever its message said.
const OF_THE_RECORD: [&str; 7] =
    ["resourceType", "id", "meta", "status", "requester", "performer", "identifier"];

/// The frame: who asks whom, when, how urgently and how it stands. No content.
#[must_use]
pub fn service_request(seen: &Seen<'_>) -> Value {
    json!({
        "resourceType": "ServiceRequest",
        "id": seen.id,
        "meta": restricted(None, seen.version, seen.updated_at),
        "identifier": seen.identifier(),
        "status": status(seen),
        "intent": "plan",
        "category": [{"coding": [
            {"system": codes::MESSAGE_CATEGORY, "code": "referral", "display": "Transfer of Care"},
            {"system": codes::our_codes!("use-case"), "code": "ld-referral"},
        ]}],
        "priority": seen.priority(),
        "subject": seen.person.reference(),
        "authoredOn": seen.created_at.to_rfc3339(),
        "requester": organization_reference(seen.sender),
        "performer": [organization_reference(seen.recipient)],
    })
}

/// The request's status is the sender's: a refusal leaves it active until the sender acts.
fn status(seen: &Seen<'_>) -> &'static str {
    match (seen.status, seen.business_status) {
        ("draft", _) => "draft",
        ("cancelled", _) => "revoked",
        ("completed", _) => "completed",
        ("entered-in-error", _) => "entered-in-error",
        _ => "active",
    }
}

/// The frame filled with the `ServiceRequest` of the message that was sent, and with every resource that this one
/// leads to in the message, contained. A message in another form has no such content; the frame stands, and declares no
/// profile of ours: these ask for the content.
#[must_use]
pub fn with_sent_content(frame: Value, message: &Value) -> Value {
    let entries = message.get("entry").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let Some(sent) = entries.iter().find(|entry| kind(entry) == Some("ServiceRequest")) else {
        return frame;
    };
    let own = sent.get("fullUrl").and_then(Value::as_str).unwrap_or_default();
    let Some(Value::Object(mut content)) = sent.get("resource").cloned() else { return frame };
    // How it stands and who is at its two ends is the record's to say.
    content.retain(|field, _| !OF_THE_RECORD.contains(&field.as_str()));
    let content = Value::Object(content);
    let mut wanted = Vec::new();
    references(&content, &mut wanted);
    let (mut seen, mut contained) = (BTreeSet::from([own]), Vec::new());
    while let Some(url) = wanted.pop() {
        if !seen.insert(url) {
            continue;
        }
        if let Some(entry) = entries.iter().find(|e| e.get("fullUrl").and_then(Value::as_str) == Some(url)) {
            references(entry, &mut wanted);
            contained.push(entry);
        }
    }
    let contained: Vec<Value> = contained.into_iter().filter_map(|entry| inner(entry, own)).collect();
    let mut filled = frame;
    if let Value::Object(content) = redirected(&content, own) {
        for (field, value) in content {
            put(&mut filled, &field, Some(value));
        }
    }
    if let Some(Value::Object(meta)) = filled.get_mut("meta") {
        meta.insert("profile".into(), json!([codes::ours!("ld-service-request")]));
    }
    put(&mut filled, "contained", (!contained.is_empty()).then_some(Value::Array(contained)));
    filled
}

fn kind(entry: &Value) -> Option<&str> {
    entry.pointer("/resource/resourceType").and_then(Value::as_str)
}

/// Every `urn:uuid:` that `value` refers to.
fn references<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            let here = fields.get("reference").and_then(Value::as_str);
            into.extend(here.filter(|reference| reference.starts_with("urn:uuid:")));
            fields.values().for_each(|below| references(below, into));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

/// A contained resource: its id is that of its address in the message, and it has no life of its own.
fn inner(entry: &Value, own: &str) -> Option<Value> {
    let id = entry.get("fullUrl")?.as_str()?.strip_prefix("urn:uuid:")?;
    let Value::Object(content) = redirected(entry.get("resource")?, own) else { return None };
    let mut resource = Map::new();
    resource.insert("resourceType".into(), content.get("resourceType")?.clone());
    resource.insert("id".into(), json!(id));
    let profile = content.get("meta").and_then(|meta| meta.get("profile"));
    if let Some(profile) = profile {
        resource.insert("meta".into(), json!({"profile": profile}));
    }
    for (field, value) in content {
        if !["resourceType", "id", "meta"].contains(&field.as_str()) {
            resource.insert(field, value);
        }
    }
    Some(Value::Object(resource))
}

/// The same with references within the message turned to what is contained; `own` is the container.
fn redirected(value: &Value, own: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let mut turned = Map::new();
            for (field, below) in fields {
                let inside = below.as_str().filter(|_| field == "reference");
                let inside = inside.and_then(|text| Some((text, text.strip_prefix("urn:uuid:")?)));
                let below = match inside {
                    Some((url, _)) if url == own => json!("#"),
                    Some((_, id)) => json!(format!("#{id}")),
                    None => redirected(below, own),
                };
                turned.insert(field.clone(), below);
            }
            Value::Object(turned)
        }
        Value::Array(items) => items.iter().map(|item| redirected(item, own)).collect(),
        other => other.clone(),
    }
}
