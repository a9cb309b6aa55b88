//! How often one client may call: by its certificate, or by its address where there is none.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};

use crate::{
    exchange::{
        authority::PeerCertificate,
        refusal::{Refusal, Refused},
    },
    limits::{REQUEST_BURST, REQUESTS_PER_SECOND},
};

/// Clients that are remembered before those who have been quiet are forgotten.
const CLIENTS_REMEMBERED: usize = 10_000;

/// Who is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// Whoever shows this certificate.
    Certificate([u8; 32]),
    /// Whoever calls from this address.
    Address(IpAddr),
    /// Whoever calls from nowhere known.
    Unknown,
}

impl Client {
    /// Whoever shows this certificate, or calls from this address where there is none.
    pub(super) fn of(peer: Option<&PeerCertificate>, address: Option<SocketAddr>) -> Self {
        match (peer, address) {
            (Some(peer), _) => Self::Certificate(peer.sha256),
            (None, Some(address)) => Self::Address(address.ip()),
            (None, None) => Self::Unknown,
        }
    }
}

/// The counters of one gateway.
pub(super) struct Rates {
    limiter: RateLimiter<Client, HashMapStateStore<Client>, DefaultClock>,
    clock: DefaultClock,
}

impl Rates {
    pub(super) fn new() -> Self {
        let per_second = NonZeroU32::new(REQUESTS_PER_SECOND).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(REQUEST_BURST).unwrap_or(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::hashmap(Quota::per_second(per_second).allow_burst(burst)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one request.
    pub(super) fn check(&self, client: &Client) -> Result<(), Refusal> {
        if self.limiter.len() > CLIENTS_REMEMBERED {
            self.limiter.retain_recent();
        }
        let Err(too_soon) = self.limiter.check_key(client) else { return Ok(()) };
        let wait = too_soon.wait_time_from(self.clock.now());
        let mut refusal = Refusal::new(
            Refused::TooManyRequests,
            "throttled",
            "",
            format!("At most {REQUESTS_PER_SECOND} requests a second are taken from one client."),
        );
        refusal.retry_after_seconds = Some(wait.as_secs().max(1));
        Err(refusal)
    }
}
