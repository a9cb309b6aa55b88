//! The recall of a referral: the request is revoked, and nothing is said about the person.

use super::{bundle, entry, header, people, request};
use crate::mapping::{
    codes,
    frame::Frame,
    tree::{Tree, list, map},
};

/// The message that takes a referral back. The Patient holds the pseudonym and nothing else.
pub(in crate::mapping) fn recall(frame: &Frame<'_>, reason: &str) -> Option<Tree> {
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
        header::header(frame, "delete", codes::REFERRAL_CANCEL),
        request::revoked(frame, reason),
        patient,
    ];
    entries.extend(people::organisations(frame));
    bundle(frame, Some("ld-referral-cancel"), entries, false)
}
