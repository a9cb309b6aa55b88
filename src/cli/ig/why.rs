//! `keyway ig why`: why something was sent or withheld.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use super::{look::LookArgs, who_saw::grounds};
use crate::{
    cli::print,
    exchange::ig::{StepAnswer, Why},
    ids::{DisclosureId, ReferralId},
};

/// Say why something was sent or withheld, question by question, from the decision that is stored.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig why --referral 01900000-0000-7000-8000-000000000001 --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    Consent is asked at every exit, so there is a decision for each: one that came out as the one before it is counted\n\
    there. What was kept back is told by rule, with how many fields, and never by its value. May run beside a gateway.\n\
    Exit codes: 0 told, 1 there is no such thing (or it cannot be put on record), 2 usage.")]
pub(super) struct WhyArgs {
    #[command(flatten)]
    what: WhatArgs,
    #[command(flatten)]
    look: LookArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhatArgs {
    /// A disclosure: why its content was sent.
    #[arg(long, value_name = "ID", value_parser = disclosure)]
    disclosure: Option<DisclosureId>,
    /// A referral: why it was sent, or was not.
    #[arg(long, value_name = "ID", value_parser = referral)]
    referral: Option<ReferralId>,
}

fn disclosure(text: &str) -> Result<DisclosureId, String> {
    DisclosureId::parse(text).ok_or_else(|| String::from("not a disclosure's id"))
}

/// A referral's id on the command line.
pub(super) fn referral(text: &str) -> Result<ReferralId, String> {
    ReferralId::parse(text).ok_or_else(|| String::from("not a referral's id"))
}

pub(super) async fn run(args: WhyArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let (site, officer) = (&asked.config.site_id, &asked.officer);
    let answer = match (&args.what.disclosure, &args.what.referral) {
        (Some(disclosure), _) => asked.exchange.why_disclosed(site, officer, disclosure).await,
        (None, Some(referral)) => asked.exchange.why_referral(site, officer, referral).await,
        (None, None) => bail!("say of what: --disclosure or --referral"),
    };
    let missing = "There is no such disclosure or referral of this site. That it was asked is on record.";
    Ok(asked.tell(answer, missing, show))
}

fn show(told: &Why) {
    print::line(&format!("Referral {} from {} to {}", told.referral_id, told.sender, told.recipient));
    if let Some(reader) = &told.on_behalf_of {
        print::line(&format!("    which passes it on to {reader}"));
    }
    let stands = told.delivery.map(|status| format!(", message {}", status.as_str())).unwrap_or_default();
    print::line(&format!("    person {}, {}{stands}", told.person_id, told.state.as_str()));
    if let Some(disclosure) = &told.disclosure_id {
        print::line(&format!("    disclosure {disclosure}"));
    }
    print::line(&told.text);
    if told.earlier_left_out {
        print::line("There are decisions before the first that is shown.");
    }
    for reasoned in &told.decisions {
        let decision = &reasoned.decision;
        print::line("");
        print::line(&format!("{}  decided at {}: {}", decision.decided_at, decision.exit, reasoned.text));
        for (place, step) in reasoned.steps.iter().enumerate() {
            let answer = match step.answer {
                StepAnswer::Yes => "yes",
                StepAnswer::No => "NO",
                StepAnswer::NotAsked => "not asked",
            };
            let by = step.by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
            print::line(&format!("    {}. {} {answer}{by}", place + 1, step.question));
        }
        for line in grounds(decision) {
            print::line(&format!("    {line}"));
        }
        if reasoned.came_out_the_same > 0 {
            let times = reasoned.came_out_the_same;
            print::line(&format!("    asked again and answered the same: {times}"));
        }
    }
    print::line("");
    match &told.withheld {
        None => print::line("The person was erased, and with them what was kept back."),
        Some(kept) if kept.is_empty() => print::line("Nothing was kept back."),
        Some(kept) => {
            print::line("Kept back:");
            for one in kept {
                let fields = if one.fields == 1 { "field" } else { "fields" };
                print::line(&format!(
                    "    {} ({}, {} {fields}): {}",
                    one.rule, one.reason, one.fields, one.text
                ));
            }
        }
    }
}
