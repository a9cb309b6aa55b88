//! The MessageHeader.

use serde_json::json;

use super::{Entry, Message, entry, refer};
use crate::{
    directory::Partner,
    mapping::{
        codes,
        frame::Frame,
        tree::{Tree, list, map},
    },
};

pub(super) const ROLE: &str = "message-header";

/// The header of a new referral.
pub(super) fn new_referral(message: &Message<'_>) -> Entry {
    header(message.frame, "new", codes::REFERRAL_NEW)
}

/// The header of a request message: `reason` is `new` or `delete`.
pub(super) fn header(frame: &Frame<'_>, reason: &'static str, definition: &'static str) -> Entry {
    let fields = [
        (
            "eventCoding",
            Some(Tree::fixed(json!({"system": codes::MESSAGE_EVENTS, "code": "servicerequest-request"}))),
        ),
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
                ("endpoint", Some(Tree::frame("base_url", format!("{}/fhir", frame.base_url)))),
            ]),
        ),
        ("reason", Some(Tree::fixed(json!({"coding": [{"system": codes::MESSAGE_REASON, "code": reason}]})))),
        ("focus", refer(frame, "service-request").and_then(|focus| list([focus]))),
        ("definition", Some(Tree::fixed(definition))),
    ];
    let profiles = [codes::BARS_REQUEST_HEADER.to_owned(), codes::ours("ld-message-header-request")];
    entry(frame, ROLE, "MessageHeader", &profiles, fields)
}

/// Where an agency gets its messages: its own server, or its mailbox here.
fn address(frame: &Frame<'_>, partner: &Partner) -> String {
    partner
        .endpoint
        .clone()
        .unwrap_or_else(|| format!("{}/messageexchange/{}", frame.base_url, partner.partner_id))
}
