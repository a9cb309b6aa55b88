//! A person is erased: nothing of them can be read in any file, whoever holds something is told, and the log stays whole.

use std::collections::HashSet;

use keyway::{
    audit::{hex, merkle::leaf_hash, note},
    exchange::{log_verifiers, refusal::Refused, verify_log},
    ids::PersonId,
};
use rusqlite::{Connection, types::Value as Cell};
use serde_json::{Value, json};

use super::{number, officer, person_of};
use crate::harness::{Rig, Scripted, assessment, consent_id, id, site, to};

/// Two people of whom custody and housing were told, all ended; the answers to their submissions.
async fn two_people(rig: &Rig) -> [Value; 2] {
    rig.exchange.begin_log(&site()).await.unwrap();
    let mut other = assessment(&["court-harbour", "housing-harbour"]);
    other["person"]["reference"] = "harbour-ld-00099".into();
    other["person"]["name"]["family"] = "Otherwise".into();
    other["person"].as_object_mut().unwrap().remove("nhs_number");
    let mut answers = Vec::new();
    for (one, key) in [(assessment(&["court-harbour", "housing-harbour"]), "k1"), (other, "k2")] {
        let answer = rig.submit(&one, key).await.unwrap();
        rig.deliver_all(&Scripted::delivers()).await;
        rig.act("court-harbour", &id(to(&answer, "court-harbour"), "referral_id"), "use", json!({})).await;
        let housing = rig.caller("housing-harbour");
        let item = rig.first_item("housing-harbour").await;
        rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
        rig.exchange.mailbox_acknowledge(&housing, "housing-harbour", &item).await.unwrap();
        let referral = id(to(&answer, "housing-harbour"), "referral_id");
        let why = json!({"reason": "capacity", "comment": "CANARY of the receiver"});
        rig.act("housing-harbour", &referral, "decline", why).await;
        answers.push(answer);
    }
    answers.try_into().unwrap()
}

fn files(rig: &Rig) -> Vec<u8> {
    ["", "-wal"]
        .iter()
        .flat_map(|end| std::fs::read(format!("{}{end}", rig.database.display())).unwrap_or_default())
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    assert!(text.len() >= 4);
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Every run of so many bytes, to look many up at once.
const RUN: usize = 16;

fn runs(bytes: &[u8]) -> HashSet<&[u8]> {
    bytes.windows(RUN).collect()
}

/// Every sealed byte string of a person that is in the database, but for the log's.
fn sealed_of(rig: &Rig, person: &PersonId) -> Vec<Vec<u8>> {
    let file = Connection::open(&rig.database).unwrap();
    let of_referrals = "referral_id IN (SELECT referral_id FROM referral WHERE person_id = ?1)";
    let questions = [
        String::from("SELECT wrapped_key FROM person WHERE person_id = ?1"),
        String::from("SELECT body FROM assessment WHERE person_id = ?1"),
        String::from("SELECT body FROM consent WHERE person_id = ?1"),
        String::from("SELECT body FROM inbound WHERE person_id = ?1"),
        String::from("SELECT hash FROM person_lookup WHERE person_id = ?1"),
        String::from("SELECT withheld FROM referral WHERE person_id = ?1"),
        String::from("SELECT receiver_note FROM referral WHERE person_id = ?1"),
        format!("SELECT receiver_note FROM referral_version WHERE {of_referrals}"),
        format!("SELECT withheld FROM referral_version WHERE {of_referrals}"),
        format!("SELECT body FROM decision WHERE {of_referrals}"),
        format!("SELECT body FROM message WHERE {of_referrals}"),
        format!("SELECT detail FROM message WHERE {of_referrals}"),
        format!("SELECT lineage FROM message WHERE {of_referrals}"),
        format!("SELECT frame FROM message WHERE {of_referrals}"),
    ];
    let mut found = Vec::new();
    for question in questions {
        let mut rows = file.prepare(&question).unwrap();
        let cells = rows.query_map([person.as_str()], |row| row.get::<_, Cell>(0)).unwrap();
        found.extend(cells.filter_map(|cell| match cell.unwrap() {
            Cell::Blob(bytes) if !bytes.is_empty() => Some(bytes),
            _ => None,
        }));
    }
    found
}

/// Short parts of a byte string: what is long is spread over several pages.
fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(RUN)
}

#[tokio::test]
async fn nothing_of_an_erased_person_can_be_read_in_any_file_and_the_log_is_whole() {
    let rig = Rig::new().await;
    let [first, second] = two_people(&rig).await;
    let court = id(to(&first, "court-harbour"), "referral_id");
    let person = person_of(&rig, &court).await;
    let other = person_of(&rig, &id(to(&second, "court-harbour"), "referral_id")).await;
    let (sealed, others) = (sealed_of(&rig, &person), sealed_of(&rig, &other));
    assert!(sealed.len() > 20, "{} sealed", sealed.len());
    let before = files(&rig);
    let was = runs(&before);
    for bytes in &sealed {
        assert!(parts(bytes).any(|part| was.contains(part)), "what is looked for was there");
    }

    let plan = rig.exchange.plan_erasure(&site(), &officer(), &person).await.unwrap();
    assert!(plan.refused_for.is_empty(), "{:?}", plan.refused_for);
    assert_eq!(plan.notices.len(), 2);
    assert_eq!(sealed_of(&rig, &person), sealed, "a dry run erases nothing");
    let done = rig.exchange.erase_person(&site(), &officer(), &person, "Asked for it, CANARY").await.unwrap();
    assert_eq!(done.overwritten, Some(true));
    assert_eq!(done.goes, plan.goes);

    // Zero bytes, in the database and beside it.
    let after = files(&rig);
    let is = runs(&after);
    for bytes in &sealed {
        assert_eq!(parts(bytes).filter(|part| is.contains(part)).count(), 0, "of {} bytes", bytes.len());
    }
    let value = assessment(&["court-harbour"]);
    let told = &value["person"];
    for canary in [&told["name"]["family"], &told["birth_date"], &told["nhs_number"]["value"]] {
        assert!(!holds(&after, canary.as_str().unwrap()), "{canary}");
    }
    assert!(!holds(&after, "CANARY"));
    // Another's is there, to the byte.
    assert_eq!(sealed_of(&rig, &other), others);
    // The log is whole, and tells of it.
    let kinds = rig.audit().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "erased").count(), 1);
    let again = rig
        .exchange
        .who_saw(&site(), &officer(), &keyway::exchange::ig::Subject::Person(person.clone()), super::ALWAYS)
        .await;
    let told = again.unwrap();
    assert!(serde_json::to_string(&told).unwrap().contains(&court), "what happened is still told");
    // The same person is somebody new.
    let new = rig.submit(&assessment(&["court-harbour"]), "k3").await.unwrap();
    assert_ne!(person_of(&rig, &id(to(&new, "court-harbour"), "referral_id")).await, person);
}

#[tokio::test]
async fn whoever_holds_a_disclosure_is_told_by_ids_and_can_answer() {
    let rig = Rig::new().await;
    let [first, _] = two_people(&rig).await;
    let housing = id(to(&first, "housing-harbour"), "referral_id");
    let person = person_of(&rig, &housing).await;
    rig.exchange.erase_person(&site(), &officer(), &person, "Asked for it").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let sent = courier.texts();
    assert_eq!(sent.len(), 1, "the court's");
    assert!(sent[0].contains("erased"), "{}", sent[0]);
    let caller = rig.caller("housing-harbour");
    let item = rig.first_item("housing-harbour").await;
    let notice = rig.exchange.mailbox_read(&caller, "housing-harbour", &item).await.unwrap();
    let notice = String::from_utf8(notice.body).unwrap();
    assert!(notice.contains(&housing) && notice.contains("erased"), "{notice}");
    let value = assessment(&["court-harbour"]);
    for text in sent.iter().chain([&notice]) {
        let told = &value["person"];
        for canary in [&told["name"]["family"], &told["birth_date"], &told["nhs_number"]["value"]] {
            assert!(!text.contains(canary.as_str().unwrap()));
        }
    }
    rig.exchange.mailbox_acknowledge(&caller, "housing-harbour", &item).await.unwrap();
    rig.act("housing-harbour", &housing, "answer-recall", json!({"answer": "deleted"})).await;
    assert!(rig.audit().await.contains(&String::from("recall-answered")));
    // The service reads how it stands, and no more.
    let shown = rig.referral(&housing).await;
    assert_eq!((shown["state"].as_str(), shown.get("withheld")), (Some("recalled"), None));
}

#[tokio::test]
async fn a_certificate_can_be_checked_without_the_gateway() {
    let rig = Rig::new().await;
    let [first, _] = two_people(&rig).await;
    let person = person_of(&rig, &id(to(&first, "court-harbour"), "referral_id")).await;
    let done = rig.exchange.erase_person(&site(), &officer(), &person, "Asked for it").await.unwrap();
    let certificate = done.certificate.unwrap();
    let keys = log_verifiers(rig.store.as_ref()).await.unwrap();
    let (text, _) = note::open(&certificate, &keys).unwrap();
    assert!(text.contains(&format!("person {person}\n")) && text.contains("key destroyed\n"));
    assert!(text.contains("removed assessments 1\n"), "{text}");
    for notice in &done.notices {
        let line = format!("notice {} {}\n", notice.message_id.as_ref().unwrap(), notice.recipient);
        assert!(text.contains(&line));
    }
    // It is tied to its entry, which is in the log.
    rig.audit().await;
    let mut leaves = Vec::new();
    verify_log(rig.store.as_ref(), |entry| leaves.push((entry.kind.clone(), leaf_hash(&entry.leaf))))
        .await
        .unwrap()
        .unwrap();
    let entry = leaves.iter().find(|(kind, _)| kind == "erased").unwrap();
    assert!(text.contains(&format!("entry {}\n", hex(&entry.1))));
    assert!(note::open(&certificate.replace("assessments 1", "assessments 2"), &keys).is_err());
    let kept = rig.exchange.erasure_certificate(&site(), &officer(), &person).await.unwrap();
    assert_eq!(kept, certificate);
    let twice = rig.exchange.erase_person(&site(), &officer(), &person, "Again").await.unwrap_err();
    assert!(twice.class == Refused::Conflict && twice.issues[0].diagnostics.contains("already"));
}

async fn refusals(rig: &Rig, person: &PersonId) -> Vec<String> {
    let refused = rig.exchange.erase_person(&site(), &officer(), person, "Asked for it").await.unwrap_err();
    assert_eq!(refused.class, Refused::Conflict);
    let plan = rig.exchange.plan_erasure(&site(), &officer(), person).await.unwrap();
    assert_eq!(plan.refused_for.len(), refused.issues.len());
    assert_eq!(number(rig, "SELECT COUNT(*) FROM erasure"), 0);
    refused.issues.into_iter().map(|issue| issue.diagnostics).collect()
}

#[tokio::test]
async fn a_hold_or_something_open_refuses_an_erasure_and_is_named() {
    let rig = Rig::new().await;
    rig.exchange.begin_log(&site()).await.unwrap();
    let answer = rig.submit(&assessment(&["court-harbour", "housing-harbour"]), "k1").await.unwrap();
    let [court, housing] =
        ["court-harbour", "housing-harbour"].map(|who| id(to(&answer, who), "referral_id"));
    let person = person_of(&rig, &court).await;
    rig.deliver_all(&Scripted::delivers()).await;
    let why = refusals(&rig, &person).await;
    assert!(why.iter().any(|one| one.contains(&court)) && why.iter().any(|one| one.contains(&housing)));
    rig.act("court-harbour", &court, "use", json!({})).await;
    let why = refusals(&rig, &person).await;
    assert!(why.len() == 1 && why[0].contains(&housing), "{why:?}");
    // It is taken back before it was collected: nobody holds it.
    rig.revoke(&consent_id(&answer, "housing-harbour")).await;
    let hold = rig.exchange.set_hold(&site(), &officer(), &person, "Inquest").await.unwrap();
    let why = refusals(&rig, &person).await;
    assert!(why.len() == 1 && why[0].contains(hold.hold_id.as_str()), "{why:?}");
    rig.exchange.lift_hold(&site(), &officer(), &hold.hold_id, "Closed").await.unwrap();
    let done = rig.exchange.erase_person(&site(), &officer(), &person, "Asked for it").await.unwrap();
    assert_eq!(done.notices.len(), 1, "housing never had it");
    assert_eq!(done.notices[0].referral_id.as_str(), court);
}
