//! The table of refusals, and who is told what.

use actix_web::test::TestRequest;
use serde_json::json;

use super::{good, partners, send};
use crate::{
    exchange::refusal::{Refusal, Refused},
    http::{
        error::{Form, table},
        response,
        routes::Listener,
    },
    limits::LOCAL_ID_MAX_BYTES,
};

#[test]
fn every_refusal_has_a_status_a_bars_code_and_both_forms() {
    let own = |status: u16| match status {
        400 | 412 | 413 | 414 | 428 => None,
        401 => Some("UNAUTHORIZED"),
        403 => Some("FORBIDDEN"),
        404 | 410 => Some("NOT_FOUND"),
        405 => Some("METHOD_NOT_ALLOWED"),
        406 => Some("NOT_ACCEPTABLE"),
        408 => Some("TIMEOUT"),
        409 => Some("CONFLICT"),
        415 => Some("UNSUPPORTED_MEDIA_TYPE"),
        422 => Some("UNPROCESSABLE_ENTITY"),
        429 => Some("TOO_MANY_REQUESTS"),
        500 => Some("SERVER_ERROR"),
        501 => Some("NOT_IMPLEMENTED"),
        503 => Some("UNAVAILABLE"),
        other => panic!("no refusal has the status {other}"),
    };
    for class in Refused::ALL {
        let told = table(class);
        let status = told.status.as_u16();
        let suffix =
            ["SEND_", "REC_", "PROXY_"].iter().find_map(|part| told.code.strip_prefix(part)).unwrap();
        assert!(own(status).is_none_or(|code| code == suffix), "{class:?}: {status} with {}", told.code);
        let mut refusal = Refusal::new(class, "value", "/person/name", "Must be there.");
        refusal.details.push(("referral_id", String::from("r-1")));
        let outcome = Form::Fhir.body(&refusal);
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert_eq!(outcome["issue"][0]["severity"], "error");
        let coding = &outcome["issue"][0]["details"]["coding"][0];
        assert_eq!(coding["code"], told.code);
        assert_eq!(coding["display"], json!(format!("{status} - {}", told.code)));
        assert!(outcome["issue"][0]["diagnostics"].as_str().unwrap().contains("r-1"));
        let problem = Form::Problem.body(&refusal);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["issues"][0]["path"], "/person/name");
        assert_eq!(problem["details"]["referral_id"], "r-1");
        assert!(problem["type"].as_str().unwrap().starts_with("https://keyway.example/problems/"));
        let response = response::of_refusal(&refusal, Form::Problem, None);
        assert_eq!(response.status(), told.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_404_in_the_form_of_its_part() {
    let heard = partners(TestRequest::get().uri("/nothing/here")).await;
    assert_eq!((heard.status, heard.told().0.as_str()), (404, "REC_NOT_FOUND"));
    let heard = partners(TestRequest::get().uri("/fhir/Nothing/1")).await;
    assert_eq!((heard.status, heard.told().1[0].0.as_str()), (404, "not-found"));
    assert_eq!(heard.json()["resourceType"], "OperationOutcome");
    let heard = partners(TestRequest::get().uri("/fhirs")).await;
    assert_eq!(heard.json()["title"], "Not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_405_with_allow() {
    let heard = partners(TestRequest::delete().uri("/assessments")).await;
    assert_eq!((heard.status, heard.header("allow")), (405, "POST"));
    assert_eq!(
        heard.told(),
        (String::from("SEND_METHOD_NOT_ALLOWED"), vec![("not-supported".into(), String::new())])
    );
    let heard = partners(TestRequest::get().uri("/fhir/$process-message")).await;
    assert_eq!((heard.status, heard.header("allow")), (405, "POST"));
    assert_eq!(heard.json()["resourceType"], "OperationOutcome");
    let heard =
        partners(TestRequest::with_uri("/referrals/1/actions").method(actix_web::http::Method::HEAD)).await;
    assert_eq!((heard.status, heard.header("allow")), (405, "GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_offers_its_own_routes_only() {
    assert_eq!(send(Listener::Public, TestRequest::get().uri("/fhir/metadata")).await.status, 200);
    assert_eq!(send(Listener::Public, TestRequest::post().uri("/assessments")).await.status, 404);
    assert_eq!(send(Listener::Public, TestRequest::get().uri("/metrics")).await.status, 404);
    assert_eq!(partners(TestRequest::get().uri("/health/live")).await.status, 404);
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(send(Listener::Operators, TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
    let heard = send(Listener::Operators, TestRequest::get().uri("/metrics")).await;
    assert!(heard.header("content-type").starts_with("application/openmetrics-text"));
    assert!(heard.body.ends_with(b"# EOF\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_it_is_401_and_says_how_to_get_one() {
    let heard = partners(TestRequest::get().uri("/referrals/r")).await;
    assert_eq!((heard.status, heard.told().0.as_str()), (401, "SEND_UNAUTHORIZED"));
    assert_eq!(heard.header("www-authenticate"), "Bearer realm=\"keyway\"");
    let bad = TestRequest::get().uri("/referrals/r").insert_header(("authorization", "Bearer old"));
    let heard = partners(bad).await;
    assert_eq!((heard.status, heard.told().1[0].0.as_str()), (401, "expired"));
    assert_eq!(heard.header("www-authenticate"), "Bearer realm=\"keyway\", error=\"invalid_token\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_in_one_request_are_none() {
    let twice = || TestRequest::get().uri("/referrals/0193").append_header(good());
    let heard = partners(twice().append_header(("authorization", "Bearer old"))).await;
    assert_eq!(
        (heard.status, heard.told().1),
        (400, vec![(String::from("value"), String::from("Authorization"))])
    );
    assert_eq!(partners(twice().append_header(good())).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_senders_own_id_has_an_end() {
    let send = |id: String| {
        TestRequest::post()
            .uri("/messageexchange/l-and-d/outbox")
            .insert_header(good())
            .insert_header(("mex-to", "x"))
            .insert_header(("mex-workflowid", "KEYWAY_RECALL_ACK"))
            .insert_header(("mex-localid", id))
    };
    let heard = partners(send("x".repeat(LOCAL_ID_MAX_BYTES + 1))).await;
    assert_eq!((heard.status, heard.told().1[0].0.as_str()), (400, "too-long"));
    assert_ne!(partners(send("x".repeat(LOCAL_ID_MAX_BYTES))).await.told().1[0].0, "too-long");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_agencys_thing_and_no_thing_are_the_same_404() {
    let heard = partners(TestRequest::get().uri("/referrals/0193").insert_header(good())).await;
    assert_eq!((heard.status, heard.told().0.as_str()), (404, "REC_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_request_is_refused_as_rfc_6749_says() {
    let request = TestRequest::post()
        .uri("/oauth/token")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload("grant_type=client_credentials&client_id=x");
    let heard = partners(request).await;
    assert_eq!((heard.status, heard.json()["error"].as_str().unwrap()), (401, "invalid_client"));
    assert_eq!(heard.header("cache-control"), "no-store");
}
