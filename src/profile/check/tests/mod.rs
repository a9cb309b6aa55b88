//! Each rule by what keeps it and what breaks it, side by side.

mod bounds;
mod choices;
mod elements;
mod extensions;
mod forgiven;
mod natives;
mod natives_of_messages;
mod reslices;
mod slices;
mod targets;
mod unreached;

use std::sync::LazyLock;

use serde_json::json;

use super::*;

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::built_in().unwrap());

const NOW: i64 = 1_795_000_000_000_000;

/// Every finding but those of rules that are not evaluated.
fn check(value: &Value) -> Vec<Finding> {
    PROGRAM.check(value, &Ask { best_practice: false, ..Ask::at(NOW) })
}

fn errors(value: &Value) -> Vec<(String, String)> {
    let errors = check(value).into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.pointer, finding.rule)).collect()
}

fn pair(pointer: &str, rule: &str) -> (String, String) {
    (pointer.to_owned(), rule.to_owned())
}

/// Base R4 with these definitions.
fn program(definitions: &[Value]) -> Program {
    let mut all = Definitions::base().unwrap();
    for definition in definitions {
        all.add(definition, "a test").unwrap();
    }
    Program::compile(&all).unwrap()
}

/// A profile with the changes of a differential.
fn profile(name: &str, kind: &str, changes: &[Value]) -> Value {
    json!({
        "resourceType": "StructureDefinition",
        "url": format!("https://test.example/{name}"),
        "name": name,
        "status": "active",
        "kind": if kind == "Extension" { "complex-type" } else { "resource" },
        "abstract": false,
        "type": kind,
        "baseDefinition": format!("http://hl7.org/fhir/StructureDefinition/{kind}"),
        "derivation": "constraint",
        "differential": {"element": changes},
    })
}

/// The errors of a value, as an instance of the profile of this name as well.
fn errors_by(program: &Program, name: &str, value: &Value) -> Vec<(String, String)> {
    let url = format!("https://test.example/{name}");
    let ask = Ask { profiles: &[&url], best_practice: false, ..Ask::at(NOW) };
    let errors = program.check(value, &ask).into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.pointer, finding.rule)).collect()
}

/// What is told without being an error: where, and by which rule.
fn notes_by(program: &Program, name: &str, value: &Value) -> Vec<(String, String)> {
    let url = format!("https://test.example/{name}");
    let ask = Ask { profiles: &[&url], best_practice: false, ..Ask::at(NOW) };
    let notes = program.check(value, &ask).into_iter().filter(|finding| finding.severity != Severity::Error);
    notes.map(|finding| (finding.pointer, finding.rule)).collect()
}
