//! Files that hold a secret or personal data.

use std::{fs::OpenOptions, io::Write as _, path::Path};

use anyhow::{Context as _, Result};

use super::shown;

/// Writes a file that is not there yet and that only its owner may read; it has these rights before the first byte is in
/// it.
pub(super) fn write_new(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let place = || format!("{} cannot be written", shown(file));
    let mut open = options.open(file).with_context(place)?;
    open.write_all(bytes).with_context(place)
}
