//! By what their senders know FHIR referrals.

use keyway::{
    exchange::{
        ports::{CommitError, Precondition, Store, Write},
        rows::{ConversationRow, Quoted},
    },
    ids::SiteId,
};

use crate::{
    engine::{Engine, START},
    given::{partner_id, person, person_id, referral_id, referred, site},
};

fn conversation(recipient: &str, bundle: &str, request: Option<u8>, seconds: i64) -> ConversationRow {
    ConversationRow {
        site_id: site(),
        partner_id: partner_id("riverside-ld"),
        referral_id: referral_id("ann", recipient),
        bundle_id: bundle.to_owned(),
        correlation_id: String::from("correlation-1"),
        request_hash: request.map(|byte| [byte; 32]),
        created_at: START.plus_seconds(seconds),
    }
}

async fn known(store: &dyn Store, partner: &str, quoted: Quoted) -> Vec<ConversationRow> {
    store.conversations(&site(), &partner_id(partner), &quoted).await.unwrap()
}

pub(crate) async fn a_referral_is_found_by_what_its_sender_calls_it(engine: &dyn Engine) {
    let store = engine.open();
    let store = store.as_ref();
    referred(store, "ann", &["cmht", "court", "housing"]).await;
    let [first, second, third] = [
        conversation("cmht", "bundle-1", Some(1), 0),
        conversation("court", "bundle-2", None, 1),
        conversation("housing", "bundle-3", Some(1), 2),
    ];
    for row in [&first, &second, &third] {
        store.commit(vec![Write::Conversation(row.clone())], vec![]).await.unwrap();
        assert_eq!(store.conversation_of(&site(), &row.referral_id).await.unwrap().as_ref(), Some(row));
        let by_bundle = Quoted::Bundle(row.bundle_id.clone());
        assert_eq!(known(store, "riverside-ld", by_bundle.clone()).await, std::slice::from_ref(row));
        assert_eq!(known(store, "cmht", by_bundle).await, [], "another's Bundle.id means nothing");
    }
    // Two are told, the latest first: more than one is no certain one.
    let conversing = known(store, "riverside-ld", Quoted::Correlation(String::from("correlation-1"))).await;
    assert_eq!(conversing, [third.clone(), second]);
    let asked = known(store, "riverside-ld", Quoted::Request([1; 32])).await;
    assert_eq!(asked, [third, first]);
    assert_eq!(known(store, "riverside-ld", Quoted::Request([2; 32])).await, []);
    assert_eq!(known(store, "riverside-ld", Quoted::Bundle(String::from("bundle-4"))).await, []);
    // What is asked under one identifier between a look and a commit is found.
    let asked_since = |seconds, seen: &[&str]| {
        let seen = seen.iter().map(|recipient| referral_id("ann", recipient)).collect();
        let since = START.plus_seconds(seconds);
        Precondition::NotAskedSince(site(), partner_id("riverside-ld"), [1; 32], since, seen)
    };
    for holds in [asked_since(2, &["housing", "cmht"]), asked_since(2, &["housing"]), asked_since(3, &[])] {
        store.commit(vec![], vec![holds]).await.unwrap();
    }
    for broken in [asked_since(0, &[]), asked_since(0, &["cmht"]), asked_since(2, &["cmht"])] {
        let refused = store.commit(vec![], vec![broken.clone()]).await;
        assert_eq!(refused, Err(CommitError::Conflict(broken)));
    }
    let elsewhere = SiteId::parse("elsewhere").unwrap();
    let there = store
        .conversations(&elsewhere, &partner_id("riverside-ld"), &Quoted::Bundle("bundle-1".into()))
        .await;
    assert_eq!(there.unwrap(), []);
    assert_eq!(store.conversation_of(&elsewhere, &referral_id("ann", "cmht")).await.unwrap(), None);
}

pub(crate) async fn a_bundle_id_means_one_referral_and_a_referral_has_one_conversation(engine: &dyn Engine) {
    let store = engine.open();
    let store = store.as_ref();
    referred(store, "ann", &["cmht", "court"]).await;
    let first = conversation("cmht", "bundle-1", None, 0);
    store.commit(vec![Write::Conversation(first.clone())], vec![]).await.unwrap();
    for again in [conversation("court", "bundle-1", None, 1), conversation("cmht", "bundle-2", None, 1)] {
        let writes = vec![Write::Person(person("bob")), Write::Conversation(again)];
        assert_eq!(store.commit(writes, vec![]).await, Err(CommitError::Exists("conversation")));
        assert!(store.person(&site(), &person_id("bob")).await.unwrap().is_none(), "nothing of it stays");
    }
    assert_eq!(known(store, "riverside-ld", Quoted::Bundle(String::from("bundle-1"))).await, [first]);
    // Another agency's same Bundle.id is its own.
    let theirs =
        ConversationRow { partner_id: partner_id("court"), ..conversation("court", "bundle-1", None, 1) };
    store.commit(vec![Write::Conversation(theirs.clone())], vec![]).await.unwrap();
    assert_eq!(known(store, "court", Quoted::Bundle(String::from("bundle-1"))).await, [theirs]);
}
