//! This recipient's own part of the person's consent, as a Consent.

use super::{Entry, Message, bare, coding, concept, concept_of, refer};
use crate::mapping::{
    codes,
    place::Place,
    tree::{Tree, list, map},
};

/// The consent; none when the disclosure does not rest on one.
pub(super) fn consent(message: &Message<'_>) -> Option<Entry> {
    let consent = message.at("/consents/0")?;
    let decision = consent.at("/decision")?;
    let scope =
        concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent");
    // The base rule: nothing may be shared. What may be is the nested permission, so that a receiver which reads
    // only the outer rule reads a no.
    let rule = concept_of([bare(codes::V3_ACT, "OPTOUT")]);
    let fields = [
        ("status", Some(decision.becomes("active"))),
        ("scope", Some(scope)),
        ("category", list([concept(codes::CONSENT_CATEGORIES, "DRC", "Direct Care")])),
        ("patient", message.refer("patient")),
        ("dateTime", consent.at("/recorded_at").map(|place| place.copy())),
        ("performer", performer(message, &consent)),
        ("organization", message.refer("organization-sender").and_then(|sender| list([sender]))),
        ("policyRule", Some(rule)),
        ("provision", provision(message, &consent)),
    ];
    Some(message.entry("consent", "Consent", codes::ours!("ld-consent"), fields))
}

/// Somebody else who agreed, as far as the recipient may know them.
const PARENT: &str = "Somebody with parental responsibility";

/// Who agreed. Of somebody with parental responsibility no name leaves, and so no resource is made of them; the person
/// themselves is named only where it is their own word.
fn performer(message: &Message<'_>, consent: &Place<'_>) -> Option<Tree> {
    let given_by = consent.at("/given_by");
    let word = given_by.as_ref().and_then(Place::text);
    let parent = given_by.as_ref().filter(|_| matches!(word, Some("parental-responsibility" | "both")));
    let parent = parent
        .map(|by| Tree::object([("type", Tree::fixed("RelatedPerson")), ("display", by.becomes(PARENT))]));
    let person = message.refer("patient").filter(|_| word != Some("parental-responsibility"));
    list(person.into_iter().chain(parent))
}

/// Until when, to whom, for what. What the person kept back is not for the recipient to know.
fn provision(message: &Message<'_>, consent: &Place<'_>) -> Option<Tree> {
    let actor = map([
        (
            "role",
            Some(concept(
                "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                "IRCP",
                "information recipient",
            )),
        ),
        ("reference", refer(message.frame, "organization-receiver")),
    ]);
    let until = consent.at("/valid_until").and_then(|place| map([("end", Some(place.copy()))]));
    let permit = map([
        ("type", Some(Tree::fixed("permit"))),
        ("period", until),
        ("actor", actor.and_then(|actor| list([actor]))),
        (
            "purpose",
            Some(Tree::array([coding(
                "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "TREAT",
                "treatment",
            )])),
        ),
    ]);
    map([("provision", permit.and_then(|permit| list([permit])))])
}
