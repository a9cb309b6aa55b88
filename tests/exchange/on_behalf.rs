//! What a court is told goes through probation: both read it, so both must be agreed to, and neither gets more.

use keyway::{
    audit::{Kind, Leaf},
    clock::Clock,
    directory::PartnerStatus,
    exchange::{
        ports::{Store, Write},
        refusal::{Refusal, Refused},
        verify_log,
    },
};
use serde_json::{Value, json};

use crate::harness::{
    PARTNERS, Rig, Scripted, agreement, assessment, consent_id, id, json as body_of, partner, site, slug, to,
};

const CARRIER: &str = "probation-harbour";
const READER: &str = "court-harbour";

/// The full assessment, asking probation to pass on what the court may know, with what the person said about both.
fn through_probation() -> Value {
    let mut value = form(assessment(&[CARRIER, READER]));
    let asked = value["referrals"].as_array_mut().unwrap();
    asked.retain(|one| one["recipient"] == CARRIER);
    asked[0]["on_behalf_of"] = READER.into();
    value
}

/// The form that has a word for it.
fn form(mut value: Value) -> Value {
    value["profile"] = "https://keyway.example/profiles/assessment/adult/2".into();
    let one = value.as_object_mut().unwrap().remove("treatment_requirement");
    value["treatment_requirements"] = one.into_iter().collect();
    value["offence"].as_object_mut().unwrap().remove("note");
    value
}

fn consent_for<'a>(value: &'a mut Value, recipient: &str) -> &'a mut Value {
    let consents = value["consents"].as_array_mut().unwrap();
    consents.iter_mut().find(|consent| consent["recipient"] == recipient).unwrap()
}

async fn collected(rig: &Rig, who: &str, event: &str) -> Result<Value, Refusal> {
    let event: Value = serde_json::from_str(event).unwrap();
    let message = event["detailUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    rig.exchange.collect_sheet(&rig.caller(who), &message).await.map(|answer| body_of(&answer))
}

/// What probation collects of `value`, and the event that told of it.
async fn sheet(rig: &Rig, value: &Value) -> (Value, Value) {
    rig.submit(value, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let [event] = &courier.texts()[..] else { panic!("one message, to one agency") };
    assert_eq!(courier.carried.lock().unwrap()[0].partner.partner_id.as_str(), CARRIER);
    (collected(rig, CARRIER, event).await.unwrap(), serde_json::from_str(event).unwrap())
}

#[tokio::test]
async fn with_both_agreed_probation_gets_what_the_court_may_know_and_no_more() {
    let rig = Rig::new().await;
    let (passed_on, event) = sheet(&rig, &through_probation()).await;
    assert_eq!(passed_on["issuedTo"]["name"], "probation harbour");
    assert_eq!(
        passed_on["issuedFor"],
        json!({"name": "court harbour", "code": "COURT-HARBOUR", "kind": "court"})
    );
    assert!(passed_on["passOn"].as_str().unwrap().starts_with("Pass this on"));

    // The event is probation's: its pseudonym, and no number of the court's.
    assert_eq!(event["eventType"], "liaison-diversion.court-report.issued");
    assert_eq!(event["additionalInformation"]["audience"], "probation");
    let reference = passed_on["defendant"]["reference"].clone();
    assert_eq!(event["personReference"]["identifiers"], json!([{"type": "LDREF", "value": reference}]));

    // The same person, asked for the court itself.
    let own = Rig::new().await;
    own.submit(&form(assessment(&[READER])), "k1").await.unwrap();
    let courier = Scripted::delivers();
    own.deliver_all(&courier).await;
    let direct = collected(&own, READER, &courier.texts()[0]).await.unwrap();
    assert_ne!(
        direct["defendant"]["reference"], reference,
        "each agency knows the person by another reference"
    );
    assert_ne!(direct.get("onwardReferrals"), None, "the court may be told of one that probation may not");
    let content = |sheet: &Value| {
        let mut sheet = sheet.clone();
        let fields = sheet.as_object_mut().unwrap();
        for of_the_message in [
            "messageId",
            "referralId",
            "disclosureId",
            "issuedAt",
            "issuedTo",
            "issuedFor",
            "passOn",
            "request",
            "onwardReferrals",
        ] {
            fields.remove(of_the_message);
        }
        sheet["defendant"]["reference"] = Value::Null;
        sheet
    };
    assert_eq!(content(&passed_on), content(&direct));
    assert_eq!(passed_on.get("onwardReferrals"), None, "what only one of the two may be told, neither is");
    for not_the_courts in ["priorities", "riskToOthers", "safeguarding", "strengths", "money"] {
        assert_eq!(passed_on.get(not_the_courts), None);
    }
    // The court was sent nothing: it has no message of its own to fetch.
    let refused = collected(&rig, READER, &event.to_string()).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
}

#[tokio::test]
async fn with_one_of_the_two_only_nothing_leaves_and_the_reason_says_which() {
    for (missing, said, reason, other) in [
        (READER, "decline", "consent-refused", CARRIER),
        (CARRIER, "decline", "consent-refused", READER),
        (READER, "", "no-consent", CARRIER),
        (CARRIER, "", "no-consent", READER),
    ] {
        let rig = Rig::new().await;
        let mut value = through_probation();
        if said.is_empty() {
            value["consents"].as_array_mut().unwrap().retain(|one| one["recipient"] != missing);
        } else {
            consent_for(&mut value, missing)["decision"] = said.into();
        }
        let answer = rig.submit(&value, "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        assert_eq!(courier.count(), 0);
        let planned = to(&answer, CARRIER);
        assert_eq!((&planned["state"], &planned["reason"]), (&json!("withheld"), &json!(reason)));
        assert_eq!(planned["on_behalf_of"], READER);
        let rule = format!("consent/1@{missing}");
        assert_eq!(planned["withheld"], json!([{"field": "*", "rule": rule, "reason": reason}]));
        let decided = planned["decided"].as_array().unwrap();
        let of = |agency: &str| &decided.iter().find(|one| one["agency"] == agency).unwrap()["reason"];
        assert_eq!((of(missing), of(other)), (&json!(reason), &json!("consent-given")));
        let warned = answer["warnings"].to_string();
        assert!(warned.contains("/referrals/0/on_behalf_of") && warned.contains("both"), "{warned}");
        // It is there to be read later too.
        let later = rig.referral(&id(planned, "referral_id")).await;
        assert_eq!(later["withheld"][0]["rule"], rule);
        assert_eq!(later["on_behalf_of"], READER);
    }
}

#[tokio::test]
async fn an_agreement_with_both_is_needed_and_both_must_be_in_use() {
    for gone in [READER, CARRIER] {
        let rig = Rig::new().await;
        let mut over = agreement(gone);
        over.version = 2;
        over.valid_to = rig.clock.now();
        rig.store.commit(vec![Write::Agreement(over)], Vec::new()).await.unwrap();
        let answer = rig.submit(&through_probation(), "k1").await.unwrap();
        let planned = to(&answer, CARRIER);
        assert_eq!(planned["reason"], "no-agreement");
        assert_eq!(planned["withheld"][0]["rule"], format!("consent/1@{gone}"));
        assert_eq!(rig.deliver_all(&Scripted::delivers()).await, 0);
    }
    // One that is set aside meanwhile: what waits goes on waiting.
    for gone in [READER, CARRIER] {
        let rig = Rig::new().await;
        rig.submit(&through_probation(), "k1").await.unwrap();
        let (_, kind, channel) = PARTNERS.into_iter().find(|(slug, ..)| *slug == gone).unwrap();
        let mut suspended = partner(gone, kind, channel);
        suspended.version = rig.store.partner(&site(), &slug(gone)).await.unwrap().unwrap().version;
        suspended.status = PartnerStatus::Suspended;
        rig.store.commit(vec![Write::Partner(suspended)], Vec::new()).await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        assert_eq!(courier.count(), 0, "{gone} is suspended");
    }
}

#[tokio::test]
async fn what_the_person_keeps_from_either_is_kept_from_both() {
    for (from, block, field) in
        [(CARRIER, "vulnerabilities", "vulnerabilities"), (READER, "recommendation", "recommendations")]
    {
        let rig = Rig::new().await;
        let mut value = through_probation();
        consent_for(&mut value, from)["excludes"] = json!([block]);
        let (passed_on, _) = sheet(&rig, &value).await;
        assert_eq!(passed_on.get(field), None, "{block}");
        assert_ne!(passed_on.get("communication"), None);
    }
}

#[tokio::test]
async fn a_consent_that_either_loses_takes_back_what_was_passed_on() {
    for taken_back in [READER, CARRIER] {
        let rig = Rig::new().await;
        let answer = rig.submit(&through_probation(), "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        let event = courier.texts().remove(0);
        rig.revoke(&consent_id(&answer, taken_back)).await;
        assert!(collected(&rig, CARRIER, &event).await.is_err());
        rig.deliver_all(&courier).await;
        let carried = courier.carried.lock().unwrap();
        let [_, recall] = &carried[..] else { panic!("a recall, and nothing else") };
        assert_eq!(recall.partner.partner_id.as_str(), CARRIER, "who has it must stop using it");
        assert!(String::from_utf8_lossy(&recall.body).contains("disclosure.recalled"));
        drop(carried);
        let later = rig.referral(&id(to(&answer, CARRIER), "referral_id")).await;
        assert_eq!(later["state"], "recalled");
    }
    // While it waits it is stopped, and nothing goes.
    let rig = Rig::new().await;
    let answer = rig.submit(&through_probation(), "k1").await.unwrap();
    rig.revoke(&consent_id(&answer, READER)).await;
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.count(), 0);
}

#[tokio::test]
async fn nothing_is_passed_on_but_what_the_one_that_passes_it_on_may_know() {
    let rig = Rig::new().await;
    for (recipient, reader, code) in [
        ("probation-harbour", "cmht-riverside", "business-rule"),
        ("probation-harbour", "custody-northgate", "business-rule"),
        ("probation-harbour", "probation-harbour", "business-rule"),
        ("probation-harbour", "ld-harbour", "business-rule"),
        ("housing-harbour", "court-harbour", "business-rule"),
        ("custody-northgate", "court-harbour", "business-rule"),
        ("court-harbour", "probation-harbour", "business-rule"),
        ("probation-harbour", "nobody-harbour", "not-found"),
    ] {
        let mut value = form(assessment(&[recipient]));
        value["referrals"][0]["on_behalf_of"] = reader.into();
        let refused = rig.submit(&value, "k1").await.unwrap_err();
        assert_eq!(refused.class, Refused::Unprocessable);
        let issue = &refused.issues[0];
        assert_eq!((issue.code, issue.path.as_str()), (code, "/referrals/0/on_behalf_of"));
        assert!(!issue.diagnostics.contains(reader), "what was sent is not repeated");
    }
    assert_eq!(rig.deliver_all(&Scripted::delivers()).await, 0);
}

/// The recipient changed to one that was never agreed to: the sheet goes nowhere, and what probation has is not widened.
#[tokio::test]
async fn another_recipient_or_reader_in_a_later_version_is_decided_anew_and_widens_nothing() {
    let rig = Rig::new().await;
    let first = rig.submit(&through_probation(), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    // Its own view now, with the yes for the court alone: nothing of that goes to probation.
    let mut later = through_probation();
    later["referrals"][0].as_object_mut().unwrap().remove("on_behalf_of");
    later["consents"].as_array_mut().unwrap().retain(|one| one["recipient"] != CARRIER);
    let mut no = consent_for(&mut through_probation(), CARRIER).clone();
    no["decision"] = "decline".into();
    no["recorded_at"] = "2026-11-23T09:30:00Z".into();
    later["consents"].as_array_mut().unwrap().push(no);
    let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
    let earlier = id(&first, "assessment_id");
    let answer =
        rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
    let answer = body_of(&answer);
    let changes: Vec<(&str, Option<&str>)> = answer["referrals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["change"].as_str().unwrap(), one["state"].as_str()))
        .collect();
    assert_eq!(changes, [("new", Some("withheld")), ("recalled", None)]);
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    assert_eq!(texts.len(), 2, "the sheet, and its recall");
    assert!(texts[1].contains("disclosure.recalled"));
}

#[tokio::test]
async fn an_emergency_never_goes_through_another() {
    let rig = Rig::new().await;
    let mut value = through_probation();
    value["risk"]["to_self"]["current"] = "yes".into();
    value["risk"]["to_self"]["imminent"] = true.into();
    value["overrides"] = json!([{
        "recipient": CARRIER, "reason": "RISK-TO-LIFE-SELF", "practitioner": "Ann Example",
        "justification": "Found with tablets counted out.",
    }]);
    consent_for(&mut value, READER)["decision"] = "decline".into();
    let answer = rig.submit(&value, "k1").await.unwrap();
    assert_eq!(to(&answer, CARRIER)["state"], "withheld");
    assert!(answer["warnings"].to_string().contains("Telephone both."));
    assert_eq!(rig.deliver_all(&Scripted::delivers()).await, 0);
}

#[tokio::test]
async fn the_log_names_both_and_what_each_rests_on() {
    let rig = Rig::new().await;
    let answer = rig.submit(&through_probation(), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    rig.audit().await;
    let referral = id(to(&answer, CARRIER), "referral_id");
    let mut seen = Vec::new();
    let read = |entry: &keyway::exchange::rows::StoredEntry| {
        let leaf = Leaf::read(&entry.leaf).unwrap();
        if leaf.id_of("referral") == Some(referral.as_str()) {
            assert_eq!(leaf.id_of("partner"), Some(CARRIER), "{}", entry.kind);
            assert_eq!(leaf.id_of("on-behalf-of"), Some(READER), "{}", entry.kind);
            seen.push(entry.kind.clone());
            if entry.kind == Kind::Decided.as_str() {
                let consent = consent_id(&answer, READER);
                assert_eq!(leaf.id_of("on-behalf-of-consent"), Some(format!("{consent}/1").as_str()));
                assert_eq!(leaf.id_of("consent"), Some(consent_id(&answer, CARRIER).as_str()));
            }
        }
    };
    verify_log(rig.store.as_ref(), read).await.unwrap().unwrap();
    for kind in [Kind::Decided, Kind::Disclosed] {
        assert!(seen.iter().any(|one| one == kind.as_str()), "{}", kind.as_str());
    }
}

#[tokio::test]
async fn a_rehearsal_shows_for_whom_it_is_and_the_same_sheet() {
    let rig = Rig::new().await;
    let body = through_probation().to_string();
    let rehearsal = rig.exchange.rehearse(&rig.caller("ld-harbour"), body.as_bytes()).await.unwrap();
    let [one] = &rehearsal.recipients[..] else { panic!("one is asked") };
    assert_eq!((one.recipient.as_str(), one.on_behalf_of.as_ref().unwrap().as_str()), (CARRIER, READER));
    assert_eq!(one.audience.unwrap().as_str(), "court");
    let detail = one.message.as_ref().unwrap().detail.clone().unwrap();
    let detail: Value = serde_json::from_slice(&detail).unwrap();
    assert_eq!(detail["issuedFor"]["kind"], "court");
    let decision = one.decision.as_ref().unwrap();
    let agencies: Vec<&str> = decision.shares.iter().map(|share| share.partner.as_str()).collect();
    assert_eq!(agencies, [CARRIER, READER]);
}

/// Probation is asked for itself and for the court: two referrals, each with its own words.
fn for_itself_and_the_court() -> Value {
    let mut value = through_probation();
    let asked = value["referrals"].as_array_mut().unwrap();
    asked[0]["reason"] = "Words for the court.".into();
    let mut own = asked[0].clone();
    own.as_object_mut().unwrap().remove("on_behalf_of");
    own["reason"] = "Words for probation.".into();
    asked.push(own);
    value
}

/// The sheets that probation collects: its own, and what it passes on.
async fn both_sheets(rig: &Rig, courier: &Scripted) -> (Vec<Value>, Vec<Value>) {
    let (mut own, mut passed_on) = (Vec::new(), Vec::new());
    for event in courier.texts().iter().filter(|event| !event.contains("disclosure.recalled")) {
        let Ok(sheet) = collected(rig, CARRIER, event).await else { continue };
        if sheet.get("issuedFor").is_some() { passed_on.push(sheet) } else { own.push(sheet) }
    }
    (own, passed_on)
}

/// The one of a submission's referrals that is for `reader`.
fn for_reader<'a>(answer: &'a Value, reader: Option<&str>) -> &'a Value {
    let referrals = answer["referrals"].as_array().unwrap();
    referrals.iter().find(|one| one["on_behalf_of"].as_str() == reader).unwrap()
}

#[tokio::test]
async fn probation_gets_its_own_view_and_the_courts_and_neither_holds_what_is_the_others() {
    let rig = Rig::new().await;
    let answer = rig.submit(&for_itself_and_the_court(), "k1").await.unwrap();
    let ids = [None, Some(READER)].map(|reader| id(for_reader(&answer, reader), "referral_id"));
    assert_ne!(ids[0], ids[1]);
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let conversations: Vec<String> =
        courier.carried.lock().unwrap().iter().map(|one| one.correlation_id.clone()).collect();
    assert!(conversations.len() == 2 && conversations[0] != conversations[1]);
    let (own, passed_on) = both_sheets(&rig, &courier).await;
    let ([own], [passed_on]) = (&own[..], &passed_on[..]) else { panic!("one of each") };
    assert_eq!([own, passed_on].map(|sheet| id(sheet, "referralId")), ids);

    // Each is what it would be without the other.
    let alone = |reader: Option<&str>| {
        let mut value = for_itself_and_the_court();
        value["referrals"].as_array_mut().unwrap().retain(|one| one["on_behalf_of"].as_str() == reader);
        value
    };
    let content = |sheet: &Value| {
        let mut sheet = sheet.clone();
        for of_the_message in ["messageId", "referralId", "disclosureId"] {
            sheet.as_object_mut().unwrap().remove(of_the_message);
        }
        for whose in ["defendant", "person", "personOnProbation"] {
            if let Some(person) = sheet.get_mut(whose) {
                person["reference"] = Value::Null;
            }
        }
        sheet
    };
    for (sheet, reader) in [(own, None), (passed_on, Some(READER))] {
        let apart = Rig::new().await;
        apart.submit(&alone(reader), "k1").await.unwrap();
        let courier = Scripted::delivers();
        apart.deliver_all(&courier).await;
        let (own, passed_on) = both_sheets(&apart, &courier).await;
        let one = own.iter().chain(&passed_on).next().unwrap();
        assert_eq!(content(sheet), content(one), "{reader:?}");
    }
    assert_eq!(own["request"]["reason"], "Words for probation.");
    assert_eq!(passed_on["request"]["reason"], "Words for the court.");
    assert!(!passed_on.to_string().contains("Words for probation."));
    assert!(!own.to_string().contains("Words for the court."));
    assert!(own.get("priorities").is_some() && passed_on.get("priorities").is_none());
}

#[tokio::test]
async fn of_its_own_view_and_the_courts_each_is_decided_and_taken_back_by_itself() {
    // No to the court: its own goes. No to probation: neither.
    for (no, left) in [(READER, 1), (CARRIER, 0)] {
        let rig = Rig::new().await;
        let mut value = for_itself_and_the_court();
        consent_for(&mut value, no)["decision"] = "decline".into();
        let answer = rig.submit(&value, "k1").await.unwrap();
        let courier = Scripted::delivers();
        rig.deliver_all(&courier).await;
        assert_eq!(courier.count(), left, "{no}");
        assert_eq!(for_reader(&answer, Some(READER))["state"], "withheld");
        let (own, passed_on) = both_sheets(&rig, &courier).await;
        assert_eq!((own.len(), passed_on.len()), (left, 0));
    }
    // Taken back later for the court: what was passed on is recalled, and its own stands.
    let rig = Rig::new().await;
    let answer = rig.submit(&for_itself_and_the_court(), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.revoke(&consent_id(&answer, READER)).await;
    let mut states = Vec::new();
    for reader in [None, Some(READER)] {
        let seen = rig.referral(&id(for_reader(&answer, reader), "referral_id")).await;
        states.push(seen["state"].as_str().unwrap().to_owned());
    }
    assert_eq!(states, ["delivered", "recalled"]);
    let (own, passed_on) = both_sheets(&rig, &courier).await;
    assert_eq!((own.len(), passed_on.len()), (1, 0));
    rig.audit().await;
}

#[tokio::test]
async fn a_later_version_says_anew_what_is_new_for_the_one_and_not_for_the_other() {
    let rig = Rig::new().await;
    let first = rig.submit(&for_itself_and_the_court(), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let mut later = for_itself_and_the_court();
    later["referrals"][1]["reason"] = "Other words for probation.".into();
    let (caller, body) = (rig.caller("ld-harbour"), later.to_string());
    let earlier = id(&first, "assessment_id");
    let shown = rig
        .exchange
        .amend_assessment(&caller, &earlier, "", body.as_bytes(), true)
        .await
        .map(|a| body_of(&a));
    let previews = shown.unwrap()["preview"].as_array().unwrap().clone();
    assert_eq!(previews.len(), 1);
    assert_eq!((&previews[0]["recipient"], &previews[0]["on_behalf_of"]), (&json!(CARRIER), &json!(null)));
    let answer =
        rig.exchange.amend_assessment(&caller, &earlier, "k2", body.as_bytes(), false).await.unwrap();
    let answer = body_of(&answer);
    let changes = [None, Some(READER)].map(|reader| for_reader(&answer, reader)["change"].clone());
    assert_eq!(changes, [json!("updated"), json!("same")]);
}

#[tokio::test]
async fn for_one_agency_a_recipient_is_asked_once() {
    let rig = Rig::new().await;
    for again in [0, 1] {
        let mut value = for_itself_and_the_court();
        let twice = value["referrals"][again].clone();
        value["referrals"].as_array_mut().unwrap().push(twice);
        let refused = rig.submit(&value, "k1").await.unwrap_err();
        let places: Vec<&str> = refused.issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!((refused.class, places), (Refused::Unprocessable, vec!["/referrals/2/recipient"]));
    }
}
