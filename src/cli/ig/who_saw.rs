//! `keyway ig who-saw`: who saw, or looked for, what is about a person.

use std::{io::Read as _, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::look::{BetweenArgs, LookArgs};
use crate::{
    assessment::NhsNumber,
    cli::{map::run::agency, print},
    exchange::ig::{Ground, Seen, Subject, WhoSaw},
    ids::{PartnerId, PersonId},
    limits::IDENTIFIERS_INPUT_MAX_BYTES,
};

/// The reason of a decision that passes over the consent that it names.
const OVER_CONSENT: &str = "override-risk-to-life";

/// Show every disclosure, collection, look and refused look about a person: when, who, acting for whom, for what, which blocks,
/// on which consent, agreement and lawful basis.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway ig who-saw --person 01900000-0000-7000-8000-000000000001 --as ig.officer --config /etc/keyway/keyway.toml\n  \
    echo 9990000018 | keyway ig who-saw --nhs-number - --as ig.officer --since 2026-11-01T00:00:00Z --json\n\n\
    What is given as an argument stays in the shell's history and is seen by others on this machine: give a number or a\n\
    reference by standard input (-). It is not in the audit log; whom it found is. No content and nobody's name is printed:\n\
    blocks are rows of docs/disclosure-table.md. May run beside a gateway.\n\
    Exit codes: 0 shown, 1 nobody is known by this (or it cannot be put on record), 2 usage.")]
pub(super) struct WhoSawArgs {
    #[command(flatten)]
    whom: WhomArgs,
    /// Whose reference it is, where two agencies have the same.
    #[arg(long, value_name = "ID", value_parser = agency, requires = "reference")]
    agency: Option<PartnerId>,
    #[command(flatten)]
    between: BetweenArgs,
    #[command(flatten)]
    look: LookArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhomArgs {
    /// The gateway's own id of the person.
    #[arg(long, value_name = "ID", value_parser = person)]
    person: Option<PersonId>,
    /// An NHS number; - reads it from standard input.
    #[arg(long, value_name = "NUMBER")]
    nhs_number: Option<String>,
    /// A reference that an agency has for the person: its own, or the pseudonym that it was told; - reads it from standard
    /// input.
    #[arg(long, value_name = "REFERENCE")]
    reference: Option<String>,
}

/// A person's id on the command line.
pub(in crate::cli) fn person(text: &str) -> Result<PersonId, String> {
    PersonId::parse(text).ok_or_else(|| String::from("not a person's id"))
}

pub(super) async fn run(args: WhoSawArgs) -> Result<ExitCode> {
    let subject = match (args.whom.person, args.whom.nhs_number, args.whom.reference) {
        (Some(person), ..) => Subject::Person(person),
        (None, Some(number), _) => {
            let number = NhsNumber::parse(&given(number)?);
            Subject::NhsNumber(number.context("--nhs-number")?)
        }
        (None, None, Some(reference)) => {
            Subject::Reference { reference: given(reference)?, agency: args.agency }
        }
        (None, None, None) => bail!("say whom: --person, --nhs-number or --reference"),
    };
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let between = args.between.moments();
    let answer = asked.exchange.who_saw(&asked.config.site_id, &asked.officer, &subject, between).await;
    let missing = "Nobody is known by this here. That it was asked is on record.";
    Ok(asked.tell(answer, missing, show))
}

/// What was given, or what stands on standard input.
fn given(value: String) -> Result<String> {
    if value != "-" {
        return Ok(value);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(u64::try_from(IDENTIFIERS_INPUT_MAX_BYTES).unwrap_or(u64::MAX))
        .read_to_string(&mut text)
        .context("standard input cannot be read")?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => bail!("there was nothing on standard input"),
    }
}

fn show(told: &WhoSaw) {
    for person in &told.people {
        print::line(&format!("Person {person}"));
    }
    if told.people.len() > 1 {
        print::line(
            "These are several records: agencies told of somebody, and nobody has said that it is one person.",
        );
    }
    if told.earlier_left_out {
        print::line("There is more before the first line: ask with --until.");
    }
    for one in &told.seen {
        print::line("");
        for line in lines(one) {
            print::line(&line);
        }
    }
    if told.seen.is_empty() {
        print::line("Nobody saw, was sent or looked for anything in this time.");
    }
}

fn lines(one: &Seen) -> Vec<String> {
    let kind = one.kind.map(|kind| format!(" ({})", kind.as_str())).unwrap_or_default();
    let (verb, preposition) = match one.what {
        "disclosed" => ("disclosed", "to"),
        "refused" => ("refused", "to"),
        "access-refused" => ("not theirs to see,", "asked by"),
        other => (other, "by"),
    };
    let acting = match &one.acting_for {
        Some(reader) => format!(", which passes it on to {reader}"),
        None => String::new(),
    };
    let detail = if one.detail.is_empty() { String::new() } else { format!(" [{}]", one.detail) };
    let mut lines = vec![format!("{}  {verb} {preposition} {}{kind}{acting}{detail}", one.at, one.who)];
    if let Some(referral) = &one.referral_id {
        let stands = one.delivery.map(|status| format!(", {}", status.as_str())).unwrap_or_default();
        let message = one.message_id.as_ref().map(|id| format!(", message {id}{stands}")).unwrap_or_default();
        lines.push(format!("    referral {referral}{message}"));
    }
    if let Some(ground) = &one.ground {
        lines.extend(grounds(ground).into_iter().map(|line| format!("    {line}")));
    }
    let place = one.log_index.map(|index| format!(", place {index}")).unwrap_or_default();
    lines.push(format!("    log entry {}{place}", one.entry_id));
    lines
}

/// On what it rested, a line for each.
pub(super) fn grounds(ground: &Ground) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", ground.answer, ground.reason)];
    if !ground.purposes.is_empty() {
        lines.push(format!("for {}", ground.purposes.join(" ")));
    }
    match &ground.blocks {
        Some(blocks) if !blocks.is_empty() => lines.push(format!("blocks {}", blocks.join(" "))),
        Some(_) => {}
        None => lines.push(String::from("blocks: the person was erased, and with them what would say it")),
    }
    if let Some(consent) = &ground.consent {
        let place = ground.provision.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
        // Named, and passed over: it is no ground of what was sent.
        let over = if ground.reason == OVER_CONSENT { "over what was said in " } else { "" };
        lines.push(format!("{over}consent {}, version {}{place}", consent.id, consent.version));
    }
    if let Some(agreement) = &ground.agreement {
        lines.push(format!("agreement {}, version {}", agreement.id, agreement.version));
    }
    for (what, basis) in [("lawful basis", &ground.basis), ("and by the override", &ground.override_basis)] {
        if let Some(basis) = basis {
            let (power, confidentiality) = (&basis.power, &basis.confidentiality);
            lines.push(format!(
                "{what} {}; power {power}; confidentiality {confidentiality}",
                basis.data_protection
            ));
        }
    }
    if let Some(reader) = &ground.on_behalf_of {
        lines.push(format!("and of whom it is passed on to, {reader}"));
    }
    lines
}
