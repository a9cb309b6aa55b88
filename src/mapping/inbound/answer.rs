//! What a `servicerequest-response` says.

use serde_json::Value;

use super::{HEADER, Reader, array, entries, kind, names, required, resource, text};
use crate::{fhir::Issue, mapping::codes};

/// What an answer from a receiver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
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

pub(super) fn read(reader: &mut Reader<'_>, header: &Value) -> Option<Answer> {
    let quoted = format!("{HEADER}.response.identifier");
    let answers = required(header, "/response/identifier", &quoted, &mut reader.issues);
    let said = meaning(reader, header)?;
    Some(Answer {
        answers: answers?,
        action: said.action,
        reason: said.reason,
        comment: said.comment,
        appointment_start: said.appointment_start,
    })
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
fn meaning(reader: &mut Reader<'_>, header: &Value) -> Option<Said> {
    let entries = entries(reader.bundle);
    let issues = &mut reader.issues;
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
            reader.malformed("invariant", &format!("{path}.status"), what)
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
