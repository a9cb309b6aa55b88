//! The service's own system, several people at a time: it submits, and when no answer comes it sends the same
//! request again under the same key until one does.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use keyway::{
    clock::{Clock, Moment, SystemClock},
    ids::SeededChance,
};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use crate::{
    agencies::{LD, RECIPIENTS, assessment},
    pki::{Authority, Identity},
    tests::below,
};

/// How long one request may go without an answer that settles it, over all its repeats.
const INSISTS_FOR: Duration = Duration::from_mins(1);

/// A submission that was answered.
pub(crate) struct Answered {
    pub(crate) key: String,
    body: String,
    pub(crate) answer: Value,
}

/// A consent that was taken back, and the answer that said 200.
pub(crate) struct Withdrawal {
    /// The person's referrals to that agency.
    pub(crate) referrals: Vec<String>,
    /// When the answer had been read.
    pub(crate) told_at: Moment,
}

/// What senders were told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) answered: Vec<Answered>,
    pub(crate) withdrawn: Vec<Withdrawal>,
    /// The referrals about one person to one agency, in the order of their submission, where there are several.
    pub(crate) in_order: Vec<Vec<String>>,
    /// Requests that ended without an answer and were sent again.
    pub(crate) cut_off: u64,
}

impl Told {
    pub(crate) fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.withdrawn.extend(other.withdrawn);
        self.in_order.extend(other.in_order);
        self.cut_off += other.cut_off;
    }
}

pub(crate) struct Senders {
    http: reqwest::Client,
    base_url: String,
    answered: AtomicU64,
    stopped: AtomicBool,
}

/// What one sender has at hand.
#[derive(Default)]
struct Session {
    token: Option<String>,
    cut_off: u64,
}

impl Senders {
    #[expect(clippy::disallowed_methods, reason = "a partner's own client, not the gateway's")]
    pub(crate) fn new(authority: &Authority, ld: &Identity, base_url: String) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![ld.certificate.clone()], ld.key())
            .unwrap();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .no_proxy()
            .retry(reqwest::retry::never())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self { http, base_url, answered: AtomicU64::new(0), stopped: AtomicBool::new(false) }
    }

    /// Submissions answered so far.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }

    /// No new person is taken up.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Sees one person after the other.
    pub(crate) async fn send_until_told(self: Arc<Self>, sender: u64, chance: SeededChance) -> Told {
        let (mut told, mut session) = (Told::default(), Session::default());
        for person in 0_u64.. {
            if self.stopped.load(Ordering::SeqCst) {
                break;
            }
            self.see(&format!("kill-{sender}-{person}"), &chance, &mut session, &mut told).await;
        }
        told.cut_off = session.cut_off;
        told
    }

    /// One person: an assessment, now and then a second one, now and then a change of mind.
    async fn see(&self, person: &str, chance: &SeededChance, session: &mut Session, told: &mut Told) {
        let times = if below(chance, 4) == 0 { 2 } else { 1 };
        let mut referrals: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut consents = BTreeMap::new();
        for time in 1..=times {
            let key = format!("{person}-{time}");
            let body = assessment(person, &key);
            let (status, answer) = self.insist(session, "/assessments", Some(&key), &body).await;
            assert_eq!(status, 201);
            for recipient in RECIPIENTS {
                let planned = one(&answer["referrals"], recipient);
                assert!(["queued", "issued"].contains(&planned["state"].as_str().unwrap()), "{planned}");
                referrals.entry(recipient).or_default().push(text(&planned["referral_id"]));
                consents.insert(recipient, text(&one(&answer["consents"], recipient)["consent_id"]));
            }
            told.answered.push(Answered { key, body, answer });
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
        if times > 1 {
            told.in_order.extend(referrals.values().cloned());
        }
        if below(chance, 4) == 0 {
            tokio::time::sleep(Duration::from_millis(below(chance, 300))).await;
            let recipient = RECIPIENTS[usize::try_from(below(chance, 2)).unwrap()];
            let path = format!("/fhir/Consent/{}/$revoke", consents[recipient]);
            // 202 says that something may still be on its way; 200 that nothing is.
            while self.insist(session, &path, None, "").await.0 != 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let told_at = SystemClock.now();
            let referrals = referrals.remove(recipient).unwrap();
            told.withdrawn.push(Withdrawal { referrals, told_at });
        }
    }

    /// Sends a request until it is answered 2xx, the same each time.
    async fn insist(&self, session: &mut Session, path: &str, key: Option<&str>, body: &str) -> (u16, Value) {
        let until = tokio::time::Instant::now() + INSISTS_FOR;
        loop {
            assert!(tokio::time::Instant::now() < until, "{path} got no answer within {INSISTS_FOR:?}");
            match self.attempt(session, path, key, body).await {
                Ok((status @ 200..=299, answer)) => return (status, answer),
                Ok((401, _)) => session.token = None,
                // Busy, or the token's turn.
                Ok((408 | 429 | 503, _)) => {}
                Ok((status, answer)) => panic!("{path}: {status} {answer}"),
                Err(_) => session.cut_off += 1,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn attempt(
        &self,
        session: &mut Session,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> reqwest::Result<(u16, Value)> {
        let Some(token) = &session.token else {
            let form = format!("grant_type=client_credentials&client_id={LD}");
            let request = self.http.post(format!("{}/oauth/token", self.base_url));
            let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
            let response = request.send().await?;
            let status = response.status().as_u16();
            let granted: Value = json(&response.bytes().await?);
            session.token = granted["access_token"].as_str().map(str::to_owned);
            return Ok(if status == 200 { (503, Value::Null) } else { (status, granted) });
        };
        let mut request = self.http.post(format!("{}{path}", self.base_url)).bearer_auth(token);
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, json(&response.bytes().await?)))
    }

    /// Sends every submission once more: each gets the answer that it had.
    pub(crate) async fn repeat_all(&self, told: &Told) {
        let repeats = stream::iter(&told.answered).map(|first| async move {
            let mut session = Session::default();
            let again = self.insist(&mut session, "/assessments", Some(&first.key), &first.body).await;
            assert_eq!(again, (201, first.answer.clone()), "key {} has two answers", first.key);
        });
        repeats.buffer_unordered(4).collect::<()>().await;
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

fn one<'a>(list: &'a Value, recipient: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|item| item["recipient"] == recipient);
    found.unwrap_or_else(|| panic!("nothing for {recipient} in {list}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
