//! Writing to the terminal. A reader that has gone away is not an error.

use std::io::Write as _;

use serde_json::Value;

use crate::config::Problem;

/// A line on standard output.
pub(super) fn line(text: &str) {
    let _reader_gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// One JSON object on standard output.
pub(super) fn object(value: &Value) {
    line(&value.to_string());
}

/// A line on standard error.
pub(super) fn problem(text: &str) {
    let _reader_gone = writeln!(std::io::stderr().lock(), "keyway: {text}");
}

/// Every problem with the settings, a line for each, on standard error.
pub(super) fn problems(problems: &[Problem]) {
    for one in problems {
        problem(&one.to_string());
    }
}
