//! The MessageHeader.

use super::{Entry, Message, bare, concept_of, entry, refer};
use crate::{
    directory::Partner,
    mapping::{
        codes,
        frame::{Frame, organisation_code, organisation_system},
        messages::{self, Event},
        tree::{Tree, list, map},
    },
};

pub(super) const ROLE: &str = "message-header";

/// The header of a referral, new or said anew.
pub(super) fn referral(message: &Message<'_>) -> Entry {
    if message.frame.changed.is_some() {
        header(message.frame, "update", messages::UPDATE.definition)
    } else {
        header(message.frame, "new", messages::NEW.definition)
    }
}

/// The header of a request message: `reason` is `new`, `update` or `delete`.
pub(super) fn header(frame: &Frame<'_>, reason: &'static str, definition: &'static str) -> Entry {
    let kind = Kind {
        event: Event::Request,
        focus: "service-request",
        profile: codes::BARS_REQUEST_HEADER,
        answers: None,
    };
    of(frame, &kind, reason, definition)
}

/// The header of what tells how the referral of the message with the Bundle.id `answers` stands.
pub(super) fn status(frame: &Frame<'_>, answers: &str) -> Entry {
    let quoted =
        map([("identifier", Some(Tree::frame("answers", answers))), ("code", Some(Tree::fixed("ok")))]);
    let kind = Kind {
        event: Event::Response,
        focus: "receiver-encounter",
        profile: codes::BARS_RESPONSE_HEADER,
        answers: quoted,
    };
    // BaRS says `new` for a first answer and `update` for those after it; both are read alike.
    of(frame, &kind, "new", messages::STATUS.definition)
}

/// What differs between a request and an answer.
struct Kind {
    event: Event,
    focus: &'static str,
    profile: &'static str,
    answers: Option<Tree>,
}

fn of(frame: &Frame<'_>, kind: &Kind, reason: &'static str, definition: &'static str) -> Entry {
    let fields = [
        ("eventCoding", Some(bare(codes::MESSAGE_EVENTS, kind.event.code()))),
        (
            "destination",
            list(map([
                ("name", Some(Tree::frame("recipient", frame.recipient.name.as_str()))),
                ("endpoint", Some(Tree::frame("recipient", address(frame, frame.recipient)))),
                ("receiver", refer(frame, "organization-receiver")),
            ])),
        ),
        ("sender", refer(frame, "organization-sender")),
        (
            "source",
            map([
                ("name", Some(Tree::frame("sender", frame.sender.name.as_str()))),
                ("software", Some(Tree::fixed("Keyway"))),
                ("version", Some(Tree::fixed(env!("CARGO_PKG_VERSION")))),
                ("endpoint", Some(source(frame))),
            ]),
        ),
        ("reason", Some(concept_of([bare(codes::MESSAGE_REASON, reason)]))),
        ("response", kind.answers.clone()),
        ("focus", refer(frame, kind.focus).and_then(|focus| list([focus]))),
        ("definition", Some(Tree::fixed(definition))),
    ];
    let own = if kind.answers.is_some() {
        codes::ours!("ld-message-header-response")
    } else {
        codes::ours!("ld-message-header-request")
    };
    entry(frame, ROLE, "MessageHeader", &[kind.profile, own], fields)
}

/// Where an agency gets its messages: its service id where the directory has it, as BaRS addresses it; otherwise its own
/// server, or its mailbox here.
fn address(frame: &Frame<'_>, partner: &Partner) -> String {
    service_id(partner)
        .or_else(|| partner.endpoint.clone())
        .unwrap_or_else(|| format!("{}/messageexchange/{}", frame.base_url, partner.partner_id))
}

/// Where an answer goes: to the sender's service id where the directory has it, otherwise to this gateway.
fn source(frame: &Frame<'_>) -> Tree {
    match service_id(frame.sender) {
        Some(service) => Tree::frame("sender", service),
        None => Tree::frame("base_url", format!("{}/fhir", frame.base_url)),
    }
}

/// The address of a service that is known by its id in the Directory of Services.
fn service_id(partner: &Partner) -> Option<String> {
    let system = organisation_system(partner);
    (system == codes::DOS_SERVICE).then(|| format!("{system}|{}", organisation_code(partner)))
}
