//! Databases that earlier versions wrote open in this one, with everything in them whole. Each landed schema
//! leaves its file in `fixtures/upgrade/`; none is ever written anew.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{collections::BTreeSet, path::Path, sync::Arc};

use keyway::{
    audit::{
        Entry, Kind,
        tiles::{TileId, root_at},
    },
    clock::{Moment, SystemClock},
    directory::PartnerStatus,
    exchange::{
        browse::{Browse, EntryPage},
        log::Log as _,
        made_by::MadeBy,
        ports::{Store, Write},
        rows::{AuditRow, MessageRow, Quoted, ReferralRow},
        verify_log,
    },
    ids::{AssessmentId, EntryId, PartnerId, ReferralId, SiteId},
    referral::State,
    store::sqlite::{SqliteStore, migrate},
};

/// A copy of a kept database, brought to the present schema.
struct Opened {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

fn open(name: &str) -> Opened {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/upgrade").join(name);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("keyway.db");
    std::fs::copy(kept, &database).unwrap();
    migrate(&database).unwrap();
    Opened { store: SqliteStore::open(&database, Arc::new(SystemClock)).unwrap(), _folder: folder }
}

fn site() -> SiteId {
    SiteId::parse("riverside").unwrap()
}

/// A new entry.
fn entry() -> Write {
    let entry = Entry {
        entry_id: EntryId::parse("after-the-upgrade").unwrap(),
        site_id: site(),
        at: Moment(1),
        kind: Kind::Moved,
        actor: String::from("gateway"),
        about: Vec::new(),
        facts: Vec::new(),
        content_sha256: None,
    };
    Write::Audit(AuditRow {
        leaf: entry.leaf(),
        site_id: entry.site_id,
        entry_id: entry.entry_id,
        at: entry.at,
        kind: entry.kind.as_str(),
        person_id: None,
        referral_id: None,
        partner_id: None,
        content: None,
    })
}

#[tokio::test]
async fn every_landed_database_opens_whole_with_what_waits_in_it() {
    for version in 1..=8 {
        let name = &format!("000{version}-keyway.db");
        let opened = open(name);
        let store = &opened.store;
        let head = store.log_head().await.unwrap();
        let verified = verify_log(store, |_| {}).await.unwrap().unwrap();
        assert!(verified.entries > 50, "the kept log of {name} holds a story, not nothing");
        assert_eq!((i64::try_from(verified.entries).unwrap(), head.waiting), (head.size, 0), "{name}");
        // Of what it logged there are no tiles yet: the next entry brings them.
        store.commit(vec![entry()], Vec::new()).await.unwrap();
        assert_eq!(store.sequence_audit(1).await, Ok(1), "{name}");
        let head = store.log_head().await.unwrap();
        let edge: Vec<TileId> = TileId::edge(u64::try_from(head.size).unwrap()).collect();
        let tiles = store.tiles(&edge).await.unwrap();
        let tile = |id| tiles.get(edge.iter().position(|other| *other == id)?)?.clone();
        assert_eq!(root_at(u64::try_from(head.size).unwrap(), tile), Ok(head.root), "{name}");
        let partners = store.partners(&site()).await.unwrap();
        assert!(partners.len() >= 6, "{name}");
        assert!(
            partners.iter().all(|partner| partner.forgives.is_empty()),
            "{name}: nothing is forgiven by itself"
        );
        assert!(
            partners.iter().all(|partner| partner.service.is_none()),
            "{name}: what kind of service an agency is, nobody had said"
        );
    }
    // A message that waits for its day is still there to be carried.
    assert!(open("0001-keyway.db").store.next_due().await.unwrap().is_some());
}

/// Whoever changes an entry and takes the tiles away does not get others that fit.
#[tokio::test]
async fn tiles_are_not_filled_in_over_a_changed_entry() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/upgrade/0008-keyway.db");
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("keyway.db");
    std::fs::copy(kept, &database).unwrap();
    migrate(&database).unwrap();
    let raw = rusqlite::Connection::open(&database).unwrap();
    raw.execute("UPDATE audit_entry SET leaf = x'01' WHERE log_index = 7", []).unwrap();
    let store = SqliteStore::open(&database, Arc::new(SystemClock)).unwrap();
    store.commit(vec![entry()], Vec::new()).await.unwrap();
    let refused = store.sequence_audit(1).await.unwrap_err();
    assert!(refused.to_string().contains("the tiles of the log do not fit its head"), "{refused}");
}

/// The second schema's file was not written by a program of its time: it is the first one's, brought to the second by its
/// migration, with the rows that the second version writes when an agency is suspended, a referral moves and a message
/// names a person.
#[tokio::test]
async fn versions_from_before_they_were_kept_are_there_without_their_moment() {
    let opened = open("0002-keyway.db");
    let store = &opened.store;
    let probation = PartnerId::parse("probation-harbour").unwrap();
    let before = store.agency_version(&site(), &probation, 2).await.unwrap().unwrap();
    assert_eq!((before.partner.status, before.since), (PartnerStatus::Active, None));
    let after = store.agency_version(&site(), &probation, 3).await.unwrap().unwrap();
    assert_eq!(after.partner.status, PartnerStatus::Suspended);
    assert!(after.since.is_some_and(|since| since > Moment(0)));

    let cmht = PartnerId::parse("cmht-riverside").unwrap();
    let person = store.person_by_reference(&site(), &cmht, "LD-DMEMGF6DYG").await.unwrap().unwrap();
    let to_the_team = store.referrals_to(&site(), &person, &cmht).await.unwrap();
    let [referral] = to_the_team.as_slice() else { panic!("one referral to the team") };
    assert_eq!((referral.version, referral.state), (3, State::Completed));
    let at = async |version| {
        store.referral_version(&site(), &referral.referral_id, version).await.unwrap().map(|row| row.state)
    };
    assert_eq!((at(1).await, at(2).await), (None, Some(State::Scheduled)));
    assert_eq!(at(3).await, Some(State::Completed));
}

#[tokio::test]
async fn a_referral_that_came_as_a_message_is_still_known_by_what_its_sender_calls_it() {
    let opened = open("0003-keyway.db");
    let sender = PartnerId::parse("ld-riverside").unwrap();
    let quoted = Quoted::Bundle(String::from("0198c0de-0000-7000-8000-000000000003"));
    let found = opened.store.conversations(&site(), &sender, &quoted).await.unwrap();
    assert_eq!(found.len(), 1, "one referral is known by it");
    let one = found.first().unwrap();
    assert_eq!(one.correlation_id, "0198c0de-0000-7000-8000-0000000000a2");
    let referral = opened.store.referral(&site(), &one.referral_id).await.unwrap().unwrap();
    assert_eq!((&referral.sender_id, referral.recipient_id.as_str()), (&sender, "cmht-riverside"));
}

/// The referrals that the log speaks of.
async fn referrals_of(store: &SqliteStore) -> BTreeSet<ReferralId> {
    store.audit_page(0, 1_000).await.unwrap().into_iter().filter_map(|entry| entry.referral_id).collect()
}

/// Every message that a delivery carries.
async fn messages_of(store: &SqliteStore) -> Vec<MessageRow> {
    let mut messages = Vec::new();
    for referral in referrals_of(store).await {
        for delivery in store.deliveries_of(&site(), &referral).await.unwrap() {
            messages.extend(store.message(&site(), &delivery.new.message_id).await.unwrap());
        }
    }
    messages
}

/// Of what was there before, each version is due by its urgency, as it was shown then; a later one as it is told.
#[tokio::test]
async fn a_referral_from_before_its_time_of_answer_was_kept_is_due_by_its_urgency() {
    let hours = |row: &ReferralRow| (row.answer_by.0 - row.created_at.0) / 3_600_000_000;
    let mut seen = BTreeSet::new();
    for name in ["0001-keyway.db", "0005-keyway.db", "0008-keyway.db"] {
        let store = open(name).store;
        for id in referrals_of(&store).await {
            let row = store.referral(&site(), &id).await.unwrap().unwrap();
            let kept = store.referral_version(&site(), &id, row.version).await.unwrap().unwrap();
            assert_eq!(kept, row, "{name}: in both tables");
            seen.insert((row.urgency.clone(), hours(&row)));
        }
    }
    let due = [("emergency", 4), ("routine", 14 * 24), ("urgent", 48)];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), due.map(|(urgency, hours)| (urgency.to_owned(), hours)));

    let store = open("0005-keyway.db").store;
    let id = referrals_of(&store).await.pop_first().unwrap();
    let before = store.referral(&site(), &id).await.unwrap().unwrap();
    let answer_by = before.answer_by.plus_seconds(60);
    let moved = ReferralRow { version: before.version + 1, answer_by, ..before.clone() };
    store.commit(vec![Write::ReferralMoved(moved.clone())], Vec::new()).await.unwrap();
    let at = async |version| store.referral_version(&site(), &id, version).await.unwrap();
    assert_eq!((at(before.version).await, at(moved.version).await), (Some(before), Some(moved)));
}

/// The sixth and the seventh file are the fifth, brought there by their migrations: they hold indexes and no rows of their own.
/// The eighth is of its time, with an assessment that was amended, a request of a court and two looks that were refused.
#[tokio::test]
async fn what_was_amended_asked_and_refused_is_found_after_an_upgrade() {
    let store = open("0008-keyway.db").store;
    let amended = AssessmentId::parse("01a21d5a-179f-7da5-8d28-79d33da64705").unwrap();
    let after = store.assessment_after(&site(), &amended).await.unwrap().unwrap();
    assert_eq!(after.assessment_id.as_str(), "01a21d5a-1830-71df-bbbe-f88dc781f147");
    let request = ReferralId::parse("01a21d5a-19ff-75c2-a8f6-556d09ce7a31").unwrap();
    let request = store.referral(&site(), &request).await.unwrap().unwrap();
    assert_eq!((request.state, request.reason.as_str()), (State::Queued, "court-report"));
    let question = EntryPage {
        site_id: site(),
        actor: PartnerId::parse("ld-riverside").unwrap(),
        backwards: true,
        is_owner: true,
        from: Moment(0),
        to: Moment(i64::MAX),
        after: None,
        limit: 1_000,
    };
    let seen = store.log_entries_by(&question).await.unwrap();
    assert_eq!(
        seen.iter().filter(|entry| entry.kind == "access-refused").count(),
        1,
        "of two, the owner's one"
    );
}

/// What made a message is not guessed for those that were made before it was kept.
#[tokio::test]
async fn a_message_says_what_made_it_once_that_is_kept() {
    for name in ["0001-keyway.db", "0002-keyway.db", "0003-keyway.db"] {
        let messages = messages_of(&open(name).store).await;
        assert!(messages.len() > 5, "{name}");
        assert!(messages.iter().all(|message| message.made_by.is_none()), "{name}");
    }
    let mut messages = Vec::new();
    for name in ["0004-keyway.db", "0005-keyway.db", "0008-keyway.db"] {
        let of_one = messages_of(&open(name).store).await;
        assert!(of_one.len() > 5, "{name}");
        messages.extend(of_one);
    }
    for message in messages {
        let made_by: MadeBy = serde_json::from_str(message.made_by.as_deref().unwrap()).unwrap();
        assert_eq!(made_by.mapping, message.mapping_version);
        assert!(made_by.mapping_sha256.len() == 64 && !made_by.profiles.is_empty());
    }
}
