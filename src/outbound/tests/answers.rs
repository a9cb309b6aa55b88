//! What partners answer.

use std::io::Write;

use aws_lc_rs::signature::{ED25519, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    parcel::{BODY, CORRELATION_ID, ECHO, MESSAGE_ID, pair},
    server::reply,
};
use crate::{
    directory::Channel::{EventPush, FhirPush},
    exchange::ports::AttemptClass,
    limits,
};

#[tokio::test]
async fn a_fhir_message_arrives_with_the_headers_of_bars() {
    let pair = pair(|c| reply(c, "200 OK", "content-type: application/fhir+json\r\n", ECHO));
    let outcome = pair.send(FhirPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Delivered, "http-200"));
    assert_eq!((outcome.http_status, outcome.answer.as_slice()), (Some(200), ECHO));

    let [request] = &pair.server.requests()[..] else { panic!("one request") };
    assert_eq!(request.request_line, "POST /in/$process-message HTTP/1.1");
    assert_eq!(request.body, BODY);
    for (name, value) in [
        ("x-request-id", MESSAGE_ID),
        ("x-correlation-id", CORRELATION_ID),
        ("content-type", "application/fhir+json"),
        ("accept", "application/fhir+json; version=1.4.0"),
    ] {
        assert_eq!(request.headers[name], value);
    }
    let target = STANDARD.decode(&request.headers["nhsd-target-identifier"]).unwrap();
    assert_eq!(target, br#"{"value":"2000011147","system":"https://fhir.nhs.uk/Id/dos-service-id"}"#);
    assert!(request.certificate.is_some(), "the gateway shows its certificate");
}

#[tokio::test]
async fn an_answer_to_another_message_is_no_proof_that_this_one_arrived() {
    const OTHER: &str = "0198c0de-0000-7000-8000-0000000000ff";
    for (request, correlation, class) in [
        (MESSAGE_ID, CORRELATION_ID, AttemptClass::Delivered),
        (&*MESSAGE_ID.to_uppercase(), CORRELATION_ID, AttemptClass::Delivered),
        (OTHER, CORRELATION_ID, AttemptClass::Ambiguous),
        (MESSAGE_ID, OTHER, AttemptClass::Ambiguous),
    ] {
        let headers = format!(
            "content-type: application/fhir+json\r\nx-request-id: {request}\r\nx-correlation-id: {correlation}\r\n"
        );
        let pair = pair(move |c| reply(c, "200 OK", &headers, ECHO));
        let outcome = pair.send(FhirPush).await;
        assert_eq!(outcome.class, class, "{}", outcome.code);
    }
}

#[tokio::test]
async fn an_event_is_signed_so_that_its_receiver_can_check_it() {
    let pair = pair(|c| reply(c, "204 No Content", "", b""));
    let outcome = pair.send(EventPush).await;
    assert_eq!((outcome.class, outcome.http_status), (AttemptClass::Delivered, Some(204)));

    let [request] = &pair.server.requests()[..] else { panic!("one request") };
    assert_eq!(request.request_line, "POST /in HTTP/1.1");
    assert_eq!(request.headers["webhook-id"], MESSAGE_ID);
    assert_eq!(request.headers["webhook-timestamp"], "1763890200");
    let signature = request.headers["webhook-signature"].strip_prefix("v1a,").unwrap();
    let signed = [MESSAGE_ID.as_bytes(), b".1763890200.", &request.body].concat();
    UnparsedPublicKey::new(&ED25519, pair.signing_key.public_key())
        .verify(&signed, &STANDARD.decode(signature).unwrap())
        .unwrap();
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let pair = pair(|c| reply(c, "307 Temporary Redirect", "location: /elsewhere\r\n", b""));
    let outcome = pair.send(EventPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Retryable, "http-307"));
    assert_eq!(pair.server.requests().len(), 1);
}

#[tokio::test]
async fn a_busy_partner_says_when_to_come_back() {
    let pair = pair(|c| reply(c, "503 Service Unavailable", "retry-after: 90\r\n", b""));
    let outcome = pair.send(FhirPush).await;
    assert_eq!((outcome.class, outcome.retry_after_seconds), (AttemptClass::Retryable, Some(90)));
}

#[tokio::test]
async fn a_repeat_that_the_partner_knows_counts_as_delivered() {
    let outcome = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}"#;
    let pair = pair(|c| reply(c, "409 Conflict", "content-type: application/fhir+json\r\n", outcome));
    let outcome = pair.send(FhirPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Delivered, "http-409-duplicate"));
}

#[tokio::test]
async fn a_page_for_people_is_no_receipt() {
    let pair = pair(|c| reply(c, "200 OK", "content-type: text/html\r\n", b"<html>Please sign in</html>"));
    let outcome = pair.send(FhirPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Ambiguous, "answer-not-fhir"));
}

#[tokio::test]
async fn a_huge_answer_is_cut_and_its_connection_dropped() {
    let pair = pair(|c| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4000000000\r\n\r\n";
        c.write_all(head.as_bytes()).unwrap();
        while c.write_all(&[b'x'; 16_384]).is_ok() {}
        false
    });
    let outcome = pair.send(EventPush).await;
    assert_eq!((outcome.class, outcome.code.as_str()), (AttemptClass::Delivered, "http-200-answer-cut"));
    assert_eq!(outcome.answer.len(), limits::PARTNER_ANSWER_MAX_BYTES);
    pair.send(EventPush).await;
    assert_eq!(pair.server.connections(), 2, "a connection with an unread answer is not used again");
}

#[tokio::test]
async fn a_connection_with_a_read_answer_is_used_again() {
    let pair = pair(|c| reply(c, "200 OK", "", b"ok"));
    for _ in 0..3 {
        assert_eq!(pair.send(EventPush).await.class, AttemptClass::Delivered);
    }
    assert_eq!((pair.server.connections(), pair.server.requests().len()), (1, 3));
}
