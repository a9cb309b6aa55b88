//! Engines that one gateway serves alone: what it finds when it takes over. Not among the stories that every engine
//! is told, because a second gateway beside the first is what another engine is for.

use keyway::{
    exchange::{
        ports::{CommitError, Precondition, Write},
        rows::DeliveryStatus,
    },
    store::sqlite::OpenError,
};

use crate::{
    engine::{Engine, Sqlite},
    given::{partner_id, referred, send, site},
    lanes::{LEASE_SECONDS, change, finish, lease, names, release},
};

#[tokio::test]
async fn a_lease_of_a_dead_gateway_is_given_back_at_once() {
    let engine = Sqlite::new();
    let (store, now) = (engine.serve().unwrap(), engine.now());
    for (person, recipient) in [("ann", "cmht"), ("bob", "cmht"), ("cat", "cmht")] {
        referred(store.as_ref(), person, &[recipient]).await;
        send(store.as_ref(), person, person, recipient).await;
    }
    let dead = store.lease_lanes("dead", now, now.plus_seconds(LEASE_SECONDS), 2).await.unwrap();
    let mut begun = change(&dead[0], DeliveryStatus::Attempting);
    begun.attempts = 1;
    store.commit(vec![Write::Delivery(begun)], vec![]).await.unwrap();
    finish(store.as_ref(), &lease(store.as_ref(), now).await.remove(0), DeliveryStatus::Dead).await;
    drop(store);

    let store = engine.serve().unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(now));
    let again = lease(store.as_ref(), now).await;
    let mut both = names(&again);
    both.sort();
    assert_eq!(both, ["ann", "bob"], "what was set aside stays so");
    for lane in &dead {
        let late = store.commit(vec![release(lane)], vec![]).await;
        let fence = Precondition::LaneFence(
            site(),
            partner_id("cmht"),
            lane.delivery.new.person_id.clone(),
            lane.fence,
        );
        assert_eq!(late, Err(CommitError::Conflict(fence)), "the fence has moved on");
    }
}

#[tokio::test]
async fn a_lane_that_waits_for_its_time_still_does_after_a_restart() {
    let engine = Sqlite::new();
    let (store, now) = (engine.serve().unwrap(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let lane = lease(store.as_ref(), now).await.remove(0);
    let mut retry = change(&lane, DeliveryStatus::Queued);
    retry.next_at = now.plus_seconds(3_600);
    store.commit(vec![Write::Delivery(retry), release(&lane)], vec![]).await.unwrap();
    drop(store);

    let store = engine.serve().unwrap();
    assert_eq!(names(&lease(store.as_ref(), now.plus_seconds(3_599)).await), [""; 0]);
    assert_eq!(names(&lease(store.as_ref(), now.plus_seconds(3_600)).await), ["one"]);
}

#[tokio::test]
async fn a_second_gateway_is_refused_while_the_first_serves() {
    let engine = Sqlite::new();
    let first = engine.serve().unwrap();
    assert!(matches!(engine.serve(), Err(OpenError::Served)));
    // To look is no harm.
    let beside = engine.open();
    assert_eq!(beside.log_head().await.unwrap().size, 0);
    drop(first);
    assert!(engine.serve().is_ok());
}
