//! Leases what is due and has it carried, many lanes at once, one step of each.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use super::{Liveness, WorkerSettings, rounds::Rounds};
use crate::{exchange::ports::CommitError, limits};

/// The shortest pause after a look that found less than there was room for. Something due that cannot be
/// leased (another worker has it) must not keep this loop spinning.
const BREATH: Duration = Duration::from_millis(20);
/// How long to wait after a ring, so that commits that come together share one look.
const GATHER: Duration = Duration::from_millis(2);

/// Runs until told to stop, then waits for what is under way.
pub(super) async fn run(
    rounds: Arc<dyn Rounds>,
    settings: WorkerSettings,
    liveness: Arc<Liveness>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut under_way = JoinSet::new();
    let mut failing = false;
    while !*stopping.borrow_and_update() {
        while let Some(end) = under_way.try_join_next() {
            note(end);
        }
        let pause = match look(&rounds, &settings, &mut under_way).await {
            Ok(pause) => {
                liveness.delivered(rounds.now());
                failing = false;
                pause
            }
            Err(error) => {
                // Once for each spell of trouble; readiness shows how long it lasts.
                if !failing {
                    tracing::error!(error = %error, "lanes cannot be leased");
                }
                failing = true;
                settings.look_every
            }
        };
        let deaf = failing || under_way.len() >= settings.lanes_in_flight_max;
        tokio::select! {
            // A ring means nothing while there is no room, or while the database fails.
            () = rounds.delivery_rung(), if !deaf => tokio::time::sleep(GATHER).await,
            // A lane that is done may have another head that is due.
            Some(end) = under_way.join_next(), if !failing => note(end),
            () = tokio::time::sleep(pause) => {}
            // A closed channel means that nobody holds the worker any more: stop as well.
            changed = stopping.changed() => if changed.is_err() { break },
        }
    }
    finish(under_way, settings.grace).await;
}

/// Leases as many due lanes as there is room for and sets them under way. Answers how long to wait for the next
/// look when nothing else happens.
async fn look(
    rounds: &Arc<dyn Rounds>,
    settings: &WorkerSettings,
    under_way: &mut JoinSet<()>,
) -> Result<Duration, CommitError> {
    let room = settings.lanes_in_flight_max.saturating_sub(under_way.len());
    let limit = room.min(limits::LEASE_LANES_MAX);
    if limit == 0 {
        return Ok(settings.look_every);
    }
    let lanes = rounds.lease(&settings.owner, limit).await?;
    let more_may_wait = lanes.len() >= limit;
    for lane in lanes {
        let rounds = Arc::clone(rounds);
        under_way.spawn(async move { rounds.deliver(lane).await });
    }
    if more_may_wait {
        return Ok(Duration::ZERO);
    }
    // The store said a moment ago that it can be read; when it now cannot, the next look says so.
    let due = rounds.next_due().await.ok().flatten();
    let wait = due.map_or(settings.look_every, |due| {
        Duration::from_micros(u64::try_from(due.micros_since(rounds.now())).unwrap_or(0))
    });
    Ok(wait.clamp(BREATH, settings.look_every.max(BREATH)))
}

/// Lets the attempts under way end, within their grace. What is given up here is taken again when its lease
/// has run out.
async fn finish(mut under_way: JoinSet<()>, grace: Duration) {
    let all = async {
        while let Some(end) = under_way.join_next().await {
            note(end);
        }
    };
    if tokio::time::timeout(grace, all).await.is_err() {
        tracing::warn!(worker.given_up = under_way.len(), "attempts did not end in their grace");
    }
}

fn note(end: Result<(), JoinError>) {
    if end.is_err_and(|error| error.is_panic()) {
        tracing::error!("a delivery panicked; its lane is taken again when its lease has run out");
    }
}
