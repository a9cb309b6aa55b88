//! Purges what has been kept long enough, a bounded number at a time.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::rounds::Rounds;
use crate::exchange::keeping::Sweep;

/// Runs until told to stop. A round that fails is tried again by the next; nothing is lost by a restart.
pub(super) async fn run(rounds: Arc<dyn Rounds>, every: Duration, mut stopping: watch::Receiver<bool>) {
    let mut sweep = Sweep::default();
    let mut failing = false;
    while !*stopping.borrow_and_update() {
        match rounds.purge(&mut sweep).await {
            Ok(_) => failing = false,
            Err(refusal) => {
                // Once for each spell of trouble.
                if !failing {
                    tracing::error!(class = ?refusal.class, "content that is due cannot be purged");
                }
                failing = true;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            // A closed channel means that nobody holds the worker any more: stop as well.
            changed = stopping.changed() => if changed.is_err() { return },
        }
    }
}
