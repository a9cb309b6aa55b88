//! Writing to the terminal. A reader that has gone away is not an error; a disk that is full is one.

use std::{
    io::{self, Write as _},
    sync::Mutex,
};

use serde_json::Value;

pub(super) use crate::profile::hidden::printable;

use crate::config::Problem;

/// The first line that could not be written, why.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// A line on standard output.
pub(super) fn line(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// Bytes as they are on standard output.
pub(super) fn bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
        && let Ok(mut lost) = LOST.lock()
    {
        lost.get_or_insert(error);
    }
}

/// Why something that was to be printed was not.
pub(super) fn lost() -> Option<io::Error> {
    LOST.lock().ok()?.take()
}

/// One JSON object on standard output.
pub(super) fn object(value: &Value) {
    line(&value.to_string());
}

/// A line on standard error. What it names may be somebody else's text.
pub(super) fn problem(text: &str) {
    let _reader_gone = writeln!(std::io::stderr().lock(), "keyway: {}", printable(text));
}

/// Every problem with the settings, a line for each, on standard error.
pub(super) fn problems(problems: &[Problem]) {
    for one in problems {
        problem(&one.to_string());
    }
}
