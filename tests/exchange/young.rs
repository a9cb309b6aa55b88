//! Somebody under 18: justice agencies always read of an appropriate adult, and probation is asked about a child only on purpose.

use keyway::{
    directory::{AgencyKind, Channel},
    exchange::ports::{Store, Write},
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, assessment, json as body_of, partner};

/// What a sheet says of everybody under 18.
const BY_LAW: &str = "This person is under 18. By law they must have an appropriate adult.";

/// The youth form of somebody who is 17, for one agency.
fn youth(recipient: &str) -> Value {
    let mut value = assessment(&[recipient]);
    value["profile"] = "https://keyway.example/profiles/assessment/youth/1".into();
    value["person"]["birth_date"] = "2009-03-04".into();
    value["person"].as_object_mut().unwrap().remove("nhs_number");
    value.as_object_mut().unwrap().remove("treatment_requirement");
    value["offence"].as_object_mut().unwrap().remove("note");
    value["recommendation"] = json!([]);
    value["appropriate_adult"] = json!({"needed": "yes", "why": "canarywhy", "summary": "canarysummary"});
    value
}

async fn sheet(value: &Value, recipient: &str) -> (Value, Value) {
    let rig = Rig::new().await;
    let answer = rig.submit(value, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let message = courier.carried.lock().unwrap()[0].message_id.to_string();
    let sheet = rig.exchange.collect_sheet(&rig.caller(recipient), &message).await.unwrap();
    (answer, body_of(&sheet))
}

#[tokio::test]
async fn a_childs_sheet_always_says_that_an_appropriate_adult_is_needed() {
    for recipient in ["custody-northgate", "court-harbour", "probation-harbour"] {
        let (_, said) = sheet(&youth(recipient), recipient).await;
        assert_eq!(said["appropriateAdult"]["needed"], "yes");
        // The court has it as a category: a code, and no text that somebody typed. The law's word stands there instead, the same
        // as where it is kept back: nobody reads off the sheet which of the two it was.
        let by_the_law = json!({"needed": "yes", "summary": BY_LAW});
        if recipient == "court-harbour" {
            assert_eq!(said["appropriateAdult"], by_the_law);
            assert!(!said.to_string().contains("canarywhy") && !said.to_string().contains("canarysummary"));
        } else {
            assert_eq!(said["appropriateAdult"]["summary"], "canarysummary", "what was said stands");
            assert_eq!(said["appropriateAdult"]["why"], "canarywhy", "what was said stands");
        }
        let by_law = |said: &Value| {
            assert_eq!(said["appropriateAdult"], by_the_law, "{recipient}");
            assert!(!said.to_string().contains("canarywhy") && !said.to_string().contains("canarysummary"));
            // What is copied into another system says the same as the sheet.
            if let Some(copied) = said["targetFields"]["specialNeeds"]["text"].as_str() {
                assert!(copied.starts_with("appropriate adult"), "{copied}");
            } else {
                assert_ne!(recipient, "custody-northgate", "custody copies it");
            }
        };
        let mut silent = youth(recipient);
        silent.as_object_mut().unwrap().remove("appropriate_adult");
        let (answer, said) = sheet(&silent, recipient).await;
        by_law(&said);
        assert!(
            answer["warnings"].to_string().contains("/appropriate_adult/needed"),
            "the sender is told too"
        );
        let mut unknown = youth(recipient);
        unknown["appropriate_adult"] = json!({"needed": "unknown"});
        by_law(&sheet(&unknown, recipient).await.1);
        let mut kept_back = youth(recipient);
        kept_back["consents"][0]["excludes"] = json!(["appropriate-adult"]);
        by_law(&sheet(&kept_back, recipient).await.1);
        // Whoever holds or tries a child is told so much whatever is kept back, and nobody else; of an adult, nobody is.
        let mut neither = youth(recipient);
        neither["consents"][0]["excludes"] = json!(["appropriate-adult", "birth-date"]);
        let (_, said) = sheet(&neither, recipient).await;
        let told = if recipient == "probation-harbour" { Value::Null } else { json!({"needed": "yes"}) };
        assert_eq!(said["appropriateAdult"], told, "{recipient}");
        assert!(!said.to_string().contains("2009-03-04") && !said.to_string().contains("canarywhy"));
        let copied = said["targetFields"]["specialNeeds"]["text"].as_str().unwrap_or_default();
        assert_eq!(copied.contains("appropriate adult"), recipient != "probation-harbour", "{copied}");
        let mut grown_up = assessment(&[recipient]);
        grown_up.as_object_mut().unwrap().remove("appropriate_adult");
        assert!(sheet(&grown_up, recipient).await.1.get("appropriateAdult").is_none());
    }
}

#[tokio::test]
async fn a_child_to_probation_is_asked_about() {
    for (value, told) in [
        (youth("probation-harbour"), true),
        (youth("court-harbour"), false),
        (assessment(&["probation-harbour"]), false),
    ] {
        let answer = Rig::new().await.submit(&value, "k1").await.unwrap();
        let warnings = answer["warnings"].to_string();
        assert_eq!(warnings.contains("youth justice service stands in its place"), told, "{warnings}");
        assert_eq!(warnings.contains("/referrals/0/recipient"), told);
    }
}

#[tokio::test]
async fn an_adult_to_youth_justice_is_asked_about() {
    let yjs = "yjs-harbour";
    // The same, asked of youth justice.
    let to_yjs = |value: Value| -> Value {
        serde_json::from_str(&value.to_string().replace("probation-harbour", yjs)).unwrap()
    };
    for (value, told) in [
        (to_yjs(assessment(&["probation-harbour"])), true),
        (to_yjs(youth("probation-harbour")), false),
        (assessment(&["probation-harbour"]), false),
    ] {
        let rig = Rig::new().await;
        let row = partner(yjs, AgencyKind::YouthJustice, Channel::Mailbox);
        rig.store.commit(vec![Write::Partner(row)], Vec::new()).await.unwrap();
        let warnings = rig.submit(&value, "k1").await.unwrap()["warnings"].to_string();
        assert_eq!(warnings.contains("probation service stands in its place"), told, "{warnings}");
    }
}
