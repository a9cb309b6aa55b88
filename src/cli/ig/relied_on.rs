//! `keyway ig relied-on`: what relied on a consent.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::look::LookArgs;
use crate::{
    cli::print,
    exchange::ig::{Reliance, RelyingOn},
    ids::ConsentId,
};

/// Show what relied on a consent, and where each stands: queued, delivered, collected, recalled, the recall's answer.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig relied-on --consent 01900000-0000-7000-8000-000000000001 --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    May run beside a gateway.\n\
    Exit codes: 0 shown, 1 there is no such consent (or it cannot be put on record), 2 usage.")]
pub(super) struct ReliedOnArgs {
    /// Which consent.
    #[arg(long, value_name = "ID", value_parser = consent)]
    consent: ConsentId,
    #[command(flatten)]
    look: LookArgs,
}

/// A consent on the command line.
pub(in crate::cli) fn consent(text: &str) -> Result<ConsentId, String> {
    ConsentId::parse(text).ok_or_else(|| String::from("not a consent's id"))
}

pub(super) async fn run(args: ReliedOnArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.relied_on(&asked.config.site_id, &asked.officer, &args.consent).await;
    let missing = "There is no such consent of this site. That it was asked is on record.";
    Ok(asked.tell(answer, missing, show))
}

fn show(told: &RelyingOn) {
    print::line(&format!(
        "Consent {}, version {}, {}: person {}, about {}; recorded by {} {}",
        told.consent_id,
        told.version,
        told.status,
        told.person_id,
        told.recipient,
        told.recorded_by,
        told.recorded_at
    ));
    if told.referrals.is_empty() {
        print::line("Nothing was ever decided by it.");
    }
    for one in &told.referrals {
        show_one(one);
    }
}

fn show_one(one: &Reliance) {
    let reader = one.on_behalf_of.as_ref().map(|id| format!(", for {id}")).unwrap_or_default();
    print::line("");
    print::line(&format!(
        "Referral {} to {}{reader}: {} ({})",
        one.referral_id,
        one.recipient,
        one.state.as_str(),
        if one.reason.is_empty() { "no reason given" } else { &one.reason }
    ));
    let versions = |list: &[i64]| list.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    for (what, list) in [("permitted", &one.permitted_by), ("refused", &one.refused_by)] {
        if !list.is_empty() {
            print::line(&format!("    {what} by version {}", versions(list)));
        }
    }
    print::line(&format!("    decided by it from {} to {}", one.first_decided_at, one.last_decided_at));
    for message in &one.messages {
        let what = if message.is_recall { "recall notice" } else { "message" };
        let (id, at, status) = (&message.message_id, &message.made_at, message.status.as_str());
        print::line(&format!("    {what} {id}, made {at}: {status}"));
    }
    for recall in &one.recalls {
        let answer = match (&recall.answer, &recall.answered_at) {
            (Some(answer), Some(at)) => format!("answered {at}: {answer}"),
            (Some(answer), None) => format!("answered: {answer}"),
            (None, _) => String::from("NOT ANSWERED"),
        };
        print::line(&format!("    recalled {}: {answer}", recall.asked_at));
    }
}
