//! FHIR messages are held to base R4 and to every profile that they name and that is known here: all that is wrong is
//! told, with the rule and the place and no value, and nothing is kept.

use keyway::{
    exchange::{
        ports::{Store, Write},
        refusal::{Refusal, Refused},
    },
    profile::{
        Severity,
        check::{Ask, Program},
    },
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{CANARY, code, in_our_profiles, of, referral, send},
    harness::{PARTNERS, Rig, START, Scripted, json as body, partner},
};

const WRONG_NUMBER: &str = "9990000019";

/// What a table of the database holds.
fn rows(rig: &Rig) -> Vec<i64> {
    let reader = rusqlite::Connection::open(&rig.database).unwrap();
    ["inbound", "referral", "message", "delivery", "conversation", "person", "consent", "decision"]
        .iter()
        .map(|table| {
            reader.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        })
        .collect()
}

/// Refused as wrong, with every issue at its place and nothing of what was sent.
async fn refused(rig: &Rig, n: u32, message: &Value) -> Refusal {
    let before = rows(rig);
    let refusal = send(rig, "ld-harbour", n, message).await.unwrap_err();
    assert_eq!(refusal.class, Refused::Unprocessable, "{refusal:?}");
    let text = format!("{refusal:?}");
    for word in [CANARY, "Testcase", WRONG_NUMBER, "9990000018", "1991"] {
        assert!(!text.contains(word), "the answer says {word}: {text}");
    }
    assert_eq!(rows(rig), before, "something was left behind");
    refusal
}

type Change = fn(&mut Value);

/// The rules that a refusal names.
fn rules(refusal: &Refusal) -> Vec<&str> {
    refusal.issues.iter().filter_map(|issue| issue.rule.as_ref()).map(|rule| rule.id.as_str()).collect()
}

/// What an answer tells at its end.
fn told(answer: &Value) -> Vec<Value> {
    let last = &answer["entry"].as_array().unwrap().last().unwrap()["resource"];
    assert_eq!(last["resourceType"], "OperationOutcome");
    last["issue"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_message_in_our_profiles_is_taken_and_what_comes_back_keeps_them_too() {
    let rig = Rig::new().await;
    let message = in_our_profiles("ld-harbour", "cmht-riverside");
    let echoed = body(&send(&rig, "ld-harbour", 1, &message).await.unwrap());
    let program = Program::shared().unwrap();
    let wrong: Vec<_> = program
        .check(&echoed, &Ask::at(START.0))
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert_eq!(wrong, []);
    // The profiles of BaRS are not loaded here: that is told, and is no reason to refuse.
    assert!(told(&echoed).iter().any(|issue| issue["severity"] == "warning"
        && issue["code"] == "not-found"
        && issue["expression"][0] == "Bundle.meta.profile[0]"));
}

#[tokio::test]
async fn what_breaks_a_profile_that_it_names_is_refused_with_every_rule() {
    let rig = Rig::new().await;
    let valid = in_our_profiles("ld-harbour", "cmht-riverside");
    let cases: [(Change, &str, &str); 5] = [
        (|m| of(m, "Patient")["photo"] = json!([{"title": CANARY}]), "max", "ld-patient"),
        (|m| of(m, "ServiceRequest")["note"] = json!([{"text": CANARY}]), "max", "ld-service-request"),
        (|m| of(m, "Task")["businessStatus"]["coding"][0]["code"] = json!("accepted"), "kw-tsk-3", "ld-task"),
        (|m| of(m, "Patient")["identifier"][0]["value"] = json!(WRONG_NUMBER), "NHS number", "ld-patient"),
        (|m| of(m, "Patient")["birthDate"] = json!("23 Nov 1991"), "date", "ld-patient"),
    ];
    for (n, (change, rule, profile)) in (1..).zip(cases) {
        let mut broken = valid.clone();
        change(&mut broken);
        let refusal = refused(&rig, n, &broken).await;
        let named = |issue: &keyway::exchange::refusal::Issue| {
            issue.path.starts_with("Bundle.entry[")
                && issue
                    .rule
                    .as_ref()
                    .is_some_and(|known| known.id.contains(rule) && known.profile.contains(profile))
        };
        assert!(refusal.issues.iter().any(named), "{rule} of {profile}: {refusal:?}");
    }
    // Two that are wrong are both told.
    let mut broken = valid.clone();
    of(&mut broken, "Patient")["photo"] = json!([{"title": CANARY}]);
    of(&mut broken, "Task").as_object_mut().unwrap().remove("owner");
    let refusal = refused(&rig, 20, &broken).await;
    let said = rules(&refusal);
    assert!(
        said.iter().any(|rule| rule.contains("photo")) && said.iter().any(|rule| rule.contains("owner")),
        "{said:?}"
    );
    send(&rig, "ld-harbour", 21, &valid).await.unwrap();
}

#[tokio::test]
async fn who_knows_none_of_our_profiles_is_held_to_base_fhir() {
    let rig = Rig::new().await;
    let valid = referral("ld-harbour", "cmht-riverside");
    let mut broken = valid.clone();
    of(&mut broken, "ServiceRequest").as_object_mut().unwrap().remove("intent");
    of(&mut broken, "Patient")["Pat Testcase"] = json!(CANARY);
    of(&mut broken, "Encounter")["status"] = json!("CANARY");
    let refusal = refused(&rig, 1, &broken).await;
    let said = rules(&refusal);
    assert!(said.contains(&"min ServiceRequest.intent") && said.len() >= 3, "{said:?}");
    // The same without what is wrong: our own rules are not asked of it.
    let echoed = body(&send(&rig, "ld-harbour", 2, &valid).await.unwrap());
    assert!(!told(&echoed).is_empty());
}

#[tokio::test]
async fn what_is_no_message_or_is_not_offered_has_its_own_answer_before_any_rule() {
    let rig = Rig::new().await;
    let with = |change: fn(&mut Value)| {
        let mut message = referral("ld-harbour", "cmht-riverside");
        of(&mut message, "ServiceRequest").as_object_mut().unwrap().remove("intent");
        change(&mut message);
        message
    };
    for (n, (message, class, issue)) in (1..).zip([
        (with(|m| m["meta"] = json!({"profile": []})), Refused::BadRequest, "invariant"),
        (with(|m| m["type"] = json!("batch")), Refused::BadRequest, "structure"),
        (
            with(|m| m["entry"][0]["resource"]["eventCoding"]["code"] = json!("booking-request")),
            Refused::NotSupported,
            "not-supported",
        ),
        (
            with(|m| m["entry"][0]["resource"]["eventCoding"]["code"] = json!("servicerequest-question")),
            Refused::BadRequest,
            "invariant",
        ),
    ]) {
        let refusal = send(&rig, "ld-harbour", n, &message).await.unwrap_err();
        assert_eq!(code(&refusal), (class, issue), "{refusal:?}");
        assert_eq!(refusal.issues.len(), 1);
    }
}

#[tokio::test]
async fn what_a_partner_is_forgiven_is_taken_and_told() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let mut message = referral("ld-harbour", "cmht-riverside");
    of(&mut message, "Patient")["identifier"][0]["value"] = json!(WRONG_NUMBER);
    let refusal = refused(&rig, 1, &message).await;
    assert!(rules(&refusal).contains(&"NHS number"));

    let (id, kind, channel) = PARTNERS[0];
    let mut lenient = partner(id, kind, channel);
    lenient.forgives = vec![String::from("nhs-number-check-digit")];
    rig.store.commit(vec![Write::Partner(lenient)], Vec::new()).await.unwrap();
    let echoed = body(&send(&rig, "ld-harbour", 1, &message).await.unwrap());
    let forgiven = |issue: &Value| {
        issue["severity"] == "information"
            && issue["diagnostics"]
                .as_str()
                .is_some_and(|text| text.contains("Forgiven: nhs-number-check-digit"))
    };
    assert!(told(&echoed).iter().any(forgiven), "{:?}", told(&echoed));
    rig.deliver_all(&courier).await;
    let [sent] = &courier.texts()[..] else { panic!("one message goes out") };
    assert!(!sent.contains(WRONG_NUMBER), "the number is used for nothing");
    // Nothing else is forgiven with it.
    of(&mut message, "ServiceRequest").as_object_mut().unwrap().remove("intent");
    let refusal = refused(&rig, 2, &message).await;
    assert_eq!(rules(&refusal), ["min ServiceRequest.intent"]);
}

#[tokio::test]
async fn what_changes_the_meaning_of_a_message_is_not_left_unread() {
    let rig = Rig::new().await;
    let valid = referral("ld-harbour", "cmht-riverside");
    let cases: [(Change, &str); 6] = [
        (|m| of(m, "ServiceRequest")["doNotPerform"] = json!(true), "doNotPerform"),
        (|m| of(m, "ServiceRequest")["intent"] = json!("proposal"), "intent"),
        (|m| of(m, "Patient")["deceasedDateTime"] = json!("2026-11-22"), "deceasedDateTime"),
        (|m| of(m, "Patient")["active"] = json!(false), "active"),
        (
            |m| {
                let other = json!({"reference": "Patient/other"});
                of(m, "Patient")["link"] = json!([{"other": other, "type": "replaced-by"}]);
            },
            "link",
        ),
        (|m| of(m, "Organization")["implicitRules"] = json!("https://rules.example"), "implicitRules"),
    ];
    for (n, (change, field)) in (1..).zip(cases) {
        let mut otherwise = valid.clone();
        change(&mut otherwise);
        let refusal = refused(&rig, n, &otherwise).await;
        let place = format!(".resource.{field}");
        let named = |issue: &keyway::exchange::refusal::Issue| {
            issue.code == "not-supported" && issue.path.ends_with(&place)
        };
        assert!(refusal.issues.iter().any(named), "{field}: {refusal:?}");
    }
    let mut harmless = valid.clone();
    of(&mut harmless, "ServiceRequest")["doNotPerform"] = json!(false);
    of(&mut harmless, "Patient")["deceasedBoolean"] = json!(false);
    of(&mut harmless, "Patient")["active"] = json!(true);
    let taken = body(&send(&rig, "ld-harbour", 20, &harmless).await.unwrap());
    // That the person died is no reason not to be told that nothing shall be done any more.
    let mut back = crate::fhir_in::cancelled(harmless, "delete", "revoked");
    of(&mut back, "ServiceRequest")["id"] = json!(crate::fhir_in::service_request(&taken));
    of(&mut back, "Patient")["deceasedBoolean"] = json!(true);
    send(&rig, "ld-harbour", 21, &back).await.unwrap();
}
