//! The trusted assessment at its exit: fetched by the service that the referral went to, while consent stands.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyway::{
    exchange::{ports::Store, refusal::Refused},
    ids::ReferralId,
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, assessment, consent_id, id, json, site, to};

/// The address, the size and the hash that the message which went first says.
fn pointer(message: &str) -> (String, u64, String) {
    let message: Value = serde_json::from_str(message).unwrap();
    let entries = message["entry"].as_array().unwrap();
    let found = entries.iter().find(|e| e["resource"]["resourceType"] == "DocumentReference").unwrap();
    let attachment = &found["resource"]["content"][0]["attachment"];
    let url = attachment["url"].as_str().unwrap();
    (
        url.strip_prefix("https://gateway.example/documents/").unwrap().to_owned(),
        attachment["size"].as_u64().unwrap(),
        attachment["hash"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn the_service_that_was_asked_fetches_the_document_and_nobody_else() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["cmht-riverside", "custody-northgate"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let message = courier.texts().into_iter().find(|text| text.contains("MessageHeader")).unwrap();
    let (document, size, hash) = pointer(&message);
    let fetched = rig.exchange.collect_document(&rig.caller("cmht-riverside"), &document).await.unwrap();
    assert_eq!((fetched.status, fetched.content_type), (200, "application/fhir+json"));
    assert_eq!(u64::try_from(fetched.body.len()).unwrap(), size);
    let sha1 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &fetched.body);
    assert_eq!(STANDARD.encode(sha1.as_ref()), hash);
    let bundle = json(&fetched);
    assert_eq!(
        (&bundle["type"], &bundle["entry"][0]["resource"]["resourceType"]),
        (&json!("document"), &json!("Composition"))
    );

    // Not yours and not there are the same; a sheet and a document are not each other's.
    for who in ["custody-northgate", "ld-harbour", "housing-harbour"] {
        let refused = rig.exchange.collect_document(&rig.caller(who), &document).await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound, "{who}");
    }
    let cmht = rig.caller("cmht-riverside");
    assert_eq!(rig.exchange.collect_sheet(&cmht, &document).await.unwrap_err().class, Refused::NotFound);
    let advice = id(to(&answer, "custody-northgate"), "referral_id");
    let sheets = rig.store.deliveries_of(&site(), &ReferralId::parse(&advice).unwrap()).await.unwrap();
    let sheet = sheets[0].new.message_id.to_string();
    let custody = rig.caller("custody-northgate");
    assert_eq!(rig.exchange.collect_document(&custody, &sheet).await.unwrap_err().class, Refused::NotFound);
    rig.exchange.collect_sheet(&custody, &sheet).await.unwrap();

    // Both are on record.
    let collected = rig.audit().await.into_iter().filter(|kind| kind == "collected").count();
    assert_eq!(collected, 2);
}

#[tokio::test]
async fn a_document_that_was_recalled_is_gone() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let (document, ..) = pointer(&courier.texts()[0]);
    let cmht = rig.caller("cmht-riverside");
    rig.exchange.collect_document(&cmht, &document).await.unwrap();
    rig.revoke(&consent_id(&answer, "cmht-riverside")).await;
    assert_eq!(rig.exchange.collect_document(&cmht, &document).await.unwrap_err().class, Refused::Gone);
    let referral = rig.referral(&id(to(&answer, "cmht-riverside"), "referral_id")).await;
    assert_eq!(referral["state"], "recalled");
}

/// A consent that ran out is found when the document is fetched, not before and not too late.
#[tokio::test]
async fn a_document_is_not_given_out_once_consent_has_run_out() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let (document, ..) = pointer(&courier.texts()[0]);
    rig.clock.advance_seconds(200 * 86_400);
    let cmht = rig.caller("cmht-riverside");
    assert_eq!(rig.exchange.collect_document(&cmht, &document).await.unwrap_err().class, Refused::Gone);
}
