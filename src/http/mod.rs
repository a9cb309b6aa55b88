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
mod consents;
mod discovery;
mod error;
mod form;
mod health;
mod listener;
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
pub use error::table as refusals;
pub use listener::{Served, serve};
use tokio::runtime::Handle;

use crate::{
    clock::Moment,
    exchange::{Exchange, authority::Authority},
    metrics::Metrics,
};

/// Names what should be turning, and is not, at a moment.
pub type Silent = dyn Fn(Moment) -> Vec<&'static str> + Send + Sync;

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
    /// The loops of the worker that have been silent for too long.
    silent: Box<Silent>,
    rates: rate::Rates,
    places: places::Places,
}

impl Gateway {
    /// Puts together what the listeners serve. Handlers run on `runtime`; `silent` is asked for readiness.
    #[must_use]
    pub fn new(
        exchange: Arc<Exchange>,
        authority: Arc<dyn Authority>,
        metrics: Arc<Metrics>,
        runtime: Handle,
        silent: Box<Silent>,
    ) -> Self {
        Self {
            exchange,
            authority,
            metrics,
            runtime,
            silent,
            rates: rate::Rates::new(),
            places: places::Places::default(),
        }
    }
}
