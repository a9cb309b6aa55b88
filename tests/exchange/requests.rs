//! Requests to the liaison and diversion service: each kind as its fixture has it, who may ask it and where, until when
//! an answer is awaited, and what the asker is told.

use keyway::{
    clock::Clock,
    directory::{AgencyKind, Channel},
    exchange::{
        MailboxSend,
        caller::Caller,
        ports::{Store, Write},
        refusal::{Refusal, Refused},
        request::Door,
        rest,
    },
    ids::ReferralId,
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{of, referral, send},
    harness::{Rig, Scripted, agreement, json, partner, site, slug},
};

/// Agencies beside those of the harness.
const OTHERS: [(&str, AgencyKind); 4] = [
    ("yjs-harbour", AgencyKind::YouthJustice),
    ("veterans-harbour", AgencyKind::Voluntary),
    ("adults-harbour", AgencyKind::SocialCare),
    ("prison-harbour", AgencyKind::Prison),
];

/// Each kind's fixture: who asks, where, and until when an answer is awaited by 10:00 on 23 November 2026.
const KINDS: [(&str, &str, Door, &str); 11] = [
    ("screening", "custody-northgate", Door::Justice, "2026-11-25T10:00:00.000Z"),
    ("assessment", "probation-harbour", Door::Justice, "2026-12-01T17:00:00.000Z"),
    ("welfare-check", "custody-northgate", Door::Justice, "2026-11-23T14:00:00.000Z"),
    ("out-of-court-view", "custody-northgate", Door::Justice, "2026-12-07T10:00:00.000Z"),
    ("appropriate-adult-concern", "custody-northgate", Door::Justice, "2026-11-25T10:00:00.000Z"),
    ("court-report", "court-harbour", Door::Justice, "2026-12-04T08:00:00.000Z"),
    ("pre-sentence-contribution", "probation-harbour", Door::Justice, "2026-12-02T00:00:00.000Z"),
    ("treatment-requirement-view", "probation-harbour", Door::Justice, "2026-11-25T10:00:00.000Z"),
    ("concern", "housing-harbour", Door::Housing, "2026-11-25T10:00:00.000Z"),
    ("referral", "veterans-harbour", Door::Community, "2026-12-07T10:00:00.000Z"),
    ("self-referral", "ld-harbour", Door::SelfReferrals, "2026-11-25T10:00:00.000Z"),
];

fn fixture(name: &str) -> Value {
    let file = format!("{}/fixtures/requests/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{file}"))).unwrap()
}

async fn rig() -> Rig {
    let rig = Rig::new().await;
    let mut writes = Vec::new();
    for (id, kind) in OTHERS {
        writes.push(Write::Partner(partner(id, kind, Channel::Mailbox)));
        writes.push(Write::Agreement(agreement(id)));
    }
    rig.store.commit(writes, Vec::new()).await.unwrap();
    rig
}

fn caller(rig: &Rig, id: &str) -> Caller {
    match OTHERS.iter().find(|(other, _)| *other == id) {
        Some((_, kind)) => Caller { partner_id: slug(id), kind: *kind, ..rig.caller("ld-harbour") },
        None => rig.caller(id),
    }
}

async fn ask(rig: &Rig, by: &str, door: Door, key: &str, request: &Value) -> Result<Value, Refusal> {
    let body = request.to_string();
    rig.exchange.take_request(&caller(rig, by), door, key, body.as_bytes()).await.map(|a| json(&a))
}

/// What waits for the service, read and acknowledged.
async fn landed(rig: &Rig) -> Value {
    let service = rig.caller("ld-harbour");
    let item = rig.first_item("ld-harbour").await;
    let landed = json(&rig.exchange.mailbox_read(&service, "ld-harbour", &item).await.unwrap());
    rig.exchange.mailbox_acknowledge(&service, "ld-harbour", &item).await.unwrap();
    landed
}

async fn answer(rig: &Rig, to: &str, said: Value) -> Result<(), Refusal> {
    let send = MailboxSend {
        to: to.to_owned(),
        workflow: String::from("KEYWAY_SCREENING_ANSWER"),
        local_id: None,
        body: said.to_string().into_bytes(),
    };
    rig.exchange.mailbox_send(&rig.caller("ld-harbour"), "ld-harbour", send).await.map(|_| ())
}

fn refused(refusal: &Refusal) -> (Refused, Vec<&str>) {
    (refusal.class, refusal.issues.iter().map(|issue| issue.path.as_str()).collect())
}

#[tokio::test]
async fn each_kind_of_request_lands_as_it_was_sent_with_the_time_of_its_answer() {
    let rig = rig().await;
    for (kind, by, door, answer_by) in KINDS {
        let request = fixture(kind);
        let told = ask(&rig, by, door, kind, &request).await.unwrap_or_else(|r| panic!("{kind}: {r:?}"));
        assert_eq!((&told["answer_by"], &told["warnings"]), (&json!(answer_by), &json!([])), "{kind}");
        let landed = landed(&rig).await;
        assert_eq!(landed["request"], request, "{kind}");
        assert_eq!(landed["answerBy"], json!(answer_by), "{kind}");
        assert_eq!(
            (&landed["referralId"], &landed["messageId"]),
            (&told["referral_id"], &told["message_id"]),
            "{kind}"
        );
        // Whoever looks later, and wherever, reads the same.
        let id = told["referral_id"].as_str().unwrap();
        for who in [by, "ld-harbour"] {
            assert_eq!(due(&rig, who, id).await, [json!(answer_by), json!(answer_by)], "{kind} by {who}");
        }
    }
    rig.audit().await;
}

/// Until when an answer is awaited, as an agency reads it: the referral, and its Task.
async fn due(rig: &Rig, who: &str, referral: &str) -> [Value; 2] {
    let caller = caller(rig, who);
    let native = json(&rig.exchange.read_referral(&caller, referral).await.unwrap());
    let task = json(&rig.exchange.read_resource(&caller, &rest::TASK, referral, None).await.unwrap());
    [native["answer_by"].clone(), task["restriction"]["period"]["end"].clone()]
}

#[tokio::test]
async fn every_fixture_is_tried() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/requests");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let mut tried: Vec<&str> = KINDS.iter().map(|(kind, ..)| *kind).collect();
    tried.extend(WRONG.iter().map(|(name, ..)| *name));
    tried.sort_unstable();
    assert_eq!(names, tried);
}

/// What is wrong, by whom and where it is sent, and the place that is named.
const WRONG: [(&str, &str, Door, &str); 8] = [
    ("wrong-adult-concern-as-a-diagnosis", "custody-northgate", Door::Justice, "/functional_reasons/0"),
    ("wrong-concern-with-a-hearing", "housing-harbour", Door::Housing, "/hearing"),
    ("wrong-court-report-without-its-hearing", "court-harbour", Door::Justice, "/hearing"),
    ("wrong-family-that-does-not-say-who-it-is", "ld-harbour", Door::SelfReferrals, "/relation"),
    ("wrong-screening-in-the-form-of-a-report", "court-harbour", Door::Justice, "/request_type"),
    ("wrong-screening-with-an-offence", "custody-northgate", Door::Justice, "/offence"),
    (
        "wrong-self-referral-of-somebody-who-does-not-know",
        "ld-harbour",
        Door::SelfReferrals,
        "/person_informed",
    ),
    ("wrong-treatment-view-of-no-requirement", "probation-harbour", Door::Justice, "/requirement_types"),
];

#[tokio::test]
async fn a_wrong_request_is_refused_at_its_place_and_leaves_nothing() {
    let rig = rig().await;
    for (name, by, door, place) in WRONG {
        let refusal = ask(&rig, by, door, name, &fixture(name)).await.unwrap_err();
        let (class, places) = refused(&refusal);
        assert!(class == Refused::Unprocessable && places.contains(&place), "{name}: {refusal:?}");
    }
    let waiting = rig.exchange.mailbox_list(&rig.caller("ld-harbour"), "ld-harbour", 10, None).await.unwrap();
    assert_eq!(json(&waiting)["messages"], json!([]));
}

#[tokio::test]
async fn who_may_not_ask_is_told_what_and_where_it_may() {
    let rig = rig().await;
    for (kind, by, door, class, path, words) in [
        (
            "court-report",
            "custody-northgate",
            Door::Justice,
            Refused::Unprocessable,
            "/profile",
            "screening/1",
        ),
        ("screening", "housing-harbour", Door::Housing, Refused::Unprocessable, "/profile", "concern/1"),
        ("concern", "housing-harbour", Door::Justice, Refused::Forbidden, "", "POST /housing/requests"),
        ("screening", "ld-harbour", Door::Justice, Refused::Forbidden, "", "POST /self-referrals"),
        (
            "self-referral",
            "veterans-harbour",
            Door::Community,
            Refused::Unprocessable,
            "/profile",
            "referral/1",
        ),
        ("treatment-requirement-view", "yjs-harbour", Door::Justice, Refused::Unprocessable, "/profile", ""),
    ] {
        let refusal = ask(&rig, by, door, kind, &fixture(kind)).await.unwrap_err();
        assert_eq!(refused(&refusal), (class, vec![path]), "{kind} by {by}");
        assert!(refusal.issues[0].diagnostics.contains(words), "{kind} by {by}: {refusal:?}");
    }
    // Who may not use the form before may not use it by another door either.
    let mut before = fixture("screening");
    before["profile"] = json!("https://keyway.example/profiles/justice/screening-request/1");
    before.as_object_mut().unwrap().remove("request_reference");
    let refusal = ask(&rig, "housing-harbour", Door::Housing, "b", &before).await.unwrap_err();
    assert_eq!(refused(&refusal), (Refused::Unprocessable, vec!["/profile"]));
    ask(&rig, "custody-northgate", Door::Justice, "b", &before).await.unwrap();
    assert_eq!(landed(&rig).await["request"], before, "the form before is still taken");
}

#[tokio::test]
async fn a_report_is_due_before_its_hearing_and_a_hearing_that_is_over_is_refused() {
    let rig = rig().await;
    let at = |when: &str| {
        let mut request = fixture("court-report");
        request["hearing"]["at"] = json!(when);
        request
    };
    let told = ask(&rig, "court-harbour", Door::Justice, "1", &at("2026-11-23T11:30:00Z")).await.unwrap();
    assert_eq!(told["answer_by"], json!("2026-11-23T10:00:00.000Z"));
    assert_eq!(told["warnings"][0]["path"], json!("/hearing/at"));
    assert!(told["warnings"][0]["text"].as_str().unwrap().contains("Telephone"));
    let refusal =
        ask(&rig, "court-harbour", Door::Justice, "2", &at("2026-11-23T09:59:59Z")).await.unwrap_err();
    assert_eq!(refused(&refusal), (Refused::Unprocessable, vec!["/hearing/at"]));
}

#[tokio::test]
async fn a_request_that_came_by_a_form_is_not_cut_down_by_a_message() {
    let rig = rig().await;
    let mut message = referral("court-harbour", "ld-harbour");
    let mut asked = fixture("court-report");
    asked["person"]["reference"] = json!("LD-ABCD-EFGH");
    asked["person"]["birth_date"] = of(&mut message, "Patient")["birthDate"].clone();
    let told = ask(&rig, "court-harbour", Door::Justice, "1", &asked).await.unwrap();
    let id = told["referral_id"].as_str().unwrap();
    // The same agency says it anew of the same person, by a message that has no place for a hearing.
    message["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    of(&mut message, "ServiceRequest")["id"] = json!(id);
    of(&mut message, "ServiceRequest").as_object_mut().unwrap().remove("identifier");
    let refusal = send(&rig, "court-harbour", 1, &message).await.unwrap_err();
    assert_eq!(refused(&refusal), (Refused::Unprocessable, vec!["Bundle.entry[0].resource.reason"]));
    assert!(refusal.issues[0].diagnostics.contains("hearing"), "{refusal:?}");
    assert_eq!(due(&rig, "court-harbour", id).await, [told["answer_by"].clone(), told["answer_by"].clone()]);
    assert_eq!(landed(&rig).await["answerBy"], told["answer_by"]);
    rig.audit().await;
}

#[tokio::test]
async fn the_answer_quotes_the_request_and_tells_the_outcome_only() {
    let rig = rig().await;
    let courier = Scripted::delivers();
    let told = ask(&rig, "court-harbour", Door::Justice, "1", &fixture("court-report")).await.unwrap();
    landed(&rig).await;
    rig.clock.advance_seconds(3600);
    let said = json!({
        "referral_id": told["referral_id"], "contact_outcome": "seen", "report_to_follow": true,
    });
    answer(&rig, "court-harbour", said).await.unwrap();
    rig.deliver_all(&courier).await;
    let sheet = courier.carried.lock().unwrap().pop().unwrap().message_id.to_string();
    let court = rig.caller("court-harbour");
    let sheet = json(&rig.exchange.collect_sheet(&court, &sheet).await.unwrap());
    assert_eq!(
        sheet["inReplyTo"],
        json!({
            "requestType": "court-report",
            "requestReference": "HMC-26-00981",
            "requestMessageId": told["message_id"],
            "receivedAt": "2026-11-23T10:00:00.000Z",
        })
    );
    assert_eq!((&sheet["contactOutcome"], &sheet["reportToFollow"]), (&json!("seen"), &json!(true)));
    for personal in ["Mockfield", "Liam", "2001-02-17", "99ZZ0009904", "hearing"] {
        assert!(!sheet.to_string().contains(personal), "{personal}: {sheet}");
    }
    let id = told["referral_id"].as_str().unwrap();
    assert_eq!(rig.referral(id).await["state"], "completed");
    assert_eq!(
        due(&rig, "court-harbour", id).await,
        [Value::Null, Value::Null],
        "nothing is awaited any more"
    );
    rig.audit().await;
}

#[tokio::test]
async fn only_a_court_that_asked_for_a_report_is_told_of_one() {
    let rig = rig().await;
    let told = ask(&rig, "custody-northgate", Door::Justice, "1", &fixture("screening")).await.unwrap();
    landed(&rig).await;
    let said = json!({
        "referral_id": told["referral_id"], "contact_outcome": "seen", "report_to_follow": false,
    });
    let refusal = answer(&rig, "custody-northgate", said).await.unwrap_err();
    assert_eq!(refused(&refusal), (Refused::Unprocessable, vec!["/report_to_follow"]));
    assert_eq!(rig.referral(told["referral_id"].as_str().unwrap()).await["state"], "delivered");
}

#[tokio::test]
async fn a_mailbox_gets_the_answer_as_its_letter() {
    let rig = rig().await;
    let told = ask(&rig, "housing-harbour", Door::Housing, "1", &fixture("concern")).await.unwrap();
    landed(&rig).await;
    let said = json!({"referral_id": told["referral_id"], "contact_outcome": "not-seen"});
    answer(&rig, "housing-harbour", said).await.unwrap();
    let housing = rig.caller("housing-harbour");
    let item = rig.first_item("housing-harbour").await;
    let letter = json(&rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap());
    assert_eq!(letter["inReplyTo"]["requestReference"], json!("HBC-99005/C"));
    assert_eq!(letter["contactOutcome"], json!("not-seen"));
}

#[tokio::test]
async fn who_enters_a_request_for_somebody_is_not_told_what_came_of_it() {
    let rig = rig().await;
    for by in ["veterans-harbour", "ld-harbour"] {
        let mut request = fixture("self-referral");
        request["person"]["reference"] = json!(format!("web-{by}"));
        let told = ask(&rig, by, Door::SelfReferrals, by, &request).await.unwrap();
        landed(&rig).await;
        let said = json!({"referral_id": told["referral_id"], "contact_outcome": "declined"});
        answer(&rig, by, said).await.unwrap();
        let caller = caller(&rig, by);
        let waiting = rig.exchange.mailbox_list(&caller, by, 10, None).await.unwrap();
        assert_eq!(json(&waiting)["messages"], json!([]), "{by}");
        let id = told["referral_id"].as_str().unwrap();
        let seen = json(&rig.exchange.read_referral(&caller, id).await.unwrap());
        assert_eq!((&seen["state"], &seen["reason"]), (&json!("completed"), &json!("")), "{by}");
        let log = json(&rig.exchange.read_referral_audit(&caller, id).await.unwrap());
        assert!(!log.to_string().contains("declined"), "{by}: {log}");
    }
    rig.audit().await;
}

#[tokio::test]
async fn the_service_needs_no_agreement_with_itself_and_others_do() {
    let rig = rig().await;
    for id in ["ld-harbour", "veterans-harbour"] {
        let mut ended = agreement(id);
        ended.version = 2;
        ended.valid_to = rig.clock.now();
        rig.store.commit(vec![Write::Agreement(ended)], Vec::new()).await.unwrap();
    }
    let request = fixture("self-referral");
    ask(&rig, "ld-harbour", Door::SelfReferrals, "1", &request).await.unwrap();
    landed(&rig).await;
    let refusal = ask(&rig, "veterans-harbour", Door::SelfReferrals, "1", &request).await.unwrap_err();
    assert_eq!(refused(&refusal), (Refused::Forbidden, vec![""]));
}

#[tokio::test]
async fn two_requests_about_one_person_join_one_episode() {
    let rig = rig().await;
    let mut second = fixture("welfare-check");
    second["person"] = fixture("screening")["person"].clone();
    let mut episodes = Vec::new();
    for (key, request) in [("1", fixture("screening")), ("2", second)] {
        let told = ask(&rig, "custody-northgate", Door::Justice, key, &request).await.unwrap();
        let id = ReferralId::parse(told["referral_id"].as_str().unwrap()).unwrap();
        let row = rig.store.referral(&site(), &id).await.unwrap();
        episodes.push(row.unwrap().episode_id);
    }
    assert_eq!(episodes[0], episodes[1]);
}
