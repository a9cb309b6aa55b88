//! `keyway migrate`: brings the database up to date.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ConfigArg, print};
use crate::app::App;

/// Make the database, or bring it up to date.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  keyway migrate --config /etc/keyway/keyway.toml\n\n\
                        Safe to repeat. A second migration of the same database waits for the first.\n\
                        Exit codes: 0 up to date, 1 could not be done, 2 usage.")]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &MigrateArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let report = App::migrate(&config)?;
    if args.json {
        print::object(&json!({"before": report.before, "after": report.after, "applied": report.applied}));
    } else if report.applied.is_empty() {
        print::line(&format!("The database is up to date: schema {}.", report.after));
    } else {
        print::line(&format!("The database now has schema {}: {}.", report.after, report.applied.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}
