//! Lists the conformance resources of `profiles/fhir`, so that each is compiled in and none is forgotten.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script where it is by variables")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("profiles/fhir");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for inner in fs::read_dir(&folder)? {
        let inner = inner?.path();
        if inner.is_dir() {
            println!("cargo::rerun-if-changed={}", inner.display());
            for file in fs::read_dir(&inner)? {
                let file = file?.path();
                if file.extension().is_some_and(|end| end == "json") {
                    files.push(file);
                }
            }
        }
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&folder)?.to_string_lossy().replace('\\', "/");
        writeln!(list, "    ({name:?}, include_str!({:?})),", file.to_string_lossy())?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("fhir_resources.rs"), list)?;
    Ok(())
}
