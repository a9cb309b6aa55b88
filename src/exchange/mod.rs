//! What the gateway does: one file for each thing. Declares the traits that the adapters implement.

pub mod authority;
pub mod caller;
pub mod ports;
pub mod refusal;
pub mod rows;

use std::sync::Arc;

use caller::Caller;
use ports::Store;
use refusal::Refusal;

use crate::{ids::Mint, vault::Vault};

/// What a use case answers when it says yes.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status: 200, 201 or 202.
    pub status: u16,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// The version of what is shown, for `ETag: W/"…"`.
    pub version: Option<i64>,
    /// Path of what was made, for `Location`.
    pub location: Option<String>,
    /// Whether this is the first answer, kept from an earlier identical request.
    pub repeated: bool,
    /// Further headers (mailbox): lower-case name and value.
    pub headers: Vec<(&'static str, String)>,
}

/// The use cases, with everything that they need.
pub struct Exchange {
    /// Durable storage.
    pub store: Arc<dyn Store>,
    /// Keys for content.
    pub vault: Arc<Vault>,
    /// Ids, clock and chance.
    pub mint: Arc<Mint>,
    /// Where partners reach this gateway: `https://host:port`, no slash at the end.
    pub base_url: String,
}

/// A message from a mailbox's owner: `mex-To`, `mex-WorkflowID`, `mex-LocalID`, and the bytes.
#[derive(Clone, Debug)]
pub struct MailboxSend {
    /// The recipient's mailbox (its partner slug).
    pub to: String,
    /// The workflow id.
    pub workflow: String,
    /// The sender's own id for the message: its key for duplicates.
    pub local_id: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Exchange {
    /// `POST /assessments`: takes an assessment, plans, decides, minimises, maps and commits.
    pub async fn submit_assessment(
        &self,
        _caller: &Caller,
        _key: &str,
        _body: &[u8],
        _dry_run: bool,
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `POST /justice/requests`: an agency asks L&D to screen somebody.
    pub async fn take_request(&self, _caller: &Caller, _key: &str, _body: &[u8]) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `POST /fhir/$process-message`: a FHIR message in. The request id is the `X-Request-Id` (a UUID).
    pub async fn process_message(
        &self,
        _caller: &Caller,
        _request_id: &str,
        _body: &[u8],
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `GET /referrals/{id}`.
    pub async fn read_referral(&self, _caller: &Caller, _referral: &str) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `GET /referrals/{id}/actions`: what the caller may do next.
    pub async fn list_actions(&self, _caller: &Caller, _referral: &str) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `POST /referrals/{id}/actions/{action}` with the version from `If-Match`.
    pub async fn act(
        &self,
        _caller: &Caller,
        _referral: &str,
        _action: &str,
        _if_match: Option<i64>,
        _body: &[u8],
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `GET /referrals/{id}/audit`: the log entries about it, for its sender.
    pub async fn read_referral_audit(&self, _caller: &Caller, _referral: &str) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `GET /justice/sheets/{id}`: the detail that an event points to (the id is the message id).
    pub async fn collect_sheet(&self, _caller: &Caller, _message: &str) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `POST /fhir/Consent/{id}/$revoke`.
    pub async fn revoke_consent(
        &self,
        _caller: &Caller,
        _consent: &str,
        _body: &[u8],
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `POST /messageexchange/{mailbox}`: the handshake.
    pub async fn mailbox_handshake(&self, _caller: &Caller, _mailbox: &str) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `GET /messageexchange/{mailbox}/inbox`.
    pub async fn mailbox_list(
        &self,
        _caller: &Caller,
        _mailbox: &str,
        _max_results: usize,
        _continue_from: Option<&str>,
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `GET /messageexchange/{mailbox}/inbox/{id}`: consent is asked here.
    pub async fn mailbox_read(&self, _caller: &Caller, _mailbox: &str, _id: &str) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `PUT /messageexchange/{mailbox}/inbox/{id}/status/acknowledged`.
    pub async fn mailbox_acknowledge(
        &self,
        _caller: &Caller,
        _mailbox: &str,
        _id: &str,
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// `POST /messageexchange/{mailbox}/outbox`.
    pub async fn mailbox_send(
        &self,
        _caller: &Caller,
        _mailbox: &str,
        _send: MailboxSend,
    ) -> Result<Answer, Refusal> {
        Err(Refusal::internal())
    }

    /// Carries the head of a leased lane one step: consent again, attempt, outcome. For the worker.
    pub async fn deliver(&self, _lane: rows::LeasedLane, _courier: &dyn ports::Courier) {}
}
