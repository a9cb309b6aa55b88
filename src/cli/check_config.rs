//! `keyway check-config`: everything that is wrong with the settings, and not just the first thing.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{ConfigArg, print, shown};
use crate::{
    app::App,
    config::{Config, Problem, SAMPLE},
};

/// Check the settings and every file that they name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  keyway check-config --config /etc/keyway/keyway.toml\n  \
                        keyway check-config --print-sample > keyway.toml\n\n\
                        Prints every problem and every warning, a line for each, and opens no port and no database.\n\
                        Exit codes: 0 no problem (there may be warnings), 1 problems, 2 usage.")]
pub(super) struct CheckConfigArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Print the documented sample, which is also the defaults, and check nothing.
    #[arg(long, conflicts_with_all = ["config", "json"])]
    print_sample: bool,
}

pub(super) fn run(args: &CheckConfigArgs) -> ExitCode {
    if args.print_sample {
        print::line(SAMPLE.trim_end());
        return ExitCode::SUCCESS;
    }
    let file = args.config.path();
    let (problems, warnings) = match Config::load_all(&file) {
        Ok((config, material)) => {
            let mut problems = App::rehearse(&material);
            if let Err(fault) = App::site_adapters(&config.site_folders) {
                problems.push(Problem::setting("sites.folders", fault.to_string()));
            }
            (problems, App::warnings(&config, &material))
        }
        Err(problems) => (problems, Vec::new()),
    };
    if args.json {
        let told = |all: &[Problem]| -> Vec<Value> {
            all.iter().map(|Problem { place, text }| json!({"place": place, "text": text})).collect()
        };
        print::object(&json!({
            "file": shown(&file), "problems": told(&problems), "warnings": told(&warnings),
        }));
        return if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    for warning in &warnings {
        print::problem(&format!("warning: {warning}"));
    }
    if problems.is_empty() {
        print::line(&format!("{}: no problem found.", shown(&file)));
    } else {
        print::problems(&problems);
        print::problem(&format!("{} problem(s) in {}", problems.len(), shown(&file)));
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
