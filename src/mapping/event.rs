//! The thin event: ids and an address, in the envelope of HMPPS domain events. What is found at the address
//! is the detail, which the recipient collects under its own certificate.

use super::{
    frame::{Frame, organisation_code},
    sections::CLASSIFICATION,
    tree::{Tree, list, map},
};
use crate::directory::{AgencyKind, Audience};

/// The profile that an event follows.
pub(super) const SCHEMA: &str = "event";

/// A type of event with the one text that describes it. Neither tells anything of a person.
#[derive(Clone, Copy)]
pub(super) struct EventType {
    name: &'static str,
    description: &'static str,
}

/// Why there is an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A document for this audience is there.
    Said(Audience),
    /// One that takes the place of an earlier one is.
    SaidAnew(Audience),
    /// An agency asks L&D for something.
    Asked,
    /// A court asks for a report.
    ReportAsked,
    /// L&D answers an agency.
    Answered,
    /// Something that was shared is taken back.
    Recalled,
}

impl Cause {
    /// What a request of this type causes.
    pub(super) fn of_request(request_type: Option<&str>) -> Self {
        if request_type == Some("court-report") { Self::ReportAsked } else { Self::Asked }
    }

    /// The catalogue: which type of event each cause has.
    pub(super) const fn event(self) -> EventType {
        use Audience as A;
        let (name, description) = match self {
            Self::Said(A::Custody) => (
                "liaison-diversion.custody-advice.issued",
                "Liaison and diversion advice for custody is ready to be collected.",
            ),
            Self::SaidAnew(A::Custody) => (
                "liaison-diversion.custody-advice.updated",
                "Liaison and diversion advice for custody takes the place of an earlier one.",
            ),
            Self::Said(A::Court) => (
                "liaison-diversion.court-report.issued",
                "A liaison and diversion report for the court is ready to be collected.",
            ),
            Self::SaidAnew(A::Court) => (
                "liaison-diversion.court-report.superseded",
                "A liaison and diversion report for the court takes the place of an earlier one.",
            ),
            Self::Said(A::Probation | A::YouthJustice) | Self::SaidAnew(A::Probation | A::YouthJustice) => (
                "liaison-diversion.pre-sentence-contribution.issued",
                "A liaison and diversion contribution for probation is ready to be collected.",
            ),
            Self::Said(A::Housing) | Self::SaidAnew(A::Housing) => (
                "liaison-diversion.duty-to-refer.submitted",
                "A housing referral from liaison and diversion is ready to be collected.",
            ),
            Self::Said(_) | Self::SaidAnew(_) => (
                "liaison-diversion.referral.submitted",
                "A referral from liaison and diversion is ready to be collected.",
            ),
            Self::Asked => (
                "liaison-diversion.screening.requested",
                "An agency asks liaison and diversion to see somebody.",
            ),
            Self::ReportAsked => (
                "liaison-diversion.court-report.requested",
                "A court asks liaison and diversion for a report.",
            ),
            Self::Answered => (
                "liaison-diversion.screening-request.answered",
                "Liaison and diversion has answered a request to see somebody.",
            ),
            Self::Recalled => (
                "liaison-diversion.disclosure.recalled",
                "Something that liaison and diversion shared must no longer be used.",
            ),
        };
        EventType { name, description }
    }
}

/// What differs from event to event.
pub(super) struct Parts {
    /// What happened.
    pub(super) cause: Cause,
    /// The path of the detail below the gateway's address.
    pub(super) detail_path: String,
    /// Identifiers that the recipient holds; the pseudonym when there are none.
    pub(super) identifiers: Option<Tree>,
    /// A reason code, for a recall.
    pub(super) reason: Option<Tree>,
}

/// The event.
pub(super) fn event(frame: &Frame<'_>, parts: Parts) -> Option<Tree> {
    let kind = parts.cause.event();
    let url = format!("{}{}", frame.base_url, parts.detail_path);
    map([
        ("eventType", Some(Tree::fixed(kind.name))),
        ("version", Some(Tree::fixed(1))),
        ("occurredAt", Some(frame.at())),
        ("description", Some(Tree::fixed(kind.description))),
        ("detailUrl", Some(Tree::frame("base_url", url))),
        ("personReference", map([("identifiers", parts.identifiers.or_else(|| pseudonym(frame)))])),
        (
            "additionalInformation",
            map([
                ("eventId", Some(Tree::frame("wire_id", frame.wire_id))),
                ("correlationId", Some(Tree::frame("correlation_id", frame.correlation_id))),
                ("sequence", Some(Tree::frame("sequence", frame.sequence))),
                ("producer", Some(Tree::frame("sender", organisation_code(frame.sender)))),
                ("audience", Some(Tree::frame("recipient", audience_word(frame.recipient.kind)))),
                ("disclosureId", frame.disclosure_id.map(|id| Tree::frame("disclosure_id", id))),
                ("classification", Some(Tree::fixed(CLASSIFICATION))),
                ("urgency", Some(Tree::frame("urgency", frame.urgency))),
                ("referralId", Some(Tree::frame("referral_id", frame.referral_id))),
                ("reason", parts.reason),
            ]),
        ),
    ])
}

fn pseudonym(frame: &Frame<'_>) -> Option<Tree> {
    list(map([
        ("type", Some(Tree::fixed("LDREF"))),
        ("value", Some(Tree::frame("person_ref", frame.person_ref))),
    ]))
}

const fn audience_word(kind: AgencyKind) -> &'static str {
    match kind {
        AgencyKind::Police => "police",
        AgencyKind::Court => "court",
        AgencyKind::Probation | AgencyKind::Prison => "probation",
        AgencyKind::YouthJustice => "yjs",
        AgencyKind::Cmht | AgencyKind::HealthOther => "cmht",
        AgencyKind::Housing => "housing",
        AgencyKind::SocialCare => "social-care",
        AgencyKind::Voluntary => "vcse",
        AgencyKind::LiaisonDiversion => "liaison-diversion",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_published_envelope_has_the_types_of_the_catalogue_and_no_others() {
        let said = Audience::ALL.into_iter().flat_map(|one| [Cause::Said(one), Cause::SaidAnew(one)]);
        let others = [Cause::Asked, Cause::ReportAsked, Cause::Answered, Cause::Recalled];
        let catalogue: BTreeMap<&str, &str> =
            said.chain(others).map(Cause::event).map(|event| (event.name, event.description)).collect();
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../profiles/justice/event.json")).unwrap();
        let text = |value: &serde_json::Value, at: &str| {
            value.pointer(at).and_then(serde_json::Value::as_str).unwrap().to_owned()
        };
        let pairs = schema["oneOf"].as_array().unwrap().iter().map(|one| {
            (text(one, "/properties/eventType/const"), text(one, "/properties/description/const"))
        });
        let published: BTreeMap<String, String> = pairs.collect();
        let published: BTreeMap<&str, &str> =
            published.iter().map(|(name, words)| (name.as_str(), words.as_str())).collect();
        assert_eq!(published, catalogue);
        let page = include_str!("../../docs/receiving.md");
        for (name, words) in &catalogue {
            assert!(page.contains(&format!("| `{name}` | {words} |\n")), "{name} stands in no page");
        }
        for (place, of) in [("eventType", 0), ("description", 1)] {
            let listed = schema.pointer(&format!("/properties/{place}/enum")).unwrap();
            let listed: std::collections::BTreeSet<&str> =
                listed.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
            let known = catalogue.iter().map(|(name, words)| if of == 0 { *name } else { *words }).collect();
            assert_eq!(listed, known, "{place}");
        }
    }
}
