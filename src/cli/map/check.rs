//! `keyway map check`: every mistake in a site's adapter.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::adapters::{Bench, read_text, shown};
use crate::{
    cli::{self, print},
    fhir::locate,
};

/// Find every mistake in a site's adapter.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway map check profiles/sites/mo-del/adapter.toml\n\n\
    All mistakes are told at once, each with its line, a caret and what would be right.\n\
    Exit codes: 0 no mistake, 1 mistakes or no such file, 2 usage.")]
pub(super) struct CheckArgs {
    /// The adapter: a TOML file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one object with every mistake.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let file = cli::shown(&args.file);
    let text = read_text(&args.file).with_context(|| file.clone())?;
    let checked = Bench::compile()?.adapter(&text);
    let mistakes = checked.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    if args.json {
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
        print::line(&shown(&file, &text, mistakes));
        print::line(&format!("{file}: {} mistake(s)", mistakes.len()));
    }
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_mistake_is_told_with_its_line_and_column() {
        let bench = Bench::compile().expect("the profiles compile");
        let text = include_str!("../../../fixtures/sites/broken.toml");
        let mistakes = bench.adapter(text).expect_err("everything is wrong with it");
        let told = shown("broken.toml", text, &mistakes);
        let heads: Vec<&str> = told.lines().filter(|line| line.starts_with("broken.toml:")).collect();
        let expected: Vec<&str> = include_str!("../../../fixtures/sites/broken.txt").lines().collect();
        assert_eq!(heads, expected);
        let caret = "  12 | \"green\" = \"fine\"\n     |           ^^^^^^\n";
        assert!(told.contains(caret), "{told}");
    }
}
