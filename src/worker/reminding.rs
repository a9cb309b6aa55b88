//! Reminds of recalls that nobody answers.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::rounds::Rounds;

/// Runs until told to stop. What fell due while nothing ran is seen to by the first round.
pub(super) async fn run(rounds: Arc<dyn Rounds>, every: Duration, mut stopping: watch::Receiver<bool>) {
    let mut failing = false;
    while !*stopping.borrow_and_update() {
        match rounds.remind().await {
            // A whole batch: there may be more.
            Ok(is_more) => {
                failing = false;
                if is_more {
                    continue;
                }
            }
            Err(error) => {
                // Once for each spell of trouble.
                if !failing {
                    tracing::error!(error = %error, "what is due of recalls cannot be seen to");
                }
                failing = true;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            changed = stopping.changed() => if changed.is_err() { return },
        }
    }
}
