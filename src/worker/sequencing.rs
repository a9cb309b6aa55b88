//! Gives audit entries their places in the log.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{Liveness, rounds::Rounds};

/// Runs until told to stop, and then once more until nothing waits.
pub(super) async fn run(
    rounds: Arc<dyn Rounds>,
    every: Duration,
    liveness: Arc<Liveness>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut failing = false;
    loop {
        let last = *stopping.borrow_and_update();
        match sequence_all(rounds.as_ref()).await {
            Ok(()) => {
                liveness.sequenced(rounds.now());
                failing = false;
            }
            Err(error) => {
                // Once for each spell of trouble; readiness shows how long it lasts.
                if !failing {
                    tracing::error!(error = %error, "audit entries cannot be given their places");
                }
                failing = true;
            }
        }
        if last {
            return;
        }
        let pause = async {
            // While it fails a ring is no reason to hurry.
            if failing { std::future::pending().await } else { rounds.sequencer_rung().await }
        };
        tokio::select! {
            () = pause => {}
            () = tokio::time::sleep(every) => {}
            // A closed channel means that nobody holds the worker any more: stop as well.
            changed = stopping.changed() => if changed.is_err() { return },
        }
    }
}

async fn sequence_all(rounds: &dyn Rounds) -> Result<(), crate::exchange::ports::CommitError> {
    while rounds.sequence().await? > 0 {}
    Ok(())
}
