//! `keyway map check`: every mistake in a site's adapter.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::adapters::{Bench, OwnAdapters, read_text};
use crate::{
    cli::{self, print},
    fhir::locate,
};

/// Find every mistake in a site's adapter.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway map check profiles/sites/mo-del/adapter.toml\n  \
    keyway map check profiles/sites/*/adapter.toml\n  \
    keyway map check --config /etc/keyway/keyway.toml\n\n\
    With --config: the adapters of your own that the settings name, as at the start of the gateway.\n\
    All mistakes are told at once, each with its line, a caret and what would be right.\n\
    Exit codes: 0 no mistake, 1 mistakes or no such file, 2 usage.")]
pub(super) struct CheckArgs {
    /// The adapters: TOML files.
    #[arg(value_name = "FILE", required_unless_present = "config", conflicts_with = "config")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    own: OwnAdapters,
    /// Print one object with every mistake, a line for each file.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode> {
    if args.files.is_empty() {
        return Ok(check_own(args));
    }
    let bench = Bench::compile()?;
    let mut all_fit = true;
    for file in &args.files {
        all_fit &= check(&bench, file, args.json)?;
    }
    Ok(if all_fit { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells every mistake in `file`; whether there is none.
fn check(bench: &Bench, file: &Path, json: bool) -> Result<bool> {
    let text = read_text(file).with_context(|| cli::shown(file))?;
    let file = cli::shown(file);
    let checked = bench.adapter(&text);
    let mistakes = checked.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    if json {
        let told = |mistake: &crate::mapping::site::Mistake| {
            let place = locate::place_of(&text, &mistake.at);
            json!({ "line": place.line, "column": place.column, "text": mistake.text })
        };
        print::object(&json!({
            "file": file, "ok": mistakes.is_empty(), "mistakes": mistakes.iter().map(told).collect::<Vec<_>>(),
        }));
    } else if let Ok(adapter) = &checked {
        print::line(&format!("{file}: no mistake found. {} makes {}.", adapter.label(), adapter.makes()));
    } else {
        for mistake in mistakes {
            print::line(&mistake.shown(&file, &text));
        }
        print::line(&format!("{file}: {} mistake(s)", mistakes.len()));
    }
    Ok(mistakes.is_empty())
}

/// Those that the settings name, as they are loaded at the start.
fn check_own(args: &CheckArgs) -> ExitCode {
    let Some(folders) = args.own.folders() else { return ExitCode::FAILURE };
    let bench = match Bench::with(&folders) {
        Ok(bench) => bench,
        Err(fault) if args.json => {
            print::object(&json!({ "ok": false, "faults": fault.to_string() }));
            return ExitCode::FAILURE;
        }
        Err(fault) => {
            print::line(&fault.to_string());
            return ExitCode::FAILURE;
        }
    };
    if args.json {
        let own = bench.own().map(|(file, adapter)| json!({ "file": file, "adapter": adapter.label() }));
        print::object(&json!({ "ok": true, "adapters": own.collect::<Vec<_>>() }));
        return ExitCode::SUCCESS;
    }
    for (file, adapter) in bench.own() {
        print::line(&format!("{file}: no mistake found. {} makes {}.", adapter.label(), adapter.makes()));
    }
    print::line(&format!("{} adapter(s) of your own.", bench.own().count()));
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_mistake_is_told_with_its_line_and_column() {
        let bench = Bench::compile().expect("the profiles compile");
        let text = include_str!("../../../fixtures/sites/broken.toml");
        let mistakes = bench.adapter(text).expect_err("everything is wrong with it");
        let told: Vec<String> = mistakes.iter().map(|mistake| mistake.shown("broken.toml", text)).collect();
        let told = told.join("\n");
        let heads: Vec<&str> = told.lines().filter(|line| line.starts_with("broken.toml:")).collect();
        let expected: Vec<&str> = include_str!("../../../fixtures/sites/broken.txt").lines().collect();
        assert_eq!(heads, expected);
        let caret = "  12 | \"green\" = \"fine\"\n     |           ^^^^^^\n";
        assert!(told.contains(caret), "{told}");
    }
}
