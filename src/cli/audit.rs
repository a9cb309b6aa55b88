//! `keyway audit`: `verify` computes the audit log again from its stored bytes, `prove` prints a receipt with its proof,
//! `export` writes the log as files, `rotate-key` makes another key for it.

mod bundle;

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{ConfigArg, print, shown};
use crate::{
    app::App,
    audit::{
        Checkpoint, hex,
        note::VerifierKey,
        verify::{Fault, Verified, signed_checkpoint},
    },
    config::Database,
    exchange::{
        log_verifiers,
        ports::{Read, StoreError},
        verify_log_against,
    },
};

/// After how many entries something is said on a terminal.
const PROGRESS_EVERY: u64 = 256_000;
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
    Export(bundle::ExportArgs),
    Prove(ProveArgs),
    RotateKey(RotateKeyArgs),
}

/// Compute the log again from its stored bytes: every entry, its place, the hashes, the root, and every checkpoint.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  keyway audit verify --config /etc/keyway/keyway.toml --checkpoint kept-in-may --json\n  \
                        keyway audit verify --bundle audit-2026-11-27 --key gateway.example/log+1a2b3c4d+AQ…\n\n\
                        May run beside a gateway. Entries that have no place yet are counted as waiting.\n\
                        Somebody who has the database and the key-encryption key can write another log and sign it: give a\n\
                        checkpoint (what /log/checkpoint answered) or a key that was kept elsewhere, and that is found too.\n\
                        Exit codes: 0 the log is whole, 1 it is not or cannot be read, 2 usage."
)]
struct VerifyArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Check this exported log, and no database.
    #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
    bundle: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere, from which the log must go on.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// A key that is trusted, as `/log/keys` shows it; may stand several times. Without it: the keys of the log itself.
    #[arg(long, value_name = "KEY", value_parser = verifier_key)]
    key: Vec<VerifierKey>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Print the signed receipt of a message, with the proof that its entry is in the log.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  keyway audit prove --disclosure 0193f3a0-5c1e-7d2a-9b3c-2f1e4d5c6b7a --json\n\n\
                        May run beside a gateway, and while none runs. docs/receipts.md says how to check what it prints\n\
                        without Keyway.\n\
                        Exit codes: 0 proved, 1 there is no such message or its entry is not proved yet, 2 usage."
)]
struct ProveArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The id of the disclosure, or of the message.
    #[arg(long, value_name = "ID")]
    disclosure: String,
    /// Print one JSON object, as `/disclosures/{id}/receipt` gives it.
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
        AuditCommand::Export(args) => bundle::export(args).await,
        AuditCommand::Prove(args) => prove(args).await,
        AuditCommand::RotateKey(args) => rotate_key(args).await,
    }
}

async fn prove(args: ProveArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let exchange = App::open_beside(&config).await?;
    let Some(found) = exchange.receipt(&config.site_id, &args.disclosure).await? else {
        print::problem("There is no message with a receipt under this id.");
        return Ok(ExitCode::FAILURE);
    };
    if args.json {
        print::object(&found.to_json());
    } else {
        print::line(&found.receipt);
        if let Some((_, proof)) = &found.proved {
            print::line(proof);
        }
    }
    if found.proved.is_none() {
        print::problem("No checkpoint covers its entry yet: the gateway signs one when it runs.");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
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
    let kept = args.checkpoint.as_deref().map(|file| {
        let note = bundle::read(file).and_then(|bytes| String::from_utf8(bytes).ok());
        note.with_context(|| format!("{} cannot be read as a checkpoint", shown(file)))
    });
    let kept = kept.transpose()?;
    if let Some(folder) = &args.bundle {
        let found = bundle::check(folder, &args.key, kept.as_deref(), progress)?;
        let verdict = found
            .map(|checkpoint| Verified { entries: checkpoint.size, root: hex(&checkpoint.root) })
            .map_err(|fault| Wrong { index: fault.index(), what: fault.to_string() });
        return Ok(tell(&args, &verdict, None, &shown(folder)));
    }
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let store = App::open_store(&config)?;
    let own = log_verifiers(store.as_ref()).await?;
    let Database::Sqlite(file) = &config.database;
    if let Some(stranger) = own.iter().find(|key| !args.key.is_empty() && !args.key.contains(key)) {
        let what = format!("the log has the key {}, which is not among those given", stranger.id());
        return Ok(tell(&args, &Err(Wrong { index: None, what }), None, &shown(file)));
    }
    let kept = match kept.map(|note| kept_checkpoint(&note, &own)).transpose() {
        Ok(kept) => kept,
        Err(error) => {
            let wrong = Wrong { index: None, what: error.to_string() };
            return Ok(tell(&args, &Err(wrong), None, &shown(file)));
        }
    };
    let mut seen = 0_u64;
    let found = verify_log_against(store.as_ref(), kept.as_ref(), |_| {
        seen = seen.saturating_add(1);
        progress(seen);
    });
    let verdict = judge(found.await)?;
    let waiting = match store.log_head().await {
        Ok(head) => Some(head.waiting),
        // The verdict has said so.
        Err(StoreError::Corrupt(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(tell(&args, &verdict, waiting, &shown(file)))
}

fn tell(args: &VerifyArgs, verdict: &Result<Verified, Wrong>, waiting: Option<i64>, file: &str) -> ExitCode {
    if args.json {
        print::object(&as_object(verdict, waiting));
    } else {
        match verdict {
            Ok(found) => print::line(&whole(found, waiting)),
            Err(wrong) => print::problem(&not_whole(wrong, file)),
        }
    }
    if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How far it is, now and then, for whoever looks at a terminal.
fn progress(seen: u64) {
    if seen.is_multiple_of(PROGRESS_EVERY) && io::stderr().is_terminal() {
        // Nobody waits for it: where it cannot be written nothing is lost.
        drop(writeln!(io::stderr(), "{seen} entries so far"));
    }
}

/// The checkpoint that somebody kept.
fn kept_checkpoint(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint> {
    signed_checkpoint(note, keys).context("the checkpoint that was kept is not signed by a key of this log")
}

fn verifier_key(text: &str) -> Result<VerifierKey, &'static str> {
    VerifierKey::parse(text).ok_or("must be name+id+base64, as /log/keys shows it")
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
        "The log is whole: {} entries with their hashes and checkpoints, root {}; {} entries wait for their place.\n\
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
