//! The loops against a gateway that only keeps count.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Worker, WorkerSettings, rounds::Rounds};
use crate::{
    clock::Moment,
    directory::Channel,
    exchange::{
        CheckpointError,
        keeping::{Purge, Sweep},
        ports::{CommitError, Read},
        refusal::Refusal,
        rows::{DeliveryRow, DeliveryStatus, LeasedLane, NewDelivery},
    },
    ids::{DeliveryId, MessageId, PartnerId, PersonId, ReferralId, SiteId},
};

/// Lanes to hand out, and what became of them.
#[derive(Default)]
struct Books {
    due: Mutex<VecDeque<i64>>,
    carried: Mutex<Vec<i64>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    leases: AtomicUsize,
    audit_waiting: AtomicUsize,
    signed: AtomicUsize,
    unsignable: AtomicBool,
    reminded: AtomicUsize,
    broken: AtomicBool,
    takes: Duration,
    purges: AtomicUsize,
    delivery: Notify,
    sequencer: Notify,
}

impl Books {
    fn with_due(count: i64, takes: Duration) -> Arc<Self> {
        Arc::new(Self { due: Mutex::new((0..count).collect()), takes, ..Self::default() })
    }

    fn carried(&self) -> usize {
        self.carried.lock().unwrap().len()
    }
}

fn lane(seq: i64) -> LeasedLane {
    let new = NewDelivery {
        site_id: SiteId::parse("site").unwrap(),
        delivery_id: DeliveryId::parse("delivery").unwrap(),
        message_id: MessageId::parse("message").unwrap(),
        referral_id: ReferralId::parse("referral").unwrap(),
        recipient_id: PartnerId::parse("recipient").unwrap(),
        person_id: PersonId::parse("person").unwrap(),
        channel: Channel::EventPush,
        not_before: Moment(0),
        created_at: Moment(0),
    };
    let delivery = DeliveryRow {
        new,
        seq,
        status: DeliveryStatus::Queued,
        attempts: 0,
        next_at: Moment(0),
        send_by: None,
        reason: String::new(),
        version: 1,
    };
    LeasedLane { delivery, fence: 1, until: Moment(2) }
}

#[async_trait]
impl Rounds for Books {
    fn now(&self) -> Moment {
        Moment(1)
    }

    async fn lease(&self, _: &str, limit: usize) -> Result<Vec<LeasedLane>, CommitError> {
        self.leases.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(CommitError::Busy);
        }
        let mut due = self.due.lock().unwrap();
        let count = limit.min(due.len());
        Ok(due.drain(..count).map(lane).collect())
    }

    async fn next_due(&self) -> Read<Option<Moment>> {
        Ok(None)
    }

    async fn deliver(&self, lane: LeasedLane) {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        assert!(lane.delivery.seq != 666, "a delivery that panics");
        self.carried.lock().unwrap().push(lane.delivery.seq);
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }

    async fn remind(&self) -> Result<bool, Refusal> {
        // A whole batch twice, and then the rest.
        Ok(self.reminded.fetch_add(1, Ordering::SeqCst) < 2)
    }

    async fn sequence(&self) -> Result<usize, CommitError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(CommitError::Busy);
        }
        Ok(self.audit_waiting.swap(0, Ordering::SeqCst))
    }

    async fn sign(&self) -> Result<(), CheckpointError> {
        if self.unsignable.load(Ordering::SeqCst) {
            return Err(CheckpointError::NoKey);
        }
        self.signed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn purge(&self, sweep: &mut Sweep) -> Result<Purge, Refusal> {
        let round = self.purges.fetch_add(1, Ordering::SeqCst);
        *sweep = Sweep::default();
        if round == 1 { Err(Refusal::unavailable()) } else { Ok(Purge::default()) }
    }

    async fn delivery_rung(&self) {
        self.delivery.notified().await;
    }

    async fn sequencer_rung(&self) {
        self.sequencer.notified().await;
    }
}

fn settings() -> WorkerSettings {
    WorkerSettings { lanes_in_flight_max: 8, ..WorkerSettings::new("worker".to_owned()) }
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..300 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen within three seconds");
}

#[tokio::test]
async fn everything_due_is_carried_within_the_bound() {
    let books = Books::with_due(100, Duration::from_millis(5));
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, settings());
    until(|| books.carried() == 100).await;
    assert_eq!(books.most_under_way.load(Ordering::SeqCst), 8);
    worker.shutdown().await;
}

#[tokio::test]
async fn a_ring_is_answered_at_once_and_a_lost_one_within_a_look() {
    let books = Books::with_due(0, Duration::ZERO);
    let long = WorkerSettings { look_every: Duration::from_hours(1), ..settings() };
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, long);
    until(|| books.leases.load(Ordering::SeqCst) == 1).await;
    books.due.lock().unwrap().push_back(1);
    books.delivery.notify_one();
    until(|| books.carried() == 1).await;
    worker.shutdown().await;

    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, settings());
    tokio::time::sleep(Duration::from_millis(50)).await;
    books.due.lock().unwrap().push_back(2);
    until(|| books.carried() == 2).await;
    worker.shutdown().await;
}

#[tokio::test]
async fn shutdown_leases_nothing_more_and_waits_for_what_is_under_way() {
    let books = Books::with_due(20, Duration::from_millis(200));
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, settings());
    until(|| books.under_way.load(Ordering::SeqCst) == 8).await;
    books.audit_waiting.store(5, Ordering::SeqCst);
    worker.shutdown().await;
    assert_eq!((books.carried(), books.under_way.load(Ordering::SeqCst)), (8, 0));
    assert_eq!(books.audit_waiting.load(Ordering::SeqCst), 0, "what they wrote has its place");
    assert_eq!(books.signed.load(Ordering::SeqCst), 2, "at the start, and what they wrote");
}

#[tokio::test]
async fn what_has_its_place_is_signed_soon_and_not_each_entry_alone() {
    let books = Books::with_due(0, Duration::ZERO);
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, settings());
    until(|| books.signed.load(Ordering::SeqCst) == 1).await;
    let watch = crate::clock::Stopwatch::start();
    for _ in 0..60 {
        books.audit_waiting.store(1, Ordering::SeqCst);
        books.sequencer.notify_one();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    until(|| books.audit_waiting.load(Ordering::SeqCst) == 0).await;
    let moments = usize::try_from(watch.elapsed_micros() / 200_000).unwrap();
    let signed = books.signed.load(Ordering::SeqCst);
    assert!((2..=moments + 3).contains(&signed), "{signed} checkpoints in {moments} times 200 ms");
    let before = books.signed.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = books.signed.load(Ordering::SeqCst);
    assert!(after <= before + 1, "what is signed is not signed again: {before}, then {after}");

    books.unsignable.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(250)).await;
    books.audit_waiting.store(1, Ordering::SeqCst);
    books.sequencer.notify_one();
    until(|| books.audit_waiting.load(Ordering::SeqCst) == 0).await;
    assert_eq!(books.signed.load(Ordering::SeqCst), after, "it has its place without a signature");
    books.unsignable.store(false, Ordering::SeqCst);
    until(|| books.signed.load(Ordering::SeqCst) == after + 1).await;
    worker.shutdown().await;
}

#[tokio::test]
async fn attempts_that_never_end_are_given_up() {
    let books = Books::with_due(1, Duration::from_hours(1));
    let short = WorkerSettings { grace: Duration::from_millis(50), ..settings() };
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, short);
    until(|| books.under_way.load(Ordering::SeqCst) == 1).await;
    tokio::time::timeout(Duration::from_secs(2), worker.shutdown()).await.unwrap();
}

#[tokio::test]
async fn one_panic_stops_nothing_else() {
    let books = Books::with_due(0, Duration::ZERO);
    books.due.lock().unwrap().extend([1, 666, 2]);
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, settings());
    until(|| books.carried() == 2).await;
    books.due.lock().unwrap().push_back(3);
    books.delivery.notify_one();
    until(|| books.carried() == 3).await;
    worker.shutdown().await;
}

#[tokio::test]
async fn a_database_that_fails_is_asked_calmly_and_shows_in_readiness() {
    let books = Books::with_due(3, Duration::ZERO);
    books.broken.store(true, Ordering::SeqCst);
    let calm = WorkerSettings { look_every: Duration::from_millis(100), ..settings() };
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, calm);
    // On a busy machine the thirty rings take longer: what is bounded is looks for each moment of calm.
    let watch = crate::clock::Stopwatch::start();
    for _ in 0..30 {
        books.delivery.notify_one();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let calm_moments = usize::try_from(watch.elapsed_micros() / 100_000).unwrap();
    let looks = books.leases.load(Ordering::SeqCst);
    assert!(looks <= calm_moments + 3, "rings do not hurry a broken database: {looks} in {calm_moments}");
    let later = Moment(1).plus_seconds(60);
    assert_eq!(worker.liveness().silent(later, 10), ["delivering", "sequencing"]);
    assert!(worker.liveness().silent(Moment(1), 10).is_empty());
    books.broken.store(false, Ordering::SeqCst);
    until(|| books.carried() == 3).await;
    worker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_go_on_while_there_are_more_and_again_after_their_time() {
    let books = Books::with_due(0, Duration::ZERO);
    let mut settings = WorkerSettings::new(String::from("test"));
    settings.remind_every = Duration::from_millis(20);
    let worker = Worker::start_rounds(books.clone(), settings);
    tokio::time::timeout(Duration::from_secs(10), async {
        while books.reminded.load(Ordering::SeqCst) < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("three at once, and then one at each time");
    worker.shutdown().await;
    let ended = books.reminded.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(books.reminded.load(Ordering::SeqCst), ended, "it goes on after the end");
}

#[tokio::test]
async fn purging_goes_on_after_a_round_that_failed_and_ends_when_it_is_told_to() {
    let books = Books::with_due(0, Duration::ZERO);
    let often = WorkerSettings { purge_every: Duration::from_millis(1), ..settings() };
    let worker = Worker::start_rounds(Arc::clone(&books) as Arc<dyn Rounds>, often);
    until(|| books.purges.load(Ordering::SeqCst) > 3).await;
    worker.shutdown().await;
    let ended = books.purges.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(books.purges.load(Ordering::SeqCst), ended);
}
