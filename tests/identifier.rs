//! `keyway identifier`, run as a user runs it: what it prints, and how it exits.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn identifier(words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keyway"))
        .arg("identifier")
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

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_value_is_told_by_type_canonical_format_and_check() {
    let output = identifier(&["pnc", "81/34U", "2003/0011985Z", "97/0000/00/123456K", "--json"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        json_of(&output),
        json!([
            {"type": "PNC", "canonical": "1981/0000034U", "format_valid": true, "check": "valid"},
            {"type": "PNC", "canonical": "2003/0011985Z", "format_valid": true, "check": "invalid"},
            {"type": "PNC", "canonical": null, "format_valid": false, "check": "not-checked"},
        ])
    );
    let said = said(&output);
    assert!(
        said.contains("value 2:") && said.contains("value 3:") && said.contains("the form of an ASN"),
        "{said}"
    );
    assert!(!said.contains("0011985") && !said.contains("123456"), "{said}");
}

#[test]
fn what_is_right_or_has_no_check_exits_with_0() {
    for (kind, value, canonical, check) in [
        ("nhs", "999 000 0018", "9990000018", "valid"),
        ("CRO", "1/99W", "000001/99W", "valid"),
        ("asn", "97/0000/00/123456K", "9700000000000123456K", "valid"),
        ("asn", "0800NP0100000000001A", "0800NP0100000000001A", "not-checked"),
        ("crn", "x999901", "X999901", "not-checked"),
        ("prison-number", "A9999ZZ", "A9999ZZ", "not-checked"),
        ("noms", "A9999ZZ", "A9999ZZ", "not-checked"),
        ("urn", "99zz0001234", "99ZZ0001234", "not-checked"),
        ("court-case", "99/0000/1X", "99/0000/000001X", "valid"),
        ("custody-record", "ng-26-004417", "NG-26-004417", "not-checked"),
        ("CUSTODY_RECORD", "ng-26-004417", "NG-26-004417", "not-checked"),
    ] {
        let output = identifier(&[kind, value, "--json"], b"");
        assert_eq!(output.status.code(), Some(0), "{kind} {}", said(&output));
        let first = &json_of(&output)[0];
        assert_eq!((&first["canonical"], &first["check"]), (&json!(canonical), &json!(check)), "{kind}");
        let plain = identifier(&[kind, value], b"");
        let text = String::from_utf8(plain.stdout).unwrap();
        for word in ["type", "canonical", "format_valid", "check", canonical, "true", check] {
            assert!(text.contains(word), "{word} is missing from\n{text}");
        }
    }
}

#[test]
fn values_are_read_from_standard_input_a_line_each() {
    let output = identifier(&["pnc", "1999/0000001G", "-", "--json"], b"81/34U\n\n  02/73319Z  \r\n");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let all = json_of(&output);
    let canonical: Vec<&str> =
        all.as_array().unwrap().iter().map(|o| o["canonical"].as_str().unwrap()).collect();
    assert_eq!(canonical, ["1999/0000001G", "1981/0000034U", "2002/0073319Z"]);
}

#[test]
fn what_cannot_be_looked_at_is_told() {
    let nothing = identifier(&["pnc", "-"], b"\n\n");
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("nothing to look at"), "{}", said(&nothing));
    let no_text = identifier(&["pnc", "-"], b"\xff\xfe");
    assert_eq!(no_text.status.code(), Some(1));
    let too_long = identifier(&["pnc", "-"], &vec![b'1'; 1_048_577]);
    assert_eq!(too_long.status.code(), Some(1));
    assert!(said(&too_long).contains("1048576 bytes"), "{}", said(&too_long));
    for words in [&["passport", "1"][..], &["pnc"], &[]] {
        assert_eq!(identifier(words, b"").status.code(), Some(2), "{words:?}");
    }
    let help = identifier(&["--help"], b"");
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(text.contains("keyway identifier pnc") && text.contains("Exit codes"), "{text}");
}
