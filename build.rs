//! Lists what the program knows by its text: the conformance resources of `profiles/fhir` and the site adapters of
//! `profiles/sites`, so that each is compiled in and none is forgotten, and the source of the room `mapping`, so that a
//! message can say what made it.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// How deep a listed folder may be nested.
const DEPTH_MAX: usize = 8;

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script where it is by variables")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let out = env::var("OUT_DIR")?;
    for (folder, end, list) in
        [("profiles/fhir", "json", "fhir_resources.rs"), ("src/mapping", "rs", "mapping_sources.rs")]
    {
        let listed = listed(&Path::new(&root).join(folder), end)?;
        fs::write(Path::new(&out).join(list), listed)?;
    }
    fs::write(Path::new(&out).join("sites.rs"), sites(&Path::new(&root).join("profiles/sites"))?)?;
    Ok(())
}

/// Rust for a list of the files below `folder` that end in `end`, tests left out, each by its path there with its text.
fn listed(folder: &Path, end: &str) -> Result<String, Box<dyn Error>> {
    let mut files = Vec::new();
    collect(folder, end, DEPTH_MAX, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
        writeln!(list, "    ({name:?}, include_str!({:?})),", file.to_string_lossy())?;
    }
    list.push_str("]\n");
    Ok(list)
}

fn collect(folder: &Path, end: &str, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for inner in fs::read_dir(folder)? {
        let inner = inner?.path();
        let is_tests = inner.file_name().is_some_and(|name| name == "tests");
        if inner.is_dir() && !is_tests && depth > 0 {
            collect(&inner, end, depth - 1, into)?;
        } else if inner.extension().is_some_and(|found| found == end) {
            into.push(inner);
        }
    }
    Ok(())
}

/// Every folder of `profiles/sites` as a `ShippedSite`.
fn sites(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut list = String::from("&[\n");
    for site in in_folder(folder)? {
        let adapter = site.join("adapter.toml");
        if !adapter.is_file() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", site.display());
        let name = site.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = adapter.to_string_lossy();
        writeln!(list, "    ShippedSite {{ name: {name:?}, adapter: include_str!({path:?}), cases: &[")?;
        for input in in_folder(&site.join("tests"))? {
            let file = input.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some((case, _)) = file.split_once(".in.") else { continue };
            let expected = input.with_file_name(format!("{case}.out.json"));
            let expected = if expected.is_file() {
                format!("Some(include_str!({:?}))", expected.to_string_lossy())
            } else {
                String::from("None")
            };
            let input = input.to_string_lossy();
            writeln!(
                list,
                "        ShippedCase {{ name: {case:?}, input: include_bytes!({input:?}), expected: {expected} }},"
            )?;
        }
        list.push_str("    ] },\n");
    }
    list.push_str("]\n");
    Ok(list)
}

/// What lies in a folder, by name; nothing where there is no such folder.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries: Result<Vec<_>, _> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = entries?;
    paths.sort();
    Ok(paths)
}
