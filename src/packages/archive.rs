//! A package as a `.tgz`.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use flate2::read::GzDecoder;

use super::{PackageFault, Reading, is_json};
use crate::limits;

/// Reads every JSON file of the archive. Names in it serve for messages only: nothing is written.
pub(super) fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), PackageFault> {
    let shown = path.display().to_string();
    let unreadable = |e| PackageFault::Unreadable(shown.clone(), e);
    let packed = io::BufReader::new(fs::File::open(path).map_err(unreadable)?);
    // What unpacks to more than the limit, headers and padding included, ends as a file that is cut short.
    let unpacked = GzDecoder::new(packed).take(limits::PACKAGE_MAX_BYTES.saturating_mul(2));
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = name_of(&entry.path_bytes());
        let from = format!("{shown}: {name}");
        reading.count(&from)?;
        reading.weigh(&from, entry.size())?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if !is_json(&name) {
            reading.skip();
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(unreadable)?;
        reading.take(&from, &bytes);
    }
    Ok(())
}

/// The name without what could upset a terminal, and not without end.
fn name_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|letter| !letter.is_control()).take(200).collect()
}
