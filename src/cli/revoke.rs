//! `keyway consent revoke`: takes a consent back where the service's own system cannot, and says what that does.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{ConfigArg, ig::consent, print};
use crate::{
    app::App,
    clock::Moment,
    exchange::{Effects, refusal::Refused},
    ids::ConsentId,
};

/// Longest name of an operator, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// Take a consent back: what waits is stopped, what has gone is recalled.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway consent revoke 01900000-0000-7000-8000-000000000001 --as jo.bloggs --config /etc/keyway/keyway.toml --dry-run\n\n\
    The same as POST /fhir/Consent/{id}/$revoke, for when a service's own system cannot ask it. Runs beside a gateway, which\n\
    sends the recalls. Of a consent that is taken back already it says how that stands: run it again until nothing is in\n\
    flight. Who ran it is in the audit log.\n\
    Exit codes: 0 taken back (or would be, with --dry-run) and nothing is in flight, 1 refused and nothing was changed,\n\
    2 usage, 3 taken back and something had begun to be sent: its outcome is not known yet.")]
pub(super) struct RevokeArgs {
    /// The consent's id.
    #[arg(value_name = "CONSENT_ID", value_parser = consent)]
    consent: ConsentId,
    /// Who takes it back, for the log: letters, digits, `.`, `-` and `_`.
    #[arg(long = "as", value_name = "NAME", value_parser = name)]
    name: String,
    #[command(flatten)]
    config: ConfigArg,
    /// Say what it would do now, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// The exit code while something is in flight.
const IN_FLIGHT: u8 = 3;

fn name(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if (1..=NAME_MAX_BYTES).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be 1 to {NAME_MAX_BYTES} letters, digits, '.', '-' or '_'"))
    }
}

pub(super) async fn run(args: RevokeArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let exchange = App::open_beside(&config).await?;
    let actor = format!("operator:{}", args.name);
    match exchange.withdraw(&config.site_id, &actor, &args.consent, args.dry_run).await {
        Ok(effects) => {
            tell(&args, &effects);
            let is_under_way = !args.dry_run && !effects.in_flight.is_empty();
            Ok(if is_under_way { ExitCode::from(IN_FLIGHT) } else { ExitCode::SUCCESS })
        }
        Err(refusal) => {
            let what = match refusal.class {
                Refused::NotFound => "There is no such consent of this site.",
                Refused::Unprocessable => "The person declined there: there is no agreement to take back.",
                Refused::Unavailable => {
                    "Nothing was changed: the database is busy or cannot be written. Try again."
                }
                _ => "Nothing was changed: what is stored of it cannot be read.",
            };
            print::problem(what);
            Ok(ExitCode::FAILURE)
        }
    }
}

fn tell(args: &RevokeArgs, effects: &Effects) {
    if args.json {
        let in_flight: Vec<Value> = effects
            .in_flight
            .iter()
            .map(|one| {
                let send_by = one.send_by.map(Moment::to_rfc3339);
                json!({"referral": one.referral, "recipient": one.recipient, "send_by": send_by})
            })
            .collect();
        print::object(&json!({
            "consent": args.consent, "dry_run": args.dry_run, "stopped": effects.stopped,
            "recalled": effects.recalled, "in_flight": in_flight,
        }));
        return;
    }
    let [stopped, recalled, in_flight] = if args.dry_run {
        ["would be stopped", "would be recalled", "is being sent now"]
    } else {
        ["stopped", "recalled", "in flight"]
    };
    for referral in &effects.stopped {
        print::line(&format!("{stopped:<17}  {referral}"));
    }
    for referral in &effects.recalled {
        print::line(&format!("{recalled:<17}  {referral}"));
    }
    for one in &effects.in_flight {
        let by = one.send_by.map_or_else(String::new, |by| format!(", known by {by}"));
        print::line(&format!("{in_flight:<17}  {} to {}{by}", one.referral, one.recipient));
    }
    print::line(if args.dry_run {
        "Nothing was changed."
    } else if effects.in_flight.is_empty() {
        "Taken back. Nothing more goes out under it."
    } else {
        "Taken back. Run this again until nothing is in flight."
    });
}
