//! Every log line of the process, kept.

use std::sync::{Arc, Mutex, OnceLock};

use keyway::telemetry::{self, LogFormat, LogOutput};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static STARTED: OnceLock<()> = OnceLock::new();

/// Starts keeping lines: everything of ours, and what libraries say at `info`.
pub fn capture() {
    STARTED.get_or_init(|| {
        let hook = LogOutput::Hook(Arc::new(|line: &[u8]| {
            LINES.lock().unwrap().push(String::from_utf8_lossy(line).into_owned());
        }));
        telemetry::start(LogFormat::Json, "info,keyway=trace", hook).expect("logging starts once");
    });
}

/// The lines so far, of all tests of this process: one that says too much fails every test that looks.
pub fn lines() -> Vec<String> {
    LINES.lock().unwrap().clone()
}

/// The latest warnings and errors, for whoever reads why a test failed.
pub fn complaints() -> String {
    let complaints: Vec<String> =
        lines().into_iter().filter(|l| l.contains("\"WARN\"") || l.contains("\"ERROR\"")).collect();
    complaints[complaints.len().saturating_sub(20)..].concat()
}
