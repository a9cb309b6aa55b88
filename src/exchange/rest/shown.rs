//! A resource that is about to be shown, with what has to be on record before it is.

use serde_json::{Value, json};

use super::kinds::Kind;
use crate::{
    audit::Kind as Entry,
    clock::Moment,
    exchange::{
        Answer, Exchange,
        caller::Caller,
        ports::{Precondition, Write},
        refusal::Refusal,
        rows::{ConsentRow, ReferralRow},
    },
};

/// How somebody looked, in FHIR's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// At one.
    Read,
    /// At an earlier version of one.
    Vread,
    /// At a page.
    Search,
}

impl Look {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Vread => "vread",
            Self::Search => "search-type",
        }
    }
}

/// A resource for one caller.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) kind: &'static Kind,
    pub(super) id: String,
    pub(super) version: i64,
    /// When this version began.
    pub(super) at: Option<Moment>,
    pub(super) resource: Value,
    /// The entries that tell of this look.
    pub(super) writes: Vec<Write>,
    /// What must still be so when it is shown.
    pub(super) preconditions: Vec<Precondition>,
}

impl Shown {
    pub(super) fn new(
        kind: &'static Kind,
        id: impl Into<String>,
        version: i64,
        at: Option<Moment>,
        resource: Value,
    ) -> Self {
        let (writes, preconditions) = (Vec::new(), Vec::new());
        Self { kind, id: id.into(), version, at, resource, writes, preconditions }
    }

    /// Its path here.
    pub(super) fn path(&self) -> String {
        format!("/fhir/{}/{}", self.kind.name, self.id)
    }

    /// As an entry of a Bundle; `mode` is `match` or `include`.
    pub(super) fn entry(&self, base_url: &str, mode: &str) -> Value {
        json!({
            "fullUrl": format!("{base_url}{}", self.path()),
            "resource": self.resource,
            "search": {"mode": mode},
        })
    }

    /// As the answer to a read.
    pub(super) fn answer(&self, status: u16) -> Answer {
        let mut answer = Answer::fhir(status, &self.resource);
        answer.version = Some(self.version);
        if let Some(at) = self.at {
            answer.headers.push(("last-modified", at.to_http_date()));
        }
        answer
    }
}

impl Exchange {
    /// The entry of a look at something about a referral.
    pub(super) fn looked(&self, caller: &Caller, row: &ReferralRow, kind: &Kind, how: Look) -> Write {
        self.note_on(row, self.now(), Entry::Viewed, caller.partner_id.as_str())
            .fact("what", kind.name)
            .fact("interaction", how.as_str())
            .write()
    }

    /// The entry of a look at a consent.
    pub(super) fn looked_at_consent(&self, caller: &Caller, row: &ConsentRow, how: Look) -> Write {
        self.note(&row.site_id, self.now(), Entry::Viewed, caller.partner_id.as_str())
            .about("consent", &row.consent_id)
            .fact("version", &row.version)
            .person(&row.person_id)
            .partner(&row.recipient_id)
            .fact("what", "Consent")
            .fact("interaction", how.as_str())
            .write()
    }

    /// The entry of a look at the log of one's own acts.
    pub(super) fn looked_at_log(&self, caller: &Caller, kind: &Kind, how: Look) -> Write {
        self.note(&caller.site_id, self.now(), Entry::Viewed, caller.partner_id.as_str())
            .partner(&caller.partner_id)
            .fact("what", kind.name)
            .fact("interaction", how.as_str())
            .write()
    }

    /// Puts on record that these are shown; only then may they be.
    pub(super) async fn record(&self, shown: &mut [Shown], further: Vec<Write>) -> Result<(), Refusal> {
        let mut writes = further;
        let mut preconditions = Vec::new();
        for one in shown {
            writes.append(&mut one.writes);
            preconditions.append(&mut one.preconditions);
        }
        if !writes.is_empty() {
            self.commit(writes, preconditions).await?;
        }
        Ok(())
    }
}
