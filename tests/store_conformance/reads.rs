//! Every row, written and read.

use keyway::{
    directory::Channel,
    exchange::{
        ports::{CommitError, Store, Write},
        rows::{AssessmentRow, IdempotencyRow, InboundRow, LookupRow, MessageKind, RecallRow},
    },
    ids::{AssessmentId, DisclosureId, InboundId, PersonId, RecallId, SiteId},
};

use crate::{
    engine::{Engine, START},
    given::{
        agreement, consent, decision, delivery_id, episode, episode_id, message, message_id, new_delivery,
        partner, partner_id, person, person_id, referral, referral_id, sealed, site,
    },
};

fn assessment() -> AssessmentRow {
    AssessmentRow {
        site_id: site(),
        assessment_id: AssessmentId::parse("assessment-1").unwrap(),
        episode_id: episode_id("ann"),
        person_id: person_id("ann"),
        sender_id: partner_id("riverside-ld"),
        profile: String::from("https://keyway.example/profiles/assessment/adult/1"),
        received_at: START,
        body_sha256: [9; 32],
        body: sealed("assessment"),
        supersedes: None,
    }
}

fn amended() -> AssessmentRow {
    AssessmentRow {
        assessment_id: AssessmentId::parse("assessment-2").unwrap(),
        supersedes: Some(assessment().assessment_id),
        ..assessment()
    }
}

fn inbound() -> InboundRow {
    InboundRow {
        site_id: site(),
        inbound_id: InboundId::parse("inbound-1").unwrap(),
        partner_id: partner_id("cmht"),
        message_key: String::from("their-key"),
        kind: String::from("servicerequest-response"),
        referral_id: Some(referral_id("ann", "cmht")),
        person_id: None,
        received_at: START,
        body_sha256: [5; 32],
        body: sealed("inbound"),
    }
}

fn answer() -> IdempotencyRow {
    IdempotencyRow {
        site_id: site(),
        partner_id: partner_id("riverside-ld"),
        key: String::from("key-1"),
        request_sha256: [6; 32],
        status: 201,
        body: sealed("answer"),
        created_at: START,
        expires_at: START.plus_seconds(60),
    }
}

fn recall() -> RecallRow {
    RecallRow {
        site_id: site(),
        recall_id: RecallId::parse("recall-1").unwrap(),
        referral_id: referral_id("ann", "cmht"),
        message_id: message_id("one"),
        consent_id: Some(consent("ann", "cmht", 1).consent_id),
        asked_at: START,
        answer: String::new(),
        answered_at: None,
        reminders: 0,
        remind_at: None,
    }
}

fn lookup(kind: &str, byte: u8) -> LookupRow {
    LookupRow {
        site_id: site(),
        kind: kind.to_owned(),
        hash: [byte; 32],
        key_id: 1,
        person_id: person_id("ann"),
    }
}

async fn write_one_of_each(store: &dyn Store) {
    let mut sent = message("one", "ann", "cmht");
    sent.decision_id = Some(decision("ann", "cmht").decision_id);
    sent.kind = MessageKind::Answer;
    sent.detail = Some(sealed("detail"));
    let mut to_cmht = referral("ann", "cmht");
    to_cmht.assessment_id = Some(assessment().assessment_id);
    to_cmht.decision_id = Some(decision("ann", "cmht").decision_id);
    let writes = vec![
        Write::Partner(partner("cmht", Channel::FhirPush)),
        Write::Partner(partner("housing", Channel::Mailbox)),
        Write::Agreement(agreement("cmht", 1)),
        Write::Person(person("ann")),
        Write::Lookup(lookup("nhs-number", 1)),
        Write::Lookup(lookup("sender:riverside-ld", 2)),
        Write::Episode(episode("ann")),
        Write::Assessment(assessment()),
        Write::Assessment(amended()),
        Write::Consent(consent("ann", "cmht", 1)),
        Write::Referral(to_cmht),
        Write::Decision(decision("ann", "cmht")),
        Write::Message(sent),
        Write::Enqueue(new_delivery("one", "ann", "cmht", Channel::FhirPush)),
        Write::Inbound(inbound()),
        Write::Idempotency(answer()),
        Write::Recall(recall()),
    ];
    store.commit(writes, Vec::new()).await.unwrap();
}

pub(crate) async fn every_row_is_read_back_as_written(engine: &dyn Engine) {
    let store = engine.open();
    write_one_of_each(store.as_ref()).await;
    let site = site();
    let (ann, cmht) = (person_id("ann"), partner_id("cmht"));

    // The agreement moved the partner on by one.
    let mut expected = partner("cmht", Channel::FhirPush);
    expected.version = 2;
    assert_eq!(store.partner(&site, &cmht).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.partner_by_client("client-cmht").await.unwrap(), Some(expected.clone()));
    assert_eq!(store.partners(&site).await.unwrap(), vec![expected, partner("housing", Channel::Mailbox)]);
    assert_eq!(store.agreements(&site, &cmht).await.unwrap(), vec![agreement("cmht", 1)]);

    assert_eq!(store.person(&site, &ann).await.unwrap(), Some(person("ann")));
    let both = [(String::from("nhs-number"), [1; 32]), (String::from("sender:riverside-ld"), [2; 32])];
    assert_eq!(store.people_by_lookup(&site, &both).await.unwrap(), vec![person("ann")]);
    assert_eq!(store.open_episode(&site, &ann).await.unwrap(), Some(episode("ann")));
    assert_eq!(store.assessment(&site, &assessment().assessment_id).await.unwrap(), Some(assessment()));
    assert_eq!(store.assessment_after(&site, &assessment().assessment_id).await.unwrap(), Some(amended()));
    assert_eq!(store.assessment_after(&site, &amended().assessment_id).await.unwrap(), None);
    // Another in the same place is not kept beside it.
    let third = AssessmentRow { assessment_id: AssessmentId::parse("assessment-3").unwrap(), ..amended() };
    let refused = store.commit(vec![Write::Assessment(third)], Vec::new()).await;
    assert_eq!(refused, Err(CommitError::Exists("assessment")));
    assert_eq!(store.consents_of(&site, &ann).await.unwrap(), vec![consent("ann", "cmht", 1)]);

    let to_cmht = store.referral(&site, &referral_id("ann", "cmht")).await.unwrap().unwrap();
    let mut expected = referral("ann", "cmht");
    expected.assessment_id = Some(assessment().assessment_id);
    expected.decision_id = Some(decision("ann", "cmht").decision_id);
    assert_eq!(to_cmht, expected);
    assert_eq!(store.referrals_of_episode(&site, &episode_id("ann")).await.unwrap(), vec![expected.clone()]);
    assert_eq!(store.referrals_to(&site, &ann, &cmht).await.unwrap(), vec![expected.clone()]);
    let decided = decision("ann", "cmht");
    assert_eq!(store.decision(&site, &decided.decision_id).await.unwrap(), Some(decided.clone()));

    let sent = store.message(&site, &message_id("one")).await.unwrap().unwrap();
    assert_eq!((sent.kind, sent.detail.clone()), (MessageKind::Answer, Some(sealed("detail"))));
    assert_eq!(store.message_by_wire_id(&site, &cmht, "wire-one").await.unwrap(), Some(sent.clone()));
    let disclosure = DisclosureId::parse("disclosure-one").unwrap();
    assert_eq!(store.message_by_disclosure(&site, &disclosure).await.unwrap(), Some(sent.clone()));

    let bundle = store.delivery(&delivery_id("one")).await.unwrap().unwrap();
    assert_eq!(bundle.delivery.new, new_delivery("one", "ann", "cmht", Channel::FhirPush));
    assert_eq!((bundle.delivery.seq, bundle.delivery.attempts, bundle.delivery.version), (1, 0, 1));
    assert_eq!((bundle.message, bundle.referral, bundle.decision), (sent, expected, Some(decided)));
    let again = store.delivery_of_message(&site, &message_id("one")).await.unwrap().unwrap();
    assert_eq!(again.delivery, bundle.delivery);
    let deliveries = store.deliveries_of(&site, &referral_id("ann", "cmht")).await.unwrap();
    assert_eq!(deliveries, vec![bundle.delivery]);

    assert_eq!(store.inbound(&site, &cmht, "their-key").await.unwrap(), Some(inbound()));
    assert_eq!(store.open_recall(&site, &referral_id("ann", "cmht")).await.unwrap(), Some(recall()));
    let kept = store.idempotent_answer(&site, &partner_id("riverside-ld"), "key-1", START).await.unwrap();
    assert_eq!(kept, Some(answer()));
}

pub(crate) async fn what_is_not_there_is_none(engine: &dyn Engine) {
    let store = engine.open();
    let site = site();
    assert_eq!(store.partner(&site, &partner_id("cmht")).await.unwrap(), None);
    assert_eq!(store.partner_by_client("client-cmht").await.unwrap(), None);
    assert_eq!(store.person(&site, &person_id("ann")).await.unwrap(), None);
    assert_eq!(store.people_by_lookup(&site, &[]).await.unwrap(), vec![]);
    assert_eq!(store.open_episode(&site, &person_id("ann")).await.unwrap(), None);
    assert!(store.delivery(&delivery_id("one")).await.unwrap().is_none());
    assert!(store.delivery_of_message(&site, &message_id("one")).await.unwrap().is_none());
    assert_eq!(store.open_recall(&site, &referral_id("ann", "cmht")).await.unwrap(), None);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.delivery_counts().await.unwrap(), vec![]);
    assert_eq!(store.backlog(&site, &partner_id("cmht"), 9).await.unwrap(), 0);
}

pub(crate) async fn another_site_sees_nothing(engine: &dyn Engine) {
    let store = engine.open();
    write_one_of_each(store.as_ref()).await;
    let other = SiteId::parse("hillside").unwrap();
    let (ann, cmht): (PersonId, _) = (person_id("ann"), partner_id("cmht"));
    assert_eq!(store.partner(&other, &cmht).await.unwrap(), None);
    assert_eq!(store.partners(&other).await.unwrap(), vec![]);
    assert_eq!(store.agreements(&other, &cmht).await.unwrap(), vec![]);
    assert_eq!(store.person(&other, &ann).await.unwrap(), None);
    let nhs = [(String::from("nhs-number"), [1; 32])];
    assert_eq!(store.people_by_lookup(&other, &nhs).await.unwrap(), vec![]);
    assert_eq!(store.open_episode(&other, &ann).await.unwrap(), None);
    assert_eq!(store.assessment(&other, &assessment().assessment_id).await.unwrap(), None);
    assert_eq!(store.consents_of(&other, &ann).await.unwrap(), vec![]);
    assert_eq!(store.consent(&other, &consent("ann", "cmht", 1).consent_id).await.unwrap(), None);
    assert_eq!(store.referral(&other, &referral_id("ann", "cmht")).await.unwrap(), None);
    assert_eq!(store.referrals_of_episode(&other, &episode_id("ann")).await.unwrap(), vec![]);
    assert_eq!(store.referrals_to(&other, &ann, &cmht).await.unwrap(), vec![]);
    assert_eq!(store.decision(&other, &decision("ann", "cmht").decision_id).await.unwrap(), None);
    assert_eq!(store.message(&other, &message_id("one")).await.unwrap(), None);
    assert_eq!(store.message_by_wire_id(&other, &cmht, "wire-one").await.unwrap(), None);
    assert!(store.delivery_of_message(&other, &message_id("one")).await.unwrap().is_none());
    assert_eq!(store.deliveries_of(&other, &referral_id("ann", "cmht")).await.unwrap(), vec![]);
    assert_eq!(store.inbound(&other, &cmht, "their-key").await.unwrap(), None);
    assert_eq!(store.open_recall(&other, &referral_id("ann", "cmht")).await.unwrap(), None);
    assert_eq!(store.backlog(&other, &cmht, 9).await.unwrap(), 0);
    let key = store.idempotent_answer(&other, &partner_id("riverside-ld"), "key-1", START).await.unwrap();
    assert_eq!(key, None);
}

pub(crate) async fn what_finds_a_person_no_more_finds_nobody(engine: &dyn Engine) {
    let store = engine.open();
    write_one_of_each(store.as_ref()).await;
    let (site, ann) = (site(), person_id("ann"));
    let found = async |kind: &str, byte: u8| {
        let people = store.people_by_lookup(&site, &[(kind.to_owned(), [byte; 32])]).await.unwrap();
        people.len()
    };
    let number = || String::from("nhs-number");
    // Only as it was read: by that hash, and this person.
    for (hash, whose) in [([2; 32], &ann), ([1; 32], &person_id("bob"))] {
        let forget = Write::Forget(site.clone(), number(), Some(hash), whose.clone());
        assert_eq!(store.commit(vec![forget], vec![]).await, Err(CommitError::Exists("person_lookup")));
    }
    let elsewhere = Write::Forget(SiteId::parse("elsewhere").unwrap(), number(), None, ann.clone());
    store.commit(vec![elsewhere], vec![]).await.unwrap();
    assert_eq!(found("nhs-number", 1).await, 1);
    store
        .commit(vec![Write::Forget(site.clone(), number(), Some([1; 32]), ann.clone())], vec![])
        .await
        .unwrap();
    assert_eq!((found("nhs-number", 1).await, found("sender:riverside-ld", 2).await), (0, 1));
    let all = Write::Forget(site.clone(), String::from("sender:riverside-ld"), None, ann);
    store.commit(vec![all.clone(), all], vec![]).await.unwrap();
    assert_eq!(found("sender:riverside-ld", 2).await, 0);
}
