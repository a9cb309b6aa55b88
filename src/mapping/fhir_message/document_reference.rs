//! Where the trusted assessment is, that can be fetched beside the message.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Entry, Message, concept_of};
use crate::mapping::{
    codes,
    document::{self, Document},
    render::FHIR_JSON,
    tree::{Tree, list, map},
};

/// The pointer: its address here, its size and its hash. Consent is asked when it is fetched.
pub(super) fn document_reference(message: &Message<'_>, pointed: &Document) -> Entry {
    let frame = message.frame;
    let url = format!("{}/documents/{}", frame.base_url, frame.message_id);
    let attachment = map([
        ("contentType", Some(Tree::fixed(FHIR_JSON))),
        ("url", Some(Tree::frame("message_id", url))),
        ("size", Some(Tree::frame("document", pointed.bytes.len()))),
        ("hash", Some(Tree::frame("document", STANDARD.encode(pointed.sha1)))),
        ("title", Some(Tree::fixed(document::TITLE))),
        ("creation", Some(frame.at())),
    ]);
    let fields = [
        ("masterIdentifier", document::identifier(frame)),
        ("status", Some(Tree::fixed("current"))),
        ("docStatus", Some(Tree::fixed("final"))),
        ("type", Some(document::kind())),
        ("subject", message.refer("patient")),
        ("date", Some(frame.at())),
        ("author", message.refer("practitioner-role").and_then(|author| list([author]))),
        ("custodian", message.refer("organization-sender")),
        ("securityLabel", list([concept_of([codes::restricted()])])),
        ("content", list(map([("attachment", attachment)]))),
    ];
    message.entry("document-reference", "DocumentReference", codes::ours!("ld-document-reference"), fields)
}
