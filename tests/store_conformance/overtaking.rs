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
    given::{message, new_delivery, referral_id, referred, send, sent, site},
    lanes::{LEASE_SECONDS, change, finish, lease, names, release},
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

pub(crate) async fn a_withdrawal_overtakes_a_dead_head_which_still_holds_the_others(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    send(store.as_ref(), "two", "ann", "cmht").await;
    let head = lease(store.as_ref(), now).await.remove(0);
    finish(store.as_ref(), &head, DeliveryStatus::Dead).await;
    assert_eq!(store.next_due().await.unwrap(), None);

    send_first(store.as_ref(), "recall").await;
    numbers_are_apart(store.as_ref()).await;
    assert_eq!(store.next_due().await.unwrap(), Some(now));
    let mut recall = lease(store.as_ref(), now).await.remove(0);
    assert_eq!(names(std::slice::from_ref(&recall)), ["recall"]);
    // A second one while the first is under way: after it, and before what is dead.
    let begun = change(&recall, DeliveryStatus::Attempting);
    store.commit(vec![Write::Delivery(begun)], vec![]).await.unwrap();
    recall.delivery.version += 1;
    send_first(store.as_ref(), "second").await;
    numbers_are_apart(store.as_ref()).await;
    finish(store.as_ref(), &recall, DeliveryStatus::Delivered).await;
    assert_eq!(order(engine, store.as_ref()).await, ["second"]);

    let dead = store.delivery(&head.delivery.new.delivery_id).await.unwrap().unwrap().delivery;
    let mut discard = change(&head, DeliveryStatus::Withdrawn);
    discard.version = dead.version;
    store.commit(vec![Write::Delivery(discard)], vec![]).await.unwrap();
    assert_eq!(order(engine, store.as_ref()).await, ["two"]);
}

pub(crate) async fn a_withdrawal_overtakes_a_retry_and_does_not_wait_for_what_is_not_due(
    engine: &dyn Engine,
) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    let mut later = new_delivery("later", "ann", "cmht", Channel::FhirPush);
    later.not_before = now.plus_seconds(60);
    let writes = vec![Write::Message(message("later", "ann", "cmht")), Write::Enqueue(later)];
    store.commit(writes, vec![]).await.unwrap();
    // Only something for later is there.
    send_first(store.as_ref(), "recall").await;
    assert_eq!(order(engine, store.as_ref()).await, ["recall"]);

    // A head that is tried again in an hour, and a withdrawal that comes half an hour later.
    send(store.as_ref(), "one", "ann", "cmht").await;
    let head = lease(store.as_ref(), now).await.remove(0);
    let mut retry = change(&head, DeliveryStatus::Queued);
    retry.attempts = 1;
    retry.next_at = now.plus_seconds(3_600);
    store.commit(vec![Write::Delivery(retry), release(&head)], vec![]).await.unwrap();
    engine.clock().advance_seconds(1_800);
    let mut second = new_delivery("second", "ann", "cmht", Channel::FhirPush);
    second.not_before = engine.now();
    let writes = vec![Write::Message(message("second", "ann", "cmht")), Write::EnqueueFirst(second)];
    store.commit(writes, vec![]).await.unwrap();
    numbers_are_apart(store.as_ref()).await;
    assert_eq!(order(engine, store.as_ref()).await, ["second"]);
    engine.clock().advance_seconds(1_800);
    assert_eq!(order(engine, store.as_ref()).await, ["one", "later"]);
}

/// What an agency has not collected from the mailbox that it once had is not in the way.
pub(crate) async fn a_begun_attempt_is_not_overtaken_though_an_item_lies_in_a_mailbox(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    store.commit(sent("item", "ann", "cmht", Channel::Mailbox), vec![]).await.unwrap();
    send(store.as_ref(), "one", "ann", "cmht").await;
    let lane = lease(store.as_ref(), now).await.remove(0);
    let begun = change(&lane, DeliveryStatus::Attempting);
    store.commit(vec![Write::Delivery(begun)], vec![]).await.unwrap();
    send_first(store.as_ref(), "recall").await;
    numbers_are_apart(store.as_ref()).await;
    // The worker died: its attempt is taken up again, not passed over.
    let later = lease(store.as_ref(), now.plus_seconds(LEASE_SECONDS)).await;
    assert_eq!(names(&later), ["one"]);
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
