//! The trusted assessment: the assessment as a signed document that another service can take over instead of asking the
//! person everything again.
//!
//! It is made from the same projection, and of the same resources, as the referral that it goes with (`fhir_message`):
//! a Composition with the words of each part, then what it points to. The signature covers all of it but the root's `id`
//! and `meta`, as FHIR R4 has it for documents. Not here: the key, and who may fetch it (`exchange`).

mod canonical;
mod composition;
mod narrative;
mod signature;
mod words;

use serde_json::json;

use super::{
    codes,
    fhir_message::{self, Entry, Message},
    frame::Frame,
    lineage::Part,
    tree::{Tree, list, map},
};
use crate::{clock::Moment, minimise::Projection};

pub use canonical::canonical;
pub use signature::{Said, Seal, Sealing, said_signature};

/// The profile of the document.
pub const DOCUMENT_PROFILE: &str =
    "https://keyway.example/fhir/StructureDefinition/ld-trusted-assessment-document";
/// What it is called.
pub(super) const TITLE: &str = "Liaison and diversion assessment";
/// The mapping, with its version.
pub(super) const VERSION: &str = "trusted-assessment/1";

/// The document as it is fetched, and what the message that points to it says of it.
pub(super) struct Document {
    /// The signed document.
    pub(super) bytes: Vec<u8>,
    /// Where its leaves come from.
    pub(super) part: Part,
    /// SHA-1 of the bytes.
    pub(super) sha1: [u8; 20],
}

/// Makes and signs the document; `None` where nobody can sign, or where it does not go: over event push the message
/// itself is what is fetched.
pub(super) fn trusted_assessment(frame: &Frame<'_>, projection: &Projection) -> Option<Document> {
    let sealing = frame.sealing?;
    let places = &projection.places;
    let unsigned = unsigned(frame, projection, &sealing)?.write(places, "detail", VERSION);
    let bare = serde_json::from_slice(&unsigned.bytes).ok()?;
    let signature = Tree::frame("signature", signature::sign(&bare, frame, &sealing));
    let written = unsigned.with(places, "signature", signature);
    let sha1 = sealing.seal.sha1(&written.bytes);
    Some(Document { bytes: written.bytes, part: written.part, sha1 })
}

/// The document before it is signed.
fn unsigned(frame: &Frame<'_>, projection: &Projection, sealing: &Sealing<'_>) -> Option<Tree> {
    let message = Message::new(frame, projection);
    let found = fhir_message::found(&message);
    let partial = !projection.withheld.is_empty();
    let mut entries = vec![composition::composition(&message, &found, partial)];
    entries.extend(found);
    entries.push(provenance(&message, sealing));
    let security =
        std::iter::once(codes::restricted()).chain(partial.then(|| codes::subsetted().known_by("withheld")));
    let meta = map([
        ("lastUpdated", Some(frame.at())),
        ("profile", Some(Tree::fixed(json!([DOCUMENT_PROFILE])))),
        ("security", list(security)),
    ]);
    map([
        ("resourceType", Some(Tree::fixed("Bundle"))),
        ("id", Some(Tree::frame("message_id", frame.message_id))),
        ("meta", meta),
        ("identifier", identifier(frame)),
        ("type", Some(Tree::fixed("document"))),
        ("timestamp", Some(frame.at())),
        ("entry", fhir_message::written(frame, entries)),
    ])
}

/// The document's own identifier: each disclosure has another.
pub(super) fn identifier(frame: &Frame<'_>) -> Option<Tree> {
    let value = frame.disclosure_id.unwrap_or(frame.message_id);
    map([
        ("system", Some(Tree::fixed(codes::DOCUMENT_ID))),
        ("value", Some(Tree::frame("disclosure_id", value))),
    ])
}

/// What kind of document it is.
pub(super) fn kind() -> Tree {
    let coding =
        codes::coding(codes::our_codes!("document-type"), "trusted-assessment", "Trusted assessment");
    Tree::object([("coding", Tree::array([coding]))])
}

/// Who assessed, what put it together, and by which rules.
fn provenance(message: &Message<'_>, sealing: &Sealing<'_>) -> Entry {
    let agent = |part: &str, who: Option<Tree>| {
        let system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
        let kind = json!({"coding": [{"system": system, "code": part}]});
        map([("type", Some(Tree::fixed(kind))), ("who", who)])
    };
    let gateway = Tree::fixed(json!({"type": "Device", "display": "Keyway"}));
    let made_by = |system: &'static str, name: &'static str, hash: &str| {
        let what = map([
            (
                "identifier",
                map([
                    ("system", Some(Tree::fixed(format!("{}/{system}", codes::ID)))),
                    ("value", Some(Tree::frame("made_by", hash))),
                ]),
            ),
            ("display", Some(Tree::fixed(name))),
        ]);
        map([("role", Some(Tree::fixed("source"))), ("what", what)])
    };
    let assessed = message
        .at("/assessed_at")
        .filter(|place| place.text().and_then(Moment::from_rfc3339).is_some())
        .map(|place| place.copy());
    let agents = [agent("author", message.refer("practitioner-role")), agent("assembler", Some(gateway))];
    let rules = [
        made_by("mapping", VERSION, sealing.mapping_sha256),
        made_by("disclosure-tables", "Disclosure tables", sealing.policy),
    ];
    let fields = [
        ("target", message.refer(composition::ROLE).and_then(|target| list([target]))),
        ("occurredDateTime", assessed),
        ("recorded", Some(message.frame.at())),
        ("agent", list(agents.into_iter().flatten())),
        ("entity", list(rules.into_iter().flatten())),
    ];
    message.entry("provenance", "Provenance", codes::ours!("ld-provenance"), fields)
}
