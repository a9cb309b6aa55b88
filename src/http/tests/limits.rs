//! Size, rate, number, and what happens when a handler breaks.

use actix_web::{
    FromRequest as _,
    test::{TestRequest, call_service, init_service},
    web,
};

use super::{Heard, gateway, good, partners};
use crate::{
    http::{
        Gateway,
        call::Call,
        conduct::{Target, conduct},
        listener::register,
        rate::{Client, Rates},
        routes::{Access, Listener, Route, Takes, Verb},
    },
    limits::{BODY_MAX_BYTES, REQUEST_BURST, REQUESTS_IN_FLIGHT_MAX},
};

fn assessment(body: Vec<u8>) -> TestRequest {
    TestRequest::post()
        .uri("/assessments")
        .insert_header(good())
        .insert_header(("content-type", "application/json"))
        .insert_header(("idempotency-key", "k"))
        .set_payload(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_1_mib_is_413_announced_or_not() {
    let heard = partners(assessment(vec![b' '; BODY_MAX_BYTES + 1])).await;
    assert_eq!((heard.status, heard.told().1[0].0.as_str()), (413, "too-long"));
    // In pieces, without a length that can be read before.
    let unannounced = assessment(vec![b' '; BODY_MAX_BYTES + 1]).insert_header(("content-length", "unknown"));
    assert_eq!(partners(unannounced).await.status, 413);
    let announced =
        assessment(Vec::new()).insert_header(("content-length", (20 * BODY_MAX_BYTES).to_string()));
    assert_eq!(partners(announced).await.status, 413);
    let heard = partners(assessment(vec![b' '; BODY_MAX_BYTES])).await;
    assert_eq!(heard.status, 400, "as large as may be, and not JSON");
}

#[test]
fn one_client_is_slowed_and_others_are_not() {
    let rates = Rates::new();
    let (busy, quiet) = (Client::Certificate([1; 32]), Client::Certificate([2; 32]));
    // More than the burst, and than what comes free while the loop runs.
    let refused = (0..REQUEST_BURST * 20).filter_map(|_| rates.check(&busy).err()).next_back();
    let refusal = refused.expect("the burst is used up");
    assert_eq!(refusal.issues[0].code, "throttled");
    assert!(refusal.retry_after_seconds.is_some_and(|seconds| seconds >= 1));
    assert!(rates.check(&quiet).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_number_of_open_requests_it_is_503_with_retry_after() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = gateway(folder.path());
    let service =
        init_service(actix_web::App::new().configure(|c| register(c, &gateway, Listener::Public))).await;
    let operators =
        init_service(actix_web::App::new().configure(|c| register(c, &gateway, Listener::Operators))).await;
    let client = |n: usize| Client::Address(std::net::Ipv4Addr::from(u32::try_from(n).unwrap()).into());
    let all: Vec<_> = (0..REQUESTS_IN_FLIGHT_MAX).map(|n| gateway.places.take(&client(n)).unwrap()).collect();
    let ask = || TestRequest::get().uri("/fhir/metadata").to_request();
    let heard = Heard::of(call_service(&service, ask()).await).await;
    assert_eq!((heard.status, heard.header("retry-after")), (503, "2"));
    // However busy it is, the gateway still says that it lives.
    let probe = TestRequest::get().uri("/health/live").to_request();
    assert_eq!(call_service(&operators, probe).await.status(), 200);
    drop(all);
    assert_eq!(call_service(&service, ask()).await.status(), 200);
}

fn broken(_call: Call) -> std::pin::Pin<Box<dyn Future<Output = crate::http::call::Outcome> + Send>> {
    Box::pin(async { panic!("with somebody's name in it") })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_is_a_500_that_tells_nothing() {
    static BROKEN: Route = Route {
        searches: None,
        method: Verb::Get,
        path: "/broken",
        listeners: &[Listener::Operators],
        access: Access::Open,
        takes: Takes::Nothing,
        query: &[],
        fhir: None,
        handler: broken,
    };
    let folder = tempfile::tempdir().unwrap();
    let gateway: std::sync::Arc<Gateway> = gateway(folder.path());
    let (request, payload) = TestRequest::get().uri("/broken").to_http_parts();
    let mut payload = payload;
    let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let response = conduct(gateway, Target::Route(&BROKEN), request.clone(), payload).await;
    assert_eq!(response.status(), 500);
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("REC_SERVER_ERROR") && !text.contains("somebody"), "{text}");
}
