//! The lane of one recipient and one person: order, leases, fences.

use std::{collections::BTreeSet, sync::Arc};

use keyway::{
    clock::Moment,
    directory::Channel,
    exchange::{
        ports::{CommitError, DeliveryChange, Precondition, Store, Write},
        rows::{DeliveryStatus, LeasedLane},
    },
};

use crate::{
    engine::Engine,
    given::{
        attempt, delivery_id, message, new_delivery, partner_id, person_id, referral_id, referred, send,
        sent, site,
    },
};

pub(crate) const LEASE_SECONDS: i64 = 30;

pub(crate) async fn lease(store: &dyn Store, now: Moment) -> Vec<LeasedLane> {
    store.lease_lanes("worker", now, now.plus_seconds(LEASE_SECONDS), 100).await.unwrap()
}

pub(crate) fn names(lanes: &[LeasedLane]) -> Vec<String> {
    lanes.iter().map(|lane| lane.delivery.new.delivery_id.to_string().replace("delivery-", "")).collect()
}

pub(crate) fn change(lane: &LeasedLane, status: DeliveryStatus) -> DeliveryChange {
    DeliveryChange {
        delivery_id: lane.delivery.new.delivery_id.clone(),
        version: lane.delivery.version,
        status,
        attempts: lane.delivery.attempts,
        next_at: lane.delivery.next_at,
        send_by: None,
        reason: String::new(),
    }
}

pub(crate) fn release(lane: &LeasedLane) -> Write {
    Write::ReleaseLane {
        site_id: site(),
        recipient_id: lane.delivery.new.recipient_id.clone(),
        person_id: lane.delivery.new.person_id.clone(),
        fence: lane.fence,
    }
}

pub(crate) fn fence(lane: &LeasedLane) -> Precondition {
    let new = &lane.delivery.new;
    Precondition::LaneFence(site(), new.recipient_id.clone(), new.person_id.clone(), lane.fence)
}

pub(crate) async fn finish(store: &dyn Store, lane: &LeasedLane, status: DeliveryStatus) {
    store.commit(vec![Write::Delivery(change(lane, status)), release(lane)], vec![]).await.unwrap();
}

pub(crate) async fn a_lane_is_carried_in_order_one_at_a_time(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht", "court"]).await;
    referred(store.as_ref(), "bob", &["cmht"]).await;
    for name in ["one", "two", "three"] {
        send(store.as_ref(), name, "ann", "cmht").await;
    }
    send(store.as_ref(), "other-recipient", "ann", "court").await;
    send(store.as_ref(), "other-person", "bob", "cmht").await;

    let mut first = lease(store.as_ref(), now).await;
    first.sort_by_key(|lane| lane.delivery.new.delivery_id.clone());
    assert_eq!(names(&first), ["one", "other-person", "other-recipient"]);
    assert_eq!(names(&lease(store.as_ref(), now).await), [""; 0], "all lanes are leased");
    for lane in &first {
        finish(store.as_ref(), lane, DeliveryStatus::Delivered).await;
    }
    for name in ["two", "three"] {
        let next = lease(store.as_ref(), now).await;
        assert_eq!(names(&next), [name]);
        finish(store.as_ref(), &next[0], DeliveryStatus::Delivered).await;
    }
    assert_eq!(names(&lease(store.as_ref(), now).await), [""; 0]);
    let deliveries = store.deliveries_of(&site(), &referral_id("ann", "cmht")).await.unwrap();
    assert!(deliveries.iter().all(|d| d.status == DeliveryStatus::Delivered && d.version == 2));
    assert_eq!(store.next_due().await.unwrap(), None);
}

pub(crate) async fn what_is_not_due_waits_and_holds_up_nothing(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    let mut later = new_delivery("one", "ann", "cmht", Channel::EventPush);
    later.not_before = now.plus_seconds(60);
    let writes = vec![Write::Message(message("one", "ann", "cmht")), Write::Enqueue(later)];
    store.commit(writes, vec![]).await.unwrap();
    assert_eq!(names(&lease(store.as_ref(), now).await), [""; 0]);
    assert_eq!(store.next_due().await.unwrap(), Some(now.plus_seconds(60)));

    send(store.as_ref(), "two", "ann", "cmht").await;
    assert_eq!(store.next_due().await.unwrap(), Some(now));
    let due = lease(store.as_ref(), now).await;
    assert_eq!(names(&due), ["two"]);
    finish(store.as_ref(), &due[0], DeliveryStatus::Delivered).await;
    assert_eq!(names(&lease(store.as_ref(), now).await), [""; 0]);
    assert_eq!(store.next_due().await.unwrap(), Some(now.plus_seconds(60)));
    let leased = lease(store.as_ref(), now.plus_seconds(60)).await;
    assert_eq!(names(&leased), ["one"]);
}

pub(crate) async fn what_is_tried_again_holds_what_is_behind_it(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let leased = lease(store.as_ref(), now).await;
    // Due before the retry, and behind it all the same.
    let mut behind = new_delivery("two", "ann", "cmht", Channel::EventPush);
    behind.not_before = now.plus_seconds(2);
    let writes = vec![Write::Message(message("two", "ann", "cmht")), Write::Enqueue(behind)];
    store.commit(writes, vec![]).await.unwrap();

    // A retry: later again, and the lane sleeps until then.
    let mut retry = change(&leased[0], DeliveryStatus::Queued);
    retry.attempts = 1;
    retry.next_at = now.plus_seconds(5);
    retry.reason = String::from("http-503");
    store.commit(vec![Write::Delivery(retry), release(&leased[0])], vec![]).await.unwrap();
    assert_eq!(names(&lease(store.as_ref(), now.plus_seconds(4)).await), [""; 0]);
    assert_eq!(store.next_due().await.unwrap(), Some(now.plus_seconds(5)));
    let again = lease(store.as_ref(), now.plus_seconds(5)).await;
    assert_eq!(names(&again), ["one"]);
    assert_eq!((again[0].delivery.attempts, again[0].delivery.reason.as_str()), (1, "http-503"));
}

pub(crate) async fn a_fence_keeps_a_late_worker_out(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let slow = lease(store.as_ref(), now).await.remove(0);
    let quick = lease(store.as_ref(), now.plus_seconds(LEASE_SECONDS)).await.remove(0);
    assert!(quick.fence > slow.fence);

    let fence = |f| Precondition::LaneFence(site(), partner_id("cmht"), person_id("ann"), f);
    let late = store.commit(vec![release(&slow)], vec![]).await;
    assert_eq!(late, Err(CommitError::Conflict(fence(slow.fence))));
    let late = store.commit(vec![], vec![fence(slow.fence)]).await;
    assert_eq!(late, Err(CommitError::Conflict(fence(slow.fence))));

    store.commit(vec![], vec![fence(quick.fence)]).await.unwrap();
    finish(store.as_ref(), &quick, DeliveryStatus::Delivered).await;
    // What was given back is nobody's.
    assert_eq!(
        store.commit(vec![], vec![fence(quick.fence)]).await,
        Err(CommitError::Conflict(fence(quick.fence)))
    );
    assert_eq!(
        store.commit(vec![release(&quick)], vec![]).await,
        Err(CommitError::Conflict(fence(quick.fence)))
    );
}

pub(crate) async fn a_lease_that_ran_out_is_taken_again(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    send(store.as_ref(), "two", "ann", "cmht").await;
    let first = lease(store.as_ref(), now).await.remove(0);
    let mut begun = change(&first, DeliveryStatus::Attempting);
    begun.attempts = 1;
    begun.send_by = Some(now.plus_seconds(10));
    store.commit(vec![Write::Delivery(begun)], vec![]).await.unwrap();

    // Its worker dies here.
    assert_eq!(names(&lease(store.as_ref(), now.plus_seconds(LEASE_SECONDS - 1)).await), [""; 0]);
    assert_eq!(store.next_due().await.unwrap(), Some(now.plus_seconds(LEASE_SECONDS)));
    let again = lease(store.as_ref(), now.plus_seconds(LEASE_SECONDS)).await.remove(0);
    assert_eq!(again.delivery.new, first.delivery.new, "the same message");
    assert_eq!(again.delivery.status, DeliveryStatus::Attempting);
    assert_eq!(again.delivery.send_by, Some(now.plus_seconds(10)));
    assert!(again.fence > first.fence);
}

pub(crate) async fn a_lease_that_ran_out_begins_nothing(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    referred(store.as_ref(), "bob", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    send(store.as_ref(), "other", "bob", "cmht").await;
    let mut lanes = lease(store.as_ref(), now).await;
    lanes.sort_by_key(|lane| lane.delivery.new.delivery_id.clone());
    let begin = |name, seconds| vec![Write::AttemptBegun(attempt(name, now.plus_seconds(seconds)))];
    assert_eq!(lanes[0].until, now.plus_seconds(LEASE_SECONDS));

    // It stood still. That nobody else has the lane yet makes no difference.
    let late = store.commit(begin("one", LEASE_SECONDS), vec![fence(&lanes[0])]).await;
    assert_eq!(late, Err(CommitError::Conflict(fence(&lanes[0]))));
    let without = store.commit(begin("one", 1), vec![]).await;
    assert!(
        matches!(&without, Err(CommitError::Unavailable(text)) if text.starts_with("attempt:")),
        "{without:?}"
    );
    let elsewhere = store.commit(begin("one", 1), vec![fence(&lanes[1])]).await;
    assert_eq!(elsewhere, Err(CommitError::Conflict(fence(&lanes[1]))), "the fence of another lane");

    // Early: the lease is long enough as it is.
    store.commit(begin("other", 1), vec![fence(&lanes[1])]).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(now.plus_seconds(LEASE_SECONDS)));
    // Late: its first byte may leave ten seconds later, and its answer take ten more.
    store.commit(begin("one", LEASE_SECONDS - 1), vec![fence(&lanes[0])]).await.unwrap();
    let over = now.plus_seconds(LEASE_SECONDS - 1 + 10 + 10);
    assert_eq!(names(&lease(store.as_ref(), over).await), ["other"]);
    let next = store.next_due().await.unwrap().unwrap();
    assert!(next > over && next <= over.plus_seconds(10), "{next:?}");
    store.commit(vec![], vec![fence(&lanes[0])]).await.unwrap();
    let again = lease(store.as_ref(), next).await.remove(0);
    assert_eq!(
        (names(std::slice::from_ref(&again)), again.fence),
        (vec![String::from("one")], lanes[0].fence + 1)
    );
}

pub(crate) async fn a_dead_head_holds_its_lane_until_it_is_discarded(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht", "court"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let head = lease(store.as_ref(), now).await.remove(0);
    finish(store.as_ref(), &head, DeliveryStatus::Dead).await;
    send(store.as_ref(), "two", "ann", "cmht").await;
    send(store.as_ref(), "elsewhere", "ann", "court").await;
    assert_eq!(names(&lease(store.as_ref(), now.plus_seconds(3_600)).await), ["elsewhere"]);

    let dead = store.delivery(&delivery_id("one")).await.unwrap().unwrap().delivery;
    let mut discard = change(&head, DeliveryStatus::Withdrawn);
    discard.version = dead.version;
    store.commit(vec![Write::Delivery(discard)], vec![]).await.unwrap();
    assert_eq!(names(&lease(store.as_ref(), now).await), ["two"]);
}

pub(crate) async fn a_dead_head_that_is_replayed_goes_out_again(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    send(store.as_ref(), "two", "ann", "cmht").await;
    let head = lease(store.as_ref(), now).await.remove(0);
    finish(store.as_ref(), &head, DeliveryStatus::Dead).await;
    assert_eq!(store.next_due().await.unwrap(), None);
    let mut replay = change(&head, DeliveryStatus::Queued);
    replay.version += 1;
    store.commit(vec![Write::Delivery(replay)], vec![]).await.unwrap();
    assert_eq!(names(&lease(store.as_ref(), now).await), ["one"]);
}

pub(crate) async fn each_lane_is_leased_to_one_worker(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    for n in 0..60 {
        let name = format!("p{n}");
        referred(store.as_ref(), &name, &["cmht"]).await;
        send(store.as_ref(), &name, &name, "cmht").await;
    }
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let store: Arc<dyn Store> = Arc::clone(&store);
            tokio::spawn(async move {
                let owner = format!("worker-{n}");
                store.lease_lanes(&owner, now, now.plus_seconds(LEASE_SECONDS), 10).await.unwrap()
            })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for worker in workers {
        let lanes = worker.await.unwrap();
        assert!(lanes.len() <= 10);
        for name in names(&lanes) {
            assert!(seen.insert(name), "leased twice");
        }
    }
    assert_eq!(seen.len(), 60);
}

pub(crate) async fn concurrent_deliveries_get_numbers_of_their_own(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    let jobs: Vec<_> = (0..50)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { send(store.as_ref(), &format!("n{n}"), "ann", "cmht").await })
        })
        .collect();
    for job in jobs {
        job.await.unwrap();
    }
    let deliveries = store.deliveries_of(&site(), &referral_id("ann", "cmht")).await.unwrap();
    let numbers: BTreeSet<i64> = deliveries.iter().map(|d| d.seq).collect();
    assert_eq!(numbers, (1..=50).collect());
    assert_eq!(lease(store.as_ref(), now).await[0].delivery.seq, 1);
}

pub(crate) async fn a_changed_delivery_cannot_be_changed_under_its_old_version(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let lane = lease(store.as_ref(), now).await.remove(0);
    // Consent is withdrawn while the worker prepares to send.
    let stop = change(&lane, DeliveryStatus::Withdrawn);
    store.commit(vec![Write::Delivery(stop)], vec![]).await.unwrap();

    let begin = change(&lane, DeliveryStatus::Attempting);
    let stale = Precondition::DeliveryVersion(delivery_id("one"), 1);
    assert_eq!(store.commit(vec![Write::Delivery(begin)], vec![]).await, Err(CommitError::Conflict(stale)));
    let stored = store.delivery(&delivery_id("one")).await.unwrap().unwrap().delivery;
    assert_eq!((stored.status, stored.version), (DeliveryStatus::Withdrawn, 2));
}

pub(crate) async fn the_longest_due_lane_is_leased_first(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    for (name, seconds) in [("c", -1), ("a", -9), ("b", -5)] {
        referred(store.as_ref(), name, &["cmht"]).await;
        let mut delivery = new_delivery(name, name, "cmht", Channel::FhirPush);
        delivery.not_before = now.plus_seconds(seconds);
        let mut writes = sent(name, name, "cmht", Channel::FhirPush);
        writes.pop();
        writes.push(Write::Enqueue(delivery));
        store.commit(writes, vec![]).await.unwrap();
    }
    let first = store.lease_lanes("worker", now, now.plus_seconds(LEASE_SECONDS), 2).await.unwrap();
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(names(&lease(store.as_ref(), now).await), ["c"]);
}
