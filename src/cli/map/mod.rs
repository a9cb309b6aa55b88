//! `keyway map`: a service's own form becomes the assessment, and the assessment what each audience gets.

mod adapters;
mod again;
mod check;
mod coverage;
pub(super) mod run;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

/// Look at mappings: check a site's adapter, run its tests, and see where every field of a message comes
/// from; make a past message again.
#[derive(Debug, Args)]
pub(super) struct MapArgs {
    #[command(subcommand)]
    command: MapCommand,
}

#[derive(Debug, Subcommand)]
enum MapCommand {
    Check(check::CheckArgs),
    Coverage(coverage::CoverageArgs),
    Test(test::TestArgs),
    Run(run::RunArgs),
    Again(again::AgainArgs),
}

pub(super) fn run(args: MapArgs) -> Result<ExitCode> {
    match args.command {
        MapCommand::Check(args) => check::run(&args),
        MapCommand::Coverage(args) => coverage::run(&args),
        MapCommand::Test(args) => test::run(&args),
        MapCommand::Run(args) => super::on_runtime(run::run(args)),
        MapCommand::Again(args) => super::on_runtime(again::run(args)),
    }
}
