//! What goes into a message beside the projection, and what comes out.

use super::{codes, document::Sealing, notice::InReplyTo, tree::Tree};
use crate::{
    clock::Moment,
    directory::{Nature, Partner},
    fhir::Issue,
};

/// What the gateway knows about a message before it is written. Nothing here is about the person but a
/// pseudonym.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// Keyway's id of the message, under which its detail is collected.
    pub message_id: &'a str,
    /// The id on the wire (a UUID): the recipient deduplicates on it.
    pub wire_id: &'a str,
    /// The referral or advice that this belongs to.
    pub referral_id: &'a str,
    /// The disclosure, when the message is one.
    pub disclosure_id: Option<&'a str>,
    /// The same for the whole conversation.
    pub correlation_id: &'a str,
    /// The person's way through care, as one for all health services of one episode; it leaves to no other agency.
    pub journey_id: &'a str,
    /// The message's place in the conversation, without gaps.
    pub sequence: i64,
    /// When the message is made.
    pub now: Moment,
    /// Whose message it is.
    pub sender: &'a Partner,
    /// Whom it is for.
    pub recipient: &'a Partner,
    /// For whom it is meant, where the recipient passes it on.
    pub on_behalf_of: Option<&'a Partner>,
    /// The recipient's own request that this answers.
    pub in_reply_to: Option<InReplyTo<'a>>,
    /// Referral or advice.
    pub nature: Nature,
    /// `routine`, `urgent` or `emergency`.
    pub urgency: &'a str,
    /// Where partners reach this gateway: `https://host:port`.
    pub base_url: &'a str,
    /// A pseudonym for the person that this recipient alone knows.
    pub person_ref: &'a str,
    /// Until when an answer is awaited.
    pub answer_by: Moment,
    /// When a disclosure without consent must have been reviewed.
    pub review_due_at: Option<Moment>,
    /// How that stands which this message says anew; `None` for a first message.
    pub changed: Option<Changed<'a>>,
    /// Who signs the trusted assessment that goes with a referral to a health service; `None`: there is none.
    pub sealing: Option<Sealing<'a>>,
    /// A stable UUID for each role of a resource in the message.
    pub ids: &'a dyn Fn(&str) -> String,
}

/// A referral that its recipient has already and that is said anew. What the recipient did with it stands.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// When it was first asked.
    pub since: Moment,
    /// The status of its Task.
    pub task: &'static str,
    /// The finer word.
    pub business_status: &'a str,
    /// The disclosure that this one takes the place of.
    pub supersedes: &'a str,
}

impl Frame<'_> {
    /// When it was first asked, as a FHIR instant.
    pub(super) fn asked_at(&self) -> Tree {
        match self.changed {
            Some(changed) => Tree::time("since", changed.since),
            None => self.at(),
        }
    }

    /// When the message is made, as a FHIR instant.
    pub(super) fn at(&self) -> Tree {
        Tree::time("now", self.now)
    }

    /// The `urn:uuid:` address of the resource that plays `role`.
    pub(super) fn urn(&self, role: &str) -> String {
        let id = (self.ids)(role);
        if id.starts_with("urn:uuid:") { id } else { format!("urn:uuid:{id}") }
    }
}

/// A finished message.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// Media type of the body.
    pub content_type: &'static str,
    /// What kind of message it is, for mailboxes (`mex-WorkflowID`).
    pub workflow: String,
    /// What is sent.
    pub body: Vec<u8>,
    /// The profile that the body follows, by its name in the catalogue of profiles, or
    /// [`FHIR_PROFILES`](super::FHIR_PROFILES).
    pub body_schema: &'static str,
    /// What a thin event points to; the recipient collects it.
    pub detail: Option<Vec<u8>>,
    /// The profile that the detail follows.
    pub detail_schema: Option<&'static str>,
    /// Media type of the detail; that of the body when there is none.
    pub detail_content_type: &'static str,
    /// Where every leaf comes from.
    pub lineage: super::Lineage,
    /// What the sender should be told: what may leave and found no place.
    pub warnings: Vec<Issue>,
    /// The mapping, with its version.
    pub version: &'static str,
}

/// The code of an organisation without its system.
pub(super) fn organisation_code(partner: &Partner) -> &str {
    partner.organisation_code.rsplit_once('|').map_or(partner.organisation_code.as_str(), |(_, value)| value)
}

/// The system of an organisation's code, as a URI.
pub(super) fn organisation_system(partner: &Partner) -> String {
    match partner.organisation_code.rsplit_once('|').map(|(system, _)| system) {
        Some(system) if system.starts_with("http") => system.to_owned(),
        Some("ods") => codes::ODS_ORGANISATION.to_owned(),
        Some(system) if !system.is_empty() => format!("{}/{system}", codes::ID),
        _ => format!("{}/agency", codes::ID),
    }
}
