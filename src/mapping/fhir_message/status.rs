//! The answer to a referral that came as a FHIR message: how it stands, in ids and closed codes. What was found or
//! said about the person is not in it; a receiver's own words stay where its sender reads the referral.

use super::{Entry, bare, bundle, coding, concept_of, entry, header, patient, people, refer, request};
use crate::{
    clock::Moment,
    mapping::{
        codes,
        frame::Frame,
        messages,
        tree::{Tree, list, map},
    },
};

/// How a referral stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The Bundle.id of the message that asked.
    pub answers: &'a str,
    /// When the referral was made.
    pub since: Moment,
    /// The sender's request: `active`, `completed` or `revoked`.
    pub request: &'static str,
    /// The receiver's Encounter: `planned`, `in-progress`, `finished` or `cancelled`.
    pub encounter: &'static str,
    /// The status of the Task.
    pub task: &'static str,
    /// The finer word.
    pub business_status: &'a str,
    /// Why it came to nothing, as one of our code systems and its code.
    pub reason: Option<(&'static str, &'a str)>,
}

/// The message that tells it to `frame.recipient`, who asked.
pub(in crate::mapping) fn status(frame: &Frame<'_>, standing: &Standing<'_>) -> Option<Tree> {
    let mut entries = vec![
        header::status(frame, standing.answers),
        request::asked(frame, standing.request, standing.since),
        patient::pseudonym(frame),
        encounter(frame, standing),
        task(frame, standing),
    ];
    entries.extend(people::organisations(frame));
    bundle(frame, Some(messages::STATUS.profile), entries, false)
}

/// The receiver's own encounter, whose status is the answer.
fn encounter(frame: &Frame<'_>, standing: &Standing<'_>) -> Entry {
    let contact = map([
        ("system", Some(Tree::fixed(format!("{}/receiver-contact", codes::ID)))),
        ("value", Some(Tree::frame("referral_id", frame.referral_id))),
    ]);
    let fields = [
        ("identifier", contact.and_then(|one| list([one]))),
        ("status", Some(Tree::frame("standing", standing.encounter))),
        ("class", Some(coding(codes::V3_ACT, "AMB", "ambulatory"))),
        ("subject", refer(frame, "patient")),
        ("reasonCode", standing.reason.map(|(list, reason)| reasons(list, reason))),
    ];
    let profiles = [codes::uk_core!("Encounter"), codes::ours!("ld-encounter-status")];
    entry(frame, "receiver-encounter", "Encounter", &profiles, fields)
}

/// Our code, and the nearest of BaRS, which has two and wants words with the second.
fn reasons(list: &str, reason: &str) -> Tree {
    let bars = match reason {
        "capacity" => {
            coding(codes::REJECTED_REASONS, "RRNA", "Requested resource not available within timescale")
        }
        _ => coding(codes::REJECTED_REASONS, "OTH", "Other"),
    };
    let concept = [("coding", Tree::array([ours(list, reason), bars])), ("text", reason.to_owned().into())];
    Tree::array([Tree::object(concept)]).known_by("reason")
}

/// Our code alone.
fn why((list, reason): (&str, &str)) -> Tree {
    concept_of([ours(list, reason)]).known_by("reason")
}

/// A code of one of our code systems.
fn ours(list: &str, code: &str) -> Tree {
    bare(format!("{}/{list}", codes::OURS), code.to_owned())
}

fn task(frame: &Frame<'_>, standing: &Standing<'_>) -> Entry {
    let business =
        concept_of([bare(codes::our_codes!("business-status"), standing.business_status.to_owned())]);
    let fields = [
        ("identifier", request::identifier_of(frame)),
        ("status", Some(Tree::frame("standing", standing.task))),
        ("statusReason", standing.reason.map(why)),
        ("businessStatus", Some(business.known_by("standing"))),
        ("intent", Some(Tree::fixed("order"))),
        ("focus", refer(frame, request::ROLE)),
        ("for", refer(frame, "patient")),
        ("lastModified", Some(frame.at())),
        ("owner", refer(frame, "organization-sender")),
    ];
    let profiles = [codes::uk_core!("Task"), codes::ours!("ld-task-status")];
    entry(frame, "task", "Task", &profiles, fields)
}
