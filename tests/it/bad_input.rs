//! Bad input to the native interface: the right status, a problem that names the field, nothing half-written.

use serde_json::{Value, json};

use crate::harness::{Ask, Assessment, CMHT, Caller, Gateway, HOUSING, Person, Reply, people};

/// Whether a problem names this place and this code.
fn names(reply: &Reply, code: &str, path: &str) -> bool {
    let issues = reply.json()["issues"].as_array().cloned().unwrap_or_default();
    issues.iter().any(|issue| issue["code"] == code && issue["path"] == path)
}

/// Submits bytes and demands a refusal with this status that leaves nothing behind.
async fn refused(gateway: &Gateway, status: u16, ask: Ask) -> Reply {
    let before = gateway.books().rows();
    let reply = gateway.ld.ask(ask).await;
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.content_type(), "application/problem+json", "{}", reply.text());
    let problem = reply.json();
    assert_eq!(problem["status"], status);
    assert!(problem["type"].is_string() && problem["title"].is_string() && problem["code"].is_string());
    assert!(!problem["issues"].as_array().unwrap().is_empty(), "{problem}");
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    reply
}

fn submission(body: impl Into<Vec<u8>>) -> Ask {
    Ask::post("/assessments").key("bad-1").bytes("application/json", body)
}

/// Submits an assessment that was changed and demands a 422 that names this place.
async fn invalid(gateway: &Gateway, code: &str, path: &str, change: impl FnOnce(&mut Value)) {
    let assessment = Assessment::of(&Person::new(0)).with(change);
    let reply = refused(gateway, 422, submission(assessment.0.to_string())).await;
    assert!(names(&reply, code, path), "{code} at {path} is not among {}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_json_is_refused() {
    let gateway = Gateway::start().await;
    let whole = Assessment::of(&Person::new(0)).0.to_string();
    let mut not_utf8 = whole.clone().into_bytes();
    let place = whole.find("CANARY").unwrap();
    not_utf8[place] = 0xff;
    let null = whole.replacen("CANARY", "\\u0000", 1);
    let lone_surrogate = whole.replacen("CANARY", "\\ud800", 1);
    for bytes in [
        whole.as_bytes()[..whole.len() / 2].to_vec(),
        format!("{whole} x").into_bytes(),
        not_utf8,
        null.into_bytes(),
        lone_surrogate.into_bytes(),
        Vec::new(),
        b"null".to_vec(),
    ] {
        let status = if bytes == b"null" { 422 } else { 400 };
        refused(&gateway, status, submission(bytes)).await;
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicate_keys_are_refused() {
    let gateway = Gateway::start().await;
    let twice = Assessment::of(&Person::new(0)).0.to_string().replacen(
        "\"birth_date\":",
        "\"birth_date\":\"1900-01-01\",\"birth_date\":",
        1,
    );
    let reply = refused(&gateway, 400, submission(twice)).await;
    assert!(reply.text().contains("/person/birth_date"), "{}", reply.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nesting_without_end_is_refused() {
    let gateway = Gateway::start().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        refused(&gateway, 400, submission(deep)).await;
        refused(&gateway, 400, submission(open.repeat(10_000))).await;
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_body_is_refused() {
    let gateway = Gateway::start().await;
    refused(&gateway, 413, submission(vec![b' '; 20_000_000])).await;
    refused(&gateway, 413, submission(vec![b' '; 1_048_577])).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_media_type_is_refused() {
    let gateway = Gateway::start().await;
    // A form of one's own may be a sheet, where an adapter reads it.
    for (adapter, status) in [("portsmouth", 422), ("nobody", 400), ("", 400)] {
        let form = Ask::post(&format!("/assessments?adapter={adapter}")).key("bad-1");
        refused(&gateway, status, form.bytes("text/csv", "CANARY\r\nCANARY\r\n")).await;
    }
    let body = Assessment::of(&Person::new(0)).0.to_string();
    for media_type in ["text/plain", "application/xml", "application/fhir+json", "text/csv"] {
        let ask = Ask::post("/assessments").key("bad-1").bytes(media_type, body.clone());
        refused(&gateway, 415, ask).await;
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assessment_that_breaks_its_profile_is_refused_with_every_issue() {
    let gateway = Gateway::start().await;
    invalid(&gateway, "not-supported", "/profile", |a| a["profile"] = "https://elsewhere.example/9".into())
        .await;
    invalid(&gateway, "required", "/person/birth_date", |a| {
        a["person"].as_object_mut().unwrap().remove("birth_date");
    })
    .await;
    invalid(&gateway, "value", "/person/birth_date", |a| a["person"]["birth_date"] = "CANARY".into()).await;
    invalid(&gateway, "structure", "/person/name/nickname", |a| {
        a["person"]["name"]["nickname"] = "CANARY-nickname".into();
    })
    .await;

    let both = Assessment::of(&Person::new(0)).with(|a| {
        a["person"].as_object_mut().unwrap().remove("birth_date");
        a["housing"]["status"] = "CANARY".into();
    });
    let reply = refused(&gateway, 422, submission(both.0.to_string())).await;
    assert!(names(&reply, "required", "/person/birth_date"), "{}", reply.text());
    assert!(reply.text().contains("/housing/status"), "{}", reply.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_recipient_is_refused() {
    let gateway = Gateway::start().await;
    let stranger = |a: &mut Value| a["referrals"][1]["recipient"] = "nobody-here".into();
    let assessment = Assessment::of(&Person::new(0)).with(stranger);
    let reply = refused(&gateway, 422, submission(assessment.0.to_string())).await;
    assert!(reply.text().contains("/referrals/1/recipient"), "{}", reply.text());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_needed_and_belongs_to_one_body() {
    let gateway = Gateway::start().await;
    let body = Assessment::of(&Person::new(0)).only_to(&[HOUSING]).0;
    let ask = Ask::post("/assessments").json(&body);
    let reply = refused(&gateway, 400, ask).await;
    assert!(reply.text().to_lowercase().contains("idempotency-key"), "{}", reply.text());

    gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&body)).await.expect(201);
    let other = Assessment::of(&Person::new(1)).only_to(&[HOUSING]).0;
    refused(&gateway, 409, Ask::post("/assessments").key("k-1").json(&other)).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_check_digit_is_set_aside() {
    let gateway = Gateway::start().await;
    let wrong = people::wrong_nhs_number(0);
    let assessment = Assessment::of(&Person::new(0))
        .only_to(&[CMHT])
        .with(|a| a["person"]["nhs_number"]["value"] = wrong.clone().into());
    let reply = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&assessment.0)).await;
    let answer = reply.expect(201);
    let warnings = answer["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|w| w["path"] == "/person/nhs_number/value"), "{warnings:?}");
    assert!(!reply.text().contains(&wrong), "the number is not repeated");
    let sent = gateway.cmht_server.wait_for(1).await;
    assert!(!String::from_utf8(sent.body).unwrap().contains(&wrong), "the number does not leave");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_leaves_nothing() {
    let gateway = Gateway::start().await;
    gateway.ld.token().await;
    let before = gateway.books().rows();
    let body = Assessment::of(&Person::new(0)).0;
    let answer =
        gateway.ld.ask(Ask::post("/assessments?dry-run=true").key("k-1").json(&body)).await.expect(200);
    assert_eq!(answer["referrals"].as_array().unwrap().len(), 5);
    assert_eq!(gateway.books().rows(), before);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_that_cannot_be_read_changes_nothing() {
    let gateway = Gateway::start().await;
    let body = Assessment::of(&Person::new(0)).only_to(&[HOUSING]).0;
    let answer = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&body)).await.expect(201);
    let id = answer["referrals"][0]["referral_id"].as_str().unwrap();
    let path = |action: &str| format!("/referrals/{id}/actions/{action}");
    let act = |action: &str, body: Value| Ask::post(&path(action)).key("a-1").json(&body);

    for (status, ask) in [
        (428, act("accept", json!({}))),
        (412, act("accept", json!({})).header("if-match", "W/\"99\"")),
        (400, act("accept", json!({})).header("if-match", "seven")),
        (422, act("decline", json!({})).header("if-match", "W/\"1\"")),
        (422, act("decline", json!({"reason": "because"})).header("if-match", "W/\"1\"")),
        (422, act("accept", json!({"appointment": {"start": "CANARY"}})).header("if-match", "W/\"1\"")),
    ] {
        let before = gateway.books().rows();
        let reply = gateway.housing.ask(ask.clone()).await;
        assert_eq!(reply.status, status, "{ask:?}: {}", reply.text());
        assert_eq!(reply.content_type(), "application/problem+json");
        assert_eq!(gateway.books().rows(), before);
    }
    let seen = gateway.housing.get(&format!("/referrals/{id}")).await.expect(200);
    assert_eq!(seen["state"], "queued");
    gateway.finish().await;
}
