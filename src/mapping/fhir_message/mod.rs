//! A FHIR R4 message in the manner of BaRS: `servicerequest-request`, reason `new` or `update`; and its recall.
//!
//! The whole assessment that the health audience may have is in one `QuestionnaireResponse` (`answers`); what
//! systems act on is in resources of its own beside it. Resources have no `id`, as in the published examples of
//! a first sending, and refer to one another by `urn:uuid:`.
//!
//! An answer to a referral that came in is one too (`status`). Not here: messages that come in (`inbound`), a
//! receiver's answers (`bars`).

mod answers;
mod consent;
mod document_reference;
mod findings;
mod header;
mod patient;
mod people;
mod recall;
mod request;
mod safeguarding;
mod service;
mod status;
mod unchanged;

use std::borrow::Cow;

use super::{
    codes::{self, coding},
    document::Document,
    frame::Frame,
    messages,
    place::Place,
    tree::{Tree, list, map},
};
use crate::{
    assessment::Form,
    minimise::{Held, Projection},
};

pub(super) use answers::label;
pub(super) use recall::recall;
pub use status::Standing;
pub(super) use status::status;
pub use unchanged::keep_times;

/// The role of the one resource that is another in each message of a referral.
pub const MESSAGE_HEADER: &str = header::ROLE;

/// What a message is made from.
pub(super) struct Message<'a> {
    pub(super) frame: &'a Frame<'a>,
    /// The form that the assessment follows.
    form: Option<Form>,
    root: Place<'a>,
}

impl<'a> Message<'a> {
    pub(super) fn new(frame: &'a Frame<'a>, projection: &'a Projection) -> Self {
        Self { frame, form: projection.form, root: Place::of(projection) }
    }

    /// All that may leave.
    pub(super) const fn root(&self) -> &Place<'a> {
        &self.root
    }

    /// The place at `path` of the assessment.
    pub(super) fn at(&self, path: &str) -> Option<Place<'a>> {
        self.root.at(path)
    }

    /// The value at `path` as it is.
    fn copy(&self, path: &str) -> Option<Tree> {
        self.at(path).map(|place| place.copy())
    }

    /// A reference to the resource that plays `role` in this message.
    pub(super) fn refer(&self, role: &str) -> Option<Tree> {
        refer(self.frame, role)
    }

    /// A resource of the message: its role, the profile of ours that it follows, and what it says. No fields, no
    /// resource.
    pub(super) fn entry(
        &self,
        role: impl Into<Cow<'static, str>>,
        kind: &'static str,
        profile: &'static str,
        fields: impl IntoIterator<Item = (&'static str, Option<Tree>)>,
    ) -> Entry {
        entry(self.frame, role, kind, &[profile], fields)
    }
}

/// One resource and the role that it plays.
pub(super) struct Entry {
    role: Cow<'static, str>,
    resource: Option<Tree>,
}

impl Entry {
    pub(super) fn role(&self) -> &str {
        &self.role
    }

    /// Whether it says anything: what says nothing is left out of a message.
    pub(super) const fn is_there(&self) -> bool {
        self.resource.is_some()
    }
}

/// The message for a referral, new or said anew: whole each time. `document` is what can be fetched beside it.
pub(super) fn referral(
    frame: &Frame<'_>,
    projection: &Projection,
    document: Option<&Document>,
) -> Option<Tree> {
    let message = Message::new(frame, projection);
    let findings = findings::entries(&message);
    let consent = consent::consent(&message);
    let document = document.map(|document| document_reference::document_reference(&message, document));
    let supporting = consent
        .iter()
        .map(Entry::role)
        .chain([answers::ROLE])
        .chain(findings.iter().chain(&document).map(Entry::role));
    let mut entries = vec![
        header::referral(&message),
        request::service_request(&message, supporting),
        patient::patient(&message),
        request::encounter(&message),
        request::care_plan(&message),
    ];
    entries.extend(consent);
    entries.push(service::entry(&message));
    entries.extend(people::entries(&message));
    entries.push(request::task(&message));
    entries.extend(findings);
    entries.push(answers::answers(&message));
    entries.extend(document);
    let profile = if frame.changed.is_some() { messages::UPDATE.profile } else { messages::NEW.profile };
    bundle(frame, Some(profile), entries, !projection.withheld.is_empty())
}

/// What was found about the person, by whom and for whom, without what is asked: the resources that a document has too.
pub(super) fn found(message: &Message<'_>) -> Vec<Entry> {
    let mut entries = vec![patient::patient(message), request::encounter(message)];
    entries.extend(consent::consent(message));
    entries.extend(people::entries(message));
    entries.extend(findings::entries(message));
    entries.push(answers::answers(message));
    entries
}

/// The bundle, and the profile of ours that it follows, where there is one. `subsetted` says that something was kept
/// back, as the receiver must not take the message for all that is known.
fn bundle(
    frame: &Frame<'_>,
    profile: Option<&'static str>,
    entries: Vec<Entry>,
    subsetted: bool,
) -> Option<Tree> {
    let profiles = std::iter::once(codes::BARS_BUNDLE).chain(profile).map(Tree::from);
    let security = std::iter::once(codes::restricted())
        .chain(subsetted.then(|| codes::subsetted().known_by("withheld")));
    map([
        ("resourceType", Some(Tree::fixed("Bundle"))),
        ("id", Some(Tree::frame("wire_id", frame.wire_id))),
        (
            "meta",
            map([
                ("versionId", Some(Tree::fixed("1.0.0"))),
                ("lastUpdated", Some(frame.at())),
                ("profile", list(profiles)),
                ("security", list(security)),
            ]),
        ),
        ("type", Some(Tree::fixed("message"))),
        ("timestamp", Some(frame.at())),
        ("entry", written(frame, entries)),
    ])
}

/// The entries of a Bundle.
pub(super) fn written(frame: &Frame<'_>, entries: Vec<Entry>) -> Option<Tree> {
    list(entries.into_iter().filter_map(|entry| {
        map([
            ("fullUrl", Some(Tree::frame("ids", frame.urn(&entry.role)))),
            ("resource", Some(entry.resource?)),
        ])
    }))
}

fn entry(
    frame: &Frame<'_>,
    role: impl Into<Cow<'static, str>>,
    kind: &'static str,
    profiles: &[&'static str],
    fields: impl IntoIterator<Item = (&'static str, Option<Tree>)>,
) -> Entry {
    let profiles = list(profiles.iter().map(|profile| Tree::from(*profile)));
    let meta = map([("lastUpdated", Some(frame.at())), ("profile", profiles)]);
    let head = [("resourceType", Some(Tree::fixed(kind))), ("meta", meta)];
    let resource = map(head.into_iter().chain(fields)).map(|tree| tree.under(kind));
    Entry { role: role.into(), resource }
}

fn refer(frame: &Frame<'_>, role: &str) -> Option<Tree> {
    map([("reference", Some(Tree::frame("ids", frame.urn(role))))])
}

/// A concept of one code.
fn concept(system: &'static str, code: &'static str, display: &'static str) -> Tree {
    concept_of([coding(system, code, display)])
}

/// A concept of these codes.
pub(super) fn concept_of<const N: usize>(codings: [Tree; N]) -> Tree {
    Tree::object([("coding", Tree::array(codings))])
}

/// A code without a text, whose system says all.
pub(super) fn bare(system: impl Into<Tree>, code: impl Into<Tree>) -> Tree {
    Tree::object([("system", system.into()), ("code", code.into())])
}

/// A concept whose code is the assessment's own, in one of our code systems.
fn our_concept(place: &Place<'_>, system: &'static str) -> Tree {
    concept_of([bare(system, place.copy())])
}

/// A concept that is only text.
fn words(place: &Place<'_>) -> Option<Tree> {
    map([("text", Some(place.copy()))])
}

/// Notes of one text.
fn note(place: Option<&Place<'_>>) -> Option<Tree> {
    place.and_then(words).and_then(|text| list([text]))
}

/// Texts of several places in one, each after its label.
fn labelled(parts: &[(&str, Option<Place<'_>>)]) -> Option<Tree> {
    let present: Vec<(&str, &Place<'_>)> =
        parts.iter().filter_map(|(label, place)| place.as_ref().map(|place| (*label, place))).collect();
    let text = present
        .iter()
        .map(|(label, place)| format!("{label}: {}", in_words(place)))
        .collect::<Vec<_>>()
        .join("; ");
    (!present.is_empty()).then(|| {
        Tree::made_from(present.iter().flat_map(|(_, place)| place.leaves()).collect::<Vec<_>>().iter(), text)
    })
}

fn in_words(place: &Place<'_>) -> String {
    match place.held() {
        Held::List => place.items().iter().map(in_words).collect::<Vec<_>>().join(", "),
        Held::Text(text) | Held::Number(text) => text.to_owned(),
        Held::Bool(yes) => String::from(if yes { "yes" } else { "no" }),
        Held::Group => {
            let fields = place.fields();
            let said = fields.iter().map(|(_, field)| in_words(field));
            said.collect::<Vec<_>>().join(": ")
        }
        Held::Null => String::from("null"),
    }
}
