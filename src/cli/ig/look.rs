//! What every question needs: which gateway, who asks; and `keyway ig looks`, what was asked.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use rustix::process::getuid;
use serde::Serialize;
use serde_json::json;

use crate::{
    app::App,
    cli::{ConfigArg, print},
    clock::Moment,
    config::Config,
    exchange::{
        Exchange,
        ig::{Officer, Table},
        refusal::{Refusal, Refused},
    },
};

/// Which gateway is asked, and by whom.
#[derive(Debug, Args)]
pub(in crate::cli) struct LookArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Who asks: a name of an account for the audit log, such as ig.officer. The number of the account that runs this stands
    /// beside it.
    #[arg(long = "as", value_name = "NAME", value_parser = officer)]
    officer: Officer,
    /// Print one JSON object.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// From when, and until when.
#[derive(Debug, Args)]
pub(super) struct BetweenArgs {
    /// Not before this moment, as in 2026-11-23T09:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Moment>,
    /// Not after this one.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Moment>,
}

impl BetweenArgs {
    pub(super) fn moments(&self) -> (Moment, Moment) {
        (self.since.unwrap_or(Moment(i64::MIN)), self.until.unwrap_or(Moment(i64::MAX)))
    }
}

/// A gateway that is asked.
pub(in crate::cli) struct Asked {
    pub(in crate::cli) config: Config,
    pub(in crate::cli) exchange: Exchange,
    pub(in crate::cli) officer: Officer,
    json: bool,
}

impl LookArgs {
    /// The gateway; `None` when its settings do not serve, which was told.
    pub(in crate::cli) async fn open(self) -> Result<Option<Asked>> {
        let Some(config) = self.config.load() else { return Ok(None) };
        let exchange = App::open_beside(&config).await?;
        Ok(Some(Asked { config, exchange, officer: self.officer, json: self.json }))
    }
}

impl Asked {
    /// Prints the answer, as one object or by `show`; or why there is none: `missing` says that nothing was found.
    pub(in crate::cli) fn tell<T: Serialize>(
        &self,
        answer: Result<T, Refusal>,
        missing: &str,
        show: impl FnOnce(&T),
    ) -> ExitCode {
        match answer {
            Ok(told) => {
                if self.json {
                    print::object(&json!(told));
                } else {
                    show(&told);
                }
                return ExitCode::SUCCESS;
            }
            Err(refusal) if refusal.class == Refused::NotFound => print::problem(missing),
            Err(refusal) if refusal.class == Refused::Unavailable => {
                print::problem("This question cannot be put on record now, so it is not answered.");
            }
            Err(refusal) => {
                for issue in &refusal.issues {
                    let place =
                        if issue.path.is_empty() { String::new() } else { format!("--{}: ", issue.path) };
                    print::problem(&format!("{place}{}", issue.diagnostics));
                }
            }
        }
        ExitCode::FAILURE
    }
}

/// An officer's name on the command line.
pub(super) fn officer(text: &str) -> Result<Officer, String> {
    Officer::new(text, Some(getuid().as_raw()))
        .ok_or_else(|| String::from("1 to 64 of A-Z a-z 0-9 - . _ @, without spaces, as of an account"))
}

/// A moment on the command line.
pub(in crate::cli) fn moment(text: &str) -> Result<Moment, String> {
    Moment::from_rfc3339(text)
        .ok_or_else(|| String::from("a date-time with an offset, as in 2026-11-23T09:00:00Z"))
}

/// Show what officers asked: who, when, what and of whom.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway ig looks --as ig.lead --since 2026-11-01T00:00:00Z --config /etc/keyway/keyway.toml\n\n\
    What was searched for is in no entry: only by what kind of thing it was asked, and whom it found. The last line is this\n\
    look itself. May run beside a gateway.\n\
    Exit codes: 0 shown, 1 it cannot be put on record or read, 2 usage.")]
pub(super) struct LooksArgs {
    #[command(flatten)]
    between: BetweenArgs,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) async fn run(args: LooksArgs) -> Result<ExitCode> {
    let Some(asked) = args.look.open().await? else { return Ok(ExitCode::FAILURE) };
    let answer = asked.exchange.looks(&asked.config.site_id, &asked.officer, args.between.moments()).await;
    Ok(asked.tell(answer, "", |told| {
        let mut table = Table::new(&["when", "who", "account", "asked", "by", "person", "about"]);
        for look in &told.looks {
            let mut about: Vec<String> = look.about.iter().map(|(what, id)| format!("{what} {id}")).collect();
            if look.found_nothing {
                about.push(String::from("found nothing"));
            }
            table.row(&[
                &look.at,
                &look.actor,
                look.account.as_deref().unwrap_or("-"),
                &look.question,
                look.by.as_deref().unwrap_or("-"),
                look.person_id.as_ref().map_or("-", |id| id.as_str()),
                &about.join(", "),
            ]);
        }
        print::bytes(table.text().as_bytes());
        if told.earlier_left_out {
            print::line("There are earlier ones: ask with --until.");
        }
    }))
}
