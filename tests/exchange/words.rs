//! What the two sides say to each other about a referral: who may read which words, and when.

use keyway::exchange::{
    refusal::Refused,
    rest::{COMMUNICATION, Terms},
};
use serde_json::json;

use crate::harness::{Rig, Scripted, assessment, consent_id, id, json, to};

/// A referral that probation has, and its id.
async fn delivered(rig: &Rig) -> (serde_json::Value, String) {
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    (answer, referral)
}

async fn seen_by(rig: &Rig, who: &str, referral: &str) -> serde_json::Value {
    json(&rig.exchange.read_referral(&rig.caller(who), referral).await.unwrap())
}

async fn refused(
    rig: &Rig,
    who: &str,
    referral: &str,
    action: &str,
    words: serde_json::Value,
) -> (Refused, String) {
    let caller = rig.caller(who);
    let version = rig.exchange.read_referral(&caller, referral).await.unwrap().version;
    let body = words.to_string();
    let refusal = rig.exchange.act(&caller, referral, action, version, body.as_bytes()).await.unwrap_err();
    (refusal.class, refusal.issues[0].path.clone())
}

#[tokio::test]
async fn words_supplied_go_under_consent_are_on_record_and_end_with_it() {
    let rig = Rig::new().await;
    let (answer, referral) = delivered(&rig).await;
    rig.act("probation-harbour", &referral, "request-information", json!({"comment": "Which days?"})).await;
    let empty = refused(&rig, "ld-harbour", &referral, "supply-information", json!({})).await;
    assert_eq!(empty, (Refused::Unprocessable, String::from("/comment")));
    rig.act("ld-harbour", &referral, "supply-information", json!({"comment": "Weekdays."})).await;
    let seen = seen_by(&rig, "probation-harbour", &referral).await;
    assert!(seen["comments"].to_string().contains("Weekdays."));
    let disclosed = rig.audit().await.iter().filter(|kind| *kind == "disclosed").count();
    assert_eq!(disclosed, 2, "what was supplied is a disclosure of its own");

    rig.act("probation-harbour", &referral, "request-information", json!({"comment": "And then?"})).await;
    rig.revoke(&consent_id(&answer, "probation-harbour")).await;
    let seen = seen_by(&rig, "probation-harbour", &referral).await;
    assert!(seen.get("comments").is_none() && seen.get("comment").is_none(), "{seen}");
}

#[tokio::test]
async fn no_words_go_once_consent_has_run_out() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["probation-harbour"]);
    wanted["consents"][0]["valid_until"] = "2026-11-23T12:00:00Z".into();
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    rig.act("probation-harbour", &referral, "request-information", json!({"comment": "Which days?"})).await;
    rig.clock.advance_seconds(3 * 3600);
    let words = json!({"comment": "Weekdays."});
    let answer = refused(&rig, "ld-harbour", &referral, "supply-information", words).await;
    assert_eq!(answer, (Refused::Forbidden, String::from("/comment")));
}

#[tokio::test]
async fn the_senders_reason_and_words_of_withdrawal_stay_with_the_sender() {
    let rig = Rig::new().await;
    let (_, referral) = delivered(&rig).await;
    let words = json!({"reason": "client-died", "comment": "Found in the morning."});
    rig.act("ld-harbour", &referral, "withdraw", words).await;
    let seen = seen_by(&rig, "probation-harbour", &referral).await.to_string();
    assert!(!seen.contains("client-died") && !seen.contains("Found"), "{seen}");
    assert!(seen_by(&rig, "ld-harbour", &referral).await.to_string().contains("Found in the morning."));
}

#[tokio::test]
async fn an_appointment_has_a_time_to_come() {
    let rig = Rig::new().await;
    let (_, referral) = delivered(&rig).await;
    for words in [json!({}), json!({"appointment": {"start": "2020-11-30T10:00:00Z"}})] {
        let (class, path) = refused(&rig, "probation-harbour", &referral, "book-appointment", words).await;
        assert_eq!((class, path.as_str()), (Refused::Unprocessable, "/appointment/start"));
    }
}

#[tokio::test]
async fn what_was_declined_unread_is_not_collected_any_more() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["housing-harbour"]), "k1").await.unwrap();
    let item = rig.first_item("housing-harbour").await;
    let referral = id(to(&answer, "housing-harbour"), "referral_id");
    rig.act("housing-harbour", &referral, "decline", json!({"reason": "out-of-area"})).await;
    let housing = rig.caller("housing-harbour");
    let gone = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap_err();
    assert_eq!(gone.class, Refused::Gone);
}

#[tokio::test]
async fn the_words_of_a_recalls_answer_are_kept_for_who_asked() {
    let rig = Rig::new().await;
    let (answer, referral) = delivered(&rig).await;
    rig.revoke(&consent_id(&answer, "probation-harbour")).await;
    let words = json!({"answer": "kept-other-basis", "comment": "An order of the court."});
    rig.act("probation-harbour", &referral, "answer-recall", words).await;
    assert!(rig.referral(&referral).await.to_string().contains("An order of the court."));
}

#[tokio::test]
async fn an_emergency_does_not_wait_behind_what_was_set_aside() {
    use keyway::exchange::ports::AttemptClass;
    let rig = Rig::new().await;
    rig.submit(&assessment(&["custody-northgate"]), "k1").await.unwrap();
    let refuses = Scripted::new(|_| crate::harness::outcome(AttemptClass::Permanent, "http-400"));
    rig.deliver_all(&refuses).await;
    let mut urgent = assessment(&["custody-northgate"]);
    urgent["referrals"][0]["urgency"] = "emergency".into();
    rig.submit(&urgent, "k2").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
}

#[tokio::test]
async fn a_sheet_says_that_risk_was_not_stated_rather_than_nothing() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["custody-northgate"]);
    wanted.as_object_mut().unwrap().remove("risk");
    rig.submit(&wanted, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let sheet = courier.carried.lock().unwrap()[0].message_id.to_string();
    let sheet = rig.exchange.collect_sheet(&rig.caller("custody-northgate"), &sheet).await.unwrap();
    assert_eq!(json(&sheet)["riskToSelf"]["level"], "not-stated");
}

#[tokio::test]
async fn words_that_were_supplied_are_not_shown_once_consent_has_run_out() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["probation-harbour"]);
    wanted["consents"][0]["valid_until"] = "2026-11-23T12:00:00Z".into();
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    rig.act("probation-harbour", &referral, "request-information", json!({"comment": "Which days?"})).await;
    rig.act("ld-harbour", &referral, "supply-information", json!({"comment": "Weekdays."})).await;
    let (kind, supplied, asked) = (&COMMUNICATION, format!("{referral}.2"), format!("{referral}.1"));
    let read = async |who: &str, id: &str| {
        let caller = rig.caller(who);
        rig.exchange
            .read_resource(&caller, kind, id, None)
            .await
            .map(|answer| json(&answer)["payload"].clone())
    };
    let listed = async || {
        let caller = rig.caller("probation-harbour");
        let found = rig.exchange.search_resources(&caller, kind, &[], true, false).await.unwrap();
        json(&found)["entry"].as_array().map_or(0, Vec::len)
    };
    let decisions = async || rig.audit().await.iter().filter(|kind| *kind == "decided").count();
    let before = decisions().await;
    assert_eq!(read("probation-harbour", &supplied).await.unwrap(), json!([{"contentString": "Weekdays."}]));
    assert_eq!(decisions().await, before + 1, "the look was decided");
    assert_eq!(listed().await, 2);
    assert!(seen_by(&rig, "probation-harbour", &referral).await.to_string().contains("Weekdays."));

    rig.clock.advance_seconds(3 * 3600);
    let before = decisions().await;
    assert_eq!(read("probation-harbour", &supplied).await.unwrap_err().class, Refused::Gone);
    assert_eq!(decisions().await, before + 1, "and so was the refusal");
    assert_eq!(listed().await, 1, "its own question is still there");
    assert!(read("probation-harbour", &asked).await.is_ok());
    let seen = seen_by(&rig, "probation-harbour", &referral).await.to_string();
    assert!(seen.contains("Which days?") && !seen.contains("Weekdays."), "{seen}");
    assert!(read("ld-harbour", &supplied).await.is_ok(), "to its sender they are there");
    assert_eq!(rig.referral(&referral).await["state"], "delivered", "and nothing was taken back");
}

#[tokio::test]
async fn a_repeat_is_told_that_it_was_taken_and_shown_only_what_may_still_be_seen() {
    let rig = Rig::new().await;
    let (answer, referral) = delivered(&rig).await;
    let mut probation = rig.caller("probation-harbour");
    probation.scopes = vec![String::from("system/Communication.c"), String::from("system/Communication.rs")];
    let kind = json!({"coding": [{
        "system": "https://keyway.example/fhir/CodeSystem/communication-kind", "code": "question"}]});
    let question = json!({
        "resourceType": "Communication", "status": "completed",
        "about": [{"reference": format!("Task/{referral}")}],
        "category": [kind],
        "payload": [{"contentString": "Which days?"}],
    })
    .to_string();
    let terms = Terms { idempotency_key: Some(String::from("q-1")), ..Terms::default() };
    let ask = async || {
        rig.exchange.create_resource(&probation, &COMMUNICATION, &terms, question.as_bytes()).await.unwrap()
    };
    let first = ask().await;
    let again = ask().await;
    assert_eq!((again.status, again.repeated, &again.location), (201, true, &first.location));
    assert_eq!(json(&again), json(&first));
    rig.revoke(&consent_id(&answer, "probation-harbour")).await;
    let late = ask().await;
    assert_eq!((late.status, late.body.len(), &late.location), (201, 0, &first.location));
}

#[tokio::test]
async fn to_write_a_resource_is_not_to_read_it() {
    let rig = Rig::new().await;
    let (_, referral) = delivered(&rig).await;
    rig.act("probation-harbour", &referral, "request-information", json!({"comment": "Which days?"})).await;
    rig.act("ld-harbour", &referral, "supply-information", json!({"comment": "Weekdays."})).await;
    let mut probation = rig.caller("probation-harbour");
    let question = json!({
        "resourceType": "Communication", "status": "completed",
        "about": [{"reference": format!("Task/{referral}")}],
        "category": [{"coding": [{
            "system": "https://keyway.example/fhir/CodeSystem/communication-kind", "code": "question"}]}],
        "payload": [{"contentString": "Which days?"}],
    })
    .to_string();
    let what_the_sender_said = Terms {
        if_none_exist: Some(vec![
            (String::from("about"), format!("Task/{referral}")),
            (String::from("sender"), String::from("ld-harbour")),
        ]),
        ..Terms::default()
    };
    for (scopes, reads) in [
        (vec!["system/Communication.c"], false),
        (vec!["system/Communication.c", "system/Communication.rs"], true),
    ] {
        probation.scopes = scopes.into_iter().map(str::to_owned).collect();
        let there = rig
            .exchange
            .create_resource(&probation, &COMMUNICATION, &what_the_sender_said, question.as_bytes())
            .await
            .unwrap();
        assert_eq!((there.status, !there.body.is_empty()), (200, reads));
        assert_eq!(there.version.is_some() || !there.headers.is_empty(), reads);
    }
    probation.scopes.truncate(1);
    let terms = Terms::default();
    let made =
        rig.exchange.create_resource(&probation, &COMMUNICATION, &terms, question.as_bytes()).await.unwrap();
    assert_eq!((made.status, made.body.len()), (201, 0), "nor what it made itself");
    assert!(made.location.is_some());
}

/// Nothing is booked any more: the referral waits again, and what was booked is shown as called off.
#[tokio::test]
async fn an_appointment_that_is_called_off_is_no_longer_one_to_come() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    let book = |start: &str| json!({"appointment": {"start": start, "end": "2026-12-01T11:00:00Z", "place": "Room 4"}});
    let (first, second) = ("2026-12-01T10:00:00Z", "2026-12-01T10:30:00Z");
    rig.act("probation-harbour", &referral, "book-appointment", book(first)).await;
    rig.act("probation-harbour", &referral, "book-appointment", book(second)).await;
    // What comes late does not call off what was booked since.
    let late = json!({"appointment": {"start": first}});
    let (class, path) = refused(&rig, "probation-harbour", &referral, "cancel-appointment", late).await;
    assert_eq!((class, path.as_str()), (Refused::Unprocessable, "/appointment/start"));
    let off =
        json!({"appointment": {"start": "2026-12-01T10:30:00+00:00"}, "comment": "The office is closed."});
    rig.act("probation-harbour", &referral, "cancel-appointment", off).await;
    let seen = rig.referral(&referral).await;
    assert_eq!(
        (&seen["state"], &seen["business_status"]),
        (&json!("accepted"), &json!("appointment-cancelled"))
    );
    let shown = &seen["appointment"];
    assert_eq!(
        (&shown["start"], &shown["end"], &shown["place"]),
        (&json!(second), &json!("2026-12-01T11:00:00Z"), &json!("Room 4"))
    );
    assert_eq!(shown["cancelled"], true);
    rig.act("probation-harbour", &referral, "book-appointment", book(first)).await;
    let seen = rig.referral(&referral).await;
    assert_eq!((&seen["state"], &seen["appointment"]["cancelled"]), (&json!("scheduled"), &json!(null)));

    // Work that has begun goes on. Nobody has missed what was called off, and it is called off once.
    rig.act("probation-harbour", &referral, "start", json!({})).await;
    rig.act("probation-harbour", &referral, "cancel-appointment", json!({})).await;
    let seen = rig.referral(&referral).await;
    assert_eq!((&seen["state"], &seen["appointment"]["cancelled"]), (&json!("in-progress"), &json!(true)));
    rig.clock.advance_seconds(86_400 * 14);
    let (class, _) = refused(&rig, "probation-harbour", &referral, "did-not-attend", json!({})).await;
    assert_eq!(class, Refused::Conflict);
    let (class, _) = refused(&rig, "probation-harbour", &referral, "cancel-appointment", json!({})).await;
    assert_eq!(class, Refused::Unprocessable);
}
