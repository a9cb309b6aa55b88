//! `keyway map again`: a past message made again and compared with what was sent.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    app::App,
    audit::hex,
    cli::{ConfigArg, print},
    exchange::{Again, MadeAgain, refusal::Refused},
    ids::MessageId,
};

/// The exit code for a message that cannot be made again.
const CANNOT_BE: u8 = 2;

/// Make a past message again from what is stored, and compare it with what was sent, byte for byte.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway map again 01900000-0000-7000-8000-000000000001 --config /etc/keyway/keyway.toml\n\n\
    It can be made again while this release has the mapping, allow-lists and profiles that made it and while its content\n\
    is not erased. Otherwise the hash that was stored with it is all that answers. Nothing is sent, no content is\n\
    printed, and the look is in the audit log. May run beside a gateway.\n\
    Exit codes: 0 the same bytes, 1 others (or there is no such message), 2 it cannot be made again (and why), or usage.")]
pub(super) struct AgainArgs {
    /// The message's id, as the audit log and its receipt have it; of a FHIR message it is the X-Request-Id.
    #[arg(value_name = "MESSAGE_ID", value_parser = message)]
    message: MessageId,
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn message(text: &str) -> Result<MessageId, String> {
    MessageId::parse(text).ok_or_else(|| String::from("not a message's id"))
}

pub(super) async fn run(args: AgainArgs) -> Result<ExitCode> {
    let Some(config) = args.config.load() else { return Ok(ExitCode::FAILURE) };
    let exchange = App::open_beside(&config).await?;
    let again = match exchange.make_again(&config.site_id, &args.message).await {
        Ok(again) => again,
        Err(refusal) => {
            let what = match refusal.class {
                Refused::NotFound => "There is no such message of this site.",
                _ => "What is stored of this message cannot be read.",
            };
            print::problem(what);
            return Ok(ExitCode::FAILURE);
        }
    };
    if args.json {
        print::object(&as_object(&args.message, &again));
    } else {
        print::line(&told(&again));
    }
    Ok(match again.what {
        Again::Same => ExitCode::SUCCESS,
        Again::Differs(_) => ExitCode::FAILURE,
        Again::CannotBe(_) => ExitCode::from(CANNOT_BE),
    })
}

fn as_object(message: &MessageId, again: &MadeAgain) -> Value {
    let (result, place, why) = match &again.what {
        Again::Same => ("same", None, None),
        Again::Differs(place) => ("differs", Some(place), None),
        Again::CannotBe(why) => ("cannot-be-made-again", None, Some(why)),
    };
    json!({
        "message": message,
        "result": result,
        "first_difference": place,
        "why": why,
        "stored_sha256": hex(&again.stored_sha256),
        "stored_matches": again.stored_matches,
        "made_by": again.made_by,
    })
}

fn told(again: &MadeAgain) -> String {
    let hash = hex(&again.stored_sha256);
    let stored = match again.stored_matches {
        Some(true) => format!("What is stored has the hash that it was stored with: SHA-256 {hash}."),
        Some(false) => format!("WHAT IS STORED HAS ANOTHER HASH than it was stored with: SHA-256 {hash}."),
        None => format!("The hash that was stored with it is all that is left: SHA-256 {hash}."),
    };
    let what = match &again.what {
        Again::Same => String::from("Made again: the same bytes."),
        Again::Differs(place) => format!("MADE AGAIN, IT IS OTHERWISE: first at {place}."),
        Again::CannotBe(why) => format!("It cannot be made again: {why}."),
    };
    let by = again.made_by.as_ref().map(|made_by| {
        let short = made_by.mapping_sha256.get(..12).unwrap_or_default();
        format!("\nMade by {} ({short}), allow-lists {}.", made_by.mapping, made_by.policy)
    });
    format!("{what}\n{stored}{}", by.unwrap_or_default())
}
