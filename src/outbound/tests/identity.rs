//! Who is who: the partner's certificate and ours.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;

use super::{
    parcel::{ECHO, NOW, parcel, settings},
    server::{Authority, Server, reply},
};
use crate::{
    clock::ManualClock,
    directory::Channel::FhirPush,
    exchange::ports::{AttemptClass, AttemptOutcome, Courier},
    outbound::HttpCourier,
};

/// Sends one parcel to a server of `partner` that trusts `trusted`, from a courier that trusts `roots` and shows
/// a certificate of `gateway`.
async fn send(
    partner: &Authority,
    trusted: &Authority,
    roots: &Authority,
    gateway: &Authority,
    host: &str,
) -> (AttemptOutcome, Server) {
    let server = Server::start(partner, trusted, |c| {
        reply(c, "200 OK", "content-type: application/fhir+json\r\n", ECHO)
    });
    let key = Arc::new(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    let courier = HttpCourier::new(settings(roots, gateway, &key), Arc::new(ManualClock::new(NOW))).unwrap();
    let outcome = courier.carry(parcel(FhirPush, &format!("https://{host}:{}/in", server.port))).await;
    (outcome, server)
}

#[tokio::test]
async fn a_partner_under_another_authority_gets_nothing() {
    let (partner, other, gateway) = (Authority::new(), Authority::new(), Authority::new());
    let (outcome, server) = send(&partner, &gateway, &other, &gateway, "localhost").await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Retryable, "tls-certificate"));
    assert_eq!(server.bytes(), 0);
}

#[tokio::test]
async fn a_certificate_for_another_name_gets_nothing() {
    let (partner, gateway) = (Authority::new(), Authority::new());
    let (outcome, server) = send(&partner, &gateway, &partner, &gateway, "127.0.0.2").await;
    assert_eq!(outcome.class, AttemptClass::Retryable, "{}", outcome.code);
    assert_eq!(server.bytes(), 0);
}

#[tokio::test]
async fn a_partner_that_refuses_our_certificate_has_not_read_anything() {
    let (partner, gateway, other) = (Authority::new(), Authority::new(), Authority::new());
    let (outcome, server) = send(&partner, &other, &partner, &gateway, "localhost").await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Retryable, "tls-refused-us"));
    assert_eq!(server.bytes(), 0);
}
