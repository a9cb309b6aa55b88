//! What outlives the process.

use keyway::exchange::{
    ports::{CommitError, Write},
    rows::DeliveryStatus,
};

use crate::{
    engine::{Engine, START},
    given::{delivery_id, entry, person, person_id, referred, send, site},
    lanes::{LEASE_SECONDS, change, lease, names},
};

pub(crate) async fn everything_is_there_after_a_restart(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let entries = (0..5).map(|n| Write::Audit(entry(&n.to_string(), START))).collect();
    store.commit(entries, vec![]).await.unwrap();
    store.sequence_audit(3).await.unwrap();
    let head = store.log_head().await.unwrap();
    let delivery = store.delivery(&delivery_id("one")).await.unwrap().unwrap();
    drop(store);

    let store = engine.open();
    assert_eq!(store.person(&site(), &person_id("ann")).await.unwrap(), Some(person("ann")));
    assert_eq!(store.log_head().await.unwrap(), head);
    assert_eq!((head.size, head.waiting), (3, 2));
    let again = store.delivery(&delivery_id("one")).await.unwrap().unwrap();
    assert_eq!((again.delivery, again.message), (delivery.delivery, delivery.message));
    assert_eq!(store.sequence_audit(10).await, Ok(2));
    let once = vec![Write::Person(person("ann"))];
    assert_eq!(store.commit(once, vec![]).await, Err(CommitError::Exists("person")));
}

pub(crate) async fn a_lease_outlives_its_process(engine: &dyn Engine) {
    let (store, now) = (engine.open(), engine.now());
    referred(store.as_ref(), "ann", &["cmht"]).await;
    send(store.as_ref(), "one", "ann", "cmht").await;
    let first = lease(store.as_ref(), now).await.remove(0);
    let begun = change(&first, DeliveryStatus::Attempting);
    store.commit(vec![Write::Delivery(begun)], vec![]).await.unwrap();
    drop(store);

    let store = engine.open();
    assert_eq!(names(&lease(store.as_ref(), now).await), [""; 0], "somebody may still be sending");
    let again = lease(store.as_ref(), now.plus_seconds(LEASE_SECONDS)).await.remove(0);
    assert_eq!((again.fence, again.delivery.status), (first.fence + 1, DeliveryStatus::Attempting));
}
