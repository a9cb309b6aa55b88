//! `keyway ig officer` and `keyway ig officers`: who may ask over HTTP.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, anyhow};
use clap::Args;

use super::look::{LookArgs, officer};
use crate::{
    cli::{directory::fingerprint, print},
    directory::PartnerStatus,
    exchange::ig::{Officer, Table},
};

/// Enter an officer who may ask over HTTP, by name and client certificate; or take their access away.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway ig officer --name ana.silva --certificate ana.silva.pem --as operator --config /etc/keyway/keyway.toml\n  \
    keyway ig officer --name ana.silva --suspend --as operator --config /etc/keyway/keyway.toml\n\n\
    The name is that of one person's account, and the certificate theirs alone, of the authority that issues the partners'.\n\
    The OAuth client id is officer:NAME. The same name with another certificate takes its place; without --suspend a\n\
    suspended officer is let in again. It counts from the next call on, and is in the audit log. May run beside a gateway.\n\
    Exit codes: 0 entered, 1 refused (and why), 2 usage.")]
pub(super) struct OfficerArgs {
    /// The officer's name in the log, as of an account.
    #[arg(long, value_name = "NAME", value_parser = officer)]
    name: Officer,
    /// Their client certificate (PEM); without it the one that is entered stays.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Lets them in no more.
    #[arg(long)]
    suspend: bool,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn enter(args: OfficerArgs) -> Result<ExitCode> {
    let read = |file: PathBuf| fingerprint("", &file.to_string_lossy()).map_err(|text| anyhow!(text));
    let certificate = args.certificate.map(read).transpose()?;
    let status = if args.suspend { PartnerStatus::Suspended } else { PartnerStatus::Active };
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let (site, by) = (&asked.config.site_id, &asked.officer);
    let answer = asked.exchange.enter_officer(site, by, &args.name, certificate, status).await;
    Ok(asked.tell(answer, "", |row| {
        print::line(&format!(
            "Officer {} is {}. Client id officer:{}.",
            row.name,
            row.status.as_str(),
            row.name
        ));
    }))
}

/// Show the officers who may ask over HTTP.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig officers --as ig.lead --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 shown, 1 it cannot be put on record or read, 2 usage.")]
pub(super) struct OfficersArgs {
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(args: OfficersArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.officers(&asked.config.site_id, &asked.officer).await;
    Ok(asked.tell(answer, "", |told| {
        let mut table = Table::new(&["name", "stands", "certificate"]);
        for one in &told.officers {
            table.row(&[&one.name, one.status.as_str(), &one.certificate_sha256]);
        }
        print::bytes(table.text().as_bytes());
    }))
}
