//! The service that is asked: what kind it is, as its row of `directory::service` says, and what it reads first.
//!
//! Where nobody said what kind of service an agency is, the message says its name and no kind.

use serde_json::{Value, json};

use super::{Entry, Message, coding, in_words, our_concept};
use crate::{
    directory::service::{self, Coded, Service},
    mapping::{
        codes,
        place::Place,
        tree::{Tree, list, map},
    },
};

/// The kind of service that the recipient is.
fn kind(message: &Message<'_>) -> Option<&'static Service> {
    service::of(message.frame.recipient)
}

fn our_coding(system: &str, coded: &Coded) -> Value {
    coding(&format!("{}/{system}", codes::OURS), &coded.code, &coded.display)
}

/// The resource.
pub(super) fn entry(message: &Message<'_>) -> Entry {
    let recipient = message.frame.recipient;
    let identifier = map([
        ("system", Some(Tree::fixed(codes::AGENCY_ID))),
        ("value", Some(Tree::frame("recipient", recipient.partner_id.as_str()))),
    ]);
    let known = kind(message);
    let fields = [
        ("identifier", identifier.and_then(|one| list([one]))),
        ("active", Some(Tree::fixed(true))),
        ("providedBy", message.refer("organization-receiver")),
        ("type", known.and_then(setting).and_then(|setting| list([setting]))),
        ("specialty", known.and_then(specialty).and_then(|specialty| list([specialty]))),
        ("name", Some(Tree::frame("recipient", recipient.name.as_str()))),
    ];
    message.entry("healthcare-service", "HealthcareService", "ld-healthcare-service", fields)
}

/// The care setting, with the team type of MHSDS that says the same.
fn setting(known: &Service) -> Option<Tree> {
    let setting = known.setting.as_ref()?;
    let published = coding(codes::SNOMED, &setting.code, &setting.display);
    let codings: Vec<Value> = std::iter::once(published)
        .chain(known.team.as_ref().map(|team| our_coding("mhsds-team-type", team)))
        .collect();
    Some(Tree::frame("recipient", json!({"coding": codings})))
}

fn specialty(known: &Service) -> Option<Tree> {
    let specialty = known.specialty.as_ref()?;
    let coded = coding(codes::PRACTICE_SETTING, &specialty.code, &specialty.display);
    Some(Tree::frame("recipient", json!({"coding": [coded]})))
}

/// What is asked for: the kind of service. No published code says it for a referral of this sort.
pub(super) fn asked(message: &Message<'_>) -> Option<Tree> {
    let known = kind(message)?;
    let coded = coding(&format!("{}/health-service", codes::OURS), &known.name, &known.title);
    Some(Tree::frame("recipient", json!({"coding": [coded], "text": known.title})))
}

/// The need that the referral is for; for a service that reports to MHSDS with its reason for referral, where that
/// list has the same.
pub(super) fn need(message: &Message<'_>, need: &Place<'_>) -> Option<Tree> {
    let reason = kind(message)
        .filter(|known| known.team.is_some())
        .and_then(|_| service::reason(need.text()?))
        .map(|reason| {
            coding(&format!("{}/mhsds-reason-for-referral", codes::OURS), &reason.code, &reason.display)
        });
    let Some(reason) = reason else { return our_concept(need, "need") };
    let ours =
        map([("system", Some(Tree::fixed(format!("{}/need", codes::OURS)))), ("code", Some(need.copy()))]);
    map([("coding", list(ours.into_iter().chain([need.becomes(reason)])))])
}

/// What this kind of service reads before everything else, each after its words.
pub(super) fn first(message: &Message<'_>) -> Vec<Tree> {
    let wanted = kind(message).map_or(&[][..], |known| &known.first);
    let said = wanted.iter().filter_map(|first| {
        let place = message.at(&first.at)?;
        let leaves = place.leaves();
        Some(Tree::made_from(leaves.iter(), format!("{}: {}", first.say, in_words(&place))))
    });
    said.collect()
}
