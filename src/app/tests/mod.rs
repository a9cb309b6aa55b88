//! A whole gateway over real mutual TLS: who gets in, and how it stops.

mod certificates;
mod entry;
mod keys;
mod sites;

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{App, Running};
use crate::{
    config::Config,
    directory::{AgencyKind, Channel, Partner, PartnerStatus},
    ids::{PartnerId, SiteId},
};

/// An authority with the certificates that it issued.
struct Pki {
    ca: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
    folder: PathBuf,
}

/// A client with its certificate.
struct Client {
    http: reqwest::Client,
    sha256: String,
}

impl Pki {
    fn new(folder: &Path) -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self::with_authority(folder, params)
    }

    fn with_authority(folder: &Path, params: rcgen::CertificateParams) -> Self {
        let ca = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap();
        for part in ["tls", "keys"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        Self { ca, folder: folder.to_owned() }
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, rcgen::KeyPair) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![String::from("localhost")]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        (params.signed_by(&key, &self.ca).unwrap(), key)
    }

    fn furnish(&self) -> PathBuf {
        let put = |name: &str, text: &str| std::fs::write(self.folder.join(name), text).unwrap();
        let (certificate, key) = self.issue("gateway");
        put("tls/gateway.pem", &certificate.pem());
        put("tls/gateway-key.pem", &key.serialize_pem());
        put("tls/partners-ca.pem", &self.ca.pem());
        put("keys/key-encryption.key", &"0f".repeat(32));
        for name in ["keys/event-signing.pem", "keys/token-signing.pem"] {
            put(name, &rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem());
        }
        put(
            "keyway.toml",
            "[gateway]\nbase_url = \"https://localhost:0\"\n[partners]\nlisten = \"127.0.0.1:0\"\n\
             [public]\nlisten = \"127.0.0.1:0\"\n[operators]\nlisten = \"127.0.0.1:0\"\n",
        );
        self.folder.join("keyway.toml")
    }

    fn client(&self, issued: Option<&(rcgen::Certificate, rcgen::KeyPair)>) -> Client {
        match issued {
            Some((certificate, key)) => self.client_with(&certificate.pem(), key, certificate.der()),
            None => Client { http: self.browser().build().unwrap(), sha256: String::new() },
        }
    }

    /// A client that shows `chain` (PEM, leaf first), whose leaf is `leaf` (DER).
    fn client_with(&self, chain: &str, key: &rcgen::KeyPair, leaf: &[u8]) -> Client {
        let pem = format!("{chain}{}", key.serialize_pem());
        let identity = reqwest::Identity::from_pem(pem.as_bytes()).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, leaf);
        let sha256 = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        Client { http: self.browser().identity(identity).build().unwrap(), sha256 }
    }

    #[expect(clippy::disallowed_methods, reason = "a test stands outside, where partners do")]
    fn browser(&self) -> reqwest::ClientBuilder {
        let root = reqwest::Certificate::from_pem(self.ca.pem().as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([root])
    }
}

fn partner(slug: &str, kind: AgencyKind, certificate_sha256: &str) -> Partner {
    Partner {
        site_id: SiteId::parse("site-1").unwrap(),
        partner_id: PartnerId::parse(slug).unwrap(),
        kind,
        name: slug.to_owned(),
        organisation_code: String::from("test|1"),
        channel: Channel::Mailbox,
        endpoint: None,
        client_id: format!("client-{slug}"),
        certificate_sha256: certificate_sha256.to_owned(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 1,
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    pki: Pki,
    config: Config,
    gateway: Running,
    housing: Client,
    police: Client,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new(folder.path());
    let config = Config::load(&pki.furnish()).unwrap();
    App::migrate(&config).unwrap();
    let gateway = App::start(config.clone()).await.unwrap();
    let housing = pki.client(Some(&pki.issue("housing")));
    let police = pki.client(Some(&pki.issue("police")));
    let partners = vec![
        partner("housing", AgencyKind::Housing, &housing.sha256),
        partner("police", AgencyKind::Police, &police.sha256),
    ];
    gateway.enrol(partners, Vec::new()).await.unwrap();
    Bench { _folder: folder, pki, config, gateway, housing, police }
}

impl Bench {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.base_url())
    }

    async fn ask_token(&self, client: &Client, form: &str) -> (u16, Value) {
        let request = client.http.post(self.url("/oauth/token"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(form.to_owned()).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    async fn token(&self, client: &Client, slug: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id=client-{slug}");
        let (status, body) = self.ask_token(client, &form).await;
        assert_eq!(
            (status, body["token_type"].as_str(), body["expires_in"].as_i64()),
            (200, Some("Bearer"), Some(300))
        );
        body["access_token"].as_str().unwrap().to_owned()
    }

    async fn inbox(&self, client: &Client, token: &str) -> (u16, String) {
        let request = client.http.get(self.url("/messageexchange/housing/inbox")).bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn audited(&self, kind: &str) -> usize {
        let store = &self.gateway.exchange.store;
        while store.sequence_audit(1_000).await.unwrap() > 0 {}
        let entries = store.audit_page(0, 1_000).await.unwrap();
        entries.iter().filter(|entry| entry.kind == kind).count()
    }
}
