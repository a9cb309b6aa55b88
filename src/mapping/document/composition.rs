//! The Composition: the parts of the record standard in a fixed order, each with its words, then whatever else may leave,
//! so that the document can be read whole by itself.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    TITLE, identifier, kind,
    narrative::{narrative, sentence},
};
use crate::mapping::{
    codes,
    fhir_message::{Entry, Message, label},
    gaps::is_addressing,
    place::Place,
    sections::{ADULT_BY_LAW, child_without_a_word},
    tree::{Tree, list, map},
};

pub(super) const ROLE: &str = "composition";

/// A part of the record standard.
struct Part {
    /// The heading as it is published, and its code.
    title: &'static str,
    code: &'static str,
    /// Where the assessment says it.
    places: &'static [&'static str],
    /// The beginnings of the roles of the resources that say it too.
    roles: &'static [&'static str],
    /// What stands there when the assessment says nothing; `None`: then the part is left out.
    otherwise: Option<&'static str>,
}

/// In the order of the profile `ld-trusted-assessment`.
const PARTS: [Part; 10] = [
    Part {
        title: "Reason for referral",
        code: "reason-for-referral",
        places: &["/referrals"],
        roles: &[],
        otherwise: Some("Not stated."),
    },
    Part {
        title: "Consent for information sharing",
        code: "consent-for-information-sharing",
        places: &["/consents"],
        roles: &["consent"],
        otherwise: Some("This was not disclosed by the person's consent."),
    },
    Part {
        title: "Patient and carer concerns, expectations and wishes",
        code: "patient-and-carer-concerns-expectations-and-wishes",
        places: &["/priorities", "/strengths"],
        roles: &["goal-"],
        otherwise: None,
    },
    Part {
        title: "Risks to self",
        code: "risks-to-self",
        places: &["/risk/to_self"],
        roles: &["risk-to-self"],
        otherwise: Some("Not stated."),
    },
    Part {
        title: "Safeguarding",
        code: "safeguarding",
        places: &["/safeguarding", "/risk/from_others", "/risk/to_others"],
        roles: &["flag-safeguarding", "risk-from-others", "risk-to-others", "flag-risk-"],
        otherwise: None,
    },
    Part {
        title: "Reasonable adjustments for health and care access",
        code: "reasonable-adjustments-for-health-and-care-access",
        places: &["/communication"],
        roles: &["flag-adjustment-"],
        otherwise: None,
    },
    Part {
        title: "Mental capacity assessment",
        code: "mental-capacity-assessment",
        places: &["/capacity"],
        roles: &[],
        otherwise: None,
    },
    Part {
        title: "Assessment scales",
        code: "assessment-scales",
        places: &["/screening"],
        roles: &["observation-"],
        otherwise: None,
    },
    Part {
        title: "Social context",
        code: "social-context",
        places: &["/housing", "/money", "/household", "/recourse_to_public_funds", "/vulnerabilities"],
        roles: &[],
        otherwise: None,
    },
    Part {
        title: "Plan and requested actions",
        code: "plan-and-requested-actions",
        places: &["/recommendation", "/treatment_requirement", "/accompaniment"],
        roles: &["flag-appropriate-adult"],
        otherwise: Some("Not stated."),
    },
];

/// Said where something was kept back: whoever takes the document over must not take it for all that is known.
const PARTIAL: &str = "Not everything that was assessed is in this document.";

/// The Composition over the resources `found`.
pub(super) fn composition(message: &Message<'_>, found: &[Entry], partial: bool) -> Entry {
    let told = PARTS.iter().filter_map(|part| section(message, part, found, partial));
    let sections: Vec<Tree> = told.chain(rest(message)).collect();
    let fields = [
        ("identifier", identifier(message.frame)),
        ("status", Some(Tree::fixed("final"))),
        ("type", Some(kind())),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("date", Some(message.frame.at())),
        ("author", message.refer("practitioner-role").and_then(|author| list([author]))),
        ("title", Some(Tree::fixed(TITLE))),
        ("confidentiality", Some(Tree::fixed("R"))),
        ("custodian", message.refer("organization-sender")),
        ("relatesTo", replaces(message).and_then(|one| list([one]))),
        ("section", list(sections)),
    ];
    message.entry(ROLE, "Composition", codes::ours!("ld-trusted-assessment"), fields)
}

/// The document whose place this one takes.
fn replaces(message: &Message<'_>) -> Option<Tree> {
    let changed = message.frame.changed?;
    let target = map([
        ("system", Some(Tree::fixed(codes::DOCUMENT_ID))),
        ("value", Some(Tree::frame("supersedes", changed.supersedes))),
    ]);
    map([("code", Some(Tree::fixed("replaces"))), ("targetIdentifier", target)])
}

fn section(message: &Message<'_>, part: &Part, found: &[Entry], partial: bool) -> Option<Tree> {
    let said: Vec<(&str, Place<'_>)> =
        part.places.iter().flat_map(|path| told(message, path, part.places.len() == 1)).collect();
    let after: &[&str] = match part.code {
        "consent-for-information-sharing" if partial => &[PARTIAL],
        "plan-and-requested-actions" if child_without_a_word(message.root(), message.frame.now).is_some() => {
            &[ADULT_BY_LAW]
        }
        _ => &[],
    };
    let text = match (said.is_empty(), part.otherwise) {
        (false, _) => Tree::made_from(
            said.iter().flat_map(|(_, place)| place.leaves()).collect::<Vec<_>>().iter(),
            narrative(&said, after),
        ),
        (true, Some(otherwise)) => Tree::fixed(sentence(&[&[otherwise], after].concat().join(" "))),
        (true, None) => return None,
    };
    let code = json!({"coding": [{
        "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-RecordStandardHeadings",
        "code": part.code,
        "display": part.title,
    }]});
    let entries = found
        .iter()
        .filter(|entry| entry.is_there() && part.roles.iter().any(|role| entry.role().starts_with(role)))
        .filter_map(|entry| message.refer(entry.role()));
    map([
        ("title", Some(Tree::fixed(part.title))),
        ("code", Some(Tree::fixed(code))),
        ("text", words(text)),
        ("entry", list(entries)),
    ])
}

/// What a place holds, by name: itself, or the fields of a group that has a section of its own, whose title names it. In a
/// section with others each is named: an alert about what the person may do to others is not about what is done to them.
fn told<'p>(message: &Message<'p>, path: &'static str, is_alone: bool) -> Vec<(&'p str, Place<'p>)> {
    let Some(place) = message.at(path) else { return Vec::new() };
    if is_alone && place.is_group() && path.matches('/').count() > 1 {
        return place.fields();
    }
    let name = match path {
        "/risk/from_others" => "risk_from_others",
        "/risk/to_others" => "risk_to_others",
        path => path.rsplit_once('/').map_or(path, |(_, name)| name),
    };
    vec![(name, place)]
}

fn words(div: Tree) -> Option<Tree> {
    map([("status", Some(Tree::fixed("generated"))), ("div", Some(div))])
}

/// What may leave and belongs to no part, each field of the outline under its own name.
fn rest(message: &Message<'_>) -> Vec<Tree> {
    let placed: BTreeSet<&str> = PARTS.iter().flat_map(|part| part.places).copied().collect();
    let is_left = |path: &str| !placed.contains(path) && !is_addressing(path);
    let mut sections = Vec::new();
    for (name, place) in message.root().fields() {
        let path = format!("/{name}");
        if !is_left(&path) {
            continue;
        }
        let fields = if place.is_group() { place.fields() } else { vec![(name, place)] };
        let is_field_left = |(field, _): &(&str, Place<'_>)| is_left(&format!("{path}/{field}"));
        let left: Vec<(&str, Place<'_>)> = fields.into_iter().filter(is_field_left).collect();
        if left.is_empty() {
            continue;
        }
        let leaves: Vec<Place<'_>> = left.iter().flat_map(|(_, field)| field.leaves()).collect();
        let text = Tree::made_from(leaves.iter(), narrative(&left, &[]));
        sections.extend(map([("title", Some(Tree::fixed(label(name)))), ("text", words(text))]));
    }
    sections
}
