//! Published examples get the verdicts that `docs/published-examples.md` says, no more errors and no fewer.
//! `KEYWAY_REFERENCE_DATA` names the folder that holds them; without it the test says that it was skipped.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is surprised")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use keyway::{
    packages,
    profile::{
        Severity,
        check::{Ask, Program},
        definition::Definitions,
    },
};
use serde_json::Value;

/// 27 November 2026, in microseconds since 1970.
const NOW: i64 = 1_795_737_600_000_000;

/// Folder and rule; findings and files.
type Verdicts = BTreeMap<(String, String), (usize, usize)>;

/// The folder with the reference data, or a word past the capture of the test's output.
#[expect(clippy::disallowed_methods, reason = "a test asks where its data lies; the gateway never does")]
fn reference(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWAY_REFERENCE_DATA").filter(|value| !value.is_empty());
    if folder.is_none() {
        writeln!(std::io::stderr(), "SKIPPED for want of KEYWAY_REFERENCE_DATA: {test}").ok();
    }
    folder.map(|folder| PathBuf::from(folder).join("health"))
}

#[test]
fn published_examples_get_the_verdicts_that_the_docs_say() {
    let Some(folder) = reference("published_examples_get_the_verdicts_that_the_docs_say") else { return };
    let mut definitions = Definitions::built_in().unwrap();
    for package in ["ukcore", "bars"] {
        packages::load(&mut definitions, &folder.join(package)).unwrap();
    }
    let program = Program::compile(&definitions).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut found = Verdicts::new();
    let (mut files, mut right) = (0_usize, 0_usize);
    for name in ["bars", "bars-api", "tasks", "ukcore"] {
        for file in json_files(&folder.join("examples").join(name)) {
            let resource: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            let findings = program.check(&resource, &Ask::at(NOW));
            let errors: Vec<String> = findings
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| finding.rule)
                .collect();
            files += 1;
            right += usize::from(errors.is_empty());
            for rule in &errors {
                found.entry((name.to_owned(), rule.clone())).or_default().0 += 1;
            }
            for rule in errors.into_iter().collect::<BTreeSet<_>>() {
                found.entry((name.to_owned(), rule)).or_default().1 += 1;
            }
        }
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/published-examples.md"))
        .expect("the page is there");
    assert_eq!(found, said(&page));
    let sentence = format!("Of these {files}, {right} have no error.");
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&sentence), "the page must say: {sentence}");
}

/// The rows of the table of examples.
fn said(page: &str) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, folder, rule, findings, files, _, _] = cells.as_slice()
            && let (Ok(findings), Ok(files)) = (findings.parse(), files.parse())
        {
            let key = ((*folder).to_owned(), rule.trim_matches('`').to_owned());
            assert!(verdicts.insert(key, (findings, files)).is_none(), "twice: {line}");
        }
    }
    verdicts
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    files
}
