//! `keyway ig overrides` and `keyway ig review`: disclosures without consent, and their review by a second person.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{look::LookArgs, why::referral};
use crate::{
    cli::print,
    exchange::{
        ig::{OverrideTold, Review, Table},
        rows::ReviewOutcome,
    },
    ids::ReferralId,
};

/// Show disclosures without consent, and when each must be reviewed by a second person (within 72 hours).
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig overrides --unreviewed --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 shown, 1 it cannot be put on record or read, 2 usage.")]
pub(super) struct OverridesArgs {
    /// Only those that nobody has reviewed.
    #[arg(long)]
    unreviewed: bool,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(args: OverridesArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.overrides(&asked.config.site_id, &asked.officer, args.unreviewed).await;
    Ok(asked.tell(answer, "", |told| {
        let mut table = Table::new(&["disclosed", "referral", "recipient", "stands", "review due", "review"]);
        for one in &told.overrides {
            table.row(&[
                &one.disclosed_at,
                one.referral_id.as_str(),
                one.recipient.as_str(),
                one.state.as_str(),
                &one.review_due_at,
                &reviewed(one),
            ]);
        }
        print::bytes(table.text().as_bytes());
        print::line(&format!(
            "{} wait for their review; {} of them are OVERDUE.",
            told.unreviewed, told.overdue
        ));
        if told.more {
            print::line("There are more than are shown.");
        }
    }))
}

fn reviewed(one: &OverrideTold) -> String {
    match (one.outcome, &one.reviewed_at, one.overdue) {
        (Some(outcome), Some(at), late) => {
            format!("{} {at}{}", outcome.as_str(), if late { " (late)" } else { "" })
        }
        (_, _, true) => String::from("OVERDUE"),
        (_, _, false) => String::from("waits"),
    }
}

/// Record the second person's review of a disclosure without consent.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig review --referral 01900000-0000-7000-8000-000000000001 --outcome upheld --reviewer 'Ana Silva' \\\n    \
    --reason 'Imminent risk was on record and the minimum was sent' --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    Whoever made the disclosure neither reviews it nor enters its review. A review is recorded once, with its entry in the\n\
    audit log, in one step; the reviewer's name and the reason stand sealed beside the entry. May run beside a gateway.\n\
    Exit codes: 0 recorded, 1 refused (and why), 2 usage.")]
pub(super) struct ReviewArgs {
    /// The referral that was disclosed without consent.
    #[arg(long, value_name = "ID", value_parser = referral)]
    referral: ReferralId,
    /// What was found.
    #[arg(long, value_name = "OUTCOME")]
    outcome: Found,
    /// Why, in a sentence or two.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The name of the second person.
    #[arg(long, value_name = "NAME")]
    reviewer: String,
    #[command(flatten)]
    look: LookArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Found {
    /// It was right.
    Upheld,
    /// It should not have been made.
    NotUpheld,
}

pub(super) async fn review(args: ReviewArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let outcome = match args.outcome {
        Found::Upheld => ReviewOutcome::Upheld,
        Found::NotUpheld => ReviewOutcome::NotUpheld,
    };
    let review = Review { outcome, reason: &args.reason, reviewer: &args.reviewer };
    let (site, officer) = (&asked.config.site_id, &asked.officer);
    let answer = asked.exchange.review_override(site, officer, &args.referral, &review).await;
    let missing = "This is no disclosure without consent of this site. That it was asked is on record.";
    Ok(asked.tell(answer, missing, |told| {
    print::line(&format!("Referral {}: {}.", told.referral_id, reviewed(told)));
    if matches!(outcome, ReviewOutcome::NotUpheld) {
        print::line(
            "What was sent is not recalled by this. Ask the service to take the referral back, and consider whether this is a \
             breach that has to be told.",
        );
    }
    }))
}
