//! One gateway for one test, from its settings file to the closing of its books.

use std::{fmt::Write as _, path::PathBuf};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keyway::{
    app::{App, Running},
    clock::{Clock, Moment, SystemClock},
    config::Config,
    directory::{
        AgencyKind, Agreement, Audience, Channel, EmergencyRow, LawfulBasis, Partner, PartnerStatus,
    },
    exchange::ig::Officer,
    ids::{AgreementId, PartnerId, SiteId},
};
use rcgen::KeyPair;
use serde_json::Value;

use crate::processing_record::processing_record;

use super::{
    actor::{Actor, Ask, Caller},
    books::{self, Books},
    logs,
    people::{CMHT, COURT, CUSTODY, HOUSING, LD, PROBATION},
    pki::{Authority, Identity},
    receiver::Receiver,
};

/// What the O cells of the disclosure table permit for custody.
const EMERGENCY_BLOCKS: [&str; 12] = [
    "name",
    "birth-date",
    "identifiers",
    "communication",
    "appropriate-adult",
    "vulnerabilities",
    "substance-use",
    "safeguarding",
    "risk-to-self",
    "risk-to-others",
    "practitioner",
    "request",
];

/// A key that signed documents before: the public half of the seed [3; 32], under its RFC 7638 thumbprint.
const RETIRED_DOCUMENT_KEYS: &str = r#"{"keys": [{
    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
    "x": "7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E", "kid": "nRIE2VmKdMjL1JD7tbV7fXVgXxmv0GKnMFWRUJMTf9Q"
}]}"#;

/// A running gateway with its agencies. Every test ends with [`Gateway::finish`].
pub struct Gateway {
    running: Option<Running>,
    folder: tempfile::TempDir,
    base_url: String,
    token_key_pem: String,
    set_aside: usize,
    /// Who issued everybody's certificates.
    pub authority: Authority,
    /// The liaison and diversion service.
    pub ld: Actor,
    pub cmht: Actor,
    pub custody: Actor,
    pub court: Actor,
    pub probation: Actor,
    pub housing: Actor,
    pub cmht_server: Receiver,
    pub custody_server: Receiver,
    pub court_server: Receiver,
    pub probation_server: Receiver,
}

impl Gateway {
    /// Starts one, with five recipients of which each has an agreement and custody's has an emergency row.
    pub async fn start() -> Self {
        logs::capture();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Test authority");
        let token_key_pem = write_files(&folder, &authority);
        let file = folder.path().join("keyway.toml");
        let config = Config::load(&file).unwrap_or_else(|problems| panic!("{problems:?}"));
        App::migrate(&config).unwrap();
        let running = App::start(config).await.unwrap();
        let base_url = running.base_url().to_owned();

        let agencies = [
            (
                LD,
                AgencyKind::LiaisonDiversion,
                Channel::Mailbox,
                "https://fhir.nhs.uk/Id/ods-organization-code|ZZ001",
            ),
            (CMHT, AgencyKind::Cmht, Channel::FhirPush, "https://fhir.nhs.uk/Id/dos-service-id|2000011147"),
            (CUSTODY, AgencyKind::Police, Channel::EventPush, "https://keyway.example/Id/force|ZZ"),
            (COURT, AgencyKind::Court, Channel::EventPush, "https://keyway.example/Id/court|ZZ01"),
            (PROBATION, AgencyKind::Probation, Channel::EventPush, "https://keyway.example/Id/probation|ZZ"),
            (HOUSING, AgencyKind::Housing, Channel::Mailbox, "https://keyway.example/Id/gss|E00000000"),
        ];
        let (mut partners, mut agreements, mut actors, mut receivers) = (vec![], vec![], vec![], vec![]);
        for (id, kind, channel, code) in agencies {
            let identity = authority.issue(id);
            let receiver = (channel != Channel::Mailbox).then(|| Receiver::start(&authority, &identity));
            let endpoint = receiver.as_ref().map(Receiver::endpoint);
            partners.push(partner(id, kind, channel, code, endpoint, &identity));
            if kind != AgencyKind::LiaisonDiversion {
                agreements.push(agreement(id, kind));
            }
            actors.push(Actor::new(id, &authority, &identity, &base_url));
            receivers.extend(receiver);
        }
        running.enrol(partners, agreements).await.unwrap();
        let Ok([ld, cmht, custody, court, probation, housing]) = <[Actor; 6]>::try_from(actors) else {
            panic!("six agencies call")
        };
        let Ok([cmht_server, custody_server, court_server, probation_server]) =
            <[Receiver; 4]>::try_from(receivers)
        else {
            panic!("four agencies have servers")
        };
        Self {
            running: Some(running),
            folder,
            base_url,
            token_key_pem,
            set_aside: 0,
            authority,
            ld,
            cmht,
            custody,
            court,
            probation,
            housing,
            cmht_server,
            custody_server,
            court_server,
            probation_server,
        }
    }

    /// Where partners reach it.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// An information governance officer of this name, with a certificate of their own.
    pub async fn officer(&self, name: &str) -> Actor {
        let identity = self.authority.issue(name);
        let sha256 = identity.sha256();
        self.let_in(name, Some(sha256), PartnerStatus::Active).await;
        Actor::new(&format!("officer:{name}"), &self.authority, &identity, &self.base_url)
    }

    /// Enters an officer, as the command does.
    pub async fn let_in(&self, name: &str, certificate: Option<String>, status: PartnerStatus) {
        let exchange = &self.running.as_ref().unwrap().exchange;
        let site = SiteId::parse("site-test").unwrap();
        let (by, named) = (Officer::new("operator", None).unwrap(), Officer::new(name, None).unwrap());
        exchange.enter_officer(&site, &by, &named, certificate, status).await.unwrap();
    }

    /// Its database, for reading.
    pub fn books(&self) -> Books {
        Books::open(&self.database())
    }

    /// Submits an assessment and answers what became of it.
    pub async fn submit(&self, key: &str, assessment: &super::Assessment) -> Value {
        self.ld.ask(Ask::post("/assessments").key(key).json(&assessment.0)).await.expect(201)
    }

    /// A referral as the service sees it.
    pub async fn seen_by_ld(&self, referral: &str) -> Value {
        self.ld.get(&format!("/referrals/{referral}")).await.expect(200)
    }

    /// Waits until nothing that is due is left undone.
    pub async fn settle(&self) {
        if let Some(running) = &self.running {
            running.exchange.write_down_refused_looks().await;
        }
        self.books().settle().await;
    }

    /// This many deliveries are meant to be set aside; without a word, none.
    pub fn expect_set_aside(&mut self, count: usize) {
        self.set_aside = count;
    }

    /// A token of `actor` that was good until a minute ago: everything in it is right but the time.
    pub async fn expired_token(&self, actor: &Actor) -> String {
        let token = actor.token().await.unwrap();
        let [head, claims, _] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("a JWT has three parts")
        };
        let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        for name in ["exp", "iat", "nbf"] {
            if let Some(at) = claims[name].as_i64() {
                claims[name] = (at - 360).into();
            }
        }
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let der = KeyPair::from_pem(&self.token_key_pem).unwrap().serialize_der();
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
    }

    /// Closes the books and stops the gateway.
    pub async fn finish(mut self) {
        let running = self.running.take().expect("a gateway is finished once");
        let books = self.books();
        running.exchange.write_down_refused_looks().await;
        books.settle().await;
        books.check_deliveries(self.set_aside);
        books::check_audit(running.exchange.store.as_ref()).await;
        running.shutdown().await;
        books::check_logs();
        books::check_database_files(&self.database());
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("keyway.db")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what gateways complained of, the latest last:\n{}", logs::complaints());
        } else if self.running.is_some() {
            panic!("a test ends with gateway.finish().await, which closes its books");
        }
    }
}

/// Writes settings, certificates and keys; answers the key that signs tokens.
fn write_files(folder: &tempfile::TempDir, authority: &Authority) -> String {
    let gateway = authority.issue("gateway");
    let signing = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    let token_key = signing();
    let mut wrapping = String::new();
    for byte in 1..=32 {
        write!(wrapping, "{byte:02x}").unwrap();
    }
    let settings = r#"
[site]
id = "site-test"
[gateway]
base_url = "https://localhost:0"
[partners]
listen = "127.0.0.1:0"
certificate_file = "gateway.pem"
key_file = "gateway-key.pem"
client_ca_file = "ca.pem"
[public]
listen = "127.0.0.1:0"
[operators]
listen = "127.0.0.1:0"
[database]
url = "sqlite:keyway.db"
[keys]
key_encryption_key_file = "wrapping.key"
event_signing_key_file = "event.pem"
token_signing_key_file = "token.pem"
document_signing_key_file = "document.pem"
retired_document_keys_file = "retired.jwks.json"
[outbound]
ca_file = "ca.pem"
certificate_file = "gateway.pem"
key_file = "gateway-key.pem"
allow_loopback = true
retry_seconds = [1]
attempts_max = 6
"#;
    for (name, text) in [
        ("keyway.toml", settings),
        ("ca.pem", &authority.root_pem()),
        ("gateway.pem", &gateway.certificate_pem),
        ("gateway-key.pem", &gateway.key_pem),
        ("wrapping.key", &wrapping),
        ("event.pem", &signing()),
        ("token.pem", &token_key),
        ("document.pem", &signing()),
        ("retired.jwks.json", RETIRED_DOCUMENT_KEYS),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    token_key
}

fn partner(
    id: &str,
    kind: AgencyKind,
    channel: Channel,
    code: &str,
    endpoint: Option<String>,
    identity: &Identity,
) -> Partner {
    Partner {
        site_id: SiteId::parse("site-test").unwrap(),
        partner_id: PartnerId::parse(id).unwrap(),
        kind,
        name: format!("Agency {id}"),
        organisation_code: code.to_owned(),
        channel,
        endpoint,
        client_id: id.to_owned(),
        certificate_sha256: identity.sha256(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 0,
    }
}

fn agreement(id: &str, kind: AgencyKind) -> Agreement {
    let basis = |confidentiality: &str| LawfulBasis {
        data_protection: "6.1.e + 9.2.h".to_owned(),
        power: "HA96-s213B".to_owned(),
        confidentiality: confidentiality.to_owned(),
    };
    let now: Moment = SystemClock.now();
    let emergency = (kind == AgencyKind::Police).then(|| EmergencyRow {
        blocks: EMERGENCY_BLOCKS.map(str::to_owned).to_vec(),
        basis: basis("PUBLIC-INTEREST"),
    });
    Agreement {
        site_id: SiteId::parse("site-test").unwrap(),
        agreement_id: AgreementId::parse(&format!("agreement-{id}")).unwrap(),
        partner_id: PartnerId::parse(id).unwrap(),
        version: 1,
        purposes: vec![
            if kind.audience() == Some(Audience::Health) { "TREAT" } else { "COORDINATION" }.to_owned(),
        ],
        valid_from: now.plus_seconds(-86_400),
        valid_to: now.plus_seconds(365 * 86_400),
        basis: basis("CONSENT-EXPLICIT"),
        emergency,
        dpia_reference: "DPIA-TEST".to_owned(),
        record: processing_record(kind),
    }
}
