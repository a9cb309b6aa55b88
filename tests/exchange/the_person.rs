//! The person whose record it is: refuses one agency, is at risk tonight, is somebody else with the same name.

use keyway::exchange::refusal::Refused;
use serde_json::json;

use crate::harness::{Rig, Scripted, assessment, id, to};

#[tokio::test]
async fn each_recipient_is_decided_apart() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside", "housing-harbour", "court-harbour"]);
    for consent in wanted["consents"].as_array_mut().unwrap() {
        match consent["recipient"].as_str().unwrap() {
            "housing-harbour" => consent["decision"] = "decline".into(),
            "court-harbour" => consent["capacity"] = "lacks-capacity".into(),
            _ => {}
        }
    }
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    assert_eq!(to(&answer, "cmht-riverside")["state"], "queued");
    assert_eq!(to(&answer, "housing-harbour")["reason"], "consent-refused");
    assert_eq!(to(&answer, "court-harbour")["reason"], "capacity-absent");
    for withheld in ["housing-harbour", "court-harbour"] {
        assert_eq!(to(&answer, withheld)["state"], "withheld");
        assert_eq!(to(&answer, withheld)["disclosure_id"], serde_json::Value::Null);
        assert_eq!(to(&answer, withheld)["withheld"][0]["field"], "*");
    }
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
}

#[tokio::test]
async fn under_16_a_consent_permits_only_with_competence_or_a_parents_word() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside", "custody-northgate", "court-harbour"]);
    wanted["person"]["birth_date"] = "2012-06-14".into();
    let refused = rig.submit(&wanted, "k0").await.unwrap_err();
    assert_eq!(refused.issues[0].path, "/person/birth_date");
    wanted["profile"] = "https://keyway.example/profiles/assessment/youth/1".into();
    for adult_only in ["offence", "recommendation", "treatment_requirement"] {
        wanted.as_object_mut().unwrap().remove(adult_only);
    }
    for consent in wanted["consents"].as_array_mut().unwrap() {
        match consent["recipient"].as_str().unwrap() {
            "cmht-riverside" => consent["competence"] = "competent".into(),
            "custody-northgate" => {
                consent["given_by"] = "parental-responsibility".into();
                consent["parental_responsibility"] = json!({"name": "Parent Testcase", "relation": "mother"});
            }
            _ => {}
        }
    }
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    assert_eq!(to(&answer, "cmht-riverside")["state"], "queued");
    assert_eq!(to(&answer, "custody-northgate")["state"], "issued");
    assert_eq!(to(&answer, "court-harbour")["state"], "withheld");
    assert_eq!(to(&answer, "court-harbour")["reason"], "authority-absent");
    // It is asked again before anything is sent, and says the same.
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 2);
}

/// That custody is to be told without consent, and why.
fn override_because(justification: &str) -> serde_json::Value {
    json!([{
        "recipient": "custody-northgate",
        "reason": "RISK-TO-LIFE-SELF",
        "practitioner": "Practitioner on duty",
        "justification": justification
    }])
}

#[tokio::test]
async fn at_imminent_risk_custody_gets_the_minimum_and_it_is_marked_for_review() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["custody-northgate"]);
    wanted["consents"][0]["decision"] = "decline".into();
    wanted["risk"]["to_self"]["imminent"] = true.into();
    wanted["risk"]["to_self"]["current"] = "yes".into();
    wanted["capacity"]["summary"] = "canarycapacity".into();
    wanted["overrides"] = override_because("Said what they will do tonight.");
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    let custody = to(&answer, "custody-northgate");
    assert_eq!(
        (custody["state"].as_str(), custody["reason"].as_str()),
        (Some("issued"), Some("override-risk-to-life"))
    );
    assert!(custody["review_due_at"].is_string());
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let sheet = courier.carried.lock().unwrap()[0].message_id.to_string();
    let sheet = rig.exchange.collect_sheet(&rig.caller("custody-northgate"), &sheet).await.unwrap();
    let sheet = String::from_utf8(sheet.body).unwrap();
    assert!(sheet.contains("override"), "{sheet}");
    assert!(!sheet.contains("canarycapacity"));
    assert!(rig.audit().await.contains(&String::from("overridden")));
}

#[tokio::test]
async fn an_override_without_imminent_risk_sends_nothing_and_says_telephone() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["custody-northgate"]);
    wanted["consents"] = json!([]);
    wanted["risk"]["to_self"]["imminent"] = false.into();
    wanted["overrides"] = override_because("Just to be sure.");
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    assert_eq!(to(&answer, "custody-northgate")["reason"], "override-not-imminent");
    assert!(answer["warnings"].to_string().contains("Telephone"));
}

#[tokio::test]
async fn one_reference_with_two_birth_dates_is_refused_and_nothing_is_kept() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let mut other = assessment(&["court-harbour"]);
    other["person"]["birth_date"] = "1971-01-02".into();
    let refused = rig.submit(&other, "k2").await.unwrap_err();
    assert_eq!(refused.class, Refused::Unprocessable);
    assert_eq!(refused.issues[0].path, "/person/birth_date");
    assert!(!format!("{refused:?}").contains("1971"));
}

#[tokio::test]
async fn same_name_and_birthday_under_another_reference_is_another_person() {
    let rig = Rig::new().await;
    let one = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let mut other = assessment(&["court-harbour"]);
    other["person"]["reference"] = "ANOTHER-1".into();
    other["person"].as_object_mut().unwrap().remove("nhs_number");
    let two = rig.submit(&other, "k2").await.unwrap();
    assert_ne!(one["person"], two["person"]);
}

#[tokio::test]
async fn an_unknown_recipient_is_named_and_nothing_goes_to_the_others() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["court-harbour"]);
    let mut second = wanted["referrals"][0].clone();
    second["recipient"] = "cmht-nowhere".into();
    wanted["referrals"].as_array_mut().unwrap().push(second);
    let refused = rig.submit(&wanted, "k1").await.unwrap_err();
    assert_eq!(refused.issues[0].path, "/referrals/1/recipient");
    assert_eq!(rig.deliver_all(&Scripted::delivers()).await, 0);
}

#[tokio::test]
async fn an_nhs_number_that_nobody_verified_makes_nobody_the_same_person() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let mut same = assessment(&["court-harbour"]);
    same["person"]["reference"] = "harbour-ld-other".into();
    let mut unverified = same.clone();
    unverified["person"]["nhs_number"]["verification"] = "02".into();
    unverified["person"]["reference"] = "harbour-ld-unverified".into();
    let other = rig.submit(&unverified, "k2").await.unwrap();
    assert_ne!(id(&first, "person"), id(&other, "person"));
    let verified = rig.submit(&same, "k3").await.unwrap();
    assert_eq!(id(&first, "person"), id(&verified, "person"));
}

#[tokio::test]
async fn a_reference_and_a_verified_number_of_two_people_are_refused() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let mut other = assessment(&["court-harbour"]);
    other["person"]["reference"] = "harbour-ld-other".into();
    other["person"]["nhs_number"]["value"] = "9990000026".into();
    rig.submit(&other, "k2").await.unwrap();
    other["person"]["nhs_number"]["value"] = "9990000018".into();
    let refused = rig.submit(&other, "k3").await.unwrap_err();
    assert_eq!(refused.issues[0].code, "multiple-matches");
}
