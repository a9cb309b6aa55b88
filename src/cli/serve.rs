//! `keyway serve`: runs the gateway until it is told to stop.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use super::{ConfigArg, print};
use crate::{
    app::{App, Listener, StartError},
    config::{self, Config},
    telemetry::{self, LogOutput},
};

/// Run the gateway.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  keyway migrate --config /etc/keyway/keyway.toml\n  \
                        keyway serve --config /etc/keyway/keyway.toml\n\n\
                        Stops in good order at SIGTERM or SIGINT: open requests and deliveries under way end first.\n\
                        Log lines go to standard error; KEYWAY_LOG sets which.\n\
                        Exit codes: 0 stopped as told, 1 could not start, 2 usage.")]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) async fn run(args: ServeArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    start_log(&config)?;
    let gateway = match App::start(config).await {
        Ok(gateway) => gateway,
        Err(StartError::Settings(problems)) => {
            print::problems(&problems);
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    };
    let address = |l| gateway.address(l).map_or_else(String::new, |a| a.to_string());
    tracing::info!(
        base_url = gateway.base_url(),
        partners = address(Listener::Partners),
        public = address(Listener::Public),
        operators = address(Listener::Operators),
        version = env!("CARGO_PKG_VERSION"),
        "the gateway serves"
    );
    told_to_stop().await?;
    tracing::info!("the gateway stops");
    gateway.shutdown().await;
    tracing::info!("the gateway has stopped");
    Ok(ExitCode::SUCCESS)
}

fn start_log(config: &Config) -> Result<()> {
    let format = match config.log.format {
        config::LogFormat::Json => telemetry::LogFormat::Json,
        config::LogFormat::Text => telemetry::LogFormat::Text,
    };
    let level = config::log_level().unwrap_or_else(|| config.log.level.clone());
    telemetry::start(format, &own(&level), LogOutput::Stderr)?;
    telemetry::log_panics_by_place();
    Ok(())
}

/// A bare level is Keyway's own: below it, libraries may write what was sent, and tokens with it.
pub(super) fn own(level: &str) -> String {
    if level.contains(['=', ',']) { level.to_owned() } else { format!("warn,keyway={level}") }
}

/// SIGTERM or SIGINT, whichever comes first.
pub(super) async fn told_to_stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be waited for")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn a_bare_level_does_not_let_libraries_talk() {
        assert_eq!(own("debug"), "warn,keyway=debug");
        assert_eq!(own("info,keyway::http=debug"), "info,keyway::http=debug");
    }
}
