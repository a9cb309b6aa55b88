//! Mailboxes, backlogs and counts.

use keyway::{
    directory::Channel,
    exchange::{
        ports::{DeliveryChange, Store, Write},
        rows::{DeliveryRow, DeliveryStatus},
    },
};

use crate::{
    engine::{Engine, START},
    given::{delivery_id, message, new_delivery, partner_id, referred, send, sent, site},
    lanes::{lease, names},
};

/// Puts `names` into housing's mailbox, a second apart.
async fn post(store: &dyn Store, names: &[&str]) {
    for (seconds, name) in names.iter().enumerate() {
        let mut delivery = new_delivery(name, "ann", "housing", Channel::Mailbox);
        delivery.created_at = START.plus_seconds(i64::try_from(seconds).unwrap());
        let writes = vec![Write::Message(message(name, "ann", "housing")), Write::Enqueue(delivery)];
        store.commit(writes, vec![]).await.unwrap();
    }
}

async fn list(store: &dyn Store, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(delivery_id);
    let now = START.plus_seconds(60);
    let items = store.mailbox(&site(), &partner_id("housing"), now, after.as_ref(), limit).await.unwrap();
    items.iter().map(|item| item.new.delivery_id.to_string().replace("delivery-", "")).collect()
}

async fn stored(store: &dyn Store, name: &str) -> DeliveryRow {
    store.delivery(&delivery_id(name)).await.unwrap().unwrap().delivery
}

async fn set(store: &dyn Store, name: &str, status: DeliveryStatus) {
    let row = stored(store, name).await;
    let change = DeliveryChange {
        delivery_id: delivery_id(name),
        version: row.version,
        status,
        attempts: row.attempts,
        next_at: row.next_at,
        send_by: None,
        reason: String::new(),
    };
    store.commit(vec![Write::Delivery(change)], vec![]).await.unwrap();
}

pub(crate) async fn items_are_listed_oldest_first_in_pages(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["housing", "council"]).await;
    // Ids do not follow time here: time decides.
    post(store.as_ref(), &["e", "d", "c", "b", "a"]).await;
    store.commit(sent("theirs", "ann", "council", Channel::Mailbox), vec![]).await.unwrap();

    assert_eq!(list(store.as_ref(), None, 10).await, ["e", "d", "c", "b", "a"]);
    assert_eq!(list(store.as_ref(), None, 2).await, ["e", "d"]);
    assert_eq!(list(store.as_ref(), Some("d"), 2).await, ["c", "b"]);
    // The page goes on after an item that is no longer there.
    set(store.as_ref(), "d", DeliveryStatus::Delivered).await;
    assert_eq!(list(store.as_ref(), Some("d"), 9).await, ["c", "b", "a"]);
    assert_eq!(list(store.as_ref(), Some("a"), 9).await, [""; 0]);
}

pub(crate) async fn mailbox_items_are_never_leased(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["housing"]).await;
    post(store.as_ref(), &["a"]).await;
    assert_eq!(names(&lease(store.as_ref(), START.plus_seconds(3_600)).await), [""; 0]);
    assert_eq!(store.next_due().await.unwrap(), None);
    // A recipient that changes from mailbox to push is not held up by what it has not collected.
    send(store.as_ref(), "pushed", "ann", "housing").await;
    assert_eq!(names(&lease(store.as_ref(), START.plus_seconds(3_600)).await), ["pushed"]);
}

pub(crate) async fn a_withdrawn_or_acknowledged_item_is_gone(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["housing"]).await;
    post(store.as_ref(), &["a", "b", "c"]).await;
    set(store.as_ref(), "a", DeliveryStatus::Collected).await;
    assert_eq!(list(store.as_ref(), None, 9).await, ["a", "b", "c"], "read is not acknowledged");
    set(store.as_ref(), "a", DeliveryStatus::Delivered).await;
    set(store.as_ref(), "b", DeliveryStatus::Withdrawn).await;
    assert_eq!(list(store.as_ref(), None, 9).await, ["c"]);
}

pub(crate) async fn an_item_is_not_shown_before_its_time(engine: &dyn Engine) {
    let store = engine.open();
    referred(store.as_ref(), "ann", &["housing"]).await;
    let mut later = new_delivery("later", "ann", "housing", Channel::Mailbox);
    later.not_before = START.plus_seconds(61);
    let writes = vec![Write::Message(message("later", "ann", "housing")), Write::Enqueue(later)];
    store.commit(writes, vec![]).await.unwrap();
    assert_eq!(list(store.as_ref(), None, 9).await, [""; 0]);
    let then = START.plus_seconds(61);
    let items = store.mailbox(&site(), &partner_id("housing"), then, None, 9).await.unwrap();
    assert_eq!(items.len(), 1);
}

pub(crate) async fn what_waits_is_counted(engine: &dyn Engine) {
    use DeliveryStatus::{Attempting, Collected, Dead, Delivered, Queued};
    let store = engine.open();
    referred(store.as_ref(), "ann", &["housing", "cmht"]).await;
    post(store.as_ref(), &["a", "b", "c", "d", "e"]).await;
    send(store.as_ref(), "pushed", "ann", "cmht").await;
    set(store.as_ref(), "a", Delivered).await;
    set(store.as_ref(), "b", Dead).await;
    set(store.as_ref(), "c", Collected).await;
    set(store.as_ref(), "pushed", Attempting).await;
    assert_eq!(store.backlog(&site(), &partner_id("housing"), 9).await.unwrap(), 2);
    assert_eq!(store.backlog(&site(), &partner_id("housing"), 1).await.unwrap(), 1, "enough is counted");
    assert_eq!(store.backlog(&site(), &partner_id("cmht"), 9).await.unwrap(), 1);
    let counts = store.delivery_counts().await.unwrap();
    let expected = [
        (Channel::FhirPush, Attempting, 1),
        (Channel::Mailbox, Collected, 1),
        (Channel::Mailbox, Dead, 1),
        (Channel::Mailbox, Delivered, 1),
        (Channel::Mailbox, Queued, 2),
    ];
    assert_eq!(counts, expected);
}
