//! The three listeners: ONE route table, and one way for every request through it.
//!
//! `routes` says what is offered; `conduct` takes each request through limits, identity and media types to its
//! handler and turns what comes back, or what went wrong, into an answer. A handler sees a `call::Call` and
//! answers with an [`crate::exchange::Answer`] or a refusal: it knows nothing of the web framework. Whatever goes
//! wrong is told as an `OperationOutcome` under `/fhir` and as problem+json elsewhere, by the table in `error`.
//!
//! Not here: SQL, what a caller may see, and anything that writes to a partner.

mod assessments;
mod bars_head;
mod body;
mod call;
mod capabilities;
mod conduct;
mod connections;
mod consents;
mod discovery;
mod error;
mod form;
mod health;
mod ig;
mod listener;
mod log;
mod mailbox;
mod media;
mod message_definitions;
mod places;
mod prefer;
mod process_message;
mod rate;
mod referrals;
mod requests;
mod response;
mod rest;
pub mod routes;
mod sheets;
#[cfg(test)]
mod tests;
mod token;
mod trace_ids;
mod validate;
mod version;

use std::sync::Arc;

pub use capabilities::capability_statement;
use connections::Connections;
pub use error::table as refusals;
pub use listener::{Served, serve};
use routes::Listener;
use tokio::runtime::Handle;

use crate::{
    clock::Moment,
    exchange::{Exchange, authority::Authority},
    metrics::Metrics,
    open_files::Shares,
};

/// Names what the gateway needs and has not, at a moment: a loop that should be turning, files to open.
pub type Missing = dyn Fn(Moment) -> Vec<&'static str> + Send + Sync;

/// What the listeners serve.
pub struct Gateway {
    /// The use cases.
    pub exchange: Arc<Exchange>,
    /// Who is calling.
    pub authority: Arc<dyn Authority>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where handlers run: the runtime of the database and the worker, not the web workers' own.
    runtime: Handle,
    /// What the gateway needs and has not.
    missing: Box<Missing>,
    partners: Arc<Connections>,
    public: Arc<Connections>,
    operators: Arc<Connections>,
    rates: rate::Rates,
    places: places::Places,
}

impl Gateway {
    /// Puts together what the listeners serve. Handlers run on `runtime`; `missing` is asked for readiness, and
    /// `shares` says how many connections each listener takes.
    #[must_use]
    pub fn new(
        exchange: Arc<Exchange>,
        authority: Arc<dyn Authority>,
        metrics: Arc<Metrics>,
        runtime: Handle,
        missing: Box<Missing>,
        shares: &Shares,
    ) -> Self {
        Self {
            exchange,
            authority,
            metrics,
            runtime,
            missing,
            partners: Connections::new(shares.partners),
            public: Connections::new(shares.public),
            operators: Connections::new(shares.operators),
            rates: rate::Rates::new(),
            places: places::Places::default(),
        }
    }

    const fn connections(&self, listener: Listener) -> &Arc<Connections> {
        match listener {
            Listener::Partners => &self.partners,
            Listener::Public => &self.public,
            Listener::Operators => &self.operators,
        }
    }
}
