//! How long a referral message of about 10 KB takes: to parse strictly, to check against every rule of base R4 and of our
//! profiles, and both; how long compiling the profiles takes; what memory the compiled program takes, and whether the
//! peak grows with the number of messages seen.
//!
//! `cargo bench --bench validate -- [--messages N] [--peak N] [--write FILE] [--json]`. Every message has values that
//! were not seen before and is made outside the timed part. `--write` only writes the messages, one on each line, so that
//! other validators can be given the same ones.

mod bundles;
#[path = "../measured/mod.rs"]
mod measured;
mod memory;

use std::{
    fs::File,
    hint::black_box,
    io::{self, BufWriter, Write as _},
    time::Duration,
};

use keyway::{
    fhir,
    profile::{
        Severity,
        check::{Ask, Program},
    },
};
use measured::{Asked, micros_at, timed};
use serde_json::{Value, json};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many messages are timed when nothing else is asked for.
const MESSAGES: u64 = 5_000;
/// How many are made at a time, outside the timed part.
const BATCH: u64 = 100;
/// What the time is taken to be, in microseconds since 1970: it must not matter.
const NOW: i64 = 1_795_000_000_000_000;
/// How often the profiles are compiled for the time of it.
const COMPILES: usize = 5;

fn main() -> Result<(), String> {
    let asked = Asked::read(&["--messages", "--peak", "--write"])?;
    let messages = asked.number("--messages", MESSAGES)?;
    let original = bundles::original()?;
    if let Some(file) = asked.value("--write") {
        return write(&original, messages, file).map_err(|error| error.to_string());
    }
    let before = memory::status_kib("RssAnon");
    let (program, first) = timed(compile);
    let program = program?;
    let held = before.zip(memory::status_kib("RssAnon")).map(|(before, after)| after.saturating_sub(before));
    let mut compiles = vec![first];
    for _ in 1..COMPILES {
        let (again, time) = timed(compile);
        drop(again?);
        compiles.push(time);
    }
    let times = times(&program, &original, messages)?;
    let peak = match asked.number("--peak", 0)? {
        0 => None,
        most => Some(peak(&program, &original, most)?),
    };
    asked.show(&json!({
        "validator": "keyway",
        "messages": messages,
        "bytes": bundles::message(&original, 1).len(),
        "parse_us": summary(times.parse),
        "check_us": summary(times.check),
        "both_us": summary(times.both),
        "compile_ms": {"first": millis(first), "median": millis(median(&mut compiles))},
        "program_rss_kib": held,
        "peak": peak,
    }))
}

fn write(original: &Value, messages: u64, file: &str) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for number in 1..=messages {
        out.write_all(&bundles::message(original, number))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

#[derive(Default)]
struct Times {
    parse: Vec<Duration>,
    check: Vec<Duration>,
    both: Vec<Duration>,
}

fn times(program: &Program, original: &Value, count: u64) -> Result<Times, String> {
    let mut times = Times::default();
    for begin in (1..=count).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let batch: Vec<Vec<u8>> =
            (begin..begin + BATCH).map(|number| bundles::message(original, number)).collect();
        for bytes in &batch {
            let (parsed, parse) = timed(|| fhir::json::parse(black_box(bytes)));
            let value = parsed.map_err(|fault| fault.to_string())?;
            let (wrong, check) = timed(|| errors(program, black_box(&value)));
            if let Some(first) = wrong {
                return Err(format!("a message that must be valid is not: {first}"));
            }
            times.parse.push(parse);
            times.check.push(check);
            times.both.push(parse + check);
        }
    }
    Ok(times)
}

/// The most that is held after a tenth of the messages, and after all of them, in KiB.
fn peak(program: &Program, original: &Value, count: u64) -> Result<Value, String> {
    let mut early = None;
    if !memory::reset_peak() {
        return Ok(Value::Null);
    }
    for number in 1..=count {
        let value =
            fhir::json::parse(&bundles::message(original, number)).map_err(|fault| fault.to_string())?;
        black_box(errors(program, &value));
        if number == count / 10 {
            early = memory::status_kib("VmHWM");
        }
    }
    Ok(json!({"messages": count, "after_a_tenth_kib": early, "after_all_kib": memory::status_kib("VmHWM")}))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn summary(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    json!({"median": micros_at(&times, 50), "p95": micros_at(&times, 95), "p99": micros_at(&times, 99)})
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn compile() -> Result<Program, String> {
    Program::built_in()
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// The first error of a message, by its rule and place; a good message has none.
fn errors(program: &Program, message: &Value) -> Option<String> {
    // As a message that comes in is checked: advice is not asked for.
    let findings = program.check(message, &Ask { best_practice: false, ..Ask::at(NOW) });
    let wrong = findings.iter().find(|finding| finding.severity == Severity::Error)?;
    Some(format!("{} at {}", wrong.rule, wrong.expression))
}
