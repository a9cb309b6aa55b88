//! Who sends, who receives and who wrote it: organisations, the practitioner; the service is in `service`.

use super::{Entry, Message, entry};
use crate::{
    directory::Partner,
    mapping::{
        codes,
        frame::{Frame, organisation_code, organisation_system},
        tree::{Tree, list, map},
    },
};

/// The organisations and the practitioner.
pub(super) fn entries(message: &Message<'_>) -> Vec<Entry> {
    let mut entries = Vec::from(organisations(message.frame));
    entries.extend(gp_practice(message));
    entries.push(practitioner(message));
    entries.push(practitioner_role(message));
    entries
}

/// The two organisations.
pub(super) fn organisations(frame: &Frame<'_>) -> [Entry; 2] {
    [
        organisation(frame, "organization-sender", "sender", frame.sender),
        organisation(frame, "organization-receiver", "recipient", frame.recipient),
    ]
}

fn organisation(frame: &Frame<'_>, role: &'static str, part: &'static str, partner: &Partner) -> Entry {
    let identifier = map([
        ("system", Some(Tree::frame(part, organisation_system(partner)))),
        ("value", Some(Tree::frame(part, organisation_code(partner)))),
    ]);
    let fields = [
        ("identifier", identifier.and_then(|one| list([one]))),
        ("name", Some(Tree::frame(part, partner.name.as_str()))),
    ];
    entry(frame, role, "Organization", &[codes::ours!("ld-organization")], fields)
}

/// The practice where the person is registered; the Patient points to it.
fn gp_practice(message: &Message<'_>) -> Option<Entry> {
    let practice = message.at("/person/gp_practice")?;
    let identifier = practice.at("/ods_code").and_then(|code| {
        map([("system", Some(Tree::fixed(codes::ODS_ORGANISATION))), ("value", Some(code.copy()))])
    });
    let name = practice.at("/name").or_else(|| practice.at("/ods_code"))?;
    let fields = [("identifier", identifier.and_then(|one| list([one]))), ("name", Some(name.copy()))];
    Some(message.entry("organization-gp", "Organization", codes::ours!("ld-organization"), fields))
}

fn practitioner(message: &Message<'_>) -> Entry {
    let name = message
        .copy("/practitioner/name")
        .unwrap_or_else(|| Tree::frame("sender", message.frame.sender.name.as_str()));
    let fields = [("name", map([("text", Some(name))]).and_then(|name| list([name])))];
    message.entry("practitioner", "Practitioner", codes::ours!("ld-practitioner"), fields)
}

fn practitioner_role(message: &Message<'_>) -> Entry {
    let organisation = map([
        ("reference", Some(Tree::frame("ids", message.frame.urn("organization-sender")))),
        ("display", message.copy("/practitioner/organisation")),
    ]);
    let telephone = message.at("/practitioner/telephone").and_then(|number| {
        map([
            ("system", Some(Tree::fixed("phone"))),
            ("value", Some(number.copy())),
            ("use", Some(Tree::fixed("work"))),
        ])
    });
    let role = message.copy("/practitioner/role").and_then(|role| map([("text", Some(role))]));
    let fields = [
        ("practitioner", message.refer("practitioner")),
        ("organization", organisation),
        ("code", role.and_then(|role| list([role]))),
        ("telecom", telephone.and_then(|number| list([number]))),
    ];
    message.entry("practitioner-role", "PractitionerRole", codes::ours!("ld-practitioner-role"), fields)
}
