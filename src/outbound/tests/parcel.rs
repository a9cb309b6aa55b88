//! Couriers and parcels for tests.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::signature::Ed25519KeyPair;

use super::server::{Authority, Connection, Server};
use crate::{
    clock::{Clock, ManualClock, Moment},
    directory::{AgencyKind, Channel, Partner, PartnerStatus},
    exchange::ports::{AttemptOutcome, Courier, Parcel},
    ids::{MessageId, PartnerId, SiteId},
    outbound::{AddressPolicy, CourierSettings, HttpCourier},
};

pub(in crate::outbound) const MESSAGE_ID: &str = "0198c0de-0000-7000-8000-000000000001";
pub(super) const CORRELATION_ID: &str = "0198c0de-0000-7000-8000-00000000000c";
pub(super) const NOW: Moment = Moment(1_763_890_200_000_000);
pub(super) const BODY: &[u8] = br#"{"resourceType":"Bundle","type":"message"}"#;
/// Answers the way a well-behaved FHIR receiver does.
pub(super) const ECHO: &[u8] = br#"{"resourceType":"Bundle","type":"message"}"#;

/// A gateway's side and a partner's server, each under its own authority.
pub(super) struct Pair {
    pub(super) server: Server,
    pub(super) courier: HttpCourier,
    pub(super) clock: Arc<ManualClock>,
    pub(super) signing_key: Arc<Ed25519KeyPair>,
}

/// A courier and a server that know each other.
pub(super) fn pair(answer: impl Fn(&mut Connection) -> bool + Send + Sync + 'static) -> Pair {
    let (partners, gateways) = (Authority::new(), Authority::new());
    let server = Server::start(&partners, &gateways, answer);
    let clock = Arc::new(ManualClock::new(NOW));
    let signing_key = Arc::new(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    let settings = settings(&partners, &gateways, &signing_key);
    let courier = HttpCourier::new(settings, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    Pair { server, courier, clock, signing_key }
}

pub(super) fn settings(
    partners: &Authority,
    gateways: &Authority,
    signing_key: &Arc<Ed25519KeyPair>,
) -> CourierSettings {
    let (certificate, private_key) = gateways.issue(&["gateway.example"]);
    CourierSettings {
        partner_roots: vec![partners.root()],
        certificate_chain: vec![certificate],
        private_key,
        signing_key: Arc::clone(signing_key),
        address_policy: AddressPolicy { allow_loopback: true },
        attempt_timeout: Duration::from_millis(1_500),
    }
}

impl Pair {
    pub(super) async fn send(&self, channel: Channel) -> AttemptOutcome {
        let endpoint = format!("https://localhost:{}/in", self.server.port);
        self.courier.carry(parcel(channel, &endpoint)).await
    }
}

/// A FHIR partner at an endpoint.
pub(in crate::outbound) fn partner_at(endpoint: &str) -> Partner {
    Partner {
        site_id: SiteId::parse("site").unwrap(),
        partner_id: PartnerId::parse("cmht-riverside").unwrap(),
        kind: AgencyKind::Cmht,
        name: "Riverside CMHT".to_owned(),
        organisation_code: "https://fhir.nhs.uk/Id/dos-service-id|2000011147".to_owned(),
        channel: Channel::FhirPush,
        endpoint: Some(endpoint.to_owned()),
        client_id: "cmht-riverside".to_owned(),
        certificate_sha256: String::new(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 1,
    }
}

/// A parcel that may leave for ten seconds.
pub(super) fn parcel(channel: Channel, endpoint: &str) -> Parcel {
    let content_type =
        if channel == Channel::FhirPush { "application/fhir+json" } else { "application/json" };
    Parcel {
        partner: Partner { channel, ..partner_at(endpoint) },
        sender: partner_at("https://sender.example/fhir"),
        message_id: MessageId::parse(MESSAGE_ID).unwrap(),
        correlation_id: CORRELATION_ID.to_owned(),
        content_type: content_type.to_owned(),
        body: BODY.to_vec(),
        receipt: None,
        send_by: NOW.plus_seconds(10),
    }
}
