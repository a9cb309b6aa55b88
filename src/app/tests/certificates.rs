//! Chains and revocation: what is recognised is the leaf, and a revoked leaf gets nowhere.

use std::path::Path;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::{Pki, bench, partner};
use crate::{app::App, config::Config, directory::AgencyKind};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_its_leaf_and_not_its_issuer() {
    let bench = bench().await;
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let between = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &bench.pki.ca).unwrap();
    let leaf = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &between).unwrap(), key)
    };
    let with_chain = |(certificate, key): &(Certificate, KeyPair)| {
        bench.pki.client_with(&format!("{}{}", certificate.pem(), between.pem()), key, certificate.der())
    };
    let (own, sibling) = (leaf("housing"), leaf("sibling"));
    let (own, sibling) = (with_chain(&own), with_chain(&sibling));
    bench
        .gateway
        .enrol(vec![partner("housing", AgencyKind::Housing, &own.sha256)], Vec::new())
        .await
        .unwrap();
    let token = bench.token(&own, "housing").await;
    assert_eq!(bench.inbox(&own, &token).await.0, 200);
    let (status, body) =
        bench.ask_token(&sibling, "grant_type=client_credentials&client_id=client-housing").await;
    assert_eq!(
        (status, body["error"].as_str()),
        (401, Some("invalid_client")),
        "the same issuer is not the same partner"
    );
    assert_eq!(bench.inbox(&sibling, &token).await.0, 401);
    bench.gateway.shutdown().await;
}

/// A gateway whose authority revoked the certificate with serial 7, by a list that is good until `year`.
async fn with_revocation_list(folder: &Path, year: i32) -> (Pki, crate::app::Running) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pki = Pki::with_authority(folder, params);
    let settings = pki.furnish();
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(year, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(7_u64),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    std::fs::write(folder.join("tls/revoked.pem"), list.signed_by(&pki.ca).unwrap().pem().unwrap()).unwrap();
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace("[partners]\n", "[partners]\ncrl_file = \"tls/revoked.pem\"\n");
    let config = Config::read(&text, &settings).unwrap();
    App::migrate(&config).unwrap();
    let gateway = App::start(config).await.unwrap();
    (pki, gateway)
}

fn with_serial(pki: &Pki, serial: u64) -> super::Client {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.serial_number = Some(SerialNumber::from(serial));
    let certificate = params.signed_by(&key, &pki.ca).unwrap();
    pki.client(Some(&(certificate, key)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_does_not_get_through_the_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let (pki, gateway) = with_revocation_list(folder.path(), 2090).await;
    let url = format!("{}/fhir/metadata", gateway.base_url());
    assert_eq!(with_serial(&pki, 8).http.get(&url).send().await.unwrap().status(), 200);
    assert!(with_serial(&pki, 7).http.get(&url).send().await.is_err());
    gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_list_that_has_expired_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let (pki, gateway) = with_revocation_list(folder.path(), 2021).await;
    let url = format!("{}/fhir/metadata", gateway.base_url());
    assert!(with_serial(&pki, 8).http.get(&url).send().await.is_err());
    gateway.shutdown().await;
}
