//! What an information governance officer asks: of one person, one referral, one moment, and no other site.

use keyway::{
    audit::{Entry, Kind},
    clock::{ManualClock, Moment},
    directory::{Channel, PartnerStatus},
    exchange::{
        ports::{CommitError, Write},
        rows::{AuditRow, DeliveryStatus, OfficerRow, RecallRow, ReferralRow, ReviewOutcome, ReviewRow},
    },
    ids::{ConsentId, EntryId, RecallId, SiteId},
};

use crate::{
    engine::{Engine, START},
    given::{
        agreement, consent, decision, message, message_id, partner, partner_id, person_id, referral,
        referral_id, referred, send, site,
    },
};

const ALWAYS: (Moment, Moment) = (Moment(i64::MIN), Moment(i64::MAX));

fn elsewhere() -> SiteId {
    SiteId::parse("elsewhere").unwrap()
}

/// An entry about a person.
fn entry(name: &str, person: &str, kind: Kind, at: Moment) -> Write {
    let whole = Entry {
        entry_id: EntryId::parse(&format!("entry-{name}")).unwrap(),
        site_id: site(),
        at,
        kind,
        actor: String::from("gateway"),
        about: vec![("person", person_id(person).to_string())],
        facts: Vec::new(),
        content_sha256: None,
    };
    Write::Audit(AuditRow {
        site_id: site(),
        entry_id: whole.entry_id.clone(),
        at,
        kind: kind.as_str(),
        person_id: Some(person_id(person)),
        referral_id: None,
        partner_id: None,
        leaf: whole.leaf(),
        content: None,
    })
}

pub(crate) async fn who_saw_somebody_is_found_latest_first_and_told_in_order(engine: &dyn Engine) {
    let store = engine.open();
    let after = |seconds| START.plus_seconds(seconds);
    let writes = vec![
        entry("1", "ann", Kind::Disclosed, after(1)),
        entry("2", "ann", Kind::Moved, after(2)),
        entry("3", "bob", Kind::Collected, after(3)),
        entry("4", "ann", Kind::Collected, after(4)),
        entry("5", "ann", Kind::LookedUp, after(5)),
    ];
    store.commit(writes, Vec::new()).await.unwrap();
    let ids = |rows: Vec<keyway::exchange::rows::StoredEntry>| -> Vec<String> {
        rows.iter().map(|row| row.entry_id.to_string()).collect()
    };
    let (site, ann) = (site(), person_id("ann"));
    let all = store.seen_of(&site, &ann, ALWAYS, 10).await.unwrap();
    assert_eq!(ids(all), ["entry-1", "entry-4", "entry-5"], "a move shows nothing to anybody");
    assert_eq!(ids(store.seen_of(&site, &ann, ALWAYS, 2).await.unwrap()), ["entry-4", "entry-5"]);
    let early = (Moment(i64::MIN), after(4));
    assert_eq!(ids(store.seen_of(&site, &ann, early, 10).await.unwrap()), ["entry-1", "entry-4"]);
    assert_eq!(ids(store.looks(&site, ALWAYS, 10).await.unwrap()), ["entry-5"]);
    assert!(store.seen_of(&elsewhere(), &ann, ALWAYS, 10).await.unwrap().is_empty());
    assert!(store.looks(&elsewhere(), ALWAYS, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_review_is_recorded_once_and_of_what_is_there(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    let by_consent = ReferralRow { review_due_at: None, ..referral("ann", "housing") };
    store.commit(vec![Write::Referral(by_consent)], Vec::new()).await.unwrap();
    let (site, id) = (site(), referral_id("ann", "cmht"));
    let waits = store.overrides(&site, true, 10).await.unwrap();
    assert_eq!(waits.iter().map(|row| &row.referral_id).collect::<Vec<_>>(), [&id]);
    assert_eq!(waits[0].review, None);
    assert!(store.overrides(&elsewhere(), false, 10).await.unwrap().is_empty());
    assert!(store.override_of(&site, &referral_id("ann", "housing")).await.unwrap().is_none());

    let review =
        |outcome| ReviewRow { site_id: site.clone(), referral_id: id.clone(), outcome, reviewed_at: START };
    let first = store.commit(vec![Write::Review(review(ReviewOutcome::NotUpheld))], Vec::new()).await;
    assert_eq!(first, Ok(()));
    let second = store.commit(vec![Write::Review(review(ReviewOutcome::Upheld))], Vec::new()).await;
    assert_eq!(second, Err(CommitError::Exists("review")));
    assert!(store.overrides(&site, true, 10).await.unwrap().is_empty());
    let stands = store.override_of(&site, &id).await.unwrap().unwrap();
    assert_eq!(stands.review, Some((ReviewOutcome::NotUpheld, START)));
    let none = ReviewRow { referral_id: referral_id("nobody", "cmht"), ..review(ReviewOutcome::Upheld) };
    assert!(store.commit(vec![Write::Review(none)], Vec::new()).await.is_err(), "there is no such referral");
}

pub(crate) async fn recalls_are_told_with_where_their_notices_stand(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Partner(partner("cmht", Channel::FhirPush))], Vec::new()).await.unwrap();
    for (name, seconds) in [("ann", 1), ("bob", 2)] {
        referred(store.as_ref(), name, &["cmht"]).await;
        send(store.as_ref(), name, name, "cmht").await;
        let recall = RecallRow {
            site_id: site(),
            recall_id: RecallId::parse(&format!("recall-{name}")).unwrap(),
            referral_id: referral_id(name, "cmht"),
            message_id: message_id(name),
            consent_id: Some(ConsentId::parse("consent-1").unwrap()),
            asked_at: START.plus_seconds(seconds),
            answer: String::new(),
            answered_at: None,
            reminders: 0,
            remind_at: None,
        };
        store.commit(vec![Write::Recall(recall)], Vec::new()).await.unwrap();
    }
    let ann = RecallId::parse("recall-ann").unwrap();
    let answered = Write::RecallAnswered(site(), ann.clone(), String::from("deleted"), START.plus_seconds(9));
    store.commit(vec![answered], Vec::new()).await.unwrap();
    let ids = |rows: &[keyway::exchange::ig::ports::RecallStands]| -> Vec<String> {
        rows.iter().map(|row| row.recall.recall_id.to_string()).collect()
    };
    let all = store.recalls(&site(), false, 10).await.unwrap();
    assert_eq!(ids(&all), ["recall-bob", "recall-ann"], "the latest first");
    assert!(all.iter().all(|row| row.delivery == Some(DeliveryStatus::Queued)));
    assert_eq!(all[1].recall.answer, "deleted");
    assert_eq!(ids(&store.recalls(&site(), true, 10).await.unwrap()), ["recall-bob"]);
    assert_eq!(store.recalls_of(&site(), &referral_id("ann", "cmht")).await.unwrap()[0].recall_id, ann);
    assert!(store.recalls(&elsewhere(), false, 10).await.unwrap().is_empty());
}

pub(crate) async fn what_is_due_of_a_recall_is_taken_once_and_not_after_its_answer(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Partner(partner("cmht", Channel::FhirPush))], Vec::new()).await.unwrap();
    for (name, seconds) in [("ann", 20), ("bob", 10)] {
        referred(store.as_ref(), name, &["cmht"]).await;
        send(store.as_ref(), name, name, "cmht").await;
        let recall = RecallRow {
            site_id: site(),
            recall_id: RecallId::parse(&format!("recall-{name}")).unwrap(),
            referral_id: referral_id(name, "cmht"),
            message_id: message_id(name),
            consent_id: None,
            asked_at: START,
            answer: String::new(),
            answered_at: None,
            reminders: 0,
            remind_at: Some(START.plus_seconds(seconds)),
        };
        store.commit(vec![Write::Recall(recall)], Vec::new()).await.unwrap();
    }
    assert!(store.recalls_due(START.plus_seconds(9), 10).await.unwrap().is_empty());
    assert_eq!(store.recalls_due(START.plus_seconds(20), 1).await.unwrap().len(), 1);
    let due = store.recalls_due(START.plus_seconds(20), 10).await.unwrap();
    assert_eq!([due[0].recall_id.as_str(), due[1].recall_id.as_str()], ["recall-bob", "recall-ann"]);
    let next = Some(START.plus_seconds(30));
    let seen_to = |recall: &RecallRow| Write::RecallSeenTo { recall: recall.clone(), reminders: 1, next };
    store.commit(vec![seen_to(&due[0])], Vec::new()).await.unwrap();
    let again = store.commit(vec![seen_to(&due[0])], Vec::new()).await;
    assert_eq!(again, Err(CommitError::Exists("recall_seen_to")), "its time was taken");
    let answered = Write::RecallAnswered(site(), due[1].recall_id.clone(), String::from("deleted"), START);
    store.commit(vec![answered], Vec::new()).await.unwrap();
    let late = store.commit(vec![seen_to(&due[1])], Vec::new()).await;
    assert_eq!(late, Err(CommitError::Exists("recall_seen_to")), "it was answered");
    let due = store.recalls_due(START.plus_seconds(30), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].reminders, due[0].remind_at), (1, next));
}

pub(crate) async fn an_officer_is_found_by_name_and_has_a_certificate_of_their_own(engine: &dyn Engine) {
    let store = engine.open();
    let row = |name: &str, certificate: &str, status| OfficerRow {
        name: name.to_owned(),
        site_id: site(),
        certificate_sha256: certificate.to_owned(),
        status,
        changed_at: START,
    };
    let ana = row("ana", "aa", PartnerStatus::Active);
    store.commit(vec![Write::Officer(ana.clone())], Vec::new()).await.unwrap();
    assert_eq!(store.officer("ana").await.unwrap(), Some(ana));
    assert_eq!(store.officer("sam").await.unwrap(), None);
    let same = store.commit(vec![Write::Officer(row("sam", "aa", PartnerStatus::Active))], Vec::new()).await;
    assert_eq!(same, Err(CommitError::Exists("officer")), "the certificate is another's");
    let theirs = OfficerRow { site_id: elsewhere(), ..row("ana", "bb", PartnerStatus::Active) };
    let taken = store.commit(vec![Write::Officer(theirs)], Vec::new()).await;
    assert_eq!(taken, Err(CommitError::Exists("officer")), "another site's name is left alone");
    let changed = row("ana", "cc", PartnerStatus::Suspended);
    store.commit(vec![Write::Officer(changed.clone())], Vec::new()).await.unwrap();
    assert_eq!(store.officers(&site()).await.unwrap(), [changed]);
    assert!(store.officers(&elsewhere()).await.unwrap().is_empty());
}

pub(crate) async fn what_was_disclosed_is_counted_by_agreement(engine: &dyn Engine) {
    let store = engine.open();
    for name in ["ann", "bob"] {
        referred(store.as_ref(), name, &["cmht"]).await;
        let row = decision(name, "cmht");
        let mut sent = message(name, name, "cmht");
        sent.decision_id = Some(row.decision_id.clone());
        sent.created_at = if name == "ann" { START } else { START.plus_seconds(5) };
        store.commit(vec![Write::Decision(row), Write::Message(sent)], Vec::new()).await.unwrap();
    }
    let used = store.flows_used(&site()).await.unwrap();
    assert_eq!(used.len(), 1, "{used:?}");
    assert_eq!((used[0].disclosures, used[0].first, used[0].last), (2, START, START.plus_seconds(5)));
    assert_eq!(used[0].agreement, decision("ann", "cmht").agreement);
    assert!(store.flows_used(&elsewhere()).await.unwrap().is_empty());
}

pub(crate) async fn what_stood_at_a_moment_is_found_as_it_stood(engine: &dyn Engine) {
    let store = engine.open();
    let clock: &ManualClock = engine.clock();
    let team = partner("cmht", Channel::FhirPush);
    store.commit(vec![Write::Partner(team.clone())], Vec::new()).await.unwrap();
    clock.advance_seconds(10);
    store.commit(vec![Write::Agreement(agreement("cmht", 1))], Vec::new()).await.unwrap();
    clock.advance_seconds(10);
    let mut renamed = team;
    renamed.name = String::from("Another name");
    let again = vec![
        // The same version again changes nothing, not even when it was entered.
        Write::Agreement(agreement("cmht", 1)),
        Write::Agreement(agreement("cmht", 2)),
        Write::Partner(renamed),
    ];
    store.commit(again, Vec::new()).await.unwrap();
    let versions = async |seconds| -> Vec<i64> {
        let known = store.agreements_known(&site(), START.plus_seconds(seconds)).await.unwrap();
        known.iter().map(|agreement| agreement.version).collect()
    };
    assert!(versions(9).await.is_empty());
    assert_eq!(versions(10).await, [1]);
    assert_eq!(versions(20).await, [1, 2]);
    let name = async |seconds| {
        let at = START.plus_seconds(seconds);
        store.agency_at(&site(), &partner_id("cmht"), at).await.unwrap().map(|agency| agency.partner.name)
    };
    assert_eq!(name(-1).await, None);
    assert_eq!(name(19).await.as_deref(), Some("cmht team"));
    assert_eq!(name(20).await.as_deref(), Some("Another name"));

    referred(store.as_ref(), "ann", &["cmht"]).await;
    let both = vec![Write::Consent(consent("ann", "cmht", 1)), Write::Consent(consent("ann", "cmht", 2))];
    store.commit(both, Vec::new()).await.unwrap();
    let stood = async |seconds| -> Vec<i64> {
        let rows = store.consents_at(&site(), &person_id("ann"), START.plus_seconds(seconds)).await.unwrap();
        rows.iter().map(|row| row.version).collect()
    };
    assert!(stood(0).await.is_empty());
    assert_eq!((stood(1).await, stood(2).await), (vec![1], vec![2]));
    assert!(
        store.consents_at(&elsewhere(), &person_id("ann"), START.plus_seconds(9)).await.unwrap().is_empty()
    );

    let mut later = decision("ann", "cmht");
    later.decided_at = START.plus_seconds(7);
    store.commit(vec![Write::Decision(later)], Vec::new()).await.unwrap();
    let decisions = store.decisions_of(&site(), &referral_id("ann", "cmht"), 5).await.unwrap();
    assert_eq!(decisions.len(), 1);
}
