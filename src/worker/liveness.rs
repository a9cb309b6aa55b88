//! Whether the loops still turn.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Moment;

/// When each loop last finished a round without an error.
#[derive(Debug)]
pub struct Liveness {
    delivering: AtomicI64,
    sequencing: AtomicI64,
}

impl Liveness {
    /// Both loops count as alive at the start.
    #[must_use]
    pub const fn started(now: Moment) -> Self {
        Self { delivering: AtomicI64::new(now.0), sequencing: AtomicI64::new(now.0) }
    }

    pub(super) fn delivered(&self, now: Moment) {
        self.delivering.store(now.0, Ordering::Relaxed);
    }

    pub(super) fn sequenced(&self, now: Moment) {
        self.sequencing.store(now.0, Ordering::Relaxed);
    }

    /// The loops whose last good round is more than `seconds` before `now`: `delivering`, `sequencing`.
    #[must_use]
    pub fn silent(&self, now: Moment, seconds: i64) -> Vec<&'static str> {
        let mut names = Vec::new();
        for (name, last) in [("delivering", &self.delivering), ("sequencing", &self.sequencing)] {
            if Moment(last.load(Ordering::Relaxed)).plus_seconds(seconds) < now {
                names.push(name);
            }
        }
        names
    }
}
