//! The Patient: who it is, and how to reach them without harm.

use super::{Entry, Message, bare, coding, concept, concept_of, entry};
use crate::mapping::{
    codes,
    frame::Frame,
    place::Place,
    tree::{Tree, list, map},
};

pub(super) const ROLE: &str = "patient";

/// The patient.
pub(super) fn patient(message: &Message<'_>) -> Entry {
    let practice = message.at("/person/gp_practice").and_then(|_| message.refer("organization-gp"));
    let fields = [
        ("extension", list(extensions(message))),
        ("identifier", list(identifiers(message))),
        ("name", name(message)),
        ("telecom", telecom(message)),
        ("gender", message.at("/person/demographics/gender").map(|place| gender(&place))),
        ("birthDate", message.copy("/person/birth_date")),
        ("address", address(message)),
        ("communication", language(message)),
        ("generalPractitioner", practice.and_then(|practice| list([practice]))),
    ];
    message.entry(ROLE, "Patient", codes::ours!("ld-patient"), fields)
}

/// The person of a message that tells nothing about them: the pseudonym alone.
pub(super) fn pseudonym(frame: &Frame<'_>) -> Entry {
    let identifier = pseudonym_of(frame).and_then(|one| list([one]));
    entry(frame, ROLE, "Patient", &[codes::ours!("ld-patient-pseudonym")], [("identifier", identifier)])
}

fn pseudonym_of(frame: &Frame<'_>) -> Option<Tree> {
    map([
        ("system", Some(Tree::fixed(codes::PERSON_REF))),
        ("value", Some(Tree::frame("person_ref", frame.person_ref))),
    ])
}

/// The pseudonym, and the NHS number when it is traced and verified; any other is not sent at all.
fn identifiers(message: &Message<'_>) -> Vec<Tree> {
    nhs_number(message).into_iter().chain(pseudonym_of(message.frame)).collect()
}

fn nhs_number(message: &Message<'_>) -> Option<Tree> {
    let number = message.at("/person/nhs_number/value")?;
    let verified = message.at("/person/nhs_number/verification")?;
    let digits: String = number.text()?.chars().filter(char::is_ascii_digit).collect();
    if verified.text() != Some("01") {
        return None;
    }
    let status = concept(
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
        "01",
        "Number present and verified",
    );
    map([
        (
            "extension",
            list(map([
                ("url", Some(Tree::fixed(codes::uk_core_extension!("NHSNumberVerificationStatus")))),
                ("valueCodeableConcept", Some(verified.becomes(status))),
            ])),
        ),
        ("system", Some(Tree::fixed(codes::NHS_NUMBER))),
        ("value", Some(number.becomes(digits))),
    ])
}

fn name(message: &Message<'_>) -> Option<Tree> {
    let name = message.at("/person/name")?;
    let part = |path: &str| name.at(path).map(|place| place.copy());
    let official =
        map([("use", Some(Tree::fixed("official"))), ("family", part("/family")), ("given", part("/given"))]);
    let preferred = message
        .at("/person/preferred_name")
        .and_then(|place| map([("use", Some(Tree::fixed("nickname"))), ("text", Some(place.copy()))]));
    // Whether it is an earlier name, a married one or none of the kind is not known.
    let others = message.at("/person/aliases").map(|place| place.items()).unwrap_or_default();
    let others = others.iter().filter_map(|place| map([("text", Some(place.copy()))]));
    list(official.into_iter().chain(preferred).chain(others))
}

/// The administrative code. The person's own word for it is among the answers.
fn gender(place: &Place<'_>) -> Tree {
    let code = match place.text().map(str::to_ascii_lowercase).as_deref() {
        Some("male") => "male",
        Some("female") => "female",
        Some("unknown" | "not known" | "not stated") => "unknown",
        _ => "other",
    };
    place.becomes(code)
}

/// Only what the person named as safe; how and when is in a Flag, where nobody overlooks it.
fn telecom(message: &Message<'_>) -> Option<Tree> {
    let contact = message.at("/person/safe_contact")?;
    let way = |path: &str, system: &'static str, rank: u8| {
        let place = contact.at(path)?;
        map([
            ("system", Some(Tree::fixed(system))),
            ("value", Some(place.copy())),
            ("rank", Some(Tree::fixed(rank))),
        ])
    };
    list(way("/telephone", "phone", 1).into_iter().chain(way("/email", "email", 2)))
}

fn address(message: &Message<'_>) -> Option<Tree> {
    let address = message.at("/person/address")?;
    let homeless = address.at("/no_fixed_abode");
    let part = |path: &str| address.at(path).map(|place| place.copy());
    let kind = homeless.as_ref().map(|place| place.becomes(if place.says_yes() { "temp" } else { "home" }));
    let text = homeless.filter(Place::says_yes).map(|place| place.becomes("No fixed abode"));
    list(map([("use", kind), ("text", text), ("line", part("/lines")), ("postalCode", part("/postcode"))]))
}

fn language(message: &Message<'_>) -> Option<Tree> {
    let tag = message.at("/communication/language")?;
    let language = concept_of([bare("urn:ietf:bcp:47", tag.copy())]);
    Some(Tree::array([Tree::object([("language", language), ("preferred", true.into())])]))
}

fn extensions(message: &Message<'_>) -> Vec<Tree> {
    let text = |path: &str, url: &'static str| {
        let place = message.at(path)?;
        map([("url", Some(Tree::fixed(url))), ("valueCodeableConcept", map([("text", Some(place.copy()))]))])
    };
    let ethnicity = message.at("/person/demographics/ethnicity").and_then(|place| ethnic_category(&place));
    let religion =
        text("/person/demographics/religion", "http://hl7.org/fhir/StructureDefinition/patient-religion");
    let interpreter = message.at("/communication/interpreter_needed").and_then(|place| {
        map([
            ("url", Some(Tree::fixed("http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"))),
            ("valueBoolean", Some(place.copy())),
        ])
    });
    [ethnicity, religion, interpreter].into_iter().flatten().collect()
}

/// The codes of the NHS list.
const ETHNIC_CATEGORIES: [&str; 18] =
    ["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "Z", "99"];

/// As it was given: a letter of the NHS list is a code, anything else is the person's own word.
fn ethnic_category(place: &Place<'_>) -> Option<Tree> {
    let given = place.text()?;
    let is_code = ETHNIC_CATEGORIES.contains(&given);
    let value = if is_code {
        let system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland";
        Some(concept_of([bare(system, place.copy())]))
    } else {
        map([("text", Some(place.copy()))])
    };
    map([
        ("url", Some(Tree::fixed(codes::uk_core_extension!("EthnicCategory")))),
        ("valueCodeableConcept", value),
    ])
}

/// What must be known before anybody calls or writes.
pub(super) fn safe_contact_flag(message: &Message<'_>) -> Option<Entry> {
    let contact = message.at("/person/safe_contact")?;
    let text = super::labelled(&[
        ("How to reach the person safely", contact.at("/how")),
        ("When", contact.at("/when")),
        ("Rules", contact.at("/rules")),
        ("Through", contact.at("/through/name")),
        ("Who is", contact.at("/through/relation")),
        ("Telephone of that person", contact.at("/through/telephone")),
        ("Must not come to know", contact.at("/must_not_know")),
    ])?;
    let category = concept(codes::FLAG_CATEGORIES, "API", "Additional Patient Information");
    let safe_contact = coding(codes::our_codes!("flag-code"), "safe-contact", "Safe contact");
    let fields = [
        ("status", Some(Tree::fixed("active"))),
        ("category", list([category])),
        ("code", map([("coding", Some(Tree::array([safe_contact]))), ("text", Some(text))])),
        ("subject", message.refer(ROLE)),
    ];
    Some(message.entry("flag-safe-contact", "Flag", codes::ours!("ld-flag"), fields))
}
