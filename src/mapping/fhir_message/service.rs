//! The service that is asked: what kind it is, as its row of `directory::service` says, and what it reads first.
//!
//! Where nobody said what kind of service an agency is, the message says its name and no kind.

use super::{Entry, Message, bare, coding, concept_of, in_words, our_concept};
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

fn coded(system: &'static str, coded: &'static Coded) -> Tree {
    coding(system, &coded.code, &coded.display)
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
    message.entry("healthcare-service", "HealthcareService", codes::ours!("ld-healthcare-service"), fields)
}

/// The care setting, with the team type of MHSDS that says the same.
fn setting(known: &'static Service) -> Option<Tree> {
    let setting = known.setting.as_ref()?;
    let team = known.team.as_ref().map(|team| coded(codes::our_codes!("mhsds-team-type"), team));
    let codings = list(std::iter::once(coded(codes::SNOMED, setting)).chain(team));
    map([("coding", codings)]).map(|setting| setting.known_by("recipient"))
}

fn specialty(known: &'static Service) -> Option<Tree> {
    let specialty = known.specialty.as_ref()?;
    Some(concept_of([coded(codes::PRACTICE_SETTING, specialty)]).known_by("recipient"))
}

/// What is asked for: the kind of service. No published code says it for a referral of this sort.
pub(super) fn asked(message: &Message<'_>) -> Option<Tree> {
    let known = kind(message)?;
    let coding = coding(codes::our_codes!("health-service"), &known.name, &known.title);
    let asked = Tree::object([("coding", Tree::array([coding])), ("text", known.title.as_str().into())]);
    Some(asked.known_by("recipient"))
}

/// The need that the referral is for; for a service that reports to MHSDS with its reason for referral, where that
/// list has the same.
pub(super) fn need(message: &Message<'_>, need: &Place<'_>) -> Tree {
    let reason = kind(message)
        .filter(|known| known.team.is_some())
        .and_then(|_| service::reason(need.text()?))
        .map(|reason| coding(codes::our_codes!("mhsds-reason-for-referral"), &reason.code, &reason.display));
    let ours = codes::our_codes!("need");
    match reason {
        Some(reason) => concept_of([bare(ours, need.copy()), need.becomes(reason)]),
        None => our_concept(need, ours),
    }
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
