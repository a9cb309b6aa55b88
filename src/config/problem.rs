//! One thing that is wrong with the settings.

use std::{fmt, io, path::Path};

/// One thing that is wrong: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `keyway.toml:12`, or the setting's name as in `partners.key_file`.
    pub place: String,
    /// What is wrong.
    pub text: String,
}

impl Problem {
    /// A problem with what stands in `file`, at `line` when that is known.
    pub(super) fn file(file: &Path, line: Option<usize>, text: impl Into<String>) -> Self {
        let place = match line {
            Some(line) => format!("{}:{line}", file.display()),
            None => file.display().to_string(),
        };
        Self { place, text: text.into() }
    }

    /// What to say of a file that could not be read.
    pub(super) fn unread(error: &io::Error) -> String {
        match error.kind() {
            io::ErrorKind::NotFound => String::from("is not there"),
            io::ErrorKind::PermissionDenied => String::from("may not be read by this user"),
            kind => format!("cannot be read: {kind}"),
        }
    }

    /// A problem with the value of a setting.
    pub(crate) fn setting(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: name.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}
