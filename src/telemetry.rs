//! Where log lines go and what they look like.
//!
//! Lines hold ids of our own things, counts, codes and times. They never hold bodies, names, identifiers of
//! people, or tokens; every black-box test reads all lines to make sure.

use std::{io, sync::Arc};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

/// What a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object on each line, for machines.
    #[default]
    Json,
    /// Plain text, for people.
    Text,
}

/// A function that gets each line whole, with its line feed.
pub type LineHook = dyn Fn(&[u8]) + Send + Sync;

/// Where lines go.
#[derive(Clone)]
pub enum LogOutput {
    /// Standard error.
    Stderr,
    /// A function that gets each line; for tests and for whoever embeds the gateway.
    Hook(Arc<LineHook>),
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("the log filter is not understood: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// It was set up before.
    #[error("logging was set up before")]
    AlreadyStarted,
}

/// Starts logging for the whole process. `filter` is for example `info` or `info,keyway=debug`.
pub fn start(format: LogFormat, filter: &str, output: LogOutput) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter)?;
    let layer = tracing_subscriber::fmt::layer().with_writer(Writers(output)).with_ansi(false);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Json => registry.with(layer.json().flatten_event(true).with_span_list(false)).try_init(),
        LogFormat::Text => registry.with(layer.compact()).try_init(),
    };
    started.map_err(|_| TelemetryError::AlreadyStarted)
}

/// From now on a panic is logged with its place only: its message may hold what somebody sent.
pub fn log_panics_by_place() {
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
        tracing::error!(panic.file = file, panic.line = line, "a thread panicked");
    }));
}

struct Writers(LogOutput);

impl<'a> MakeWriter<'a> for Writers {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter { output: self.0.clone(), line: Vec::new() }
    }
}

/// Gathers one line and hands it over whole.
struct LineWriter {
    output: LogOutput,
    line: Vec<u8>,
}

impl io::Write for LineWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        match &self.output {
            LogOutput::Hook(hook) => hook(&self.line),
            // There is nowhere left to say that standard error is gone.
            LogOutput::Stderr => drop(io::Write::write_all(&mut io::stderr().lock(), &self.line)),
        }
    }
}

/// The lines of this thread, from now until the guard goes, each as JSON.
#[cfg(test)]
pub(crate) fn gather() -> (tracing::subscriber::DefaultGuard, Arc<std::sync::Mutex<Vec<serde_json::Value>>>) {
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let hook = LogOutput::Hook(Arc::new(move |line: &[u8]| {
        kept.lock().unwrap().push(serde_json::from_slice(line).unwrap());
    }));
    let layer = tracing_subscriber::fmt::layer().with_writer(Writers(hook)).json().flatten_event(true);
    (tracing::subscriber::set_default(tracing_subscriber::registry().with(layer)), lines)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::{LogOutput, Writers};

    #[test]
    fn a_hook_gets_whole_lines() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let hook = LogOutput::Hook(Arc::new(move |line: &[u8]| {
            kept.lock().unwrap().push(String::from_utf8(line.to_vec()).unwrap());
        }));
        let layer = tracing_subscriber::fmt::layer().with_writer(Writers(hook)).json().flatten_event(true);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(delivery.attempts = 2, "tried again");
            tracing::info!("done");
        });
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 2);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((&line["message"], &line["delivery.attempts"]), (&"tried again".into(), &2.into()));
    }
}
