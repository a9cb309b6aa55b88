//! `keyway ig retention`: what is kept, for how long, and what goes.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::look::LookArgs;
use crate::{
    cli::print,
    exchange::{ig::Table, keeping::Kept},
};

/// Purge the content that is due, and show what is due, held and purged.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig retention --dry-run --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    Content is kept for so many days after the final answer as the record of processing of its agreement says, 30 where there\n\
    is none. A running gateway purges by itself; this purges what is due now, and with --dry-run only shows it. What is under\n\
    a legal hold, still on its way, recalled and not answered, or not reviewed, is kept. May run beside a gateway.\n\
    Exit codes: 0 done, 1 it cannot be put on record, read or purged, 2 usage.")]
pub(super) struct RetentionArgs {
    /// Purge nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(args: RetentionArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.retention(&asked.config.site_id, &asked.officer, args.dry_run).await;
    Ok(asked.tell(answer, "", |told| {
        let mut table = Table::new(&["due", "referral", "recipient", "state", "final", "days", "kept by"]);
        for one in told.due.iter().chain(&told.held) {
            table.row(&[
                &one.due_at,
                one.referral_id.as_str(),
                one.recipient.as_str(),
                one.state.as_str(),
                &one.final_at,
                &days(one),
                &one.held_by.join(", "),
            ]);
        }
        print::bytes(table.text().as_bytes());
        if !told.dry_run {
            print::line(&format!(
                "Purged now: {} referrals, {} assessments.",
                told.purged_now, told.assessments_purged_now
            ));
        }
        let last = told.last_purged_at.as_ref().map(|at| format!(", the last {at}")).unwrap_or_default();
        print::line(&format!(
            "{} due, {} held, {} final and not due yet; {} purged so far{last}.",
            told.due.len(),
            told.held.len(),
            told.later,
            told.purged
        ));
        if told.more {
            print::line("There are more than are shown.");
        }
    }))
}

fn days(one: &Kept) -> String {
    if one.by_record { one.days.to_string() } else { format!("{} (no record says)", one.days) }
}
