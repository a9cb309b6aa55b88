//! `keyway consent decide`, run as a user runs it.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn decide(words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keyway"))
        .args(["consent", "decide"])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that wants no input may be gone before it is written.
    let _written = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// A case of one Consent that permits everything to the team, but for what `within` says.
fn case(within: &Value) -> Value {
    let mut provision = json!({"type": "permit"});
    for (name, value) in within.as_object().unwrap() {
        provision[name] = value.clone();
    }
    json!({
        "title": "a case", "expect": "permit",
        "consents": [{
            "resourceType": "Consent", "id": "c1", "meta": {"versionId": "3"}, "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"text": "disclosure"}], "patient": {"reference": "Patient/1"}, "provision": provision,
        }],
        "request": {"actorReferences": ["Organization/cmht"], "now": "2026-12-31T12:00:00Z"},
    })
}

#[test]
fn a_case_is_decided_in_words_and_in_json_and_the_exit_code_says_which() {
    let refusal = json!({"provision": [{"type": "deny", "securityLabel": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]}]});
    for (within, code, word, reason) in [
        (json!({}), 0, "permit", "provision-permits"),
        (refusal, 3, "permit-redacted", "provision-may-deny"),
        (json!({"period": {"end": "2026-12-30"}}), 1, "deny", "period-over"),
    ] {
        let case = case(&within).to_string();
        let output = decide(&["-", "--json"], case.as_bytes());
        assert_eq!(output.status.code(), Some(code), "{case}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["decision"], word);
        assert!(told["reasons"].as_array().unwrap().contains(&json!(reason)), "{told}");
        assert_eq!(
            (&told["consents"][0]["id"], &told["consents"][0]["version"]),
            (&json!("c1"), &json!("3"))
        );
        let output = decide(&["-"], case.as_bytes());
        assert_eq!(output.status.code(), Some(code));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.starts_with(&format!("{word}\n")) && text.contains(reason) && text.contains("c1 version 3"),
            "{text}"
        );
    }
}

#[test]
fn what_is_withheld_is_told_with_the_rule_that_keeps_it() {
    let within = json!({"provision": [{"type": "deny", "code": [
        {"coding": [{"system": "http://example.org/codes", "code": "housing"}]}]}]});
    let output = decide(&["-"], case(&within).to_string().as_bytes());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("withheld: code http://example.org/codes|housing (provision.provision[0])"),
        "{text}"
    );
    assert!(text.contains("decided by provision of c1"), "{text}");
}

#[test]
fn a_case_that_cannot_be_read_is_a_no_that_repeats_no_value() {
    let deep = format!("{}{}", "{\"provision\":[".repeat(1_000), "]}".repeat(1_000));
    let mut twice = case(&json!({})).to_string();
    twice = twice.replacen("\"status\":", "\"status\":\"inactive\",\"status\":", 1);
    let mut strange = case(&json!({}));
    strange["request"]["now"] = json!("Zebedee Marsh");
    let mut further = case(&json!({}));
    further["Zebedee Marsh"] = json!(1);
    for input in [deep, twice, strange.to_string(), further.to_string(), String::from("[]"), String::new()] {
        let output = decide(&["-", "--json"], input.as_bytes());
        assert_eq!(output.status.code(), Some(1));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["decision"], "deny");
        assert!(told["reasons"].as_array().unwrap().contains(&json!("request-unreadable")), "{told}");
        let said = format!("{told}{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stderr.is_empty() && !said.contains("Zebedee"), "{said}");
    }
    // Within what JSON may be, and deeper than provisions are read.
    let mut provision = json!({"type": "deny"});
    for _ in 0..20 {
        provision = json!({"type": "permit", "provision": [provision]});
    }
    let mut nested = case(&json!({}));
    nested["consents"][0]["provision"] = provision;
    let output = decide(&["-", "--json"], nested.to_string().as_bytes());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["reasons"]), (Some(1), &json!(["nested-too-deep"])));
    assert!(told["consents"][0]["at"].as_str().unwrap().starts_with("/provision/provision/0"), "{told}");
}

#[test]
fn the_example_of_the_help_is_permitted() {
    let help = String::from_utf8(decide(&["--help"], b"").stdout).unwrap();
    let (_, rest) = help.split_once("<<'CASE'").unwrap();
    let (case, _) = rest.split_once("  CASE").unwrap();
    let output = decide(&["-"], case.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
