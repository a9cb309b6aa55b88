//! Where connections may go, seen from outside the courier.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;

use super::{
    parcel::{NOW, parcel, settings},
    server::{Authority, Server, reply},
};
use crate::{
    clock::ManualClock,
    directory::Channel::{EventPush, Mailbox},
    exchange::ports::{AttemptClass, Courier},
    outbound::{AddressPolicy, CourierSettings, HttpCourier},
};

#[tokio::test]
async fn a_name_that_leads_home_is_not_connected_to() {
    let authority = Authority::new();
    let server = Server::start(&authority, &authority, |c| reply(c, "200 OK", "", b""));
    let key = Arc::new(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    let strict = CourierSettings {
        address_policy: AddressPolicy::default(),
        ..settings(&authority, &authority, &key)
    };
    let courier = HttpCourier::new(strict, Arc::new(ManualClock::new(NOW))).unwrap();
    for (host, class) in [("localhost", AttemptClass::Retryable), ("127.0.0.1", AttemptClass::Permanent)] {
        let outcome = courier.carry(parcel(EventPush, &format!("https://{host}:{}/in", server.port))).await;
        assert_eq!((outcome.class, outcome.code.as_str()), (class, "address-refused"), "{host}");
    }
    assert_eq!(server.connections(), 0);

    let outcome = courier.carry(parcel(EventPush, "https://partner.invalid/in")).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Retryable, "dns"));
    let outcome = courier.carry(parcel(Mailbox, "https://partner.invalid/in")).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Permanent, "no-endpoint"));
}
