//! Who saw what; and that whoever asks is on record, and before they are answered.

use keyway::{
    assessment::NhsNumber,
    clock::Moment,
    exchange::{
        ig::{Subject, Supposed, WhoSaw},
        refusal::Refused,
        rest,
        rows::DeliveryStatus,
        verify_log,
    },
    ids::{ConsentId, DisclosureId, PersonId, ReferralId},
};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{ALWAYS, holds_nobody, officer, person_of};
use crate::harness::{Rig, Scripted, agreement, assessment, consent_id, id, json as body_of, site, slug, to};

async fn who_saw(rig: &Rig, subject: Subject) -> WhoSaw {
    rig.exchange.who_saw(&site(), &officer(), &subject, ALWAYS).await.unwrap()
}

/// A person whom four agencies were told of; one collected, one read, one looked who may not.
async fn seen_by_many(rig: &Rig) -> Value {
    let recipients = ["cmht-riverside", "custody-northgate", "housing-harbour"];
    let answer = rig.submit(&assessment(&recipients), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    rig.clock.advance_seconds(60);
    let event = courier.texts().into_iter().find(|text| text.contains("detailUrl")).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let sheet = event["detailUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    rig.exchange.collect_sheet(&rig.caller("custody-northgate"), sheet).await.unwrap();
    let item = rig.first_item("housing-harbour").await;
    rig.exchange.mailbox_read(&rig.caller("housing-harbour"), "housing-harbour", &item).await.unwrap();
    rig.clock.advance_seconds(60);
    let referral = id(to(&answer, "cmht-riverside"), "referral_id");
    let cmht = rig.caller("cmht-riverside");
    rig.exchange.read_resource(&cmht, &rest::SERVICE_REQUEST, &referral, None).await.unwrap();
    let stranger = rig.caller("probation-harbour");
    rig.exchange.read_resource(&stranger, &rest::TASK, &referral, None).await.unwrap_err();
    rig.exchange.write_down_refused_looks().await;
    rig.clock.advance_seconds(60);
    answer
}

#[tokio::test]
async fn whoever_saw_or_looked_for_something_about_a_person_is_told_with_the_ground() {
    let rig = Rig::new().await;
    let answer = seen_by_many(&rig).await;
    let person = person_of(&rig, &id(to(&answer, "cmht-riverside"), "referral_id")).await;
    let told = who_saw(&rig, Subject::Person(person.clone())).await;
    let rows: Vec<(&str, &str)> = told.seen.iter().map(|one| (one.what, one.who.as_str())).collect();
    for expected in [
        ("disclosed", "cmht-riverside"),
        ("disclosed", "custody-northgate"),
        ("disclosed", "housing-harbour"),
        ("collected", "custody-northgate"),
        ("collected", "housing-harbour"),
        ("viewed", "cmht-riverside"),
        ("access-refused", "probation-harbour"),
        ("looked-up", "operator:ig.officer"),
    ] {
        assert_eq!(rows.iter().filter(|row| **row == expected).count(), 1, "{expected:?} in {rows:?}");
    }
    let ground_of = |what: &str, who: &str| {
        let one = told.seen.iter().find(|one| (one.what, one.who.as_str()) == (what, who)).unwrap();
        (one, one.ground.clone())
    };
    for (what, who) in
        [("disclosed", "custody-northgate"), ("collected", "custody-northgate"), ("viewed", "cmht-riverside")]
    {
        let (row, ground) = ground_of(what, who);
        let ground = ground.unwrap_or_else(|| panic!("{what} by {who} has no ground"));
        assert_eq!((ground.answer.as_str(), ground.reason.as_str()), ("permit", "consent-given"));
        let consent = ground.consent.unwrap();
        assert_eq!((consent.id.as_str(), consent.version), (consent_id(&answer, who).as_str(), 1));
        let agreed = ground.agreement.unwrap();
        assert_eq!((agreed.id.as_str(), agreed.version), (format!("dsa-{who}").as_str(), 1));
        assert_eq!(ground.basis.unwrap().confidentiality, "CONSENT-EXPLICIT");
        assert_eq!(ground.purposes, agreement(who).purposes);
        assert!(ground.blocks.unwrap().iter().any(|block| block.starts_with("risk-to-self:")));
        assert!(row.referral_id.is_some() && row.kind.is_some());
    }
    assert_eq!(ground_of("disclosed", "cmht-riverside").0.delivery, Some(DeliveryStatus::Delivered));
    assert_eq!(ground_of("disclosed", "housing-harbour").0.delivery, Some(DeliveryStatus::Collected));
    assert!(ground_of("access-refused", "probation-harbour").1.is_none());
    holds_nobody(&json!(told).to_string());
    // In the order of time, and only between the moments that are asked for.
    assert!(told.seen.is_sorted_by(|a, b| a.at <= b.at));
    let first = (Moment(i64::MIN), crate::harness::START.plus_seconds(30));
    let early = rig.exchange.who_saw(&site(), &officer(), &Subject::Person(person), first).await.unwrap();
    assert!(!early.seen.is_empty() && early.seen.iter().all(|one| one.what == "disclosed"), "{early:?}");
    rig.audit().await;
}

#[tokio::test]
async fn a_person_is_found_by_number_by_reference_and_by_pseudonym_and_the_value_is_nowhere_in_the_log() {
    let rig = Rig::new().await;
    let answer = seen_by_many(&rig).await;
    let person = person_of(&rig, &id(to(&answer, "cmht-riverside"), "referral_id")).await;
    let value = assessment(&["cmht-riverside"]);
    let number = value["person"]["nhs_number"]["value"].as_str().unwrap();
    let own = value["person"]["reference"].as_str().unwrap();
    let file = Connection::open(&rig.database).unwrap();
    let pseudonym: String = file
        .query_row("SELECT reference FROM person_reference WHERE partner_id = 'housing-harbour'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let reference = |text: &str, agency| Subject::Reference { reference: text.to_owned(), agency };
    for subject in [
        Subject::NhsNumber(NhsNumber::parse(number).unwrap()),
        reference(own, None),
        reference(&pseudonym, None),
        reference(&pseudonym, Some(slug("housing-harbour"))),
    ] {
        rig.clock.advance_seconds(1);
        let told = who_saw(&rig, subject.clone()).await;
        assert_eq!(told.people, std::slice::from_ref(&person), "{subject:?}");
        assert!(told.seen.iter().any(|one| one.what == "disclosed"));
    }
    // Somebody else's pseudonym, and a number that nobody has: nothing, and that it was asked is on record.
    for subject in [
        reference(&pseudonym, Some(slug("court-harbour"))),
        Subject::NhsNumber(NhsNumber::parse("9990000026").unwrap()),
        Subject::Person(PersonId::parse("nobody").unwrap()),
    ] {
        rig.clock.advance_seconds(1);
        let refused = rig.exchange.who_saw(&site(), &officer(), &subject, ALWAYS).await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound, "{subject:?}");
    }
    rig.clock.advance_seconds(1);
    let looks = rig.exchange.looks(&site(), &officer(), ALWAYS).await.unwrap().looks;
    let asked: Vec<(&str, Option<&str>, bool)> =
        looks.iter().map(|look| (look.question.as_str(), look.by.as_deref(), look.found_nothing)).collect();
    assert_eq!(
        asked,
        [
            ("who-saw", Some("nhs-number"), false),
            ("who-saw", Some("reference"), false),
            ("who-saw", Some("reference"), false),
            ("who-saw", Some("reference"), false),
            ("who-saw", Some("reference"), true),
            ("who-saw", Some("nhs-number"), true),
            ("who-saw", Some("person"), true),
            ("looks", None, false),
        ]
    );
    assert!(
        looks
            .iter()
            .all(|look| look.actor == "operator:ig.officer" && look.account.as_deref() == Some("1000"))
    );
    rig.audit().await;
    verify_log(rig.store.as_ref(), |entry| {
        let leaf = String::from_utf8_lossy(&entry.leaf).into_owned();
        for value in [number, own, &pseudonym, "9990000026"] {
            assert!(!leaf.contains(value), "what was searched for stands in the log");
        }
    })
    .await
    .unwrap()
    .unwrap();
}

#[tokio::test]
async fn a_question_that_cannot_be_put_on_record_is_not_answered() {
    let rig = Rig::new().await;
    let answer = seen_by_many(&rig).await;
    let referral = ReferralId::parse(&id(to(&answer, "cmht-riverside"), "referral_id")).unwrap();
    let disclosure = DisclosureId::parse(&id(to(&answer, "cmht-riverside"), "disclosure_id")).unwrap();
    let consent = ConsentId::parse(&consent_id(&answer, "cmht-riverside")).unwrap();
    let person = person_of(&rig, referral.as_str()).await;
    let file = Connection::open(&rig.database).unwrap();
    let no_log =
        "CREATE TRIGGER no_log BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no log'); END;";
    file.execute_batch(no_log).unwrap();
    let (site, officer, cmht) = (site(), officer(), slug("cmht-riverside"));
    let exchange = &rig.exchange;
    let supposed =
        Supposed { person: &person, recipient: &cmht, on_behalf_of: None, as_of: None, what_if: None };
    let subject = Subject::Person(person.clone());
    let refused = [
        exchange.who_saw(&site, &officer, &subject, ALWAYS).await.map(|_| ()),
        exchange.why_referral(&site, &officer, &referral).await.map(|_| ()),
        exchange.why_disclosed(&site, &officer, &disclosure).await.map(|_| ()),
        exchange.relied_on(&site, &officer, &consent).await.map(|_| ()),
        exchange.recalls(&site, &officer, false).await.map(|_| ()),
        exchange.overrides(&site, &officer, false).await.map(|_| ()),
        exchange.flows(&site, &officer).await.map(|_| ()),
        exchange.looks(&site, &officer, ALWAYS).await.map(|_| ()),
        exchange.explain_consent(&site, &officer, &supposed).await.map(|_| ()),
        // Not even that there is nothing is told.
        exchange.why_referral(&site, &officer, &ReferralId::parse("nothing").unwrap()).await.map(|_| ()),
    ];
    for (place, one) in refused.into_iter().enumerate() {
        assert_eq!(one.unwrap_err().class, Refused::Unavailable, "question {place}");
    }
    file.execute_batch("DROP TRIGGER no_log;").unwrap();
    assert!(exchange.why_referral(&site, &officer, &referral).await.is_ok());
}

#[tokio::test]
async fn no_agency_reads_of_an_officers_look() {
    let rig = Rig::new().await;
    let answer = seen_by_many(&rig).await;
    let referral = id(to(&answer, "cmht-riverside"), "referral_id");
    let consent = consent_id(&answer, "cmht-riverside");
    rig.exchange.why_referral(&site(), &officer(), &ReferralId::parse(&referral).unwrap()).await.unwrap();
    rig.exchange.relied_on(&site(), &officer(), &ConsentId::parse(&consent).unwrap()).await.unwrap();
    who_saw(&rig, Subject::Person(person_of(&rig, &referral).await)).await;
    let mut shown = 0;
    for who in ["ld-harbour", "cmht-riverside"] {
        let caller = rig.caller(who);
        for pairs in [
            vec![],
            vec![("entity", format!("Task/{referral}"))],
            vec![("entity", format!("Consent/{consent}"))],
        ] {
            let pairs: Vec<(String, String)> =
                pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let page = rig.exchange.search_resources(&caller, &rest::AUDIT_EVENT, &pairs, true, true).await;
            if let Ok(page) = page {
                let page = body_of(&page).to_string();
                assert!(!page.contains("looked-up"), "{who} {pairs:?}");
                shown += usize::from(page.contains("AuditEvent"));
            }
        }
    }
    assert!(shown >= 3, "pages that hold something: {shown}");
    let log = rig.exchange.read_referral_audit(&rig.caller("ld-harbour"), &referral).await.unwrap();
    assert!(!body_of(&log).to_string().contains("looked-up"));
}
