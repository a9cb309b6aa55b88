//! `keyway validate`: whether FHIR documents are what their profiles ask for, and where they are not.

mod report;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{print, shown};
use crate::{
    app::App,
    clock::{Clock as _, SystemClock},
    config::Config,
    fhir::json,
    limits::VALIDATED_FILE_MAX_BYTES,
    profile::{
        Finding, Severity,
        check::{Ask, Program},
        outcome,
    },
};

/// Standard extension: which file an outcome is about.
const FILE: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file";

/// Where base R4 keeps its definitions.
const R4: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Most rules that are told as not checked.
const UNCHECKED_MAX: usize = 50;

/// Check FHIR documents against base R4, the profiles that they name and Keyway's own.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway validate referral.json\n  \
    keyway validate *.json --profile https://keyway.example/fhir/StructureDefinition/ld-referral-message\n  \
    keyway validate referral.json --package ./ukcore --package ./bars.tgz --json\n\n\
    Each finding is shown with the line that it is about, the rule, and what would be right. Nothing is sent anywhere. \
    The lines shown come from your file: they may hold personal data.\n\
    Rules of a package that cannot be checked here are named on standard error.\n\
    With --json: one OperationOutcome for each file, a line each, without any value from the file.\n\
    Exit codes: 0 no error (there may be warnings), 1 an error in a document, or a file, package or profile that cannot be read or is not known, 2 usage.")]
pub(super) struct ValidateArgs {
    /// JSON files; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A profile that every document must fit, beside those that it names itself. May be given more than once.
    #[arg(long, value_name = "URL")]
    profile: Vec<String>,
    /// A FHIR package (a folder or a .tgz) with further definitions. May be given more than once.
    #[arg(long, value_name = "DIR")]
    package: Vec<PathBuf>,
    /// The settings file, whose `profiles.packages` are loaded too.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Give advice too: that a resource should have narrative.
    #[arg(long)]
    advice: bool,
    /// Print one `OperationOutcome` for each file, a line each.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ValidateArgs) -> ExitCode {
    let mut packages = args.package.clone();
    if let Some(file) = &args.config {
        match Config::load(file) {
            Ok(config) => packages.extend(config.packages),
            Err(problems) => {
                print::problems(&problems);
                return ExitCode::FAILURE;
            }
        }
    }
    let program = match App::fhir_program(&packages) {
        Ok(program) => program,
        Err(error) => return not_judged(args, "package", &error.to_string()),
    };
    let profiles: Vec<&str> = args.profile.iter().map(String::as_str).collect();
    let ask = Ask { profiles: &profiles, best_practice: args.advice, ..Ask::at(SystemClock.now().0) };
    if let Some(unknown) = profiles.iter().find(|url| !program.knows(url)) {
        let why =
            format!("the profile {unknown} is not known; name the package that holds it with --package");
        return not_judged(args, "profile", &why);
    }
    // What the packages ask for and nobody here can check is not passed over in silence.
    for one in program.unevaluated().iter().filter(|one| !one.profile.starts_with(R4)).take(UNCHECKED_MAX) {
        print::problem(&format!("not checked: {} of {}: {}", one.rule, one.profile, one.why));
    }
    let mut all_well = true;
    for file in &args.files {
        let name = if file == Path::new("-") { String::from("standard input") } else { shown(file) };
        let text = match read(file) {
            Ok(text) => text,
            Err(error) => {
                all_well = false;
                if args.json {
                    print::object(&told(&name, "", &[unread(&error)]));
                } else {
                    print::problem(&format!("{name}: {error:#}"));
                }
                continue;
            }
        };
        let findings = check(&program, &ask, &text);
        all_well &= !outcome::is_wrong(&findings);
        if args.json {
            print::object(&told(&name, &text, &findings));
        } else {
            print::line(&report::report(&name, &text, &findings));
        }
    }
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says that no document was judged, and why: with `--json` in an outcome for each file, so that none counts as judged.
fn not_judged(args: &ValidateArgs, rule: &str, why: &str) -> ExitCode {
    if args.json {
        for file in &args.files {
            let finding = fault("exception", rule, format!("Nothing was judged: {why}."));
            print::object(&told(&shown(file), "", &[finding]));
        }
    } else {
        print::problem(why);
    }
    ExitCode::FAILURE
}

fn read(file: &Path) -> Result<String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().take(VALIDATED_FILE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
        bytes
    } else {
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(file).context("cannot be opened")?;
        opened.take(VALIDATED_FILE_MAX_BYTES + 1).read_to_end(&mut bytes).context("cannot be read")?;
        bytes
    };
    if bytes.len() as u64 > VALIDATED_FILE_MAX_BYTES {
        bail!("is larger than {VALIDATED_FILE_MAX_BYTES} bytes");
    }
    String::from_utf8(bytes).context("is not UTF-8")
}

/// A file that cannot be read, told as what is found in one is.
fn unread(error: &anyhow::Error) -> Finding {
    fault("exception", "file", format!("The file {error:#}."))
}

/// Something wrong with what is judged, and not in it.
fn fault(code: &'static str, rule: &str, diagnostics: String) -> Finding {
    Finding {
        severity: Severity::Error,
        code,
        expression: String::new(),
        pointer: String::new(),
        diagnostics,
        profile: String::new(),
        rule: rule.to_owned(),
    }
}

fn check(program: &Program, ask: &Ask<'_>, text: &str) -> Vec<Finding> {
    match json::parse(text.as_bytes()) {
        Ok(value) => program.check(&value, ask),
        Err(fault) => vec![Finding {
            severity: Severity::Error,
            code: fault.code,
            expression: String::new(),
            pointer: fault.path,
            diagnostics: fault.text,
            profile: String::new(),
            rule: String::from(report::NOT_JSON),
        }],
    }
}

fn told(name: &str, text: &str, findings: &[Finding]) -> Value {
    let mut told = outcome::operation_outcome(findings, |finding| {
        let place = report::place(text, finding);
        Some((place.line, place.column))
    });
    told.insert(String::from("extension"), json!([{"url": FILE, "valueString": name}]));
    Value::Object(told)
}
