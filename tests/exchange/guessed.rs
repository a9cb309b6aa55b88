//! What leaves and lets its reader guess at what the person keeps back, and a number where none must be: the sender is told.

use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, assessment, id, json as body_of};

const PROBATION: &str = "probation-harbour";

/// For probation, which is told neither of drugs nor of drink; what is suggested says so all the same.
fn telling(excluded: &[&str]) -> Value {
    let mut value = assessment(&[PROBATION]);
    value["consents"][0]["excludes"] = json!(excluded);
    value["recommendation"] = json!([{"code": "PSR-REQUEST"}, {"code": "DRR"}]);
    value["referrals"][0]["need"] = "substance-use".into();
    value
}

/// Where the sender is told that something hints at `row`.
fn hints(answer: &Value, row: &str) -> Vec<String> {
    let warnings = answer["warnings"].as_array().unwrap().iter();
    let of_it =
        warnings.filter(|one| one["text"].as_str().is_some_and(|text| text.contains(&format!("({row})"))));
    let mut fields: Vec<String> = of_it.map(|one| one["path"].as_str().unwrap().to_owned()).collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn the_sender_is_told_what_gives_away_what_is_kept_back() {
    let rig = Rig::new().await;
    let told = ["/recommendation/1/code", "/referrals/0/need"];
    let value = telling(&["substance-use"]);
    let caller = rig.caller("ld-harbour");
    let preview = rig.exchange.rehearse(&caller, value.to_string().as_bytes()).await.unwrap();
    assert_eq!(hints(&preview.answer, "substance-use"), told, "{}", preview.answer);
    let answer = rig.submit(&value, "k1").await.unwrap();
    assert_eq!(hints(&answer, "substance-use"), told, "{answer}");
    // So is whoever says it anew.
    let mut anew = telling(&["substance-use"]);
    anew["communication"]["language"] = "cy".into();
    let earlier = id(&answer, "assessment_id");
    let changed =
        rig.exchange.amend_assessment(&caller, &earlier, "k2", anew.to_string().as_bytes(), false).await;
    assert_eq!(hints(&body_of(&changed.unwrap()), "substance-use"), told);
    // Nothing is kept back, or all of it is: there is nothing to tell.
    for excluded in [&[][..], &["substance-use", "recommendation", "request", "treatment-requirement"]] {
        let answer = Rig::new().await.submit(&telling(excluded), "k1").await.unwrap();
        assert_eq!(hints(&answer, "substance-use"), Vec::<String>::new(), "{answer}");
    }
}

#[tokio::test]
async fn a_number_of_health_in_a_text_stays_back_and_its_sender_is_told_where() {
    let rig = Rig::new().await;
    let mut value = telling(&[]);
    value["recommendation"][1]["text"] = "Known as 999 000 0018 at the surgery.".into();
    let answer = rig.submit(&value, "k1").await.unwrap();
    let told = answer["warnings"].to_string();
    assert!(told.contains("/recommendation/1/text") && told.contains("reads as an NHS number"), "{told}");
    assert!(!told.contains("999 000"), "{told}");
    assert!(answer["referrals"][0]["withheld"].to_string().contains("#nhs-number"), "{answer}");
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let message = courier.carried.lock().unwrap()[0].message_id.to_string();
    let sheet = body_of(&rig.exchange.collect_sheet(&rig.caller(PROBATION), &message).await.unwrap());
    assert!(sheet.to_string().contains("Known as [withheld] at the surgery."), "{sheet}");
}
