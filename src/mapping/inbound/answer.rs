//! What a `servicerequest-response` says.

use serde_json::Value;

use super::{
    HEADER, Reader, array,
    booked::{self, Booked},
    entries, kind, names, required, resource,
    taken::Taken,
    text,
    unplaced::{told, unplaced},
};
use crate::{fhir::Issue, letters::says_something, mapping::codes};

/// What an answer from a receiver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The Bundle.id of the message that it answers.
    pub answers: String,
    /// The action that it stands for, in the words of the referral's life cycle: `accept`, `waitlist`,
    /// `book-appointment`, `cancel-appointment`, `start`, `did-not-attend`, `complete`, `decline`, `redirect`, `end-early`,
    /// `request-information`.
    pub action: &'static str,
    /// Why, as a code of our lists; only with a refusal.
    pub reason: Option<String>,
    /// What was said beside it.
    pub comment: Option<String>,
    /// The appointment, where one is booked, or called off.
    pub appointment: Option<Booked>,
    /// When that began which took place, or to which nobody came, as it was sent.
    pub since: Option<String>,
    /// Where in the message that stands which says it.
    pub place: String,
    /// What of the message stays as received.
    pub kept: Vec<Issue>,
}

impl Answer {
    /// What it says, in the form of an action on a referral.
    #[must_use]
    pub fn as_action(&self) -> Value {
        let mut said = serde_json::Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            said.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("reason", self.reason.clone().map(Value::from));
        put("comment", self.comment.clone().map(Value::from));
        put("appointment", self.appointment.as_ref().map(Booked::as_action));
        Value::Object(said)
    }

    /// A place of that form in the message.
    #[must_use]
    pub fn located(&self, pointer: &str) -> String {
        let place = &self.place;
        let booked = |field: &str| match (&self.appointment, field) {
            (Some(booked), "place") => booked.place_at.clone(),
            (Some(booked), "comment") => booked.words_at.clone(),
            _ => format!("{place}.{field}"),
        };
        match pointer.strip_prefix('/').unwrap_or_default().split('/').collect::<Vec<_>>().as_slice() {
            ["appointment", field, ..] => booked(field),
            ["reason", ..] => format!("{place}.reasonCode[0].coding"),
            ["comment", ..] if self.appointment.is_some() => booked("comment"),
            ["comment", ..] if self.action == "request-information" => format!("{place}.note"),
            ["comment", ..] => format!("{place}.reasonCode[0].text"),
            _ => place.clone(),
        }
    }
}

pub(super) fn read(reader: &mut Reader<'_>, header: &Value) -> Option<Answer> {
    let quoted = format!("{HEADER}.response.identifier");
    let answers = required(header, "/response/identifier", &quoted, &mut reader.issues);
    let said = meaning(reader, header)?;
    said.agrees_with_requests(reader)?;
    reader.taken.fields(header, &["eventCoding"]);
    if let Some(said_by) = said.used.and_then(|index| entries(reader.bundle).get(index).copied()) {
        reader.taken.fields(resource(said_by), &["status"]);
    }
    Some(Answer {
        answers: answers?,
        action: said.action,
        reason: said.reason,
        comment: said.comment,
        appointment: said.appointment,
        since: said.since,
        place: said.used.map_or_else(|| String::from("Bundle"), place),
        kept: told(unplaced(reader.bundle, &reader.taken)),
    })
}

/// What one resource says. `used` is its place among the entries. Where it reads, it notes what it read; what goes back with an
/// answer is compared with what that is about (`beside`), and not read.
pub(super) struct Said {
    action: &'static str,
    reason: Option<String>,
    comment: Option<String>,
    appointment: Option<Booked>,
    since: Option<String>,
    used: Option<usize>,
}

impl Said {
    pub(super) fn by(action: &'static str, index: usize) -> Self {
        Self { action, reason: None, comment: None, appointment: None, since: None, used: Some(index) }
    }

    pub(super) fn with(self, comment: Option<String>) -> Self {
        Self { comment, ..self }
    }

    /// With the start of the appointment that it tells of.
    pub(super) fn since(self, appointment: &Value, taken: &Taken) -> Self {
        Self { since: taken.text(appointment, "/start").map(str::to_owned), ..self }
    }

    /// Whether no ServiceRequest beside it says that the referral has ended in another way, or at all.
    fn agrees_with_requests(&self, reader: &mut Reader<'_>) -> Option<()> {
        // Whom nobody saw may have been given up: that is no yes.
        let ends = matches!(self.action, "decline" | "redirect" | "end-early" | "did-not-attend");
        let denied = entries(reader.bundle).into_iter().map(resource).enumerate().find(|(_, one)| {
            kind(one) == "ServiceRequest"
                && match text(one, "/status") {
                    Some("revoked" | "entered-in-error") => !ends,
                    Some("completed") => !ends && self.action != "complete",
                    _ => false,
                }
        });
        let Some((index, _)) = denied else { return Some(()) };
        let what = "the ServiceRequest has ended, and what is said beside it is something else: say the same in both";
        reader.wrong("invariant", &format!("{}.status", place(index)), what);
        None
    }

    pub(super) fn at(self, booked: Booked) -> Self {
        Self { appointment: Some(booked), ..self }
    }
}

pub(super) fn place(index: usize) -> String {
    format!("Bundle.entry[{index}].resource")
}

/// An appointment says most; then a task that waits or asks; then the receiver's encounter. What one of them says must
/// not be what another denies.
fn meaning(reader: &mut Reader<'_>, header: &Value) -> Option<Said> {
    let entries = entries(reader.bundle);
    let of_kind = |wanted: &'static str| {
        entries.iter().enumerate().filter(move |(_, entry)| kind(resource(entry)) == wanted)
    };
    let encounters: Vec<(usize, &Value)> = of_kind("Encounter").map(|(i, entry)| (i, *entry)).collect();
    let receivers = receivers_encounter(header, &encounters);
    let encounter = receivers.and_then(|(_, entry)| text(resource(entry), "/status"));
    let appointments: Vec<(usize, &Value)> =
        of_kind("Appointment").map(|(index, entry)| (index, resource(entry))).collect();
    match booked::read(reader, &appointments, encounter) {
        booked::Says::Nothing => {}
        booked::Says::This(said) => return Some(*said),
        booked::Says::Wrong => return None,
    }
    for (index, entry) in of_kind("Task") {
        let task = resource(entry);
        let system = codes::our_codes!("business-status");
        let waits = array(task, "/businessStatus/coding").iter().any(|coding| {
            text(coding, "/system") == Some(system) && text(coding, "/code") == Some("on-waiting-list")
        });
        match text(task, "/status") {
            Some("on-hold") => {
                let notes: Vec<&str> =
                    array(task, "/note").iter().filter_map(|note| reader.taken.text(note, "/text")).collect();
                let comment = (!notes.is_empty()).then(|| notes.join("\n"));
                return Some(Said::by("request-information", index).with(comment));
            }
            Some("rejected" | "failed" | "cancelled") if encounter.is_some_and(|it| it != "cancelled") => {
                let what =
                    "the Task ends the referral, and the receiver's Encounter does not: say the same in both";
                reader.wrong("invariant", &format!("{}.status", place(index)), what);
                return None;
            }
            _ if waits => {
                reader.taken.fields(task, &["businessStatus"]);
                return Some(Said::by("waitlist", index));
            }
            _ => {}
        }
    }
    let Some((index, entry)) = receivers else {
        let what = "an answer carries the receiver's own Encounter, or an Appointment";
        reader.wrong("required", "Bundle.entry", what);
        return None;
    };
    let said = |action| Some(Said::by(action, index));
    match encounter {
        Some("planned" | "arrived" | "triaged") => said("accept"),
        Some("in-progress" | "onleave") => said("start"),
        Some("finished") => said("complete"),
        Some("cancelled") => refusal(reader, resource(entry), index),
        _ => {
            let what = "one of planned, in-progress, finished and cancelled is expected";
            reader.malformed("invariant", &format!("{}.status", place(index)), what)
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

/// Which of our lists has the reasons of which step.
const LISTS: [(&str, &str); 3] =
    [("decline-reason", "decline"), ("redirect-reason", "redirect"), ("end-early-reason", "end-early")];

fn refusal(reader: &mut Reader<'_>, encounter: &Value, index: usize) -> Option<Said> {
    let path = place(index);
    let Some(why) = encounter.pointer("/reasonCode/0") else {
        let what = "a refusal needs a reason";
        reader.wrong("required", &format!("{path}.reasonCode"), what);
        return None;
    };
    let comment = reader.taken.text(why, "/text").filter(|words| says_something(words)).map(str::to_owned);
    let (coding, taken) = (array(why, "/coding"), &reader.taken);
    let ours = coding.iter().find_map(|coding| {
        let list = text(coding, "/system")?.strip_prefix(codes::OURS)?.strip_prefix('/')?;
        let (_, action) = LISTS.into_iter().find(|(known, _)| *known == list)?;
        let code = text(coding, "/code")?;
        taken.note(coding);
        Some((action, code))
    });
    let no_room = || {
        let known = coding.iter().find(|coding| {
            text(coding, "/system") == Some(codes::REJECTED_REASONS) && text(coding, "/code") == Some("RRNA")
        });
        known.map(|coding| taken.note(coding)).map(|_| ("decline", "capacity"))
    };
    let (action, reason) = ours.or_else(no_room).unwrap_or(("decline", "other"));
    if reason == "other" && comment.is_none() {
        let what = "a reason without a known code needs words: RRNA and OTH of rejected-reasons-bars are known, \
                    and the codes of our decline-reason";
        reader.wrong("required", &format!("{path}.reasonCode[0].text"), what);
        return None;
    }
    let said = Said::by(action, index).with(comment);
    Some(Said { reason: Some(reason.to_owned()), ..said })
}
