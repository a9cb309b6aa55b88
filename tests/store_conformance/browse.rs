//! Looking about: pages in the order of time from either side, versions as they were, and one's own acts.

use keyway::{
    audit::{Entry, Kind},
    clock::Moment,
    directory::{Channel, PartnerStatus},
    exchange::{
        browse::{By, ConsentPage, EntryPage, ReferralPage, Side},
        ports::{Store, Write},
        rows::{AuditRow, ConsentRow, ReferralRow},
    },
    ids::{ConsentId, EntryId},
    referral::State,
};

use crate::{
    engine::{Engine, START},
    given::{
        consent, episode, partner, partner_id, person, person_id, referral, referral_id, referred, sealed,
        site,
    },
};

fn page(side: Side, partner: &str) -> ReferralPage {
    ReferralPage {
        site_id: site(),
        partner_id: partner_id(partner),
        side,
        by: By::Creation,
        backwards: false,
        from: Moment(i64::MIN),
        to: Moment(i64::MAX),
        after: None,
        limit: 2,
    }
}

/// Four people referred to the team, one second after another; the first of them changed last.
async fn four(store: &dyn Store) {
    for (at, name) in ["ann", "bob", "cyd", "dee"].into_iter().enumerate() {
        referred(store, name, &[]).await;
        let at = START.plus_seconds(i64::try_from(at).unwrap());
        let row = ReferralRow { created_at: at, updated_at: at, ..referral(name, "cmht") };
        store.commit(vec![Write::Referral(row)], Vec::new()).await.unwrap();
    }
    let moved = ReferralRow {
        version: 2,
        state: State::Accepted,
        updated_at: START.plus_seconds(60),
        ..referral("ann", "cmht")
    };
    store.commit(vec![Write::ReferralMoved(moved)], Vec::new()).await.unwrap();
}

async fn names(store: &dyn Store, mut question: ReferralPage) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let rows = store.referrals_of(&question).await.unwrap();
        let Some(last) = rows.last() else { return names };
        assert!(rows.len() <= question.limit);
        let at = if question.by == By::Creation { last.created_at } else { last.updated_at };
        question.after = Some((at, last.referral_id.to_string()));
        names.extend(rows.iter().map(|row| row.person_id.as_str().trim_start_matches("person-").to_owned()));
    }
}

pub(crate) async fn referrals_are_paged_in_the_order_of_time_from_either_side(engine: &dyn Engine) {
    let store = engine.open();
    four(store.as_ref()).await;
    let mut withheld = referral("ann", "housing");
    (withheld.disclosure_id, withheld.state) = (None, State::Withheld);
    store.commit(vec![Write::Referral(withheld)], Vec::new()).await.unwrap();

    let got = page(Side::Recipient, "cmht");
    assert_eq!(names(store.as_ref(), got.clone()).await, ["ann", "bob", "cyd", "dee"]);
    let backwards = ReferralPage { backwards: true, ..got.clone() };
    assert_eq!(names(store.as_ref(), backwards).await, ["dee", "cyd", "bob", "ann"]);
    let by_update = ReferralPage { by: By::Update, ..got.clone() };
    assert_eq!(names(store.as_ref(), by_update.clone()).await, ["bob", "cyd", "dee", "ann"]);
    let latest = ReferralPage { backwards: true, limit: 1, ..by_update };
    assert_eq!(names(store.as_ref(), latest).await, ["ann", "dee", "cyd", "bob"]);
    let between = ReferralPage { from: START.plus_seconds(1), to: START.plus_seconds(2), ..got };
    assert_eq!(names(store.as_ref(), between).await, ["bob", "cyd"]);
    // What was withheld is its sender's to see, and not its recipient's.
    assert_eq!(names(store.as_ref(), page(Side::Sender, "riverside-ld")).await.len(), 5);
    assert!(names(store.as_ref(), page(Side::Recipient, "housing")).await.is_empty());
    assert!(names(store.as_ref(), page(Side::Recipient, "riverside-ld")).await.is_empty());
    assert_eq!(store.referrals_about(&site(), &person_id("ann"), 10).await.unwrap().len(), 2);
}

pub(crate) async fn what_is_anothers_is_not_found_at_all(engine: &dyn Engine) {
    let store = engine.open();
    four(store.as_ref()).await;
    let mut withheld = referral("ann", "housing");
    (withheld.disclosure_id, withheld.state) = (None, State::Withheld);
    let withheld_id = withheld.referral_id.clone();
    let entry_id = EntryId::parse("entry-own").unwrap();
    let agreed = consent("ann", "cmht", 1);
    let consent_id = agreed.consent_id.clone();
    let writes = vec![Write::Referral(withheld), act("own", "cmht", START), Write::Consent(agreed)];
    store.commit(writes, Vec::new()).await.unwrap();
    for (who, sees, sees_withheld) in [
        ("riverside-ld", true, true),
        ("cmht", true, false),
        ("housing", false, false),
        ("nobody", false, false),
    ] {
        let who_id = partner_id(who);
        let found = store.referral_of(&site(), &referral_id("ann", "cmht"), &who_id).await.unwrap();
        assert_eq!(found.is_some(), sees, "{who}");
        let found = store.referral_of(&site(), &withheld_id, &who_id).await.unwrap();
        assert_eq!(found.is_some(), sees_withheld, "{who}");
        let own = who == "cmht";
        assert_eq!(store.log_entry_for(&site(), &entry_id, &who_id).await.unwrap().is_some(), own, "{who}");
        assert_eq!(store.consent_for(&site(), &consent_id, &who_id).await.unwrap().is_some(), own, "{who}");
    }
}

pub(crate) async fn every_version_is_kept_as_it_was(engine: &dyn Engine) {
    let store = engine.open();
    four(store.as_ref()).await;
    let id = referral_id("ann", "cmht");
    let first = store.referral_version(&site(), &id, 1).await.unwrap().unwrap();
    assert_eq!(first, referral("ann", "cmht"));
    let second = store.referral_version(&site(), &id, 2).await.unwrap().unwrap();
    assert_eq!((second.state, second.updated_at), (State::Accepted, START.plus_seconds(60)));
    assert_eq!(store.referral(&site(), &id).await.unwrap().unwrap(), second);
    assert_eq!(store.referral_version(&site(), &id, 3).await.unwrap(), None);

    let cmht = partner("cmht", Channel::FhirPush);
    let suspended = keyway::directory::Partner { status: PartnerStatus::Suspended, ..cmht.clone() };
    store.commit(vec![Write::Partner(cmht)], Vec::new()).await.unwrap();
    engine.clock().advance_seconds(30);
    store.commit(vec![Write::Partner(suspended)], Vec::new()).await.unwrap();
    let at_version =
        async |version| store.agency_version(&site(), &partner_id("cmht"), version).await.unwrap().unwrap();
    let (first, second) = (at_version(1).await, at_version(2).await);
    assert_eq!((first.partner.status, first.since), (PartnerStatus::Active, Some(START)));
    assert_eq!(
        (second.partner.status, second.since),
        (PartnerStatus::Suspended, Some(START.plus_seconds(30)))
    );
    assert_eq!(store.agencies(&site()).await.unwrap(), [second]);
}

pub(crate) async fn consents_are_paged_in_their_latest_versions_by_when_they_changed(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Person(person("ann"))], Vec::new()).await.unwrap();
    let said = [("cmht", 1), ("court", 1), ("housing", 1), ("cmht", 2)];
    let writes = said.into_iter().zip(0..).map(|((recipient, version), after)| {
        let recorded_at = START.plus_seconds(after);
        Write::Consent(ConsentRow { recorded_at, ..consent("ann", recipient, version) })
    });
    store.commit(writes.collect(), Vec::new()).await.unwrap();
    let seen = async |backwards: bool, told_to: Option<&str>, from: Moment| {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let question = ConsentPage {
                site_id: site(),
                told_to: told_to.map(partner_id),
                backwards,
                from,
                to: Moment(i64::MAX),
                after,
                limit: 2,
            };
            let rows = store.consents_in_time(&question).await.unwrap();
            let Some(last) = rows.last() else { return seen };
            after = Some((last.recorded_at, last.consent_id.to_string()));
            seen.extend(rows.iter().map(|row| (row.recipient_id.to_string(), row.version)));
        }
    };
    let all = [("court".into(), 1), ("housing".into(), 1), ("cmht".into(), 2)];
    assert_eq!(seen(false, None, START).await, all);
    assert_eq!(seen(false, None, START.plus_seconds(2)).await, all[1..]);
    assert_eq!(seen(true, None, START).await, all.iter().rev().cloned().collect::<Vec<_>>());
    // Of a recipient, those about it that something was sent to it under.
    for backwards in [false, true] {
        assert!(seen(backwards, Some("cmht"), START).await.is_empty());
    }
    let told = Write::Referral(ReferralRow { review_due_at: None, ..referral("ann", "cmht") });
    let withheld = Write::Referral(ReferralRow {
        review_due_at: None,
        state: State::Withheld,
        ..referral("ann", "court")
    });
    store.commit(vec![Write::Episode(episode("ann")), told, withheld], Vec::new()).await.unwrap();
    for backwards in [false, true] {
        assert_eq!(seen(backwards, Some("cmht"), START).await, [("cmht".into(), 2)]);
        for other in ["court", "housing"] {
            assert!(seen(backwards, Some(other), START).await.is_empty(), "{other}");
        }
    }
    let id = consent("ann", "cmht", 1).consent_id;
    let first = store.consent_version(&site(), &id, 1).await.unwrap().unwrap();
    assert_eq!((first.version, first.recorded_at), (1, START));
    let other = ConsentId::parse("other").unwrap();
    assert_eq!(store.consent_version(&site(), &other, 1).await.unwrap(), None);
}

pub(crate) async fn a_person_is_found_by_the_pseudonym_of_one_agency(engine: &dyn Engine) {
    let store = engine.open();
    store.commit(vec![Write::Person(person("ann"))], Vec::new()).await.unwrap();
    let known = Write::PersonReference(site(), partner_id("cmht"), String::from("LD-1"), person_id("ann"));
    // The same again changes nothing.
    store.commit(vec![known.clone(), known], Vec::new()).await.unwrap();
    let find = async |partner: &str, reference: &str| {
        store.person_by_reference(&site(), &partner_id(partner), reference).await.unwrap()
    };
    assert_eq!(find("cmht", "LD-1").await, Some(person_id("ann")));
    assert_eq!(find("housing", "LD-1").await, None);
    assert_eq!(find("cmht", "LD-2").await, None);
}

fn act(name: &str, actor: &str, at: Moment) -> Write {
    told(name, actor, at, Kind::Viewed, None, None)
}

fn told(
    name: &str,
    actor: &str,
    at: Moment,
    kind: Kind,
    person_id: Option<keyway::ids::PersonId>,
    referral_id: Option<keyway::ids::ReferralId>,
) -> Write {
    let entry_id = EntryId::parse(&format!("entry-{name}")).unwrap();
    let entry = Entry {
        entry_id: entry_id.clone(),
        site_id: site(),
        at,
        kind,
        actor: actor.to_owned(),
        about: Vec::new(),
        facts: Vec::new(),
        content_sha256: None,
    };
    Write::Audit(AuditRow {
        site_id: site(),
        entry_id,
        at,
        kind: kind.as_str(),
        person_id,
        referral_id,
        partner_id: None,
        leaf: entry.leaf(),
        content: Some(sealed("x")),
    })
}

pub(crate) async fn ones_own_acts_are_paged_in_both_directions(engine: &dyn Engine) {
    let store = engine.open();
    let writes = vec![
        act("1", "cmht", START),
        act("2", "gateway", START),
        act("3", "cmht", START.plus_seconds(1)),
        act("4", "housing", START.plus_seconds(1)),
        act("5", "operator:ann", START.plus_seconds(1)),
        act("6", "cmht", START.plus_seconds(1)),
    ];
    store.commit(writes, Vec::new()).await.unwrap();
    let mut question = EntryPage {
        site_id: site(),
        actor: partner_id("cmht"),
        backwards: true,
        is_owner: false,
        from: Moment(i64::MIN),
        to: Moment(i64::MAX),
        after: None,
        limit: 2,
    };
    let first = store.log_entries_by(&question).await.unwrap();
    let last = first.last().unwrap();
    question.after = Some((last.at, last.entry_id.to_string()));
    let second = store.log_entries_by(&question).await.unwrap();
    let ids: Vec<&str> = first.iter().chain(&second).map(|entry| entry.entry_id.as_str()).collect();
    assert_eq!(ids, ["entry-6", "entry-3", "entry-1"]);
    (question.backwards, question.after) = (false, None);
    let ids: Vec<String> =
        store.log_entries_by(&question).await.unwrap().iter().map(|e| e.entry_id.to_string()).collect();
    assert_eq!(ids, ["entry-1", "entry-3"]);
    question.actor = partner_id("gateway");
    assert!(store.log_entries_by(&question).await.unwrap().is_empty(), "the gateway's own doing is nobody's");
    let id = EntryId::parse("entry-2").unwrap();
    assert!(store.log_entry(&site(), &id).await.unwrap().is_some());
    let elsewhere = keyway::ids::SiteId::parse("elsewhere").unwrap();
    assert!(store.log_entry(&elsewhere, &id).await.unwrap().is_none());
}

/// What an agency was refused is not among its own acts, and fills no page of them; it is among those of whoever holds what it
/// looked for.
pub(crate) async fn what_was_refused_is_found_by_the_owner_alone(engine: &dyn Engine) {
    let store = engine.open();
    four(store.as_ref()).await;
    let refused = |name: &str, actor: &str, person, referral| {
        told(name, actor, START.plus_seconds(1), Kind::AccessRefused, person, referral)
    };
    let (ann, sent) = (Some(person_id("ann")), Some(referral_id("ann", "cmht")));
    let writes = vec![
        act("1", "housing", START),
        refused("2", "housing", ann.clone(), sent.clone()),
        refused("3", "housing", ann.clone(), None),
        refused("4", "housing", None, None),
        refused("5", "riverside-ld", ann, sent),
        act("6", "housing", START.plus_seconds(2)),
        act("7", "riverside-ld", START.plus_seconds(3)),
    ];
    store.commit(writes, Vec::new()).await.unwrap();
    let asked = |actor: &str, is_owner: bool, limit: usize| EntryPage {
        site_id: site(),
        actor: partner_id(actor),
        is_owner,
        backwards: true,
        from: Moment(i64::MIN),
        to: Moment(i64::MAX),
        after: None,
        limit,
    };
    for (actor, is_owner, limit, expected) in [
        ("housing", false, 2, &["entry-6", "entry-1"][..]),
        ("riverside-ld", false, 9, &["entry-7"]),
        ("riverside-ld", true, 9, &["entry-7", "entry-3", "entry-2"]),
        ("riverside-ld", true, 2, &["entry-7", "entry-3"]),
        ("cmht", true, 9, &["entry-3"]),
    ] {
        let found = store.log_entries_by(&asked(actor, is_owner, limit)).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|entry| entry.entry_id.as_str()).collect();
        assert_eq!(ids, expected, "{actor} {is_owner}");
    }
    let onward = EntryPage { backwards: false, ..asked("riverside-ld", true, 2) };
    let found = store.log_entries_by(&onward).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|entry| entry.entry_id.as_str()).collect();
    assert_eq!(ids, ["entry-2", "entry-3"]);
}
