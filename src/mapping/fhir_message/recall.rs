//! The recall of a referral: the request is revoked, and nothing is said about the person.

use super::{bundle, header, patient, people, request};
use crate::mapping::{frame::Frame, messages, tree::Tree};

/// The message that takes a referral back. The Patient holds the pseudonym and nothing else.
pub(in crate::mapping) fn recall(frame: &Frame<'_>, reason: &str) -> Option<Tree> {
    let mut entries = vec![
        header::header(frame, "delete", messages::CANCEL.definition),
        request::revoked(frame, reason),
        patient::pseudonym(frame),
    ];
    entries.extend(people::organisations(frame));
    bundle(frame, Some(messages::CANCEL.profile), entries, false)
}
