//! An assessment that answers a request: whoever asked reads which of theirs it is, nobody else does, and it is closed.

use keyway::{
    exchange::{Again, refusal::Refused, request::Door},
    ids::MessageId,
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, assessment, id, json as body_of, site, to};

/// A court asks for a report; the id of what it asked, and of the message.
async fn asked(rig: &Rig) -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/requests/court-report.json");
    let request = std::fs::read_to_string(file).unwrap();
    let court = rig.caller("court-harbour");
    body_of(&rig.exchange.take_request(&court, Door::Justice, "ask", request.as_bytes()).await.unwrap())
}

/// An assessment of the person about whom the court asks, that says it answers that.
fn answering(request: &Value, recipients: &[&str]) -> Value {
    let mut value = assessment(recipients);
    value["profile"] = "https://keyway.example/profiles/assessment/adult/2".into();
    value["offence"].as_object_mut().unwrap().remove("note");
    value.as_object_mut().unwrap().remove("treatment_requirement");
    value["housing"]["chosen_authority"] = json!({"name": "housing harbour"});
    value["person"]["birth_date"] = "2001-02-17".into();
    value["in_answer_to"] = request["referral_id"].clone();
    value["pathway"]["contact_outcome"] = "seen".into();
    value
}

/// What each event of this type leads to, collected by whom it is for.
async fn sheets(rig: &Rig, courier: &Scripted, event_type: &str) -> Vec<Value> {
    let events: Vec<(String, String)> = courier
        .carried
        .lock()
        .unwrap()
        .iter()
        .map(|parcel| {
            (parcel.partner.partner_id.to_string(), String::from_utf8_lossy(&parcel.body).into_owned())
        })
        .filter(|(_, text)| text.contains(event_type))
        .collect();
    let mut found = Vec::new();
    for (who, text) in events {
        let event: Value = serde_json::from_str(&text).unwrap();
        let message = event["detailUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        found.push(body_of(&rig.exchange.collect_sheet(&rig.caller(&who), &message).await.unwrap()));
    }
    found
}

#[tokio::test]
async fn whoever_asked_reads_which_request_it_answers_and_nobody_else_does() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let everybody =
        ["court-harbour", "custody-northgate", "probation-harbour", "cmht-riverside", "housing-harbour"];
    let answer = rig.submit(&answering(&request, &everybody), "k1").await.unwrap();
    assert_eq!(answer["in_answer_to"], json!({"referral_id": request["referral_id"], "state": "completed"}));
    let to_court = to(&answer, "court-harbour");
    assert_eq!(to_court["in_answer_to"], request["referral_id"]);
    assert_eq!(to(&answer, "custody-northgate").get("in_answer_to"), None);

    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let quoted = json!({
        "requestType": "court-report", "requestReference": "HMC-26-00981",
        "requestMessageId": request["message_id"], "receivedAt": "2026-11-23T10:00:00.000Z",
    });
    let [sheet] = &sheets(&rig, &courier, "court-report.issued").await[..] else {
        panic!("one for the court")
    };
    assert_eq!(sheet["inReplyTo"], quoted);
    // Beside it the outcome, which is all that a request alone leads to.
    let [outcome] = &sheets(&rig, &courier, "screening-request.answered").await[..] else {
        panic!("one answer")
    };
    assert_eq!((&outcome["inReplyTo"], &outcome["contactOutcome"]), (&quoted, &json!("seen")));
    for other in ["custody-advice.issued", "pre-sentence-contribution.issued"] {
        let [sheet] = &sheets(&rig, &courier, other).await[..] else { panic!("{other}") };
        assert_eq!(sheet.get("inReplyTo"), None, "{other}");
    }
    let item = rig.first_item("housing-harbour").await;
    let housing = rig.caller("housing-harbour");
    let letter = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
    let rest: String = courier.texts().concat();
    for text in [String::from_utf8(letter.body).unwrap(), rest] {
        assert!(!text.contains("HMC-26-00981"), "the court's own reference is the court's");
    }
    // L&D reads the link; the request has ended for both.
    let later = rig.referral(&id(to_court, "referral_id")).await;
    assert_eq!(later["in_answer_to"], request["referral_id"]);
    let court = rig.caller("court-harbour");
    let seen = rig.exchange.read_referral(&court, &id(&request, "referral_id")).await.unwrap();
    assert_eq!((&body_of(&seen)["state"], &body_of(&seen)["reason"]), (&json!("completed"), &json!("seen")));
    rig.audit().await;
}

#[tokio::test]
async fn where_the_person_says_no_the_request_ends_with_its_outcome_and_nothing_more() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let mut value = answering(&request, &["court-harbour"]);
    value["consents"][0]["decision"] = "decline".into();
    let answer = rig.submit(&value, "k1").await.unwrap();
    assert_eq!(to(&answer, "court-harbour")["state"], "withheld");
    assert_eq!(answer["in_answer_to"]["state"], "completed");
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 1);
    let [outcome] = &sheets(&rig, &courier, "screening-request.answered").await[..] else {
        panic!("one answer")
    };
    assert_eq!(outcome["contactOutcome"], "seen");
    assert_eq!(outcome.get("reportToFollow"), None, "whether a report comes would tell of the no");
}

/// Custody keeps somebody on the word that they were seen: a wrong one must not stay.
#[tokio::test]
async fn an_outcome_that_was_wrong_is_put_right_with_whoever_asked() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let value = answering(&request, &["housing-harbour"]);
    let first = rig.submit(&value, "k1").await.unwrap();
    let court = rig.caller("court-harbour");
    let reads = async || {
        let seen = rig.exchange.read_referral(&court, &id(&request, "referral_id")).await.unwrap();
        (body_of(&seen)["state"].clone(), body_of(&seen)["reason"].clone())
    };
    assert_eq!(reads().await, (json!("completed"), json!("seen")));
    let mut corrected = value.clone();
    corrected["pathway"]["contact_outcome"] = "not-seen".into();
    let sender = rig.caller("ld-harbour");
    let assessment = first["assessment_id"].as_str().unwrap();
    let amend = async |key: &str, body: &Value| {
        let body = body.to_string();
        rig.exchange.amend_assessment(&sender, assessment, key, body.as_bytes(), false).await
    };
    let answer = body_of(&amend("k2", &corrected).await.unwrap());
    assert!(answer["warnings"].to_string().contains("is told this one in its place"), "{answer}");
    assert_eq!(reads().await, (json!("completed"), json!("not-seen")));

    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let answers = sheets(&rig, &courier, "screening-request.answered").await;
    let said: Vec<&Value> = answers.iter().map(|one| &one["contactOutcome"]).collect();
    assert_eq!(said, [&json!("seen"), &json!("not-seen")]);
    assert_eq!(answers[0].get("supersedes"), None);
    assert_eq!(answers[1]["supersedes"], answers[0]["messageId"]);
    assert_eq!(answers[1]["inReplyTo"], answers[0]["inReplyTo"], "it quotes the same request");

    // The same outcome once more is no news.
    let again = rig.submit(&corrected, "k3").await.unwrap();
    assert!(!again["warnings"].to_string().contains("in its place"), "{again}");
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(sheets(&rig, &courier, "screening-request.answered").await.len(), 0);
    rig.audit().await;
}

#[tokio::test]
async fn a_request_of_somebody_else_or_about_somebody_else_is_not_answered() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let mut own = answering(&request, &["court-harbour"]);
    own.as_object_mut().unwrap().remove("in_answer_to");
    let own = rig.submit(&own, "k0").await.unwrap();
    let not_a_request = to(&own, "court-harbour")["referral_id"].clone();
    let mut wrong = answering(&request, &["court-harbour"]);
    // Somebody else altogether, not a slip about somebody who is known.
    wrong["person"] = json!({
        "reference": "LD-ANOTHER", "name": {"family": "Another"}, "birth_date": "1990-01-01",
    });
    let named = |id: Value| {
        let mut value = answering(&request, &["court-harbour"]);
        value["in_answer_to"] = id;
        value
    };
    for (value, code) in [
        (wrong, "business-rule"),
        (named(not_a_request), "not-found"),
        (named("01900000-0000-7000-8000-00000000a5ed".into()), "not-found"),
    ] {
        let refused = rig.submit(&value, "k1").await.unwrap_err();
        assert_eq!(refused.class, Refused::Unprocessable);
        assert_eq!((refused.issues[0].code, &*refused.issues[0].path), (code, "/in_answer_to"));
    }
    let still = rig.referral_as("court-harbour", &id(&request, "referral_id")).await;
    assert_eq!(still["state"], "queued");
}

#[tokio::test]
async fn without_an_outcome_the_request_stays_open_and_what_is_closed_is_not_closed_again() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let mut value = answering(&request, &["court-harbour"]);
    value["pathway"].as_object_mut().unwrap().remove("contact_outcome");
    let answer = rig.submit(&value, "k1").await.unwrap();
    assert_eq!(answer["in_answer_to"]["state"], "queued");
    assert!(answer["warnings"].to_string().contains("The request stays open"));

    let answer = rig.submit(&answering(&request, &["court-harbour"]), "k2").await.unwrap();
    assert_eq!(answer["in_answer_to"]["state"], "completed");
    let again = rig.submit(&answering(&request, &["court-harbour"]), "k3").await.unwrap();
    assert_eq!(again["in_answer_to"]["state"], "completed");
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(sheets(&rig, &courier, "screening-request.answered").await.len(), 1);
    assert_eq!(sheets(&rig, &courier, "court-report.issued").await.len(), 3);
}

/// What goes through probation is linked to the court's request, and tells probation nothing of the court's own reference.
#[tokio::test]
async fn what_another_passes_on_is_linked_and_does_not_quote() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let mut value = answering(&request, &["court-harbour", "probation-harbour"]);
    let asked = value["referrals"].as_array_mut().unwrap();
    asked.retain(|one| one["recipient"] == "probation-harbour");
    asked[0]["on_behalf_of"] = "court-harbour".into();
    let answer = rig.submit(&value, "k1").await.unwrap();
    assert_eq!(to(&answer, "probation-harbour")["in_answer_to"], request["referral_id"]);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let [sheet] = &sheets(&rig, &courier, "court-report.issued").await[..] else {
        panic!("one for the court")
    };
    assert_eq!((&sheet["issuedFor"]["kind"], sheet.get("inReplyTo")), (&json!("court"), None));
}

#[tokio::test]
async fn a_sheet_that_is_said_anew_quotes_the_request_again() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let first = rig.submit(&answering(&request, &["court-harbour"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let mut later = answering(&request, &["court-harbour"]);
    later["recommendation"][0]["text"] = "Said anew.".into();
    let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
    let earlier = id(&first, "assessment_id");
    let answer =
        rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
    assert_eq!(body_of(&answer)["in_answer_to"]["state"], "completed");
    rig.deliver_all(&courier).await;
    let [sheet] = &sheets(&rig, &courier, "court-report.superseded").await[..] else { panic!("a new one") };
    assert_eq!(sheet["inReplyTo"]["requestReference"], "HMC-26-00981");
    assert!(sheet.to_string().contains("Said anew."));
}

/// Which request is answered may be said later too; what was sent before is still made again as it was.
#[tokio::test]
async fn an_amendment_may_say_which_request_is_answered() {
    let rig = Rig::new().await;
    let request = asked(&rig).await;
    let mut first = answering(&request, &["court-harbour"]);
    first.as_object_mut().unwrap().remove("in_answer_to");
    let answer = rig.submit(&first, "k1").await.unwrap();
    assert_eq!(answer.get("in_answer_to"), None);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let before = sheets(&rig, &courier, "court-report.issued").await;
    let mut later = answering(&request, &["court-harbour"]);
    later["recommendation"][0]["text"] = "Said anew.".into();
    let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
    let earlier = id(&answer, "assessment_id");
    let later = rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
    rig.deliver_all(&courier).await;

    let after = sheets(&rig, &courier, "court-report.superseded").await;
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!(before[0].get("inReplyTo"), None);
    assert_eq!(after[0]["inReplyTo"]["requestReference"], "HMC-26-00981");
    // Advice is superseded by advice of its own.
    let shown = body_of(&later)["referrals"].as_array().unwrap().clone();
    let answers = |one: &&Value| one["in_answer_to"] == request["referral_id"];
    assert_eq!(shown.iter().filter(answers).count(), 1, "{shown:?}");
    for sheet in [&before[0], &after[0]] {
        let message = MessageId::parse(sheet["messageId"].as_str().unwrap()).unwrap();
        assert_eq!(rig.exchange.make_again(&site(), &message).await.unwrap().what, Again::Same);
    }
}

/// A referral goes on under its id, and says from then on what it answers.
#[tokio::test]
async fn a_referral_that_goes_on_says_what_it_answers_from_then_on() {
    let rig = Rig::new().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/requests/pre-sentence-contribution.json");
    let request = std::fs::read_to_string(file).unwrap();
    let probation = rig.caller("probation-harbour");
    let request = rig.exchange.take_request(&probation, Door::Justice, "ask", request.as_bytes()).await;
    let request = body_of(&request.unwrap());
    let mut first = answering(&request, &["probation-harbour"]);
    first["person"]["birth_date"] = "1988-03-09".into();
    let mut later = first.clone();
    first.as_object_mut().unwrap().remove("in_answer_to");
    let answer = rig.submit(&first, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    later["recommendation"][0]["text"] = "Said anew.".into();
    let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
    let earlier = id(&answer, "assessment_id");
    rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
    rig.deliver_all(&courier).await;
    let referral = rig.referral(&id(to(&answer, "probation-harbour"), "referral_id")).await;
    assert_eq!(referral["in_answer_to"], request["referral_id"]);
    let said = courier.texts();
    let said: Vec<&String> =
        said.iter().filter(|text| text.contains("pre-sentence-contribution.issued")).collect();
    assert_eq!(said.len(), 2);
    let event: Value = serde_json::from_str(said[1]).unwrap();
    let message = event["detailUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let sheet = body_of(&rig.exchange.collect_sheet(&probation, &message).await.unwrap());
    assert_eq!(sheet["inReplyTo"]["requestReference"], "PSR-26-0417");
    assert!(sheet.to_string().contains("Said anew."), "{sheet}");
    let again = rig.exchange.make_again(&site(), &MessageId::parse(&message).unwrap()).await.unwrap();
    assert_eq!(again.what, Again::Same);
}
