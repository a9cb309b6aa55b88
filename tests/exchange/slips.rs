//! What another agency got wrong about somebody: it keeps the service from nobody, and whoever said it can correct it. And
//! what comes twice at once: it takes effect once, and is told what it is.

use std::sync::Arc;

use keyway::exchange::refusal::Refused;
use serde_json::{Value, json};

use crate::{
    fhir_in::{cancelled, code, of, referral, send, service_request},
    harness::{Rig, Scripted, assessment, id, json as body, to},
    strangers::{landed, pseudonym, told},
};

const NUMBER: &str = "9990000026";
const OTHER: &str = "9990000034";
const RIGHT: &str = "1980-02-03";
const WRONG: &str = "1980-03-02";

/// An assessment of the service's own.
fn own(recipient: &str, reference: &str, number: Option<&str>, date: &str) -> Value {
    let mut own = assessment(&[recipient]);
    own["person"]["reference"] = json!(reference);
    own["person"]["birth_date"] = json!(date);
    match number {
        Some(number) => own["person"]["nhs_number"]["value"] = json!(number),
        None => drop(own["person"].as_object_mut().unwrap().remove("nhs_number")),
    }
    own
}

/// The sender says a referral anew.
fn anew(n: u32, number: &str, date: &str) -> Value {
    let mut anew = told(n, "team-1", number, Some(date));
    of(&mut anew, "ServiceRequest")["identifier"] = json!([{"system": "urn:sender", "value": "SR-1"}]);
    anew["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!("update");
    anew
}

#[tokio::test]
async fn a_slip_of_another_agency_keeps_the_service_from_nobody_also_tonight() {
    let rig = Rig::new().await;
    let message = told(1, "team-1", NUMBER, Some(WRONG));
    let taken = body(&send(&rig, "cmht-riverside", 1, &message).await.unwrap());
    let theirs = pseudonym(&rig, "cmht-riverside", &service_request(&taken)).await;

    let mut tonight = own("custody-northgate", "ld-1", Some(NUMBER), RIGHT);
    tonight["consents"][0]["decision"] = "decline".into();
    tonight["risk"]["to_self"]["imminent"] = true.into();
    tonight["risk"]["to_self"]["current"] = "yes".into();
    tonight["overrides"] = json!([{
        "recipient": "custody-northgate",
        "reason": "RISK-TO-LIFE-SELF",
        "practitioner": "Practitioner on duty",
        "justification": "Said what they will do tonight."
    }]);
    let first = rig.submit(&tonight, "k1").await.unwrap();
    assert_eq!(to(&first, "custody-northgate")["reason"], "override-risk-to-life");
    assert!(first["warnings"].to_string().contains("Another agency told of somebody with this NHS number"));

    // The number is the service's person's from now on, under any reference; nobody is joined.
    let later = own("cmht-riverside", "ld-2", Some(NUMBER), RIGHT);
    let later = rig.submit(&later, "k2").await.unwrap();
    assert_eq!(later["person"], first["person"]);
    let case = pseudonym(&rig, "cmht-riverside", &id(to(&later, "cmht-riverside"), "referral_id")).await;
    assert_ne!(case, theirs, "two people until somebody has looked");
    // What the service said itself still binds it.
    let slip = own("court-harbour", "ld-1", Some(NUMBER), WRONG);
    let refused = rig.submit(&slip, "k3").await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "conflict"));
    rig.audit().await;
}

#[tokio::test]
async fn whoever_was_known_without_a_number_gets_it_though_another_agency_said_it_first() {
    let rig = Rig::new().await;
    let first = rig.submit(&own("court-harbour", "ld-1", None, RIGHT), "k1").await.unwrap();
    let message = told(1, "team-1", NUMBER, Some(RIGHT));
    send(&rig, "cmht-riverside", 1, &message).await.unwrap();
    let numbered = own("court-harbour", "ld-1", Some(NUMBER), RIGHT);
    let again = rig.submit(&numbered, "k2").await.unwrap();
    assert_eq!(again["person"], first["person"]);
    assert!(again["warnings"].to_string().contains("Another agency told of somebody"));
    let by_number = own("court-harbour", "ld-9", Some(NUMBER), RIGHT);
    assert_eq!(rig.submit(&by_number, "k3").await.unwrap()["person"], first["person"]);

    // Two whom the service told of itself are two.
    rig.submit(&own("court-harbour", "ld-3", Some(OTHER), RIGHT), "k4").await.unwrap();
    let both = own("court-harbour", "ld-3", Some(NUMBER), RIGHT);
    assert_eq!(
        code(&rig.submit(&both, "k5").await.unwrap_err()),
        (Refused::Unprocessable, "multiple-matches")
    );
    rig.audit().await;
}

#[tokio::test]
async fn whoever_told_of_somebody_corrects_it_where_it_was_said_or_takes_it_back() {
    let rig = Rig::new().await;
    let first = told(1, "team-1", OTHER, Some(WRONG));
    let taken = body(&send(&rig, "cmht-riverside", 1, &first).await.unwrap());
    let named = pseudonym(&rig, "cmht-riverside", &service_request(&taken)).await;
    drop(landed(&rig).await);
    // Another referral is no correction: the reference may be somebody else's.
    let another = told(2, "team-1", OTHER, Some(RIGHT));
    let refused = send(&rig, "cmht-riverside", 2, &another).await.unwrap_err();
    assert_eq!(code(&refused), (Refused::Unprocessable, "conflict"));
    assert!(refused.issues[0].diagnostics.contains("`update`"));

    send(&rig, "cmht-riverside", 3, &anew(3, NUMBER, RIGHT)).await.unwrap();
    assert_eq!(landed(&rig).await["personCheck"], "needed", "the service looks at what was corrected");
    assert_eq!(pseudonym(&rig, "cmht-riverside", &service_request(&taken)).await, named);
    // What it says now is what it is held to.
    send(&rig, "cmht-riverside", 4, &told(4, "team-1", NUMBER, Some(RIGHT))).await.unwrap();
    let old = told(5, "team-1", OTHER, Some(WRONG));
    assert_eq!(code(&send(&rig, "cmht-riverside", 5, &old).await.unwrap_err()).1, "conflict");
    // The number that it took back is free for the one whose it is.
    let theirs = told(6, "team-2", OTHER, Some("1971-01-01"));
    let theirs = body(&send(&rig, "cmht-riverside", 6, &theirs).await.unwrap());
    assert_ne!(pseudonym(&rig, "cmht-riverside", &service_request(&theirs)).await, named);
    // And the service finds the person by the right words.
    let known = rig.submit(&own("court-harbour", "ld-1", Some(NUMBER), RIGHT), "k1").await.unwrap();
    assert_eq!(known["warnings"].to_string().find("Another agency"), None, "{}", known["warnings"]);

    // Raised in error, it binds no more.
    let rig = Rig::new().await;
    send(&rig, "cmht-riverside", 1, &first).await.unwrap();
    let mut error = cancelled(first, "delete", "entered-in-error");
    error["id"] = json!("0198c0de-0000-7000-8000-0000000000e1");
    send(&rig, "cmht-riverside", 2, &error).await.unwrap();
    send(&rig, "cmht-riverside", 3, &told(3, "team-1", NUMBER, Some(RIGHT))).await.unwrap();
    rig.audit().await;
}

#[tokio::test]
async fn a_number_that_was_kept_back_from_an_agency_is_not_confirmed_to_it() {
    for (kept_back, joins) in [(true, false), (false, true)] {
        let rig = Rig::new().await;
        let courier = Scripted::delivers();
        let mut case = own("cmht-riverside", "ld-1", Some(NUMBER), RIGHT);
        if kept_back {
            case["consents"][0]["excludes"] = json!(["nhs-number"]);
        }
        let case = rig.submit(&case, "k1").await.unwrap();
        rig.deliver_all(&courier).await;
        assert_eq!(courier.texts()[0].contains(NUMBER), !kept_back);
        let task = id(to(&case, "cmht-riverside"), "referral_id");
        let known = pseudonym(&rig, "cmht-riverside", &task).await;
        let mut names = Vec::new();
        for (n, number) in [(1, NUMBER), (2, OTHER)] {
            let message = told(n, &format!("team-{n}"), number, Some(RIGHT));
            let taken = body(&send(&rig, "cmht-riverside", n, &message).await.unwrap());
            names.push(pseudonym(&rig, "cmht-riverside", &service_request(&taken)).await);
            let looks = landed(&rig).await.get("personCheck").is_some();
            assert_eq!(looks, number == NUMBER && kept_back, "the service is asked to look");
        }
        assert_eq!(names[0] == known, joins);
        assert_ne!(names[1], known);
    }
}

#[tokio::test]
async fn two_new_referrals_of_one_identifier_at_once_are_one() {
    let rig = Arc::new(Rig::new().await);
    // Somebody who is known: nothing about the person makes the second one wait.
    send(&rig, "ld-harbour", 1, &referral("ld-harbour", "cmht-riverside")).await.unwrap();
    let new = |n: u32| {
        let mut message = referral("ld-harbour", "cmht-riverside");
        message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000000b{n}"));
        of(&mut message, "ServiceRequest")["identifier"] = json!([{"system": "urn:sender", "value": "SR-7"}]);
        message
    };
    for (to_service, n) in [(false, 2), (true, 5)] {
        let make = move |n: u32| {
            if to_service { told(n, "team-1", NUMBER, Some(RIGHT)) } else { new(n) }
        };
        let from = if to_service { "cmht-riverside" } else { "ld-harbour" };
        if to_service {
            send(&rig, from, 4, &make(4)).await.unwrap();
        }
        let one = |n: u32| {
            let mut message = make(n);
            of(&mut message, "ServiceRequest")["identifier"] =
                json!([{"system": "urn:sender", "value": format!("at-once-{to_service}")}]);
            message
        };
        let other = one(n + 1);
        let elsewhere = rig.clone();
        rig.chance.after(1, async move {
            send(&elsewhere, from, n + 1, &other).await.unwrap();
        });
        let second = send(&rig, from, n, &one(n)).await;
        assert!(rig.chance.happened());
        let refused = second.unwrap_err();
        assert_eq!(code(&refused), (Refused::Conflict, "conflict"));
        assert!(refused.issues[0].path.ends_with("identifier"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_the_same_message_many_times_at_once_all_but_one_are_told_of_the_duplicate() {
    let rig = Arc::new(Rig::new().await);
    for round in 0..12_u32 {
        let mut message = told(100 + round, "team-1", NUMBER, Some(RIGHT));
        of(&mut message, "ServiceRequest")["identifier"] =
            json!([{"system": "urn:sender", "value": format!("SR-{round}")}]);
        let sends: Vec<_> = (0..8)
            .map(|_| {
                let (rig, message) = (rig.clone(), message.clone());
                tokio::spawn(async move { send(&rig, "cmht-riverside", 100 + round, &message).await })
            })
            .collect();
        let mut taken = 0;
        for sent in sends {
            match sent.await.unwrap() {
                Ok(_) => taken += 1,
                Err(refused) => assert_eq!(code(&refused), (Refused::Duplicate, "duplicate"), "{round}"),
            }
        }
        assert_eq!(taken, 1, "{round}");
    }
}
