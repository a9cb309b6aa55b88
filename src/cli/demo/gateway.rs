//! The gateway under demonstration: started in this process, and from then on reached through its sockets only.
//!
//! This is the only file of the demonstration that knows the gateway from inside. It starts and stops it, enters
//! the agencies as an operator would, and has the audit log computed again.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};

use super::settings::Addresses;
use crate::{
    app::{App, Listener, Running},
    cli::serve::own,
    clock::Stopwatch,
    config::{self, Config, Problem},
    directory::{Agreement, Partner},
    exchange::verify_log,
    telemetry::{self, LogFormat, LogOutput},
};

/// Log lines of the gateway that are shown beside the story, unless `KEYWAY_LOG` says otherwise.
const LOG_LEVEL: &str = "warn";
/// How long the log may take to give every entry its place, in milliseconds.
const PLACES_PATIENCE_MS: u64 = 5_000;
/// Time between two looks at the head of the log, in milliseconds.
const LOOK_MS: u64 = 20;

/// A running gateway.
pub(super) struct Gateway {
    running: Running,
}

/// The state of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// How many entries it has.
    pub(super) entries: u64,
    /// Whether it is whole, computed again from its stored bytes.
    pub(super) verified: bool,
}

impl Gateway {
    /// Starts it from its settings file, on a fresh database.
    pub(super) async fn start(settings: &Path) -> Result<Self> {
        let config = Config::load(settings).map_err(|problems| told(&problems))?;
        let level = config::log_level().unwrap_or_else(|| LOG_LEVEL.to_owned());
        telemetry::start(LogFormat::Text, &own(&level), LogOutput::Stderr)?;
        telemetry::log_panics_by_place();
        let fresh = config.clone();
        tokio::task::spawn_blocking(move || App::migrate(&fresh)).await??;
        Ok(Self { running: App::start(config).await.context("the gateway does not start")? })
    }

    /// Where partners reach it.
    pub(super) fn base_url(&self) -> &str {
        self.running.base_url()
    }

    /// The addresses that its three listeners got.
    pub(super) fn addresses(&self) -> Result<Addresses> {
        let of = |listener| self.running.address(listener).context("a listener has no address");
        Ok(Addresses {
            partners: of(Listener::Partners)?,
            public: of(Listener::Public)?,
            operators: of(Listener::Operators)?,
        })
    }

    /// Enters the agencies and the agreements with them.
    pub(super) async fn enter(&self, partners: Vec<Partner>, agreements: Vec<Agreement>) -> Result<()> {
        self.running.enrol(partners, agreements).await.context("the agencies cannot be entered")
    }

    /// Waits until every entry has its place in the log, then computes the log again from its stored bytes.
    pub(super) async fn log(&self) -> Result<Log> {
        let store = self.running.exchange.store.as_ref();
        let since = Stopwatch::start();
        while store.log_head().await?.waiting > 0 {
            if since.elapsed_micros() / 1_000 > PLACES_PATIENCE_MS {
                bail!(
                    "after {PLACES_PATIENCE_MS} ms there were still entries without a place in the audit log"
                );
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
        let entries = u64::try_from(store.log_head().await?.size)?;
        Ok(match verify_log(store, |_| {}).await? {
            Ok(found) => Log { entries: found.entries, verified: true },
            Err(_fault) => Log { entries, verified: false },
        })
    }

    /// Stops it in good order.
    pub(super) async fn stop(self) {
        self.running.shutdown().await;
    }
}

fn told(problems: &[Problem]) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the demonstration's own settings do not serve:\n  {}", lines.join("\n  "))
}
