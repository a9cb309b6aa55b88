//! The answer to a referral that came as a FHIR message: how it stands, in ids and closed codes. What was found or
//! said about the person is not in it; a receiver's own words stay where its sender reads the referral.

use serde_json::json;

use super::{Entry, bundle, coding, entry, header, people, refer, request};
use crate::mapping::{
    codes,
    frame::Frame,
    tree::{Tree, list, map},
};

/// How a referral stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The Bundle.id of the message that asked.
    pub answers: &'a str,
    /// The receiver's Encounter: `planned`, `in-progress`, `finished` or `cancelled`.
    pub encounter: &'static str,
    /// The status of the Task.
    pub task: &'static str,
    /// The finer word.
    pub business_status: &'a str,
    /// Why, as one of our code systems and its code; only with a refusal.
    pub reason: Option<(&'static str, &'a str)>,
}

/// The message that tells it to `frame.recipient`, who asked.
pub(in crate::mapping) fn status(frame: &Frame<'_>, standing: &Standing<'_>) -> Option<Tree> {
    let pseudonym = map([
        ("system", Some(Tree::fixed(codes::PERSON_REF))),
        ("value", Some(Tree::frame("person_ref", frame.person_ref))),
    ]);
    let patient = entry(
        frame,
        "patient",
        "Patient",
        &[codes::ours("ld-patient-pseudonym")],
        [("identifier", pseudonym.and_then(|one| list([one])))],
    );
    let mut entries = vec![
        header::response(frame, standing.answers),
        request::asked(frame),
        patient,
        encounter(frame, standing),
        task(frame, standing),
    ];
    entries.extend(people::organisations(frame));
    bundle(frame, None, entries, false)
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
        ("class", Some(Tree::fixed(coding(codes::V3_ACT, "AMB", "ambulatory")))),
        ("subject", refer(frame, "patient")),
        ("reasonCode", standing.reason.map(|(list, reason)| reasons(list, reason))),
    ];
    entry(frame, "receiver-encounter", "Encounter", &[codes::uk_core("Encounter")], fields)
}

/// Our code, and the nearest of BaRS, which has two and wants words with the second.
fn reasons(list: &str, reason: &str) -> Tree {
    let bars = match reason {
        "capacity" => {
            coding(codes::REJECTED_REASONS, "RRNA", "Requested resource not available within timescale")
        }
        _ => coding(codes::REJECTED_REASONS, "OTH", "Other"),
    };
    let system = format!("{}/{list}", codes::OURS);
    Tree::frame("reason", json!([{"coding": [{"system": system, "code": reason}, bars], "text": reason}]))
}

fn task(frame: &Frame<'_>, standing: &Standing<'_>) -> Entry {
    let business = json!({"coding": [{
        "system": format!("{}/business-status", codes::OURS),
        "code": standing.business_status,
    }]});
    let fields = [
        ("identifier", request::identifier_of(frame)),
        ("status", Some(Tree::frame("standing", standing.task))),
        ("businessStatus", Some(Tree::frame("standing", business))),
        ("intent", Some(Tree::fixed("order"))),
        ("focus", refer(frame, request::ROLE)),
        ("for", refer(frame, "patient")),
        ("lastModified", Some(frame.at())),
        ("owner", refer(frame, "organization-sender")),
    ];
    entry(frame, "task", "Task", &[codes::uk_core("Task")], fields)
}
