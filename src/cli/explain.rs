//! `keyway consent explain`: what is decided about a person and an agency then, now, and if.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{
    ig::{LookArgs, moment, person},
    map::run::agency,
    print,
};
use crate::{
    clock::Moment,
    exchange::ig::{Explained, Explanation, Supposed, WhatIf},
    ids::{PartnerId, PersonId},
};

/// Say what is decided about a person and an agency now, what was at a moment of the past, and what would be if.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway consent explain --person 01900000-0000-7000-8000-000000000001 --recipient housing-harbour \\\n    \
    --as-of 2026-11-20T12:00:00Z --what-if agreement:dsa-housing --as ig.officer --config /etc/keyway/keyway.toml\n\n\
    Made by the same function as every decision, from the versions of consents, agreements and the directory that were\n\
    stored; no override is supposed. Nothing is sent or changed; the look is in the audit log. May run beside a gateway.\n\
    Exit codes: 0 explained, 1 there is no such person or agency (or it cannot be put on record), 2 usage.")]
pub(super) struct ExplainArgs {
    /// The gateway's own id of the person.
    #[arg(long, value_name = "ID", value_parser = person)]
    person: PersonId,
    /// The agency.
    #[arg(long, value_name = "ID", value_parser = agency)]
    recipient: PartnerId,
    /// The agency for which the recipient would pass it on.
    #[arg(long, value_name = "ID", value_parser = agency)]
    on_behalf_of: Option<PartnerId>,
    /// A moment of the past.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<Moment>,
    /// What is supposed: `revoke:CONSENT`, as if that consent had been taken back, or `agreement:AGREEMENT`, as if that
    /// agreement had ended.
    #[arg(long, value_name = "WHAT", value_parser = what_if)]
    what_if: Option<WhatIf>,
    #[command(flatten)]
    look: LookArgs,
}

fn what_if(text: &str) -> Result<WhatIf, String> {
    WhatIf::parse(text).ok_or_else(|| String::from("revoke:CONSENT or agreement:AGREEMENT"))
}

pub(super) async fn run(args: ExplainArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let supposed = Supposed {
        person: &args.person,
        recipient: &args.recipient,
        on_behalf_of: args.on_behalf_of.as_ref(),
        as_of: args.as_of,
        what_if: args.what_if.as_ref(),
    };
    let answer = asked.exchange.explain_consent(&asked.config.site_id, &asked.officer, &supposed).await;
    let missing = "There is no such person or agency of this site. That it was asked is on record.";
    Ok(asked.tell(answer, missing, show))
}

fn show(told: &Explanation) {
    let reader = told.on_behalf_of.as_ref().map(|id| format!(", for {id}")).unwrap_or_default();
    print::line(&format!("Person {}, to {}{reader}", told.person_id, told.recipient));
    match &told.age_from {
        Some(assessment) => print::line(&format!("How old the person is, by assessment {assessment}.")),
        None => print::line(
            "No assessment says how old the person is: no word is taken for that of somebody who may speak for themself.",
        ),
    }
    let parts = [("Then", told.then.as_ref()), ("Now", Some(&told.now)), ("If", told.supposed.as_ref())];
    for (when, one) in parts {
        if let Some(one) = one {
            print::line("");
            show_one(when, one);
        }
    }
}

fn show_one(when: &str, one: &Explained) {
    print::line(&format!("{when}, {}: {} ({}). {}", one.at, one.answer.to_uppercase(), one.reason, one.text));
    if let Some((id, version)) = &one.consent {
        let place = one.provision.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
        print::line(&format!("    consent {id}, version {version}{place}"));
    }
    if let Some((id, version)) = &one.agreement {
        print::line(&format!("    agreement {id}, version {version}"));
    }
    if let Some(basis) = &one.basis {
        print::line(&format!(
            "    lawful basis {}; power {}; confidentiality {}",
            basis.data_protection, basis.power, basis.confidentiality
        ));
    }
    for (what, blocks) in [("kept back by the person", &one.kept_back), ("agreed apart", &one.agreed_apart)] {
        if !blocks.is_empty() {
            print::line(&format!("    {what}: {}", blocks.join(" ")));
        }
    }
    for (agency, reason) in &one.shares {
        print::line(&format!("    of {agency} alone: {reason}"));
    }
}
