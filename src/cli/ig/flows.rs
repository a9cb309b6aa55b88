//! `keyway ig flows`: flows declared against flows used.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::look::LookArgs;
use crate::{
    cli::print,
    exchange::ig::{Flow, FlowStands, Table, register},
};

/// Show flows declared by agreements against flows used: what was sent under each version, to which audience, how often, first
/// and last; what is declared and was never used, and what was used and is not declared now.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig flows --markdown --as ig.officer --config /etc/keyway/keyway.toml > flows.md\n\n\
    Counted are messages that disclose an assessment. May run beside a gateway.\n\
    Exit codes: 0 shown, 1 it cannot be put on record or read, 2 usage.")]
pub(super) struct FlowsArgs {
    /// As CSV, for a register.
    #[arg(long, conflicts_with_all = ["markdown", "json"])]
    csv: bool,
    /// As a table in Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(args: FlowsArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.flows(&asked.config.site_id, &asked.officer).await;
    Ok(asked.tell(answer, "", |told| {
        if args.csv {
            print::bytes(register::register(&told.flows).csv().as_bytes());
        } else if args.markdown {
            print::line(&format!("Flows at {}\n", told.at));
            print::bytes(register::register(&told.flows).markdown().as_bytes());
        } else {
            print::bytes(brief(&told.flows).text().as_bytes());
            let count = |stands: FlowStands| told.flows.iter().filter(|flow| flow.stands == stands).count();
            print::line(&format!(
                "{} declared and used, {} declared and never used, {} used and not declared now.",
                count(FlowStands::DeclaredAndUsed),
                count(FlowStands::DeclaredNeverUsed),
                count(FlowStands::UsedNotDeclaredNow)
            ));
            let overdue = told.flows.iter().filter(|flow| flow.review_overdue).count();
            print::line(&format!("The review of {overdue} records is OVERDUE."));
        }
    }))
}

fn brief(flows: &[Flow]) -> Table {
    let heads = [
        "agreement",
        "version",
        "recipient",
        "audience",
        "passed on to",
        "messages",
        "last",
        "review by",
        "stands",
    ];
    let mut table = Table::new(&heads);
    for flow in flows {
        let [id, version] = register::named(flow);
        let because = flow.because.map(|why| format!(": {why}")).unwrap_or_default();
        let stands = format!("{}{because}", flow.stands.as_str());
        let overdue = if flow.review_overdue { " OVERDUE" } else { "" };
        let review = flow.review_by.as_ref().map(|by| format!("{by}{overdue}")).unwrap_or_default();
        for [audience, reader, number, _, last] in register::cells(flow) {
            table.row(&[
                &id,
                &version,
                flow.recipient.as_str(),
                &audience,
                &reader,
                &number,
                &last,
                &review,
                &stands,
            ]);
        }
    }
    table
}
