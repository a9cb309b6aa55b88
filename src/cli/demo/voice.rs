//! Tells the story as it happens: one line for each thing, with the time since the start.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use crate::clock::Stopwatch;

/// Where the story is told, and since when. Safe to share.
pub(super) struct Voice {
    out: Mutex<Box<dyn Write + Send>>,
    since: Stopwatch,
}

impl Voice {
    /// Tells the story on standard output, or on standard error when `aside` (standard output is for the JSON).
    pub(super) fn new(aside: bool) -> Self {
        let out: Box<dyn Write + Send> = if aside { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
        Self { out: Mutex::new(out), since: Stopwatch::start() }
    }

    /// Milliseconds since the start.
    pub(super) fn elapsed_ms(&self) -> u64 {
        self.since.elapsed_micros() / 1_000
    }

    /// Something happened to `who`.
    pub(super) fn tell(&self, who: &str, what: &str) {
        let seconds = self.elapsed_ms() / 1_000;
        let tenths = self.elapsed_ms() % 1_000 / 100;
        self.line(&format!("{seconds:>4}.{tenths}s  {who:<20} {what}"));
    }

    /// A heading.
    pub(super) fn heading(&self, text: &str) {
        self.line(&format!("\n== {text}"));
    }

    /// A line as it is. A reader who has gone away stops nothing.
    pub(super) fn line(&self, text: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let _gone = writeln!(out, "{text}").and_then(|()| out.flush());
    }
}

/// Breaks `text` into lines of at most `width` characters at spaces, each behind `indent` spaces.
pub(super) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.iter().map(|l| format!("{:indent$}{l}", "")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_text_is_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 2, 7), "  one two\n  three");
        assert_eq!(wrapped("averyveryverylongword", 1, 5), " averyveryverylongword");
    }
}
