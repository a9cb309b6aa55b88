//! Moving a referral, asking, answering, booking and recording consent by REST: what the workflow permits, as it was last
//! read, once.

use keyway::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::{
    harness::{Ask, Assessment, CMHT, Caller, Gateway, HOUSING, Person, Reply, actor::Actor},
    rest::matches,
};

const OURS: &str = "https://keyway.example/fhir/CodeSystem";

/// A referral that has reached the team, and one that housing has collected.
pub(crate) async fn referred(gateway: &Gateway) -> (String, String, Value) {
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT, HOUSING])).await;
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    gateway.housing.collect().await;
    let to = |recipient: &str| {
        let referrals = answer["referrals"].as_array().unwrap();
        let one = referrals.iter().find(|r| r["recipient"] == recipient).unwrap();
        one["referral_id"].as_str().unwrap().to_owned()
    };
    (to(CMHT), to(HOUSING), answer.clone())
}

pub(crate) async fn read(actor: &Actor, path: &str) -> (Value, String) {
    let reply = actor.get(&format!("/fhir/{path}")).await;
    (reply.expect(200), reply.headers["etag"].clone())
}

pub(crate) async fn put(actor: &Actor, path: &str, etag: &str, body: &Value) -> Reply {
    let ask = Ask::put(&format!("/fhir/{path}")).header("if-match", etag);
    actor.ask(ask.bytes("application/fhir+json", body.to_string())).await
}

pub(crate) fn post(kind: &str, body: &Value) -> Ask {
    Ask::post(&format!("/fhir/{kind}")).bytes("application/fhir+json", body.to_string())
}

pub(crate) fn ours(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{OURS}/{system}"), "code": code}]})
}

pub(crate) fn places(reply: &Reply) -> Vec<String> {
    let issues = reply.json()["issue"].as_array().unwrap().clone();
    issues.iter().map(|i| i["expression"][0].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_moved_where_the_table_leads_and_nowhere_else() {
    let gateway = Gateway::start().await;
    let (cmht, housing, _) = referred(&gateway).await;
    let path = format!("Task/{cmht}");
    let (mut task, etag) = read(&gateway.cmht, &path).await;

    // What no move leads to, and what a move does not change.
    task["status"] = json!("completed");
    let refused = put(&gateway.cmht, &path, &etag, &task).await;
    assert_eq!((refused.status, places(&refused)), (422, vec![String::from("Task.status")]));
    task["status"] = json!("accepted");
    for id in [json!("another"), Value::Null] {
        let mut elsewhere = task.clone();
        elsewhere["id"] = id;
        let refused = put(&gateway.cmht, &path, &etag, &elsewhere).await;
        assert_eq!((refused.status, places(&refused)), (400, vec![String::from("Task.id")]));
    }
    let mut foreign = task.clone();
    foreign["status"] = json!("rejected");
    foreign["statusReason"] =
        json!({"coding": [{"system": "https://elsewhere.example/reason", "code": "capacity"}]});
    let refused = put(&gateway.cmht, &path, &etag, &foreign).await;
    assert_eq!((refused.status, places(&refused)), (422, vec![String::from("Task.statusReason")]));
    let mut other = task.clone();
    other["owner"] = json!({"reference": "Organization/housing-test"});
    other["description"] = json!("x");
    let refused = put(&gateway.cmht, &path, &etag, &other).await;
    assert_eq!(refused.status, 422);
    assert_eq!(places(&refused), ["Task.owner", "Task.description"]);
    let ask = Ask::put(&format!("/fhir/{path}")).bytes("application/fhir+json", task.to_string());
    assert_eq!(gateway.cmht.ask(ask).await.status, 428);
    assert_eq!(put(&gateway.cmht, &path, "W/\"999\"", &task).await.status, 412);
    // The requester cannot accept for the owner, and a stranger finds nothing.
    let (mut theirs, tag) = read(&gateway.ld, &path).await;
    theirs["status"] = json!("accepted");
    assert_eq!(put(&gateway.ld, &path, &tag, &theirs).await.status, 422);
    assert_eq!(put(&gateway.housing, &path, &etag, &task).await.status, 404);

    let moved = put(&gateway.cmht, &path, &etag, &task).await;
    let body = moved.expect(200);
    assert_eq!(
        (&body["status"], &body["businessStatus"]),
        (&json!("accepted"), &ours("business-status", "accepted"))
    );
    assert_ne!(moved.headers["etag"], etag);
    assert_eq!(gateway.seen_by_ld(&cmht).await["state"], "accepted");
    assert_eq!(put(&gateway.cmht, &path, &etag, &task).await.status, 412, "a repeat is told that it moved");
    // The same again as it now stands changes nothing.
    let now = moved.headers["etag"].clone();
    let again = put(&gateway.cmht, &path, &now, &body).await;
    assert_eq!((again.status, &again.headers["etag"]), (200, &now));

    // A refusal needs its reason, and words where the code says too little.
    let path = format!("Task/{housing}");
    let (mut task, etag) = read(&gateway.housing, &path).await;
    task["status"] = json!("rejected");
    let refused = put(&gateway.housing, &path, &etag, &task).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    task["statusReason"] = ours("decline-reason", "other");
    let refused = put(&gateway.housing, &path, &etag, &task).await;
    assert_eq!((refused.status, places(&refused)), (422, vec![String::from("Task.note[0].text")]));
    task["note"] = json!([{"text": "CANARY full"}]);
    let minimal =
        Ask::put(&format!("/fhir/{path}")).header("if-match", &etag).header("prefer", "return=minimal");
    let reply = gateway.housing.ask(minimal.bytes("application/fhir+json", task.to_string())).await;
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    let seen = gateway.seen_by_ld(&housing).await;
    assert_eq!((&seen["state"], &seen["reason"]), (&json!("rejected"), &json!("other")));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_rules_of_fhir_is_refused_with_all_of_them() {
    let gateway = Gateway::start().await;
    let (id, _, _) = referred(&gateway).await;
    let path = format!("Task/{id}");
    let (task, etag) = read(&gateway.cmht, &path).await;
    gateway.settle().await;
    let question = json!({
        "resourceType": "Communication", "status": "completed",
        "about": [{"reference": format!("Task/{id}")}],
        "category": [ours("communication-kind", "question")],
        "payload": [{"contentString": "Which day?"}],
    });
    let mut wrong = question.clone();
    wrong["status"] = json!("CANARY");
    wrong["sent"] = json!("2026-02-30");
    wrong["shoe_size"] = json!("CANARY");
    wrong["payload"] = json!([{"contentString": "CANARY", "contentReference": {"reference": "CANARY"}}]);
    let mut moved = task.clone();
    moved["status"] = json!("accepted");
    moved["businessStatus"] = ours("business-status", "accepted");
    let mut broken = moved.clone();
    broken["lastModified"] = json!("2026-02-30T10:00:00Z");
    broken["note"] = json!([{"time": "CANARY"}]);

    let before = gateway.books().rows();
    let ask = post("Communication", &wrong).key("w-1");
    let refused = [gateway.cmht.ask(ask).await, put(&gateway.cmht, &path, &etag, &broken).await];
    let [of_communication, of_task] = refused.each_ref().map(places);
    for place in ["status", "sent", "shoe_size", "payload[0]"] {
        let place = format!("Communication.{place}");
        assert!(of_communication.iter().any(|at| at.starts_with(&place)), "{place}: {of_communication:?}");
    }
    for place in ["Task.lastModified", "Task.note[0]"] {
        assert!(of_task.iter().any(|at| at.starts_with(place)), "{place}: {of_task:?}");
    }
    for reply in &refused {
        assert_eq!(reply.status, 422);
        assert!(!reply.text().contains("CANARY") && !reply.text().contains("2026-02-30"), "{}", reply.text());
    }
    assert_eq!(gateway.books().rows(), before, "something was left behind");

    // The same without what was wrong, under the same key.
    assert_eq!(gateway.cmht.ask(post("Communication", &question).key("w-1")).await.status, 201);
    let (task, etag) = read(&gateway.cmht, &path).await;
    assert_eq!(put(&gateway.cmht, &path, &etag, &task).await.status, 200);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_asked_and_answered_once() {
    let gateway = Gateway::start().await;
    let (id, _, _) = referred(&gateway).await;
    let mut question = json!({
        "resourceType": "Communication", "status": "completed",
        "about": [{"reference": format!("Task/{id}")}],
        "category": [ours("communication-kind", "question")],
        "payload": [{"contentString": "CANARY which day"}],
    });
    let (housings, missing) = (post("Communication", &question), "Task/none");
    let theirs = gateway.housing.ask(housings).await;
    let mut elsewhere = question.clone();
    elsewhere["about"] = json!([{"reference": missing}]);
    let nothing = gateway.housing.ask(post("Communication", &elsewhere)).await;
    assert_eq!((theirs.status, theirs.text()), (404, nothing.text()));

    // A reference by the whole address of what is here is one to it.
    let here = |id: &str| json!([{"reference": format!("{}/fhir/Task/{id}", gateway.base_url())}]);
    let mut elsewhere = question.clone();
    elsewhere["about"] = json!([{"reference": format!("https://elsewhere.test/fhir/Task/{id}")}]);
    assert_eq!(gateway.cmht.ask(post("Communication", &elsewhere)).await.status, 422);
    question["about"] = here(&id);
    let ask = || post("Communication", &question).key("q-1");
    let made = gateway.cmht.ask(ask()).await;
    let asked = made.expect(201);
    let location =
        format!("{}/fhir/Communication/{}/_history/1", gateway.base_url(), asked["id"].as_str().unwrap());
    assert_eq!(made.headers["location"], location);
    let again = gateway.cmht.ask(ask()).await;
    assert_eq!(
        (again.expect(201)["id"].clone(), again.headers["idempotency-replayed"].as_str()),
        (asked["id"].clone(), "true")
    );
    let known = format!("about=Task/{id}&category=question");
    let there = gateway.cmht.ask(post("Communication", &question).header("if-none-exist", &known)).await;
    assert_eq!(there.expect(200)["id"], asked["id"]);
    assert_eq!(gateway.cmht.ask(post("Communication", &question)).await.status, 409, "it is asked already");

    // Of two that come at once under one key, one is made and both are told which.
    let mut answer = question.clone();
    answer["category"] = json!([ours("communication-kind", "answer")]);
    answer["payload"] = json!([{"contentString": "CANARY Tuesdays"}]);
    let outcome = || post("Communication", &answer).key("a-1").header("prefer", "return=OperationOutcome");
    let (one, other) = tokio::join!(gateway.ld.ask(outcome()), gateway.ld.ask(outcome()));
    assert_eq!(one.expect(201)["resourceType"], "OperationOutcome");
    assert_eq!((other.expect(201), &other.headers["location"]), (one.json(), &one.headers["location"]));
    let page = gateway.cmht.get(&format!("/fhir/Communication?about=Task/{id}")).await.expect(200);
    assert_eq!(matches(&page).len(), 2);
    for (field, value) in [
        ("category", json!([ours("communication-kind", "note")])),
        ("status", json!("preparation")),
        ("payload", json!([])),
        ("sender", json!({"reference": "Organization/ld-test"})),
        ("about", json!([])),
    ] {
        let mut wrong = question.clone();
        wrong[field] = value;
        let reply = gateway.cmht.ask(post("Communication", &wrong)).await;
        assert_eq!((reply.status, places(&reply)), (422, vec![format!("Communication.{field}")]), "{field}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appointment_is_booked_moved_and_told_how_it_went() {
    let gateway = Gateway::start().await;
    let (id, _, _) = referred(&gateway).await;
    let booking = json!({
        "resourceType": "Appointment", "status": "booked",
        "basedOn": [{"reference": format!("ServiceRequest/{id}")}],
        "start": "2031-01-04T10:00:00Z", "end": "2031-01-04T10:30:00Z", "description": "Harbour Street",
        "participant": [{"actor": {"reference": "HealthcareService/cmht-test"}, "status": "accepted"}],
    });
    for (field, value, place) in [
        ("start", json!("2020-01-04T10:00:00Z"), "Appointment.start"),
        ("end", json!("2031-01-04T09:00:00Z"), "Appointment.end"),
        ("status", json!("proposed"), "Appointment.status"),
        ("basedOn", json!([]), "Appointment.basedOn"),
    ] {
        let mut wrong = booking.clone();
        wrong[field] = value;
        let reply = gateway.cmht.ask(post("Appointment", &wrong)).await;
        assert_eq!((reply.status, places(&reply)), (422, vec![place.to_owned()]));
    }
    assert_eq!(gateway.ld.ask(post("Appointment", &booking)).await.status, 403, "the recipient books");
    let made = gateway.cmht.ask(post("Appointment", &booking)).await.expect(201);
    assert_eq!((&made["end"], &made["status"]), (&booking["end"], &json!("booked")));
    assert_eq!(gateway.cmht.ask(post("Appointment", &booking)).await.status, 409);

    let path = format!("Appointment/{id}");
    let (mut appointment, etag) = read(&gateway.cmht, &path).await;
    appointment["start"] = json!("2031-02-04T10:00:00Z");
    appointment["end"] = json!("2031-02-04T10:30:00Z");
    let moved = put(&gateway.cmht, &path, &etag, &appointment).await;
    assert_eq!(moved.expect(200)["start"], "2031-02-04T10:00:00Z");
    for status in ["noshow", "fulfilled"] {
        let mut early = moved.json();
        early["status"] = json!(status);
        let refused = put(&gateway.cmht, &path, &moved.headers["etag"], &early).await;
        assert_eq!((refused.status, places(&refused)), (422, vec![String::from("Appointment.status")]));
    }
    let mut off = moved.json();
    off["status"] = json!("cancelled");
    let off = put(&gateway.cmht, &path, &moved.headers["etag"], &off).await;
    assert_eq!(off.expect(200)["status"], "cancelled");
    assert_eq!(gateway.seen_by_ld(&id).await["business_status"], "appointment-cancelled");
    let mut kept = off.json();
    kept["status"] = json!("fulfilled");
    let refused = put(&gateway.cmht, &path, &off.headers["etag"], &kept).await;
    assert_eq!((refused.status, places(&refused)), (422, vec![String::from("Appointment.status")]));
    kept["status"] = json!("booked");
    let moved = put(&gateway.cmht, &path, &off.headers["etag"], &kept).await;
    assert_eq!(moved.expect(200)["status"], "booked");
    let mut soon = moved.json();
    let now = SystemClock.now();
    soon["start"] = json!(now.plus_seconds(2).to_rfc3339());
    soon["end"] = json!(now.plus_seconds(60).to_rfc3339());
    let moved = put(&gateway.cmht, &path, &moved.headers["etag"], &soon).await;
    moved.expect(200);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let mut noshow = moved.json();
    noshow["status"] = json!("noshow");
    let told = put(&gateway.cmht, &path, &moved.headers["etag"], &noshow).await;
    assert_eq!(told.expect(200)["status"], "noshow");
    assert_eq!(gateway.seen_by_ld(&id).await["business_status"], "did-not-attend");
    let mut other = told.json();
    other["participant"] = json!([]);
    let refused = put(&gateway.cmht, &path, &told.headers["etag"], &other).await;
    assert_eq!((refused.status, places(&refused)), (422, vec![String::from("Appointment.participant")]));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_statement_is_recorded_and_a_refusal_takes_back() {
    let gateway = Gateway::start().await;
    let (cmht, _, answer) = referred(&gateway).await;
    let consents = answer["consents"].as_array().unwrap();
    let find = |recipient: &str| {
        let one = consents.iter().find(|c| c["recipient"] == recipient).unwrap();
        one["consent_id"].as_str().unwrap().to_owned()
    };
    let (consent, housing) = (find(CMHT), find(HOUSING));
    let (stands, _) = read(&gateway.ld, &format!("Consent/{consent}")).await;
    assert_eq!(
        gateway.cmht.ask(post("Consent", &stands)).await.status,
        403,
        "the service records what is said"
    );

    // What is not understood of a consent is not taken.
    let mut said = stands.clone();
    said["provision"]["provision"][0]["type"] = json!("deny");
    said["provision"]["provision"][0]["period"]["start"] =
        json!(keyway::clock::Clock::now(&keyway::clock::SystemClock).to_rfc3339());
    said["dateTime"] = said["provision"]["provision"][0]["period"]["start"].clone();
    for (pointer, value) in [
        ("/provision/provision/0/actor/0/reference/reference", json!("Organization/nobody")),
        ("/provision/provision/0/type", json!("maybe")),
        ("/provision/provision/0/period/end", json!("2001-01-01T00:00:00Z")),
        ("/provision/provision/0/period/start", json!("2031-01-01T00:00:00Z")),
        ("/patient/identifier/value", json!("nobody")),
        ("/scope/coding/0/code", json!("research")),
        ("/status", json!("inactive")),
        ("/extension/0/extension/1/valueCode", json!("guessed")),
    ] {
        let mut wrong = said.clone();
        *wrong.pointer_mut(pointer).expect(pointer) = value;
        let reply = gateway.ld.ask(post("Consent", &wrong)).await;
        assert_eq!(reply.status, 422, "{pointer}: {}", reply.text());
    }
    let mut further = said.clone();
    further["provision"]["provision"][0]["provision"] = json!([{"type": "deny", "code": [{"coding": [{"system": format!("{OURS}/disclosure-block"), "code": "no-such-block"}]}]}]);
    assert_eq!(gateway.ld.ask(post("Consent", &further)).await.status, 422);
    further["provision"]["provision"][0]["provision"] =
        json!([{"type": "deny", "purpose": [{"code": "TREAT"}], "code": []}]);
    assert_eq!(
        gateway.ld.ask(post("Consent", &further)).await.status,
        422,
        "what is not kept is not dropped in silence"
    );

    let made = gateway.ld.ask(post("Consent", &said)).await.expect(201);
    assert_eq!((&made["id"], &made["meta"]["versionId"]), (&json!(consent), &json!("2")));
    let again = gateway.ld.ask(post("Consent", &said)).await;
    assert_eq!((again.status, again.headers.get("location")), (200, None), "nothing was made");
    assert_eq!((&again.json()["id"], &again.json()["meta"]["versionId"]), (&json!(consent), &json!("2")));
    let keyed = || post("Consent", &said).key("again");
    assert_eq!(gateway.ld.ask(keyed()).await.status, 200);
    assert_eq!(gateway.ld.ask(keyed()).await.status, 200, "and its repeat");
    gateway.settle().await;
    assert_eq!(gateway.seen_by_ld(&cmht).await["state"], "recalled", "a refusal takes back what went");
    assert_eq!(
        gateway.ld.ask(post("Consent", &stands)).await.status,
        409,
        "an older statement changes nothing"
    );

    // The person takes another one back.
    let path = format!("Consent/{housing}");
    let (mut consent, etag) = read(&gateway.ld, &path).await;
    consent["status"] = json!("inactive");
    assert_eq!(put(&gateway.ld, &path, "W/\"9\"", &consent).await.status, 412);
    let taken = put(&gateway.ld, &path, &etag, &consent).await;
    assert!(matches!(taken.status, 200 | 202), "{}", taken.text());
    assert_eq!(
        (&taken.json()["status"], &taken.json()["meta"]["versionId"]),
        (&json!("inactive"), &json!("2"))
    );
    consent["status"] = json!("active");
    let reply = put(&gateway.ld, &path, &taken.headers["etag"], &consent).await;
    assert_eq!((reply.status, places(&reply)), (422, vec![String::from("Consent.status")]));
    gateway.settle().await;
    gateway.finish().await;
}
