//! `keyway verify-document`, run as a user runs it: a document as it left, and documents that somebody changed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it is surprised")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

const ASSESSMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/assessments/full.json");
/// The public key of a rehearsal (the seed [1; 32]), as another library for Ed25519 computed it.
const REHEARSAL_X: &str = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";
/// That of the seed [3; 32].
const OTHER_X: &str = "7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E";

fn keyway(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyway")).args(words).current_dir(folder).output().unwrap()
}

/// The document that goes with a referral, as a rehearsal makes it.
fn document(folder: &Path) -> Value {
    let words = [
        "map",
        "run",
        ASSESSMENT,
        "--to",
        "health",
        "--recipient",
        "cmht-riverside",
        "--at",
        "2025-01-14T09:00:00Z",
        "--json",
    ];
    let made = keyway(folder, &words);
    assert_eq!(made.status.code(), Some(0));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    made["detail"].clone()
}

fn key_of(document: &Value) -> String {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
    let jws =
        String::from_utf8(STANDARD.decode(document["signature"]["data"].as_str().unwrap()).unwrap()).unwrap();
    let head: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap()).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

fn keys(x: &str, id: &str) -> String {
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id, "use": "sig"}]}).to_string()
}

/// Verifies this text; answers the exit code and everything that was printed.
fn verify(folder: &Path, text: &str, keys: &str) -> (i32, String) {
    fs::write(folder.join("document.json"), text).unwrap();
    fs::write(folder.join("keys.json"), keys).unwrap();
    let done = keyway(folder, &["verify-document", "document.json", "--keys", "keys.json"]);
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    (done.status.code().unwrap(), said)
}

#[test]
fn a_document_as_it_left_is_verified_wherever_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let document = document(folder.path());
    let keys = keys(REHEARSAL_X, &key_of(&document));
    let (code, said) = verify(folder.path(), &document.to_string(), &keys);
    assert_eq!(code, 0, "{said}");
    for word in ["signed, and unchanged since", "2025-01-14T09:00:00", "Risks to self", &key_of(&document)] {
        assert!(said.contains(word), "no {word} in {said}");
    }
    // Nothing of the person is printed.
    assert!(!said.contains("Testcase") && !said.contains("9990000018"), "{said}");
    // Another id and meta, other white space, another order of fields: the same document.
    let mut moved = document.clone();
    moved["id"] = json!("elsewhere");
    moved["meta"]["versionId"] = json!("7");
    let fields: Vec<(String, Value)> = moved.as_object().unwrap().clone().into_iter().rev().collect();
    let moved = serde_json::to_string_pretty(&Value::Object(fields.into_iter().collect())).unwrap();
    let (code, said) = verify(folder.path(), &moved, &keys);
    assert_eq!(code, 0, "{said}");
    let told = keyway(folder.path(), &["verify-document", "document.json", "--keys", "keys.json", "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["verified"], &told["key_id"]), (&json!(true), &json!(key_of(&document))));
    // What the signature says nothing of is named, so that nobody takes it for signed.
    let unsigned: Vec<&str> = told["unsigned"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for place in ["/id", "/meta/versionId", "/meta/profile", "/signature"] {
        assert!(unsigned.contains(&place), "{place} in {unsigned:?}");
    }
}

/// Somebody who has the document and no key may write beside what was signed, and it must not read as if it were signed.
#[test]
fn nothing_can_be_written_beside_what_was_signed() {
    let folder = tempfile::tempdir().unwrap();
    let document = document(folder.path());
    let keys = keys(REHEARSAL_X, &key_of(&document));
    let extension = json!([{"url": "https://example.org/note", "valueString": "Testcase has died"}]);
    let cases = [
        ("/signature/onBehalfOf", json!({"display": "Testcase trust"})),
        ("/signature/extension", extension.clone()),
        ("/signature/_when", json!({"extension": extension})),
        ("/signature/who/display", json!("Testcase trust")),
        ("/signature/type/0/userSelected", json!(true)),
        ("/meta/extension", extension.clone()),
        ("/meta/_versionId", json!({"extension": extension})),
        (
            "/meta/tag",
            json!([{"system": "https://example.org", "code": "x", "display": "Testcase has died"}]),
        ),
        ("/meta/security/0/display", json!("Testcase has died")),
        ("/meta/security/0/extension", extension.clone()),
        ("/_id", json!({"extension": extension})),
        ("/id", json!("Testcase has died")),
    ];
    for (place, more) in cases {
        let mut other = document.clone();
        let (above, name) = place.rsplit_once('/').unwrap();
        other.pointer_mut(above).unwrap()[name] = more;
        let (code, said) = verify(folder.path(), &other.to_string(), &keys);
        assert_eq!(code, 1, "{place}: {said}");
        assert!(!said.contains("Testcase") && !said.contains("has died"), "{place}: {said}");
    }
}

#[test]
fn any_doubt_ends_with_one_and_repeats_nothing_of_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let document = document(folder.path());
    let id = key_of(&document);
    let keys_of_it = keys(REHEARSAL_X, &id);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut other = document.clone();
        change(&mut other);
        other.to_string()
    };
    let entries = |value: &mut Value| value["entry"].as_array_mut().unwrap().clone();
    let jws_with = |head: &str| {
        use base64::{
            Engine as _,
            engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
        };
        let old = STANDARD.decode(document["signature"]["data"].as_str().unwrap()).unwrap();
        let old = String::from_utf8(old).unwrap();
        let signature = old.rsplit('.').next().unwrap();
        STANDARD.encode(format!("{}..{signature}", URL_SAFE_NO_PAD.encode(head)))
    };
    let none = format!(r#"{{"alg":"none","kid":"{id}","iat":1736845200}}"#);
    let whole = document.to_string();
    let twice = whole.replacen("\"type\":\"document\"", "\"type\":\"document\",\"type\":\"document\"", 1);
    assert_ne!(twice, whole);
    let cases: Vec<(&str, String, String)> = vec![
        ("one letter", whole.replacen("Testcase", "Testcaze", 1), keys_of_it.clone()),
        (
            "an entry that moved",
            changed(&|value| {
                let mut moved = entries(value);
                let last = moved.len() - 1;
                moved.swap(1, last);
                value["entry"] = json!(moved);
            }),
            keys_of_it.clone(),
        ),
        (
            "an entry that went",
            changed(&|value| {
                let mut fewer = entries(value);
                fewer.pop();
                value["entry"] = json!(fewer);
            }),
            keys_of_it.clone(),
        ),
        ("a field that came", changed(&|value| value["language"] = json!("en")), keys_of_it.clone()),
        ("a field that is there twice", twice, keys_of_it.clone()),
        ("another key under its name", whole.clone(), keys(OTHER_X, &id)),
        ("a key that is not there", whole.clone(), json!({"keys": []}).to_string()),
        ("no keys", whole.clone(), String::from("[]")),
        (
            "no algorithm",
            changed(&|value| value["signature"]["data"] = json!(jws_with(&none))),
            keys_of_it.clone(),
        ),
        (
            "a second signature",
            changed(&|value| value["signature"] = json!([value["signature"], value["signature"]])),
            keys_of_it.clone(),
        ),
        (
            "no signature",
            changed(&|value| {
                value.as_object_mut().unwrap().remove("signature").unwrap();
            }),
            keys_of_it.clone(),
        ),
        (
            "another time",
            changed(&|value| value["signature"]["when"] = json!("2025-01-14T09:00:01.000Z")),
            keys_of_it.clone(),
        ),
        (
            "another signer",
            changed(&|value| value["signature"]["who"]["reference"] = value["entry"][1]["fullUrl"].clone()),
            keys_of_it.clone(),
        ),
        ("no JSON", String::from("{"), keys_of_it.clone()),
        // Rightly signed, and not as the profile wants it.
        (
            "more than the profile has",
            changed(&|value| value["signature"]["note"] = json!("Testcase")),
            keys_of_it.clone(),
        ),
    ];
    for (what, text, keys) in cases {
        let (code, said) = verify(folder.path(), &text, &keys);
        assert_eq!(code, 1, "{what}: {said}");
        assert!(said.contains("Do not rely on it"), "{what}: {said}");
        assert!(!said.contains("Testca") && !said.contains("9990000018"), "{what}: {said}");
    }
    // As for a programme: the doubts, and that it is not verified.
    let told = keyway(folder.path(), &["verify-document", "document.json", "--keys", "keys.json", "--json"]);
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["verified"], false);
    assert!(!told["doubts"].as_array().unwrap().is_empty());
    let missing = keyway(folder.path(), &["verify-document", "nothing.json", "--keys", "keys.json"]);
    assert_eq!(missing.status.code(), Some(1));
}
