//! Of what is written by REST nothing is lost in silence: what would not be kept is refused, and named.

use serde_json::{Value, json};

use crate::{
    harness::{Caller, Gateway, Reply},
    rest_writes::{ours, places, post, put, read, referred},
};

/// `body` with something more, and the place at which that is told.
type More = (&'static str, Value, &'static str);

fn with(body: &Value, (pointer, value, _): &More) -> Value {
    let mut more = body.clone();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match more.pointer_mut(parent).expect(pointer) {
        Value::Array(items) => items.push(value.clone()),
        other => other[field] = value.clone(),
    }
    more
}

fn is_refused(reply: &Reply, kind: &str, more: &More) {
    assert_eq!(reply.status, 422, "{kind}{}: {}", more.0, reply.text());
    let (told, wanted) = (places(reply), format!("{kind}.{}", more.2));
    assert!(!told.is_empty() && told.iter().all(|at| at.starts_with(&wanted)), "{}: {told:?}", more.0);
    assert!(!reply.text().contains("CANARY"), "{}", reply.text());
}

fn elsewhere() -> Value {
    json!([{"reference": "Organization/CANARY"}])
}

/// What any resource can have, and none here keeps.
fn of_every_kind() -> Vec<More> {
    vec![
        ("/implicitRules", json!("https://example.org/CANARY"), "implicitRules"),
        ("/language", json!("cy"), "language"),
        (
            "/text",
            json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">CANARY</div>"}),
            "text",
        ),
        ("/meta", json!({"tag": [{"system": "urn:x", "code": "CANARY"}]}), "meta"),
        (
            "/contained",
            json!([{"resourceType": "Basic", "id": "b", "code": {"text": "CANARY"}, "subject": {"reference": "#"}}]),
            "contained",
        ),
        ("/modifierExtension", json!([{"url": "urn:x", "valueString": "CANARY"}]), "modifierExtension"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_part_of_a_communication_is_lost_in_silence() {
    let gateway = Gateway::start().await;
    let (id, _, _) = referred(&gateway).await;
    gateway.settle().await;
    let question = json!({
        "resourceType": "Communication", "status": "completed",
        "about": [{"reference": format!("Task/{id}")}],
        "category": [ours("communication-kind", "question")],
        "payload": [{"contentString": "CANARY which day?"}],
    });
    let somebody = json!({"identifier": {"system": "https://keyway.example/Id/ldref", "value": "CANARY"}});
    let mut more = vec![
        ("/note", json!([{"text": "CANARY"}]), "note"),
        ("/subject", somebody, "subject.identifier.value"),
        ("/recipient", elsewhere(), "recipient[0].reference"),
        ("/priority", json!("asap"), "priority"),
        ("/inResponseTo", json!([{"reference": "Communication/CANARY"}]), "inResponseTo"),
        ("/partOf", json!([{"reference": "Task/CANARY"}]), "partOf"),
        ("/sent", json!("2020-01-01T00:00:00Z"), "sent"),
        ("/received", json!("2020-01-01T00:00:00Z"), "received"),
        ("/topic", json!({"text": "CANARY"}), "topic.text"),
        ("/about/-", json!({"reference": "Task/CANARY"}), "about[1]"),
        ("/category/-", json!({"text": "CANARY"}), "category[1]"),
        ("/payload/0/id", json!("CANARY"), "payload[0].id"),
        ("/_status", json!({"id": "CANARY"}), "status"),
        ("/identifier", json!([{"value": "CANARY"}]), "identifier"),
        ("/encounter", json!({"display": "CANARY"}), "encounter"),
        ("/extension", json!([{"url": "https://example.org/x", "valueString": "CANARY"}]), "extension"),
    ];
    more.extend(of_every_kind().into_iter().filter(|more| more.0 != "/meta"));
    more.push(("/meta", json!({"tag": [{"system": "urn:x", "code": "CANARY"}]}), "meta.tag"));
    let before = gateway.books().rows();
    for more in &more {
        let reply = gateway.cmht.ask(post("Communication", &with(&question, more))).await;
        is_refused(&reply, "Communication", more);
    }
    assert_eq!(gateway.books().rows(), before, "something was left behind");

    // What the gateway itself would say may stand there.
    let task = gateway.cmht.get(&format!("/fhir/Task/{id}")).await.expect(200);
    let mut whole = question.clone();
    whole["subject"] = task["for"].clone();
    whole["recipient"] = json!([task["requester"]]);
    whole["sender"] = task["owner"].clone();
    whole["basedOn"] = task["basedOn"].clone();
    whole["id"] = json!("mine");
    let made = gateway.cmht.ask(post("Communication", &whole)).await.expect(201);
    // And an answer may name its question, and no other.
    let mut answer = question.clone();
    answer["category"] = json!([ours("communication-kind", "answer")]);
    answer["inResponseTo"] = json!([{"reference": format!("Communication/{id}.7")}]);
    let more = ("/inResponseTo", answer["inResponseTo"].clone(), "inResponseTo[0].reference");
    is_refused(&gateway.ld.ask(post("Communication", &answer)).await, "Communication", &more);
    answer["inResponseTo"] =
        json!([{"reference": format!("Communication/{}", made["id"].as_str().unwrap())}]);
    gateway.ld.ask(post("Communication", &answer)).await.expect(201);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_part_of_an_appointment_is_lost_in_silence() {
    let gateway = Gateway::start().await;
    let (id, _, _) = referred(&gateway).await;
    gateway.settle().await;
    let team = json!({"actor": {"reference": "HealthcareService/cmht-test"}, "status": "accepted"});
    let booking = json!({
        "resourceType": "Appointment", "status": "booked",
        "basedOn": [{"reference": format!("ServiceRequest/{id}")}],
        "start": "2031-01-04T10:00:00Z", "end": "2031-01-04T10:30:00Z", "description": "Harbour Street",
        "participant": [team],
    });
    let mut more = vec![
        ("/comment", json!("CANARY"), "comment"),
        ("/patientInstruction", json!("CANARY"), "patientInstruction"),
        ("/participant/-", json!({"actor": {"display": "CANARY"}, "status": "accepted"}), "participant[1]"),
        ("/participant/0/status", json!("declined"), "participant[0].status"),
        ("/basedOn/-", json!({"reference": "ServiceRequest/CANARY"}), "basedOn[1]"),
        ("/priority", json!(1), "priority"),
        ("/minutesDuration", json!(45), "minutesDuration"),
        ("/slot", json!([{"reference": "Slot/CANARY"}]), "slot"),
        ("/created", json!("2026-01-01"), "created"),
        ("/serviceType", json!([{"text": "CANARY"}]), "serviceType"),
        ("/reasonCode", json!([{"text": "CANARY"}]), "reasonCode"),
        ("/supportingInformation", elsewhere(), "supportingInformation[0].reference"),
        ("/requestedPeriod", json!([{"start": "2031"}]), "requestedPeriod"),
    ];
    more.extend(of_every_kind().into_iter().filter(|more| more.0 != "/meta"));
    let before = gateway.books().rows();
    for more in &more {
        let reply = gateway.cmht.ask(post("Appointment", &with(&booking, more))).await;
        is_refused(&reply, "Appointment", more);
    }
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    gateway.cmht.ask(post("Appointment", &booking)).await.expect(201);

    let path = format!("Appointment/{id}");
    let (stands, etag) = read(&gateway.cmht, &path).await;
    let mut moved = stands.clone();
    moved["start"] = json!("2031-02-04T10:00:00Z");
    moved["end"] = json!("2031-02-04T10:30:00Z");
    let mut told = stands.clone();
    told["status"] = json!("noshow");
    for more in [
        ("/_start", json!({"id": "CANARY"}), "start"),
        ("/meta/tag", json!([{"code": "CANARY"}]), "meta.tag"),
        (
            "/text",
            json!({"status": "empty", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">-</div>"}),
            "text",
        ),
    ] {
        for body in [&stands, &moved, &told] {
            let reply = put(&gateway.cmht, &path, &etag, &with(body, &more)).await;
            is_refused(&reply, "Appointment", &more);
        }
    }
    put(&gateway.cmht, &path, &etag, &moved).await.expect(200);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_part_of_a_changed_task_is_lost_in_silence() {
    let gateway = Gateway::start().await;
    let (id, housing, _) = referred(&gateway).await;
    let path = format!("Task/{id}");
    let (stands, etag) = read(&gateway.cmht, &path).await;
    let mut accepted = stands.clone();
    accepted["status"] = json!("accepted");
    gateway.settle().await;
    let before = gateway.books().rows();
    let same = [
        ("/statusReason", json!({"text": "CANARY"}), "statusReason"),
        ("/output", json!([{"type": {"text": "CANARY"}, "valueString": "CANARY"}]), "output"),
        ("/extension/-", json!({"url": "https://example.org/x", "valueString": "CANARY"}), ""),
        ("/meta/tag", json!([{"code": "CANARY"}]), "meta.tag"),
        ("/language", json!("cy"), "language"),
        (
            "/text",
            json!({"status": "empty", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">-</div>"}),
            "text",
        ),
    ];
    for more in &same {
        let reply = put(&gateway.cmht, &path, &etag, &with(&stands, more)).await;
        assert_eq!(reply.status, 422, "{}: {}", more.0, reply.text());
        let [place] = &places(&reply)[..] else { panic!("{}", reply.text()) };
        assert!(place.starts_with(&format!("Task.{}", more.2)), "{place}");
    }
    for more in [
        ("/note", json!([{"text": "CANARY", "authorString": "CANARY"}]), "note[0].authorString"),
        ("/businessStatus/text", json!("CANARY"), "businessStatus.text"),
        ("/meta/tag", json!([{"code": "CANARY"}]), "meta.tag"),
        ("/_lastModified", json!({"id": "CANARY"}), "lastModified"),
    ] {
        let reply = put(&gateway.cmht, &path, &etag, &with(&accepted, &more)).await;
        is_refused(&reply, "Task", &more);
    }
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    accepted["note"] = json!([{"text": "CANARY come on Tuesday"}]);
    put(&gateway.cmht, &path, &etag, &accepted).await.expect(200);

    // Words in two places are more than one move can carry.
    let path = format!("Task/{housing}");
    let (mut declined, etag) = read(&gateway.housing, &path).await;
    declined["status"] = json!("rejected");
    declined["statusReason"] = ours("decline-reason", "other");
    declined["statusReason"]["text"] = json!("CANARY one");
    declined["note"] = json!([{"text": "CANARY two"}]);
    let reply = put(&gateway.housing, &path, &etag, &declined).await;
    assert_eq!((reply.status, places(&reply)), (422, vec![String::from("Task.statusReason.text")]));
    declined.as_object_mut().unwrap().remove("note");
    put(&gateway.housing, &path, &etag, &declined).await.expect(200);
    let page = gateway.ld.get(&format!("/fhir/Communication?about=Task/{housing}")).await.expect(200);
    assert_eq!(page["entry"][0]["resource"]["payload"][0]["contentString"], "CANARY one");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_part_of_a_consent_is_lost_in_silence() {
    let gateway = Gateway::start().await;
    let (_, _, answer) = referred(&gateway).await;
    let consent = answer["consents"][0]["consent_id"].as_str().unwrap();
    let path = format!("Consent/{consent}");
    let (stands, etag) = read(&gateway.ld, &path).await;
    gateway.settle().await;
    let now = json!(keyway::clock::Clock::now(&keyway::clock::SystemClock).to_rfc3339());
    let mut said = stands.clone();
    said["provision"]["provision"][0]["period"]["start"] = now.clone();
    said["dateTime"] = now;
    let rule = "/provision/provision/0";
    let rule = |field: &str| -> &'static str { Box::leak(format!("{rule}/{field}").into_boxed_str()) };
    let mut more = vec![
        ("/dateTime", json!("2020-01-01T00:00:00Z"), "dateTime"),
        ("/performer", json!([{"reference": "RelatedPerson/CANARY"}]), "performer[0].reference"),
        ("/performer/-", json!({"display": "CANARY"}), "performer[1]"),
        ("/patient/display", json!("CANARY"), "patient.display"),
        ("/organization", elsewhere(), "organization"),
        ("/sourceReference", json!({"reference": "DocumentReference/CANARY"}), "sourceReference"),
        ("/verification", json!([{"verified": true}]), "verification"),
        (rule("securityLabel"), json!([{"code": "R"}]), "provision.provision[0].securityLabel"),
        (rule("dataPeriod"), json!({"start": "2020"}), "provision.provision[0].dataPeriod"),
        ("/scope/text", json!("CANARY"), "scope.text"),
        ("/identifier", json!([{"value": "CANARY"}]), "identifier"),
        ("/extension/-", json!({"url": "https://example.org/x", "valueString": "CANARY"}), "extension[1]"),
        ("/meta/tag", json!([{"code": "CANARY"}]), "meta.tag"),
    ];
    more.extend(of_every_kind().into_iter().filter(|more| more.0 != "/meta"));
    let before = gateway.books().rows();
    for more in &more {
        is_refused(&gateway.ld.ask(post("Consent", &with(&said, more))).await, "Consent", more);
    }
    for field in ["category", "policyRule"] {
        let mut less = said.clone();
        less.as_object_mut().unwrap().remove(field);
        let reply = gateway.ld.ask(post("Consent", &less)).await;
        assert_eq!(reply.status, 422, "{field}: {}", reply.text());
    }
    let mut inactive = stands.clone();
    inactive["status"] = json!("inactive");
    for more in
        [("/meta/tag", json!([{"code": "CANARY"}]), "meta.tag"), ("/language", json!("cy"), "language")]
    {
        is_refused(&put(&gateway.ld, &path, &etag, &with(&inactive, &more)).await, "Consent", &more);
    }
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    gateway.ld.ask(post("Consent", &said)).await.expect(201);
    gateway.finish().await;
}
