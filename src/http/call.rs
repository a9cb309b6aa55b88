//! A request as a handler sees it: authenticated, read to its end, within every limit.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use super::{Gateway, routes::Route, trace_ids::TraceIds};
use crate::{
    exchange::{
        Answer,
        authority::PeerCertificate,
        caller::{Caller, OfficerCaller},
        refusal::{Refusal, Refused},
    },
    ids::PartnerId,
};

/// What a handler gives back.
pub(super) type Outcome = Result<Answer, Refusal>;

/// A handler.
pub(super) type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A request as a handler sees it.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    /// What was called.
    pub(super) route: &'static Route,
    pub(super) caller: Option<Caller>,
    /// The officer who asks, where one must.
    pub(super) officer: Option<OfficerCaller>,
    /// Who the log line says it was. A handler that finds out says so here.
    pub(super) partner: Arc<OnceLock<PartnerId>>,
    pub(super) peer: Option<PeerCertificate>,
    pub(super) ids: TraceIds,
    /// Path parameters by name.
    pub(super) path: Vec<(String, String)>,
    /// Query parameters; only those that the route names, each at most once.
    pub(super) query: Vec<(String, String)>,
    /// Whether there were others, which were not looked at.
    pub(super) unsupported: bool,
    /// Header fields, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// Who is calling. The route table guarantees it where a scope is asked.
    pub(super) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.as_ref().ok_or_else(Refusal::internal)
    }

    /// Which officer asks. The route table guarantees it where an officer's scope is needed.
    pub(super) fn officer(&self) -> Result<&OfficerCaller, Refusal> {
        self.officer.as_ref().ok_or_else(Refusal::internal)
    }

    /// A path parameter. The route's pattern guarantees it.
    pub(super) fn path(&self, name: &str) -> Result<&str, Refusal> {
        find(&self.path, name).ok_or_else(Refusal::internal)
    }

    /// A query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// Whether only what would be done is asked for.
    pub(super) fn is_dry_run(&self) -> Result<bool, Refusal> {
        match self.query("dry-run") {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::new(Refused::BadRequest, "value", "dry-run", "Must be true or false.")),
        }
    }

    /// A header field that may stand once only.
    pub(super) fn header(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut values = self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::new(Refused::BadRequest, "value", name, "This header may stand once only.")),
        }
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// An answer with a JSON body.
pub(super) fn json_answer(status: u16, content_type: &'static str, body: &serde_json::Value) -> Answer {
    Answer {
        status,
        content_type,
        body: body.to_string().into_bytes(),
        version: None,
        location: None,
        repeated: false,
        headers: Vec::new(),
    }
}
