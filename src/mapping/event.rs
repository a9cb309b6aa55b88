//! The thin event: ids and an address, in the envelope of HMPPS domain events. What is found at the address
//! is the detail, which the recipient collects under its own certificate.

use super::{
    frame::{Frame, organisation_code},
    sections::CLASSIFICATION,
    tree::{Tree, list, map},
};
use crate::directory::AgencyKind;

/// The profile that an event follows.
pub(super) const SCHEMA: &str = "event";

/// A type of event with the one text that describes it.
#[derive(Clone, Copy)]
pub(super) struct EventType {
    name: &'static str,
    description: &'static str,
}

/// A custody sheet is there.
pub(super) const CUSTODY_ADVICE: EventType = EventType {
    name: "liaison-diversion.custody-advice.issued",
    description: "Liaison and diversion advice for custody is ready to be collected.",
};
/// A court sheet is there.
pub(super) const COURT_REPORT: EventType = EventType {
    name: "liaison-diversion.court-report.issued",
    description: "A liaison and diversion report for the court is ready to be collected.",
};
/// A probation summary is there.
pub(super) const PRE_SENTENCE: EventType = EventType {
    name: "liaison-diversion.pre-sentence-contribution.issued",
    description: "A liaison and diversion contribution for probation is ready to be collected.",
};
/// Any other referral is there.
pub(super) const REFERRAL: EventType = EventType {
    name: "liaison-diversion.referral.submitted",
    description: "A referral from liaison and diversion is ready to be collected.",
};
/// An agency asks L&D.
pub(super) const SCREENING_REQUESTED: EventType = EventType {
    name: "liaison-diversion.screening.requested",
    description: "An agency asks liaison and diversion to see somebody.",
};
/// L&D answers an agency.
pub(super) const SCREENING_ANSWERED: EventType = EventType {
    name: "liaison-diversion.screening-request.answered",
    description: "Liaison and diversion has answered a request to see somebody.",
};
/// Something that was shared is taken back.
pub(super) const RECALLED: EventType = EventType {
    name: "liaison-diversion.disclosure.recalled",
    description: "Something that liaison and diversion shared must no longer be used.",
};

/// What differs from event to event.
pub(super) struct Parts {
    /// What happened.
    pub(super) kind: EventType,
    /// The path of the detail below the gateway's address.
    pub(super) detail_path: String,
    /// Identifiers that the recipient holds; the pseudonym when there are none.
    pub(super) identifiers: Option<Tree>,
    /// A reason code, for a recall.
    pub(super) reason: Option<Tree>,
}

/// The event.
pub(super) fn event(frame: &Frame<'_>, parts: Parts) -> Option<Tree> {
    let url = format!("{}{}", frame.base_url, parts.detail_path);
    map([
        ("eventType", Some(Tree::fixed(parts.kind.name))),
        ("version", Some(Tree::fixed(1))),
        ("occurredAt", Some(frame.at())),
        ("description", Some(Tree::fixed(parts.kind.description))),
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
