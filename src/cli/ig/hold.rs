//! `keyway ig hold`: legal holds, set, lifted and listed.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{look::LookArgs, who_saw::person};
use crate::{
    cli::print,
    exchange::ig::Table,
    ids::{HoldId, PersonId},
};

/// Hold all that is kept of a person, so that nothing of it is purged or erased; lift a hold; list them.
#[derive(Debug, Subcommand)]
pub(super) enum HoldCommand {
    Set(SetArgs),
    Lift(LiftArgs),
    List(ListArgs),
}

/// Set a legal hold on a person's content.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig hold set --person 01900000-0000-7000-8000-000000000001 --reason 'Inquest opened' --as ig.officer \\\n    \
    --config /etc/keyway/keyway.toml\n\n\
    The reason stands sealed beside its entry in the audit log. May run beside a gateway.\n\
    Exit codes: 0 set, 1 refused (and why), 2 usage.")]
pub(super) struct SetArgs {
    /// Whose content.
    #[arg(long, value_name = "ID", value_parser = person)]
    person: PersonId,
    /// Why, in a sentence or two.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    look: LookArgs,
}

/// Lift a legal hold. What it held is purged by its own time from then on.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig hold lift --hold 01900000-0000-7000-8000-000000000001 --reason 'Inquest closed' --as ig.officer \\\n    \
    --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 lifted, 1 refused (and why), 2 usage.")]
pub(super) struct LiftArgs {
    /// The hold.
    #[arg(long, value_name = "ID", value_parser = hold)]
    hold: HoldId,
    /// Why, in a sentence or two.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    look: LookArgs,
}

/// List the legal holds.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig hold list --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 shown, 1 it cannot be put on record or read, 2 usage.")]
pub(super) struct ListArgs {
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(command: HoldCommand) -> Result<ExitCode> {
    match command {
        HoldCommand::Set(args) => set(args).await,
        HoldCommand::Lift(args) => lift(args).await,
        HoldCommand::List(args) => list(args).await,
    }
}

async fn set(args: SetArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let (site, officer) = (&asked.config.site_id, &asked.officer);
    let answer = asked.exchange.set_hold(site, officer, &args.person, &args.reason).await;
    Ok(asked.tell(answer, "There is no such person. That it was asked is on record.", |told| {
        print::line(&format!("Hold {} is set on person {}.", told.hold_id, told.person_id));
    }))
}

async fn lift(args: LiftArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let (site, officer) = (&asked.config.site_id, &asked.officer);
    let answer = asked.exchange.lift_hold(site, officer, &args.hold, &args.reason).await;
    Ok(asked.tell(answer, "There is no such hold. That it was asked is on record.", |told| {
        print::line(&format!("Hold {} on person {} is lifted.", told.hold_id, told.person_id));
    }))
}

async fn list(args: ListArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.holds(&asked.config.site_id, &asked.officer).await;
    Ok(asked.tell(answer, "", |told| {
        let mut table = Table::new(&["set", "hold", "person", "lifted"]);
        for hold in &told.holds {
            let lifted = hold.lifted_at.as_deref().unwrap_or("-");
            table.row(&[&hold.set_at, hold.hold_id.as_str(), hold.person_id.as_str(), lifted]);
        }
        print::bytes(table.text().as_bytes());
        print::line(&format!("{} open.", told.open));
        if told.earlier_left_out {
            print::line("There are earlier ones than are shown.");
        }
    }))
}

fn hold(text: &str) -> Result<HoldId, String> {
    HoldId::parse(text).ok_or_else(|| String::from("an id of 1 to 64 of A-Z a-z 0-9 - . _"))
}
