//! Who gets in: certificate, token and what is registered must agree. And: how a gateway stops.

use serde_json::{Value, json};

use super::{Pki, bench, partner};
use crate::{
    app::{App, Listener},
    clock::Moment,
    directory::{AgencyKind, PartnerStatus},
    exchange::verify_log,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_gets_in_with_its_certificate_and_its_token_and_nobody_else_does() {
    let bench = bench().await;
    let (housing, police) = (&bench.housing, &bench.police);
    let token = bench.token(housing, "housing").await;
    assert_eq!(bench.inbox(housing, &token).await.0, 200);

    // Another agency's certificate with a token that is not its own; a certificate of nobody; none at all.
    assert_eq!(bench.inbox(police, &token).await.0, 401);
    let nobody = bench.pki.client(Some(&bench.pki.issue("nobody")));
    assert_eq!(bench.inbox(&nobody, &token).await.0, 401);
    let bare = bench.pki.client(None);
    assert!(bare.http.get(bench.url("/fhir/metadata")).send().await.is_err(), "the handshake must fail");
    let stranger_folder = tempfile::tempdir().unwrap();
    let strangers = Pki::new(stranger_folder.path());
    let (certificate, key) = strangers.issue("housing");
    let stranger = bench.pki.client(Some(&(certificate, key)));
    assert!(
        stranger.http.get(bench.url("/fhir/metadata")).send().await.is_err(),
        "another authority's certificate"
    );

    // A token is asked for somebody else, for an unknown client, for a scope too many.
    for (client, form, status, error) in [
        (police, "grant_type=client_credentials&client_id=client-housing", 401, "invalid_client"),
        (police, "grant_type=client_credentials&client_id=client-x", 401, "invalid_client"),
        (police, "grant_type=client_credentials", 400, "invalid_request"),
        (police, "grant_type=password&client_id=client-police", 400, "unsupported_grant_type"),
        (
            police,
            "grant_type=client_credentials&client_id=client-police&scope=keyway%2Fassessments.c",
            400,
            "invalid_scope",
        ),
        (police, "grant_type=client_credentials&client_id=client-police&client_id=x", 400, "invalid_request"),
    ] {
        let (got, body) = bench.ask_token(client, form).await;
        assert_eq!((got, body["error"].as_str().unwrap()), (status, error), "{form}");
    }
    assert_eq!(bench.audited("access-refused").await, 2 + 5, "each refusal by who it was is in the log");
    assert_eq!(bench.audited("token-issued").await, 1);

    let verdict = verify_log(bench.gateway.exchange.store.as_ref(), |_| {}).await.unwrap();
    assert!(verdict.is_ok(), "{verdict:?}");
    bench.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_a_new_certificate_and_a_missing_scope_count_at_once() {
    let bench = bench().await;
    let token = bench.token(&bench.housing, "housing").await;
    let assessment = bench.housing.http.post(bench.url("/assessments")).bearer_auth(&token);
    let response = assessment.header("content-type", "application/json").body("{}").send().await.unwrap();
    assert_eq!(response.status(), 403);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("insufficient_scope"), "{challenge}");

    let mut changed = partner("housing", AgencyKind::Housing, &bench.police.sha256);
    bench.gateway.enrol(vec![changed.clone()], Vec::new()).await.unwrap();
    assert_eq!(bench.inbox(&bench.housing, &token).await.0, 401, "its certificate is no longer the one");
    changed.certificate_sha256.clone_from(&bench.housing.sha256);
    changed.status = PartnerStatus::Suspended;
    bench.gateway.enrol(vec![changed], Vec::new()).await.unwrap();
    assert_eq!(bench.inbox(&bench.housing, &token).await.0, 403);
    let (status, body) =
        bench.ask_token(&bench.housing, "grant_type=client_credentials&client_id=client-housing").await;
    assert_eq!((status, body["error"].as_str()), (400, Some("unauthorized_client")));
    bench.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_works_once() {
    let bench = bench().await;
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let key = jsonwebtoken::EncodingKey::from_ed_der(&pair.serialize_der());
    let public = jsonwebtoken::DecodingKey::from_ed_der(rcgen::PublicKeyData::der_bytes(&pair));
    let mut jwk = jsonwebtoken::jwk::Jwk::from_decoding_key(&public, None).unwrap();
    jwk.common.key_id = Some(String::from("k"));
    let mut signer = partner("housing", AgencyKind::Housing, &bench.housing.sha256);
    signer.jwks = json!({"keys": [jwk]}).to_string();
    bench.gateway.enrol(vec![signer], Vec::new()).await.unwrap();
    let Moment(now) = bench.gateway.exchange.mint.clock().now();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    header.kid = Some(String::from("k"));
    let claims = json!({
        "iss": "client-housing", "sub": "client-housing", "aud": bench.url("/oauth/token"),
        "exp": now / 1_000_000 + 60, "jti": "once",
    });
    let assertion = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let form = format!(
        "grant_type=client_credentials&client_assertion={assertion}&client_assertion_type=\
         urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    );
    let both = tokio::join!(bench.ask_token(&bench.housing, &form), bench.ask_token(&bench.housing, &form));
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "two at once, and one token");
    let (status, _) =
        bench.ask_token(&bench.housing, "grant_type=client_credentials&client_id=client-housing").await;
    assert_eq!(status, 401, "a client with keys proves itself by them");
    bench.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_20_mb_body_is_refused_and_the_refusal_is_heard() {
    let bench = bench().await;
    let token = bench.token(&bench.housing, "housing").await;
    let ask = |body: reqwest::Body| {
        let request = bench.housing.http.post(bench.url("/justice/requests")).bearer_auth(&token);
        request.header("content-type", "application/json").header("idempotency-key", "k").body(body).send()
    };
    let heard = ask(vec![b' '; 20_000_000].into()).await.unwrap();
    assert_eq!(heard.status(), 413);
    let problem: Value = serde_json::from_slice(&heard.bytes().await.unwrap()).unwrap();
    assert_eq!(problem["issues"][0]["code"], "too-long");
    bench.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stopped_starts_again_and_a_taken_port_is_told() {
    let bench = bench().await;
    let occupied = bench.gateway.address(Listener::Operators).unwrap();
    let mut second = bench.config.clone();
    second.operators = occupied;
    let error = App::start(second).await.err().expect("the port is taken").to_string();
    assert!(error.contains("operators.listen"), "{error}");
    let token = bench.token(&bench.housing, "housing").await;
    bench.gateway.shutdown().await;
    let again = App::start(bench.config.clone()).await.unwrap();
    let url = format!("{}/messageexchange/housing/inbox", again.base_url());
    let response = bench.housing.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 401, "another port is another issuer");
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_with_its_setting_and_what_to_do() {
    let bench = bench().await;
    let mut config = bench.config.clone();
    config.operators = bench.gateway.address(crate::app::Listener::Operators).unwrap();
    let told = App::start(config.clone()).await.map(|_| ()).unwrap_err().to_string();
    let port = config.operators.port();
    assert!(told.starts_with(&format!("operators.listen: port {port} on 127.0.0.1 is in use.")), "{told}");
    assert!(told.contains("choose another port"), "{told}");
    bench.gateway.shutdown().await;
}
