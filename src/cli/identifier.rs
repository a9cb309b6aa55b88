//! `keyway identifier`: whether identifiers have the form of their kind, how they are written, whether they check.

use std::{io::Read as _, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::print;
use crate::{
    assessment::identifier::{Check, Identifier, IdentifierFault, IdentifierType},
    clock::{Clock as _, Moment, SystemClock},
    limits::IDENTIFIERS_INPUT_MAX_BYTES,
};

/// Look at identifiers of people and cases: their form, how they are written, and their check digit or letter.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway identifier pnc 1999/0000001G 99/2H\n  \
    keyway identifier asn - --json < numbers.txt\n\n\
    TYPE is one of nhs, pnc, cro, asn, crn, prison-number (or noms), urn, court-case (or ccr), custody-record.\n\
    What is given as an argument stays in the shell's history and is seen by others on this machine: give real \
    identifiers by standard input, a line each.\n\
    That an identifier checks says nothing of whose it is. CRN, prison number, URN and custody record have nothing to \
    check; nor has an ASN that stands for no number.\n\n\
    Exit codes: 0 every value has its form and nothing is wrong with its check, 1 a wrong form or check, or nothing \
    to look at, 2 usage.")]
pub(super) struct IdentifierArgs {
    /// What kind of identifier.
    #[arg(value_name = "TYPE", value_parser = kind)]
    kind: IdentifierType,
    /// The identifiers; - reads them from standard input, one a line.
    #[arg(required = true, value_name = "VALUE")]
    values: Vec<String>,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

fn kind(name: &str) -> Result<IdentifierType, &'static str> {
    IdentifierType::of_name(name)
        .ok_or("it is one of nhs, pnc, cro, asn, crn, prison-number, urn, court-case, custody-record")
}

pub(super) fn run(args: &IdentifierArgs) -> Result<ExitCode> {
    let mut values = Vec::new();
    for value in &args.values {
        if value == "-" {
            values.extend(lines_of_input()?);
        } else {
            values.push(value.clone());
        }
    }
    if values.is_empty() {
        bail!("there was nothing to look at on standard input; give one identifier a line");
    }
    let looked: Vec<_> = values.iter().map(|value| Identifier::parse(args.kind, value)).collect();
    let now = SystemClock.now();
    if args.json {
        print::object(&looked.iter().map(|one| object(args.kind, one, now)).collect());
    } else {
        table(args.kind, &looked, now);
    }
    for (place, one) in looked.iter().enumerate() {
        if let Some(text) = reason(one, now) {
            print::problem(&format!("value {}: {text}", place + 1));
        }
    }
    let wrong =
        looked.iter().any(|one| one.as_ref().map_or(Check::Invalid, |one| check(one, now)) == Check::Invalid);
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One identifier that was looked at.
type Looked = std::result::Result<Identifier, IdentifierFault>;

fn object(kind: IdentifierType, looked: &Looked, now: Moment) -> Value {
    let check = looked.as_ref().map_or(Check::NotChecked, |one| check(one, now));
    json!({
        "type": kind.name(),
        "canonical": looked.as_ref().ok().map(|one| one.canonical(now)),
        "format_valid": looked.is_ok(),
        "check": check.as_str(),
    })
}

fn table(kind: IdentifierType, all: &[Looked], now: Moment) {
    let rows: Vec<(String, bool, &str)> = all
        .iter()
        .map(|looked| match looked {
            Ok(one) => (one.canonical(now), true, check(one, now).as_str()),
            Err(_) => (String::from("-"), false, Check::NotChecked.as_str()),
        })
        .collect();
    let width =
        rows.iter().map(|(canonical, ..)| canonical.len()).chain(["canonical".len()]).max().unwrap_or(0);
    let kind_width = kind.name().len().max("type".len());
    let line = |kind: &str, canonical: &str, format: &str, check: &str| {
        print::line(&format!("{kind:kind_width$}  {canonical:width$}  {format:12}  {check}"));
    };
    line("type", "canonical", "format_valid", "check");
    for (canonical, format, check) in &rows {
        line(kind.name(), canonical, if *format { "true" } else { "false" }, check);
    }
}

/// As an assessment takes it: the letter fits a year to come as well, and no number is of one.
fn check(one: &Identifier, now: Moment) -> Check {
    if one.is_of_a_year_to_come(now) { Check::Invalid } else { one.check() }
}

/// What is to be said about one, never with its value.
fn reason(looked: &Looked, now: Moment) -> Option<String> {
    match looked {
        Err(fault) => Some(fault.to_string()),
        Ok(one) if one.check() == Check::Invalid => {
            Some(String::from("The check digit or letter does not fit."))
        }
        Ok(one) if one.is_of_a_year_to_come(now) => {
            Some(String::from("The year of this number has not come yet: look at where it was copied from."))
        }
        Ok(one) if one.stands_for_none() => Some(String::from("This stands where there is no number.")),
        Ok(_) => None,
    }
}

/// The lines of standard input that are not empty.
fn lines_of_input() -> Result<Vec<String>> {
    let most = u64::try_from(IDENTIFIERS_INPUT_MAX_BYTES)?;
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(most + 1)
        .read_to_string(&mut text)
        .context("standard input cannot be read as UTF-8 text")?;
    if text.len() > IDENTIFIERS_INPUT_MAX_BYTES {
        bail!(
            "standard input is longer than {IDENTIFIERS_INPUT_MAX_BYTES} bytes; give fewer identifiers at a time"
        );
    }
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}
