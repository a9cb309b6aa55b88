//! Counts and times of what the gateway does, for the operators' `/metrics`.
//!
//! Labels are few and bounded: a route's pattern and never a path, an outcome's class and never a partner's
//! words. No label names a person or a message.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{
    clock::Moment,
    directory::Channel,
    exchange::{
        keeping::Retained,
        ports::{AttemptClass, Read, Store},
    },
};

/// Media type of what [`Metrics::encode`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the durations' buckets, in seconds.
const DURATION_BUCKETS_SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    channel: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    channel: &'static str,
    status: &'static str,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// The registry and everything that is counted in it. Shared by reference between threads.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_duration: Durations<RouteLabels>,
    connections_closed: Family<ListenerLabels, Counter>,
    attempts: Family<AttemptLabels, Counter>,
    attempt_duration: Durations<OutcomeLabels>,
    queue: Family<QueueLabels, Gauge>,
    overdue: Gauge,
    audit_entries: Gauge,
    audit_waiting: Gauge,
    audit_unsigned: Gauge,
    checkpoints_late: Gauge,
    purged: Gauge,
    kept_beyond: Gauge,
}

fn durations() -> Histogram {
    Histogram::new(DURATION_BUCKETS_SECONDS)
}

/// Microseconds as seconds, for a histogram.
fn seconds(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64()
}

impl Metrics {
    /// An empty registry of a process that started at `started`.
    #[must_use]
    pub fn new(started: Moment) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("keyway"),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            connections_closed: Family::default(),
            attempts: Family::default(),
            attempt_duration: Family::new_with_constructor(durations),
            queue: Family::default(),
            overdue: Gauge::default(),
            audit_entries: Gauge::default(),
            audit_waiting: Gauge::default(),
            audit_unsigned: Gauge::default(),
            checkpoints_late: Gauge::default(),
            purged: Gauge::default(),
            kept_beyond: Gauge::default(),
        };
        metrics.register(started);
        metrics
    }

    fn register(&mut self, started: Moment) {
        let start: Gauge = Gauge::default();
        start.set(started.0.div_euclid(1_000_000));
        let r = &mut self.registry;
        let second = || Unit::Seconds;
        r.register_with_unit("process_start_time", "When the process started, since 1970", second(), start);
        r.register("requests", "Requests answered, by method, route and status", self.requests.clone());
        r.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer, by route",
            second(),
            self.request_duration.clone(),
        );
        r.register(
            "connections_closed",
            "Connections closed because their client had as many as it may have, by listener",
            self.connections_closed.clone(),
        );
        r.register("attempts", "Tries at delivery, by channel and outcome", self.attempts.clone());
        r.register_with_unit(
            "attempt_duration",
            "Time of a try at delivery, by outcome",
            second(),
            self.attempt_duration.clone(),
        );
        r.register("deliveries", "Deliveries that stand in each status, by channel", self.queue.clone());
        r.register_with_unit(
            "delivery_overdue",
            "How long the most overdue delivery has been due",
            second(),
            self.overdue.clone(),
        );
        r.register("audit_entries", "Audit entries with a place in the log", self.audit_entries.clone());
        r.register("audit_waiting", "Audit entries that wait for their place", self.audit_waiting.clone());
        r.register_with_unit(
            "audit_unsigned",
            "How long the oldest audit entry without a signed checkpoint has waited for one",
            second(),
            self.audit_unsigned.clone(),
        );
        r.register(
            "audit_checkpoints_late",
            "Signed checkpoints that came more than a second after an entry that they cover",
            self.checkpoints_late.clone(),
        );
        r.register(
            "retention_purged",
            "Referrals and assessments whose content was purged since the process started",
            self.purged.clone(),
        );
        r.register(
            "retention_held",
            "Referrals whose content would be due to be purged and is held, by the last whole sweep",
            self.kept_beyond.clone(),
        );
    }

    /// One request was answered. `route` is the pattern (`/referrals/{id}`), or `unmatched`.
    pub fn request(&self, method: &str, route: &str, status: u16, duration_micros: u64) {
        let (method, route) = (method.to_owned(), route.to_owned());
        self.requests.get_or_create(&RequestLabels { method, route: route.clone(), status }).inc();
        self.request_duration.get_or_create(&RouteLabels { route }).observe(seconds(duration_micros));
    }

    /// A connection was closed because its client had as many as it may have.
    pub fn connection_closed(&self, listener: &'static str) {
        self.connections_closed.get_or_create(&ListenerLabels { listener }).inc();
    }

    /// One attempt at delivery ended.
    pub fn attempt(&self, channel: Channel, class: AttemptClass, duration_micros: u64) {
        let outcome = class_word(class);
        self.attempts.get_or_create(&AttemptLabels { channel: channel.as_str(), outcome }).inc();
        self.attempt_duration.get_or_create(&OutcomeLabels { outcome }).observe(seconds(duration_micros));
    }

    /// How much was purged since the process started, and how much is held beyond its time.
    pub fn retention(&self, retained: &Retained) {
        self.purged.set(i64::try_from(retained.purged()).unwrap_or(i64::MAX));
        self.kept_beyond.set(retained.held());
    }

    /// Reads the queue and the log's head from the store, for the gauges. To be called before [`Metrics::encode`].
    pub async fn refresh(&self, store: &dyn Store, now: Moment) -> Read<()> {
        let counts = store.delivery_counts().await?;
        let head = store.log_head().await?;
        let due = store.next_due().await?;
        let signed = store.latest_checkpoint().await?.map_or(0, |checkpoint| checkpoint.size);
        let unsigned = store.uncovered_since(signed).await?;
        let late = store.late_checkpoints().await?;
        // A status that nothing stands in any more is not among the counts.
        self.queue.clear();
        for (channel, status, count) in counts {
            let labels = QueueLabels { channel: channel.as_str(), status: status.as_str() };
            self.queue.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let whole_seconds = |since: Option<Moment>| {
            since.map_or(0, |moment| now.micros_since(moment).max(0)).div_euclid(1_000_000)
        };
        self.overdue.set(whole_seconds(due));
        self.audit_unsigned.set(whole_seconds(unsigned));
        self.checkpoints_late.set(late);
        self.audit_entries.set(head.size);
        self.audit_waiting.set(head.waiting);
        Ok(())
    }

    /// Everything in the OpenMetrics text form; its media type is [`CONTENT_TYPE`].
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        // Writing to a String fails only if a metric's own encoding does, and ours are all of the library.
        if text::encode(&mut out, &self.registry).is_err() {
            out.clear();
        }
        out
    }
}

const fn class_word(class: AttemptClass) -> &'static str {
    match class {
        AttemptClass::Delivered => "delivered",
        AttemptClass::Retryable => "retryable",
        AttemptClass::Permanent => "permanent",
        AttemptClass::Ambiguous => "ambiguous",
        AttemptClass::TooLate => "too-late",
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use crate::{clock::Moment, directory::Channel, exchange::ports::AttemptClass};

    #[test]
    fn what_happened_stands_in_the_text() {
        let metrics = Metrics::new(Moment(1_700_000_000_000_000));
        metrics.request("GET", "/referrals/{id}", 200, 1_500);
        metrics.request("GET", "/referrals/{id}", 200, 2_500);
        metrics.attempt(Channel::FhirPush, AttemptClass::Ambiguous, 10_000_000);
        metrics.connection_closed("partners");
        let text = metrics.encode();
        for line in [
            r#"keyway_connections_closed_total{listener="partners"} 1"#,
            "keyway_process_start_time_seconds 1700000000",
            r#"keyway_requests_total{method="GET",route="/referrals/{id}",status="200"} 2"#,
            r#"keyway_request_duration_seconds_bucket{le="0.0025",route="/referrals/{id}"} 2"#,
            r#"keyway_attempts_total{channel="fhir-push",outcome="ambiguous"} 1"#,
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing from:\n{text}");
        }
    }
}
