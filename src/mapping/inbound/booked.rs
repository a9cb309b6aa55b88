//! What an Appointment in an answer says: a time that is booked, or called off, or that nobody came.

use serde_json::{Value, json};

use super::{
    Reader,
    answer::{Said, place},
    array, entries, kind, names, required, resource, text,
};
use crate::{letters::says_something, mapping::codes};

/// An appointment that a receiver booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// When it begins, as it was sent.
    pub start: String,
    /// When it ends, as it was sent.
    pub end: Option<String>,
    /// Where, in words.
    pub place: Option<String>,
    /// Where in the message the place stands.
    pub(super) place_at: String,
    /// Where in the message the words beside it stand.
    pub(super) words_at: String,
}

impl Booked {
    /// It in the form of an action on a referral.
    pub(super) fn as_action(&self) -> Value {
        let mut appointment = json!({"start": self.start});
        if let Some(fields) = appointment.as_object_mut() {
            fields.extend(self.end.iter().map(|end| (String::from("end"), json!(end))));
            fields.extend(self.place.iter().map(|place| (String::from("place"), json!(place))));
        }
        appointment
    }
}

/// What the appointments of an answer say.
pub(super) enum Says {
    /// Nothing that the receiver's Encounter does not say.
    Nothing,
    /// This.
    This(Box<Said>),
    /// What is not understood.
    Wrong,
}

/// Reads the appointments (each with its place among the entries), beside the status of the receiver's Encounter.
pub(super) fn read(
    reader: &mut Reader<'_>,
    appointments: &[(usize, &Value)],
    encounter: Option<&str>,
) -> Says {
    let with = |status: &str| {
        let these = appointments.iter().filter(|(_, one)| text(one, "/status") == Some(status));
        these.copied().collect::<Vec<_>>()
    };
    match (with("booked").as_slice(), with("noshow").as_slice()) {
        // The Encounter is at its end: what was booked for it is over too. Whom nobody saw was not seen to.
        _ if encounter == Some("cancelled") => Says::Nothing,
        (_, []) if encounter == Some("finished") => Says::Nothing,
        ([(index, one)], _) => {
            booked(reader, *index, one).map_or(Says::Wrong, |said| Says::This(Box::new(said)))
        }
        ([], [(index, one), ..]) => {
            let missed = Said::by("did-not-attend", *index);
            Says::This(Box::new(missed.with(words(reader, one, "/comment")).since(one, &reader.taken)))
        }
        ([], []) => neither(reader, appointments),
        ([_, (second, _), ..], _) => {
            let what = "one appointment that is booked is understood, and no second one";
            reader.wrong("structure", &place(*second), what);
            Says::Wrong
        }
    }
}

fn neither(reader: &mut Reader<'_>, appointments: &[(usize, &Value)]) -> Says {
    let Some((index, one)) = appointments.last() else { return Says::Nothing };
    if let Some("arrived" | "checked-in" | "fulfilled") = text(one, "/status") {
        let begun = Said::by("start", *index);
        return Says::This(Box::new(begun.with(words(reader, one, "/comment")).since(one, &reader.taken)));
    }
    if text(one, "/status") == Some("cancelled") {
        return called_off(reader, *index, one).map_or(Says::Wrong, |said| Says::This(Box::new(said)));
    }
    let what = "an Appointment is `booked`, `cancelled`, `noshow`, or took place";
    reader.wrong("not-supported", &format!("{}.status", place(*index)), what);
    Says::Wrong
}

/// The appointment does not take place. Its start says which one is meant: this answer may be older than another.
fn called_off(reader: &mut Reader<'_>, index: usize, appointment: &Value) -> Option<Said> {
    let path = place(index);
    let start = required(appointment, "/start", &format!("{path}.start"), &mut reader.issues)?;
    reader.taken.fields(appointment, &["start"]);
    let (why, words_at) = match words(reader, appointment, "/comment") {
        None => (words(reader, appointment, "/cancelationReason/text"), "cancelationReason.text"),
        comment => (comment, "comment"),
    };
    let [place_at, words_at] = ["description", words_at].map(|field| format!("{path}.{field}"));
    let meant = Booked { start, end: None, place: None, place_at, words_at };
    Some(Said::by("cancel-appointment", index).with(why).at(meant))
}

fn booked(reader: &mut Reader<'_>, index: usize, appointment: &Value) -> Option<Said> {
    let path = place(index);
    let start = required(appointment, "/start", &format!("{path}.start"), &mut reader.issues)?;
    let (at, place_at) = location(reader, index, appointment);
    // In our own Appointments the description says where; in others it is one word more.
    let description = words(reader, appointment, "/description");
    let is_ours = array(appointment, "/meta/profile")
        .iter()
        .filter_map(Value::as_str)
        .any(|profile| profile.split('|').next() == Some(codes::ours!("ld-appointment")));
    let (place, further) = match at {
        None if is_ours => (description, None),
        at => (at, description),
    };
    let comment: Vec<String> = further.into_iter().chain(words(reader, appointment, "/comment")).collect();
    let said = Said::by("book-appointment", index).with((!comment.is_empty()).then(|| comment.join("\n")));
    reader.taken.fields(appointment, &["start"]);
    let end = reader.taken.text(appointment, "/end").map(str::to_owned);
    let words_at = format!("{path}.comment");
    Some(said.at(Booked { start, end, place, place_at, words_at }))
}

/// The Location among the participants, in words, and where it stands.
fn location(reader: &Reader<'_>, index: usize, appointment: &Value) -> (Option<String>, String) {
    let entries = entries(reader.bundle);
    for (n, participant) in array(appointment, "/participant").iter().enumerate() {
        let here = format!("{}.participant[{n}].actor.display", place(index));
        let reference = text(participant, "/actor/reference").unwrap_or_default();
        let found = entries
            .iter()
            .enumerate()
            .find(|(_, entry)| kind(resource(entry)) == "Location" && names(reference, entry));
        if let Some((at, entry)) = found {
            let named = words(reader, resource(entry), "/name")
                .or_else(|| words(reader, resource(entry), "/description"));
            if named.is_some() {
                return (named, format!("{}.name", place(at)));
            }
        }
        let is_location = found.is_some()
            || text(participant, "/actor/type") == Some("Location")
            || reference.starts_with("Location/");
        if is_location && let Some(display) = words(reader, participant, "/actor/display") {
            return (Some(display), here);
        }
    }
    (None, format!("{}.description", place(index)))
}

/// Words, noted as read.
fn words(reader: &Reader<'_>, value: &Value, pointer: &str) -> Option<String> {
    reader.taken.text(value, pointer).filter(|words| says_something(words)).map(str::to_owned)
}
