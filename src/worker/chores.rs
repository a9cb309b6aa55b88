//! What is done after a fixed time, with nothing to ring for it, a bounded number at a time. What fell due while nothing ran is
//! seen to by the first round, and a round that fails is tried again by the next.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::rounds::Rounds;
use crate::exchange::{keeping::Sweep, refusal::Refusal};

/// One of them, with what it remembers from round to round.
pub(super) enum Chore {
    /// Reminds of recalls that nobody answers.
    Remind,
    /// Purges what has been kept long enough.
    Purge(Sweep),
}

impl Chore {
    /// One round; answers whether there may be more to do right away.
    async fn round(&mut self, rounds: &dyn Rounds) -> Result<bool, Refusal> {
        match self {
            Self::Remind => rounds.remind().await,
            Self::Purge(sweep) => rounds.purge(sweep).await.map(|_| false),
        }
    }

    const fn trouble(&self) -> &'static str {
        match self {
            Self::Remind => "what is due of recalls cannot be seen to",
            Self::Purge(_) => "content that is due cannot be purged",
        }
    }
}

/// Runs until told to stop.
pub(super) async fn run(
    mut chore: Chore,
    rounds: Arc<dyn Rounds>,
    every: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let mut failing = false;
    while !*stopping.borrow_and_update() {
        match chore.round(rounds.as_ref()).await {
            Ok(is_more) => {
                failing = false;
                if is_more {
                    continue;
                }
            }
            Err(refusal) => {
                // Once for each spell of trouble.
                if !failing {
                    tracing::error!(class = ?refusal.class, "{}", chore.trouble());
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
