//! Counts and logs what a courier does: one line for each attempt, ids and codes only.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    clock::Stopwatch,
    exchange::ports::{AttemptClass, AttemptOutcome, Courier, Parcel},
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
        // The same fields twice: the level of a line is fixed where it is written.
        if outcome.class == AttemptClass::Delivered {
            tracing::info!(
                partner.id = %partner,
                message.id = %message,
                attempt.class = ?outcome.class,
                attempt.code = outcome.code,
                http.status = outcome.http_status,
                duration_micros,
                "attempt ended"
            );
        } else {
            tracing::warn!(
                partner.id = %partner,
                message.id = %message,
                attempt.class = ?outcome.class,
                attempt.code = outcome.code,
                http.status = outcome.http_status,
                duration_micros,
                "attempt did not deliver"
            );
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Moment,
        directory::{AgencyKind, Channel, Partner},
        ids::MessageId,
        telemetry::gather,
    };

    struct Ends(AttemptClass);

    #[async_trait]
    impl Courier for Ends {
        async fn carry(&self, _: Parcel) -> AttemptOutcome {
            AttemptOutcome {
                class: self.0,
                code: String::from("http-503"),
                http_status: Some(503),
                retry_after_seconds: None,
                answer: Vec::new(),
            }
        }
    }

    fn parcel() -> Parcel {
        let partner = Partner { channel: Channel::FhirPush, ..Partner::given("cmht", AgencyKind::Housing) };
        Parcel {
            sender: partner.clone(),
            partner,
            message_id: MessageId::parse("11111111-1111-4111-8111-111111111111").unwrap(),
            correlation_id: String::new(),
            content_type: String::new(),
            body: Vec::new(),
            receipt: None,
            send_by: Moment(0),
        }
    }

    #[tokio::test]
    async fn an_attempt_that_did_not_deliver_is_a_warning_with_partner_and_code() {
        for (class, level) in [
            (AttemptClass::Delivered, "INFO"),
            (AttemptClass::Retryable, "WARN"),
            (AttemptClass::Permanent, "WARN"),
            (AttemptClass::Ambiguous, "WARN"),
            (AttemptClass::TooLate, "WARN"),
        ] {
            let (_guard, lines) = gather();
            let metrics = Arc::new(Metrics::new(Moment(0)));
            MeteredCourier::new(Arc::new(Ends(class)), metrics).carry(parcel()).await;
            let lines = lines.lock().unwrap();
            let told = lines.iter().find(|line| line["attempt.code"] == "http-503").unwrap();
            assert_eq!((&told["level"], &told["partner.id"]), (&level.into(), &"cmht".into()));
        }
    }
}
