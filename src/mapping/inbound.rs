//! Reads a `servicerequest-response` as BaRS receivers send it. Tolerant where published messages differ from
//! the published rules (the focus may be the Encounter or the ServiceRequest), strict about meaning.
//!
//! A FHIR referral *to* this gateway is not read yet; it is refused as not supported.

use serde_json::Value;

use super::codes;
use crate::{
    assessment::{NhsNumber, NhsNumberFault},
    fhir::{Issue, json},
    limits::ISSUES_MAX,
};

/// What an answer from a receiver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMessage {
    /// The answer's own Bundle.id.
    pub bundle_id: String,
    /// The Bundle.id of the message that it answers.
    pub answers: String,
    /// The action that it stands for, in the words of the referral's life cycle: `accept`, `waitlist`,
    /// `book-appointment`, `start`, `did-not-attend`, `complete`, `decline`, `request-information`.
    pub action: &'static str,
    /// Why, as a code of our lists; only with a refusal.
    pub reason: Option<String>,
    /// What was said beside it.
    pub comment: Option<String>,
    /// When the appointment begins, as it was sent.
    pub appointment_start: Option<String>,
}

/// Reads an answer.
///
/// # Errors
///
/// Every issue that was found, each with a `FHIRPath` and what would be right, never with a value.
pub fn read_message(bundle: &Value) -> Result<InboundMessage, Vec<Issue>> {
    let mut issues = Vec::new();
    nhs_numbers(bundle, &mut Vec::new(), &mut issues);
    let read = read(bundle, &mut issues);
    match read {
        Some(message) if issues.is_empty() => Ok(message),
        _ => {
            issues.truncate(ISSUES_MAX);
            Err(issues)
        }
    }
}

fn read(bundle: &Value, issues: &mut Vec<Issue>) -> Option<InboundMessage> {
    if text(bundle, "/resourceType") != Some("Bundle") || text(bundle, "/type") != Some("message") {
        issues.push(Issue::new("structure", "Bundle.type", "a Bundle of type `message` is expected"));
        return None;
    }
    let header = bundle.pointer("/entry/0/resource").filter(|first| kind(first) == "MessageHeader");
    let Some(header) = header else {
        issues.push(Issue::new("structure", "Bundle.entry[0]", "the first entry must be the MessageHeader"));
        return None;
    };
    let bundle_id = required(bundle, "/id", "Bundle.id", issues);
    check_profiles(bundle, header, issues);
    match text(header, "/eventCoding/code") {
        Some("servicerequest-response") => {}
        Some("servicerequest-request" | "booking-request" | "booking-response") => {
            let what = "only `servicerequest-response` is taken here; send referrals to POST /assessments";
            issues.push(Issue::new("not-supported", "Bundle.entry[0].resource.eventCoding", what));
            return None;
        }
        _ => {
            let what = "`servicerequest-response` of message-events-bars is expected";
            issues.push(Issue::new("value", "Bundle.entry[0].resource.eventCoding", what));
            return None;
        }
    }
    let quoted = "Bundle.entry[0].resource.response.identifier";
    let answers = required(header, "/response/identifier", quoted, issues);
    let said = meaning(bundle, header, issues);
    Some(InboundMessage {
        bundle_id: bundle_id?,
        answers: answers?,
        action: said.as_ref()?.action,
        reason: said.as_ref()?.reason.clone(),
        comment: said.as_ref()?.comment.clone(),
        appointment_start: said?.appointment_start,
    })
}

/// The definitions and profiles of a response that are understood.
const DEFINITIONS: [&str; 7] = [
    codes::REFERRAL_RESPONSE,
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral",
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral-short",
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-response-short",
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-validation",
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-validation-full",
    "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-validation-interim",
];

fn check_profiles(bundle: &Value, header: &Value, issues: &mut Vec<Issue>) {
    let is_request = text(header, "/eventCoding/code") == Some("servicerequest-request");
    if let Some(definition) = text(header, "/definition") {
        let canonical = definition.split('|').next().unwrap_or_default();
        if !DEFINITIONS.contains(&canonical) && !is_request {
            let what =
                "this MessageHeader.definition is not known here; see /fhir/metadata for those that are";
            issues.push(Issue::new("not-supported", "Bundle.entry[0].resource.definition", what));
        }
    }
    // The published full response names the header profile of requests by mistake.
    let headers = [codes::BARS_RESPONSE_HEADER, codes::BARS_REQUEST_HEADER];
    let named = [
        (bundle, &[codes::BARS_BUNDLE][..], "Bundle.meta.profile"),
        (header, &headers[..], "Bundle.entry[0].resource.meta.profile"),
    ];
    for (at, known, path) in named {
        let profiles: Vec<&str> = array(at, "/meta/profile").iter().filter_map(Value::as_str).collect();
        let is_known = |profile: &&str| profile.split('|').next().is_some_and(|url| known.contains(&url));
        if !profiles.is_empty() && !profiles.iter().any(is_known) {
            let what = format!("the profile {} is expected", known.first().unwrap_or(&""));
            issues.push(Issue::new("not-supported", path, what));
        }
    }
}

struct Said {
    action: &'static str,
    reason: Option<String>,
    comment: Option<String>,
    appointment_start: Option<String>,
}

impl Said {
    const fn just(action: &'static str) -> Self {
        Self { action, reason: None, comment: None, appointment_start: None }
    }
}

/// An appointment says most; then a task that waits or asks; then the receiver's encounter.
fn meaning(bundle: &Value, header: &Value, issues: &mut Vec<Issue>) -> Option<Said> {
    let entries = entries(bundle);
    let of_kind = |wanted: &'static str| {
        entries.iter().enumerate().filter(move |(_, entry)| kind(resource(entry)) == wanted)
    };
    for (index, entry) in of_kind("Appointment") {
        let appointment = resource(entry);
        match text(appointment, "/status") {
            Some("noshow") => return Some(Said::just("did-not-attend")),
            Some("booked") => {
                let path = format!("Bundle.entry[{index}].resource.start");
                let start = required(appointment, "/start", &path, issues)?;
                let comment = text(appointment, "/description").map(str::to_owned);
                let booked = Said::just("book-appointment");
                return Some(Said { appointment_start: Some(start), comment, ..booked });
            }
            _ => {}
        }
    }
    for (_, entry) in of_kind("Task") {
        let task = resource(entry);
        let waits = array(task, "/businessStatus/coding")
            .iter()
            .any(|coding| text(coding, "/code") == Some("on-waiting-list"));
        if waits {
            return Some(Said::just("waitlist"));
        }
        if text(task, "/status") == Some("on-hold") {
            let comment = text(task, "/note/0/text").map(str::to_owned);
            return Some(Said { comment, ..Said::just("request-information") });
        }
    }
    let encounters: Vec<(usize, &Value)> = of_kind("Encounter").map(|(i, entry)| (i, *entry)).collect();
    let Some((index, entry)) = receivers_encounter(header, &encounters) else {
        let what = "an answer carries the receiver's own Encounter, or an Appointment";
        issues.push(Issue::new("required", "Bundle.entry", what));
        return None;
    };
    let path = format!("Bundle.entry[{index}].resource");
    match text(resource(entry), "/status") {
        Some("planned" | "arrived" | "triaged") => Some(Said::just("accept")),
        Some("in-progress" | "onleave") => Some(Said::just("start")),
        Some("finished") => Some(Said::just("complete")),
        Some("cancelled") => refusal(resource(entry), &path, issues),
        _ => {
            let what = "one of planned, in-progress, finished and cancelled is expected";
            issues.push(Issue::new("value", format!("{path}.status"), what));
            None
        }
    }
}

/// The Encounter in focus; without that, the last one that is not the one we sent.
fn receivers_encounter<'v>(header: &Value, encounters: &[(usize, &'v Value)]) -> Option<(usize, &'v Value)> {
    let in_focus: Vec<&str> =
        array(header, "/focus").iter().filter_map(|focus| text(focus, "/reference")).collect();
    let ours = |encounter: &Value| {
        array(encounter, "/identifier").iter().any(|id| text(id, "/system") == Some(codes::CONTACT_ID))
    };
    encounters
        .iter()
        .find(|(_, entry)| in_focus.iter().any(|focus| names(focus, entry)))
        .or_else(|| encounters.iter().rev().find(|(_, entry)| !ours(resource(entry))))
        .copied()
}

/// Whether `reference` means the resource of `entry`: by its fullUrl, or by type and id.
fn names(reference: &str, entry: &Value) -> bool {
    let by_id = || {
        let (kind, id) = (kind(resource(entry)), text(resource(entry), "/id").unwrap_or_default());
        !id.is_empty() && reference.ends_with(&format!("{kind}/{id}"))
    };
    text(entry, "/fullUrl") == Some(reference) || by_id()
}

fn refusal(encounter: &Value, path: &str, issues: &mut Vec<Issue>) -> Option<Said> {
    let Some(why) = encounter.pointer("/reasonCode/0") else {
        let what = "a refusal needs a reason";
        issues.push(Issue::new("required", format!("{path}.reasonCode"), what));
        return None;
    };
    let comment = text(why, "/text").filter(|words| !words.trim().is_empty()).map(str::to_owned);
    let decline_reasons = format!("{}/decline-reason", codes::OURS);
    let coded = array(why, "/coding").iter().find_map(|coding| {
        let code = text(coding, "/code")?;
        match text(coding, "/system")? {
            codes::REJECTED_REASONS if code == "RRNA" => Some("capacity"),
            system if system == decline_reasons => Some(code),
            _ => None,
        }
    });
    let reason = coded.unwrap_or("other");
    if reason == "other" && comment.is_none() {
        let what = "a reason without a known code needs words: RRNA and OTH of rejected-reasons-bars are known, \
                    and the codes of our decline-reason";
        issues.push(Issue::new("required", format!("{path}.reasonCode[0].text"), what));
        return None;
    }
    Some(Said { reason: Some(reason.to_owned()), comment, ..Said::just("decline") })
}

/// An issue for every NHS number in the message that cannot be one, wherever it is, as far as issues are
/// reported. The path is written only for an issue, and shows no key that does not look like a field's name.
fn nhs_numbers<'v>(value: &'v Value, way: &mut Vec<Step<'v>>, issues: &mut Vec<Issue>) {
    if issues.len() >= ISSUES_MAX {
        return;
    }
    match value {
        Value::Object(fields) => {
            if text(value, "/system") == Some(codes::NHS_NUMBER) {
                let fault = text(value, "/value").map(NhsNumber::parse).and_then(Result::err);
                let what = match fault {
                    Some(NhsNumberFault::CheckDigit) => Some("the check digit of the NHS number is wrong"),
                    Some(NhsNumberFault::Format) => Some("an NHS number is ten digits"),
                    None => None,
                };
                issues.extend(what.map(|what| Issue::new("value", format!("{}.value", written(way)), what)));
            }
            for (key, below) in fields {
                way.push(Step::Field(key));
                nhs_numbers(below, way, issues);
                way.pop();
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                way.push(Step::Item(index));
                nhs_numbers(below, way, issues);
                way.pop();
            }
        }
        _ => {}
    }
}

/// One step on the way to a place in the message.
enum Step<'v> {
    Field(&'v str),
    Item(usize),
}

fn written(way: &[Step<'_>]) -> String {
    let mut path = String::from("Bundle");
    for step in way {
        match step {
            Step::Field(key) => {
                path.push('.');
                path.push_str(&json::shown(key));
            }
            Step::Item(index) => {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
    }
    path
}

fn required(value: &Value, pointer: &str, path: &str, issues: &mut Vec<Issue>) -> Option<String> {
    let found = text(value, pointer).filter(|found| !found.is_empty()).map(str::to_owned);
    if found.is_none() {
        issues.push(Issue::new("required", path, "this must be present"));
    }
    found
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn array<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn entries(bundle: &Value) -> Vec<&Value> {
    array(bundle, "/entry").iter().collect()
}

fn resource(entry: &Value) -> &Value {
    entry.get("resource").unwrap_or(&Value::Null)
}

fn kind(resource: &Value) -> &str {
    text(resource, "/resourceType").unwrap_or_default()
}
