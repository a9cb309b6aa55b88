//! `keyway migrate`: brings the database up to date.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ConfigArg, print, shown};
use crate::{
    app::{App, MigrationReport},
    config::{Config, Database},
};

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
    let file = file_of(&config);
    if args.json {
        print::object(&json!({
            "file": file, "before": report.before, "after": report.after, "applied": report.applied,
        }));
    } else {
        print::line(&told(&file, &report));
    }
    Ok(ExitCode::SUCCESS)
}

fn file_of(config: &Config) -> String {
    let Database::Sqlite(file) = &config.database;
    shown(file)
}

fn told(file: &str, report: &MigrationReport) -> String {
    let (after, applied) = (report.after, report.applied.join(", "));
    match report.before {
        None => format!("Made the database {file}, with schema {after}: {applied}."),
        Some(_) if report.applied.is_empty() => format!("The database {file} is up to date: schema {after}."),
        Some(_) => format!("The database {file} now has schema {after}: {applied}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named() {
        let mut report = MigrationReport { before: None, after: 1, applied: vec![String::from("V1__first")] };
        assert_eq!(told("/k.db", &report), "Made the database /k.db, with schema 1: V1__first.");
        report = MigrationReport { before: Some(1), after: 1, applied: Vec::new() };
        assert_eq!(told("/k.db", &report), "The database /k.db is up to date: schema 1.");
    }
}
