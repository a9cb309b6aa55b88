//! Receipts that go with messages, and what others read of the log.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyway::{
    audit::{
        Checkpoint, Leaf, hex,
        merkle::{Hash, leaf_hash, sha256},
        note::{self, VerifierKey},
        verify_inclusion,
    },
    exchange::{Answer, browse::Browse as _, log::Log as _, ports::Store as _, refusal::Refused},
    ids::EntryId,
};

use crate::harness::{Rig, Scripted, assessment, consent_id, id, json, site};

async fn rig() -> Rig {
    let rig = Rig::new().await;
    rig.exchange.begin_log(&site()).await.unwrap();
    rig
}

async fn keys(rig: &Rig) -> Vec<VerifierKey> {
    rig.store.log_keys().await.unwrap().iter().map(|key| key.verifier().unwrap()).collect()
}

async fn sign(rig: &Rig) {
    while rig.store.sequence_audit(100).await.unwrap() > 0 {}
    rig.exchange.sign_checkpoint().await.unwrap();
}

/// What a receipt says, once its signature was found right.
fn opened(receipt: &str, keys: &[VerifierKey]) -> BTreeMap<String, String> {
    let (text, key) = note::open(receipt, keys).unwrap();
    let mut lines = text.lines();
    assert_eq!((lines.next(), lines.next()), (Some(key.name()), Some("keyway-receipt/1")));
    lines.map(|line| line.split_once(' ').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn from_header(base64: &str, keys: &[VerifierKey]) -> BTreeMap<String, String> {
    opened(&String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap(), keys)
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    &answer.headers.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// The leaf of the entry that a receipt names, found by the message's id.
async fn entry(rig: &Rig, said: &BTreeMap<String, String>) -> Leaf {
    let entry = EntryId::parse(&said["message"]).unwrap();
    let entry = rig.store.log_entry(&site(), &entry).await.unwrap().unwrap();
    assert_eq!(said["entry"], hex(&leaf_hash(&entry.leaf)));
    Leaf::read(&entry.leaf).unwrap()
}

#[tokio::test]
async fn every_message_out_carries_its_receipt() {
    let rig = rig().await;
    let asked = assessment(&["cmht-riverside", "custody-northgate", "housing-harbour"]);
    let answer = rig.submit(&asked, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let keys = keys(&rig).await;
    let carried = courier.carried.lock().unwrap().clone();
    assert_eq!(carried.len(), 2);
    for parcel in &carried {
        let said = from_header(parcel.receipt.as_ref().unwrap(), &keys);
        assert_eq!(said["body-sha256"], hex(&sha256(&parcel.body)), "{}", parcel.partner.partner_id);
        assert_eq!(said["message"], parcel.message_id.to_string());
        let leaf = entry(&rig, &said).await;
        assert_eq!(leaf.kind, "disclosed");
        for name in ["body-sha256", "withheld-commitment"] {
            assert_eq!(leaf.fact(name), Some(said[name].as_str()), "the entry says the same: {name}");
        }
        // Which mapping and which allow-lists made it, as whoever makes it again finds.
        let again = rig.exchange.make_again(&site(), &parcel.message_id).await.unwrap();
        let made_by = again.made_by.unwrap();
        assert_eq!(said["mapping"], format!("{} {}", made_by.mapping, made_by.mapping_sha256));
        assert_eq!(said["disclosure-tables"], made_by.policy);
    }

    // The sheet behind an event, and an item of a mailbox.
    let police = carried.iter().find(|p| p.partner.partner_id.as_str() == "custody-northgate").unwrap();
    let sheet =
        rig.exchange.collect_sheet(&rig.caller("custody-northgate"), police.message_id.as_str()).await;
    let sheet = sheet.unwrap();
    let said = from_header(header(&sheet, "keyway-receipt"), &keys);
    assert_eq!(said["detail-sha256"], hex(&sha256(&sheet.body)));
    let item = rig.first_item("housing-harbour").await;
    let read =
        rig.exchange.mailbox_read(&rig.caller("housing-harbour"), "housing-harbour", &item).await.unwrap();
    let said = from_header(header(&read, "keyway-receipt"), &keys);
    assert_eq!(said["body-sha256"], hex(&sha256(&read.body)));

    // A recall is a message out too.
    rig.revoke(&consent_id(&answer, "cmht-riverside")).await;
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let recall = courier.carried.lock().unwrap().first().cloned().unwrap();
    let said = from_header(recall.receipt.as_ref().unwrap(), &keys);
    assert_eq!(said["body-sha256"], hex(&sha256(&recall.body)));
    assert_eq!(entry(&rig, &said).await.kind, "recalled");
    assert!(!said.contains_key("withheld-commitment") && said.contains_key("mapping"));
}

/// What was withheld is committed to, and not told: neither by its names nor by being the same twice.
#[tokio::test]
async fn a_receipt_tells_nothing_of_what_was_withheld() {
    let rig = rig().await;
    let (one, two) = (assessment(&["court-harbour"]), assessment(&["court-harbour"]));
    let mut commitments = Vec::new();
    for (which, key) in [(one, "k1"), (two, "k2")] {
        let answer = rig.submit(&which, key).await.unwrap();
        let referral = rig.referral(&id(&answer["referrals"][0], "referral_id")).await;
        let withheld = referral["withheld"].as_array().unwrap();
        assert!(!withheld.is_empty());
        let disclosure = referral["disclosure_id"].as_str().unwrap();
        let given = json(&rig.exchange.read_receipt(&rig.caller("court-harbour"), disclosure).await.unwrap());
        let receipt = given["receipt"].as_str().unwrap();
        for field in withheld {
            assert!(!receipt.contains(field["field"].as_str().unwrap()));
        }
        commitments.push(opened(receipt, &keys(&rig).await)["withheld-commitment"].clone());
    }
    assert_ne!(commitments[0], commitments[1], "the same was withheld");
}

#[tokio::test]
async fn a_receipt_is_there_before_its_proof_and_for_its_two_ends_alone() {
    let rig = rig().await;
    let answer = rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    let referral = rig.referral(&id(&answer["referrals"][0], "referral_id")).await;
    let disclosure = referral["disclosure_id"].as_str().unwrap();
    let before = json(&rig.exchange.read_receipt(&rig.caller("cmht-riverside"), disclosure).await.unwrap());
    assert!(before["index"].is_null() && before["proof"].is_null() && before["receipt"].is_string());
    sign(&rig).await;
    let after = json(&rig.exchange.read_receipt(&rig.caller("cmht-riverside"), disclosure).await.unwrap());
    assert_eq!(after["receipt"], before["receipt"], "the same each time");

    // The proof alone, without the gateway.
    let keys = keys(&rig).await;
    let said = opened(after["receipt"].as_str().unwrap(), &keys);
    assert_eq!(said["disclosure"], disclosure);
    let (proof, checkpoint) = after["proof"].as_str().unwrap().split_once("\n\n").unwrap();
    let mut lines = proof.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let index: u64 = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
    let hashes: Vec<Hash> = lines.map(|l| STANDARD.decode(l).unwrap().try_into().unwrap()).collect();
    let (text, _) = note::open(checkpoint, &keys).unwrap();
    let checkpoint = Checkpoint::parse(text).unwrap();
    let entry =
        rig.store.log_entry(&site(), &EntryId::parse(&said["message"]).unwrap()).await.unwrap().unwrap();
    let hash = leaf_hash(&entry.leaf);
    assert_eq!((hex(&hash), Some(index)), (said["entry"].clone(), after["index"].as_u64()));
    assert!(verify_inclusion(index, checkpoint.size, &hash, &hashes, &checkpoint.root));

    // The sender may have it too, by the message's id as well; nobody else, and nobody what is not there.
    let by_message = rig.exchange.read_receipt(&rig.caller("ld-harbour"), &said["message"]).await.unwrap();
    assert_eq!(json(&by_message)["receipt"], after["receipt"]);
    for (who, id) in [("court-harbour", disclosure), ("cmht-riverside", "nothing"), ("cmht-riverside", "a b")]
    {
        let refused = rig.exchange.read_receipt(&rig.caller(who), id).await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound, "{who}");
    }
    rig.exchange.write_down_refused_looks().await;
    assert!(rig.audit().await.iter().filter(|kind| *kind == "access-refused").count() >= 2);
}

#[tokio::test]
async fn without_a_key_a_message_goes_all_the_same() {
    let rig = Rig::new().await;
    rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert_eq!(courier.carried.lock().unwrap()[0].receipt, None);
}

#[tokio::test]
async fn the_log_is_read_as_far_as_it_is_signed_and_no_further() {
    let rig = rig().await;
    rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    assert_eq!(
        rig.exchange.read_checkpoint().await.unwrap_err().class,
        Refused::NotFound,
        "nothing is signed"
    );
    sign(&rig).await;
    let signed = rig.store.latest_checkpoint().await.unwrap().unwrap();
    rig.submit(&assessment(&["housing-harbour"]), "k2").await.unwrap();
    while rig.store.sequence_audit(100).await.unwrap() > 0 {}
    assert_eq!(rig.exchange.read_checkpoint().await.unwrap().body, signed.note.clone().into_bytes());

    let width = usize::try_from(signed.size).unwrap();
    let tile = rig.exchange.read_tile("0", &format!("000.p/{width}")).await.unwrap();
    let stored = rig.store.audit_page(0, width).await.unwrap();
    let hashes: Vec<u8> = stored.iter().flat_map(|entry| leaf_hash(&entry.leaf)).collect();
    assert_eq!(tile.body, hashes);
    assert!(rig.exchange.read_tile("0", "000.p/1").await.is_ok(), "an earlier one");
    for (level, place) in [
        ("0", format!("000.p/{}", width + 1)),
        ("0", String::from("000")),
        ("0", String::from("000.p/0")),
        ("0", String::from("000.p/01")),
        ("0", String::from("000.p/256")),
        ("0", String::from("001")),
        ("00", format!("000.p/{width}")),
        ("1", String::from("000.p/1")),
        ("9", String::from("000.p/1")),
        ("entries", String::from("000.p/1")),
        ("0", String::from("../../etc")),
    ] {
        let refused = rig.exchange.read_tile(level, &place).await.unwrap_err();
        assert_eq!(refused.class, Refused::NotFound, "{level}/{place}");
    }
}

#[tokio::test]
async fn entries_are_for_the_service_alone_and_never_what_was_refused_to_itself() {
    let rig = rig().await;
    rig.submit(&assessment(&["cmht-riverside"]), "k1").await.unwrap();
    sign(&rig).await;
    let width = rig.store.latest_checkpoint().await.unwrap().unwrap().size;
    let place = format!("000.p/{width}");
    let read = rig.exchange.read_log_entries(&rig.caller("ld-harbour"), &place).await.unwrap();
    let mut rest = read.body.as_slice();
    for entry in rig.store.audit_page(0, usize::try_from(width).unwrap()).await.unwrap() {
        let (length, after) = rest.split_first_chunk::<2>().unwrap();
        let (leaf, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        assert_eq!(leaf, entry.leaf);
        rest = after;
    }
    assert!(rest.is_empty());
    let refused = rig.exchange.read_log_entries(&rig.caller("cmht-riverside"), &place).await.unwrap_err();
    assert_eq!(refused.class, Refused::NotFound);
    assert!(rig.audit().await.ends_with(&[String::from("viewed")]), "the look is in the log");

    // Whether there was anything to be refused stands in that entry.
    rig.exchange.read_receipt(&rig.caller("ld-harbour"), "nothing").await.unwrap_err();
    rig.exchange.write_down_refused_looks().await;
    sign(&rig).await;
    let width = rig.store.latest_checkpoint().await.unwrap().unwrap().size;
    let place = format!("000.p/{width}");
    let hidden = rig.exchange.read_log_entries(&rig.caller("ld-harbour"), &place).await.unwrap_err();
    assert_eq!(hidden.class, Refused::NotFound);
    let mut elsewhere = rig.caller("ld-harbour");
    elsewhere.site_id = keyway::ids::SiteId::parse("elsewhere").unwrap();
    assert!(rig.exchange.read_log_entries(&elsewhere, "000.p/1").await.is_err(), "another site's");
}
