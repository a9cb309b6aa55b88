//! A package as a `.tgz`.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use flate2::read::MultiGzDecoder;

use super::{PackageFault, Reading, is_json};
use crate::limits;
use crate::profile::hidden::is_hidden;

/// Reads every JSON file of the archive. Names in it serve for messages only: nothing is written.
pub(super) fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), PackageFault> {
    let shown = path.display().to_string();
    let unreadable = |e| PackageFault::Unreadable(shown.clone(), e);
    let packed = io::BufReader::new(fs::File::open(path).map_err(unreadable)?);
    // What unpacks to more than the limit, headers and padding included, ends as a file that is cut short. A file may be
    // packed in several parts, which together are one archive.
    let unpacked = MultiGzDecoder::new(packed).take(limits::PACKAGE_MAX_BYTES.saturating_mul(2));
    let mut archive = tar::Archive::new(unpacked);
    let mut long = None;
    // Raw: headers that hold long names are read here, within a limit, and not by the library, which has none.
    for entry in archive.entries().map_err(unreadable)?.raw(true) {
        let mut entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        let names_next = kind.is_gnu_longname() || kind.is_pax_local_extensions();
        let name = match long.take() {
            Some(name) if !names_next => name,
            _ => name_of(&entry.path_bytes()),
        };
        let from = format!("{shown}: {name}");
        reading.count(&from)?;
        reading.weigh(&from, entry.size())?;
        if names_next {
            if entry.size() > limits::PACKAGE_NAME_MAX_BYTES {
                let what = format!("a name has more than {} bytes", limits::PACKAGE_NAME_MAX_BYTES);
                return Err(PackageFault::TooLarge(from, what));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(unreadable)?;
            long = long_name(kind, &bytes);
            continue;
        }
        if !kind.is_file() {
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
    to_the_end(archive.into_inner(), &shown)
}

/// Reads what is left behind the archive, so that the check sum of every part is compared: nothing but its padding.
fn to_the_end(mut left: impl io::Read, shown: &str) -> Result<(), PackageFault> {
    let mut block = [0_u8; 4096];
    loop {
        let read = left.read(&mut block).map_err(|e| PackageFault::Unreadable(shown.to_owned(), e))?;
        if read == 0 {
            return Ok(());
        }
        if block.iter().take(read).any(|byte| *byte != 0) {
            let what = "something follows the end of the archive; pack everything into one";
            let wrong = io::Error::new(io::ErrorKind::InvalidData, what);
            return Err(PackageFault::Unreadable(shown.to_owned(), wrong));
        }
    }
}

/// The name that a header of its own gives to the entry after it.
fn long_name(kind: tar::EntryType, bytes: &[u8]) -> Option<String> {
    if kind.is_gnu_longname() {
        return Some(name_of(bytes));
    }
    let fields = tar::PaxExtensions::new(bytes).filter_map(Result::ok);
    let mut paths = fields.filter(|field| field.key_bytes() == b"path");
    paths.next().map(|field| name_of(field.value_bytes()))
}

/// The name without what could upset a terminal, and not without end.
fn name_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|letter| !is_hidden(*letter)).take(200).collect()
}
