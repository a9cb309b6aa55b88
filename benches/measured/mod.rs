//! What the benchmarks share: how they are asked, how a time is taken, and how what was seen is shown.

use std::{
    io::{self, Write as _},
    str::FromStr,
    time::{Duration, Instant},
};

use serde_json::Value;

/// What was asked for on the command line.
pub(crate) struct Asked {
    values: Vec<(String, String)>,
    as_json: bool,
}

impl Asked {
    /// Reads `--json`, and the arguments of `known`, each with a value after it.
    pub(crate) fn read(known: &[&str]) -> Result<Self, String> {
        let mut asked = Self { values: Vec::new(), as_json: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => asked.as_json = true,
                // cargo adds it.
                "--bench" => {}
                name if known.contains(&name) => {
                    let value = arguments.next().ok_or(format!("{name} needs a value"))?;
                    asked.values.push((argument, value));
                }
                _ => return Err(format!("{argument} is not known")),
            }
        }
        Ok(asked)
    }

    /// The value of `name`, where it was given.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The number that `name` has, above nothing; `usual` where it was not given.
    pub(crate) fn number<N: FromStr + PartialOrd + Default>(
        &self,
        name: &str,
        usual: N,
    ) -> Result<N, String> {
        let Some(value) = self.value(name) else { return Ok(usual) };
        value.parse().ok().filter(|number| *number > N::default()).ok_or(format!("{name} needs a number"))
    }

    /// Prints what was seen.
    pub(crate) fn show(&self, seen: &Value) -> Result<(), String> {
        let shown = if self.as_json { seen.to_string() } else { format!("{seen:#}") };
        writeln!(io::stdout(), "{shown}").map_err(|error| error.to_string())
    }
}

/// What some work makes, and how long that took.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let made = work();
    (made, begun.elapsed())
}

/// Of sorted times the one below which `percent` of them are, in microseconds with two decimals.
pub(crate) fn micros_at(times: &[Duration], percent: usize) -> Option<f64> {
    let time = times.get(times.len() * percent / 100)?;
    Some((time.as_secs_f64() * 1e8).round() / 100.0)
}
