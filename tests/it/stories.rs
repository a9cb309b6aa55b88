//! What happens to people: from one assessment to what each agency received, and what came back.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::harness::{
    Ask, Assessment, Behaviour, CMHT, COURT, CUSTODY, Caller, Gateway, HOUSING, PROBATION, Person,
    RECIPIENTS,
    bars::{book, decline, message, response_to},
    receiver::Received,
};

const REQUEST_ID: &str = "0198c0de-0000-7000-8000-0000000000f1";
const BUNDLE_ID: &str = "0198c0de-0000-7000-8000-0000000000b1";

/// The referral to `recipient` in a submission's answer.
fn to<'a>(answer: &'a Value, recipient: &str) -> &'a Value {
    answer["referrals"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["recipient"] == recipient)
        .expect("it was asked")
}

fn id_of(referral: &Value) -> String {
    referral["referral_id"].as_str().unwrap().to_owned()
}

fn consent_for(answer: &Value, recipient: &str) -> String {
    let consents = answer["consents"].as_array().unwrap();
    let consent = consents.iter().find(|c| c["recipient"] == recipient).expect("there is a consent");
    consent["consent_id"].as_str().unwrap().to_owned()
}

async fn revoke(gateway: &Gateway, consent: &str) -> Value {
    let path = format!("/fhir/Consent/{consent}/$revoke");
    let reply = gateway.ld.ask(Ask::post(&path).bytes("application/fhir+json", "{}")).await;
    assert!(matches!(reply.status, 200 | 202), "{}", reply.text());
    assert_eq!(reply.content_type(), "application/fhir+json");
    reply.json()
}

/// Whether an event's signature is one of the gateway's keys over these bytes.
async fn signed_by_gateway(gateway: &Gateway, event: &Received) -> bool {
    let keys = gateway.custody.get("/oauth/jwks").await.expect(200);
    let signature = event.headers["webhook-signature"].strip_prefix("v1a,").unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let (id, at) = (&event.headers["webhook-id"], &event.headers["webhook-timestamp"]);
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", &event.body].concat();
    keys["keys"].as_array().unwrap().iter().any(|key| {
        let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(&signed, &signature).is_ok()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_who_may_gets_it_in_their_own_form_and_answers() {
    let gateway = Gateway::start().await;
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0))).await;
    assert_eq!(answer["referrals"].as_array().unwrap().len(), 5);

    // The CMHT gets a FHIR message and books an appointment.
    let request = gateway.cmht_server.wait_for(1).await;
    let bundle = request.json();
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&"Bundle".into(), &"message".into()));
    assert_eq!(request.headers["x-request-id"].len(), 36);
    assert_eq!(request.headers["use-context"], "ld-referral|referral|servicerequest-request|new");
    let response = book(response_to(&request, BUNDLE_ID), "2027-01-04T10:00:00Z", "2027-01-04T11:00:00Z");
    gateway.cmht.ask(message(REQUEST_ID, response.to_string())).await.expect(200);

    // Justice agencies get an event, and the sheet when they ask for it.
    for (actor, server, recipient) in [
        (&gateway.custody, &gateway.custody_server, CUSTODY),
        (&gateway.court, &gateway.court_server, COURT),
        (&gateway.probation, &gateway.probation_server, PROBATION),
    ] {
        let event = server.wait_for(1).await;
        assert!(signed_by_gateway(&gateway, &event).await, "{recipient}");
        // An event holds the recipient's own identifiers, and nothing else that is personal.
        let mut thin = event.json();
        thin["personReference"] = Value::Null;
        assert!(!thin.to_string().contains("CANARY"), "{recipient}: {thin}");
        assert!(!String::from_utf8_lossy(&event.body).contains("Quillfeather"));
        let sheet = actor.sheet(&event).await;
        assert!(sheet.to_string().contains("Quillfeather"), "{recipient}: {sheet}");
    }
    gateway.settle().await;
    gateway.custody.act(&id_of(to(&answer, CUSTODY)), "use", json!({})).await;
    gateway.probation.act(&id_of(to(&answer, PROBATION)), "accept", json!({})).await;

    // Housing collects, and declines.
    let collected = gateway.housing.collect().await;
    assert_eq!(collected.len(), 1);
    let housing = id_of(to(&answer, HOUSING));
    gateway.housing.act(&housing, "decline", json!({"reason": "capacity"})).await;
    assert!(gateway.housing.collect().await.is_empty(), "what was acknowledged has left the mailbox");

    gateway.settle().await;
    for (recipient, state) in [
        (CMHT, "scheduled"),
        (CUSTODY, "used"),
        (COURT, "read"),
        (PROBATION, "accepted"),
        (HOUSING, "rejected"),
    ] {
        let seen = gateway.seen_by_ld(&id_of(to(&answer, recipient))).await;
        assert_eq!(seen["state"], state, "{recipient}: {seen}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_one_recipient_stops_nothing_else() {
    let gateway = Gateway::start().await;
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(1)).refused_by_person(HOUSING)).await;
    let housing = to(&answer, HOUSING);
    assert_eq!((&housing["state"], &housing["disclosure_id"]), (&"withheld".into(), &Value::Null));
    assert!(housing["reason"].as_str().is_some_and(|r| !r.is_empty()), "{housing}");
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    assert!(gateway.housing.collect().await.is_empty());
    let id = id_of(housing);
    assert_eq!(gateway.housing.get(&format!("/referrals/{id}")).await.status, 404);
    assert_eq!(gateway.seen_by_ld(&id).await["state"], "withheld");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_consent_means_nothing_leaves() {
    let gateway = Gateway::start().await;
    let assessment = RECIPIENTS.iter().fold(Assessment::of(&Person::new(2)), |a, r| a.unasked_for(r));
    let answer = gateway.submit("k-1", &assessment).await;
    for recipient in RECIPIENTS {
        assert_eq!(to(&answer, recipient)["state"], "withheld", "{recipient}");
    }
    gateway.settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for server in
        [&gateway.cmht_server, &gateway.custody_server, &gateway.court_server, &gateway.probation_server]
    {
        assert!(server.received().is_empty());
    }
    assert!(gateway.housing.collect().await.is_empty());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_has_run_out_permits_nothing() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(3)).only_to(&[CMHT, CUSTODY]).expired_for(CMHT);
    let answer = gateway.submit("k-1", &assessment).await;
    assert_eq!(to(&answer, CMHT)["state"], "withheld");
    gateway.custody_server.wait_for(1).await;
    gateway.settle().await;
    assert!(gateway.cmht_server.received().is_empty());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_at_imminent_risk_sends_the_minimum() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).refused_by_person(CUSTODY).at_imminent_risk(CUSTODY);
    let answer = gateway.submit("k-1", &assessment).await;
    let custody = to(&answer, CUSTODY);
    assert!(custody["review_due_at"].is_string(), "a second person reviews it: {custody}");
    let event = gateway.custody_server.wait_for(1).await;
    let sheet = gateway.custody.sheet(&event).await;
    let text = sheet.to_string();
    assert!(text.contains("CANARY-handover-advice"), "what keeps them alive: {text}");
    for never in
        ["CANARY-recommendation", "CANARY-request-custody-test", "CANARY-diagnosis", "CANARY-capacity"]
    {
        assert!(!text.contains(never), "more than the minimum: {never}");
    }
    assert_eq!(sheet["disclosure"]["minimum"], true, "it is shown as such: {text}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_without_imminent_risk_is_refused() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0))
        .only_to(&[CUSTODY])
        .refused_by_person(CUSTODY)
        .at_imminent_risk(CUSTODY)
        .with(|a| a["risk"]["to_self"]["imminent"] = false.into());
    let reply = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&assessment.0)).await;
    match reply.status {
        422 => assert!(reply.text().contains("/overrides/0"), "{}", reply.text()),
        _ => assert_eq!(to(&reply.expect(201), CUSTODY)["state"], "withheld"),
    }
    gateway.settle().await;
    assert!(gateway.custody_server.received().is_empty());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_stops_what_is_queued() {
    let gateway = Gateway::start().await;
    gateway.cmht_server.behave(Behaviour::Away);
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(1)).only_to(&[CMHT, HOUSING])).await;
    for recipient in [CMHT, HOUSING] {
        revoke(&gateway, &consent_for(&answer, recipient)).await;
    }
    gateway.cmht_server.behave(Behaviour::Take);
    gateway.settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    gateway.settle().await;
    assert!(!String::from_utf8_lossy(&gateway.cmht_server.bytes()).contains("CANARY"), "no content left");
    assert!(!serde_json::to_string(&gateway.housing.collect().await).unwrap().contains("CANARY"));
    let seen = gateway.seen_by_ld(&id_of(to(&answer, HOUSING))).await;
    assert_eq!(seen["state"], "withdrawn", "{seen}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_after_delivery_is_recalled_and_answered() {
    let gateway = Gateway::start().await;
    let answer =
        gateway.submit("k-1", &Assessment::of(&Person::new(2)).only_to(&[CMHT, CUSTODY, HOUSING])).await;
    gateway.cmht_server.wait_for(1).await;
    let event = gateway.custody_server.wait_for(1).await;
    gateway.custody.sheet(&event).await;
    assert_eq!(gateway.housing.collect().await.len(), 1);
    gateway.settle().await;

    for (recipient, actor) in
        [(CMHT, &gateway.cmht), (CUSTODY, &gateway.custody), (HOUSING, &gateway.housing)]
    {
        let id = id_of(to(&answer, recipient));
        let effects = revoke(&gateway, &consent_for(&answer, recipient)).await;
        let told = json!({"name": "recalled", "valueReference": {"reference": format!("Task/{id}")}});
        assert!(effects["parameter"].as_array().unwrap().contains(&told), "{recipient}: {effects}");
        gateway.settle().await;
        actor.act(&id, "answer-recall", json!({"answer": "deleted"})).await;
        let seen = gateway.seen_by_ld(&id).await;
        assert_eq!(
            (&seen["state"], &seen["recall_answer"]),
            (&"recalled".into(), &"deleted".into()),
            "{seen}"
        );
    }
    let recall = gateway.cmht_server.wait_for(2).await;
    assert!(!String::from_utf8_lossy(&recall.body).contains("CANARY"), "a recall holds ids only");
    let recall = gateway.custody_server.wait_for(2).await;
    assert!(signed_by_gateway(&gateway, &recall).await);
    let notices = gateway.housing.collect().await;
    assert_eq!(notices.len(), 1);
    assert!(!notices[0].to_string().contains("CANARY"));
    // The sheet is no longer there to be read.
    let path =
        event.json()["detailUrl"].as_str().unwrap().strip_prefix(gateway.base_url()).unwrap().to_owned();
    assert_eq!(gateway.custody.get(&path).await.status, 410);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_submission_gets_the_first_answer() {
    let gateway = Gateway::start().await;
    let body = Assessment::of(&Person::new(3));
    let first = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&body.0)).await;
    let again = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&body.0)).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(gateway.cmht_server.received().len(), 1, "one effect");
    assert_eq!(gateway.housing.collect().await.len(), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_that_declines_says_why_and_the_sender_learns_it() {
    let gateway = Gateway::start().await;
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT])).await;
    let request = gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let response = decline(response_to(&request, BUNDLE_ID), "below-threshold");
    gateway.cmht.ask(message(REQUEST_ID, response.to_string())).await.expect(200);
    let seen = gateway.seen_by_ld(&id_of(to(&answer, CMHT))).await;
    assert_eq!((&seen["state"], &seen["reason"]), (&"rejected".into(), &"below-threshold".into()), "{seen}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custody_asks_and_learns_the_outcome_and_no_more() {
    let gateway = Gateway::start().await;
    let request = json!({
        "profile": "https://keyway.example/profiles/justice/screening-request/1",
        "request_type": "screening", "urgency": "urgent", "reason": "CANARY-screening-reason",
        "person": {
            "reference": "EMIL-C-1", "name": {"family": "Zellmoor", "given": ["Ximena"]}, "birth_date": "2001-07-29",
        },
        "person_informed": true,
    });
    let ask = Ask::post("/justice/requests").key("r-1").json(&request);
    let answer = gateway.custody.ask(ask).await.expect(201);
    let id = id_of(&answer);
    let [item] = &gateway.ld.collect().await[..] else { panic!("one request waits for L&D") };
    assert!(item.to_string().contains("CANARY-screening-reason"), "L&D can act on it: {item}");
    gateway.ld.act(&id, "accept", json!({})).await;
    let seen = gateway.custody.get(&format!("/referrals/{id}")).await.expect(200);
    assert_eq!(seen["state"], "accepted");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_partner_holds_up_nobody_else() {
    let mut gateway = Gateway::start().await;
    gateway.cmht_server.behave(Behaviour::Answer(400, "", ""));
    gateway.probation_server.behave(Behaviour::Away);
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(1))).await;
    gateway.custody_server.wait_for(1).await;
    gateway.court_server.wait_for(1).await;
    gateway.probation_server.behave(Behaviour::Take);
    gateway.probation_server.wait_for(1).await;
    gateway.settle().await;
    let seen = gateway.seen_by_ld(&id_of(to(&answer, CMHT))).await;
    assert_eq!((&seen["state"], &seen["reason"]), (&"failed".into(), &"http-400".into()), "{seen}");
    assert_eq!(gateway.seen_by_ld(&id_of(to(&answer, PROBATION))).await["state"], "delivered");
    gateway.expect_set_aside(1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_got_lost_is_asked_for_again_under_the_same_id() {
    let gateway = Gateway::start().await;
    gateway.cmht_server.behave(Behaviour::HangUp);
    gateway.submit("k-1", &Assessment::of(&Person::new(2)).only_to(&[CMHT])).await;
    let first = gateway.cmht_server.wait_for(1).await;
    let duplicate =
        r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}"#;
    gateway.cmht_server.behave(Behaviour::Answer(409, "content-type: application/fhir+json\r\n", duplicate));
    let second = gateway.cmht_server.wait_for(2).await;
    assert_eq!(first.headers["x-request-id"], second.headers["x-request-id"]);
    assert_eq!(first.body, second.body, "one id never has two bodies");
    gateway.settle().await;
    assert_eq!(gateway.books().count("SELECT COUNT(*) FROM delivery WHERE status = 'delivered'"), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_says_when_it_was_assessed() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0));
    let day = |place: &str| assessment.0[place].as_str().unwrap()[..10].to_owned();
    let (assessed, review) = (day("assessed_at"), assessment.0["validity"]["review_by"].as_str().unwrap());
    gateway.submit("k-1", &assessment).await;
    let bundle = String::from_utf8(gateway.cmht_server.wait_for(1).await.body).unwrap();
    assert!(bundle.contains(&assessed) && bundle.contains(review), "{bundle}");
    for (actor, server) in [
        (&gateway.custody, &gateway.custody_server),
        (&gateway.court, &gateway.court_server),
        (&gateway.probation, &gateway.probation_server),
    ] {
        let sheet = actor.sheet(&server.wait_for(1).await).await.to_string();
        assert!(sheet.contains(&assessed) && sheet.contains(review), "{}: {sheet}", actor.id);
    }
    let letter = gateway.housing.collect().await[0].to_string();
    assert!(letter.contains(&assessed) && letter.contains(review), "{letter}");
    gateway.finish().await;
}
