//! A past message is made again and compared with what was sent, or says why it cannot be.

use keyway::{
    clock::Clock as _,
    directory::{Channel, PartnerStatus},
    exchange::{
        Again,
        ports::{Store as _, Write},
    },
    ids::MessageId,
};
use rusqlite::Connection;
use serde_json::json;

use crate::harness::{PARTNERS, Rig, Scripted, agreement, assessment, id, partner, site, to};

const EVERYBODY: [&str; 5] =
    ["cmht-riverside", "custody-northgate", "court-harbour", "probation-harbour", "housing-harbour"];

/// The messages that are stored, by kind, the first first.
fn messages(rig: &Rig, kind: &str) -> Vec<MessageId> {
    let file = Connection::open(&rig.database).unwrap();
    let mut rows = file
        .prepare("SELECT message_id FROM message WHERE kind = ?1 ORDER BY created_at, message_id")
        .unwrap();
    let ids = rows.query_map([kind], |row| row.get::<_, String>(0)).unwrap();
    ids.map(|id| MessageId::parse(&id.unwrap()).unwrap()).collect()
}

fn change(rig: &Rig, statement: &str) {
    let file = Connection::open(&rig.database).unwrap();
    assert!(file.execute(statement, []).unwrap() > 0, "{statement}");
}

async fn again(rig: &Rig, message: &MessageId) -> Again {
    let again = rig.exchange.make_again(&site(), message).await.unwrap();
    assert_eq!(again.stored_matches, Some(true));
    again.what
}

#[tokio::test]
async fn what_went_to_everybody_is_made_again_to_the_byte_whatever_changed_since() {
    let rig = Rig::new().await;
    let first = rig.submit(&assessment(&EVERYBODY), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    // One of them moves it, and the assessment is amended: new messages go that name the ones before.
    rig.act("cmht-riverside", &id(to(&first, "cmht-riverside"), "referral_id"), "accept", json!({})).await;
    rig.clock.advance_seconds(600);
    let mut amended = assessment(&EVERYBODY);
    amended["housing"]["summary"] = "Sleeps at a friend's.".into();
    amended["referrals"][0]["urgency"] = "routine".into();
    let (service, body) = (rig.caller("ld-harbour"), amended.to_string());
    let before = id(&first, "assessment_id");
    rig.exchange.amend_assessment(&service, &before, "k2", body.as_bytes(), false).await.unwrap();
    rig.deliver_all(&courier).await;
    // Agencies change their names, and consent ends.
    for (slug, kind, channel) in PARTNERS {
        let mut renamed = partner(slug, kind, channel);
        renamed.name = String::from("Another name");
        renamed.status = PartnerStatus::Suspended;
        renamed.endpoint = (channel != Channel::Mailbox).then(|| String::from("https://moved.example/in"));
        let mut ended = agreement(slug);
        ended.version = 2;
        ended.valid_to = rig.clock.now();
        rig.store.commit(vec![Write::Partner(renamed), Write::Agreement(ended)], Vec::new()).await.unwrap();
    }
    rig.clock.advance_seconds(86_400 * 400);
    let messages = messages(&rig, "disclosure");
    assert!(messages.len() > EVERYBODY.len(), "{} messages", messages.len());
    for message in &messages {
        assert_eq!(again(&rig, message).await, Again::Same, "{message}");
    }
    let looked = rig.audit().await.iter().filter(|kind| *kind == "viewed").count();
    assert!(looked >= messages.len(), "each look is on record");
}

#[tokio::test]
async fn what_is_stored_of_another_message_or_assessment_does_not_pass_for_the_same() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    let message = messages(&rig, "disclosure").remove(0);
    // Somebody moves the referral's beginning of the conversation.
    change(&rig, "UPDATE referral SET correlation_id = '0198c0de-0000-7000-8000-00000000dead'");
    let Again::Differs(place) = again(&rig, &message).await else { panic!("it is another") };
    assert!(place.starts_with("body#/"), "{place}");
    // Or the stored hash.
    change(&rig, "UPDATE message SET body_sha256 = zeroblob(32)");
    let found = rig.exchange.make_again(&site(), &message).await.unwrap();
    assert_eq!(found.stored_matches, Some(false));
}

#[tokio::test]
async fn what_cannot_be_made_again_says_why_and_what_its_hash_is() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["probation-harbour"]), "k1").await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    let referral = id(to(&answer, "probation-harbour"), "referral_id");
    rig.act("ld-harbour", &referral, "withdraw", json!({"reason": "no-longer-needed"})).await;
    let why = async |kind: &str| {
        let found = rig.exchange.make_again(&site(), &messages(&rig, kind)[0]).await.unwrap();
        let Again::CannotBe(why) = found.what else { panic!("{:?}", found.what) };
        (why, found.stored_matches)
    };
    let (recall, matches) = why("recall").await;
    assert!(recall.contains("no assessment") && matches == Some(true), "{recall}");
    // Made by another release; by one that did not keep what it was made with; erased since.
    for (statement, words, matches) in [
        (
            "UPDATE message SET made_by = json_set(made_by, '$.policy', '000000000000')",
            "another mapping, allow-list or profile",
            Some(true),
        ),
        ("UPDATE message SET frame = NULL", "earlier release", Some(true)),
        ("UPDATE person SET wrapped_key = zeroblob(0)", "erased", None),
    ] {
        change(&rig, statement);
        let (why, found) = why("disclosure").await;
        assert!(why.contains(words) && found == matches, "{why}, {found:?}");
    }
    let nobodys = MessageId::parse("0198c0de-0000-7000-8000-00000000dead").unwrap();
    assert!(rig.exchange.make_again(&site(), &nobodys).await.is_err());
}
