//! Site adapters on disk: folders that the settings name, each with a folder for each adapter, or the folder of one. Their
//! texts go to `exchange::adapters`; their tests are for `keyway map test` alone.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    exchange::adapters::{AdapterFault, AdapterFile},
    limits::{ADAPTER_MAX_BYTES, SITE_FOLDER_ENTRIES_MAX},
};

/// The file of an adapter in its folder.
const FILE: &str = "adapter.toml";

/// Every adapter in `folders`, in the order of their names.
///
/// # Errors
/// Everything that cannot be read, and each folder that holds no adapter.
pub fn read(folders: &[PathBuf]) -> Result<Vec<AdapterFile>, Vec<AdapterFault>> {
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for folder in folders {
        match adapters_in(folder) {
            Ok(found) => {
                for folder in found {
                    let file = folder.join(FILE);
                    match read_text(&file) {
                        Ok(text) => files.push(AdapterFile {
                            file: file.display().to_string(),
                            folder: name_of(&folder),
                            text,
                        }),
                        Err(text) => faults.push(AdapterFault::new(file.display().to_string(), text)),
                    }
                }
            }
            Err(text) => faults.push(AdapterFault::new(folder.display().to_string(), text)),
        }
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

/// The folder itself, or those in it, that hold an adapter.
fn adapters_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| unread(&error))?;
    let mut folders = vec![folder.to_owned()];
    for entry in entries {
        if folders.len() > SITE_FOLDER_ENTRIES_MAX {
            return Err(format!("holds more than {SITE_FOLDER_ENTRIES_MAX} files and folders"));
        }
        folders.push(entry.map_err(|error| unread(&error))?.path());
    }
    folders.retain(|folder| folder.join(FILE).is_file());
    if folders.is_empty() {
        return Err(format!("there is no {FILE} in it or in a folder in it"));
    }
    folders.sort();
    Ok(folders)
}

fn read_text(file: &Path) -> Result<String, String> {
    let opened = File::open(file).map_err(|error| unread(&error))?;
    let mut bytes = Vec::new();
    opened.take(ADAPTER_MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() > ADAPTER_MAX_BYTES {
        return Err(format!("is larger than {ADAPTER_MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| String::from("is not UTF-8"))
}

/// The folder's own name, also where it is named as `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unread(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => String::from("is not there"),
        io::ErrorKind::PermissionDenied => String::from("may not be read by this user"),
        io::ErrorKind::NotADirectory => String::from("is no folder"),
        kind => format!("cannot be read: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(folders: &[&Path]) -> String {
        let folders: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        let faults = read(&folders).expect_err("it is refused");
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_folder_of_adapters_and_the_folder_of_one_are_read() {
        let home = tempfile::tempdir().unwrap();
        for name in ["south", "north"] {
            fs::create_dir_all(home.path().join(name).join("tests")).unwrap();
            fs::write(home.path().join(name).join(FILE), name).unwrap();
        }
        fs::create_dir(home.path().join("notes")).unwrap();
        fs::write(home.path().join("README"), "ours").unwrap();
        let named = |folder: PathBuf| -> Vec<(String, String)> {
            read(&[folder]).unwrap().into_iter().map(|file| (file.folder, file.text)).collect()
        };
        let pair = |name: &str| (name.to_owned(), name.to_owned());
        assert_eq!(named(home.path().to_owned()), [pair("north"), pair("south")]);
        assert_eq!(named(home.path().join("south")), [pair("south")]);
    }

    #[test]
    fn what_cannot_be_read_is_told_of_every_folder() {
        let home = tempfile::tempdir().unwrap();
        let [empty, large, odd] = ["empty", "large", "odd"].map(|name| home.path().join(name));
        for folder in [&empty, &large, &odd] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(large.join(FILE), vec![b'#'; ADAPTER_MAX_BYTES + 1]).unwrap();
        fs::write(odd.join(FILE), [0xff, 0xfe]).unwrap();
        let told = told(&[&empty, &large, &odd, &home.path().join("nowhere"), &odd.join(FILE)]);
        for expected in [
            "empty: there is no adapter.toml in it or in a folder in it",
            "large/adapter.toml: is larger than 262144 bytes",
            "odd/adapter.toml: is not UTF-8",
            "nowhere: is not there",
            "odd/adapter.toml: is no folder",
        ] {
            assert!(told.contains(expected), "{expected}\n{told}");
        }
    }

    #[test]
    fn a_folder_of_very_many_things_is_not_listed_to_its_end() {
        let home = tempfile::tempdir().unwrap();
        for n in 0..=SITE_FOLDER_ENTRIES_MAX {
            fs::write(home.path().join(n.to_string()), "").unwrap();
        }
        assert!(told(&[home.path()]).ends_with("holds more than 1000 files and folders"));
    }
}
