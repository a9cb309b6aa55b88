//! What the gateway does unasked: carries what is due, gives audit entries their places, signs the log, reminds of recalls, and
//! purges what has been kept long enough.
//!
//! Loops on the multi-thread runtime. Delivering and sequencing look when they are rung for, when the next thing is due, and at
//! the latest after a fixed time, so that a lost ring costs a second and nothing more; the chores after their time alone. What a delivery is and
//! what becomes of it is not known here: `exchange` does one step of one lane, the worker says when.
//!
//! Not here: retry times, consent, and the network.

mod chores;
mod delivering;
mod liveness;
mod rounds;
mod sequencing;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use chores::Chore;
pub use liveness::Liveness;
use rounds::{Gateway, Rounds};

use crate::{
    exchange::{Exchange, keeping::Sweep, ports::Courier},
    limits,
};

/// How the worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Under what name lanes are leased: one for each process, the same for as long as it runs.
    pub owner: String,
    /// Lanes under way at once.
    pub lanes_in_flight_max: usize,
    /// The longest time between two looks for due deliveries.
    pub look_every: Duration,
    /// The longest time between two looks for audit entries without a place.
    pub sequence_every: Duration,
    /// The time between two looks for recalls that nobody answers.
    pub remind_every: Duration,
    /// The time between two rounds of purging.
    pub purge_every: Duration,
    /// How long attempts under way may take to end when the worker is shut down.
    pub grace: Duration,
}

impl WorkerSettings {
    /// The usual settings for a process called `owner`.
    #[must_use]
    pub fn new(owner: String) -> Self {
        Self {
            owner,
            lanes_in_flight_max: limits::LANES_IN_FLIGHT_MAX,
            look_every: Duration::from_secs(1),
            sequence_every: Duration::from_millis(200),
            remind_every: Duration::from_secs(limits::RECALL_REMINDERS_EVERY_SECONDS),
            purge_every: Duration::from_secs(limits::RETENTION_EVERY_SECONDS),
            grace: Duration::from_secs(limits::ATTEMPT_TIMEOUT_SECONDS + 5),
        }
    }
}

/// Starts the loops.
pub struct Worker;

impl Worker {
    /// Starts the loops on the current runtime, which must be the multi-thread one.
    #[must_use]
    pub fn start(
        exchange: Arc<Exchange>,
        courier: Arc<dyn Courier>,
        settings: WorkerSettings,
    ) -> WorkerHandle {
        Self::start_rounds(Arc::new(Gateway { exchange, courier }), settings)
    }

    fn start_rounds(rounds: Arc<dyn Rounds>, settings: WorkerSettings) -> WorkerHandle {
        let liveness = Arc::new(Liveness::started(rounds.now()));
        let (stop, stopping) = watch::channel(false);
        let (sequencer_stop, sequencer_stopping) = watch::channel(false);
        let sequencing = tokio::spawn(sequencing::run(
            Arc::clone(&rounds),
            settings.sequence_every,
            Arc::clone(&liveness),
            sequencer_stopping,
        ));
        let chore =
            |chore, every| tokio::spawn(chores::run(chore, Arc::clone(&rounds), every, stopping.clone()));
        let reminding = chore(Chore::Remind, settings.remind_every);
        let purging = chore(Chore::Purge(Sweep::default()), settings.purge_every);
        let delivering = tokio::spawn(delivering::run(rounds, settings, Arc::clone(&liveness), stopping));
        WorkerHandle { stop, sequencer_stop, delivering, reminding, purging, sequencing, liveness }
    }
}

/// The running loops. When it is dropped they stop taking up new work.
pub struct WorkerHandle {
    stop: watch::Sender<bool>,
    sequencer_stop: watch::Sender<bool>,
    delivering: JoinHandle<()>,
    reminding: JoinHandle<()>,
    purging: JoinHandle<()>,
    sequencing: JoinHandle<()>,
    liveness: Arc<Liveness>,
}

impl WorkerHandle {
    /// When each loop last did its round, for readiness.
    #[must_use]
    pub fn liveness(&self) -> Arc<Liveness> {
        Arc::clone(&self.liveness)
    }

    /// Leases nothing more, waits for the attempts under way (within their grace), then lets the sequencer
    /// place what they wrote, and ends.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        ended("delivering", &self.delivering.await);
        ended("reminding", &self.reminding.await);
        ended("purging", &self.purging.await);
        self.sequencer_stop.send_replace(true);
        ended("sequencing", &self.sequencing.await);
    }
}

fn ended(name: &'static str, end: &Result<(), tokio::task::JoinError>) {
    if end.is_err() {
        tracing::error!(worker.r#loop = name, "a loop of the worker had panicked");
    }
}
