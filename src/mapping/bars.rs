//! What a receiver of our FHIR message needs: the synchronous echo of `$process-message`, and the later answers
//! as `servicerequest-response` messages. Built from the received Bundle, in the manner of BaRS.

use serde_json::{Value, json};

use super::{codes, messages};
use crate::{clock::Moment, fhir::Issue, limits::ISSUES_MAX};

/// What a receiver gives to every answer.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The answer's own Bundle.id: a fresh UUID.
    pub bundle_id: &'a str,
    /// When it is made.
    pub at: Moment,
}

/// An appointment that a receiver offers.
#[derive(Clone, Copy, Debug)]
pub struct Appointment<'a> {
    /// When it begins.
    pub start: Moment,
    /// When it ends.
    pub end: Moment,
    /// Where, for people.
    pub place: &'a str,
}

/// Resources that an answer carries back: what was asked and what that rests on, and nothing of the assessment.
const CARRIED: [&str; 9] = [
    "ServiceRequest",
    "Patient",
    "Encounter",
    "CarePlan",
    "Consent",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "HealthcareService",
];

/// The synchronous answer to a message: the same Bundle with the receiver's ids; for a request that is not taken
/// back also the receiver's own Encounter, `planned`.
#[must_use]
pub fn echo(bundle: &Value) -> Value {
    let mut echoed = bundle.clone();
    let request = text(bundle, "/entry/0/resource/eventCoding/code") == Some("servicerequest-request")
        && entries(bundle).iter().any(|entry| {
            text(entry, "/resource/resourceType") == Some("ServiceRequest")
                && text(entry, "/resource/status") == Some("active")
        });
    let Some(entries) = echoed.get_mut("entry").and_then(Value::as_array_mut) else { return echoed };
    for entry in entries.iter_mut() {
        let Some(id) = text(entry, "/fullUrl").and_then(|url| url.strip_prefix("urn:uuid:")) else {
            continue;
        };
        let id = Value::from(id);
        if let Some(resource) = entry.get_mut("resource").and_then(Value::as_object_mut) {
            resource.entry("id").or_insert(id);
        }
    }
    if request {
        let seed = text(bundle, "/id").unwrap_or_default();
        let at = text(bundle, "/timestamp").unwrap_or_default();
        let mut planned = encounter(bundle, seed, at, "planned", None);
        // It points at the sender's Patient: where that one keeps none of our profiles, neither can this.
        if !in_our_profiles(bundle)
            && let Some(meta) = planned.pointer_mut("/resource/meta").and_then(Value::as_object_mut)
        {
            meta.remove("profile");
        }
        entries.push(planned);
    }
    echoed
}

/// The echo of a referral that this gateway took as `referral_id`: its ServiceRequest has that id, and an
/// `OperationOutcome` at the end says what of the message stays as received.
#[must_use]
pub fn echo_taken(bundle: &Value, referral_id: &str, kept: &[Issue]) -> Value {
    let mut echoed = echo(bundle);
    let entries = echoed.get_mut("entry").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some(resource) = entry.get_mut("resource").and_then(Value::as_object_mut) else { continue };
        if resource.get("resourceType").and_then(Value::as_str) == Some("ServiceRequest") {
            resource.insert(String::from("id"), json!(referral_id));
        }
    }
    told(echoed, kept)
}

/// An echo, with an `OperationOutcome` at its end that says what of the message stays as received.
#[must_use]
pub fn told(echoed: Value, kept: &[Issue]) -> Value {
    let issue = |issue: &Issue| {
        let severity = if issue.code == "incomplete" { "information" } else { "warning" };
        json!({
            "severity": severity,
            "code": issue.code,
            "diagnostics": issue.diagnostics,
            "expression": [issue.path],
        })
    };
    tell(echoed, kept.iter().map(issue).collect())
}

/// Adds issues to the `OperationOutcome` at the end of an echo, as many as one may hold.
#[must_use]
pub fn tell(mut echoed: Value, issues: Vec<Value>) -> Value {
    let seed = text(&echoed, "/id").unwrap_or_default().to_owned();
    let at = text(&echoed, "/timestamp").map(str::to_owned);
    let Some(entries) = echoed.get_mut("entry").and_then(Value::as_array_mut) else { return echoed };
    if issues.is_empty() {
        return echoed;
    }
    let (url, id) = (urn(&seed, "outcome"), uuid_of(&seed, "outcome"));
    if entries.last().and_then(|last| text(last, "/fullUrl")) != Some(url.as_str()) {
        entries.push(json!({
            "fullUrl": url,
            "resource": {
                "resourceType": "OperationOutcome",
                "id": id,
                "meta": {"lastUpdated": at, "profile": [codes::ours!("ld-operation-outcome")]},
                "issue": [],
            },
        }));
    }
    let outcome = entries.last_mut().and_then(|last| last.pointer_mut("/resource/issue"));
    if let Some(said) = outcome.and_then(Value::as_array_mut) {
        said.extend(issues);
        said.truncate(ISSUES_MAX);
    }
    echoed
}

/// Accepts the referral, with an appointment where there is one. `None` when `bundle` is not a message.
#[must_use]
pub fn response_accepted(
    bundle: &Value,
    reply: &Reply<'_>,
    appointment: Option<&Appointment<'_>>,
) -> Option<Value> {
    let at = reply.at.to_rfc3339();
    let mut further = vec![encounter(bundle, reply.bundle_id, &at, "planned", None)];
    further.extend(appointment.map(|offer| booked(bundle, reply, offer)));
    response(bundle, reply, further)
}

/// Refuses the referral: `reason` is a code of our decline reasons, `words` say why. `None` when `bundle` is not
/// a message.
#[must_use]
pub fn response_rejected(bundle: &Value, reply: &Reply<'_>, reason: &str, words: &str) -> Option<Value> {
    let mut codings = vec![json!({"system": codes::our_codes!("decline-reason"), "code": reason})];
    codings.push(match reason {
        "capacity" => json!({
            "system": codes::REJECTED_REASONS,
            "code": "RRNA",
            "display": "Requested resource not available within timescale",
        }),
        _ => json!({"system": codes::REJECTED_REASONS, "code": "OTH", "display": "Other"}),
    });
    let mut why = json!({"coding": codings});
    if let (false, Some(fields)) = (words.trim().is_empty(), why.as_object_mut()) {
        fields.insert(String::from("text"), Value::from(words));
    }
    let at = reply.at.to_rfc3339();
    response(bundle, reply, vec![encounter(bundle, reply.bundle_id, &at, "cancelled", Some(why))])
}

fn response(bundle: &Value, reply: &Reply<'_>, further: Vec<Value>) -> Option<Value> {
    let asked = bundle.pointer("/entry/0/resource")?;
    let at = reply.at.to_rfc3339();
    let header = json!({
        "fullUrl": urn(reply.bundle_id, "message-header"),
        "resource": {
            "resourceType": "MessageHeader",
            "meta": {
                "lastUpdated": at,
                "profile": [codes::BARS_RESPONSE_HEADER, codes::ours!("ld-message-header-response")],
            },
            "eventCoding": {"system": codes::MESSAGE_EVENTS, "code": messages::ANSWER.event.code()},
            "destination": [{
                "endpoint": asked.pointer("/source/endpoint")?,
                "receiver": asked.get("sender")?,
            }],
            "sender": asked.pointer("/destination/0/receiver")?,
            "source": {
                "name": asked.pointer("/destination/0/name").cloned().unwrap_or_else(|| json!("Receiver")),
                "endpoint": asked.pointer("/destination/0/endpoint")?,
            },
            "reason": {"coding": [{"system": codes::MESSAGE_REASON, "code": "new"}]},
            "response": {"identifier": bundle.get("id")?, "code": "ok"},
            "focus": [{"reference": urn(reply.bundle_id, "receiver-encounter")}],
            "definition": messages::ANSWER.definition,
        },
    });
    let carried = entries(bundle)
        .iter()
        .filter(|entry| text(entry, "/resource/resourceType").is_some_and(|kind| CARRIED.contains(&kind)));
    let mut entry: Vec<Value> = std::iter::once(header).chain(carried.cloned()).chain(further).collect();
    point_only_inside(&mut entry);
    Some(json!({
        "resourceType": "Bundle",
        "id": reply.bundle_id,
        "meta": {
            "versionId": "1.0.0",
            "lastUpdated": at,
            "profile": [codes::BARS_BUNDLE, messages::ANSWER.profile],
            "security": bundle.pointer("/meta/security").cloned().unwrap_or_else(|| json!([])),
        },
        "type": "message",
        "timestamp": at,
        "entry": entry,
    }))
}

/// Takes out of the request what bears it out and is not carried back.
fn point_only_inside(entry: &mut [Value]) {
    let inside: Vec<String> =
        entry.iter().filter_map(|entry| text(entry, "/fullUrl")).map(str::to_owned).collect();
    let supporting = entry
        .iter_mut()
        .filter(|entry| text(entry, "/resource/resourceType") == Some("ServiceRequest"))
        .filter_map(|entry| entry.pointer_mut("/resource/supportingInfo").and_then(Value::as_array_mut));
    for list in supporting {
        list.retain(|link| text(link, "/reference").is_some_and(|to| inside.iter().any(|url| url == to)));
    }
}

/// Whether the message or its Patient is said to keep a profile of ours.
fn in_our_profiles(bundle: &Value) -> bool {
    let of_patients = entries(bundle)
        .iter()
        .filter_map(|entry| entry.get("resource"))
        .filter(|resource| text(resource, "/resourceType") == Some("Patient"));
    std::iter::once(bundle)
        .chain(of_patients)
        .filter_map(|resource| resource.pointer("/meta/profile").and_then(Value::as_array))
        .flatten()
        .any(|profile| profile.as_str().is_some_and(|url| url.starts_with(codes::OUR_PROFILES)))
}

/// The journey that a referral belongs to, where its sender named none: the same for each message about it.
fn journey(asked: Option<&Value>, seed: &str) -> Value {
    let of_asked = |name: &str| asked.and_then(|asked| text(asked, &format!("/identifier/0/{name}")));
    let known = match (of_asked("system"), of_asked("value")) {
        (Some(system), Some(value)) => format!("{system}|{value}"),
        _ => seed.to_owned(),
    };
    json!([{"reference": format!("EpisodeOfCare/{}", uuid_of(&known, "journey"))}])
}

/// The receiver's own encounter, beside the one that the sender sent.
fn encounter(bundle: &Value, seed: &str, at: &str, status: &str, why: Option<Value>) -> Value {
    let first = |kind: &str| {
        let mut resources = entries(bundle).iter().filter_map(|entry| entry.get("resource"));
        resources.find(|resource| text(resource, "/resourceType") == Some(kind))
    };
    let (theirs, asked) = (first("Encounter"), first("ServiceRequest"));
    let of_theirs = |name: &str| theirs.and_then(|encounter| encounter.get(name)).cloned();
    let subject = of_theirs("subject").or_else(|| asked.and_then(|asked| asked.get("subject")).cloned());
    let journey = of_theirs("episodeOfCare").unwrap_or_else(|| journey(asked, seed));
    let id = uuid_of(seed, "receiver-encounter");
    let mut resource = json!({
        "resourceType": "Encounter",
        "id": id,
        "meta": {"lastUpdated": at, "profile": [codes::ours!("ld-encounter")]},
        "identifier": [{"system": format!("{}/receiver-contact", codes::ID), "value": id}],
        "status": status,
        "class": {"system": codes::V3_ACT, "code": "AMB", "display": "ambulatory"},
        "period": {"start": at},
    });
    if let Some(fields) = resource.as_object_mut() {
        for (key, value) in [
            ("subject", subject),
            ("episodeOfCare", Some(journey)),
            ("reasonCode", why.map(|why| json!([why]))),
        ] {
            if let Some(value) = value {
                fields.insert(key.to_owned(), value);
            }
        }
    }
    json!({"fullUrl": format!("urn:uuid:{id}"), "resource": resource})
}

fn booked(bundle: &Value, reply: &Reply<'_>, offer: &Appointment<'_>) -> Value {
    let role =
        |kind: &str| entries(bundle).iter().find(|entry| text(entry, "/resource/resourceType") == Some(kind));
    let reference = |kind: &str| role(kind).and_then(|entry| text(entry, "/fullUrl")).unwrap_or_default();
    let at = reply.at.to_rfc3339();
    json!({
        "fullUrl": urn(reply.bundle_id, "appointment"),
        "resource": {
            "resourceType": "Appointment",
            "meta": {"lastUpdated": at, "profile": [codes::ours!("ld-appointment")]},
            "status": "booked",
            "description": offer.place,
            "start": offer.start.to_rfc3339(),
            "end": offer.end.to_rfc3339(),
            "created": at,
            "basedOn": [{"reference": reference("ServiceRequest")}],
            "participant": [{"actor": {"reference": reference("Patient")}, "status": "accepted"}],
        },
    })
}

fn entries(bundle: &Value) -> &[Value] {
    bundle.get("entry").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn urn(seed: &str, role: &str) -> String {
    format!("urn:uuid:{}", uuid_of(seed, role))
}

/// A UUID that is the same for the same seed and role, so that an answer sent again is the same answer.
pub(super) fn uuid_of(seed: &str, role: &str) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{seed}\u{0}{role}").as_bytes());
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
