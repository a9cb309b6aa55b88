//! What the documents say exists, exists: the files they point at, the tests that the hazard log names, and the two
//! commands of the README.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    let mut followed = 0_usize;
    for page in files(&[".", "docs", "docs/adr"], "md") {
        let text = fs::read_to_string(&page).expect("a page is readable");
        for link in links(&text) {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let target = link.split('#').next().unwrap_or(link);
            followed += 1;
            if !page.parent().expect("a page lies in a folder").join(target).exists() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(followed > 20, "only {followed} links were followed");
    assert!(dead.is_empty(), "\n{}\n", dead.join("\n"));
}

#[test]
fn every_hazard_names_tests_that_exist() {
    let log = fs::read_to_string(root().join("docs/hazards.md")).expect("the hazard log is there");
    let mut tests = BTreeSet::new();
    for file in files(&["src"], "rs") {
        tests.extend(test_names(&fs::read_to_string(&file).expect("a source file is readable")));
    }
    // Stories that are told to each engine carry no attribute of their own.
    for file in files(&["tests"], "rs") {
        tests.extend(function_names(&fs::read_to_string(&file).expect("a test file is readable")));
    }
    let mut missing = Vec::new();
    let mut hazards = 0_usize;
    for row in log.lines().filter(|line| line.starts_with("| H")) {
        hazards += 1;
        let shown_by = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let named: Vec<&str> = code_words(shown_by).collect();
        // A hazard that no program can control says so in words.
        if named.is_empty() && !shown_by.contains("not ") {
            missing.push(format!("no test at all: {row}"));
        }
        missing.extend(
            named.iter().filter(|name| !tests.contains(**name)).map(|name| format!("no test {name}")),
        );
    }
    assert!(hazards >= 20, "only {hazards} hazards were read");
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[test]
fn the_readme_gives_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let at = |command: &str| readme.find(command).unwrap_or_else(|| panic!("the README lacks {command}"));
    assert!(at("\ncargo run --release -- demo\n") < at("\ncargo test\n"));
}

/// Files with this ending in these folders; `src` and `tests` with all below them.
fn files(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && ending == "rs" {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found
}

/// Targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// What stands between backticks.
fn code_words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Names of all functions.
fn function_names(text: &str) -> Vec<String> {
    text.lines().filter_map(function_name).collect()
}

/// The name, when the line begins a function.
fn function_name(line: &str) -> Option<String> {
    let (before, rest) = line.split_once("fn ")?;
    let begins = before.split_whitespace().all(|w| w.starts_with("pub") || ["async", "const"].contains(&w));
    begins.then(|| rest.split(['(', '<']).next().unwrap_or_default().to_owned())
}

/// Names of functions that follow a test attribute.
fn test_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut armed = false;
    for line in text.lines().map(str::trim) {
        let attribute = line.starts_with("#[");
        if attribute && (line.contains("test]") || line.contains("test(")) && !line.contains("cfg") {
            armed = true;
        } else if armed && !attribute && !line.starts_with("//") {
            names.extend(function_name(line));
            armed = false;
        }
    }
    names
}

#[test]
fn test_functions_are_found() {
    let text = "#[test]\nfn a() {}\n#[tokio::test]\n#[expect(x, reason = \"y\")]\nasync fn b() {}\nfn c() {}\n\
                #[actix_web::test]\nasync fn d() {}\n#[cfg(test)]\nmod e { fn f() {} }";
    assert_eq!(test_names(text), ["a", "b", "d"]);
    assert_eq!(function_names("pub(crate) async fn told(x: u8) {\n// what fn is not(\n"), ["told"]);
}
