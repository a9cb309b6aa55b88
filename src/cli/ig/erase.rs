//! `keyway ig erase` and `keyway ig certificate`: erasing a person, and what was signed about it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{look::LookArgs, who_saw::person};
use crate::{
    cli::print,
    exchange::{ig::Table, keeping::Erasure},
    ids::PersonId,
};

/// Erase a person: destroy their key, remove their content, tell whoever holds a disclosure, and sign a certificate.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig erase --person 01900000-0000-7000-8000-000000000001 --dry-run --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    Refused, and it says for what, while a legal hold or a referral is open, or a message is on its way. The audit log stays\n\
    whole. It cannot be undone. May run beside a gateway.\n\
    Exit codes: 0 erased (or shown), 1 refused (and why), 2 usage.")]
pub(super) struct EraseArgs {
    /// Who.
    #[arg(long, value_name = "ID", value_parser = person)]
    person: PersonId,
    /// Why, in a sentence or two: needed unless it is a dry run.
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Erase nothing: show what would go, what would stay and why, and who would be told.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    look: LookArgs,
}

const NOBODY: &str = "There is no such person. That it was asked is on record.";

pub(super) async fn run(args: EraseArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let (site, officer) = (&asked.config.site_id, &asked.officer);
    let answer = if args.dry_run {
        asked.exchange.plan_erasure(site, officer, &args.person).await
    } else {
        let why = args.reason.as_deref().unwrap_or_default();
        asked.exchange.erase_person(site, officer, &args.person, why).await
    };
    Ok(asked.tell(answer, NOBODY, show))
}

fn show(told: &Erasure) {
    let mut table = Table::new(&["goes", "number"]);
    for one in &told.goes {
        table.row(&[one.kind, &one.count.to_string()]);
    }
    print::bytes(table.text().as_bytes());
    let mut table = Table::new(&["stays", "number", "why"]);
    for one in &told.stays {
        table.row(&[
            one.kind,
            &one.count.map_or_else(|| String::from("-"), |count| count.to_string()),
            one.why,
        ]);
    }
    print::bytes(table.text().as_bytes());
    for one in &told.notices {
        print::line(&format!("Notice to {} about referral {}.", one.recipient, one.referral_id));
    }
    for why in &told.refused_for {
        print::line(&format!("It would be refused: {why}"));
    }
    if told.overwritten == Some(false) {
        print::line(
            "Readers were in the way: the database's log still holds old pages. The gateway cuts it later.",
        );
    }
    match (&told.erased_at, &told.certificate) {
        (Some(at), Some(certificate)) => {
            print::line(&format!("Person {} was erased at {at}. The certificate:\n", told.person_id));
            print::line(certificate);
        }
        _ => print::line("Nothing was erased."),
    }
}

/// Print the signed certificate of an erasure again.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig certificate --person 01900000-0000-7000-8000-000000000001 --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    It is a signed note under the key of the audit log, and is checked as a receipt is. May run beside a gateway.\n\
    Exit codes: 0 shown, 1 nobody was erased under this id, 2 usage.")]
pub(super) struct CertificateArgs {
    /// Who was erased.
    #[arg(long, value_name = "ID", value_parser = person)]
    person: PersonId,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn certificate(args: CertificateArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let (site, officer) = (&asked.config.site_id, &asked.officer);
    let answer = asked.exchange.erasure_certificate(site, officer, &args.person).await;
    let answer = answer.map(|certificate| json!({"person_id": args.person, "certificate": certificate}));
    Ok(asked.tell(answer, "Nobody was erased under this id. That it was asked is on record.", |told| {
        print::line(told["certificate"].as_str().unwrap_or_default());
    }))
}
