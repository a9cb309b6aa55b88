//! An override beside what the person agreed to: of what they keep back the minimum leaves too, the sender and the log are
//! told which part goes by which, and whoever gets it cannot tell that anything was kept back.

use keyway::{
    audit::{Kind, Leaf},
    exchange::{
        ports::{Store, Write},
        refusal::{Refusal, Refused},
        verify_log,
    },
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, agreement, assessment, consent_id, id, json as body_of, site, to};

const CUSTODY: &str = "custody-northgate";
const HOUR: i64 = 3_600;

/// For custody: imminent risk, an override, and the person's yes to all but `excluded`.
fn tonight(excluded: &[&str]) -> Value {
    let mut value = assessment(&[CUSTODY]);
    value["consents"][0]["excludes"] = json!(excluded);
    value["risk"]["to_self"]["imminent"] = true.into();
    value["risk"]["to_self"]["current"] = "yes".into();
    value["risk"]["to_self"]["handover_advice"] = "canaryadvice".into();
    value["substance_use"]["summary"] = "canarydrink".into();
    value["capacity"]["summary"] = "canarycapacity".into();
    value["overrides"] = json!([{
        "recipient": CUSTODY, "reason": "RISK-TO-LIFE-SELF", "practitioner": "Practitioner on duty",
        "justification": "Said what they will do tonight.",
    }]);
    value
}

/// The sheet that the courier told of at `place`.
async fn sheet(rig: &Rig, courier: &Scripted, place: usize) -> Result<Value, Refusal> {
    let message = courier.carried.lock().unwrap()[place].message_id.to_string();
    rig.exchange.collect_sheet(&rig.caller(CUSTODY), &message).await.map(|answer| body_of(&answer))
}

#[tokio::test]
async fn beside_a_yes_in_part_the_minimum_of_what_is_kept_back_goes_too() {
    let rig = Rig::new().await;
    let answer = rig.submit(&tonight(&["risk-to-self", "substance-use"]), "k1").await.unwrap();
    let custody = to(&answer, CUSTODY);
    assert_eq!((&custody["state"], &custody["reason"]), (&json!("issued"), &json!("consent-and-override")));
    assert_eq!(custody["by_override"], json!(["risk-to-self:full"]), "what the emergency row names, no more");
    assert!(custody["review_due_at"].is_string(), "a second person reviews it");
    let withheld = custody["withheld"].to_string();
    assert!(withheld.contains("#substance-use") && withheld.contains("excluded-by-person"), "{withheld}");
    assert!(!withheld.contains("#risk-to-self"), "{withheld}");
    assert!(answer["warnings"].to_string().contains("`by_override` names it"), "{}", answer["warnings"]);

    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let sheet = sheet(&rig, &courier, 0).await.unwrap();
    assert_eq!(sheet["riskToSelf"]["handoverAdvice"], "canaryadvice");
    assert!(sheet["capacity"]["status"].is_string(), "what was agreed to goes as ever");
    assert!(!sheet.to_string().contains("canarydrink"));

    let log = rig.audit().await;
    for kind in ["overridden", "withheld", "decided", "disclosed"] {
        assert!(log.contains(&String::from(kind)), "{kind} is on record: {log:?}");
    }
    let mut reasons = Vec::new();
    verify_log(rig.store.as_ref(), |entry| {
        if entry.kind == Kind::Decided.as_str() {
            let leaf = Leaf::read(&entry.leaf).unwrap();
            assert_eq!(leaf.id_of("consent"), Some(&*consent_id(&answer, CUSTODY)));
            reasons.push(String::from_utf8_lossy(&entry.leaf).contains("consent-and-override"));
        }
    })
    .await
    .unwrap()
    .unwrap();
    assert!(!reasons.is_empty() && reasons.iter().all(|one| *one));
}

#[tokio::test]
async fn whoever_gets_it_cannot_tell_whether_anything_was_kept_back() {
    let mut seen = Vec::new();
    for excluded in [&[][..], &["risk-to-self"][..]] {
        let rig = Rig::new().await;
        let answer = rig.submit(&tonight(excluded), "k1").await.unwrap();
        assert_eq!(to(&answer, CUSTODY)["reason"], "consent-and-override");
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        let sheet = sheet(&rig, &courier, 0).await.unwrap();
        assert_eq!(
            sheet["disclosure"],
            json!({"basis": "consent-and-risk-to-life", "minimum": false}),
            "no review is spoken of: that would be one of something without consent"
        );
        assert_eq!(sheet["consent"]["decision"], "agree");
        let referral = id(to(&answer, CUSTODY), "referral_id");
        let state = rig.referral_as(CUSTODY, &referral).await;
        let told = format!("{sheet} {state} {}", courier.texts().join(" ")).to_lowercase();
        for word in
            ["exclude", "refus", "declin", "withheld", "without the person", "kept back", "by_override"]
        {
            assert!(!told.contains(word), "{word}");
        }
        seen.push([
            sheet["disclosure"].clone(),
            sheet["notice"].clone(),
            sheet["consent"].clone(),
            sheet["riskToSelf"].clone(),
        ]);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn where_no_override_stands_what_is_kept_back_stays_and_the_sender_is_told() {
    let mut later = tonight(&["risk-to-self"]);
    later["risk"]["to_self"]["imminent"] = false.into();
    for (value, has_row) in [(later, true), (tonight(&["risk-to-self"]), false)] {
        let rig = Rig::new().await;
        if !has_row {
            let mut plain = agreement(CUSTODY);
            (plain.version, plain.emergency) = (2, None);
            rig.store.commit(vec![Write::Agreement(plain)], Vec::new()).await.unwrap();
        }
        let answer = rig.submit(&value, "k1").await.unwrap();
        let custody = to(&answer, CUSTODY);
        assert_eq!((&custody["reason"], &custody["review_due_at"]), (&json!("consent-given"), &Value::Null));
        assert!(custody.get("by_override").is_none());
        let told = answer["warnings"].to_string();
        assert!(told.contains("the override was not used") && told.contains("Telephone"), "{told}");
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        let sheet = sheet(&rig, &courier, 0).await.unwrap();
        assert!(!sheet.to_string().contains("canaryadvice"));
        assert_eq!(sheet["disclosure"]["basis"], "consent");
    }
}

#[tokio::test]
async fn when_the_consent_is_taken_back_its_part_goes_and_the_overrides_stays() {
    let rig = Rig::new().await;
    let answer = rig.submit(&tonight(&["risk-to-self"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    sheet(&rig, &courier, 0).await.unwrap();
    rig.clock.advance_seconds(HOUR);
    let revoked = body_of(&rig.revoke(&consent_id(&answer, CUSTODY)).await);
    let first = id(to(&answer, CUSTODY), "referral_id");
    let effects = revoked["parameter"].to_string();
    assert!(effects.contains("recalled") && effects.contains(&first), "{effects}");
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 3, "the first, its recall, and the minimum");
    assert_eq!(texts.iter().filter(|text| text.contains("disclosure.recalled")).count(), 1);
    assert!(!texts[1..].concat().contains("consent-withdrawn"), "what the person said is not told");
    let gone = sheet(&rig, &courier, 0).await.unwrap_err();
    assert_eq!(gone.class, Refused::Gone);
    assert!(
        gone.issues[0].diagnostics.contains("taken back")
            && gone.issues[0].diagnostics.contains("new message")
    );
    let place = if texts[1].contains("disclosure.recalled") { 2 } else { 1 };
    let least = sheet(&rig, &courier, place).await.unwrap();
    assert_eq!(least["disclosure"]["basis"], "override-risk-to-life");
    assert_eq!(least["riskToSelf"]["handoverAdvice"], "canaryadvice");
    assert!(least.get("consent").is_none() && !least.to_string().contains("canarycapacity"));
    let message = courier.carried.lock().unwrap()[place].message_id.clone();
    let follows = rig.store.message(&site(), &message).await.unwrap().unwrap().referral_id;
    let due = |one: Value| one["review_due_at"].clone();
    assert_eq!(
        due(rig.referral(follows.as_str()).await),
        due(rig.referral(&first).await),
        "nobody has looked at it yet: it is due when the first was"
    );
    // Asked again it goes on as it is: the override stands.
    rig.clock.advance_seconds(100 * HOUR);
    sheet(&rig, &courier, place).await.unwrap();
    assert_eq!(rig.audit().await.iter().filter(|kind| *kind == "overridden").count(), 2);
}

#[tokio::test]
async fn what_waits_when_the_consent_is_taken_back_goes_as_the_minimum() {
    let rig = Rig::new().await;
    let answer = rig.submit(&tonight(&["risk-to-self"]), "k1").await.unwrap();
    rig.revoke(&consent_id(&answer, CUSTODY)).await;
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
    let least = sheet(&rig, &courier, 0).await.unwrap();
    assert_eq!(least["disclosure"]["basis"], "override-risk-to-life");
    assert!(least.to_string().contains("canaryadvice") && !least.to_string().contains("canarycapacity"));
}

#[tokio::test]
async fn an_override_that_is_past_its_review_makes_no_other_message() {
    let rig = Rig::new().await;
    let answer = rig.submit(&tonight(&["risk-to-self"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.clock.advance_seconds(73 * HOUR);
    sheet(&rig, &courier, 0).await.unwrap();
    rig.revoke(&consent_id(&answer, CUSTODY)).await;
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 2);
    assert!(texts[1].contains("disclosure.recalled"));
    assert_eq!(sheet(&rig, &courier, 0).await.unwrap_err().class, Refused::Gone);
}

#[tokio::test]
async fn what_is_kept_back_later_is_measured_at_the_next_exit_and_the_override_fills_no_more_than_its_row() {
    let rig = Rig::new().await;
    rig.submit(&tonight(&[]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    // Keeping back the risk changes nothing of what custody holds: the override has it.
    let said = |excluded: &[&str], at: &str| {
        let mut value = tonight(excluded);
        value["referrals"] = json!([]);
        let other = assessment(&["court-harbour"]);
        value["referrals"] = other["referrals"].clone();
        value.as_object_mut().unwrap().remove("overrides");
        value["consents"][0]["recorded_at"] = at.into();
        value
    };
    rig.submit(&said(&["risk-to-self"], "2026-11-23T09:10:00Z"), "k2").await.unwrap();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
    sheet(&rig, &courier, 0).await.unwrap();
    // Keeping back what no row names takes the sheet back, and what still may go takes its place.
    let answer =
        rig.submit(&said(&["risk-to-self", "capacity"], "2026-11-23T09:20:00Z"), "k3").await.unwrap();
    assert!(answer["warnings"].to_string().contains("was sent as referral"), "{}", answer["warnings"]);
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 3);
    assert_eq!(sheet(&rig, &courier, 0).await.unwrap_err().class, Refused::Gone);
    let place = if courier.texts()[1].contains("disclosure.recalled") { 2 } else { 1 };
    let narrower = sheet(&rig, &courier, place).await.unwrap().to_string();
    assert!(narrower.contains("canaryadvice") && !narrower.contains("canarycapacity"));
}

#[tokio::test]
async fn an_amendment_that_declines_beside_an_override_leaves_the_minimum() {
    for excluded in [&[][..], &["risk-to-self"][..]] {
        let rig = Rig::new().await;
        let first = rig.submit(&tonight(excluded), "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        let mut later = tonight(&[]);
        later["consents"][0]["decision"] = "decline".into();
        later["consents"][0]["recorded_at"] = "2026-11-23T09:30:00Z".into();
        let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
        let earlier = id(&first, "assessment_id");
        let answer =
            rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
        let answer = body_of(&answer);
        let changes: Vec<&str> = answer["referrals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["change"].as_str().unwrap())
            .collect();
        assert_eq!(changes, ["recalled", "new"], "{answer}");
        rig.deliver_all(&courier).await;
        assert_eq!(courier.count(), 3);
        let place = if courier.texts()[1].contains("disclosure.recalled") { 2 } else { 1 };
        let least = sheet(&rig, &courier, place).await.unwrap();
        assert_eq!(least["disclosure"]["basis"], "override-risk-to-life");
        assert!(!least.to_string().contains("canarycapacity"));
    }
}
