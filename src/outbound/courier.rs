//! The courier: one client for all partners, one attempt at a time for each parcel.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_lc_rs::signature::Ed25519KeyPair;
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::time::{Instant, timeout_at};

use super::{
    address::AddressPolicy,
    failure,
    gate::GatedBody,
    request::{self, Unsendable},
    resolver::PoliticResolver,
    retry_after,
    verdict::{self, Answer, AnswerEnd},
};
use crate::{
    clock::Clock,
    exchange::ports::{AttemptClass, AttemptOutcome, Courier, Parcel},
    limits,
};

/// With what the courier travels.
pub struct CourierSettings {
    /// The certificate authorities of the partners: the only ones that are trusted.
    pub partner_roots: Vec<CertificateDer<'static>>,
    /// The gateway's client certificate with its chain, leaf first.
    pub certificate_chain: Vec<CertificateDer<'static>>,
    /// The private key of the client certificate.
    pub private_key: PrivateKeyDer<'static>,
    /// Signs events.
    pub signing_key: Arc<Ed25519KeyPair>,
    /// Where connections may go.
    pub address_policy: AddressPolicy,
    /// Time for one attempt from the look-up of the name to the end of the answer; in a running gateway
    /// [`limits::ATTEMPT_TIMEOUT_SECONDS`].
    pub attempt_timeout: Duration,
}

/// Why the courier cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// A root, the certificate or the key is not usable.
    #[error("the certificates for calling partners are not usable: {0}")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// Carries parcels over HTTPS with mutual TLS.
pub struct HttpCourier {
    client: Client,
    clock: Arc<dyn Clock>,
    signing_key: Arc<Ed25519KeyPair>,
    address_policy: AddressPolicy,
    attempt_timeout: Duration,
}

impl HttpCourier {
    /// A courier that reads `clock` for `send_by` and for signatures.
    pub fn new(settings: CourierSettings, clock: Arc<dyn Clock>) -> Result<Self, CourierError> {
        let CourierSettings {
            partner_roots,
            certificate_chain,
            private_key,
            signing_key,
            address_policy,
            attempt_timeout,
        } = settings;
        let tls = tls_config(partner_roots, certificate_chain, private_key)?;
        let client = build_client(tls, address_policy)?;
        Ok(Self { client, clock, signing_key, address_policy, attempt_timeout })
    }

    /// Reads an answer within its limits of size and time.
    async fn read(&self, parcel: &Parcel, mut response: Response, deadline: Instant) -> AttemptOutcome {
        let status = response.status().as_u16();
        let is_json = header(&response, CONTENT_TYPE).is_some_and(|text| text.contains("json"));
        let retry_after_seconds =
            header(&response, RETRY_AFTER).and_then(|text| retry_after::seconds(text, self.clock.now()));
        let is_ours = is_to(parcel, &response);
        let mut body = Vec::new();
        let end = loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    let room = limits::PARTNER_ANSWER_MAX_BYTES.saturating_sub(body.len());
                    body.extend_from_slice(piece.get(..room).unwrap_or(&piece));
                    if piece.len() > room {
                        break AnswerEnd::Cut;
                    }
                }
                Ok(Ok(None)) => break AnswerEnd::Whole,
                Ok(Err(_)) | Err(_) => break AnswerEnd::Broken,
            }
        };
        // An answer that was not read to its end takes its connection with it.
        drop(response);
        let answer = Answer { status, is_json, is_ours, body: &body, end };
        let (class, code) = verdict::judge(parcel.partner.channel, &answer);
        AttemptOutcome { class, code, http_status: Some(status), retry_after_seconds, answer: body }
    }
}

#[async_trait]
impl Courier for HttpCourier {
    async fn carry(&self, mut parcel: Parcel) -> AttemptOutcome {
        let deadline = Instant::now() + self.attempt_timeout;
        let now = self.clock.now();
        if now > parcel.send_by {
            return unanswered(AttemptClass::TooLate, "send-by-passed");
        }
        let head = match request::head(&parcel, self.address_policy, &self.signing_key, now) {
            Ok(head) => head,
            Err(fault) => return unsendable(fault),
        };
        let (body, gate) =
            GatedBody::new(std::mem::take(&mut parcel.body), parcel.send_by, Arc::clone(&self.clock));
        let sending = self.client.post(head.url).headers(head.headers).body(reqwest::Body::wrap(body)).send();
        match timeout_at(deadline, sending).await {
            Ok(Ok(response)) => self.read(&parcel, response, deadline).await,
            Ok(Err(error)) => {
                let error = (!error.is_timeout()).then_some(&error as &(dyn Error + 'static));
                let (class, code) = failure::judge(gate.passage(), error);
                unanswered(class, code)
            }
            Err(_) => {
                let (class, code) = failure::judge(gate.passage(), None);
                unanswered(class, code)
            }
        }
    }
}

/// Whether an answer gives back the ids that a BaRS receiver must give back, or none: with another message's it is no
/// answer to this one.
fn is_to(parcel: &Parcel, response: &Response) -> bool {
    let ids =
        [("x-request-id", parcel.message_id.as_str()), ("x-correlation-id", parcel.correlation_id.as_str())];
    ids.into_iter().all(|(name, sent)| {
        let given = response.headers().get_all(name);
        given.iter().all(|given| given.as_bytes().eq_ignore_ascii_case(sent.as_bytes()))
    })
}

fn header(response: &Response, name: reqwest::header::HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn unanswered(class: AttemptClass, code: &str) -> AttemptOutcome {
    AttemptOutcome {
        class,
        code: code.to_owned(),
        http_status: None,
        retry_after_seconds: None,
        answer: Vec::new(),
    }
}

/// What is wrong with the directory's entry or with our own parcel stays wrong until somebody changes it.
fn unsendable(fault: Unsendable) -> AttemptOutcome {
    unanswered(AttemptClass::Permanent, &fault.to_string())
}

fn tls_config(
    roots: Vec<CertificateDer<'static>>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_client_auth_cert(chain, key)
}

/// HTTP/1.1 only: there the gate is exact, and a lost connection leaves one attempt in doubt and not many.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds an HTTP client")]
fn build_client(tls: ClientConfig, policy: AddressPolicy) -> Result<Client, reqwest::Error> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(PoliticResolver(policy)))
        .http1_only()
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(Duration::from_secs(limits::CONNECT_TIMEOUT_SECONDS))
        .pool_max_idle_per_host(limits::PARTNER_IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(Duration::from_secs(limits::PARTNER_IDLE_SECONDS))
        .user_agent(concat!("keyway/", env!("CARGO_PKG_VERSION")))
        .build()
}
