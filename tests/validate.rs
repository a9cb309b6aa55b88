//! `keyway validate`, run as a user runs it: what it prints, and how it exits.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const PATIENT: &str = "{\n  \"resourceType\": \"Patient\",\n  \"gender\": \"female\"\n}\n";
const WRONG: &str = "{\n  \"resourceType\": \"Patient\",\n  \"birthDate\": \"2026-02-30\"\n}\n";

fn validate(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway"))
        .arg("validate")
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("right.json"), PATIENT).unwrap();
    fs::write(folder.path().join("wrong.json"), WRONG).unwrap();
    folder
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_valid_document_exits_with_0_and_a_wrong_one_with_1_and_a_caret() {
    let folder = folder();
    let right = validate(folder.path(), &["right.json"]);
    assert_eq!(right.status.code(), Some(0), "{}", said(&right));
    assert!(said(&right).contains("right.json: valid"), "{}", said(&right));
    let wrong = validate(folder.path(), &["right.json", "wrong.json"]);
    assert_eq!(wrong.status.code(), Some(1));
    let text = said(&wrong);
    for part in
        ["wrong.json:3:16: Patient.birthDate", "^^^^^^^^^^^^", "= rule: ", "wrong.json: NOT valid (1 errors"]
    {
        assert!(text.contains(part), "{part} is missing from\n{text}");
    }
}

#[test]
fn json_is_one_outcome_for_each_file_without_a_value_from_it() {
    let folder = folder();
    fs::write(folder.path().join("broken.json"), "{\"resourceType\": \"Patient\",,}").unwrap();
    let output = validate(folder.path(), &["right.json", "wrong.json", "broken.json", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let outcomes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let files: Vec<&str> =
        outcomes.iter().map(|o| o["extension"][0]["valueString"].as_str().unwrap()).collect();
    assert_eq!(files, ["right.json", "wrong.json", "broken.json"]);
    assert!(outcomes.iter().all(|o| o["resourceType"] == "OperationOutcome"));
    let errors = |at: usize| {
        let issues = outcomes[at]["issue"].as_array().unwrap();
        issues.iter().filter(|issue| issue["severity"] == "error").cloned().collect::<Vec<Value>>()
    };
    assert_eq!((errors(0).len(), errors(1).len(), errors(2).len()), (0, 1, 1), "{text}");
    assert_eq!(errors(1)[0]["extension"][0]["valueInteger"], 3);
    assert_eq!(errors(1)[0]["expression"][0], "Patient.birthDate");
    assert!(!text.contains("2026-02-30"));
}

#[test]
fn a_document_may_come_by_standard_input() {
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_keyway"))
        .args(["validate", "-", "--json"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(WRONG.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["extension"][0]["valueString"], "standard input");
}

#[test]
fn a_profile_and_a_package_are_named_on_the_command_line() {
    let folder = folder();
    let profile = "https://keyway.example/fhir/StructureDefinition/ld-patient";
    let output = validate(folder.path(), &["right.json", "--profile", profile]);
    assert_eq!(output.status.code(), Some(1), "a bare Patient is none of ours");
    let output = validate(folder.path(), &["right.json", "--profile", "https://nowhere.example/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("--package"), "{}", said(&output));

    fs::create_dir(folder.path().join("package")).unwrap();
    let needs_a_name = r#"{"resourceType": "StructureDefinition", "url": "https://nowhere.example/x", "name": "X",
        "status": "active", "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "version": "1",
        "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]}}"#;
    fs::write(folder.path().join("package/x.json"), needs_a_name).unwrap();
    let words = ["right.json", "--package", "package", "--profile", "https://nowhere.example/x"];
    let output = validate(folder.path(), &words);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("https://nowhere.example/x|1"), "{}", said(&output));
}

#[test]
fn what_cannot_be_read_is_told_by_name_and_the_rest_is_checked() {
    let folder = folder();
    fs::write(folder.path().join("latin.json"), b"{\"a\": \"\xe9\"}").unwrap();
    let output = validate(folder.path(), &["nothing.json", "latin.json", "right.json"]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    for part in ["nothing.json: cannot be opened", "latin.json: is not UTF-8", "right.json: valid"] {
        assert!(text.contains(part), "{part} is missing from\n{text}");
    }
    let output = validate(folder.path(), &["nothing.json", "right.json", "--json"]);
    assert_eq!(
        (output.status.code(), said(&output).lines().count()),
        (Some(1), 2),
        "one outcome for each file"
    );
    assert!(said(&output).lines().next().unwrap().contains("cannot be opened"), "{}", said(&output));
    assert_eq!(validate(folder.path(), &[]).status.code(), Some(2), "no file is a mistake of usage");
    let output = validate(folder.path(), &["right.json", "--package", "no-such-folder"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("no-such-folder"), "{}", said(&output));
}

#[test]
fn what_was_not_judged_is_told_for_each_file() {
    let folder = folder();
    for (words, rule) in [
        (["--profile", "https://nowhere.example/x"], "profile"),
        (["--package", "there-is-no-such-folder"], "package"),
    ] {
        let told = validate(folder.path(), &[&words[..], &["--json", "right.json", "wrong.json"]].concat());
        assert_eq!(told.status.code(), Some(1), "{}", said(&told));
        let text = String::from_utf8(told.stdout).unwrap();
        let outcomes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(outcomes.len(), 2, "{text}");
        for outcome in outcomes {
            assert_eq!(outcome["issue"][0]["severity"], "error");
            assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], rule, "{outcome}");
        }
        assert_eq!(validate(folder.path(), &[&words[..], &["right.json"]].concat()).status.code(), Some(1));
    }
}
