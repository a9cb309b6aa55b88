//! What the gateway does: one file for each thing. Declares the traits that the adapters implement.
//!
//! Decide outside, commit with preconditions: a use case reads a snapshot, decides, and hands everything that it
//! wants written to [`ports::Store::commit`] together with what must still be true. If one of those moved, it
//! decides again. Not here: SQL, HTTP, sockets, the system's clock.

mod about;
pub mod adapters;
mod amend;
mod anew;
mod answered;
mod ask_again;
pub mod authority;
pub mod browse;
pub mod caller;
mod cancel;
mod checkpoints;
mod chosen_authority;
mod collect;
mod consents;
mod coverage;
mod definitions;
mod deliver;
mod documents;
pub mod enrol;
mod form_in;
mod idempotency;
pub mod ig;
mod inbound;
pub mod keeping;
mod ledger;
mod less;
pub mod log;
pub mod made_by;
mod mailbox;
mod make_again;
mod message;
mod not_made;
mod people;
mod plan;
pub mod ports;
mod prepare;
mod progress;
mod query;
mod recall;
mod receipts;
mod refer;
pub mod refusal;
mod refusal_told;
mod rehearse;
mod remind;
pub mod request;
mod resolve;
mod respond;
pub mod rest;
mod root_key;
pub mod rows;
mod sought;
mod strangers;
pub mod subject;
mod submit;
mod tiles;
mod told_by_service;
mod update;
mod validate;
mod verify;
mod why;
mod withdraw;
mod words;

use std::sync::Arc;

use ports::{CommitError, Precondition, Store, StoreError, Write, WriteSet};
use refusal::{Refusal, Refused};
use tokio::sync::Notify;

use crate::{
    assessment::TagMax,
    clock::Moment,
    ids::Mint,
    limits,
    minimise::Rules,
    profile::{Profiles, check::Program},
    vault::{DocumentKey, Vault, VaultError},
};

pub use checkpoints::CheckpointError;
pub use coverage::Coverage;
pub use definitions::{MESSAGES, Message, read_message_definition};
pub use mailbox::MailboxSend;
pub use make_again::{Again, MadeAgain};
pub use message::{MessageHead, Target};
pub use receipts::Receipted;
pub use rehearse::{Rehearsal, Rehearsed, RehearsedMessage};
pub use root_key::{RootKeyError, open_root_key};
pub use verify::{log_verifiers, verify_log, verify_log_against};
pub use withdraw::{Effects, InFlight};

/// How often a use case decides again when something moved under it, before it says "come back".
const DECIDE_TRIES: usize = 5;

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

impl Answer {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_string().into_bytes(),
            version: None,
            location: None,
            repeated: false,
            headers: Vec::new(),
        }
    }

    /// An answer with a FHIR resource.
    #[must_use]
    pub fn fhir(status: u16, resource: &serde_json::Value) -> Self {
        Self { content_type: "application/fhir+json", ..Self::json(status, resource) }
    }
}

/// When a delivery that did not arrive is tried again, and how often.
#[derive(Clone, Debug)]
pub struct RetrySchedule {
    /// Wait before each further try, in seconds; the last is repeated.
    pub seconds: Vec<i64>,
    /// Tries before a delivery is set aside and its lane is held.
    pub attempts_max: u32,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self { seconds: limits::RETRY_SECONDS.to_vec(), attempts_max: limits::ATTEMPTS_MAX }
    }
}

/// The use cases, with everything that they need.
pub struct Exchange {
    /// Durable storage.
    pub store: Arc<dyn Store>,
    /// Keys for content.
    pub vault: Arc<Vault>,
    /// Ids, clock and chance.
    pub mint: Arc<Mint>,
    /// The compiled allow-lists.
    pub rules: Rules,
    /// The compiled profiles of what is not FHIR.
    pub profiles: Profiles,
    /// The compiled profiles of FHIR.
    pub fhir: Arc<Program>,
    /// Where partners reach this gateway: `https://host:port`, no slash at the end.
    pub base_url: String,
    /// When a delivery is tried again.
    pub schedule: RetrySchedule,
    /// Signs the documents that go with referrals to health services; `None`: none go.
    pub document_key: Option<DocumentKey>,
    /// The highest score of each domain of the Threshold Assessment Grid: above it, a sender is told.
    pub tag_max: TagMax,
    /// Messages that may wait for one agency: beyond it nothing more is taken on for it.
    pub backlog_max: u64,
    /// By which a service's own form becomes an assessment.
    pub adapters: Arc<adapters::Adapters>,
    /// What this release makes messages with.
    carried: made_by::Carried,
    /// The refused looks of which no entry is written yet.
    refused_looks: Arc<sought::RefusedLooks>,
    /// What was purged since the process started.
    pub retained: keeping::Retained,
    /// Rung after each commit that may have put something on a lane. A hint only.
    pub wake_delivery: Arc<Notify>,
    /// Rung after each commit that wrote audit entries. A hint only.
    pub wake_sequencer: Arc<Notify>,
}

impl Exchange {
    /// Compiles the allow-lists and profiles and puts the use cases together.
    pub fn new(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        mint: Arc<Mint>,
        base_url: String,
        schedule: RetrySchedule,
    ) -> Result<Self, String> {
        let profiles = Profiles::compile()?;
        Ok(Self {
            store,
            vault,
            mint,
            rules: Rules::compile()?,
            adapters: adapters::Adapters::built_in(&profiles)?,
            profiles,
            fhir: Program::shared()?,
            base_url,
            schedule,
            document_key: None,
            tag_max: TagMax::default(),
            backlog_max: limits::PARTNER_BACKLOG_MAX,
            carried: made_by::Carried::here(),
            refused_looks: Arc::default(),
            retained: keeping::Retained::default(),
            wake_delivery: Arc::new(Notify::new()),
            wake_sequencer: Arc::new(Notify::new()),
        })
    }

    fn now(&self) -> Moment {
        self.mint.clock().now()
    }

    /// Commits, and rings for the worker when it worked.
    async fn commit(
        &self,
        mut writes: WriteSet,
        preconditions: Vec<Precondition>,
    ) -> Result<(), CommitError> {
        let known: Vec<Write> = writes.iter().flat_map(|write| self.known_as(write)).collect();
        writes.extend(known);
        self.store.commit(writes, preconditions).await?;
        self.ring();
        Ok(())
    }

    /// Commits; `false` when something that the plan rests on changed meanwhile, and it must be made anew
    /// ([`DECIDE_TRIES`]).
    async fn try_commit(&self, writes: WriteSet, preconditions: Vec<Precondition>) -> Result<bool, Refusal> {
        match self.commit(writes, preconditions).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict(_) | CommitError::Exists(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    fn ring(&self) {
        self.wake_delivery.notify_one();
        self.wake_sequencer.notify_one();
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, "a read failed");
        match error {
            StoreError::Unavailable(_) => Self::unavailable(),
            StoreError::Corrupt(_) => Self::internal(),
        }
    }
}

impl From<CommitError> for Refusal {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) | CommitError::Exists(_) => Self::new(
                Refused::Conflict,
                "conflict",
                "",
                "What this request builds on changed meanwhile. Read it again and repeat the request.",
            ),
            CommitError::Busy => Self::unavailable(),
            CommitError::Unavailable(reason) => {
                tracing::error!(error = %reason, "a commit failed");
                Self::unavailable()
            }
        }
    }
}

impl From<VaultError> for Refusal {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Erased => Self::new(
                Refused::Gone,
                "deleted",
                "",
                "The content was erased at the person's request or at the end of its retention.",
            ),
            VaultError::Unreadable => {
                tracing::error!("sealed content cannot be opened");
                Self::internal()
            }
        }
    }
}
