//! Partners that do not answer, or not in time.

use std::{io::Write, sync::Arc, time::Duration};

use super::{
    parcel::{BODY, NOW, pair, parcel},
    server::reply,
};
use crate::{
    clock::{Clock, Moment},
    directory::Channel::{EventPush, FhirPush},
    exchange::ports::{AttemptClass, Courier},
    outbound::{HttpCourier, tests::server::Authority},
};

#[tokio::test]
async fn a_partner_that_reads_and_hangs_up_leaves_doubt() {
    let pair = pair(|_| false);
    let outcome = pair.send(FhirPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Ambiguous, "connection-lost"));
    assert_eq!(pair.server.requests().len(), 1, "the client does not try again by itself");
}

#[tokio::test]
async fn a_partner_that_reads_and_says_nothing_leaves_doubt() {
    let pair = pair(|_| {
        std::thread::sleep(Duration::from_secs(4));
        false
    });
    let outcome = pair.send(FhirPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Ambiguous, "timeout"));
}

#[tokio::test]
async fn an_answer_that_drips_is_cut_off_in_time() {
    let pair = pair(|c| {
        c.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").unwrap();
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(100));
            if c.write_all(b"{").and_then(|()| c.flush()).is_err() {
                break;
            }
        }
        false
    });
    let outcome = tokio::time::timeout(Duration::from_secs(3), pair.send(FhirPush)).await.unwrap();
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Ambiguous, "answer-broken"));
    assert_eq!(outcome.http_status, Some(200));
}

#[tokio::test]
async fn an_event_whose_answer_hangs_after_its_head_was_taken() {
    let pair = pair(|c| {
        c.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\n").unwrap();
        c.flush().unwrap();
        std::thread::sleep(Duration::from_secs(4));
        false
    });
    let outcome = pair.send(EventPush).await;
    assert_eq!((outcome.class, outcome.http_status), (AttemptClass::Delivered, Some(202)));
}

#[tokio::test]
async fn a_closed_port_means_that_nothing_was_sent() {
    let pair = pair(|_| false);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = pair.courier.carry(parcel(FhirPush, &format!("https://127.0.0.1:{free}/in"))).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Retryable, "connect"));
}

#[tokio::test]
async fn nothing_leaves_after_send_by() {
    let pair = pair(|c| reply(c, "200 OK", "", b""));
    pair.clock.advance_seconds(11);
    let outcome = pair.send(EventPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::TooLate, "send-by-passed"));
    assert_eq!(pair.server.connections(), 0);
}

/// Says that it is early the first time it is asked, and late ever after.
struct LateSecondLook(std::sync::atomic::AtomicBool);

impl Clock for LateSecondLook {
    fn now(&self) -> Moment {
        let asked = self.0.swap(true, std::sync::atomic::Ordering::SeqCst);
        if asked { NOW.plus_seconds(11) } else { NOW }
    }
}

#[tokio::test]
async fn time_that_passes_while_connecting_counts() {
    let (partners, gateways) = (Authority::new(), Authority::new());
    let server = super::server::Server::start(&partners, &gateways, |c| reply(c, "200 OK", "", b""));
    let key = Arc::new(aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    let clock = Arc::new(LateSecondLook(std::sync::atomic::AtomicBool::new(false)));
    let courier = HttpCourier::new(super::parcel::settings(&partners, &gateways, &key), clock).unwrap();
    let outcome = courier.carry(parcel(EventPush, &format!("https://localhost:{}/in", server.port))).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::TooLate, "send-by-passed"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        (server.connections(), server.bytes()),
        (1, 0),
        "connected, and not one byte of {}",
        BODY.len()
    );
}
