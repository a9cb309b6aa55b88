//! FHIR packages on disk: a folder of JSON files, or a `.tgz` as FHIR registries give out. Each file's bytes are handed
//! to the definitions of `profile`; nothing is written, and nothing is fetched.

mod archive;
mod folder;
#[cfg(test)]
mod tests;

use std::{fmt, io, path::Path};

use crate::{
    limits,
    profile::definition::{DefinitionFault, Definitions, Taken},
};

/// What was found in a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Types, profiles and extensions.
    pub structures: usize,
    /// Value sets and code systems.
    pub terminology: usize,
    /// Definitions of messages.
    pub messages: usize,
    /// Definitions that were there already.
    pub again: usize,
    /// FHIR resources that the validator has no use for: examples, search parameters.
    pub unused: usize,
    /// Files that are no FHIR resource in JSON.
    pub skipped: usize,
}

/// Why a package was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum PackageFault {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, io::Error),
    /// It is beyond a limit.
    #[error("{0}: {1}")]
    TooLarge(String, String),
    /// It holds no definition.
    #[error("{0} holds no FHIR definition: it must be a folder of JSON files or a .tgz of them")]
    Empty(String),
    /// Definitions that are wrong.
    #[error("{}", lines(.0))]
    Definitions(Vec<DefinitionFault>),
}

fn lines(faults: &[DefinitionFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Loads the package at `path`, a folder or a `.tgz` file, into `definitions`. Snapshots are not made here
/// ([`Definitions::make_all`]), for a package may rest on the next.
pub fn load(definitions: &mut Definitions, path: &Path) -> Result<Contents, PackageFault> {
    let mut reading =
        Reading { definitions, contents: Contents::default(), faults: Vec::new(), files: 0, bytes: 0 };
    let shown = path.display().to_string();
    let unreadable = |e: io::Error| PackageFault::Unreadable(shown.clone(), e);
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        folder::read(path, &mut reading)?;
    } else {
        archive::read(path, &mut reading)?;
    }
    if !reading.faults.is_empty() {
        return Err(PackageFault::Definitions(reading.faults));
    }
    let contents = reading.contents;
    if contents.structures + contents.terminology + contents.messages + contents.again == 0 {
        return Err(PackageFault::Empty(shown));
    }
    Ok(contents)
}

/// A package while it is read, with what it has taken of its limits.
struct Reading<'a> {
    definitions: &'a mut Definitions,
    contents: Contents,
    faults: Vec<DefinitionFault>,
    files: usize,
    bytes: u64,
}

impl Reading<'_> {
    /// Counts an entry, and refuses one too many.
    fn count(&mut self, name: &str) -> Result<(), PackageFault> {
        self.files += 1;
        if self.files > limits::PACKAGE_FILES_MAX {
            let what = format!("the package has more than {} files", limits::PACKAGE_FILES_MAX);
            return Err(PackageFault::TooLarge(name.to_owned(), what));
        }
        Ok(())
    }

    /// Counts the bytes of a file, and refuses what is too large.
    fn weigh(&mut self, name: &str, size: u64) -> Result<(), PackageFault> {
        let over = |what: String| Err(PackageFault::TooLarge(name.to_owned(), what));
        if size > limits::PACKAGE_FILE_MAX_BYTES {
            return over(format!("the file has more than {} bytes", limits::PACKAGE_FILE_MAX_BYTES));
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > limits::PACKAGE_MAX_BYTES {
            return over(format!("the package has more than {} bytes", limits::PACKAGE_MAX_BYTES));
        }
        Ok(())
    }

    /// Counts a file that is not looked into.
    fn skip(&mut self) {
        self.contents.skipped += 1;
    }

    /// Takes a JSON file.
    fn take(&mut self, name: &str, bytes: &[u8]) {
        // A byte order mark says nothing in UTF-8; some tools write one.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match self.definitions.add_file(bytes, name) {
            Ok(Some(Taken::Structure)) => self.contents.structures += 1,
            Ok(Some(Taken::Terminology)) => self.contents.terminology += 1,
            Ok(Some(Taken::Message)) => self.contents.messages += 1,
            Ok(Some(Taken::Again)) => self.contents.again += 1,
            Ok(Some(Taken::Unused)) => self.contents.unused += 1,
            Ok(None) => self.contents.skipped += 1,
            Err(fault) if self.faults.len() < limits::PACKAGE_FAULTS_MAX => self.faults.push(fault),
            Err(_) => {}
        }
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { structures, terminology, messages, again, unused, skipped } = self;
        write!(f, "{structures} structures, {terminology} code systems and value sets, {messages} messages")?;
        write!(f, " ({again} known already, {unused} of no use here, {skipped} files that are not FHIR)")
    }
}

/// Whether a file is looked into.
fn is_json(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"))
}
