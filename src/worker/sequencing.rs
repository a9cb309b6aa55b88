//! Gives audit entries their places in the log, and signs checkpoints over them.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{Liveness, rounds::Rounds};
use crate::{exchange::CheckpointError, limits::CHECKPOINT_EVERY_MILLISECONDS};

/// Runs until told to stop, and then once more until nothing waits and all is signed.
pub(super) async fn run(
    rounds: Arc<dyn Rounds>,
    every: Duration,
    liveness: Arc<Liveness>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut failing = false;
    // What an earlier run left unsigned is signed by the first round.
    let mut unsigned = Unsigned { is_any: true, signed_at: None };
    loop {
        let last = *stopping.borrow_and_update();
        match sequence_all(rounds.as_ref(), &mut unsigned, last).await {
            Ok(()) => {
                liveness.sequenced(rounds.now());
                failing = false;
            }
            Err(error) => {
                // Once for each spell of trouble; readiness shows how long it lasts.
                if !failing {
                    tracing::error!(error = %error, "audit entries cannot be given their places, or not be signed");
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

/// Whether entries have places that no checkpoint covers, and when the last one was signed.
struct Unsigned {
    is_any: bool,
    signed_at: Option<Instant>,
}

impl Unsigned {
    /// While entries keep coming each batch would have a checkpoint of its own: so often they are not signed.
    fn is_due(&self) -> bool {
        let pause = Duration::from_millis(CHECKPOINT_EVERY_MILLISECONDS);
        self.is_any && self.signed_at.is_none_or(|at| at.elapsed() >= pause)
    }

    async fn sign(&mut self, rounds: &dyn Rounds) -> Result<(), CheckpointError> {
        rounds.sign().await?;
        *self = Self { is_any: false, signed_at: Some(Instant::now()) };
        Ok(())
    }
}

async fn sequence_all(
    rounds: &dyn Rounds,
    unsigned: &mut Unsigned,
    is_last: bool,
) -> Result<(), CheckpointError> {
    // What cannot be signed gets its place all the same.
    let mut signed = Ok(());
    while rounds.sequence().await? > 0 {
        unsigned.is_any = true;
        if signed.is_ok() && unsigned.is_due() {
            signed = unsigned.sign(rounds).await;
        }
    }
    if signed.is_ok() && (unsigned.is_due() || (is_last && unsigned.is_any)) {
        signed = unsigned.sign(rounds).await;
    }
    signed
}
