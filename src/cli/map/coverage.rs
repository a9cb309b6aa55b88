//! `keyway map coverage`: which fields of an assessment nobody is told, and which fields of a message nothing fills.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::{Value, json};

use super::run::{audience, stand_in};
use crate::{
    cli::{print, rehearsing},
    directory::Audience,
    exchange::Coverage,
};

/// The assessment that fills every field. No form allows all of them at once.
const EVERYTHING: &str = include_str!("../../../fixtures/assessments/everything.json");

/// Say which fields of an assessment reach no message, and which fields of a message come from nowhere.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway map coverage\n  \
    keyway map coverage --to custody\n  \
    keyway map coverage --all --json\n\n\
    An assessment that fills every field becomes the message of each audience, and of each kind of health service, as if\n\
    the person agreed to everything. With --all the fields that are told are listed too, with those whom they reach.\n\
    The list of this release, with a reason for each, is fixtures/coverage.txt of its source.\n\
    Exit codes: 0 listed, 1 no message could be made, 2 usage.")]
pub(super) struct CoverageArgs {
    /// One audience only: custody, court, probation, youth-justice, health, housing, voluntary, social-care.
    #[arg(long, value_name = "AUDIENCE", value_parser = audience)]
    to: Option<Audience>,
    /// An assessment of your own in place of the one that fills every field.
    #[arg(long, value_name = "FILE")]
    of: Option<PathBuf>,
    /// List the fields that are told, too.
    #[arg(long)]
    all: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CoverageArgs) -> Result<ExitCode> {
    let assessment = match &args.of {
        Some(file) => serde_json::from_slice(&rehearsing::assessment(file)?).context("it is not JSON")?,
        None => serde_json::from_str(EVERYTHING)?,
    };
    let coverage = Coverage::of(&assessment, args.to, |id, kind| stand_in(id, kind).ok());
    let coverage = coverage.map_err(|why| anyhow!(why))?;
    if args.json {
        print::object(&as_json(&coverage, args.all));
    } else {
        tell(&coverage, args.all);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(coverage: &Coverage, all: bool) {
    if all {
        for (leaf, reached) in coverage.fields.iter().filter(|(_, reached)| !reached.is_empty()) {
            let reached: Vec<&str> = reached.iter().map(|audience| audience.as_str()).collect();
            print::line(&format!("{leaf} -> {}", reached.join(", ")));
        }
    }
    let untold: Vec<&str> = coverage.untold().collect();
    print::line(&format!(
        "Fields of the assessment that reach nobody: {} of {}",
        untold.len(),
        coverage.fields.len()
    ));
    for leaf in untold {
        print::line(&format!("  {leaf}"));
    }
    for (audience, leaves) in &coverage.without_place {
        list(
            &format!("Fields that may leave to {} and have no place in its message", audience.as_str()),
            leaves,
        );
    }
    for (document, leaves) in &coverage.unfilled {
        list(&format!("Fields of {document} that nothing fills"), leaves);
    }
}

/// A heading with what stands under it; nothing where nothing does.
fn list(heading: &str, leaves: &BTreeSet<String>) {
    if !leaves.is_empty() {
        print::line(&format!("{heading}: {}", leaves.len()));
        for leaf in leaves {
            print::line(&format!("  {leaf}"));
        }
    }
}

fn as_json(coverage: &Coverage, all: bool) -> Value {
    let untold: Vec<&str> = coverage.untold().collect();
    let without_place = coverage.without_place.iter().map(|(audience, leaves)| (audience.as_str(), leaves));
    let without_place: BTreeMap<&str, &BTreeSet<String>> = without_place.collect();
    let mut whole = json!({"untold": untold, "without_place": without_place, "unfilled": coverage.unfilled});
    if let Some(whole) = whole.as_object_mut().filter(|_| all) {
        let told = coverage.fields.iter().map(|(leaf, reached)| {
            let reached: Vec<&str> = reached.iter().map(|audience| audience.as_str()).collect();
            (leaf.clone(), json!(reached))
        });
        whole.insert(String::from("fields"), Value::Object(told.collect()));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line a field and, after `#`, why it is so. What the lines should be is what `keyway map coverage` prints.
    const LIST: &str = include_str!("../../../fixtures/coverage.txt");

    fn coverage(assessment: &Value) -> Coverage {
        Coverage::of(assessment, None, |id, kind| stand_in(id, kind).ok()).unwrap()
    }

    #[test]
    fn what_reaches_nobody_and_what_nothing_fills_is_known_and_has_its_reason() {
        let coverage = coverage(&serde_json::from_str(EVERYTHING).unwrap());
        let mut seen: BTreeSet<String> = coverage.untold().map(|leaf| format!("assessment {leaf}")).collect();
        for (audience, leaves) in &coverage.without_place {
            seen.extend(leaves.iter().map(|leaf| format!("{} {leaf}", audience.as_str())));
        }
        for (document, leaves) in &coverage.unfilled {
            seen.extend(leaves.iter().map(|leaf| format!("{document} {leaf}")));
        }
        let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let listed: BTreeMap<String, &str> = lines
            .map(|line| {
                let (field, why) = line.split_once(" # ").unwrap_or((line, ""));
                (field.trim().to_owned(), why)
            })
            .collect();
        let without: Vec<&String> =
            listed.iter().filter(|(_, why)| why.is_empty()).map(|(field, _)| field).collect();
        assert!(without.is_empty(), "no reason is given for {without:#?}");
        let listed: BTreeSet<String> = listed.into_keys().collect();
        let new: Vec<&String> = seen.difference(&listed).collect();
        let gone: Vec<&String> = listed.difference(&seen).collect();
        assert!(new.is_empty() && gone.is_empty(), "not in the list: {new:#?}; in it for nothing: {gone:#?}");
    }

    #[test]
    fn the_assessment_that_fills_every_field_does() {
        fn walk(value: &Value, shape: &str, held: &mut BTreeSet<String>) {
            match value {
                Value::Object(fields) => {
                    for (key, value) in fields {
                        walk(value, &format!("{shape}/{key}"), held);
                    }
                }
                Value::Array(entries) => {
                    for value in entries {
                        walk(value, &format!("{shape}/*"), held);
                    }
                }
                _ => _ = held.insert(shape.to_owned()),
            }
        }
        let everything: Value = serde_json::from_str(EVERYTHING).unwrap();
        let coverage = coverage(&everything);
        let mut held = BTreeSet::new();
        walk(&everything, "", &mut held);
        let missing: Vec<&String> =
            coverage.fields.iter().map(|(leaf, _)| leaf).filter(|leaf| !held.contains(*leaf)).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
