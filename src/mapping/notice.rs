//! Messages that disclose nothing about a person: a recall, a request on its way to L&D, the answer to it.

use serde_json::Value;

use super::{
    event::{self, Cause, Parts},
    fhir_message::{self, Standing},
    frame::{Frame, Mapped},
    place::Place,
    render::{FHIR_JSON, FHIR_PROFILES, JSON, body_only},
    sections::agency,
    tree::{Tree, map},
};
use crate::{
    clock::Moment,
    directory::{AgencyKind, Channel},
    minimise::Places,
};

/// What a recipient may answer to a recall.
const RECALL_ANSWERS: [&str; 5] =
    ["deleted", "kept-other-basis", "retained-by-law", "already-used", "no-further-use"];
const WHAT_TO_DO: &str = "Stop using what was shared under this referral. Delete it if no other law lets or makes you \
                          keep it. Then answer.";

/// Custody and court records cannot be deleted.
const WHAT_JUSTICE_IS_TO_DO: &str = "Do not use what was shared under this referral any further, and do not pass it on. Delete \
                                     what no law makes you keep. Then answer.";

/// What an agency of this kind is asked to do with what is taken back.
#[must_use]
pub const fn what_a_recall_asks(kind: AgencyKind) -> &'static str {
    if kind.keeps_justice_records() { WHAT_JUSTICE_IS_TO_DO } else { WHAT_TO_DO }
}

/// Takes back what was disclosed under `frame.referral_id`. `reason` is a code. Holds ids, no content: a FHIR
/// message with the reason `delete` and the request `revoked`, an event, or a notice for a mailbox.
#[must_use]
pub fn recall(frame: &Frame<'_>, reason: &str) -> Mapped {
    match frame.recipient.channel {
        Channel::FhirPush => {
            let tree = fhir_message::recall(frame, reason);
            whole(&Places::default(), tree, "fhir-recall/1", FHIR_PROFILES, FHIR_JSON, "KEYWAY_RECALL")
        }
        Channel::EventPush => {
            let parts = Parts {
                cause: Cause::Recalled,
                detail_path: format!("/referrals/{}/actions", frame.referral_id),
                identifiers: None,
                reason: Some(Tree::frame("reason", reason)),
            };
            whole(
                &Places::default(),
                event::event(frame, parts),
                "event/1",
                event::SCHEMA,
                JSON,
                "KEYWAY_RECALL",
            )
        }
        Channel::Mailbox | Channel::Guest => {
            let profile = "https://keyway.example/profiles/justice/recall-notice/1";
            let tree = map(head(frame, profile).into_iter().chain([
                ("disclosureId", frame.disclosure_id.map(|id| Tree::frame("disclosure_id", id))),
                ("personReference", Some(Tree::frame("person_ref", frame.person_ref))),
                ("reason", Some(Tree::frame("reason", reason))),
                ("whatToDo", Some(Tree::fixed(what_a_recall_asks(frame.recipient.kind)))),
                ("answers", Some(Tree::fixed(RECALL_ANSWERS.map(Value::from).to_vec()))),
                (
                    "answerAt",
                    Some(Tree::frame("base_url", format!("{}{}", frame.base_url, answer_path(frame)))),
                ),
            ]));
            let version = if frame.recipient.kind.keeps_justice_records() {
                "recall-notice/2"
            } else {
                "recall-notice/1"
            };
            whole(&Places::default(), tree, version, "recall-notice", JSON, "KEYWAY_RECALL")
        }
    }
}

/// Where a recall is answered.
fn answer_path(frame: &Frame<'_>) -> String {
    format!("/referrals/{}/actions/answer-recall", frame.referral_id)
}

/// What an agency asks of L&D, as it lands there: the request as it was sent and checked, with the ids to
/// answer it by. The request's own words go to L&D, whom they were written to, and to nobody else.
#[must_use]
pub fn request_to_ld(frame: &Frame<'_>, request: &Value, in_doubt: bool) -> Mapped {
    let places = Places::of(request);
    let asked = Place::root(&places);
    let tree = map([
        ("profile", Some(Tree::fixed("https://keyway.example/profiles/justice/request-to-ld/1"))),
        ("messageId", Some(Tree::frame("message_id", frame.message_id))),
        ("referralId", Some(Tree::frame("referral_id", frame.referral_id))),
        ("correlationId", Some(Tree::frame("correlation_id", frame.correlation_id))),
        ("receivedAt", Some(frame.at())),
        ("answerBy", Some(Tree::frame("answer_by", frame.answer_by.to_rfc3339()))),
        ("from", agency("sender", frame.sender)),
        ("to", agency("recipient", frame.recipient)),
        ("personReference", Some(Tree::frame("person_ref", frame.person_ref))),
        ("personCheck", in_doubt.then(|| Tree::fixed("needed"))),
        ("request", Some(asked.copy())),
    ]);
    let (version, schema) = ("request-to-ld/1", "request-to-ld");
    let cause = Cause::of_request(request.get("request_type").and_then(Value::as_str));
    let mapped = carried(frame, &places, tree, version, schema, "KEYWAY_SCREENING_REQUEST", cause);
    Mapped { lineage: mapped.lineage.of_request(places), ..mapped }
}

/// Which request an answer answers.
#[derive(Clone, Copy, Debug)]
pub struct InReplyTo<'a> {
    /// What was asked.
    pub request_type: &'a str,
    /// The asker's own reference for it.
    pub request_reference: Option<&'a str>,
    /// The id of the request here.
    pub request_message_id: &'a str,
    /// When it came.
    pub received_at: Moment,
}

/// What became of a contact, as it is told to whoever asked for it.
#[derive(Clone, Copy, Debug)]
pub struct ContactOutcome<'a> {
    /// `seen`, `declined`, `not-seen` or `unfit`.
    pub word: &'a str,
    /// To a court: whether a report is being written.
    pub report_to_follow: Option<bool>,
    /// The message with another outcome, whose place this one takes.
    pub supersedes: Option<&'a str>,
}

/// A request as it is quoted to whoever made it.
pub(super) fn in_reply_to(quoted: &InReplyTo<'_>) -> Option<Tree> {
    let of_request = |value: &str| Some(Tree::frame("request", value));
    map([
        ("requestType", of_request(quoted.request_type)),
        ("requestReference", quoted.request_reference.and_then(of_request)),
        ("requestMessageId", of_request(quoted.request_message_id)),
        ("receivedAt", of_request(&quoted.received_at.to_rfc3339())),
    ])
}

/// Tells the agency that asked what became of its request: the contact outcome (`seen`, `declined`,
/// `not-seen`, `unfit`), to a court whether a report is being written, and nothing else. What was found needs consent
/// and travels as advice of its own.
#[must_use]
pub fn answer_to_request(frame: &Frame<'_>, quoted: &InReplyTo<'_>, outcome: &ContactOutcome<'_>) -> Mapped {
    let profile = "https://keyway.example/profiles/requests/answer/1";
    let tree = map(head(frame, profile).into_iter().chain([
        ("inReplyTo", in_reply_to(quoted)),
        ("contactOutcome", Some(Tree::frame("outcome", outcome.word))),
        ("reportToFollow", outcome.report_to_follow.map(|report| Tree::frame("outcome", report))),
        ("supersedes", outcome.supersedes.map(|id| Tree::frame("supersedes", id))),
    ]));
    let (version, schema) = ("request-answer/2", "answer-to-request");
    carried(frame, &Places::default(), tree, version, schema, "KEYWAY_SCREENING_ANSWER", Cause::Answered)
}

/// Tells who sent a FHIR referral how it stands: a `servicerequest-response` in ids and closed codes.
#[must_use]
pub fn status_answer(frame: &Frame<'_>, standing: &Standing<'_>) -> Mapped {
    let tree = fhir_message::status(frame, standing);
    whole(&Places::default(), tree, "fhir-response/2", FHIR_PROFILES, FHIR_JSON, "KEYWAY_FHIR_RESPONSE")
}

fn head(frame: &Frame<'_>, profile: &'static str) -> [(&'static str, Option<Tree>); 6] {
    [
        ("profile", Some(Tree::fixed(profile))),
        ("messageId", Some(Tree::frame("message_id", frame.message_id))),
        ("referralId", Some(Tree::frame("referral_id", frame.referral_id))),
        ("issuedAt", Some(frame.at())),
        ("issuedBy", agency("sender", frame.sender)),
        ("issuedTo", agency("recipient", frame.recipient)),
    ]
}

/// `places` are those that `tree` was made from.
fn carried(
    frame: &Frame<'_>,
    places: &Places,
    tree: Option<Tree>,
    version: &'static str,
    schema: &'static str,
    workflow: &str,
    cause: Cause,
) -> Mapped {
    if matches!(frame.recipient.channel, Channel::Mailbox | Channel::Guest) {
        return whole(places, tree, version, schema, JSON, workflow);
    }
    let parts = Parts {
        cause,
        detail_path: format!("/justice/sheets/{}", frame.message_id),
        identifiers: None,
        reason: None,
    };
    let mut mapped = whole(places, event::event(frame, parts), version, event::SCHEMA, JSON, workflow);
    let detail = empty(tree).write(places, "detail", version);
    mapped.detail = Some(detail.bytes);
    mapped.detail_schema = Some(schema);
    mapped.lineage = mapped.lineage.and(detail.part);
    mapped
}

/// `places` are those that `tree` was made from.
fn whole(
    places: &Places,
    tree: Option<Tree>,
    version: &'static str,
    schema: &'static str,
    content_type: &'static str,
    workflow: &str,
) -> Mapped {
    body_only(empty(tree).write(places, "body", version), version, schema, content_type, workflow)
}

/// A message that always has leaves is always there; the type cannot say so.
fn empty(tree: Option<Tree>) -> Tree {
    tree.unwrap_or_else(|| Tree::fixed(Value::Object(serde_json::Map::new())))
}
