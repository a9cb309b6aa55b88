//! `keyway verify-document`: whether a trusted assessment is what its sender signed, without asking anybody.

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
    clock::{Clock as _, Moment, SystemClock},
    fhir::json,
    limits::VALIDATED_FILE_MAX_BYTES,
    mapping::document::{DOCUMENT_PROFILE, canonical, said_signature},
    profile::{
        Severity,
        check::{Ask, Program},
    },
    vault::check_signature,
};

/// Check the signature of a trusted assessment, that nothing in it was changed, and that it is what its profile asks for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    keyway verify-document assessment.json --keys jwks.json\n  \
    keyway verify-document assessment.json --keys jwks.json --json\n\n\
    The keys are those of the gateway that signed, as it gives them at /oauth/jwks; get them from it, not with the document.\n\
    Nobody is asked: it works without a network. Nothing that the document says of a person is printed.\n\
    The root's id and meta are not signed, as in FHIR R4: where a document lies may change. What stands there is named\n\
    (\"unsigned\"), and more than a version, a time, profiles and labels is a doubt.\n\
    Exit codes: 0 signed and unchanged, 1 any doubt (and which), 2 usage.")]
pub(super) struct VerifyDocumentArgs {
    /// The document, as it was fetched.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The JWK set of the gateway that signed.
    #[arg(long, value_name = "JWKS")]
    keys: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyDocumentArgs) -> Result<ExitCode> {
    let name = shown(&args.file);
    let verified = verify(&name, &read(&args.file)?, &read(&args.keys)?, SystemClock.now());
    match &verified {
        Ok(told) if args.json => print::object(told),
        Ok(told) => {
            print::line(&format!("{name}: signed, and unchanged since"));
            for (word, field) in [
                ("when", "signed_at"),
                ("by", "organization"),
                ("key", "key_id"),
                ("document", "identifier"),
                ("replaces", "replaces"),
            ] {
                if let Some(text) = told.get(field).and_then(Value::as_str) {
                    print::line(&format!("  {word:<9} {text}"));
                }
            }
            let sections = told.get("sections").and_then(Value::as_array);
            for section in sections.into_iter().flatten().filter_map(Value::as_str) {
                print::line(&format!("  {:<9} {section}", "section"));
            }
            let unsigned = told.get("unsigned").and_then(Value::as_array);
            for place in unsigned.into_iter().flatten().filter_map(Value::as_str) {
                print::line(&format!("  {:<9} {place}", "unsigned"));
            }
        }
        Err(doubts) if args.json => {
            print::object(&json!({"file": name, "verified": false, "doubts": doubts}));
        }
        Err(doubts) => {
            for doubt in doubts {
                print::problem(&format!("{name}: {doubt}"));
            }
            print::problem(&format!("{name}: not verified. Do not rely on it."));
        }
    }
    Ok(if verified.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let name = shown(file);
    let opened = std::fs::File::open(file).with_context(|| format!("{name} cannot be opened"))?;
    let mut bytes = Vec::new();
    opened
        .take(VALIDATED_FILE_MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > VALIDATED_FILE_MAX_BYTES {
        bail!("{name} is larger than {VALIDATED_FILE_MAX_BYTES} bytes");
    }
    Ok(bytes)
}

/// What the document is, when nothing about it is in doubt; every doubt otherwise.
fn verify(name: &str, bytes: &[u8], keys: &[u8], now: Moment) -> Result<Value, Vec<String>> {
    let document = json::parse(bytes).map_err(|fault| vec![format!("{}: {}", fault.path, fault.text)])?;
    let said = said_signature(&document).map_err(|doubt| vec![doubt.to_owned()])?;
    let attested =
        check_signature(&said.jws, &canonical(&document), keys).map_err(|doubt| vec![doubt.to_string()])?;
    let mut doubts = beside(&document);
    if attested.at_seconds != said.when_seconds {
        doubts.push(String::from("the time of the signature is another than the one that was signed"));
    }
    let program = Program::shared().map_err(|fault| vec![fault])?;
    let ask = Ask { profiles: &[DOCUMENT_PROFILE], ..Ask::at(now.0) };
    let findings = program.check(&document, &ask);
    doubts.extend(
        findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| format!("{}: {}", finding.pointer, finding.diagnostics)),
    );
    if doubts.is_empty() {
        Ok(told(name, &document, &attested.key_id, attested.at_seconds))
    } else {
        Err(doubts)
    }
}

/// What the root's meta may hold: where the document lies and by which rules it was made, and no words.
const META: [&str; 6] = ["versionId", "lastUpdated", "source", "profile", "security", "tag"];
/// The members of a label there, and the only texts of one.
const LABEL: [&str; 3] = ["system", "code", "version"];
const LABELLED: [&str; 2] = ["restricted", "subsetted"];

/// What stands in the root's meta, which nobody signed, and could be read as part of what was. Places only, and of those no
/// name that is not known.
fn beside(document: &Value) -> Vec<String> {
    let doubt =
        |place: &str| format!("{place}: this is not signed, and documents here have nothing like it there");
    let id_is_plain = document.get("id").is_none_or(|id| {
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 64
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
        };
        id.as_str().is_some_and(plain)
    });
    let mut doubts: Vec<String> = (!id_is_plain).then(|| doubt("/id")).into_iter().collect();
    doubts.extend(document.get("_id").map(|_| doubt("/_id")));
    let Some(meta) = document.get("meta") else { return doubts };
    let Some(fields) = meta.as_object() else { return vec![doubt("/meta")] };
    for (name, held) in fields {
        let labels = matches!(name.as_str(), "security" | "tag");
        let is_plain = match held {
            _ if !META.contains(&name.as_str()) => false,
            Value::String(_) => !labels && name != "profile",
            Value::Array(items) if labels => items.iter().all(is_label),
            Value::Array(items) => name == "profile" && items.iter().all(Value::is_string),
            _ => false,
        };
        if !is_plain {
            let known = META.iter().find(|known| *known == name);
            doubts.push(doubt(&known.map_or_else(|| String::from("/meta"), |name| format!("/meta/{name}"))));
        }
    }
    doubts
}

fn is_label(label: &Value) -> bool {
    label.as_object().is_some_and(|fields| {
        fields.iter().all(|(name, held)| match held.as_str() {
            Some(text) if name == "display" => LABELLED.contains(&text),
            Some(_) => LABEL.contains(&name.as_str()),
            None => false,
        })
    })
}

/// The places of the document that the signature says nothing of.
fn unsigned(document: &Value) -> Vec<String> {
    let meta = document.get("meta").and_then(Value::as_object).into_iter().flatten();
    let meta = meta.map(|(name, _)| format!("/meta/{name}"));
    let id = document.get("id").map(|_| String::from("/id"));
    id.into_iter().chain(meta).chain([String::from("/signature")]).collect()
}

fn told(name: &str, document: &Value, key_id: &str, at_seconds: i64) -> Value {
    let identifier = |at: Option<&Value>| {
        let at = at?;
        let text = |name: &str| at.get(name).and_then(Value::as_str);
        Some(format!("{}|{}", text("system")?, text("value")?))
    };
    let composition = document.pointer("/entry/0/resource");
    let custodian = composition.and_then(|one| one.pointer("/custodian/reference"));
    let entries = document.get("entry").and_then(Value::as_array);
    let organization = entries.into_iter().flatten().find(|entry| entry.get("fullUrl") == custodian);
    let sections = composition.and_then(|one| one.get("section")).and_then(Value::as_array);
    let titles = sections.into_iter().flatten().filter_map(|section| section.get("title"));
    json!({
        "file": name,
        "verified": true,
        "signed_at": Moment(at_seconds.saturating_mul(1_000_000)).to_rfc3339(),
        "key_id": key_id,
        "organization": organization.and_then(|one| one.pointer("/resource/name")),
        "identifier": identifier(document.get("identifier")),
        "replaces": identifier(composition.and_then(|one| one.pointer("/relatesTo/0/targetIdentifier"))),
        "sections": titles.collect::<Vec<_>>(),
        "unsigned": unsigned(document),
    })
}
