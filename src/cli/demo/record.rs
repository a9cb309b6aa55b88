//! What an agency received, byte by byte, in `received/<kind>/`, and in memory as decoded text.
//!
//! Tokens are not kept. Everything else that reaches the agency is: pushes, sheets, mailbox items, and the
//! gateway's answers to its actions.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// An agency's record.
pub(super) struct Record {
    folder: PathBuf,
    next: AtomicU32,
    heard: Mutex<Vec<String>>,
}

impl Record {
    /// A record that writes to `folder`, which is made.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), next: AtomicU32::new(1), heard: Mutex::new(Vec::new()) })
    }

    /// Keeps `body` as `NNN-what.json` and the headers beside it as `NNN-what.headers`.
    pub(super) fn keep(&self, what: &str, headers: &str, body: &[u8]) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let write = |ending: &str, bytes: &[u8]| {
            let file = self.folder.join(format!("{number:03}-{what}.{ending}"));
            fs::write(&file, bytes).with_context(|| format!("{} cannot be written", file.display()))
        };
        write("headers", headers.as_bytes())?;
        write("json", body)?;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(decoded(body));
        Ok(())
    }

    /// Whether anything that came in holds one of `words` (a name, a referral's id).
    pub(super) fn knows(&self, words: &[&str]) -> bool {
        self.about(words).next().is_some()
    }

    /// Everything that came in and holds one of `words`, decoded.
    pub(super) fn about(&self, words: &[&str]) -> impl Iterator<Item = String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let about: Vec<String> =
            heard.iter().filter(|text| words.iter().any(|word| text.contains(word))).cloned().collect();
        about.into_iter()
    }
}

/// Headers as lines, in the order in which they came.
pub(super) fn header_lines<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    headers.fold(String::new(), |mut lines, (name, value)| {
        lines.push_str(name);
        lines.push_str(": ");
        lines.push_str(&String::from_utf8_lossy(value));
        lines.push('\n');
        lines
    })
}

/// The names and texts of a JSON document, one a line, escapes undone and base64 opened; other bytes as they are.
fn decoded(body: &[u8]) -> String {
    let mut text = String::new();
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => collect(&value, &mut text),
        Err(_) => text.push_str(&String::from_utf8_lossy(body)),
    }
    text
}

fn collect(value: &Value, text: &mut String) {
    let mut line = |part: &str| {
        text.push_str(part);
        text.push('\n');
    };
    match value {
        Value::String(part) => {
            line(part);
            if part.len() >= 16
                && let Some(opened) = STANDARD.decode(part).ok().and_then(|b| String::from_utf8(b).ok())
            {
                line(&opened);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, text)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            text.push_str(name);
            text.push('\n');
            collect(field, text);
        }),
        Value::Number(number) => line(&number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_as_they_came_and_searched_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(&folder.path().join("court")).unwrap();
        let hidden = STANDARD.encode("a long enough secret");
        let body = format!("{{\"name\":\"\\u0041shby\", \"data\":\"{hidden}\"}}");
        record.keep("sheet", "etag: W/\"1\"\n", body.as_bytes()).unwrap();
        assert!(record.knows(&["Ashby"]));
        assert!(record.knows(&["enough secret"]));
        assert!(!record.knows(&["Bell"]));
        assert_eq!(fs::read(folder.path().join("court/001-sheet.json")).unwrap(), body.as_bytes());
        assert_eq!(fs::read(folder.path().join("court/001-sheet.headers")).unwrap(), b"etag: W/\"1\"\n");
    }
}
