//! Following a referral by FHIR: every kind of resource read, read at a version, searched and paged; and consent asked
//! again at each look.

use serde_json::{Value, json};

use crate::harness::{
    Ask, Assessment, CMHT, CUSTODY, Caller, Gateway, HOUSING, Person,
    actor::Actor,
    bars::{message, response_to},
};

const REQUEST_ID: &str = "0198c0de-0000-7000-8000-0000000000f1";
const BUNDLE_ID: &str = "0198c0de-0000-7000-8000-0000000000b1";
const LDREF: &str = "https://keyway.example/Id/ldref";
const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// The id of the referral to `recipient` in a submission's answer.
fn to(answer: &Value, recipient: &str) -> String {
    let referrals = answer["referrals"].as_array().unwrap();
    let one = referrals.iter().find(|r| r["recipient"] == recipient).expect("it was asked");
    one["referral_id"].as_str().unwrap().to_owned()
}

/// The resources of a page that were found, without what goes with them.
pub(crate) fn matches(page: &Value) -> Vec<&Value> {
    let entries = page["entry"].as_array().into_iter().flatten();
    entries.filter(|e| e["search"]["mode"] == "match").map(|e| &e["resource"]).collect()
}

fn ids(page: &Value) -> Vec<&str> {
    matches(page).iter().map(|r| r["id"].as_str().unwrap()).collect()
}

/// The path of a link that a page gives.
pub(crate) fn link(gateway: &Gateway, page: &Value, relation: &str) -> Option<String> {
    let links = page["link"].as_array().unwrap();
    let url = links.iter().find(|l| l["relation"] == relation)?["url"].as_str().unwrap();
    Some(url.strip_prefix(gateway.base_url()).expect("a link leads here").to_owned())
}

async fn search(actor: &Actor, path: &str) -> Value {
    actor.get(&format!("/fhir/{path}")).await.expect(200)
}

/// Somebody's referral to the team and to housing, arrived and answered with a question, words and an appointment.
async fn answered(gateway: &Gateway) -> (String, String) {
    let assessment = Assessment::of(&Person::new(0)).only_to(&[CMHT, HOUSING]);
    let answer = gateway.submit("k-1", &assessment).await;
    let (cmht, housing) = (to(&answer, CMHT), to(&answer, HOUSING));
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    gateway.cmht.act(&cmht, "request-information", json!({"comment": "CANARY which day suits"})).await;
    gateway.ld.act(&cmht, "supply-information", json!({"comment": "CANARY Tuesdays"})).await;
    let appointment = json!({"appointment": {"start": "2031-01-04T10:00:00Z", "place": "Harbour Street"}});
    gateway.cmht.act(&cmht, "book-appointment", appointment).await;
    gateway.housing.collect().await;
    (cmht, housing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_resource_is_read_and_searched_by_both_sides() {
    let gateway = Gateway::start().await;
    let (cmht, _) = answered(&gateway).await;
    for actor in [&gateway.cmht, &gateway.ld] {
        for (kind, query) in [
            ("Task", String::from("owner=Organization/cmht-test")),
            ("ServiceRequest", String::from("performer=cmht-test&priority=urgent,routine,stat")),
            ("Communication", format!("based-on={cmht}&category=question")),
            ("Appointment", format!("based-on=ServiceRequest/{cmht}&date=ge2031")),
            ("Consent", String::from("actor=Organization/cmht-test&status=active")),
            ("Provenance", format!("target=Task/{cmht}&agent=cmht-test")),
            ("AuditEvent", String::from("_count=1")),
            ("Organization", String::from("name=agency%20cmht&active=true")),
            ("HealthcareService", String::from("organization=cmht-test")),
            ("Endpoint", String::from("organization=Organization/cmht-test&status=active")),
            ("Location", String::from("name=AGENCY%20CMHT")),
            ("PractitionerRole", String::from("organization=cmht-test")),
        ] {
            let page = search(actor, &format!("{kind}?{query}")).await;
            let found = matches(&page);
            assert!(!found.is_empty(), "{}: {kind}?{query} finds nothing: {page:#}", actor.id);
            for resource in found {
                let id = resource["id"].as_str().unwrap();
                let reply = actor.get(&format!("/fhir/{kind}/{id}")).await;
                let read = reply.expect(200);
                assert_eq!((&read["resourceType"], &read["id"]), (&json!(kind), &json!(id)));
                let version = read["meta"]["versionId"].as_str().unwrap().to_owned();
                assert_eq!(reply.headers["etag"], format!("W/\"{version}\""), "{kind}");
                let vread = actor.get(&format!("/fhir/{kind}/{id}/_history/{version}")).await.expect(200);
                assert_eq!(vread["meta"], read["meta"], "{kind}");
                for missing in [
                    format!("{kind}/{id}x"),
                    format!("{kind}/{id}/_history/999"),
                    format!("{kind}/{id}/_history/x"),
                    format!("{kind}/{id}/_history/0{version}"),
                    format!("{kind}/{id}/_history/+{version}"),
                ] {
                    assert_eq!(actor.get(&format!("/fhir/{missing}")).await.status, 404, "{missing}");
                }
            }
        }
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_tells_how_its_referral_stands_and_stood() {
    let gateway = Gateway::start().await;
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT])).await;
    let id = to(&answer, CMHT);
    let request = gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let first = gateway.cmht.get(&format!("/fhir/Task/{id}")).await.expect(200);
    assert_eq!(first["businessStatus"]["coding"][0]["code"], "collected");
    assert_eq!(
        (&first["status"], &first["owner"]["reference"]),
        (&json!("received"), &json!("Organization/cmht-test"))
    );
    let may: Vec<&str> =
        first["extension"].as_array().unwrap().iter().map(|e| e["valueCode"].as_str().unwrap()).collect();
    assert!(may.contains(&"accept") && !may.contains(&"withdraw"), "{may:?}");

    let accepted = response_to(&request, BUNDLE_ID);
    gateway.cmht.ask(message(REQUEST_ID, accepted.to_string())).await.expect(200);
    gateway
        .cmht
        .act(&id, "book-appointment", json!({"appointment": {"start": "2031-01-04T10:00:00Z"}}))
        .await;
    let now = gateway.cmht.get(&format!("/fhir/Task/{id}")).await.expect(200);
    assert_eq!(
        (&now["status"], &now["businessStatus"]["coding"][0]["code"]),
        (&json!("in-progress"), &json!("appointment-booked"))
    );
    let version = first["meta"]["versionId"].as_str().unwrap();
    let then = gateway.cmht.get(&format!("/fhir/Task/{id}/_history/{version}")).await.expect(200);
    assert_eq!((&then["status"], &then["meta"]), (&first["status"], &first["meta"]));

    // What the other side knows is not in a Task; the person has another name for each agency.
    let seen_by_ld = gateway.ld.get(&format!("/fhir/Task/{id}")).await.expect(200);
    assert_ne!(seen_by_ld["for"], now["for"]);
    assert_eq!(now["for"]["identifier"]["system"], LDREF);
    assert!(
        !now.to_string().contains("Quillfeather") && !now.to_string().contains(&Person::new(0).nhs_number)
    );
    let message = request.json().to_string();
    assert!(
        message.contains(now["for"]["identifier"]["value"].as_str().unwrap()),
        "the pseudonym is that of the message"
    );

    let history = search(&gateway.cmht, &format!("Provenance?target=Task/{id}")).await;
    let acts: Vec<&str> =
        matches(&history).iter().map(|p| p["activity"]["coding"][0]["code"].as_str().unwrap()).collect();
    assert_eq!(acts, ["book-appointment", "accept", "deliver", "disclosed"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_request_holds_what_was_sent_and_is_gone_with_the_consent() {
    let gateway = Gateway::start().await;
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT, CUSTODY])).await;
    let (id, custody) = (to(&answer, CMHT), to(&answer, CUSTODY));
    let sent = gateway.cmht_server.wait_for(1).await.json();
    gateway.custody_server.wait_for(1).await;
    gateway.settle().await;
    let path = format!("/fhir/ServiceRequest/{id}");
    let read = gateway.cmht.get(&path).await.expect(200);
    let patient =
        read["contained"].as_array().unwrap().iter().find(|r| r["resourceType"] == "Patient").unwrap();
    assert_eq!(patient["name"][0]["family"], "Quillfeather");
    assert_eq!(read["subject"]["reference"], format!("#{}", patient["id"].as_str().unwrap()));
    // Nothing that was not in the message.
    let sent = sent.to_string();
    for text in read.to_string().split('"').filter(|text| text.contains("CANARY")) {
        assert!(sent.contains(text), "{text} was never sent");
    }
    // Who got another form of message gets the frame.
    let frame = gateway.custody.get(&format!("/fhir/ServiceRequest/{custody}")).await.expect(200);
    assert!(frame.get("contained").is_none() && !frame.to_string().contains("CANARY"));
    let page = search(&gateway.cmht, "ServiceRequest?status=active").await;
    assert_eq!(ids(&page), [id.as_str()]);

    let consents = answer["consents"].as_array().unwrap();
    let consent = consents.iter().find(|c| c["recipient"] == CMHT).unwrap()["consent_id"].as_str().unwrap();
    let part = gateway.cmht.get(&format!("/fhir/Consent/{consent}")).await.expect(200);
    assert_eq!((&part["status"], part.get("extension")), (&json!("active"), None));
    let revoke = Ask::post(&format!("/fhir/Consent/{consent}/$revoke")).bytes("application/fhir+json", "{}");
    gateway.ld.ask(revoke).await;
    gateway.settle().await;

    assert_eq!(gateway.cmht.get(&path).await.status, 410);
    assert!(matches(&search(&gateway.cmht, "ServiceRequest").await).is_empty());
    let task = gateway.cmht.get(&format!("/fhir/Task/{id}")).await.expect(200);
    assert_eq!(task["businessStatus"]["coding"][0]["code"], "recalled");
    assert_eq!(gateway.cmht.get(&format!("/fhir/Consent/{consent}")).await.expect(200)["status"], "inactive");
    let page =
        search(&gateway.cmht, &format!("Task?_id={id}&_include=Task:focus&_include=Task:requester")).await;
    let kinds: Vec<&str> = page["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["resource"]["resourceType"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["Task", "Organization"], "what cannot be read does not come along");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_that_nobody_could_give_is_shown_to_its_recipient_as_none() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).only_to(&[CMHT]);
    gateway.submit("k-1", &assessment).await;
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let given = [("has-capacity", "active", "permit"), ("lacks-capacity", "inactive", "deny")];
    for (capacity, status, kind) in given {
        let again = assessment.clone().with(|value| {
            let consent = &mut value["consents"][0];
            consent["recorded_at"] =
                json!(keyway::clock::Clock::now(&keyway::clock::SystemClock).to_rfc3339());
            consent["capacity"] = json!(capacity);
        });
        let answer = gateway.submit(&format!("k-{capacity}"), &again).await;
        gateway.settle().await;
        let consent = answer["consents"][0]["consent_id"].as_str().unwrap();
        let part = gateway.cmht.get(&format!("/fhir/Consent/{consent}")).await.expect(200);
        assert_eq!(
            (&part["status"], &part["provision"]["provision"][0]["type"]),
            (&json!(status), &json!(kind)),
            "{capacity}"
        );
        assert!(part.get("extension").is_none() && !part.to_string().contains("capacity"));
        let whole = gateway.ld.get(&format!("/fhir/Consent/{consent}")).await.expect(200);
        assert_eq!(whole["status"], "active", "the service sees what was said");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_and_appointments_are_those_that_were_said() {
    let gateway = Gateway::start().await;
    let (id, _) = answered(&gateway).await;
    for actor in [&gateway.cmht, &gateway.ld] {
        let page = search(actor, &format!("Communication?about=Task/{id}")).await;
        let said: Vec<&str> =
            matches(&page).iter().map(|c| c["payload"][0]["contentString"].as_str().unwrap()).collect();
        assert_eq!(said, ["CANARY which day suits", "CANARY Tuesdays"], "{}", actor.id);
        let (question, reply) = (matches(&page)[0], matches(&page)[1]);
        assert_eq!(
            reply["inResponseTo"][0]["reference"],
            format!("Communication/{}", question["id"].as_str().unwrap())
        );
        let booked = actor.get(&format!("/fhir/Appointment/{id}")).await.expect(200);
        assert_eq!((&booked["status"], &booked["start"]), (&json!("booked"), &json!("2031-01-04T10:00:00Z")));
    }
    gateway
        .ld
        .act(&id, "withdraw", json!({"reason": "no-longer-needed", "comment": "CANARY moved away"}))
        .await;
    assert!(matches(&search(&gateway.cmht, "Communication").await).is_empty(), "what is over shows no words");
    assert!(matches(&search(&gateway.cmht, "Appointment").await).is_empty());
    assert_eq!(matches(&search(&gateway.ld, "Communication").await).len(), 3);
    gateway.finish().await;
}

/// The referrals to the team of seven people, arrived; each was referred to housing too.
async fn seven(gateway: &Gateway) -> Vec<String> {
    let mut sent = Vec::new();
    for index in 0..7 {
        let assessment = Assessment::of(&Person::new(index)).only_to(&[CMHT, HOUSING]);
        let answer = gateway.submit(&format!("k-{index}"), &assessment).await;
        sent.push(to(&answer, CMHT));
    }
    gateway.cmht_server.wait_for(7).await;
    gateway.settle().await;
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_hold_everything_once_in_order() {
    let gateway = Gateway::start().await;
    let sent = seven(&gateway).await;
    for (query, newest_first) in [
        ("", true),
        ("&_sort=authored-on", false),
        ("&_sort=_lastUpdated", false),
        ("&_sort=-_lastUpdated", true),
    ] {
        let mut path = Some(format!("/fhir/Task?owner=cmht-test&_count=3{query}"));
        let (mut found, mut pages) = (Vec::new(), 0);
        while let Some(next) = path {
            let page = gateway.cmht.get(&next).await.expect(200);
            assert!(page.get("total").is_none(), "a total is told of a whole only");
            found.extend(matches(&page).iter().map(|t| t["id"].as_str().unwrap().to_owned()));
            path = link(&gateway, &page, "next");
            pages += 1;
        }
        assert_eq!(pages, 3, "{query}");
        let mut in_order = sent.clone();
        if newest_first {
            in_order.reverse();
        }
        if query.contains("_lastUpdated") {
            found.sort();
            in_order.sort();
        }
        assert_eq!(found, in_order, "{query}");
    }
    let all = search(&gateway.ld, "Task").await;
    assert_eq!((&all["total"], matches(&all).len()), (&json!(14), 14));
    let some = search(
        &gateway.ld,
        "Task?requester=ld-test&owner=housing-test&authored-on=ge2020&authored-on=lt2100",
    )
    .await;
    assert_eq!(some["total"], 7);
    assert_eq!(search(&gateway.ld, "Task?authored-on=lt2020").await["total"], 0);
    // Entries that are asked for by their ids end as well.
    let own = search(&gateway.ld, "AuditEvent?_count=3").await;
    let wanted = ids(&own).join(",");
    let (mut next, mut seen) = (Some(format!("/fhir/AuditEvent?_id={wanted}&_count=2")), 0);
    for _ in 0..3 {
        let Some(path) = next.take() else { break };
        let page = gateway.ld.get(&path).await.expect(200);
        seen += matches(&page).len();
        next = link(&gateway, &page, "next");
    }
    assert_eq!((seen, next), (3, None));
    // Consents and the directory page as well.
    for (actor, path, all) in
        [(&gateway.ld, "Consent", 14), (&gateway.cmht, "Consent", 7), (&gateway.cmht, "Organization", 6)]
    {
        let mut next = Some(format!("/fhir/{path}?_count=4"));
        let mut found = std::collections::BTreeSet::new();
        while let Some(path) = next {
            let page = actor.get(&path).await.expect(200);
            for id in ids(&page) {
                assert!(found.insert(id.to_owned()), "{path}: {id} twice");
            }
            next = link(&gateway, &page, "next");
        }
        assert_eq!(found.len(), all, "{}: {path}", actor.id);
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_ordered_and_found_since_a_moment_by_address_and_by_form() {
    let gateway = Gateway::start().await;
    let newest = seven(&gateway).await.pop().unwrap();
    // Each kind that can be ordered is, in both directions and over several pages, by the one table.
    for action in ["accept", "start"] {
        gateway.cmht.act(&newest, action, json!({})).await;
    }
    for kind in keyway::exchange::rest::ALL {
        for (sort, backwards) in kind.sorts.iter().flat_map(|sort| [(*sort, false), (*sort, true)]) {
            let minus = if backwards { "-" } else { "" };
            let about =
                if kind.name == "Provenance" { format!("&target=Task/{newest}") } else { String::new() };
            let mut next = Some(format!("/fhir/{}?_count=2&_sort={minus}{sort}{about}", kind.name));
            let (mut keys, mut seen, mut pages) = (Vec::new(), Vec::new(), 0);
            while let Some(path) = next.filter(|_| pages < 4) {
                let page = gateway.ld.get(&path).await.expect(200);
                for one in matches(&page) {
                    let place = match sort {
                        "_id" => "/id",
                        "_lastUpdated" => "/meta/lastUpdated",
                        "authored-on" | "authored" => "/authoredOn",
                        _ => "/recorded",
                    };
                    let at = one.pointer(place).and_then(Value::as_str).unwrap_or_default();
                    keys.push(at.to_owned());
                    seen.push(one["id"].as_str().unwrap().to_owned());
                }
                next = link(&gateway, &page, "next");
                pages += 1;
            }
            let mut sorted = keys.clone();
            sorted.sort();
            if backwards {
                sorted.reverse();
            }
            assert_eq!(keys, sorted, "{}?_sort={minus}{sort}", kind.name);
            let once: std::collections::BTreeSet<&String> = seen.iter().collect();
            assert_eq!(once.len(), seen.len(), "{}?_sort={minus}{sort}", kind.name);
            assert!(kind.name == "Appointment" || seen.len() > 2, "{} has pages", kind.name);
        }
    }
    // Since a moment, whatever kind it is: everything here is of now.
    for kind in keyway::exchange::rest::ALL {
        let about = if kind.name == "Provenance" { format!("&target=Task/{newest}") } else { String::new() };
        let path = |since: &str| format!("{}?_lastUpdated={since}{about}", kind.name);
        let found = matches(&search(&gateway.ld, &path("ge2020")).await).len();
        assert!(found > 0 || matches!(kind.name, "Communication" | "Appointment"), "{}", kind.name);
        assert!(matches(&search(&gateway.ld, &path("ge2100")).await).is_empty(), "{}", kind.name);
        // A form finds what the address does.
        let mut form = vec![("_lastUpdated", String::from("ge2020"))];
        if kind.name == "Provenance" {
            form.push(("target", format!("Task/{newest}")));
        }
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let ask = Ask::post(&format!("/fhir/{}/_search", kind.name)).form(&form);
        let by_form = gateway.ld.ask(ask).await.expect(200);
        // Each look makes an entry more.
        assert!(matches(&by_form).len() >= found, "{}", kind.name);
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_found_by_the_name_that_the_caller_knows() {
    let gateway = Gateway::start().await;
    let (id, _) = answered(&gateway).await;
    gateway.submit("k-2", &Assessment::of(&Person::new(1)).only_to(&[CMHT])).await;
    let number = Person::new(0).nhs_number;
    let task = gateway.cmht.get(&format!("/fhir/Task/{id}")).await.expect(200);
    let pseudonym = format!("{LDREF}|{}", task["for"]["identifier"]["value"].as_str().unwrap());
    let by_number = format!("{NHS_NUMBER}|{number}");
    let form = |value: &str| Ask::post("/fhir/Task/_search").form(&[("patient:identifier", value)]);
    // The team was sent the number; housing was not, and to custody the person's name is another.
    for (actor, value, found) in [
        (&gateway.cmht, &pseudonym, 1),
        (&gateway.cmht, &by_number, 1),
        (&gateway.ld, &by_number, 2),
        (&gateway.ld, &pseudonym, 0),
        (&gateway.housing, &by_number, 0),
        (&gateway.housing, &pseudonym, 0),
        (&gateway.custody, &by_number, 0),
    ] {
        let page = actor.ask(form(value)).await.expect(200);
        assert_eq!(page["total"], found, "{}", actor.id);
        assert!(actor.id == "cmht-test" || found == 2 || page.get("entry").is_none());
    }
    // No link carries what finds a person: not after a form, and not even where the address did.
    let two = |path: &str| {
        let fields = [("patient:identifier", by_number.as_str()), ("_count", "1")];
        Ask::post(path).form(&fields)
    };
    let by_address =
        Ask::get(&format!("/fhir/Task?_count=1&patient:identifier={}", by_number.replace('|', "%7C")));
    for ask in [two("/fhir/Task/_search"), by_address] {
        let page = gateway.ld.ask(ask).await.expect(200);
        assert!(!page["link"].to_string().contains(&number), "{}", page["link"]);
        assert!(!page["link"].to_string().contains("patient"), "{}", page["link"]);
        // Each link can be followed, and is the same page again.
        let itself = gateway.ld.get(&link(&gateway, &page, "self").unwrap()).await.expect(200);
        assert_eq!(ids(&itself), ids(&page));
        let next = gateway.ld.get(&link(&gateway, &page, "next").unwrap()).await.expect(200);
        assert_ne!(ids(&next), ids(&page));
    }
    // Somebody who is named in another way is never answered about everybody.
    for name in
        ["patient", "subject", "patient.identifier", "patient:Patient.identifier", "subject:identifier"]
    {
        for kind in ["Task", "ServiceRequest", "Communication", "Appointment", "Consent"] {
            let reply =
                gateway.ld.ask(Ask::post(&format!("/fhir/{kind}/_search")).form(&[(name, &by_number)])).await;
            assert_eq!(reply.status, 400, "{kind} {name}");
            assert_eq!(reply.json()["issue"][0]["expression"][0], "http.patient", "{kind} {name}");
            assert!(!reply.text().contains(&number));
        }
    }
    let consents =
        gateway.ld.ask(Ask::post("/fhir/Consent/_search").form(&[("patient:identifier", &by_number)])).await;
    assert_eq!(consents.expect(200)["total"], 2);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_supported_is_told_or_refused() {
    let gateway = Gateway::start().await;
    let (id, _) = answered(&gateway).await;
    let page = search(&gateway.cmht, "Task?performer=x&_summary=count&status=in-progress").await;
    assert_eq!(ids(&page), [id.as_str()]);
    let outcome = page["entry"].as_array().unwrap().last().unwrap();
    assert_eq!(outcome["search"]["mode"], "outcome");
    let places: Vec<&Value> = outcome["resource"]["issue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| &issue["expression"][0])
        .collect();
    assert_eq!(places, ["http.query", "http._summary"]);
    assert_eq!(outcome["resource"]["issue"][0]["code"], "not-supported");
    let read = gateway.cmht.get(&format!("/fhir/Task/{id}?_summary=true")).await;
    assert!(read.headers["warning"].starts_with("299 "));
    let strict = Ask::get(&format!("/fhir/Task/{id}?_summary=true")).header("prefer", "handling=strict");
    assert_eq!(gateway.cmht.ask(strict).await.status, 400);
    let lenient = gateway.cmht.get("/fhir/MessageDefinition?contxt=x").await.expect(200);
    let last = lenient["entry"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["search"]["mode"], &lenient["total"]), (&json!("outcome"), &json!(5)));
    let this = link(&gateway, &page, "self").unwrap();
    assert_eq!(this, "/fhir/Task?status=in-progress", "the link holds what counted");
    let strict = Ask::get("/fhir/Task?performer=x").header("prefer", "handling=strict");
    assert_eq!(gateway.cmht.ask(strict).await.status, 400);
    for (path, status) in [
        ("Task?status:not=accepted", 400),
        ("Task?authored-on=ne2026", 400),
        ("Task?_count=none", 400),
        ("Provenance", 400),
        ("Task?_format=xml", 406),
        ("Task/x?_format=application/fhir%2Bxml", 406),
        ("Patient/1", 404),
        ("Task/x/_history", 404),
        ("Task/_history", 404),
        ("Task/_search", 405),
        ("Task?status=%zz", 400),
        ("Task?status=%ff", 400),
        ("Task/%zz", 400),
    ] {
        assert_eq!(gateway.cmht.get(&format!("/fhir/{path}")).await.status, status, "{path}");
    }
    for (path, code, place) in [
        ("Task/_history", "not-supported", None),
        ("MessageDefinition/_history", "not-supported", None),
        ("Task?_count=5&status=%zz", "structure", Some("http.status")),
        ("MessageDefinition?context=%zz", "structure", Some("http.context")),
        ("Task?secret=%zz", "structure", Some("http.query")),
    ] {
        let told = gateway.cmht.get(&format!("/fhir/{path}")).await.json();
        assert_eq!(told["issue"][0]["code"], code, "{path}");
        assert_eq!(told["issue"][0]["expression"][0].as_str(), place, "{path}");
    }
    let long = gateway.cmht.get(&format!("/fhir/Task?_id={}", "x".repeat(50_000))).await;
    assert_eq!((long.status, long.json()["issue"][0]["code"].clone()), (414, json!("too-long")));
    let xml = Ask::get("/fhir/Task").header("accept", "application/fhir+xml");
    assert_eq!(gateway.cmht.ask(xml).await.status, 406);
    let xml = Ask::post("/fhir/Task/_search").bytes("application/fhir+xml", "<x/>");
    assert_eq!(gateway.cmht.ask(xml).await.status, 415);
    for (method, path) in [
        ("DELETE", format!("Task/{id}")),
        ("PATCH", format!("Task/{id}")),
        ("PUT", String::from("Organization/cmht-test")),
        ("POST", String::from("Task")),
        ("POST", String::from("ServiceRequest")),
    ] {
        let ask =
            Ask::new(method.parse().unwrap(), &format!("/fhir/{path}")).bytes("application/fhir+json", "{}");
        let reply = gateway.ld.ask(ask).await;
        assert_eq!(reply.status, 405, "{method} {path}");
        assert!(reply.headers["allow"].contains("GET"), "{method} {path}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_shown_about_somebody_is_in_the_log() {
    let gateway = Gateway::start().await;
    let (id, _) = answered(&gateway).await;
    let about = || async {
        let page =
            search(&gateway.ld, &format!("AuditEvent?entity=Task/{id}&agent=cmht-test&_count=100")).await;
        matches(&page).len()
    };
    let mut before = about().await;
    for path in [
        format!("Task/{id}"),
        format!("Task/{id}/_history/1"),
        String::from("Task?owner=cmht-test"),
        format!("ServiceRequest/{id}"),
        String::from("Communication"),
        format!("Appointment/{id}"),
        format!("Provenance?target=Task/{id}"),
    ] {
        gateway.cmht.get(&format!("/fhir/{path}")).await.expect(200);
        let after = about().await;
        assert!(after > before, "{path} left no entry");
        before = after;
    }
    gateway.finish().await;
}
