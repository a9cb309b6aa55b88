//! `keyway map test`: the golden tests of site adapters.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::adapters::{Bench, OwnAdapters, read_input, read_text};
use crate::{
    cli::{self, print},
    fhir::json as strict,
    mapping::site::SHIPPED,
};

/// Run the tests of site adapters.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway map test\n  \
    keyway map test ./our-sites\n  \
    keyway map test --config /etc/keyway/keyway.toml\n\n\
    Without DIR: the adapters that are compiled in, and with --config your own that the settings name. DIR is a folder with a folder for each adapter, or one of these: \
    adapter.toml, and beside it tests/NAME.in.json (or .in.csv) with tests/NAME.out.json. A difference is shown by its \
    place: - is what the test expects, + is what came out.\n\
    Exit codes: 0 all as expected, 1 a difference or a mistake, 2 usage.")]
pub(super) struct TestArgs {
    /// A folder of adapters, or the folder of one.
    #[arg(value_name = "DIR", conflicts_with = "config")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    own: OwnAdapters,
    /// Print one object with every case.
    #[arg(long)]
    json: bool,
}

/// An adapter with its tests.
struct Site {
    name: String,
    file: String,
    adapter: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    input: Vec<u8>,
    expected: Option<String>,
}

/// What a test said: nothing is wrong, or these lines.
struct Verdict {
    case: String,
    wrong: Vec<String>,
}

pub(super) fn run(args: &TestArgs) -> Result<ExitCode> {
    let sites = if let Some(folder) = &args.folder {
        in_folder(folder)?
    } else {
        let Some(folders) = args.own.folders() else { return Ok(ExitCode::FAILURE) };
        let own = folders.iter().map(|folder| in_folder(folder)).collect::<Result<Vec<_>>>()?;
        shipped().into_iter().chain(own.into_iter().flatten()).collect()
    };
    let bench = Bench::compile()?;
    let verdicts: Vec<Verdict> = sites.iter().flat_map(|site| test(&bench, site)).collect();
    let failed = verdicts.iter().filter(|verdict| !verdict.wrong.is_empty()).count();
    if args.json {
        let cases = verdicts.iter().map(
            |verdict| json!({ "case": verdict.case, "ok": verdict.wrong.is_empty(), "wrong": verdict.wrong }),
        );
        print::object(&json!({ "ok": failed == 0, "cases": cases.collect::<Vec<_>>() }));
    } else {
        for verdict in &verdicts {
            print::line(&format!(
                "{} {}",
                if verdict.wrong.is_empty() { "ok  " } else { "FAIL" },
                verdict.case
            ));
            for line in &verdict.wrong {
                print::line(line);
            }
        }
        print::line(&format!("{} of {} as expected.", verdicts.len() - failed, verdicts.len()));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn shipped() -> Vec<Site> {
    let site = |site: &crate::mapping::site::ShippedSite| Site {
        name: site.name.to_owned(),
        file: format!("profiles/sites/{}/adapter.toml", site.name),
        adapter: site.adapter.to_owned(),
        cases: site
            .cases
            .iter()
            .map(|case| Case {
                name: case.name.to_owned(),
                input: case.input.to_vec(),
                expected: case.expected.map(str::to_owned),
            })
            .collect(),
    };
    SHIPPED.iter().map(site).collect()
}

fn in_folder(folder: &Path) -> Result<Vec<Site>> {
    let mut folders = vec![folder.to_owned()];
    folders.extend(listed(folder)?);
    folders.retain(|folder| folder.join("adapter.toml").is_file());
    if folders.is_empty() {
        bail!("there is no adapter.toml in {} or in a folder in it", cli::shown(folder));
    }
    folders.iter().map(|folder| site(folder)).collect()
}

fn site(folder: &Path) -> Result<Site> {
    let file = folder.join("adapter.toml");
    let adapter = read_text(&file).with_context(|| cli::shown(&file))?;
    let tests = folder.join("tests");
    let mut cases = Vec::new();
    for input in if tests.is_dir() { listed(&tests)? } else { Vec::new() } {
        let name = input.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((name, _)) = name.split_once(".in.") else { continue };
        let expected = input.with_file_name(format!("{name}.out.json"));
        cases.push(Case {
            name: name.to_owned(),
            input: read_input(&input).with_context(|| cli::shown(&input))?,
            expected: fs::read_to_string(expected).ok(),
        });
    }
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Site { name, file: cli::shown(&file), adapter, cases })
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| cli::shown(folder))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn test(bench: &Bench, site: &Site) -> Vec<Verdict> {
    let adapter = match bench.adapter(&site.adapter) {
        Ok(adapter) if adapter.name() == site.name => adapter,
        Ok(adapter) => {
            let what = format!("  the adapter is called {}, and its folder {}", adapter.name(), site.name);
            return vec![Verdict { case: site.name.clone(), wrong: vec![what] }];
        }
        Err(mistakes) => {
            let wrong = mistakes.iter().map(|mistake| mistake.shown(&site.file, &site.adapter)).collect();
            return vec![Verdict { case: site.name.clone(), wrong }];
        }
    };
    if site.cases.is_empty() {
        let wrong =
            vec![String::from("  it has no tests: write tests/01-somebody.in.json and what must come out")];
        return vec![Verdict { case: site.name.clone(), wrong }];
    }
    let verdict = |case: &Case| {
        let got = bench.outcome(&adapter, &case.input);
        let wrong = match case.expected.as_deref().map(|text| strict::parse(text.as_bytes())) {
            Some(Ok(expected)) => {
                let mut wrong = Vec::new();
                differences("", Some(&expected), Some(&got), &mut wrong);
                wrong
            }
            Some(Err(fault)) => vec![format!("  {}.out.json is no JSON: {}", case.name, fault.text)],
            None => vec![format!("  there is no {}.out.json. What came out:\n{got:#}", case.name)],
        };
        Verdict { case: format!("{} {}", site.name, case.name), wrong }
    };
    site.cases.iter().map(verdict).collect()
}

/// Where two values differ, as lines: the place, then `-` what is expected and `+` what came out.
fn differences(place: &str, expected: Option<&Value>, got: Option<&Value>, into: &mut Vec<String>) {
    match (expected, got) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            for name in left.keys().chain(right.keys().filter(|name| !left.contains_key(*name))) {
                differences(&format!("{place}/{name}"), left.get(name), right.get(name), into);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for item in 0..left.len().max(right.len()) {
                differences(&format!("{place}/{item}"), left.get(item), right.get(item), into);
            }
        }
        (expected, got) if expected != got => {
            into.push(format!("  {}", if place.is_empty() { "(all of it)" } else { place }));
            into.extend(expected.map(|value| format!("    - {value}")));
            into.extend(got.map(|value| format!("    + {value}")));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_adapters_do_what_their_tests_say() {
        let bench = Bench::compile().expect("the profiles compile");
        let verdicts: Vec<Verdict> = shipped().iter().flat_map(|site| test(&bench, site)).collect();
        assert!(verdicts.len() >= 12, "{} cases: the folders were not found", verdicts.len());
        for verdict in verdicts {
            assert!(verdict.wrong.is_empty(), "{}\n{}", verdict.case, verdict.wrong.join("\n"));
        }
    }

    #[test]
    fn a_difference_is_shown_by_its_place() {
        let mut lines = Vec::new();
        let expected = json!({"a": [1, {"b": "x"}], "c": true});
        differences("", Some(&expected), Some(&json!({"a": [1, {"b": "y"}, 3], "d": 1})), &mut lines);
        assert_eq!(
            lines,
            [
                "  /a/1/b",
                "    - \"x\"",
                "    + \"y\"",
                "  /a/2",
                "    + 3",
                "  /c",
                "    - true",
                "  /d",
                "    + 1"
            ]
        );
    }
}
