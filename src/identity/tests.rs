//! Forged, stale and borrowed tokens and assertions are refused.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{
    Identity, IdentitySettings,
    access_token::{AccessTokens, BadToken, public_jwk, seconds},
    assertion, scopes,
};
use crate::{
    clock::{ManualClock, Moment},
    directory::{AgencyKind, Channel, Partner, PartnerStatus},
    exchange::{
        authority::{Authority as _, PeerCertificate, TokenRefused, TokenRequest},
        ports::{Store, Write},
        refusal::{Refusal, Refused},
    },
    ids::{Mint, PartnerId, SeededChance, SiteId},
    store::sqlite::{self, SqliteStore},
};

const ISSUER: &str = "https://gateway.test:8443";
const NOW: Moment = Moment(1_790_000_000_000_000);

fn ed25519() -> Vec<u8> {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_der()
}

fn peer(byte: u8) -> PeerCertificate {
    PeerCertificate { sha256: [byte; 32], not_after: Moment(i64::MAX) }
}

struct Bench {
    key: Vec<u8>,
    tokens: AccessTokens,
    mint: Mint,
}

fn bench() -> Bench {
    let key = ed25519();
    let tokens = AccessTokens::new(&key, ISSUER).unwrap();
    let mint = Mint::new(Arc::new(ManualClock::new(NOW)), Arc::new(SeededChance::new(7)));
    Bench { key, tokens, mint }
}

impl Bench {
    fn good_claims() -> Value {
        let now = seconds(NOW);
        json!({
            "iss": ISSUER, "aud": ISSUER, "sub": "cmht", "client_id": "cmht", "exp": now + 300, "iat": now,
            "jti": "one", "scope": "keyway/mailbox",
            "cnf": {"x5t#S256": URL_SAFE_NO_PAD.encode([1_u8; 32])},
        })
    }

    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(String::from("at+jwt"));
        header.kid = public_jwk(&self.key).unwrap().common.key_id;
        header
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_ed_der(&self.key)).unwrap()
    }

    fn read(&self, token: &str) -> Result<String, BadToken> {
        self.tokens.read(token, NOW, &peer(1)).map(|claims| claims.client_id)
    }
}

#[test]
fn a_token_of_ours_is_taken_and_the_self_test_passes() {
    let bench = bench();
    bench.tokens.self_test(&bench.mint).unwrap();
    let (token, _) = bench.tokens.issue(&bench.mint, "cmht", "keyway/mailbox", &peer(1)).unwrap();
    assert_eq!(bench.read(&token), Ok(String::from("cmht")));
    let by_hand = bench.sign(&bench.header(), &Bench::good_claims());
    assert_eq!(bench.read(&by_hand), Ok(String::from("cmht")), "the vectors below start from a good token");
}

#[test]
fn a_borrowed_token_is_refused() {
    let bench = bench();
    let (token, _) = bench.tokens.issue(&bench.mint, "cmht", "keyway/mailbox", &peer(2)).unwrap();
    assert_eq!(bench.read(&token), Err(BadToken::OtherCertificate));
}

#[test]
fn an_expired_token_is_refused_once_the_leeway_is_over() {
    let bench = bench();
    let (token, _) = bench.tokens.issue(&bench.mint, "cmht", "keyway/mailbox", &peer(1)).unwrap();
    let at = |after: i64| bench.tokens.read(&token, NOW.plus_seconds(after), &peer(1)).map(|_| ());
    assert_eq!(at(329), Ok(()));
    assert_eq!(at(330), Err(BadToken::Expired));
}

#[test]
fn claims_that_are_missing_wrong_or_of_another_type_are_refused() {
    let bench = bench();
    let now = seconds(NOW);
    for claim in ["iss", "aud", "sub", "client_id", "exp", "iat", "jti", "scope", "cnf"] {
        let mut claims = Bench::good_claims();
        claims.as_object_mut().unwrap().remove(claim);
        assert_eq!(
            bench.read(&bench.sign(&bench.header(), &claims)),
            Err(BadToken::Invalid),
            "without {claim}"
        );
    }
    for (claim, value) in [
        ("iss", json!("https://elsewhere.test")),
        ("iss", json!([ISSUER])),
        ("aud", json!("https://elsewhere.test")),
        ("aud", json!([ISSUER, "https://elsewhere.test"])),
        ("sub", json!("housing")),
        ("exp", json!((now + 300).to_string())),
        ("exp", json!(1e18)),
        ("exp", json!(null)),
        ("iat", json!(now + 31)),
        ("nbf", json!(now + 31)),
        ("nbf", json!("soon")),
        ("cnf", json!({})),
        ("cnf", json!({"jkt": "x"})),
    ] {
        let mut claims = Bench::good_claims();
        claims[claim] = value.clone();
        assert_eq!(
            bench.read(&bench.sign(&bench.header(), &claims)),
            Err(BadToken::Invalid),
            "{claim}={value}"
        );
    }
}

#[test]
fn another_type_key_or_algorithm_is_refused() {
    let bench = bench();
    let claims = Bench::good_claims();
    for typ in [None, Some("JWT"), Some("dpop+jwt"), Some("AT+JWT")] {
        let mut header = bench.header();
        header.typ = typ.map(str::to_owned);
        assert_eq!(bench.read(&bench.sign(&header, &claims)), Err(BadToken::Invalid), "typ {typ:?}");
    }
    for kid in [None, Some("other")] {
        let mut header = bench.header();
        header.kid = kid.map(str::to_owned);
        assert_eq!(bench.read(&bench.sign(&header, &claims)), Err(BadToken::Invalid), "kid {kid:?}");
    }
    let mut critical = bench.header();
    critical.crit = Some(vec![String::from("exp")]);
    assert_eq!(bench.read(&bench.sign(&critical, &claims)), Err(BadToken::Invalid));
    let stranger = encode(&bench.header(), &claims, &EncodingKey::from_ed_der(&ed25519())).unwrap();
    assert_eq!(bench.read(&stranger), Err(BadToken::Invalid), "another key under our kid");
    // The public key used as an HMAC secret, and no signature at all.
    let mut header = bench.header();
    header.alg = Algorithm::HS256;
    let public = serde_json::to_value(public_jwk(&bench.key).unwrap()).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let confused = encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
    assert_eq!(bench.read(&confused), Err(BadToken::Invalid));
    for alg in ["none", "None", "NONE"] {
        let mut header = serde_json::to_value(bench.header()).unwrap();
        header["alg"] = json!(alg);
        let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
        for tail in [".", "", ".AAAA"] {
            let token = format!("{}.{}{tail}", part(&header), part(&claims));
            assert_eq!(bench.read(&token), Err(BadToken::Invalid), "{alg} with {tail:?}");
        }
    }
}

#[test]
fn every_flipped_character_is_found() {
    let bench = bench();
    let (token, _) = bench.tokens.issue(&bench.mint, "cmht", "keyway/mailbox", &peer(1)).unwrap();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        // The last character of a part also carries bits that mean nothing; strict base64 refuses those too.
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(bytes).unwrap();
        assert_eq!(bench.read(&tampered), Err(BadToken::Invalid), "character {at}");
    }
    assert_eq!(bench.read(&format!("{token}.x")), Err(BadToken::Invalid));
    assert_eq!(bench.read(""), Err(BadToken::Invalid));
    assert_eq!(bench.read(&"a.".repeat(9_000)), Err(BadToken::Invalid));
}

struct Client {
    key: EncodingKey,
    algorithm: Algorithm,
    jwks: Value,
}

fn es384_client() -> Client {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let key = EncodingKey::from_ec_der(&pair.serialize_der());
    let mut jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES384).unwrap();
    jwk.common.key_id = Some(String::from("k1"));
    Client { key, algorithm: Algorithm::ES384, jwks: json!({"keys": [jwk]}) }
}

impl Client {
    fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(String::from("k1"));
        header
    }

    fn claims() -> Value {
        let now = seconds(NOW);
        json!({"iss": "cmht", "sub": "cmht", "aud": format!("{ISSUER}/oauth/token"), "exp": now + 240, "jti": "j1"})
    }

    fn check(&self, header: &Header, claims: &Value) -> Result<assertion::Proof, &'static str> {
        let assertion = encode(header, claims, &self.key).unwrap();
        assertion::check(&assertion, "cmht", &self.jwks.to_string(), &audiences(), NOW)
    }
}

fn audiences() -> [String; 2] {
    [String::from(ISSUER), format!("{ISSUER}/oauth/token")]
}

#[test]
fn an_assertion_with_es384_or_ed25519_proves_the_client() {
    let client = es384_client();
    let proof = client.check(&client.header(), &Client::claims()).unwrap();
    assert_eq!(proof.until, NOW.plus_seconds(240 + 31), "kept until exp and leeway are over");
    let mut other = Client::claims();
    other["jti"] = json!("j2");
    assert_ne!(client.check(&client.header(), &other).unwrap().once, proof.once);
    other["aud"] = json!([ISSUER]);
    client.check(&client.header(), &other).unwrap();
    let der = ed25519();
    let mut jwk = public_jwk(&der).unwrap();
    jwk.common.key_id = Some(String::from("k1"));
    let edwards = Client {
        key: EncodingKey::from_ed_der(&der),
        algorithm: Algorithm::EdDSA,
        jwks: json!({"keys": [jwk]}),
    };
    edwards.check(&edwards.header(), &Client::claims()).unwrap();
}

#[test]
fn an_assertion_that_is_wrong_in_any_claim_is_refused() {
    let client = es384_client();
    let now = seconds(NOW);
    for (claim, value) in [
        ("iss", json!("housing")),
        ("sub", json!("housing")),
        ("aud", json!("https://elsewhere.test/oauth/token")),
        ("aud", json!([ISSUER, "https://elsewhere.test"])),
        ("aud", json!([])),
        ("aud", json!(7)),
        ("exp", json!(now - 31)),
        ("exp", json!(now + 331)),
        ("exp", json!((now + 240).to_string())),
        ("exp", json!(null)),
        ("nbf", json!(now + 31)),
        ("iat", json!(now + 31)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", json!(null)),
    ] {
        let mut claims = Client::claims();
        claims[claim] = value.clone();
        assert!(client.check(&client.header(), &claims).is_err(), "{claim}={value}");
    }
    for claim in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = Client::claims();
        claims.as_object_mut().unwrap().remove(claim);
        assert!(client.check(&client.header(), &claims).is_err(), "without {claim}");
    }
}

#[test]
fn an_assertion_with_a_wrong_header_key_or_algorithm_is_refused() {
    let client = es384_client();
    let claims = Client::claims();
    let mut no_kid = client.header();
    no_kid.kid = None;
    let mut other_kid = client.header();
    other_kid.kid = Some(String::from("k2"));
    let mut jku = client.header();
    jku.jku = Some(String::from("https://elsewhere.test/jwks"));
    let mut access_token = client.header();
    access_token.typ = Some(String::from("at+jwt"));
    let mut critical = client.header();
    critical.crit = Some(vec![String::from("b64")]);
    for (header, what) in [
        (no_kid, "no kid"),
        (other_kid, "another kid"),
        (jku, "a jku"),
        (access_token, "another typ"),
        (critical, "a critical extension"),
    ] {
        assert!(client.check(&header, &claims).is_err(), "{what}");
    }
    // Signed by somebody else; the same kid twice; a key registered for another algorithm; an HMAC of the JWK set.
    let stranger = encode(&client.header(), &claims, &es384_client().key).unwrap();
    let jwks = client.jwks.to_string();
    assert!(assertion::check(&stranger, "cmht", &jwks, &audiences(), NOW).is_err());
    let good = encode(&client.header(), &claims, &client.key).unwrap();
    assertion::check(&good, "cmht", &jwks, &audiences(), NOW).unwrap();
    let key = &client.jwks["keys"][0];
    let twice = json!({"keys": [key, key]}).to_string();
    assert!(assertion::check(&good, "cmht", &twice, &audiences(), NOW).is_err());
    let mut es256 = key.clone();
    es256["alg"] = json!("ES256");
    assert!(
        assertion::check(&good, "cmht", &json!({"keys": [es256]}).to_string(), &audiences(), NOW).is_err()
    );
    assert!(assertion::check(&good, "cmht", "", &audiences(), NOW).is_err());
    let mut header = client.header();
    header.alg = Algorithm::HS384;
    let hmac = encode(&header, &claims, &EncodingKey::from_secret(jwks.as_bytes())).unwrap();
    assert!(assertion::check(&hmac, "cmht", &jwks, &audiences(), NOW).is_err());
    let unsigned = good.rsplit_once('.').unwrap().0;
    assert!(assertion::check(&format!("{unsigned}."), "cmht", &jwks, &audiences(), NOW).is_err());
    assert_eq!(assertion::claimed_client(&good).as_deref(), Some("cmht"));
}

#[test]
fn a_client_gets_what_its_kind_may_have_and_no_more() {
    let all = scopes::grant(&scopes::allowed(AgencyKind::Housing), None).unwrap();
    assert!(all.contains("keyway/mailbox") && !all.contains("keyway/assessments.c"), "{all}");
    assert_eq!(
        scopes::grant(&scopes::allowed(AgencyKind::Housing), Some("keyway/mailbox")).as_deref(),
        Some("keyway/mailbox")
    );
    assert_eq!(scopes::grant(&scopes::allowed(AgencyKind::Housing), Some("keyway/assessments.c")), None);
    assert_eq!(
        scopes::grant(&scopes::allowed(AgencyKind::Housing), Some("keyway/mailbox system/*.rs")),
        None
    );
    let service = scopes::grant(&scopes::allowed(AgencyKind::LiaisonDiversion), None).unwrap();
    assert!(service.contains("keyway/assessments.c") && !service.contains("keyway/sheets.r"), "{service}");
}

#[test]
fn no_scope_is_an_officers_and_an_agencys() {
    for kind in AgencyKind::ALL {
        let allowed = scopes::allowed(kind);
        assert!(scopes::OFFICER.iter().all(|scope| !allowed.contains(scope)), "{kind:?}");
    }
    assert!(scopes::OFFICER.iter().all(|scope| scopes::all().contains(scope)));
    assert_eq!(scopes::grant(&scopes::OFFICER, Some("keyway/mailbox")), None);
}

/// A gateway's identity on a store with one partner, `cmht`, which has the certificate of [`peer`] 1.
struct Enrolled {
    identity: Identity,
    store: Arc<SqliteStore>,
    _folder: tempfile::TempDir,
}

async fn enrolled(kind: AgencyKind) -> Enrolled {
    let (key, folder) = (ed25519(), tempfile::tempdir().unwrap());
    let file = folder.path().join("keyway.db");
    sqlite::migrate(&file).unwrap();
    let clock = Arc::new(ManualClock::new(NOW));
    let store = Arc::new(SqliteStore::open(&file, clock.clone()).unwrap());
    let mint = Arc::new(Mint::new(clock, Arc::new(SeededChance::new(7))));
    let site_id = SiteId::parse("harbour").unwrap();
    let partner = Partner {
        site_id: site_id.clone(),
        partner_id: PartnerId::parse("cmht").unwrap(),
        kind,
        name: String::from("An agency"),
        organisation_code: String::from("https://fhir.nhs.uk/Id/ods-organization-code|Y99999"),
        channel: Channel::Mailbox,
        endpoint: None,
        client_id: String::from("cmht"),
        certificate_sha256: peer(1).sha256_hex(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 0,
    };
    store.commit(vec![Write::Partner(partner)], Vec::new()).await.unwrap();
    let settings = IdentitySettings {
        site_id,
        base_url: ISSUER,
        token_signing_key: &key,
        event_signing_key: &key,
        document_signing_key: None,
        retired_document_keys: &[],
    };
    let identity = Identity::open(&settings, Arc::clone(&store) as Arc<dyn Store>, mint).unwrap();
    Enrolled { identity, store, _folder: folder }
}

/// Whether a client of this kind gets in with a token for `granted` where `asked` is needed, its certificate ending
/// at `not_after`.
async fn admitted(
    kind: AgencyKind,
    granted: &str,
    asked: &'static str,
    not_after: Moment,
) -> Result<PartnerId, Refusal> {
    let Enrolled { identity, .. } = enrolled(kind).await;
    let peer = PeerCertificate { not_after, ..peer(1) };
    let (token, _) = identity.tokens.issue(&identity.mint, "cmht", granted, &peer).unwrap();
    let bearer = format!("Bearer {token}");
    identity.authenticate(Some(&peer), Some(&bearer), asked).await.map(|caller| caller.partner_id)
}

#[tokio::test]
async fn a_scope_counts_when_the_token_has_it_and_the_kind_may_and_a_certificate_while_it_lasts() {
    let (ever, class) = (Moment(i64::MAX), |refused: Result<PartnerId, Refusal>| refused.unwrap_err().class);
    admitted(AgencyKind::Cmht, "keyway/mailbox", "keyway/mailbox", NOW).await.unwrap();
    let not_granted = admitted(AgencyKind::Cmht, "keyway/mailbox", "keyway/referrals.r", ever).await;
    assert_eq!(class(not_granted), Refused::Forbidden);
    // It was granted when the client was of another kind.
    let not_of_its_kind = admitted(AgencyKind::Cmht, "system/Consent.u", "system/Consent.u", ever).await;
    assert_eq!(class(not_of_its_kind), Refused::Forbidden);
    let ended = admitted(AgencyKind::Cmht, "keyway/mailbox", "keyway/mailbox", NOW.plus_seconds(-1)).await;
    assert_eq!(class(ended), Refused::Unauthorized);
}

#[tokio::test]
async fn who_asks_for_a_token_in_anothers_name_is_not_recorded_as_the_other() {
    let Enrolled { identity, store, _folder } = enrolled(AgencyKind::Cmht).await;
    let request = || TokenRequest {
        grant_type: Some(String::from("client_credentials")),
        client_id: Some(String::from("cmht")),
        scope: Some(String::from("keyway/assessments.c")),
        ..TokenRequest::default()
    };
    assert!(matches!(identity.issue(&peer(2), request()).await, Err(TokenRefused::InvalidClient(_))));
    assert!(matches!(identity.issue(&peer(1), request()).await, Err(TokenRefused::InvalidScope(_))));
    store.sequence_audit(10).await.unwrap();
    let recorded: Vec<_> = store.audit_page(0, 10).await.unwrap().into_iter().map(|e| e.partner_id).collect();
    assert_eq!(recorded, [None, PartnerId::parse("cmht")]);
}
