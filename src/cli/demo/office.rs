//! The people at an agency: they read what came in, and say what they say.
//!
//! They know what came through their own socket or mailbox, and nothing else: whom a message is about they find
//! by the name that stands in it, and which referral it is by the id that stands in it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, Result, bail};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    client::{Ask, Client, Reply},
    fixtures::{Agency, StaffAnswer},
    record::{Record, header_lines},
    voice::Voice,
};
use crate::ids::Mint;

/// How often an action is tried again when the referral moved meanwhile.
const ACTION_TRIES: u32 = 5;

/// An agency's office.
pub(super) struct Office {
    /// The agency.
    pub(super) agency: Agency,
    /// Its way to the gateway.
    pub(super) client: Client,
    /// What it received.
    pub(super) record: Record,
    /// Where it tells what it does.
    pub(super) voice: Arc<Voice>,
    /// Ids for its own messages.
    pub(super) mint: Arc<Mint>,
    /// What its staff say, by the family name of the person.
    answers: BTreeMap<String, StaffAnswer>,
    seen: Mutex<HashSet<String>>,
    threads: Mutex<HashMap<String, String>>,
    sent_in: AtomicU32,
}

impl Office {
    /// An office with its staff.
    pub(super) fn new(
        agency: Agency,
        client: Client,
        record: Record,
        answers: BTreeMap<String, StaffAnswer>,
        voice: Arc<Voice>,
        mint: Arc<Mint>,
    ) -> Self {
        Self {
            agency,
            client,
            record,
            voice,
            mint,
            answers,
            seen: Mutex::new(HashSet::new()),
            threads: Mutex::new(HashMap::new()),
            sent_in: AtomicU32::new(0),
        }
    }

    /// Whether this message id is new here. A second time the message has no effect.
    pub(super) fn is_new(&self, message_id: &str) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(message_id.to_owned())
    }

    /// What staff say about the person whose name stands in `document`. `None`: nobody they know.
    pub(super) fn opinion(&self, document: &Value) -> Option<(&str, &StaffAnswer)> {
        self.answers
            .iter()
            .find(|(family, _)| holds_text(document, family))
            .map(|(family, answer)| (family.as_str(), answer))
    }

    /// Remembers whom the referral `id` is about.
    pub(super) fn remember(&self, id: &str, family: &str) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.insert(id.to_owned(), family.to_owned());
    }

    /// What staff say about the referral `id`, if they remember it.
    pub(super) fn opinion_on(&self, id: &str) -> Option<&StaffAnswer> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        self.answers.get(threads.get(id)?)
    }

    /// Tells a line of the story.
    pub(super) fn tell(&self, what: &str) {
        self.voice.tell(&self.agency.short, what);
    }

    /// Asks the gateway and keeps the bytes that came back.
    pub(super) async fn ask(&self, what: &str, ask: Ask) -> Result<Reply> {
        let reply = self.client.send(ask).await?;
        let headers = header_lines(reply.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
        self.record.keep(what, &headers, &reply.body)?;
        Ok(reply)
    }

    /// Sends something in: a request, an answer, an action. Counted when the gateway takes it.
    pub(super) async fn send_in(&self, what: &str, ask: Ask) -> Result<Reply> {
        let reply = self.ask(what, ask).await?;
        if reply.status.is_success() {
            self.sent_in.fetch_add(1, Ordering::Relaxed);
        }
        Ok(reply)
    }

    /// How much of that the gateway took.
    pub(super) fn sent_in(&self) -> u32 {
        self.sent_in.load(Ordering::Relaxed)
    }

    /// Says `action` about a referral through the actions of the API, under the version that was read.
    pub(super) async fn act(&self, referral: &str, action: &str, body: &Value) -> Result<()> {
        let path = format!("/referrals/{referral}");
        for _ in 0..ACTION_TRIES {
            let read = self.ask("referral", Ask::get(&path)).await?;
            read.success("reading the referral")?;
            let version = read.header("etag").context("the referral came without an ETag")?;
            let ask = Ask::post(format!("{path}/actions/{action}"), body)
                .header("if-match", version)
                .header("idempotency-key", self.mint.uuid());
            let reply = self.send_in(&format!("answer-to-{action}"), ask).await?;
            if reply.status == StatusCode::PRECONDITION_FAILED {
                continue;
            }
            reply.success(action)?;
            return Ok(());
        }
        bail!("{action} on referral {referral}: it moved {ACTION_TRIES} times meanwhile")
    }

    /// The body of an action, from what staff say.
    pub(super) fn words(answer: &StaffAnswer) -> Value {
        let mut body = serde_json::Map::new();
        if let Some(reason) = &answer.reason {
            body.insert(String::from("reason"), json!(reason));
        }
        if let Some(comment) = &answer.comment {
            body.insert(String::from("comment"), json!(comment));
        }
        if let Some(appointment) = &answer.appointment {
            body.insert(
                String::from("appointment"),
                json!({"start": appointment.start, "place": appointment.place}),
            );
        }
        Value::Object(body)
    }

    /// Answers a recall: through the actions, with what staff say, or that nothing further is done with it.
    pub(super) async fn answer_recall(&self, referral: &str) -> Result<()> {
        let said = self.opinion_on(referral).and_then(|answer| answer.to_recall.clone());
        let said = said.unwrap_or_else(|| String::from("no-further-use"));
        self.tell(&format!("is told to stop using it, and answers: {said}"));
        self.act(referral, "answer-recall", &json!({"answer": said})).await
    }
}

/// Whether any text in `document` holds `word`.
pub(super) fn holds_text(document: &Value, word: &str) -> bool {
    match document {
        Value::String(text) => text.contains(word),
        Value::Array(items) => items.iter().any(|item| holds_text(item, word)),
        Value::Object(fields) => fields.values().any(|field| holds_text(field, word)),
        _ => false,
    }
}

/// The first text under the name `key`, wherever it stands.
pub(super) fn find_text<'a>(document: &'a Value, key: &str) -> Option<&'a str> {
    match document {
        Value::Array(items) => items.iter().find_map(|item| find_text(item, key)),
        Value::Object(fields) => fields
            .get(key)
            .and_then(Value::as_str)
            .or_else(|| fields.values().find_map(|field| find_text(field, key))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        let document = json!({"entry": [{"resource": {"name": [{"family": "Ashby"}], "referralId": "r-1"}}]});
        assert!(holds_text(&document, "Ashby"));
        assert!(!holds_text(&document, "Bell"));
        assert_eq!(find_text(&document, "referralId"), Some("r-1"));
        assert_eq!(find_text(&document, "absent"), None);
    }
}
