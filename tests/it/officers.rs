//! Information governance officers who ask over HTTP, and agencies that try to.

use keyway::directory::PartnerStatus;
use serde_json::{Value, json};

use crate::harness::{Ask, Assessment, CUSTODY, Caller, Gateway, HOUSING, Person, Reply};

/// Two agencies were told of somebody, one of them without consent.
async fn told(gateway: &Gateway) -> (String, String) {
    let wanted = Assessment::of(&Person::new(0))
        .only_to(&[CUSTODY, HOUSING])
        .refused_by_person(CUSTODY)
        .at_imminent_risk(CUSTODY);
    let answer = gateway.submit("k-1", &wanted).await;
    let of = |who: &str| {
        let all = answer["referrals"].as_array().unwrap();
        all.iter().find(|one| one["recipient"] == who).unwrap()["referral_id"].as_str().unwrap().to_owned()
    };
    gateway.custody_server.wait_for(1).await;
    gateway.settle().await;
    (of(CUSTODY), of(HOUSING))
}

/// Every question, with what it needs.
fn questions(referral: &str, person: &str, consent: &str) -> Vec<Ask> {
    let paths = [
        format!("/ig/why?referral={referral}"),
        format!("/ig/relied-on?consent={consent}"),
        String::from("/ig/recalls?open=true"),
        String::from("/ig/overrides?unreviewed=true"),
        String::from("/ig/flows"),
        String::from("/ig/flows?format=csv"),
        String::from("/ig/flows?format=markdown"),
        String::from("/ig/looks?since=2026-01-01T00:00:00Z"),
        format!("/ig/explain?person={person}&recipient={HOUSING}&what-if=revoke:{consent}"),
    ];
    let mut all: Vec<Ask> = paths.iter().map(|path| Ask::get(path)).collect();
    all.push(Ask::post("/ig/who-saw").json(&json!({"person_id": person})));
    all
}

async fn known(gateway: &Gateway, officer: &impl Caller, referral: &str) -> (String, String) {
    let why = officer.get(&format!("/ig/why?referral={referral}")).await.expect(200);
    let consent =
        gateway.books().texts("SELECT consent_id FROM consent WHERE recipient_id LIKE 'housing%'").remove(0);
    (why["person_id"].as_str().unwrap().to_owned(), consent)
}

/// The words of a refusal.
fn class(reply: &Reply) -> (u16, Value) {
    (reply.status, reply.json()["code"].clone())
}

fn looks_in_log(gateway: &Gateway) -> i64 {
    gateway.books().count("SELECT COUNT(*) FROM audit_entry WHERE kind = 'looked-up'")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_asks_over_http_and_each_question_is_on_record_under_their_name() {
    let gateway = Gateway::start().await;
    let (custody, housing) = told(&gateway).await;
    let officer = gateway.officer("ana.silva").await;
    let (person, consent) = known(&gateway, &officer, &housing).await;
    for ask in questions(&housing, &person, &consent) {
        let before = looks_in_log(&gateway);
        let reply = officer.ask(ask.clone()).await;
        assert_eq!(reply.status, 200, "{ask:?}: {}", reply.text());
        assert_eq!(looks_in_log(&gateway), before + 1, "{ask:?}");
        for word in crate::harness::people::forbidden_words() {
            assert!(!reply.text().contains(&word), "{ask:?} says {word}");
        }
    }
    let number = json!({"nhs_number": Person::new(0).nhs_number});
    let seen = officer.ask(Ask::post("/ig/who-saw").json(&number)).await.expect(200);
    assert_eq!(seen["people"], json!([person]));
    assert!(seen["seen"].as_array().unwrap().iter().any(|row| row["who"] == "officer:ana.silva"), "{seen}");
    let csv = officer.get("/ig/flows?format=csv").await;
    assert!(csv.headers["content-type"].starts_with("text/csv"), "{:?}", csv.headers);
    assert!(csv.text().starts_with("\"agreement\",\"version\",\"recipient\""), "{}", csv.text());
    assert!(officer.get("/ig/flows?format=markdown").await.text().contains("| agreement | version |"));

    // The review is the second person's: not of whoever decided, and once.
    let review = |reviewer: &str| {
        let body = json!({"outcome": "upheld", "reason": "The minimum was sent", "reviewer": reviewer});
        Ask::post(&format!("/ig/overrides/{custody}/review")).json(&body)
    };
    assert_eq!(officer.ask(review("Imogen Fenwick-Adeyemi")).await.status, 422);
    let done = officer.ask(review("Ana Silva")).await.expect(200);
    assert_eq!(done["outcome"], "upheld");
    assert_eq!(officer.ask(review("Ana Silva")).await.status, 409);
    let waiting = officer.get("/ig/overrides?unreviewed=true").await.expect(200);
    assert_eq!(waiting["overrides"], json!([]));

    let looks = officer.get("/ig/looks").await.expect(200);
    let actors: Vec<&Value> = looks["looks"].as_array().unwrap().iter().map(|look| &look["actor"]).collect();
    assert!(actors.iter().all(|actor| **actor == "officer:ana.silva"), "{actors:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_agency_asks_an_officers_question_and_its_try_is_in_the_log() {
    let gateway = Gateway::start().await;
    let (_, housing) = told(&gateway).await;
    let officer = gateway.officer("ana.silva").await;
    let (person, consent) = known(&gateway, &officer, &housing).await;
    let before = looks_in_log(&gateway);
    for (agency, id) in [(&gateway.ld, "ld"), (&gateway.housing, HOUSING)] {
        for ask in questions(&housing, &person, &consent) {
            let reply = agency.ask(ask.clone()).await;
            assert_eq!(class(&reply), (403, json!("SEND_FORBIDDEN")), "{id} {ask:?}");
        }
        let asked = format!("grant_type=client_credentials&client_id={}&scope=keyway/ig.r", agency.id);
        let form = Ask::post("/oauth/token").bytes("application/x-www-form-urlencoded", asked);
        assert_eq!(agency.ask(form).await.json()["error"], "invalid_scope");
    }
    assert_eq!(looks_in_log(&gateway), before, "what was refused was not looked up");
    let refused = format!(
        "SELECT COUNT(*) FROM audit_entry WHERE kind = 'access-refused' AND partner_id = '{HOUSING}' \
         AND instr(hex(leaf), hex('scope-missing')) > 0"
    );
    assert_eq!(gateway.books().count(&refused), 10);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_is_no_agency_and_is_let_in_no_more_once_suspended() {
    let gateway = Gateway::start().await;
    let (_, housing) = told(&gateway).await;
    let officer = gateway.officer("ana.silva").await;
    for path in [
        format!("/referrals/{housing}"),
        format!("/fhir/Task/{housing}"),
        String::from("/fhir/AuditEvent"),
        String::from("/log/checkpoint"),
        String::from("/messageexchange/housing-harbour/inbox"),
    ] {
        assert_eq!(officer.get(&path).await.status, 403, "{path}");
    }
    let tried = "SELECT COUNT(*) FROM audit_entry WHERE kind = 'access-refused' \
                 AND instr(hex(leaf), hex('officer:ana.silva')) > 0";
    assert_eq!(gateway.books().count(tried), 5);
    // Another certificate than theirs, and their name by another's key.
    let other = gateway.officer("sam.okafor").await;
    let token = officer.token().await;
    assert_eq!(other.with_token(token.as_deref()).get("/ig/recalls").await.status, 401);
    gateway.let_in("ana.silva", None, PartnerStatus::Suspended).await;
    assert_eq!(officer.get("/ig/recalls").await.status, 403);
    assert_eq!(officer.fresh_token().await.json()["error"], "unauthorized_client");
    gateway.let_in("ana.silva", None, PartnerStatus::Active).await;
    assert_eq!(officer.get("/ig/recalls").await.status, 200);
    let changed = "SELECT COUNT(*) FROM audit_entry WHERE kind = 'directory-changed' \
                   AND instr(hex(leaf), hex('operator:operator')) > 0";
    assert_eq!(gateway.books().count(changed), 4);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_question_is_told_by_its_place_and_what_is_not_there_is_on_record() {
    let gateway = Gateway::start().await;
    let officer = gateway.officer("ana.silva").await;
    for (path, place) in [
        ("/ig/why", "query"),
        ("/ig/why?referral=a&disclosure=b", "query"),
        ("/ig/relied-on", "consent"),
        ("/ig/relied-on?consent=CANARY%20x", "consent"),
        ("/ig/recalls?open=CANARY", "open"),
        ("/ig/flows?format=xml", "format"),
        ("/ig/looks?since=CANARY", "since"),
        ("/ig/explain?recipient=housing-harbour", "person"),
        ("/ig/explain?person=a&recipient=housing-harbour&what-if=CANARY", "what-if"),
        ("/ig/recalls?nhs_number=9990000018", "query"),
    ] {
        let reply = officer.get(path).await;
        assert_eq!((reply.status, &reply.json()["issues"][0]["path"]), (400, &json!(place)), "{path}");
    }
    let before = looks_in_log(&gateway);
    for path in ["/ig/why?referral=nothing", "/ig/relied-on?consent=nothing"] {
        assert_eq!(officer.get(path).await.status, 404, "{path}");
    }
    assert_eq!(looks_in_log(&gateway), before + 2);
    gateway.finish().await;
}
