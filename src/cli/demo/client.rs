//! One agency's way to the gateway: its certificate, a token bound to it, and plain HTTPS requests.
//!
//! It knows the public interface and nothing else. Not here: what to say, and to whom.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;
use tokio::sync::Mutex;

use super::pki::Identity;
use crate::clock::Stopwatch;

/// How long one request may take, in seconds.
const REQUEST_TIMEOUT_SECONDS: u64 = 10;
/// How often a request is made again when the gateway says "come back" (429, 503) or the connection fails.
const TRIES: u32 = 5;
/// Longest wait before a request is made again, in milliseconds.
const WAIT_MAX_MS: u64 = 2_000;
/// Age at which a token is replaced, in microseconds; tokens live for five minutes.
const TOKEN_AGE_MAX_MICROS: u64 = 200_000_000;

/// An agency as a client of the gateway.
pub(super) struct Client {
    http: reqwest::Client,
    base_url: String,
    oauth_id: String,
    token: Mutex<Option<(String, Stopwatch)>>,
}

/// A request to the gateway.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// What the gateway answered.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The bytes.
    pub(super) body: Vec<u8>,
}

impl Ask {
    /// Reads `path`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Posts JSON to `path`.
    pub(super) fn post(path: impl Into<String>, body: &Value) -> Self {
        let ask = Self {
            method: Method::POST,
            path: path.into(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        ask.header("content-type", "application/json")
    }

    /// Puts nothing at `path`: the path says it all.
    pub(super) fn put(path: impl Into<String>) -> Self {
        Self { method: Method::PUT, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header, or replaces it.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }
}

impl Reply {
    /// The answer as JSON.
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("the answer ({}) is not JSON", self.status))
    }

    /// The answer as JSON when it is a success; otherwise an error that says what the gateway said.
    pub(super) fn success(&self, what: &str) -> Result<Value> {
        if !self.status.is_success() {
            bail!("{what}: the gateway answered {}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        if self.body.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Client {
    /// A client that trusts `authority` alone, shows `identity`, and calls `base_url`.
    pub(super) fn new(authority: &str, identity: &Identity, base_url: &str, client_id: &str) -> Result<Self> {
        let both = format!("{}{}", identity.certificate_pem, identity.key_pem);
        #[expect(
            clippy::disallowed_methods,
            reason = "an agency's own client, not the gateway's: it stands outside"
        )]
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(authority.as_bytes())?])
            .identity(reqwest::Identity::from_pem(both.as_bytes())?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(REQUEST_TIMEOUT_SECONDS))
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.to_owned(),
            oauth_id: client_id.to_owned(),
            token: Mutex::new(None),
        })
    }

    /// Where the gateway is.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes a request with a token. When the gateway says "come back", comes back, with the same bytes.
    pub(super) async fn send(&self, ask: Ask) -> Result<Reply> {
        let token = self.token().await?;
        self.made(&ask.header("authorization", format!("Bearer {token}"))).await
    }

    /// Makes a request without a token: discovery and keys.
    pub(super) async fn send_without_token(&self, ask: Ask) -> Result<Reply> {
        self.made(&ask).await
    }

    async fn made(&self, ask: &Ask) -> Result<Reply> {
        let mut tries = 0;
        loop {
            tries += 1;
            let reply = self.once(ask).await;
            let wait_ms = match &reply {
                Ok(reply) if comes_back(reply.status) => reply
                    .header("retry-after")
                    .and_then(|v| v.parse::<u64>().ok())
                    .map_or(200, |seconds| seconds.saturating_mul(1_000)),
                Ok(_) => return reply,
                Err(_) => 200,
            };
            if tries == TRIES {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(wait_ms.clamp(50, WAIT_MAX_MS))).await;
        }
    }

    async fn once(&self, ask: &Ask) -> Result<Reply> {
        let url = if ask.path.starts_with("https://") {
            ask.path.clone()
        } else {
            format!("{}{}", self.base_url, ask.path)
        };
        let mut request = self.http.request(ask.method.clone(), url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if !ask.body.is_empty() {
            request = request.body(ask.body.clone());
        }
        let answer =
            request.send().await.with_context(|| format!("{} {} was not answered", ask.method, ask.path))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await?.to_vec();
        Ok(Reply { status, headers, body })
    }

    /// The present token; a new one when there is none or it is old.
    async fn token(&self) -> Result<String> {
        let mut kept = self.token.lock().await;
        if let Some((token, since)) = kept.as_ref()
            && since.elapsed_micros() < TOKEN_AGE_MAX_MICROS
        {
            return Ok(token.clone());
        }
        let form = format!("grant_type=client_credentials&client_id={}", self.oauth_id);
        let ask = Ask {
            method: Method::POST,
            path: String::from("/oauth/token"),
            headers: vec![("content-type", String::from("application/x-www-form-urlencoded"))],
            body: form.into_bytes(),
        };
        let answer = self.made(&ask).await?.success("asking for a token")?;
        let token = answer.get("access_token").and_then(Value::as_str).context("no access_token came")?;
        *kept = Some((token.to_owned(), Stopwatch::start()));
        Ok(token.to_owned())
    }
}

fn comes_back(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}
