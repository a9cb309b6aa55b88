//! Preconditions and versions.

use keyway::{
    directory::Channel,
    exchange::ports::{CommitError, Precondition, Write},
    ids::SiteId,
    referral::State,
};

use crate::{
    engine::{Engine, START},
    given::{
        agreement, consent, delivery_id, partner, partner_id, person, person_id, referral, referral_id,
        referred, send, sent, site,
    },
};

pub(crate) async fn every_precondition_is_checked(engine: &dyn Engine) {
    use Precondition as P;
    let store = engine.open();
    store.commit(vec![Write::Partner(partner("cmht", Channel::FhirPush))], vec![]).await.unwrap();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let now = engine.now();
    let leased = store.lease_lanes("worker", now, now.plus_seconds(30), 1).await.unwrap();
    let fence = leased[0].fence;
    let (s, c, a) = (site, || partner_id("cmht"), || person_id("ann"));
    let r = || referral_id("ann", "cmht");
    let other = || SiteId::parse("hillside").unwrap();
    let key = || String::from("k");

    let holds = vec![
        P::IdempotencyKeyUnused(s(), c(), key()),
        P::InboundUnused(s(), c(), key()),
        P::ConsentSeq(s(), a(), 1),
        P::PartnerVersion(s(), c(), 1),
        P::LaneFence(s(), c(), a(), fence),
        P::DeliveryVersion(delivery_id("one"), 1),
        P::ReferralVersion(s(), r(), 1),
    ];
    store.commit(vec![], holds).await.unwrap();

    let broken = vec![
        P::ConsentSeq(s(), a(), 0),
        P::ConsentSeq(s(), a(), 2),
        P::ConsentSeq(other(), a(), 1),
        P::PartnerVersion(s(), c(), 2),
        P::PartnerVersion(other(), c(), 1),
        P::LaneFence(s(), c(), a(), fence - 1),
        P::LaneFence(s(), c(), a(), fence + 1),
        P::LaneFence(other(), c(), a(), fence),
        P::DeliveryVersion(delivery_id("one"), 2),
        P::DeliveryVersion(delivery_id("two"), 1),
        P::ReferralVersion(s(), r(), 2),
        P::ReferralVersion(other(), r(), 1),
    ];
    for precondition in broken {
        let writes = vec![Write::Person(person("bob"))];
        let refused = store.commit(writes, vec![precondition.clone()]).await;
        assert_eq!(refused, Err(CommitError::Conflict(precondition)));
    }
    assert_eq!(store.person(&site(), &person_id("bob")).await.unwrap(), None);
}

pub(crate) async fn a_referral_moves_one_version_at_a_time(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    let mut moved = referral("ann", "cmht");
    moved.state = State::Accepted;
    moved.business_status = String::from("accepted");
    moved.receiver_note = None;
    moved.recall_answer = Some(String::from("deleted"));
    moved.messages = 2;
    moved.version = 2;
    moved.updated_at = START.plus_seconds(5);
    store.commit(vec![Write::ReferralMoved(moved.clone())], vec![]).await.unwrap();
    assert_eq!(store.referral(&site(), &moved.referral_id).await.unwrap(), Some(moved.clone()));

    let stale = Precondition::ReferralVersion(site(), moved.referral_id.clone(), 1);
    let again = store.commit(vec![Write::ReferralMoved(moved.clone())], vec![]).await;
    assert_eq!(again, Err(CommitError::Conflict(stale)));
    moved.version = 4;
    assert!(store.commit(vec![Write::ReferralMoved(moved.clone())], vec![]).await.is_err());
    moved.version = 3;
    moved.state = State::Completed;
    store.commit(vec![Write::ReferralMoved(moved)], vec![]).await.unwrap();
}

pub(crate) async fn an_agreement_moves_its_partner_on(engine: &dyn Engine) {
    let store = engine.open();
    let (site, cmht) = (site(), partner_id("cmht"));
    store.commit(vec![Write::Partner(partner("cmht", Channel::FhirPush))], vec![]).await.unwrap();
    let version = || async { store.partner(&site, &cmht).await.unwrap().unwrap().version };
    assert_eq!(version().await, 1);
    store.commit(vec![Write::Agreement(agreement("cmht", 1))], vec![]).await.unwrap();
    assert_eq!(version().await, 2);
    // Only the latest version speaks, even when the one before it would be in force.
    let mut ended = agreement("cmht", 2);
    ended.valid_to = START.plus_seconds(-1);
    ended.emergency = None;
    store.commit(vec![Write::Agreement(ended.clone())], vec![]).await.unwrap();
    assert_eq!(store.agreements(&site, &cmht).await.unwrap(), vec![ended]);
    assert_eq!(version().await, 3);
    store.commit(vec![Write::Partner(partner("cmht", Channel::Mailbox))], vec![]).await.unwrap();
    assert_eq!(version().await, 4);
    assert_eq!(store.partner(&site, &cmht).await.unwrap().unwrap().channel, Channel::Mailbox);
    // No other partner may have its client id.
    let mut thief = partner("thief", Channel::Mailbox);
    thief.client_id = String::from("client-cmht");
    assert_eq!(store.commit(vec![Write::Partner(thief)], vec![]).await, Err(CommitError::Exists("partner")));
}

/// Decisions name the version that they rested on.
pub(crate) async fn a_version_of_an_agreement_never_changes(engine: &dyn Engine) {
    let store = engine.open();
    let (site, cmht) = (site(), partner_id("cmht"));
    store.commit(vec![Write::Partner(partner("cmht", Channel::FhirPush))], vec![]).await.unwrap();
    let mut stored = agreement("cmht", 1);
    stored.emergency = None;
    store.commit(vec![Write::Agreement(stored.clone())], vec![]).await.unwrap();
    // Entered again as it is: nothing is wrong with that.
    store.commit(vec![Write::Agreement(stored.clone())], vec![]).await.unwrap();
    let version = store.partner(&site, &cmht).await.unwrap().unwrap().version;

    let mut longer = stored.clone();
    longer.valid_to = longer.valid_to.plus_seconds(1);
    let mut wider = stored.clone();
    wider.purposes.push(String::from("HRESCH"));
    for other in [longer, wider, agreement("cmht", 1)] {
        let refused = store.commit(vec![Write::Agreement(other)], vec![]).await;
        assert_eq!(refused, Err(CommitError::Exists("agreement")));
    }
    assert_eq!(store.agreements(&site, &cmht).await.unwrap(), vec![stored]);
    assert_eq!(store.partner(&site, &cmht).await.unwrap().unwrap().version, version);
}

pub(crate) async fn the_latest_version_of_a_consent_counts(engine: &dyn Engine) {
    let store = engine.open();
    let writes = vec![
        Write::Person(person("ann")),
        Write::Consent(consent("ann", "cmht", 1)),
        Write::Consent(consent("ann", "housing", 1)),
        Write::ConsentSeqUp(site(), person_id("ann")),
    ];
    store.commit(writes, vec![]).await.unwrap();
    let mut withdrawn = consent("ann", "cmht", 2);
    withdrawn.status = String::from("inactive");
    let seq = Precondition::ConsentSeq(site(), person_id("ann"), 2);
    let writes = vec![Write::Consent(withdrawn.clone()), Write::ConsentSeqUp(site(), person_id("ann"))];
    store.commit(writes.clone(), vec![seq.clone()]).await.unwrap();

    let consents = store.consents_of(&site(), &person_id("ann")).await.unwrap();
    assert_eq!(consents, vec![consent("ann", "housing", 1), withdrawn.clone()]);
    assert_eq!(store.consent(&site(), &withdrawn.consent_id).await.unwrap(), Some(withdrawn));
    assert_eq!(store.commit(writes.clone(), vec![seq.clone()]).await, Err(CommitError::Conflict(seq)));
    assert_eq!(store.commit(writes, vec![]).await, Err(CommitError::Exists("consent")));
}

pub(crate) async fn the_store_is_healthy(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    store.commit(sent("one", "ann", "cmht", Channel::EventPush), vec![]).await.unwrap();
    assert_eq!(store.healthy().await, Ok(()));
}
