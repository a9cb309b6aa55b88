//! What once went wrong at an exit, and must not again: content after the end of its referral, a recall that
//! waits behind a failure, a partner's pause that destroys what waits.

use keyway::{
    clock::Clock,
    directory::PartnerStatus,
    exchange::{
        ports::{AttemptClass, Store, Write},
        refusal::Refused,
        request::Door,
    },
};
use serde_json::json;

use crate::harness::{
    PARTNERS, Rig, Scripted, agreement, assessment, consent_id, id, json, outcome, partner, to,
};

/// Who asked takes the referral back.
async fn sender_withdraws(rig: &Rig, referral: &str) {
    rig.act("ld-harbour", referral, "withdraw", json!({"reason": "no-longer-needed"})).await;
}

#[tokio::test]
async fn what_its_sender_took_back_is_not_tried_again() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    let lost = Scripted::new(|_| outcome(AttemptClass::Ambiguous, "timeout"));
    rig.deliver_all(&lost).await;
    sender_withdraws(&rig, &referral).await;
    rig.clock.advance_seconds(3600);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("disclosure.recalled"), "content went after the withdrawal");
    assert_eq!(rig.referral(&referral).await["state"], "withdrawn");
}

#[tokio::test]
async fn a_recalled_referral_stays_recalled_though_consent_is_given_anew() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let lost = Scripted::new(|_| outcome(AttemptClass::Ambiguous, "timeout"));
    rig.deliver_all(&lost).await;
    rig.revoke(&consent_id(&answer, "probation-harbour")).await;
    rig.clock.advance_seconds(600);
    let mut anew = assessment(&["probation-harbour", "court-harbour"]);
    anew["referrals"].as_array_mut().unwrap().retain(|r| r["recipient"] == "court-harbour");
    anew["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == "probation-harbour");
    anew["consents"][0]["recorded_at"] = "2026-11-23T10:05:00Z".into();
    rig.submit(&anew, "k2").await.unwrap();
    rig.clock.advance_seconds(3600);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert!(courier.texts().iter().all(|t| t.contains("disclosure.recalled")), "{:?}", courier.texts());
}

#[tokio::test]
async fn a_recall_does_not_wait_behind_what_failed_for_good() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.submit(&assessment(&["probation-harbour"]), "k2").await.unwrap();
    let refuses = Scripted::new(|_| outcome(AttemptClass::Permanent, "http-400"));
    rig.deliver_all(&refuses).await;
    sender_withdraws(&rig, &id(to(&first, "probation-harbour"), "referral_id")).await;
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert!(texts.last().unwrap().contains("disclosure.recalled"));
    assert_eq!(texts.len(), 2);
}

#[tokio::test]
async fn what_failed_can_be_taken_back_and_frees_its_lane() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let refuses = Scripted::new(|_| outcome(AttemptClass::Permanent, "http-400"));
    rig.deliver_all(&refuses).await;
    let referral = id(to(&first, "probation-harbour"), "referral_id");
    assert_eq!(rig.referral(&referral).await["state"], "failed");
    rig.submit(&assessment(&["probation-harbour"]), "k2").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0, "a lane went on past what was set aside");
    sender_withdraws(&rig, &referral).await;
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 2, "the recall of what may have arrived, and what waited");
}

#[tokio::test]
async fn a_mailbox_item_that_was_read_counts_as_out() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["housing-harbour"]), "k1").await.unwrap();
    let item = rig.first_item("housing-harbour").await;
    let housing = rig.caller("housing-harbour");
    rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
    rig.revoke(&consent_id(&answer, "housing-harbour")).await;
    let referral = rig.referral(&id(to(&answer, "housing-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "recalled");
    // The recall is what the inbox shows first, not the item that was taken back.
    let recall = rig.first_item("housing-harbour").await;
    assert_ne!(recall, item);
    let read = rig.exchange.mailbox_read(&housing, "housing-harbour", &recall).await.unwrap();
    assert!(String::from_utf8(read.body).unwrap().contains("recall"));
}

#[tokio::test]
async fn a_suspended_partner_loses_nothing() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let (slug, kind, channel) = PARTNERS[4];
    let mut paused = partner(slug, kind, channel);
    paused.status = PartnerStatus::Suspended;
    rig.store.commit(vec![Write::Partner(paused)], Vec::new()).await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);
    rig.store.commit(vec![Write::Partner(partner(slug, kind, channel))], Vec::new()).await.unwrap();
    rig.clock.advance_seconds(3600);
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
    let referral = rig.referral(&id(to(&answer, slug), "referral_id")).await;
    assert_eq!(referral["state"], "delivered");
}

#[tokio::test]
async fn agreeing_after_an_override_does_not_take_the_sheet_away() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["custody-northgate"]);
    wanted["consents"][0]["decision"] = "decline".into();
    wanted["risk"]["to_self"]["imminent"] = true.into();
    wanted["risk"]["to_self"]["current"] = "yes".into();
    wanted["overrides"] = json!([{
        "recipient": "custody-northgate",
        "reason": "RISK-TO-LIFE-SELF",
        "practitioner": "Practitioner on duty",
        "justification": "Said what they will do tonight."
    }]);
    rig.submit(&wanted, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let mut agrees = assessment(&["custody-northgate", "court-harbour"]);
    agrees["referrals"].as_array_mut().unwrap().retain(|r| r["recipient"] == "court-harbour");
    agrees["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == "custody-northgate");
    agrees["consents"][0]["recorded_at"] = "2026-11-23T09:30:00Z".into();
    rig.submit(&agrees, "k2").await.unwrap();
    let sheet = courier.carried.lock().unwrap()[0].message_id.to_string();
    rig.exchange.collect_sheet(&rig.caller("custody-northgate"), &sheet).await.unwrap();
}

#[tokio::test]
async fn a_sheet_whose_consent_merely_ran_out_is_closed_and_nothing_is_recalled() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["probation-harbour"]);
    wanted["consents"][0]["valid_until"] = "2026-11-23T12:00:00Z".into();
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    rig.act("probation-harbour", &referral, "accept", json!({})).await;
    rig.clock.advance_seconds(40 * 86_400);
    let sheet = courier.carried.lock().unwrap()[0].message_id.to_string();
    let refused = rig.exchange.collect_sheet(&rig.caller("probation-harbour"), &sheet).await.unwrap_err();
    assert_eq!(refused.class, Refused::Gone);
    assert_eq!(rig.referral(&referral).await["state"], "accepted");
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1, "nothing was recalled");
}

#[tokio::test]
async fn nothing_passes_between_an_agency_and_the_service_without_an_agreement() {
    let rig = Rig::new().await;
    let custody = rig.caller("custody-northgate");
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/story/10-custody-asks.json"));
    let story: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    let mut request = story["asks"]["request"].clone();
    strip_time_words(&mut request);
    let body = request.to_string();
    rig.exchange.take_request(&custody, Door::Justice, "k1", body.as_bytes()).await.unwrap();
    let mut ended = agreement("custody-northgate");
    ended.version = 2;
    ended.valid_to = rig.clock.now();
    rig.store.commit(vec![Write::Agreement(ended)], Vec::new()).await.unwrap();
    let refused =
        rig.exchange.take_request(&custody, Door::Justice, "k2", body.as_bytes()).await.unwrap_err();
    assert_eq!(refused.class, Refused::Forbidden);
    // What was asked before waits in the mailbox no longer either.
    let item = rig.first_item("ld-harbour").await;
    let service = rig.caller("ld-harbour");
    let refused = rig.exchange.mailbox_read(&service, "ld-harbour", &item).await.unwrap_err();
    assert_eq!(refused.class, Refused::Gone);
}

/// The demonstration's stories give times in words (`@now-2h`); here any moment will do.
fn strip_time_words(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.starts_with('@') => {
            *text = String::from("2026-11-23T09:30:00Z");
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip_time_words),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(strip_time_words),
        _ => {}
    }
}

#[tokio::test]
async fn one_recipients_gap_holds_that_one_and_the_others_go() {
    let rig = Rig::new().await;
    let (slug, kind, _) = PARTNERS[4];
    let odd = partner(slug, kind, keyway::directory::Channel::FhirPush);
    rig.store.commit(vec![Write::Partner(odd)], Vec::new()).await.unwrap();
    let answer = rig.submit(&assessment(&[slug, "court-harbour"]), "k1").await.unwrap();
    assert_eq!(to(&answer, slug)["state"], "held");
    assert!(answer["warnings"].to_string().contains("Telephone"));
    assert_eq!(to(&answer, "court-harbour")["state"], "issued");
}

#[tokio::test]
async fn the_recipient_is_not_told_why_consent_let_it_through_and_no_word_is_lost() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    let seen = rig.exchange.read_referral(&rig.caller("probation-harbour"), &referral).await.unwrap();
    assert_eq!(json(&seen)["reason"], "");
    assert!(json(&seen).get("withheld").is_none());
    let start = json!({"appointment": {"start": "2026-12-01T10:00:00Z", "place": "Harbour House"}});
    rig.act("probation-harbour", &referral, "book-appointment", start).await;
    rig.act("probation-harbour", &referral, "complete", json!({"comment": "Came, and stayed."})).await;
    let told = rig.referral(&referral).await;
    assert_eq!(told["appointment"]["place"], "Harbour House", "the appointment was overwritten");
    assert_eq!(told["comments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_withheld_does_not_exist_for_its_recipient_and_the_log_is_the_senders() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["probation-harbour", "court-harbour"]);
    wanted["consents"].as_array_mut().unwrap().retain(|c| c["recipient"] == "court-harbour");
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    let withheld = id(to(&answer, "probation-harbour"), "referral_id");
    let probation = rig.caller("probation-harbour");
    let refused = rig.exchange.read_referral(&probation, &withheld).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    let refused = rig.exchange.list_actions(&probation, &withheld).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);

    rig.deliver_all(&Scripted::delivers()).await;
    let went = id(to(&answer, "court-harbour"), "referral_id");
    let court = rig.caller("court-harbour");
    let shown = json(&rig.exchange.read_referral(&court, &went).await.unwrap());
    for senders in ["person", "disclosure_id", "withheld", "review_due_at", "deliveries"] {
        assert!(shown.get(senders).is_none(), "{senders} is shown to the recipient");
    }
    let refused = rig.exchange.read_referral_audit(&court, &went).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
}

#[tokio::test]
async fn a_consent_is_taken_back_by_the_service_that_holds_it_and_by_nobody_else() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let consent = consent_id(&answer, "court-harbour");
    let refused =
        rig.exchange.revoke_consent(&rig.caller("court-harbour"), &consent, b"", false).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    let referral = id(to(&answer, "court-harbour"), "referral_id");
    assert_eq!(rig.referral(&referral).await["state"], "issued");
}

#[tokio::test]
async fn anothers_mailbox_item_is_neither_read_nor_acknowledged() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["housing-harbour"]), "k1").await.unwrap();
    let item = rig.first_item("housing-harbour").await;
    let (housing, court) = (rig.caller("housing-harbour"), rig.caller("court-harbour"));
    for theirs in ["housing-harbour", "court-harbour"] {
        let refused = rig.exchange.mailbox_read(&court, theirs, &item).await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound);
    }
    rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
    for theirs in ["housing-harbour", "court-harbour"] {
        let refused = rig.exchange.mailbox_acknowledge(&court, theirs, &item).await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound);
    }
    let refused = rig.exchange.mailbox_list(&court, "housing-harbour", 10, None).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    assert_eq!(rig.first_item("housing-harbour").await, item, "it left the mailbox");
}

#[tokio::test]
async fn a_mailbox_item_is_not_read_before_its_time() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["housing-harbour"]);
    wanted["referrals"][0]["not_before"] = "2026-11-23T13:00:00Z".into();
    rig.submit(&wanted, "k1").await.unwrap();
    let file = rusqlite::Connection::open(&rig.database).unwrap();
    let item: String = file.query_row("SELECT message_id FROM message", [], |row| row.get(0)).unwrap();
    let housing = rig.caller("housing-harbour");
    let refused = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    rig.clock.advance_seconds(3 * 3600);
    rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
}
