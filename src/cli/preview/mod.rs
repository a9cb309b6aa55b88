//! `keyway preview`: what each recipient of an assessment would get, side by side and byte for byte, and what is kept back by
//! which rule.

mod page;
mod table;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{
    map::run::{agency, answer, decision, parts, to_whom},
    print,
    rehearsing::{self, RehearsalArgs},
    shown,
};
use crate::{
    audit::{hex, merkle::sha256},
    directory::Audience,
    exchange::Rehearsed,
    ids::PartnerId,
};

/// Show side by side what each recipient of an assessment would get, byte for byte, and what is kept back by which rule.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway preview assessment.json --all-recipients --directory directory.json --directory agreements.json\n  \
    keyway preview assessment.json --all-recipients --directory lists.json --format html > preview.html\n  \
    keyway preview assessment.json --recipient housing-harbour --directory agencies.json --json\n\n\
    The assessment is planned as POST /assessments plans it, and nothing is stored or sent. What was submitted before,\n\
    and consents that were recorded before, are not known here: for those use POST /assessments?dry-run=true. Ids and\n\
    pseudonyms are the rehearsal's own. What is printed holds personal data.\n\
    Exit codes: 0 shown, 1 the assessment or a list is refused, 2 usage.")]
pub(super) struct PreviewArgs {
    /// The assessment.
    #[arg(value_name = "ASSESSMENT")]
    file: PathBuf,
    /// Everybody whom the assessment asks.
    #[arg(long, conflicts_with = "recipient", required_unless_present = "recipient")]
    all_recipients: bool,
    /// One agency.
    #[arg(long, value_name = "ID", value_parser = agency)]
    recipient: Option<PartnerId>,
    #[command(flatten)]
    rehearsal: RehearsalArgs,
    /// How it is shown.
    #[arg(long, default_value = "text", conflicts_with = "json")]
    format: Format,
    /// Print one JSON object; bodies are there as text and as base64.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    /// A page for a browser: fields beside recipients, and the messages side by side.
    Html,
}

pub(super) async fn run(args: PreviewArgs) -> Result<ExitCode> {
    args.rehearsal.must_have_lists()?;
    let body = rehearsing::assessment(&args.file)?;
    let Some(stage) = args.rehearsal.stage().await? else { return Ok(ExitCode::FAILURE) };
    let rehearsed = stage.gateway.exchange.rehearse(&stage.caller, &body).await;
    let Some(mut rehearsal) = rehearsing::unless_refused(rehearsed) else { return Ok(ExitCode::FAILURE) };
    if let Some(id) = &args.recipient {
        rehearsal.recipients.retain(|one| one.recipient == *id);
        if rehearsal.recipients.is_empty() {
            bail!("{} does not ask {id}", shown(&args.file));
        }
    }
    let assessment: Value = serde_json::from_slice(&body)?;
    let rows = table::rows(&assessment, &rehearsal.recipients);
    match args.format {
        _ if args.json => {
            let recipients: Vec<Value> = rehearsal.recipients.iter().map(whole).collect();
            let fields = table::whole(&rows, &rehearsal.recipients);
            let warnings = rehearsal.answer.get("warnings");
            print::object(&json!({"recipients": recipients, "fields": fields, "warnings": warnings}));
        }
        Format::Html => print::bytes(page::html(&rows, &rehearsal.recipients).as_bytes()),
        Format::Text => {
            for (one, number) in rehearsal.recipients.iter().zip(1..) {
                print::line(&format!("{number} {}", to_whom(one)));
            }
            print::line("");
            for line in table::text(&rows) {
                print::line(&print::printable(&line));
            }
            print::line("");
            rehearsal.recipients.iter().for_each(summary);
            rehearsal.recipients.iter().for_each(bodies);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Who, the answer, how much, and what is kept back.
fn summary(one: &Rehearsed) {
    let sizes: Vec<String> = one
        .message
        .iter()
        .flat_map(parts)
        .map(|(part, bytes)| format!("{part} {} bytes", bytes.len()))
        .collect();
    let sizes = if sizes.is_empty() { String::from("nothing") } else { sizes.join(", ") };
    print::line(&format!("{}: {}\n  gets {sizes}", to_whom(one), answer(one)));
    for kept in &one.withheld {
        print::line(&format!("  withheld {} by {}: {}", kept.field, kept.rule, kept.reason));
    }
    for warning in &one.warnings {
        print::line(&format!("  warning {}: {}", warning.path, warning.diagnostics));
    }
}

/// Every byte, under a heading.
fn bodies(one: &Rehearsed) {
    for (part, bytes) in one.message.iter().flat_map(parts) {
        print::line(&format!("\n== {} {part} ==\n{}", one.recipient, String::from_utf8_lossy(bytes)));
    }
}

fn whole(one: &Rehearsed) -> Value {
    let message = one.message.as_ref();
    let parts: Vec<Value> = one
        .message
        .iter()
        .flat_map(parts)
        .map(|(part, bytes)| {
            json!({
                "part": part,
                "bytes": bytes.len(),
                "sha256": hex(&sha256(bytes)),
                "text": String::from_utf8_lossy(bytes),
                "base64": STANDARD.encode(bytes),
            })
        })
        .collect();
    json!({
        "recipient": one.recipient,
        "on_behalf_of": one.on_behalf_of,
        "audience": one.audience.map(Audience::as_str),
        "channel": one.channel,
        "decision": decision(one),
        "content_type": message.map(|message| message.content_type),
        "made_by": message.map(|message| &message.made_by),
        "parts": parts,
        "withheld": one.withheld,
        "warnings": one.warnings.iter().map(|w| json!({"path": w.path, "text": w.diagnostics})).collect::<Vec<_>>(),
    })
}
