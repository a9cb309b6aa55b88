//! An assessment said anew, whole: each recipient gets what is new for it, and nothing where nothing is.

use std::sync::Arc;

use keyway::exchange::{
    ports::{AttemptClass, Store},
    refusal::{Refusal, Refused},
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, assessment, id, json as body_of, outcome, to};

async fn amend(rig: &Rig, earlier: &str, assessment: &Value, key: &str) -> Result<Value, Refusal> {
    let (caller, body) = (rig.caller("ld-harbour"), assessment.to_string());
    rig.exchange
        .amend_assessment(&caller, earlier, key, body.as_bytes(), false)
        .await
        .map(|answer| body_of(&answer))
}

/// What became of each recipient's referrals, in the order of the answer.
fn changes<'a>(answer: &'a Value, recipient: &str) -> Vec<&'a str> {
    let referrals = answer["referrals"].as_array().unwrap().iter();
    referrals.filter(|one| one["recipient"] == recipient).map(|one| one["change"].as_str().unwrap()).collect()
}

fn with(mut assessment: Value, place: &str, value: &str) -> Value {
    *assessment.pointer_mut(place).unwrap() = value.into();
    assessment
}

async fn sheet(rig: &Rig, who: &str, event: &str) -> Result<Value, Refusal> {
    let event: Value = serde_json::from_str(event).unwrap();
    let message = event["detailUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    rig.exchange.collect_sheet(&rig.caller(who), &message).await.map(|answer| body_of(&answer))
}

#[tokio::test]
async fn each_recipient_gets_what_is_new_for_it_and_nothing_where_nothing_is() {
    let rig = Rig::new().await;
    let all = ["cmht-riverside", "custody-northgate", "court-harbour", "housing-harbour"];
    let first = rig.submit(&assessment(&all), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 3);

    let named = ["cmht-riverside", "custody-northgate", "court-harbour", "probation-harbour"];
    let later = with(assessment(&named), "/clinical/narrative", "canarynarrative");
    let later = with(later, "/substance_use/withdrawal_risk/advice", "canarywithdrawal");
    let answer = amend(&rig, &id(&first, "assessment_id"), &later, "k2").await.unwrap();
    assert_eq!(answer["supersedes"], first["assessment_id"]);
    assert_eq!((&answer["episode_id"], &answer["person"]), (&first["episode_id"], &first["person"]));
    assert_eq!(changes(&answer, "cmht-riverside"), ["updated"]);
    assert_eq!(changes(&answer, "custody-northgate"), ["superseded", "new"]);
    assert_eq!(changes(&answer, "court-harbour"), ["same"]);
    assert_eq!(changes(&answer, "probation-harbour"), ["new"]);
    assert_eq!(changes(&answer, "housing-harbour"), ["stands"]);
    assert!(answer["warnings"].to_string().contains("is not named"));

    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 6, "the team, custody and probation, and nobody else");
    let told = |what: &str| texts.iter().skip(3).filter(|text| text.contains(what)).count();
    assert_eq!(told("canarynarrative"), 1);
    assert_eq!(
        told(&id(to(&first, "cmht-riverside"), "referral_id")),
        1,
        "the referral goes on under its id"
    );

    // The old sheet is gone, and the new one says whose place it takes.
    let old = texts.iter().find(|text| text.contains("custody-advice")).unwrap();
    let new = texts.iter().rev().find(|text| text.contains("custody-advice")).unwrap();
    assert!(sheet(&rig, "custody-northgate", old).await.is_err());
    let new = sheet(&rig, "custody-northgate", new).await.unwrap();
    assert_eq!(new["validity"]["supersedes"], to(&first, "custody-northgate")["disclosure_id"]);
    assert_eq!(new["substanceUse"]["withdrawalRisk"]["advice"], "canarywithdrawal");
    let was = rig.referral(&id(to(&first, "custody-northgate"), "referral_id")).await;
    assert_eq!((was["state"].as_str(), was["reason"].as_str()), (Some("superseded"), Some("amended")));
    let superseded = to(&answer, "custody-northgate");
    assert_eq!(new["referralId"], superseded["by"]);
    rig.audit().await;
}

#[tokio::test]
async fn what_the_person_declines_or_narrows_in_an_amendment_is_taken_back() {
    let rig = Rig::new().await;
    let both = ["cmht-riverside", "probation-harbour"];
    let first = rig.submit(&assessment(&both), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let mut later = with(assessment(&both), "/clinical/narrative", "canarynarrative");
    for consent in later["consents"].as_array_mut().unwrap() {
        consent["recorded_at"] = "2026-11-23T09:30:00Z".into();
        match consent["recipient"].as_str().unwrap() {
            "cmht-riverside" => consent["excludes"] = json!(["clinical"]),
            _ => consent["decision"] = "decline".into(),
        }
    }
    let answer = amend(&rig, &id(&first, "assessment_id"), &later, "k2").await.unwrap();
    assert_eq!(changes(&answer, "probation-harbour"), ["recalled"]);
    assert_eq!(to(&answer, "probation-harbour")["reason"], "consent-withdrawn");
    // What the team has and may not have is recalled; what it still may have goes as new, behind the recall.
    assert_eq!(changes(&answer, "cmht-riverside"), ["recalled", "new"]);
    assert_eq!(to(&answer, "cmht-riverside")["reason"], "no-longer-permitted");
    rig.deliver_all(&courier).await;
    let carried = courier.carried.lock().unwrap();
    let to_team: Vec<String> = carried
        .iter()
        .filter(|parcel| parcel.partner.partner_id.as_str() == "cmht-riverside")
        .map(|parcel| String::from_utf8(parcel.body.clone()).unwrap())
        .collect();
    assert_eq!(to_team.len(), 3);
    let name = later["person"]["name"]["family"].as_str().unwrap();
    assert!(!to_team[1].contains(name) && to_team[2].contains(name));
    assert!(!to_team[2].contains("canarynarrative"));
}

#[tokio::test]
async fn what_waits_is_replaced_and_goes_once_and_an_attempt_in_the_air_stays_before_it() {
    let rig = Rig::new().await;
    let both = ["cmht-riverside", "custody-northgate"];
    let first = rig.submit(&assessment(&both), "k1").await.unwrap();
    let later = with(assessment(&both), "/substance_use/withdrawal_risk/advice", "canarywithdrawal");
    let answer = amend(&rig, &id(&first, "assessment_id"), &later, "k2").await.unwrap();
    assert_eq!(changes(&answer, "cmht-riverside"), ["updated"]);
    assert_eq!(changes(&answer, "custody-northgate"), ["superseded", "new"]);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 2, "what was said first never went");
    let texts = courier.texts();
    assert!(texts.iter().any(|text| text.contains("canarywithdrawal")));
    let event = texts.iter().find(|text| text.contains("custody-advice")).unwrap();
    let sheet = sheet(&rig, "custody-northgate", event).await.unwrap();
    assert_ne!(sheet["validity"]["supersedes"], to(&first, "custody-northgate")["disclosure_id"]);

    // It may have arrived: it is tried again under its id, and what takes its place comes after it.
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    let lost = Scripted::new(|_| outcome(AttemptClass::Ambiguous, "timeout"));
    rig.deliver_all(&lost).await;
    let later = with(assessment(&["cmht-riverside"]), "/clinical/narrative", "canarynarrative");
    amend(&rig, &id(&first, "assessment_id"), &later, "k2").await.unwrap();
    rig.clock.advance_seconds(3600);
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 4);
    assert!(!texts[2].contains("canarynarrative") && texts[3].contains("canarynarrative"));
}

#[tokio::test]
async fn an_assessment_is_amended_once_by_its_sender_and_about_the_same_person() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["court-harbour"]), "k1").await.unwrap();
    let first_id = id(&first, "assessment_id");
    let somebody = with(assessment(&["court-harbour"]), "/person/reference", "harbour-ld-00018");
    let mut somebody = with(somebody, "/person/birth_date", "1990-01-01");
    somebody["person"].as_object_mut().unwrap().remove("nhs_number");
    let refused = amend(&rig, &first_id, &somebody, "k2").await.unwrap_err();
    assert_eq!(
        (refused.class, refused.issues[0].path.as_str()),
        (Refused::Unprocessable, "/person/reference")
    );

    let police = rig.caller("custody-northgate");
    let body = assessment(&["court-harbour"]).to_string();
    let refused =
        rig.exchange.amend_assessment(&police, &first_id, "k3", body.as_bytes(), false).await.unwrap_err();
    assert_eq!(refused.class, Refused::Forbidden);
    for unknown in ["assessment-nobody-sent", "../1"] {
        let refused = amend(&rig, unknown, &assessment(&["court-harbour"]), "k4").await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound);
    }

    let later = with(assessment(&["court-harbour"]), "/communication/language", "cy");
    let answer = amend(&rig, &first_id, &later, "k5").await.unwrap();
    // The same key and words get the first answer; another key is told which version stands.
    let again = amend(&rig, &first_id, &later, "k5").await.unwrap();
    assert_eq!(again, answer);
    let refused = amend(&rig, &first_id, &later, "k6").await.unwrap_err();
    assert_eq!(refused.class, Refused::Conflict);
    let latest = id(&answer, "assessment_id");
    assert!(refused.issues[0].diagnostics.contains(&latest));
    // The latest can be, and what did not change stays as it is.
    let third = amend(&rig, &latest, &later, "k7").await.unwrap();
    assert_eq!(changes(&third, "court-harbour"), ["same"]);
    let fourth =
        amend(&rig, &id(&third, "assessment_id"), &assessment(&["court-harbour"]), "k8").await.unwrap();
    assert_eq!(changes(&fourth, "court-harbour"), ["superseded", "new"], "found two versions back");
}

#[tokio::test]
async fn on_a_no_that_nobody_said_what_was_sent_stands_and_the_sender_is_told() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let mut research = crate::harness::agreement("probation-harbour");
    research.version = 2;
    research.purposes = vec![String::from("HRESCH")];
    rig.store.commit(vec![keyway::exchange::ports::Write::Agreement(research)], Vec::new()).await.unwrap();
    let answer =
        amend(&rig, &id(&first, "assessment_id"), &assessment(&["probation-harbour"]), "k2").await.unwrap();
    assert_eq!(changes(&answer, "probation-harbour"), ["stands"]);
    assert_eq!(to(&answer, "probation-harbour")["reason"], "purpose-not-agreed");
    assert!(answer["warnings"].to_string().contains("may go to this recipient"));
    let referral = rig.referral(&id(to(&first, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["state"], "delivered");
}

#[tokio::test]
async fn a_dry_run_shows_what_an_amendment_would_send_and_keeps_nothing() {
    let everybody = ["cmht-riverside", "custody-northgate", "housing-harbour"];
    let mut later = assessment(&everybody);
    later["risk"]["to_self"]["handover_advice"] = "Ask again before nine.".into();
    let before = async || {
        let rig = Rig::new().await;
        let first = rig.submit(&assessment(&everybody), "k1").await.unwrap();
        rig.deliver_all(&Scripted::delivers()).await;
        rig.clock.advance_seconds(60);
        (rig, id(&first, "assessment_id"))
    };
    // The same gateway twice: clock and chance are the same.
    let (rig, earlier) = before().await;
    let entries = rig.audit().await.len();
    let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
    let shown = rig.exchange.amend_assessment(&caller, &earlier, "", body.as_bytes(), true).await.unwrap();
    assert_eq!((shown.status, &shown.location), (200, &None));
    let shown = body_of(&shown);
    assert_eq!(rig.audit().await.len(), entries);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);

    let (rig, earlier) = before().await;
    let taken = amend(&rig, &earlier, &later, "k2").await.unwrap();
    assert_eq!((&shown["referrals"], &shown["warnings"]), (&taken["referrals"], &taken["warnings"]));
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let sent = courier.texts();
    let previews = shown["preview"].as_array().unwrap();
    assert!(!sent.is_empty() && previews.len() >= sent.len());
    for body in &sent {
        assert!(previews.iter().any(|preview| preview["body"] == body.as_str()), "another would be sent");
    }
}

/// Where too much waits for an agency, nothing new is taken on for it, whole or not at all. What takes back goes on.
#[tokio::test]
async fn a_full_backlog_keeps_news_out_whole_and_no_refusal() {
    let mut rig = Rig::new().await;
    Arc::get_mut(&mut rig.exchange).unwrap().backlog_max = 1;
    let both = ["custody-northgate", "probation-harbour"];
    let first = rig.submit(&assessment(&both), "k1").await.unwrap();
    let before = rig.audit().await.len();
    let earlier = id(&first, "assessment_id");
    let news = with(assessment(&both), "/substance_use/withdrawal_risk/advice", "Something new.");
    for _ in 0..2 {
        let refused = amend(&rig, &earlier, &news, "k2").await.unwrap_err();
        assert_eq!((refused.class, refused.retry_after_seconds), (Refused::Unavailable, Some(2)));
        let refused = rig.submit(&assessment(&both), "k3").await.unwrap_err();
        assert_eq!(refused.class, Refused::Unavailable);
    }
    assert_eq!(rig.audit().await.len(), before, "nothing of it was kept");

    // The person says no to one of them, and nothing is new for the other.
    let mut no = assessment(&both);
    for consent in no["consents"].as_array_mut().unwrap() {
        if consent["recipient"] == "custody-northgate" {
            consent["decision"] = "decline".into();
            consent["recorded_at"] = "2026-11-23T09:30:00Z".into();
        }
    }
    let answer = amend(&rig, &earlier, &no, "k4").await.unwrap();
    assert_eq!(changes(&answer, "custody-northgate"), ["withdrawn"]);
    assert_eq!(changes(&answer, "probation-harbour"), ["same"]);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1, "probation's, and nothing to custody");
    // What waited has gone, and so there is room.
    let mut news = with(no, "/priorities/0/own_words", "Other words.");
    news["consents"] = json!([]);
    let answer = amend(&rig, &id(&answer, "assessment_id"), &news, "k5").await.unwrap();
    assert_eq!(changes(&answer, "probation-harbour"), ["updated"]);
}
