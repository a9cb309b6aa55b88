//! A withdrawal goes before what is queued, and never before what may already be there.

use std::collections::BTreeSet;

use keyway::{
    directory::Channel,
    exchange::{
        ports::{Store, Write},
        rows::DeliveryStatus,
    },
};

use crate::{
    engine::Engine,
    given::{message, new_delivery, referral_id, referred, send, site},
    lanes::{change, finish, lease, names},
};

async fn send_first(store: &dyn Store, name: &str) {
    let writes = vec![
        Write::Message(message(name, "ann", "cmht")),
        Write::EnqueueFirst(new_delivery(name, "ann", "cmht", Channel::FhirPush)),
    ];
    store.commit(writes, vec![]).await.unwrap();
}

/// The names in the order in which the lane lets them go.
async fn order(engine: &dyn Engine, store: &dyn Store) -> Vec<String> {
    let mut order = Vec::new();
    while let Some(lane) = lease(store, engine.now()).await.first() {
        order.extend(names(std::slice::from_ref(lane)));
        finish(store, lane, DeliveryStatus::Delivered).await;
    }
    order
}

async fn numbers_are_apart(store: &dyn Store) {
    let deliveries = store.deliveries_of(&site(), &referral_id("ann", "cmht")).await.unwrap();
    let numbers: BTreeSet<i64> = deliveries.iter().map(|d| d.seq).collect();
    let wanted: BTreeSet<i64> = (1..).take(deliveries.len()).collect();
    assert_eq!(numbers, wanted);
}

pub(crate) async fn a_withdrawal_overtakes_what_is_queued(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    for name in ["one", "two", "three"] {
        send(store.as_ref(), name, "ann", "cmht").await;
    }
    let first = lease(store.as_ref(), engine.now()).await.remove(0);
    finish(store.as_ref(), &first, DeliveryStatus::Delivered).await;
    send_first(store.as_ref(), "recall").await;
    send(store.as_ref(), "four", "ann", "cmht").await;
    numbers_are_apart(store.as_ref()).await;
    assert_eq!(order(engine, store.as_ref()).await, ["recall", "two", "three", "four"]);
}

pub(crate) async fn a_begun_attempt_is_not_overtaken(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    send(store.as_ref(), "two", "ann", "cmht").await;
    let mut lane = lease(store.as_ref(), now).await.remove(0);
    let begun = change(&lane, DeliveryStatus::Attempting);
    store.commit(vec![Write::Delivery(begun)], vec![]).await.unwrap();
    lane.delivery.version += 1;
    send_first(store.as_ref(), "recall").await;
    numbers_are_apart(store.as_ref()).await;
    assert_eq!(names(&lease(store.as_ref(), now).await), [""; 0], "the attempt's lease still stands");

    finish(store.as_ref(), &lane, DeliveryStatus::Delivered).await;
    assert_eq!(order(engine, store.as_ref()).await, ["recall", "two"]);
}

pub(crate) async fn a_withdrawal_may_be_alone(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send_first(store.as_ref(), "recall").await;
    numbers_are_apart(store.as_ref()).await;
    assert_eq!(order(engine, store.as_ref()).await, ["recall"]);
    send(store.as_ref(), "one", "ann", "cmht").await;
    send_first(store.as_ref(), "again").await;
    numbers_are_apart(store.as_ref()).await;
    assert_eq!(order(engine, store.as_ref()).await, ["again", "one"]);
}

pub(crate) async fn two_withdrawals_keep_numbers_apart(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    for name in ["one", "two", "three"] {
        send(store.as_ref(), name, "ann", "cmht").await;
    }
    // Something in the middle of what is queued is stopped; its number stays its own.
    let two = store.deliveries_of(&site(), &referral_id("ann", "cmht")).await.unwrap();
    let two = two.into_iter().find(|d| d.seq == 2).unwrap();
    let stop = keyway::exchange::ports::DeliveryChange {
        delivery_id: two.new.delivery_id,
        version: two.version,
        status: DeliveryStatus::Withdrawn,
        attempts: 0,
        next_at: two.next_at,
        send_by: None,
        reason: String::from("consent-withdrawn"),
    };
    store.commit(vec![Write::Delivery(stop)], vec![]).await.unwrap();
    for name in ["recall", "later-recall"] {
        send_first(store.as_ref(), name).await;
        numbers_are_apart(store.as_ref()).await;
    }
    assert_eq!(order(engine, store.as_ref()).await, ["later-recall", "recall", "one", "three"]);
}
