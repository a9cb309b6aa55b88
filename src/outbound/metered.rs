//! Counts and logs what a courier does: one line for each attempt, ids and codes only.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    clock::Stopwatch,
    exchange::ports::{AttemptOutcome, Courier, Parcel},
    metrics::Metrics,
};

/// A courier that is watched.
pub struct MeteredCourier {
    inner: Arc<dyn Courier>,
    metrics: Arc<Metrics>,
}

impl MeteredCourier {
    /// Watches `inner`, and counts in `metrics`.
    #[must_use]
    pub fn new(inner: Arc<dyn Courier>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl Courier for MeteredCourier {
    async fn carry(&self, parcel: Parcel) -> AttemptOutcome {
        let watch = Stopwatch::start();
        let (channel, partner, message) =
            (parcel.partner.channel, parcel.partner.partner_id.clone(), parcel.message_id.clone());
        let outcome = self.inner.carry(parcel).await;
        let duration_micros = watch.elapsed_micros();
        self.metrics.attempt(channel, outcome.class, duration_micros);
        tracing::info!(
            partner.id = %partner,
            message.id = %message,
            attempt.class = ?outcome.class,
            attempt.code = outcome.code,
            http.status = outcome.http_status,
            duration_micros,
            "attempt ended"
        );
        outcome
    }
}
