//! An agency with its own valid keys that looks for what is not its own: by reading, guessing, listing, counting, paging
//! with another's link, including, and asking about people.

use keyway::{clock::Stopwatch, limits::NOTHING_HERE_AFTER_MILLISECONDS};
use serde_json::Value;

use crate::{
    harness::{Ask, Assessment, CMHT, Caller, Gateway, HOUSING, Person, Reply, actor::Actor},
    rest::{link, matches},
};

const KINDS: [&str; 7] =
    ["Task", "ServiceRequest", "Consent", "Communication", "Appointment", "Provenance", "AuditEvent"];

/// What somebody else would have to tell two answers apart by.
fn told(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let own = ["x-request-id", "x-correlation-id", "date"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    (reply.status, reply.text(), headers.map(|(n, v)| (n.clone(), v.clone())).collect())
}

/// Everything of the team's: ids by kind.
async fn everything_of(actor: &Actor, task: &str) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for kind in KINDS {
        let query = if kind == "Provenance" { format!("?target=Task/{task}") } else { String::new() };
        let page = actor.get(&format!("/fhir/{kind}{query}")).await.expect(200);
        let found = matches(&page);
        assert!(!found.is_empty(), "{kind}: there is nothing to steal");
        all.extend(found.iter().map(|r| (kind, r["id"].as_str().unwrap().to_owned())));
    }
    all
}

async fn with_words(gateway: &Gateway) -> String {
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT])).await;
    let id = answer["referrals"][0]["referral_id"].as_str().unwrap().to_owned();
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let comment = serde_json::json!({"comment": "CANARY a question"});
    gateway.cmht.act(&id, "request-information", comment).await;
    let start = serde_json::json!({"comment": "CANARY words"});
    gateway.ld.act(&id, "supply-information", start).await;
    let booking = serde_json::json!({"appointment": {"start": "2031-01-04T10:00:00Z"}});
    gateway.cmht.act(&id, "book-appointment", booking).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_anothers_reads_as_what_is_not_there() {
    let gateway = Gateway::start().await;
    let id = with_words(&gateway).await;
    let all = everything_of(&gateway.cmht, &id).await;
    for (kind, id) in &all {
        let mut missing = id.clone();
        let last = if missing.pop() == Some('0') { '1' } else { '0' };
        missing.push(last);
        for stranger in [&gateway.housing, &gateway.probation] {
            for suffix in ["", "/_history/1"] {
                let theirs = stranger.get(&format!("/fhir/{kind}/{id}{suffix}")).await;
                let nothing = stranger.get(&format!("/fhir/{kind}/{missing}{suffix}")).await;
                assert_eq!(theirs.status, 404, "{kind}");
                assert_eq!(told(&theirs), told(&nothing), "{kind}{suffix}");
            }
            let theirs = stranger.get(&format!("/fhir/{kind}?_id={id}")).await.expect(200);
            assert_eq!((theirs.get("entry"), &theirs["total"]), (None, &Value::from(0)), "{kind}");
        }
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_anothers_shows_in_lists_counts_and_what_goes_with_them() {
    let gateway = Gateway::start().await;
    let id = with_words(&gateway).await;
    for stranger in [&gateway.housing, &gateway.custody] {
        for (path, visible) in [
            (String::from("Task?_count=1"), 0),
            (String::from("Task?owner=cmht-test&_include=Task:owner"), 0),
            (format!("Task?focus=ServiceRequest/{id}&_include=Task:focus"), 0),
            (String::from("ServiceRequest?requester=ld-test"), 0),
            (format!("Communication?based-on={id}"), 0),
            (String::from("Appointment?date=ge2020"), 0),
            (String::from("Consent?actor=cmht-test"), 0),
            (format!("Provenance?target=Task/{id}"), 0),
            (format!("AuditEvent?entity=Task/{id}"), 0),
        ] {
            let page = stranger.get(&format!("/fhir/{path}")).await.expect(200);
            assert_eq!(page["total"], visible, "{path}: {page:#}");
            assert!(
                page.get("entry").is_none() && link(&gateway, &page, "next").is_none(),
                "{path}: {page:#}"
            );
        }
        // One's own acts: nobody else's are among them.
        let own = stranger.get("/fhir/AuditEvent?_count=100").await.expect(200);
        let who = format!("Organization/{}", stranger.id);
        for event in matches(&own) {
            assert_eq!(event["agent"][0]["who"]["reference"], who, "{event:#}");
        }
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_consent_withheld_is_not_there_for_its_recipient() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0)).only_to(&[CMHT, HOUSING]).refused_by_person(HOUSING);
    let answer = gateway.submit("k-1", &assessment).await;
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let find = |list: &str, id: &str| {
        let items = answer[list].as_array().unwrap();
        items.iter().find(|i| i["recipient"] == HOUSING).unwrap()[id].as_str().unwrap().to_owned()
    };
    let (referral, consent) = (find("referrals", "referral_id"), find("consents", "consent_id"));
    for path in [
        format!("Task/{referral}"),
        format!("Task/{referral}/_history/1"),
        format!("ServiceRequest/{referral}"),
        format!("Consent/{consent}"),
        format!("Consent/{consent}/_history/1"),
    ] {
        assert_eq!(gateway.housing.get(&format!("/fhir/{path}")).await.status, 404, "{path}");
        assert_eq!(gateway.ld.get(&format!("/fhir/{path}")).await.status, 200, "{path}");
    }
    for kind in ["Task", "ServiceRequest", "Consent"] {
        let page = gateway.housing.get(&format!("/fhir/{kind}")).await.expect(200);
        assert_eq!(page["total"], 0, "{kind}");
    }
    // Nor does the team learn that somebody else was asked.
    let page = gateway.cmht.get("/fhir/Consent").await.expect(200);
    assert_eq!(page["total"], 1);
    assert!(!page.to_string().contains(HOUSING));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_page_is_its_own_callers_and_cannot_be_changed() {
    let gateway = Gateway::start().await;
    for index in 0..3 {
        gateway.submit(&format!("k-{index}"), &Assessment::of(&Person::new(index)).only_to(&[CMHT])).await;
    }
    gateway.cmht_server.wait_for(3).await;
    gateway.settle().await;
    let page = gateway.cmht.get("/fhir/Task?_count=1").await.expect(200);
    let next = link(&gateway, &page, "next").unwrap();
    assert_eq!(matches(&gateway.cmht.get(&next).await.expect(200)).len(), 1);
    for stranger in [&gateway.housing, &gateway.ld] {
        assert_eq!(stranger.get(&next).await.status, 400);
    }
    let (path, token) = next.split_once("_page=").unwrap();
    assert!(!token.contains('%') && !token.contains('|'), "a link carries nothing in the clear");
    let mut changed = token.to_owned();
    let at = changed.len() / 2;
    let other = if changed.as_bytes()[at] == b'A' { "B" } else { "A" };
    changed.replace_range(at..=at, other);
    for wrong in [
        format!("{path}_page={changed}"),
        format!("{path}_page=x"),
        format!("{path}_page="),
        format!("{next}&status=accepted"),
        next.replace("/Task?", "/ServiceRequest?"),
    ] {
        assert_eq!(gateway.cmht.get(&wrong).await.status, 400, "{wrong}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_there_is_nothing_does_not_come_early() {
    let gateway = Gateway::start().await;
    let id = with_words(&gateway).await;
    let least = std::time::Duration::from_millis(NOTHING_HERE_AFTER_MILLISECONDS);
    for path in [
        format!("/fhir/Task/{id}"),
        format!("/referrals/{id}"),
        String::from("/fhir/Task/0198c0de-0000-7000-8000-0000000000f1"),
        String::from("/messageexchange/nobody/inbox"),
        String::from("/nowhere"),
    ] {
        let watch = Stopwatch::start();
        assert_eq!(gateway.housing.get(&path).await.status, 404, "{path}");
        assert!(watch.left_of(least).is_zero(), "{path}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_anothers_record_leaves_an_entry_for_its_sender() {
    let gateway = Gateway::start().await;
    let id = with_words(&gateway).await;
    assert_eq!(gateway.housing.get(&format!("/fhir/Task/{id}")).await.status, 404);
    assert_eq!(gateway.housing.get(&format!("/fhir/Task?_id={id}")).await.status, 200);
    let path = format!("/fhir/AuditEvent?entity=Task/{id}&agent=housing-test&outcome=8");
    gateway.settle().await;
    let page = gateway.ld.get(&path).await.expect(200);
    assert_eq!(matches(&page).len(), 2, "{page:#}");
    assert_eq!(matches(&page)[0]["agent"][0]["who"]["reference"], "Organization/housing-test");
    // To the one that was refused the log says as little as the refusal did.
    let own = gateway.housing.get("/fhir/AuditEvent?_count=100").await.expect(200);
    assert!(!own.to_string().contains(&id), "{own:#}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_look_at_anothers_record_is_on_record_whatever_the_way() {
    let gateway = Gateway::start().await;
    let answer = gateway.submit("k-1", &Assessment::of(&Person::new(0)).only_to(&[CMHT, HOUSING])).await;
    let of = |list: &str, name: &str| answer[list][0][name].as_str().unwrap().to_owned();
    gateway.cmht_server.wait_for(1).await;
    gateway.settle().await;
    let listed = gateway.housing.get("/messageexchange/housing-test/inbox").await.expect(200);
    let message = listed["messages"][0].as_str().unwrap().to_owned();
    let events = gateway.ld.get("/fhir/AuditEvent?_count=1").await.expect(200);
    let event = matches(&events)[0]["id"].as_str().unwrap().to_owned();
    gateway.settle().await;

    let (task, consent) = (of("referrals", "referral_id"), of("consents", "consent_id"));
    let stranger = &gateway.probation;
    let get = |path: String| Ask::get(&path);
    let fhir = |method: &str, path: &str, body: &str| {
        let ask = if method == "PUT" { Ask::put(path) } else { Ask::post(path) };
        ask.header("if-match", "W/\"1\"").bytes("application/fhir+json", body.to_owned())
    };
    let looks = [
        ("referral", get(format!("/referrals/{task}"))),
        ("referral", get(format!("/referrals/{task}/audit"))),
        ("referral", get(format!("/referrals/{task}/actions"))),
        ("referral", fhir_free(&format!("/referrals/{task}/actions/accept"))),
        ("ServiceRequest", get(format!("/fhir/ServiceRequest/{task}"))),
        ("Communication", get(format!("/fhir/Communication/{task}.1"))),
        ("Consent", get(format!("/fhir/Consent/{consent}"))),
        ("Consent", get(format!("/fhir/Consent/{consent}/_history/1"))),
        ("Consent", get(format!("/fhir/Consent?_id={consent}"))),
        ("AuditEvent", get(format!("/fhir/AuditEvent/{event}"))),
        ("sheet", get(format!("/justice/sheets/{message}"))),
        ("document", get(format!("/documents/{message}"))),
        ("mailbox", get(String::from("/messageexchange/housing-test/inbox"))),
        ("mailbox", get(format!("/messageexchange/housing-test/inbox/{message}"))),
        ("mailbox", get(format!("/messageexchange/probation-test/inbox/{message}"))),
        (
            "mailbox",
            Ask::put(&format!("/messageexchange/probation-test/inbox/{message}/status/acknowledged")),
        ),
        ("Consent", fhir("POST", &format!("/fhir/Consent/{consent}/$revoke"), "{}")),
    ];
    let mut wanted: Vec<&str> = Vec::new();
    for (what, ask) in looks {
        let status = stranger.ask(ask).await.status;
        // Who may not write consents at all is told so before anything is looked for.
        if status == 403 {
            continue;
        }
        assert!(matches!(status, 404 | 200), "{what}: {status}");
        wanted.push(what);
    }
    wanted.sort_unstable();
    assert!(wanted.len() >= 14, "{wanted:?}");
    gateway.settle().await;
    let mut found = gateway.books().refused_looks("probation-test");
    found.sort_unstable();
    assert_eq!(found, wanted);
    // A look at nothing is written down as one, so that it costs as much.
    stranger.get("/referrals/0198c0de-0000-7000-8000-0000000000f1").await;
    stranger.get("/messageexchange/nobody/inbox").await;
    gateway.settle().await;
    assert_eq!(gateway.books().refused_looks("probation-test").len(), wanted.len());
    gateway.finish().await;
}

fn fhir_free(path: &str) -> Ask {
    Ask::post(path).header("if-match", "W/\"1\"").bytes("application/json", "{}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_the_scope_reads_nothing() {
    let gateway = Gateway::start().await;
    let id = with_words(&gateway).await;
    let form = "grant_type=client_credentials&client_id=cmht-test&scope=system/Task.rs";
    let ask = Ask::post("/oauth/token").bytes("application/x-www-form-urlencoded", form);
    let granted = gateway.cmht.with_token(None).ask(ask).await.expect(200);
    let narrow = gateway.cmht.with_token(granted["access_token"].as_str());
    assert_eq!(narrow.get(&format!("/fhir/Task/{id}")).await.status, 200);
    assert_eq!(narrow.get(&format!("/fhir/ServiceRequest/{id}")).await.status, 403);
    let page =
        narrow.get(&format!("/fhir/Task?_id={id}&_include=Task:focus&_include=Task:owner")).await.expect(200);
    assert_eq!(page["entry"].as_array().unwrap().len(), 1, "what may not be read does not come along");
    gateway.finish().await;
}
