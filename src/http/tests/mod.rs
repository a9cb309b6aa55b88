//! Every way in which a request can be wrong before it reaches a use case, and how it is told.

mod limits;
mod media;
mod refusals;
mod shape;

use std::{path::Path, sync::Arc};

use actix_web::{
    App,
    body::to_bytes,
    dev::ServiceResponse,
    http::header::HeaderMap,
    test::{TestRequest, call_service, init_service},
};
use async_trait::async_trait;
use serde_json::Value;
use tokio::runtime::Handle;

use super::{Gateway, listener::register, routes::Listener};
use crate::{
    clock::SystemClock,
    directory::AgencyKind,
    exchange::{
        Exchange, RetrySchedule,
        authority::{Authority, IssuedToken, PeerCertificate, TokenRefused, TokenRequest},
        caller::{Caller, OfficerCaller},
        ig::Officer,
        refusal::{Refusal, Refused},
    },
    ids::{Mint, PartnerId, SiteId, SystemChance},
    limits::FILES_MIN,
    metrics::Metrics,
    open_files::Shares,
    store::sqlite::{self, SqliteStore},
    vault::{RootKey, Vault},
};

/// Lets in whoever says `Bearer good`.
struct Doorkeeper;

#[async_trait]
impl Authority for Doorkeeper {
    fn recognise(&self, _leaf: &[u8]) -> Option<PeerCertificate> {
        None
    }

    async fn issue(&self, _: &PeerCertificate, _: TokenRequest) -> Result<IssuedToken, TokenRefused> {
        Err(TokenRefused::Unavailable)
    }

    async fn authenticate(
        &self,
        _peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<Caller, Refusal> {
        match authorization {
            Some("Bearer good") => Ok(Caller {
                site_id: SiteId::parse("s").unwrap(),
                partner_id: PartnerId::parse("l-and-d").unwrap(),
                kind: AgencyKind::LiaisonDiversion,
                scopes: vec![scope.to_owned()],
                token_id: String::from("t"),
                certificate_sha256: String::new(),
            }),
            Some(_) => Err(Refusal::new(Refused::Unauthorized, "expired", "Authorization", "Expired.")),
            None => Err(Refusal::new(Refused::Unauthorized, "login", "Authorization", "A token is needed.")),
        }
    }

    async fn authenticate_officer(
        &self,
        peer: Option<&PeerCertificate>,
        authorization: Option<&str>,
        scope: &'static str,
    ) -> Result<OfficerCaller, Refusal> {
        let caller = self.authenticate(peer, authorization, scope).await?;
        Ok(OfficerCaller { site_id: caller.site_id, officer: Officer::proved("ig.officer").unwrap() })
    }

    fn key_set(&self) -> Value {
        serde_json::json!({"keys": []})
    }

    fn scopes(&self) -> Vec<&'static str> {
        vec!["keyway/mailbox"]
    }
}

fn gateway(folder: &Path) -> Arc<Gateway> {
    let file = folder.join("keyway.db");
    sqlite::migrate(&file).unwrap();
    let clock = Arc::new(SystemClock);
    let store = Arc::new(SqliteStore::open(&file, clock.clone()).unwrap());
    let vault = Arc::new(Vault::open(RootKey::fresh(&SystemChance), Arc::new(SystemChance)));
    let mint = Arc::new(Mint::new(clock, Arc::new(SystemChance)));
    let base_url = String::from("https://gateway.test");
    let exchange = Exchange::new(store, vault, mint, base_url, RetrySchedule::default()).unwrap();
    let metrics = Arc::new(Metrics::new(exchange.mint.clock().now()));
    let quiet = Box::new(|_| Vec::new());
    let shares = Shares::of(FILES_MIN).unwrap();
    let exchange = Arc::new(exchange);
    Arc::new(Gateway::new(exchange, Arc::new(Doorkeeper), metrics, Handle::current(), quiet, &shares))
}

/// What came back.
struct Heard {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Heard {
    async fn of(response: ServiceResponse) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap().to_vec();
        let heard = Self { status, headers, body };
        assert!(!heard.header("content-type").starts_with("text/plain"), "a default of the framework spoke");
        for name in ["x-request-id", "x-correlation-id", "cache-control", "x-content-type-options"] {
            assert!(!heard.header(name).is_empty(), "{name} is missing");
        }
        heard
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// BaRS code and the issues' `(code, place)`, from either form.
    fn told(&self) -> (String, Vec<(String, String)>) {
        let body = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if body["resourceType"] == "OperationOutcome" {
            assert_eq!(self.header("content-type"), "application/fhir+json");
            let issues = body["issue"].as_array().unwrap();
            let coding = &issues[0]["details"]["coding"][0];
            assert_eq!(coding["system"], "https://fhir.nhs.uk/CodeSystem/http-error-codes");
            let told = issues.iter().map(|i| (text(&i["code"]), text(&i["expression"][0]))).collect();
            return (text(&coding["code"]), told);
        }
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["status"], self.status);
        let issues = body["issues"].as_array().unwrap();
        (text(&body["code"]), issues.iter().map(|i| (text(&i["code"]), text(&i["path"]))).collect())
    }
}

/// Sends one request to one listener of a fresh gateway.
async fn send(listener: Listener, request: TestRequest) -> Heard {
    let folder = tempfile::tempdir().unwrap();
    let gateway = gateway(folder.path());
    let service = init_service(App::new().configure(|c| register(c, &gateway, listener))).await;
    Heard::of(call_service(&service, request.to_request()).await).await
}

async fn partners(request: TestRequest) -> Heard {
    send(Listener::Partners, request).await
}

fn good() -> (&'static str, &'static str) {
    ("authorization", "Bearer good")
}
