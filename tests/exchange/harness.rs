//! A gateway without sockets: store, vault, clock and courier in the test's hands.

use std::{
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use keyway::{
    clock::{Clock, ManualClock, Moment},
    directory::{AgencyKind, Agreement, Channel, EmergencyRow, LawfulBasis, Partner, PartnerStatus},
    exchange::{
        Answer, Exchange, RetrySchedule,
        caller::Caller,
        ports::{AttemptClass, AttemptOutcome, Courier, Parcel, Store, Write},
        refusal::Refusal,
        verify_log,
    },
    ids::{AgreementId, Chance, Mint, PartnerId, SeededChance, SiteId},
    store::sqlite::{SqliteStore, migrate},
    vault::{DocumentKey, RootKey, Vault},
};
use serde_json::Value;

use crate::processing_record::processing_record;

/// 2026-11-23T10:00:00Z.
pub const START: Moment = Moment(1_795_428_000_000_000);

pub const PARTNERS: [(&str, AgencyKind, Channel); 6] = [
    ("ld-harbour", AgencyKind::LiaisonDiversion, Channel::Mailbox),
    ("cmht-riverside", AgencyKind::Cmht, Channel::FhirPush),
    ("custody-northgate", AgencyKind::Police, Channel::EventPush),
    ("court-harbour", AgencyKind::Court, Channel::EventPush),
    ("probation-harbour", AgencyKind::Probation, Channel::EventPush),
    ("housing-harbour", AgencyKind::Housing, Channel::Mailbox),
];

pub struct Rig {
    pub exchange: Arc<Exchange>,
    pub clock: Arc<ManualClock>,
    pub store: Arc<SqliteStore>,
    pub database: PathBuf,
    pub chance: Arc<Interrupted>,
    _folder: tempfile::TempDir,
}

pub fn site() -> SiteId {
    SiteId::parse("harbour").unwrap()
}

pub fn slug(partner: &str) -> PartnerId {
    PartnerId::parse(partner).unwrap()
}

fn basis(confidentiality: &str) -> LawfulBasis {
    LawfulBasis {
        data_protection: String::from("6.1.e + 9.2.h"),
        power: String::from("CommonLaw"),
        confidentiality: confidentiality.to_owned(),
    }
}

pub fn partner(id: &str, kind: AgencyKind, channel: Channel) -> Partner {
    Partner {
        site_id: site(),
        partner_id: slug(id),
        kind,
        name: id.replace('-', " "),
        organisation_code: format!("https://fhir.nhs.uk/Id/ods-organization-code|{}", id.to_uppercase()),
        channel,
        endpoint: (channel != Channel::Mailbox).then(|| format!("https://{id}.example/in")),
        client_id: id.to_owned(),
        certificate_sha256: String::from("00"),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 0,
    }
}

pub fn agreement(id: &str) -> Agreement {
    let kind =
        PARTNERS.iter().find(|(known, ..)| *known == id).map_or(AgencyKind::Court, |(_, kind, _)| *kind);
    Agreement {
        site_id: site(),
        agreement_id: AgreementId::parse(&format!("dsa-{id}")).unwrap(),
        partner_id: slug(id),
        version: 1,
        purposes: vec![String::from(if id == "cmht-riverside" { "TREAT" } else { "COORDINATION" })],
        valid_from: START.plus_seconds(-86_400),
        valid_to: START.plus_seconds(86_400 * 365),
        basis: basis("CONSENT-EXPLICIT"),
        emergency: Some(EmergencyRow {
            blocks: ["name", "date-of-birth", "risk-to-self", "practitioner"].map(String::from).to_vec(),
            basis: basis("PUBLIC-INTEREST"),
        }),
        dpia_reference: String::from("DPIA-1"),
        record: processing_record(kind),
    }
}

impl Rig {
    pub async fn new() -> Self {
        // What the gateway says of its own faults is shown when a test fails.
        let _ = tracing_subscriber::fmt().with_test_writer().with_ansi(false).try_init();
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("keyway.db");
        migrate(&database).unwrap();
        let clock = Arc::new(ManualClock::new(START));
        let store = Arc::new(SqliteStore::open(&database, clock.clone()).unwrap());
        let chance = Arc::new(Interrupted { chance: SeededChance::new(7), due: Mutex::default() });
        let vault = Arc::new(Vault::open(RootKey::fresh(chance.as_ref()), chance.clone()));
        let mint = Arc::new(Mint::new(clock.clone(), chance.clone()));
        let exchange = Exchange::new(
            store.clone(),
            vault,
            mint,
            String::from("https://gateway.example"),
            RetrySchedule::default(),
        );
        let mut exchange = exchange.unwrap();
        exchange.document_key = DocumentKey::from_seed(&[5; 32]);
        let exchange = Arc::new(exchange);
        let mut writes = Vec::new();
        for (id, kind, channel) in PARTNERS {
            writes.push(Write::Partner(partner(id, kind, channel)));
            writes.push(Write::Agreement(agreement(id)));
        }
        store.commit(writes, Vec::new()).await.unwrap();
        Self { exchange, clock, store, database, chance, _folder: folder }
    }

    #[expect(clippy::unused_self, reason = "the tests ask the world who calls")]
    pub fn caller(&self, id: &str) -> Caller {
        let (_, kind, _) = PARTNERS.into_iter().find(|(slug, ..)| *slug == id).unwrap();
        Caller {
            site_id: site(),
            partner_id: slug(id),
            kind,
            scopes: Vec::new(),
            token_id: String::from("t"),
            certificate_sha256: String::from("00"),
        }
    }

    pub async fn submit(&self, assessment: &Value, key: &str) -> Result<Value, Refusal> {
        let body = assessment.to_string();
        let caller = self.caller("ld-harbour");
        self.exchange.submit_assessment(&caller, key, body.as_bytes(), false).await.map(|a| json(&a))
    }

    /// Lets the worker's step run until no lane is due; answers how many steps there were.
    pub async fn deliver_all(&self, courier: &dyn Courier) -> usize {
        let mut steps = 0;
        loop {
            let now = self.clock.now();
            let lanes = self.store.lease_lanes("test", now, now.plus_seconds(30), 16).await.unwrap();
            if lanes.is_empty() {
                return steps;
            }
            for lane in lanes {
                self.exchange.deliver(lane, courier).await;
                steps += 1;
            }
            assert!(steps < 200, "the lanes do not come to rest");
        }
    }

    pub async fn referral(&self, id: &str) -> Value {
        self.referral_as("ld-harbour", id).await
    }

    pub async fn referral_as(&self, who: &str, id: &str) -> Value {
        json(&self.exchange.read_referral(&self.caller(who), id).await.unwrap())
    }

    /// Acts on a referral as one of the agencies, with the version that it reads.
    pub async fn act(&self, who: &str, referral: &str, action: &str, words: Value) {
        let caller = self.caller(who);
        let seen = self.exchange.read_referral(&caller, referral).await.unwrap();
        let body = words.to_string();
        self.exchange.act(&caller, referral, action, seen.version, body.as_bytes()).await.unwrap();
    }

    /// The message that waits first in a mailbox.
    pub async fn first_item(&self, who: &str) -> String {
        let list = self.exchange.mailbox_list(&self.caller(who), who, 10, None).await.unwrap();
        json(&list)["messages"][0].as_str().unwrap().to_owned()
    }

    pub async fn revoke(&self, consent: &str) -> Answer {
        self.exchange.revoke_consent(&self.caller("ld-harbour"), consent, b"", false).await.unwrap()
    }

    /// Sequences what waits and checks the whole log from entry 0; answers its kinds in order.
    pub async fn audit(&self) -> Vec<String> {
        // A look that was refused is put on record beside its answer: an entry may come after the last was given its place.
        let mut waiting = 1;
        for _ in 0..100 {
            while self.store.sequence_audit(100).await.unwrap() > 0 {}
            waiting = self.store.log_head().await.unwrap().waiting;
            if waiting == 0 {
                break;
            }
        }
        assert_eq!(waiting, 0);
        let mut kinds = Vec::new();
        verify_log(self.store.as_ref(), |entry| kinds.push(entry.kind.clone())).await.unwrap().unwrap();
        kinds
    }
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// The assessment with every block, asking for the named recipients only.
pub fn assessment(recipients: &[&str]) -> Value {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/assessments/full.json"));
    let mut value: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let keep = |value: &mut Value, list: &str| {
        let items = value[list].as_array().cloned().unwrap_or_default();
        value[list] = items
            .into_iter()
            .filter(|item| recipients.contains(&item["recipient"].as_str().unwrap()))
            .collect();
    };
    keep(&mut value, "referrals");
    keep(&mut value, "consents");
    if let Some(object) = value.as_object_mut() {
        object.remove("overrides");
    }
    for referral in value["referrals"].as_array_mut().unwrap() {
        referral.as_object_mut().unwrap().remove("not_before");
    }
    for consent in value["consents"].as_array_mut().unwrap() {
        consent["decision"] = "agree".into();
        consent["capacity"] = "has-capacity".into();
        consent["recorded_at"] = "2026-11-23T09:00:00Z".into();
        consent["valid_until"] = "2027-05-23".into();
        consent["excludes"] = serde_json::json!([]);
    }
    value
}

/// The answer's referral to `recipient`.
pub fn to<'a>(answer: &'a Value, recipient: &str) -> &'a Value {
    let referrals = answer["referrals"].as_array().unwrap();
    referrals.iter().find(|r| r["recipient"] == recipient).unwrap()
}

pub fn id(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// The consent's id for `recipient` in a submission's answer.
pub fn consent_id(answer: &Value, recipient: &str) -> String {
    let consents = answer["consents"].as_array().unwrap();
    id(consents.iter().find(|c| c["recipient"] == recipient).unwrap(), "consent_id")
}

type Happening = Box<dyn FnOnce() + Send>;

/// The gateway's randomness. Every id and every sealing draws from it, so that a test which lets something happen at
/// a draw reaches the moments between what a use case reads and what it commits.
pub struct Interrupted {
    chance: SeededChance,
    due: Mutex<Option<(usize, Happening)>>,
}

impl Interrupted {
    /// Lets `happening` happen, to its end, when this many draws have been made from now on.
    pub fn after(&self, draws: usize, happening: impl Future<Output = ()> + Send + 'static) {
        let elsewhere = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(happening);
        };
        let happening = || std::thread::spawn(elsewhere).join().unwrap();
        *self.due.lock().unwrap() = Some((draws, Box::new(happening)));
    }

    /// Whether it has happened.
    pub fn happened(&self) -> bool {
        self.due.lock().unwrap().is_none()
    }
}

impl Chance for Interrupted {
    fn fill(&self, out: &mut [u8]) {
        let mut due = self.due.lock().unwrap();
        let now = due.take_if(|(draws, _)| *draws == 0);
        if let Some((draws, _)) = due.as_mut() {
            *draws -= 1;
        }
        drop(due);
        if let Some((_, happening)) = now {
            happening();
        }
        self.chance.fill(out);
    }
}

type Script = Box<dyn Fn(&Parcel) -> AttemptOutcome + Send + Sync>;

/// A courier that keeps what it carries and answers by script.
pub struct Scripted {
    pub carried: Mutex<Vec<Parcel>>,
    script: Script,
}

impl Scripted {
    pub fn new(script: impl Fn(&Parcel) -> AttemptOutcome + Send + Sync + 'static) -> Self {
        Self { carried: Mutex::new(Vec::new()), script: Box::new(script) }
    }

    pub fn delivers() -> Self {
        Self::new(|_| outcome(AttemptClass::Delivered, "http-200"))
    }

    pub fn count(&self) -> usize {
        self.carried.lock().unwrap().len()
    }

    pub fn texts(&self) -> Vec<String> {
        let carried = self.carried.lock().unwrap();
        carried.iter().map(|p| String::from_utf8(p.body.clone()).unwrap()).collect()
    }
}

#[async_trait]
impl Courier for Scripted {
    async fn carry(&self, parcel: Parcel) -> AttemptOutcome {
        let outcome = (self.script)(&parcel);
        self.carried.lock().unwrap().push(parcel);
        outcome
    }
}

pub fn outcome(class: AttemptClass, code: &str) -> AttemptOutcome {
    AttemptOutcome {
        class,
        code: code.to_owned(),
        http_status: None,
        retry_after_seconds: None,
        answer: Vec::new(),
    }
}
