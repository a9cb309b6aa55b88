//! `keyway audit verify`: computes the audit log again from its stored bytes. `keyway audit rotate-key`: makes another key for
//! its checkpoints.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{ConfigArg, print, shown};
use crate::{
    app::App,
    audit::verify::{Fault, Verified},
    config::Database,
    exchange::{
        ports::{Read, StoreError},
        verify_log,
    },
};

/// Who changes a key, in the log.
const ROTATION_ACTOR: &str = "operator:rotate-key";

/// Look after the audit log.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    Verify(VerifyArgs),
    RotateKey(RotateKeyArgs),
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

/// Make a new key for the log's checkpoints. What the earlier ones signed can still be checked.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  keyway audit rotate-key --config /etc/keyway/keyway.toml\n\n\
                        May run beside a gateway, which signs with the new key from its next checkpoint on. The change\n\
                        is an entry in the log. Give the new key to whoever checks checkpoints.\n\
                        Exit codes: 0 the new key signs, 1 nothing was changed, 2 usage.")]
struct RotateKeyArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: AuditArgs) -> Result<ExitCode> {
    match args.command {
        AuditCommand::Verify(args) => verify(args).await,
        AuditCommand::RotateKey(args) => rotate_key(args).await,
    }
}

async fn rotate_key(args: RotateKeyArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let exchange = App::open_beside(&config).await?;
    if exchange.store.log_keys().await?.is_empty() {
        print::problem("This log has no key yet: the gateway makes one when it starts.");
        return Ok(ExitCode::FAILURE);
    }
    let row = exchange.change_log_key(&config.site_id, ROTATION_ACTOR).await?;
    let key = row.verifier().context("the new key has a name that no signed note can hold")?.to_text();
    if args.json {
        print::object(
            &json!({"keyId": row.key_id, "verifierKey": key, "validFrom": row.valid_from.to_rfc3339()}),
        );
    } else {
        print::line(&format!("The log's checkpoints are signed with this key from now on:\n{key}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(args: VerifyArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let store = App::open_store(&config)?;
    let verdict = judge(verify_log(store.as_ref(), |_| {}).await)?;
    let waiting = match store.log_head().await {
        Ok(head) => Some(head.waiting),
        // The verdict has said so.
        Err(StoreError::Corrupt(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let Database::Sqlite(file) = &config.database;
    if args.json {
        print::object(&as_object(&verdict, waiting));
    } else {
        match &verdict {
            Ok(found) => print::line(&whole(found, waiting)),
            Err(wrong) => print::problem(&not_whole(wrong, &shown(file))),
        }
    }
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with the log: at which entry, where that is known, and what.
struct Wrong {
    index: Option<u64>,
    what: String,
}

/// A row that cannot be understood is a verdict like any other: whoever destroyed it changed the log.
fn judge(found: Read<Result<Verified, Fault>>) -> Result<Result<Verified, Wrong>, StoreError> {
    match found {
        Ok(Ok(whole)) => Ok(Ok(whole)),
        Ok(Err(fault)) => Ok(Err(Wrong { index: fault.index, what: fault.to_string() })),
        Err(StoreError::Corrupt(table)) => {
            let what = format!("a row of {table} is missing or cannot be understood");
            Ok(Err(Wrong { index: None, what }))
        }
        Err(error @ StoreError::Unavailable(_)) => Err(error),
    }
}

fn as_object(verdict: &Result<Verified, Wrong>, waiting: Option<i64>) -> Value {
    match verdict {
        Ok(found) => {
            json!({"verified": true, "entries": found.entries, "root": found.root, "waiting": waiting})
        }
        Err(wrong) => {
            json!({"verified": false, "index": wrong.index, "what": wrong.what, "waiting": waiting})
        }
    }
}

fn whole(found: &Verified, waiting: Option<i64>) -> String {
    format!(
        "The log is whole: {} entries, root {}; {} entries wait for their place.\n\
         This covers the audit log only: what else the database holds was not looked at.",
        found.entries,
        found.root,
        waiting.unwrap_or(0)
    )
}

fn not_whole(wrong: &Wrong, file: &str) -> String {
    format!(
        "THE LOG IS NOT WHOLE: {}\n\
         What to do now: stop the gateway; copy {file} as it is, with the files beside it whose names begin the \
         same; keep the copy and change nothing in it; tell the information governance officer.",
        wrong.what
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destroyed_head_is_a_verdict_and_the_text_says_what_to_do() {
        let verdict = judge(Err(StoreError::Corrupt("log_head"))).unwrap();
        let told = as_object(&verdict, None);
        assert_eq!((&told["verified"], &told["waiting"]), (&json!(false), &Value::Null));
        let text = not_whole(&verdict.unwrap_err(), "/var/keyway.db");
        for part in ["log_head", "/var/keyway.db", "stop the gateway", "information governance officer"] {
            assert!(text.contains(part), "{part} is missing from {text}");
        }
        assert!(judge(Err(StoreError::Unavailable(String::new()))).is_err());
    }

    #[test]
    fn a_whole_log_is_not_said_to_be_a_whole_database() {
        let found = Verified { entries: 2, root: String::from("ab") };
        let text = whole(&found, Some(1));
        assert!(text.contains("2 entries") && text.contains("audit log only"), "{text}");
    }
}
