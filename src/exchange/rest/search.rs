//! Searching: a page of what the caller may see, with what goes with it, what was not understood, and the link to the
//! next. Nothing that is hidden shows in a number, a link or an error.

use serde_json::{Value, json};

use super::{
    asked::Asked,
    kinds::{Kind, Source},
    page::{Onward, Place},
    shown::Shown,
};
use crate::{
    exchange::{
        Answer, DECIDE_TRIES, Exchange,
        caller::Caller,
        refusal::{Refusal, Refused},
    },
    fhir::{
        Issue,
        outcome::{PROFILES, expression},
        search::Here,
    },
    profile::terminology::Member,
};

/// The resources of one page, and where it ends when there is more.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) shown: Vec<Shown>,
    /// Where the next page begins; `None`: this is the last.
    pub(super) next: Option<Place>,
    count: usize,
    last: Option<Place>,
}

impl Page {
    pub(super) const fn new(count: usize) -> Self {
        Self { shown: Vec::new(), next: None, count, last: None }
    }

    /// Whether nothing more has room.
    pub(super) const fn is_full(&self) -> bool {
        self.shown.len() >= self.count
    }

    /// Ends the page here: there is more.
    pub(super) fn end(&mut self) {
        self.next.clone_from(&self.last);
    }

    /// Adds one more, which ends at `end`. `false`: the page is full, and there is a next one.
    pub(super) fn add(&mut self, shown: Shown, end: Place) -> bool {
        if self.is_full() {
            self.end();
            return false;
        }
        self.shown.push(shown);
        self.last = Some(end);
        true
    }
}

impl Exchange {
    /// `GET /fhir/{Type}?…` and `POST /fhir/{Type}/_search`. `strict`: a parameter that is not supported is refused.
    /// `hidden`: it came as a form, so that nothing of it stands in an address; nor does it in a link then.
    pub async fn search_resources(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        pairs: &[(String, String)],
        strict: bool,
        hidden: bool,
    ) -> Result<Answer, Refusal> {
        let base = format!("{}/fhir", self.base_url);
        let token = pairs.iter().find(|(name, _)| name == "_page").map(|(_, token)| token);
        let (asked, place, itself) = match token {
            None => {
                let asked = self.understood(kind, pairs, strict)?;
                let itself = if hidden || asked.names_somebody() {
                    let onward = Onward { asked: asked.used.clone(), place: None };
                    with_token(&base, kind, &self.seal_page(caller, kind, &onward)?)
                } else {
                    with_query(&base, kind, &asked.used)
                };
                (asked, None, itself)
            }
            Some(token) => {
                if pairs.iter().any(|(name, _)| name != "_page" && name != "_format") {
                    let text = "Follow the link `next` as it is: it holds the whole search.";
                    return Err(Refusal::new(Refused::BadRequest, "value", "_page", text));
                }
                let onward = self.open_page(caller, kind, token)?;
                let asked = self.understood(kind, &onward.asked, false)?;
                (asked, onward.place, with_token(&base, kind, token))
            }
        };
        for _ in 0..DECIDE_TRIES {
            let mut page = self.page(caller, &asked, place.as_ref()).await?;
            let mut included = self.included(caller, &asked, &page.shown).await?;
            let further = match kind.source {
                Source::Log => vec![self.looked_at_log(caller, kind, super::shown::Look::Search)],
                _ => Vec::new(),
            };
            page.shown.append(&mut included.shown);
            match self.record(&mut page.shown, further).await {
                Ok(()) => {}
                // Something that is shown has moved meanwhile: look again.
                Err(refusal) if refusal.class == Refused::Conflict => continue,
                Err(refusal) => return Err(refusal),
            }
            let matched = page.shown.len() - included.count;
            let mut links = vec![json!({"relation": "self", "url": itself})];
            if let Some(next) = &page.next {
                let onward = Onward { asked: asked.used.clone(), place: Some(next.clone()) };
                let token = self.seal_page(caller, kind, &onward)?;
                links.push(json!({"relation": "next", "url": with_token(&base, kind, &token)}));
            }
            let mut entries: Vec<Value> = Vec::with_capacity(page.shown.len() + 1);
            for (at, one) in page.shown.iter().enumerate() {
                entries.push(one.entry(&self.base_url, if at < matched { "match" } else { "include" }));
            }
            entries.extend(outcome(&asked.told));
            let whole = place.is_none() && page.next.is_none();
            return Ok(bundle(
                &self.mint.uuid(),
                &self.now().to_rfc3339(),
                whole.then_some(matched),
                links,
                entries,
            ));
        }
        Err(Refusal::unavailable())
    }

    /// A search, understood.
    pub(super) fn understood(
        &self,
        kind: &'static Kind,
        pairs: &[(String, String)],
        strict: bool,
    ) -> Result<Asked, Refusal> {
        let base = format!("{}/fhir", self.base_url);
        let codes = self.fhir.terminology();
        let has_code = |system: &str, code: &str| matches!(codes.code_exists(system, code), Member::Yes);
        Asked::read(kind, pairs, strict, Here { base: &base, has_code: &has_code })
    }

    pub(super) async fn page(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        match asked.kind.source {
            Source::Referral => self.search_referrals(caller, asked, place).await,
            Source::Consent => self.search_consents(caller, asked, place).await,
            Source::Agency => self.search_agencies(caller, asked, place).await,
            Source::Log => self.search_log(caller, asked, place).await,
        }
    }
}

/// What was not looked at, as an entry of the answer.
pub(in crate::exchange) fn outcome(told: &[Issue]) -> Option<Value> {
    if told.is_empty() {
        return None;
    }
    let issues: Vec<Value> = told
        .iter()
        .map(|issue| {
            json!({
                "severity": "warning", "code": issue.code, "diagnostics": issue.diagnostics,
                "expression": expression(&issue.path).into_iter().collect::<Vec<_>>(),
            })
        })
        .collect();
    Some(json!({
        "resource": {"resourceType": "OperationOutcome", "meta": {"profile": PROFILES}, "issue": issues},
        "search": {"mode": "outcome"},
    }))
}

/// The answer. A total is given only when the page is the whole: then it tells no more than the page does.
fn bundle(id: &str, at: &str, total: Option<usize>, links: Vec<Value>, entries: Vec<Value>) -> Answer {
    let mut bundle = json!({
        "resourceType": "Bundle",
        "id": id,
        "meta": {"lastUpdated": at},
        "type": "searchset",
    });
    if let Some(fields) = bundle.as_object_mut() {
        if let Some(total) = total {
            fields.insert(String::from("total"), json!(total));
        }
        fields.insert(String::from("link"), Value::Array(links));
        if !entries.is_empty() {
            fields.insert(String::from("entry"), Value::Array(entries));
        }
    }
    Answer::fhir(200, &bundle)
}

fn with_token(base: &str, kind: &Kind, token: &str) -> String {
    format!("{base}/{}?_page={token}", kind.name)
}

/// The address of a search, with what counted of it.
fn with_query(base: &str, kind: &Kind, used: &[(String, String)]) -> String {
    let query: Vec<String> =
        used.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{base}/{}{mark}{}", kind.name, query.join("&"))
}

/// RFC 3986: what is not unreserved is written as `%` and two digits.
pub(in crate::exchange) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&crate::audit::hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}
