//! `keyway ig recalls`: how recalls come on.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::look::LookArgs;
use crate::{cli::print, exchange::ig::Table};

const HOUR_SECONDS: i64 = 3_600;

/// Show recalls: whom each asks, whether the notice arrived, what was answered, and how long it took.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig recalls --open --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 shown, 1 it cannot be put on record or read, 2 usage.")]
pub(super) struct RecallsArgs {
    /// Only those that wait for an answer, the longest wait first.
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(args: RecallsArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.recalls(&asked.config.site_id, &asked.officer, args.open).await;
    Ok(asked.tell(answer, "", |told| {
        let heads =
            ["asked", "recipient", "referral", "consent", "why", "notice", "answer", "reminders", "hours"];
        let mut table = Table::new(&heads);
        for one in &told.recalls {
            table.row(&[
                &one.recall.asked_at,
                one.recipient.as_str(),
                one.referral_id.as_str(),
                one.consent_id.as_ref().map_or("-", |id| id.as_str()),
                &one.reason,
                one.notice.map_or("-", |status| status.as_str()),
                one.recall.answer.as_deref().unwrap_or(if one.recall.unanswered {
                    "UNANSWERED after the last reminder"
                } else {
                    "waits"
                }),
                &one.recall.reminders.to_string(),
                &(one.waited_seconds / HOUR_SECONDS).to_string(),
            ]);
        }
        print::bytes(table.text().as_bytes());
        print::line(&format!("{} of these wait for an answer.", told.open));
        if told.unanswered > 0 {
            print::line(&format!(
                "{} of them are UNANSWERED after the last reminder: speak to the agency.",
                told.unanswered
            ));
        }
        if told.more {
            print::line("There are more than are shown.");
        }
    }))
}
