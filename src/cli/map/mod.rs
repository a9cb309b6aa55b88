//! `keyway map`: a service's own form becomes the assessment.

mod adapters;
mod check;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

/// Look at mappings: check a site's adapter, run its tests.
#[derive(Debug, Args)]
pub(super) struct MapArgs {
    #[command(subcommand)]
    command: MapCommand,
}

#[derive(Debug, Subcommand)]
enum MapCommand {
    Check(check::CheckArgs),
    Test(test::TestArgs),
}

pub(super) fn run(args: &MapArgs) -> Result<ExitCode> {
    match &args.command {
        MapCommand::Check(args) => check::run(args),
        MapCommand::Test(args) => test::run(args),
    }
}
