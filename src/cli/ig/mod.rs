//! `keyway ig`: the questions of an information governance officer. Each look is on record before it is answered.

mod erase;
mod flows;
mod hold;
mod look;
mod officers;
mod overrides;
mod recalls;
mod relied_on;
mod retention;
mod subject_access;
mod who_saw;
mod why;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(super) use look::{LookArgs, moment};
pub(super) use relied_on::consent;
pub(super) use who_saw::person;

/// Ask who saw what, why, and on what ground. Every question is itself in the audit log before it is answered.
#[derive(Debug, Args)]
pub(super) struct IgArgs {
    #[command(subcommand)]
    command: IgCommand,
}

#[derive(Debug, Subcommand)]
enum IgCommand {
    WhoSaw(who_saw::WhoSawArgs),
    Why(why::WhyArgs),
    ReliedOn(relied_on::ReliedOnArgs),
    Recalls(recalls::RecallsArgs),
    Overrides(overrides::OverridesArgs),
    Review(overrides::ReviewArgs),
    Flows(flows::FlowsArgs),
    Looks(look::LooksArgs),
    Officer(officers::OfficerArgs),
    Officers(officers::OfficersArgs),
    Retention(retention::RetentionArgs),
    Erase(erase::EraseArgs),
    Certificate(erase::CertificateArgs),
    #[command(subcommand)]
    SubjectAccess(subject_access::SubjectAccessCommand),
    #[command(subcommand)]
    Hold(hold::HoldCommand),
}

pub(super) async fn run(args: IgArgs) -> Result<ExitCode> {
    match args.command {
        IgCommand::WhoSaw(args) => who_saw::run(args).await,
        IgCommand::Why(args) => why::run(args).await,
        IgCommand::ReliedOn(args) => relied_on::run(args).await,
        IgCommand::Recalls(args) => recalls::run(args).await,
        IgCommand::Overrides(args) => overrides::run(args).await,
        IgCommand::Review(args) => overrides::review(args).await,
        IgCommand::Flows(args) => flows::run(args).await,
        IgCommand::Looks(args) => look::run(args).await,
        IgCommand::Officer(args) => officers::enter(args).await,
        IgCommand::Officers(args) => officers::run(args).await,
        IgCommand::Erase(args) => erase::run(args).await,
        IgCommand::Certificate(args) => erase::certificate(args).await,
        IgCommand::Retention(args) => retention::run(args).await,
        IgCommand::SubjectAccess(command) => subject_access::run(command).await,
        IgCommand::Hold(command) => hold::run(command).await,
    }
}
