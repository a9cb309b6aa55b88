//! `keyway consent decide`: what a person's FHIR Consents say about one request, so that anybody can try a case.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{print, shown};
use crate::{
    consent::r4::{Answer, Code, Directive, Request, Verdict, decide, decide_unread},
    fhir::json,
    limits::VALIDATED_FILE_MAX_BYTES,
};

/// The exit code of an answer that withholds something.
const IN_PART: u8 = 3;
/// What a case may hold beside what is decided: what it is for people, and what was expected.
const BESIDE: [&str; 4] = ["id", "source", "title", "expect"];

/// Decide on a request by FHIR R4 Consents, and say why.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    keyway consent decide - <<'CASE'\n  \
    {\"consents\": [{\"resourceType\": \"Consent\", \"id\": \"c1\", \"status\": \"active\",\n    \
    \"scope\": {\"coding\": [{\"system\": \"http://terminology.hl7.org/CodeSystem/consentscope\", \"code\": \"patient-privacy\"}]},\n    \
    \"category\": [{\"text\": \"disclosure\"}], \"patient\": {\"reference\": \"Patient/1\"},\n    \
    \"provision\": {\"type\": \"permit\", \"period\": {\"end\": \"2026-12-31\"}}}],\n   \
    \"request\": {\"actorReferences\": [\"Organization/cmht\"], \"now\": \"2026-12-31T12:00:00Z\"}}\n  \
    CASE\n\n\
    No agreement and no directory is asked: this is what the person said, and no more. docs/consent-decisions.md has the\n\
    fields of a request, the order of the questions, what outweighs what, and every reason code.\n\
    Exit codes: 0 permitted, 1 denied (or the case cannot be read, which is a no), 2 usage, 3 permitted in part.")]
pub(super) struct DecideArgs {
    /// The case: `{\"consents\": [...], \"request\": {...}}`; - reads it from standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DecideArgs) -> Result<ExitCode> {
    let bytes = read(&args.file)?;
    let case = match json::parse(&bytes) {
        Ok(case) => case,
        Err(fault) => {
            refused(args.json, &format!("{}: {}", at(&fault.path), fault.text));
            return Ok(ExitCode::FAILURE);
        }
    };
    let (consents, request) = match parts(&case) {
        Ok(parts) => parts,
        Err(problem) => {
            refused(args.json, &problem);
            return Ok(ExitCode::FAILURE);
        }
    };
    let directives: Vec<_> = consents.iter().map(|consent| Directive::read(consent)).collect();
    let verdict = match Request::read(request) {
        Ok(request) => tell(args.json, &decide(&directives, &request)),
        Err(fault) => {
            let verdict = tell(args.json, &decide_unread(&fault));
            print::problem(&format!("{}: {}", at(&format!("/request{}", fault.at)), fault.code.words()));
            verdict
        }
    };
    Ok(match verdict {
        Verdict::Permit => ExitCode::SUCCESS,
        Verdict::PermitRedacted => ExitCode::from(IN_PART),
        Verdict::Deny => ExitCode::FAILURE,
    })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(VALIDATED_FILE_MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .context("standard input cannot be read")?;
    } else {
        let opened =
            std::fs::File::open(file).with_context(|| format!("{} cannot be opened", shown(file)))?;
        opened
            .take(VALIDATED_FILE_MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("{} cannot be read", shown(file)))?;
    }
    if bytes.len() as u64 > VALIDATED_FILE_MAX_BYTES {
        bail!("the case is larger than {VALIDATED_FILE_MAX_BYTES} bytes");
    }
    Ok(bytes)
}

/// The Consents and the request of a case; one Consent may stand by itself, as `consent`.
fn parts(case: &Value) -> Result<(Vec<&Value>, &Value), String> {
    let fields = case.as_object().ok_or("a case is an object with \"consents\" and \"request\"")?;
    let known = |name: &String| {
        ["consents", "consent", "request"].contains(&name.as_str()) || BESIDE.contains(&name.as_str())
    };
    if let Some(name) = fields.keys().find(|name| !known(name)) {
        return Err(format!("/{}: a case has \"consents\" and \"request\"", json::shown(name)));
    }
    let request = fields.get("request").ok_or("/request: who asks for what is missing")?;
    Ok((consents(fields)?, request))
}

fn consents(fields: &Map<String, Value>) -> Result<Vec<&Value>, String> {
    match (fields.get("consents"), fields.get("consent")) {
        (Some(Value::Array(list)), None) => Ok(list.iter().collect()),
        (None, Some(one)) => Ok(vec![one]),
        _ => Err(String::from("/consents: a list of Consents is needed here, and no \"consent\" beside it")),
    }
}

fn at(path: &str) -> &str {
    if path.is_empty() { "the case" } else { path }
}

/// A case that cannot be read is a no like any other.
fn refused(as_json: bool, problem: &str) {
    let code = Code::RequestUnreadable.as_str();
    if as_json {
        print::object(&json!({
            "decision": Verdict::Deny.as_str(), "reasons": [code], "consent": null, "provision": null,
            "withheld": [], "consents": [],
        }));
    } else {
        print::line(&format!("deny\n  {code}"));
    }
    print::problem(problem);
}

fn tell(as_json: bool, answer: &Answer<'_>) -> Verdict {
    if as_json {
        print::object(&answer.to_json());
        return answer.verdict;
    }
    let told = answer.to_json();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(print::printable);
    print::line(answer.verdict.as_str());
    for code in &answer.reasons {
        print::line(&format!("  {:<22} {}", code.as_str(), code.words()));
    }
    if let Some(provision) = text(&told, "provision") {
        let consent = text(&told, "consent").unwrap_or_else(|| String::from("the Consent without an id"));
        print::line(&format!("decided by {provision} of {consent}"));
    }
    let list = |name: &str| told.get(name).and_then(Value::as_array).into_iter().flatten();
    for kept in list("withheld") {
        let why = text(kept, "provision").unwrap_or_else(|| codes(kept.get("reasons")));
        let what = match (kept.get("resource"), kept.get("rule").and_then(Value::as_str)) {
            (Some(place), _) => format!("resources[{place}]"),
            (None, Some("all-but")) => format!("all but {}", named(kept)),
            _ => named(kept),
        };
        print::line(&format!("withheld: {what} ({why})"));
    }
    for said in list("consents") {
        let id = text(said, "id").unwrap_or_else(|| String::from("no id"));
        let version = text(said, "version").map_or_else(String::new, |version| format!(" version {version}"));
        let place = said.get("place").and_then(Value::as_u64).unwrap_or_default();
        let further = text(said, "provision")
            .or_else(|| text(said, "at"))
            .map_or_else(String::new, |at| format!(" at {at}"));
        print::line(&format!("consents[{place}] {id}{version}: {}{further}", codes(said.get("reasons"))));
    }
    answer.verdict
}

fn codes(list: Option<&Value>) -> String {
    let codes = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    codes.collect::<Vec<_>>().join(", ")
}

/// The data that a rule names.
fn named(kept: &Value) -> String {
    let data = kept.get("data").and_then(Value::as_object);
    let each = data.into_iter().flatten().map(|(name, value)| match value {
        Value::Array(list) => {
            let list: Vec<String> = list.iter().filter_map(Value::as_str).map(print::printable).collect();
            format!("{name} {}", list.join(" or "))
        }
        _ => name.clone(),
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::from("what the rules round it name") } else { each.join(" with ") }
}
