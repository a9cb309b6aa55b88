//! The messages that are spoken here: one table, from which what is read and written, what is offered and what is stated of
//! it are made. Its `MessageDefinition`s are in `profiles/fhir/`.

use super::codes::ours;

/// What a message is about, as BaRS has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody is asked to act.
    Request,
    /// Somebody who was asked answers, or tells how it stands.
    Response,
}

impl Event {
    /// BaRS's code for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Request => REQUEST,
            Self::Response => RESPONSE,
        }
    }

    /// The event with this code, when it is one of those that are spoken here.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Request, Self::Response].into_iter().find(|event| event.code() == code)
    }
}

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name: the id of its `MessageDefinition`, and of the profile of its Bundle.
    pub name: &'static str,
    /// The canonical of its `MessageDefinition`.
    pub definition: &'static str,
    /// The canonical of the profile of its Bundle.
    pub profile: &'static str,
    /// What it is about.
    pub event: Event,
    /// Whether the gateway sends it.
    pub sent: bool,
    /// Who takes it, through the gateway.
    pub taken: Taken,
}

/// Who takes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Every agency, and the liaison and diversion service.
    ByEvery,
    /// The liaison and diversion service alone.
    ByTheService,
}

macro_rules! message {
    ($name:literal, $event:ident, sent: $sent:literal, taken: $taken:ident) => {
        Message {
            name: $name,
            definition: concat!("https://keyway.example/fhir/MessageDefinition/", $name),
            profile: ours!($name),
            event: Event::$event,
            sent: $sent,
            taken: Taken::$taken,
        }
    };
}

/// A referral, new.
pub const NEW: Message = message!("ld-referral-new", Request, sent: true, taken: ByEvery);
/// A referral, changed.
pub const UPDATE: Message = message!("ld-referral-update", Request, sent: true, taken: ByEvery);
/// A referral, taken back: also the recall of what was disclosed under it.
pub const CANCEL: Message = message!("ld-referral-cancel", Request, sent: true, taken: ByEvery);
/// An answer to a referral. The gateway writes none: it tells by the next how a referral stands.
pub const ANSWER: Message = message!("ld-referral-response", Response, sent: false, taken: ByTheService);
/// How a referral stands, told to its sender; from another gateway it is read as an answer.
pub const STATUS: Message = message!("ld-referral-status", Response, sent: true, taken: ByTheService);

/// Every message.
pub static ALL: [Message; 5] = [NEW, UPDATE, CANCEL, ANSWER, STATUS];

/// BaRS's code of a request.
pub(super) const REQUEST: &str = "servicerequest-request";
/// BaRS's code of a response.
pub(super) const RESPONSE: &str = "servicerequest-response";
/// The events of BaRS that are not spoken here, and are told so.
pub(super) const NOT_OFFERED: [&str; 2] = ["booking-request", "booking-response"];

/// What goes on the wire under one of BaRS's events.
const BASE: &str = "https://fhir.nhs.uk/MessageDefinition/bars-message-";
/// The definitions of a response that are understood, without BaRS's base.
const RESPONSES: [&str; 6] = [
    "servicerequest-response-referral",
    "servicerequest-response-referral-short",
    "servicerequest-request-response-short",
    "servicerequest-response-validation",
    "servicerequest-response-validation-full",
    "servicerequest-response-validation-interim",
];
/// The same of a request. The published text of a cancellation names one definition for both categories.
const REQUESTS: [&str; 2] = ["servicerequest-request-referral", "servicerequest-request-cancelled"];

/// Whether a message with this event may name this definition: one of ours, or of BaRS.
#[must_use]
pub fn is_defined_by(event: Event, canonical: &str) -> bool {
    let theirs: &[&str] = match event {
        Event::Request => &REQUESTS,
        Event::Response => &RESPONSES,
    };
    ALL.iter().any(|message| message.event == event && message.definition == canonical)
        || canonical.strip_prefix(BASE).is_some_and(|name| theirs.contains(&name))
}
