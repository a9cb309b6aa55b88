//! A package as a folder, with all folders below it.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{PackageFault, Reading, is_json};
use crate::limits;

/// Reads every JSON file, in the order of names. Links to folders are not followed: they could lead in a circle.
pub(super) fn read(root: &Path, reading: &mut Reading<'_>) -> Result<(), PackageFault> {
    let mut open: Vec<(PathBuf, usize)> = vec![(root.to_path_buf(), 0)];
    while let Some((path, depth)) = open.pop() {
        let shown = path.display().to_string();
        let unreadable = |e| PackageFault::Unreadable(shown.clone(), e);
        let mut inner = Vec::new();
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            reading.count(&shown)?;
            inner.push((entry.path(), entry.file_type().map_err(unreadable)?));
        }
        inner.sort_by(|one, other| one.0.cmp(&other.0));
        for (file, kind) in inner {
            if kind.is_dir() {
                if depth >= limits::PACKAGE_DEPTH_MAX {
                    let what = format!("folders lie deeper than {}", limits::PACKAGE_DEPTH_MAX);
                    return Err(PackageFault::TooLarge(shown, what));
                }
                open.push((file, depth + 1));
            } else if fs::metadata(&file).is_ok_and(|found| found.is_file())
                && is_json(&file.to_string_lossy())
            {
                one(&file, reading)?;
            } else {
                reading.skip();
            }
        }
    }
    Ok(())
}

fn one(file: &Path, reading: &mut Reading<'_>) -> Result<(), PackageFault> {
    let shown = file.display().to_string();
    let unreadable = |e| PackageFault::Unreadable(shown.clone(), e);
    let mut bytes = Vec::new();
    let most = limits::PACKAGE_FILE_MAX_BYTES.saturating_add(1);
    fs::File::open(file).map_err(unreadable)?.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    reading.weigh(&shown, bytes.len().try_into().unwrap_or(u64::MAX))?;
    reading.take(&shown, &bytes);
    Ok(())
}
