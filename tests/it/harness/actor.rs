//! Those who call the gateway: each agency with its certificate, and impostors.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::Method;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::{
    described,
    people::forbidden_words,
    pki::{Authority, Identity},
    receiver::Received,
};

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn put(path: &str) -> Self {
        Self::new(Method::PUT, path)
    }

    pub fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bytes(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    /// A form, percent-encoded.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let encoded =
            |text: &str| -> String {
                text.bytes()
                    .map(|b| {
                        if b.is_ascii_alphanumeric() {
                            char::from(b).to_string()
                        } else {
                            format!("%{b:02X}")
                        }
                    })
                    .collect()
            };
        let body: Vec<String> = pairs.iter().map(|(n, v)| format!("{}={}", encoded(n), encoded(v))).collect();
        self.bytes("application/x-www-form-urlencoded", body.join("&"))
    }

    /// Native POSTs need a key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{} with a body that is not JSON ({e}): {}", self.status, self.text()))
    }

    /// The body, when the status is this one.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// An error repeats nothing of what was sent: neither in its body nor in its head.
    fn check_names_nobody(&self) {
        let said = format!("{:?} {}", self.headers, self.text());
        for word in forbidden_words() {
            assert!(!said.contains(&word), "an error says {word:?}: {said}");
        }
    }

    pub fn content_type(&self) -> &str {
        self.headers.get("content-type").map_or("", |text| text.split(';').next().unwrap_or_default())
    }
}

/// Anybody who can send a request to the gateway.
pub trait Caller {
    /// The connection, with the certificate that is shown.
    fn client(&self) -> &reqwest::Client;
    /// Where the partners' listener is.
    fn base_url(&self) -> &str;
    /// The token that is shown.
    async fn token(&self) -> Option<String>;

    async fn ask(&self, ask: Ask) -> Reply {
        self.try_ask(ask).await.expect("the gateway answers")
    }

    async fn try_ask(&self, ask: Ask) -> Result<Reply, reqwest::Error> {
        let (method, path) = (ask.method.to_string(), ask.path.clone());
        let mut request = self.client().request(ask.method, format!("{}{}", self.base_url(), ask.path));
        if let Some(token) = self.token().await {
            request = request.bearer_auth(token);
        }
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let response = request.body(ask.body).send().await?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let reply = Reply { status, headers, body: response.bytes().await?.to_vec() };
        if status >= 400 {
            reply.check_names_nobody();
        }
        described::check(&method, &path, &reply);
        Ok(reply)
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask(Ask::get(path)).await
    }
}

/// An agency, as its own system calls.
pub struct Actor {
    /// Its slug: partner id, client id and mailbox.
    pub id: String,
    client: reqwest::Client,
    base_url: String,
    token: Mutex<Option<String>>,
}

impl Actor {
    pub fn new(id: &str, authority: &Authority, identity: &Identity, base_url: &str) -> Self {
        Self {
            id: id.to_owned(),
            client: client(authority, Some(identity)),
            base_url: base_url.to_owned(),
            token: Mutex::new(None),
        }
    }

    /// Asks for a token, as `tls_client_auth`.
    pub async fn fresh_token(&self) -> Reply {
        let form = format!("grant_type=client_credentials&client_id={}", self.id);
        let ask = Ask::post("/oauth/token").bytes("application/x-www-form-urlencoded", form);
        Stranger { client: self.client.clone(), base_url: self.base_url.clone(), token: None }.ask(ask).await
    }

    /// The sheet that an event points to.
    pub async fn sheet(&self, event: &Received) -> Value {
        let event = event.json();
        let url = event["detailUrl"].as_str().unwrap();
        let path = url.strip_prefix(&self.base_url).expect("the detail is at the gateway");
        self.get(path).await.expect(200)
    }

    /// Reads everything in its mailbox and acknowledges it.
    pub async fn collect(&self) -> Vec<Value> {
        let inbox = format!("/messageexchange/{}/inbox", self.id);
        let waiting = self.get(&inbox).await.expect(200);
        let mut messages = Vec::new();
        for id in waiting["messages"].as_array().unwrap() {
            let path = format!("{inbox}/{}", id.as_str().unwrap());
            messages.push(self.get(&path).await.expect(200));
            self.ask(Ask::put(&format!("{path}/status/acknowledged"))).await.expect(200);
        }
        messages
    }

    /// Does something to a referral, at its present version.
    pub async fn act(&self, referral: &str, action: &str, body: Value) -> Value {
        let seen = self.get(&format!("/referrals/{referral}")).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        let ask = Ask::post(&format!("/referrals/{referral}/actions/{action}"))
            .key(&format!("{action}-{referral}"))
            .header("if-match", &seen.headers["etag"])
            .json(&body);
        self.ask(ask).await.expect(200)
    }

    /// This agency's connection with somebody else's token, or none.
    pub fn with_token(&self, token: Option<&str>) -> Stranger {
        Stranger {
            client: self.client.clone(),
            base_url: self.base_url.clone(),
            token: token.map(str::to_owned),
        }
    }
}

impl Caller for Actor {
    fn client(&self) -> &reqwest::Client {
        &self.client
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    async fn token(&self) -> Option<String> {
        let known = self.token.lock().unwrap().clone();
        if known.is_some() {
            return known;
        }
        let granted = self.fresh_token().await.expect(200);
        let token = granted["access_token"].as_str().expect("a token is granted").to_owned();
        *self.token.lock().unwrap() = Some(token.clone());
        Some(token)
    }
}

/// Somebody with any certificate and any token.
pub struct Stranger {
    client: reqwest::Client,
    base_url: String,
    token: Option<String>,
}

impl Stranger {
    pub fn new(authority: &Authority, identity: Option<&Identity>, base_url: &str) -> Self {
        Self { client: client(authority, identity), base_url: base_url.to_owned(), token: None }
    }
}

impl Caller for Stranger {
    fn client(&self) -> &reqwest::Client {
        &self.client
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    async fn token(&self) -> Option<String> {
        self.token.clone()
    }
}

/// A client that trusts `authority` and shows `identity`.
#[expect(clippy::disallowed_methods, reason = "a partner's own client, not the gateway's")]
fn client(authority: &Authority, identity: Option<&Identity>) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls(authority, identity))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

/// TLS that trusts `authority` and shows `identity`.
pub fn tls(authority: &Authority, identity: Option<&Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        Some(identity) => {
            config.with_client_auth_cert(vec![identity.certificate.clone()], identity.key()).unwrap()
        }
        None => config.with_no_client_auth(),
    }
}
