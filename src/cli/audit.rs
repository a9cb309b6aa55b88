//! `keyway audit verify`: computes the audit log again from its stored bytes.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{ConfigArg, print};
use crate::{app::App, exchange::verify_log};

/// Look after the audit log.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    Verify(VerifyArgs),
}

/// Compute the log again from its stored bytes: every entry, its place, and the root.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  keyway audit verify --config /etc/keyway/keyway.toml --json\n\n\
                        May run beside a gateway. Entries that have no place yet are counted as waiting.\n\
                        Exit codes: 0 the log is whole, 1 it is not or cannot be read, 2 usage.")]
struct VerifyArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: AuditArgs) -> Result<ExitCode> {
    let AuditCommand::Verify(args) = args.command;
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let store = App::open_store(&config)?;
    let verdict = verify_log(store.as_ref(), |_| {}).await?;
    let waiting = store.log_head().await?.waiting;
    let whole = verdict.is_ok();
    if args.json {
        print::object(&match &verdict {
            Ok(found) => {
                json!({"verified": true, "entries": found.entries, "root": found.root, "waiting": waiting})
            }
            Err(fault) => json!({
                "verified": false, "index": fault.index, "what": fault.to_string(), "waiting": waiting,
            }),
        });
    } else {
        match &verdict {
            Ok(found) => print::line(&format!(
                "The log is whole: {} entries, root {}; {waiting} entries wait for their place.",
                found.entries, found.root
            )),
            Err(fault) => print::problem(&format!("THE LOG IS NOT WHOLE: {fault}")),
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
