//! All or nothing, and each job for itself.

use std::sync::Arc;

use keyway::{
    directory::Channel,
    exchange::{
        ports::{CommitError, Precondition, Store, Write},
        rows::{IdempotencyRow, InboundRow, LookupRow, RecallRow, RootKeyRow},
    },
    ids::{AssessmentId, DecisionId, EpisodeId, InboundId, RecallId},
};

use crate::{
    engine::{Engine, START},
    given::{
        attempt, entry, episode, message, message_id, new_delivery, partner_id, person, person_id, referral,
        referral_id, referred, sealed, send, sent, site,
    },
    lanes::{fence, lease},
};

fn lookup(name: &str) -> Write {
    let (site_id, kind) = (site(), String::from("nhs-number"));
    Write::Lookup(LookupRow { site_id, kind, hash: [1; 32], key_id: 1, person_id: person_id(name) })
}

fn answer(key: &str, status: u16) -> IdempotencyRow {
    IdempotencyRow {
        site_id: site(),
        partner_id: partner_id("cmht"),
        key: key.to_owned(),
        request_sha256: [6; 32],
        status,
        body: sealed("answer"),
        created_at: START,
        expires_at: START.plus_seconds(60),
    }
}

fn inbound(id: &str) -> Write {
    Write::Inbound(InboundRow {
        site_id: site(),
        inbound_id: InboundId::parse(id).unwrap(),
        partner_id: partner_id("cmht"),
        message_key: String::from("their-key"),
        kind: String::from("servicerequest-response"),
        referral_id: None,
        person_id: None,
        received_at: START,
        body_sha256: [5; 32],
        body: sealed("inbound"),
    })
}

fn recall() -> RecallRow {
    RecallRow {
        site_id: site(),
        recall_id: RecallId::parse("recall-1").unwrap(),
        referral_id: referral_id("ann", "cmht"),
        message_id: message_id("one"),
        consent_id: None,
        asked_at: START,
        answer: String::new(),
        answered_at: None,
        reminders: 0,
        remind_at: None,
    }
}

pub(crate) async fn a_commit_is_all_or_nothing(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Person(person("ann")), lookup("ann")], vec![]).await.unwrap();

    let refused = store
        .commit(
            vec![
                Write::Person(person("bob")),
                Write::Episode(episode("bob")),
                Write::Audit(entry("1", START)),
                lookup("bob"),
            ],
            vec![],
        )
        .await;

    assert_eq!(refused, Err(CommitError::Exists("person_lookup")));
    assert_eq!(store.person(&site(), &person_id("bob")).await.unwrap(), None);
    assert_eq!(store.open_episode(&site(), &person_id("bob")).await.unwrap(), None);
    assert_eq!(store.log_head().await.unwrap().waiting, 0);
}

pub(crate) async fn a_refused_job_does_not_harm_its_neighbours(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Person(person("ann")), lookup("ann")], vec![]).await.unwrap();

    let jobs: Vec<_> = (0..120)
        .map(|n| {
            let store: Arc<dyn Store> = Arc::clone(&store);
            tokio::spawn(async move {
                let name = format!("n{n}");
                let mut writes = vec![Write::Person(person(&name)), Write::Audit(entry(&name, START))];
                // Every third job asks for a hash that is Ann's.
                if n % 3 == 0 {
                    writes.push(lookup(&name));
                }
                (n, store.commit(writes, vec![]).await)
            })
        })
        .collect();

    for job in jobs {
        let (n, result) = job.await.unwrap();
        let there = store.person(&site(), &person_id(&format!("n{n}"))).await.unwrap().is_some();
        if n % 3 == 0 {
            assert_eq!((result, there), (Err(CommitError::Exists("person_lookup")), false), "{n}");
        } else {
            assert_eq!((result, there), (Ok(()), true), "{n}");
        }
    }
    assert_eq!(store.log_head().await.unwrap().waiting, 80);
}

pub(crate) async fn a_value_that_may_exist_once_exists_once(engine: &dyn Engine) {
    let store = engine.open();
    let once = |value: &str, seconds| {
        vec![Write::Once(String::from("jti"), value.to_owned(), START.plus_seconds(seconds))]
    };
    store.commit(once("a", 60), vec![]).await.unwrap();
    assert_eq!(store.commit(once("a", 60), vec![]).await, Err(CommitError::Exists("once")));
    store.commit(once("b", 60), vec![]).await.unwrap();

    store.commit(vec![inbound("inbound-1")], vec![]).await.unwrap();
    let used = Precondition::InboundUnused(site(), partner_id("cmht"), String::from("their-key"));
    let again = store.commit(vec![inbound("inbound-2")], vec![]).await;
    assert_eq!(again, Err(CommitError::Conflict(used.clone())));
    assert_eq!(store.commit(vec![], vec![used.clone()]).await, Err(CommitError::Conflict(used)));

    // Once it has expired, a value is forgotten when others come.
    engine.clock().advance_seconds(61);
    store.commit(once("c", 120), vec![]).await.unwrap();
    store.commit(once("a", 120), vec![]).await.unwrap();
}

pub(crate) async fn a_kept_answer_expires(engine: &dyn Engine) {
    let store = engine.open();
    let (site, cmht) = (site(), partner_id("cmht"));
    let unused = || Precondition::IdempotencyKeyUnused(site.clone(), cmht.clone(), String::from("k"));
    let first = vec![Write::Idempotency(answer("k", 201))];
    store.commit(first.clone(), vec![unused()]).await.unwrap();
    assert_eq!(store.commit(first.clone(), vec![unused()]).await, Err(CommitError::Conflict(unused())));
    assert_eq!(store.commit(first, vec![]).await, Err(CommitError::Conflict(unused())));

    engine.clock().advance_seconds(60);
    assert_eq!(store.idempotent_answer(&site, &cmht, "k", engine.now()).await.unwrap(), None);
    let mut second = answer("k", 200);
    second.created_at = engine.now();
    second.expires_at = engine.now().plus_seconds(60);
    store.commit(vec![Write::Idempotency(second.clone())], vec![unused()]).await.unwrap();
    assert_eq!(store.idempotent_answer(&site, &cmht, "k", engine.now()).await.unwrap(), Some(second));
}

pub(crate) async fn of_two_commits_under_one_key_one_wins(engine: &dyn Engine) {
    let store = engine.open();
    let jobs: Vec<_> = (0..40_u16)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let unused =
                    Precondition::IdempotencyKeyUnused(site(), partner_id("cmht"), String::from("k"));
                let writes =
                    vec![Write::Audit(entry(&n.to_string(), START)), Write::Idempotency(answer("k", n))];
                store.commit(writes, vec![unused]).await
            })
        })
        .collect();
    let mut won = 0;
    for job in jobs {
        match job.await.unwrap() {
            Ok(()) => won += 1,
            Err(CommitError::Conflict(Precondition::IdempotencyKeyUnused(..))) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(store.log_head().await.unwrap().waiting, 1);
}

pub(crate) async fn a_recall_is_answered_once(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let recall = recall();
    store.commit(vec![Write::Recall(recall.clone())], vec![]).await.unwrap();
    assert_eq!(store.open_recall(&site(), &recall.referral_id).await.unwrap(), Some(recall.clone()));

    let answered =
        || vec![Write::RecallAnswered(site(), recall.recall_id.clone(), String::from("deleted"), START)];
    store.commit(answered(), vec![]).await.unwrap();
    assert_eq!(store.open_recall(&site(), &recall.referral_id).await.unwrap(), None);
    assert_eq!(store.commit(answered(), vec![]).await, Err(CommitError::Exists("recall_answer")));
}

pub(crate) async fn an_attempt_ends_once(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let lane = lease(store.as_ref(), START).await.remove(0);
    let begun = attempt("one", START);
    let attempt_id = begun.attempt_id.clone();
    let ended = || vec![Write::AttemptEnded(attempt_id.clone(), String::from("ok"), Some(200), START)];
    assert!(store.commit(ended(), vec![]).await.is_err(), "an attempt that never began");
    store.commit(vec![Write::AttemptBegun(begun)], vec![fence(&lane)]).await.unwrap();
    let second = || vec![Write::AttemptBegun(attempt("one", START.plus_seconds(1)))];
    let beside = store.commit(second(), vec![fence(&lane)]).await;
    assert_eq!(beside, Err(CommitError::Exists("attempt")), "the first has not ended");
    store.commit(ended(), vec![]).await.unwrap();
    assert_eq!(store.commit(ended(), vec![]).await, Err(CommitError::Exists("attempt_outcome")));
    store.commit(second(), vec![fence(&lane)]).await.unwrap();
}

pub(crate) async fn a_root_key_is_made_once_and_before_there_are_people(engine: &dyn Engine) {
    let store = engine.open();
    let row = |byte| RootKeyRow { key_id: 1, wrapped: vec![byte; 61], created_at: START };
    assert_eq!(store.root_key().await.unwrap(), None);
    store.commit(vec![Write::RootKey(row(1))], vec![]).await.unwrap();
    let second = store.commit(vec![Write::RootKey(row(2))], vec![]).await;
    assert_eq!(second, Err(CommitError::Exists("root_key")));
    assert_eq!(store.root_key().await.unwrap(), Some(row(1)));

    // A database that lost its root key does not get another under which its people cannot be read.
    store.commit(vec![Write::Person(person("ann"))], vec![]).await.unwrap();
    let other = RootKeyRow { key_id: 2, ..row(3) };
    let late = store.commit(vec![Write::RootKey(other)], vec![]).await;
    assert!(
        matches!(&late, Err(CommitError::Unavailable(text)) if text.starts_with("root_key:")),
        "{late:?}"
    );
    assert_eq!(store.root_key().await.unwrap(), Some(row(1)));
}

pub(crate) async fn a_person_has_one_open_episode(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Person(person("ann")), Write::Episode(episode("ann"))], vec![]).await.unwrap();
    let mut second = episode("ann");
    second.episode_id = EpisodeId::parse("episode-second").unwrap();
    let beside = store.commit(vec![Write::Episode(second.clone())], vec![]).await;
    assert_eq!(beside, Err(CommitError::Exists("episode")));
    assert_eq!(store.open_episode(&site(), &person_id("ann")).await.unwrap(), Some(episode("ann")));
    second.status = String::from("closed");
    store.commit(vec![Write::Episode(second)], vec![]).await.unwrap();
}

/// One row of each kind whose parent is not there; all else that they refer to is.
async fn orphans(store: &dyn Store) -> Vec<(&'static str, Write)> {
    let (mut of_no_assessment, mut undecided) = (referral("ann", "housing"), message("two", "ann", "cmht"));
    store.commit(vec![Write::Episode(episode("ann"))], vec![]).await.unwrap();
    store.commit(vec![Write::Referral(referral("ann", "cmht"))], vec![]).await.unwrap();
    store.commit(sent("one", "ann", "cmht", Channel::FhirPush), vec![]).await.unwrap();
    of_no_assessment.assessment_id = AssessmentId::parse("nowhere");
    undecided.decision_id = DecisionId::parse("nowhere");
    let mut astray = new_delivery("astray", "ann", "cmht", Channel::FhirPush);
    astray.message_id = message_id("one");
    astray.referral_id = referral_id("ann", "nowhere");
    let mut recall = recall();
    recall.message_id = message_id("nowhere");
    vec![
        ("referral:", Write::Referral(of_no_assessment)),
        ("message:", Write::Message(undecided)),
        ("delivery:", Write::Enqueue(astray)),
        ("recall:", Write::Recall(recall)),
    ]
}

pub(crate) async fn a_parent_that_is_missing_is_an_error_for_that_job_only(engine: &dyn Engine) {
    let store = engine.open();
    let orphan = crate::given::sent("one", "nobody", "cmht", Channel::FhirPush);
    let (orphan, good) =
        tokio::join!(store.commit(orphan, vec![]), store.commit(vec![Write::Person(person("ann"))], vec![]));
    assert!(
        matches!(&orphan, Err(CommitError::Unavailable(text)) if text.starts_with("message:")),
        "{orphan:?}"
    );
    assert_eq!(good, Ok(()));
    for (what, orphan) in orphans(store.as_ref()).await {
        let missing = store.commit(vec![orphan], vec![]).await;
        assert!(
            matches!(&missing, Err(CommitError::Unavailable(text)) if text.starts_with(what)),
            "{what}: {missing:?}"
        );
    }
    let missing = store.commit(vec![Write::ConsentSeqUp(site(), person_id("nobody"))], vec![]).await;
    assert!(
        matches!(&missing, Err(CommitError::Unavailable(text)) if text.starts_with("person:")),
        "{missing:?}"
    );
}
