//! What came of a decision, and what it rests on.

use serde::Serialize;
use serde_json::{Value, json};
use smallvec::SmallVec;

use super::{code::Code, provision::Provision, time};

/// Yes, yes in part, or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All of it may go.
    Permit,
    /// It may go, but for what stands in `withheld`.
    PermitRedacted,
    /// Nothing may go.
    Deny,
}

impl Verdict {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::PermitRedacted => "permit-redacted",
            Self::Deny => "deny",
        }
    }
}

/// How many things a Consent says at most, but for many items.
const CODES_USUAL: usize = 8;

/// What one Consent said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// Its place in the list that was given.
    pub place: usize,
    /// Its id and version, as far as it has them.
    pub id: Option<&'a str>,
    /// See `id`.
    pub version: Option<&'a str>,
    /// What it said, sorted: more than one thing only about several items.
    pub codes: SmallVec<[Code; CODES_USUAL]>,
    /// The provision that decided, as in `provision.provision[2]`.
    pub provision: Option<&'a str>,
    /// Where it cannot be read, as a JSON Pointer.
    pub at: Option<&'a str>,
}

/// What the answer about one item of the request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its place in the request's `resources`.
    pub place: usize,
    /// Whether it may go: never in part.
    pub permits: bool,
    /// Why.
    pub reasons: Vec<Code>,
    /// The place of the Consent that decided, and of its provision.
    pub decided: Option<(usize, &'a str)>,
}

/// A rule that keeps something back where all data were asked for.
#[derive(Clone, Copy, Debug)]
pub struct Withheld<'a> {
    /// The place of its Consent.
    pub consent: usize,
    /// Whether it keeps back what it names, or all but that.
    pub all_but: bool,
    pub(super) provision: &'a Provision,
}

impl<'a> Withheld<'a> {
    /// Its place, as in `provision.provision[2]`.
    #[must_use]
    pub fn provision(&self) -> &'a str {
        &self.provision.path
    }

    /// The data that it names: security labels, classes and codes as `system|code`, and whether it names data by their time
    /// or one by one.
    #[must_use]
    pub fn names(&self) -> Value {
        self.provision.criteria.data_named()
    }
}

/// A decision.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// Yes, in part, no.
    pub verdict: Verdict,
    /// Why, sorted.
    pub reasons: Vec<Code>,
    /// What each Consent said, in the order in which they were given.
    pub consents: Vec<Said<'a>>,
    /// The place of the Consent that decided, and its provision.
    pub decided: Option<(usize, &'a str)>,
    /// About each item of the request; empty where all data were asked for.
    pub parts: Vec<Part<'a>>,
    /// What is kept back where all data were asked for.
    pub withheld: Vec<Withheld<'a>>,
}

impl Answer<'_> {
    /// The answer as JSON; no value of the request or of a Consent but ids, versions and codes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let id = |place: usize| self.consents.get(place).and_then(|said| said.id);
        let withheld: Vec<Value> = self
            .parts
            .iter()
            .filter(|part| !part.permits && self.verdict != Verdict::Deny)
            .map(|part| {
                json!({
                    "resource": part.place, "reasons": part.reasons,
                    "consent": part.decided.and_then(|(place, _)| id(place)),
                    "provision": part.decided.map(|(_, path)| path),
                })
            })
            .chain(self.withheld.iter().map(|rule| {
                json!({
                    "rule": if rule.all_but { "all-but" } else { "these" }, "data": rule.names(),
                    "consent": id(rule.consent), "provision": rule.provision(),
                })
            }))
            .collect();
        let consents: Vec<Value> = self
            .consents
            .iter()
            .map(|said| {
                json!({
                    "place": said.place, "id": said.id, "version": said.version, "reasons": said.codes.as_slice(),
                    "provision": said.provision, "at": said.at,
                })
            })
            .collect();
        json!({
            "decision": self.verdict,
            "reasons": self.reasons,
            "consent": self.decided.and_then(|(place, _)| id(place)),
            "provision": self.decided.map(|(_, path)| path),
            "withheld": withheld,
            "consents": consents,
            "zone": time::ZONE,
        })
    }
}
