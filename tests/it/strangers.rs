//! Callers who are not whom they say, and looks at what is somebody else's.

use crate::harness::{
    Ask, Assessment, CMHT, Caller, Gateway, HOUSING, Person, Reply, Stranger, pki::Authority,
};

fn unauthorized(reply: &Reply) -> String {
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert!(reply.headers.contains_key("www-authenticate"), "{:?}", reply.headers);
    reply.json()["issues"][0]["code"].as_str().unwrap().to_owned()
}

fn submission() -> Ask {
    Ask::post("/assessments").key("k-1").json(&Assessment::of(&Person::new(0)).0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_nobody_gets_in() {
    let gateway = Gateway::start().await;
    let before = gateway.books().rows();
    assert_eq!(unauthorized(&gateway.ld.with_token(None).ask(submission()).await), "login");
    assert_eq!(unauthorized(&gateway.ld.with_token(Some("nonsense")).ask(submission()).await), "security");
    let fhir = gateway.ld.with_token(None).ask(Ask::post("/fhir/$process-message")).await;
    assert_eq!((fhir.status, fhir.content_type()), (401, "application/fhir+json"));
    assert_eq!(fhir.json()["resourceType"], "OperationOutcome");
    assert_eq!(gateway.books().rows(), before);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_refused() {
    let gateway = Gateway::start().await;
    let token = gateway.expired_token(&gateway.ld).await;
    assert_eq!(unauthorized(&gateway.ld.with_token(Some(&token)).ask(submission()).await), "expired");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_agencys_certificate_is_refused() {
    let gateway = Gateway::start().await;
    // The token of one agency over the connection of another.
    let token = gateway.ld.token().await.unwrap();
    assert_eq!(unauthorized(&gateway.cmht.with_token(Some(&token)).ask(submission()).await), "security");
    // The client id of one agency with the certificate of another.
    let form = "grant_type=client_credentials&client_id=ld-test";
    let ask = Ask::post("/oauth/token").bytes("application/x-www-form-urlencoded", form);
    let reply = gateway.cmht.with_token(None).ask(ask).await;
    assert_eq!(reply.expect(401)["error"], "invalid_client");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_certificate_of_the_authority_there_is_no_connection() {
    let gateway = Gateway::start().await;
    let rogue = Authority::new("Rogue authority").issue("ld-test");
    for identity in [None, Some(&rogue)] {
        let stranger = Stranger::new(&gateway.authority, identity, gateway.base_url());
        assert!(stranger.try_ask(submission()).await.is_err());
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_routes_and_wrong_methods_say_so() {
    let gateway = Gateway::start().await;
    for (path, content_type) in
        [("/nowhere", "application/problem+json"), ("/fhir/Nothing", "application/fhir+json")]
    {
        let reply = gateway.ld.get(path).await;
        assert_eq!((reply.status, reply.content_type()), (404, content_type), "{path}: {}", reply.text());
    }
    for (path, allow, content_type) in [
        ("/assessments", "POST", "application/problem+json"),
        ("/fhir/$process-message", "POST", "application/fhir+json"),
    ] {
        let reply = gateway.ld.get(path).await;
        assert_eq!((reply.status, reply.content_type()), (405, content_type), "{path}: {}", reply.text());
        assert_eq!(reply.headers["allow"], allow);
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_that_is_not_held_is_not_enough() {
    let gateway = Gateway::start().await;
    let reply = gateway.cmht.ask(submission()).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_yours_looks_like_nothing() {
    let gateway = Gateway::start().await;
    let answer = gateway
        .ld
        .ask(Ask::post("/assessments").key("k-1").json(&Assessment::of(&Person::new(0)).only_to(&[CMHT]).0))
        .await
        .expect(201);
    let id = answer["referrals"][0]["referral_id"].as_str().unwrap();
    gateway.cmht.get(&format!("/referrals/{id}")).await.expect(200);
    for suffix in ["", "/actions"] {
        let theirs = gateway.housing.get(&format!("/referrals/{id}{suffix}")).await;
        let nothing =
            gateway.housing.get(&format!("/referrals/0198c0de-0000-7000-8000-000000000001{suffix}")).await;
        assert_eq!(theirs.status, 404, "{}", theirs.text());
        assert_eq!(theirs.json(), nothing.json());
    }
    let act =
        |path: &str| Ask::post(path).key("a-1").header("if-match", "W/\"1\"").json(&serde_json::json!({}));
    let theirs = gateway.housing.ask(act(&format!("/referrals/{id}/actions/accept"))).await;
    assert_eq!(theirs.status, 404, "{}", theirs.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_mailbox_looks_like_nothing() {
    let gateway = Gateway::start().await;
    gateway
        .ld
        .ask(
            Ask::post("/assessments").key("k-1").json(&Assessment::of(&Person::new(0)).only_to(&[HOUSING]).0),
        )
        .await
        .expect(201);
    let inbox = gateway.housing.get("/messageexchange/housing-test/inbox").await.expect(200);
    let message = inbox["messages"][0].as_str().unwrap();
    for path in [
        "/messageexchange/housing-test/inbox".to_owned(),
        format!("/messageexchange/housing-test/inbox/{message}"),
        format!("/messageexchange/cmht-test/inbox/{message}"),
    ] {
        let reply = gateway.cmht.get(&path).await;
        assert!(matches!(reply.status, 403 | 404), "{path}: {} {}", reply.status, reply.text());
        assert!(!reply.text().contains("CANARY"));
    }
    gateway.finish().await;
}
