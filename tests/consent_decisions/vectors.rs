//! Written cases, each with the answer that it must get: IHE's published examples, found through `KEYWAY_REFERENCE_DATA`,
//! and our own.

use std::{collections::BTreeSet, fs, io::Write as _, path::PathBuf};

use keyway::consent::r4::Code;
use serde_json::Value;

use super::{
    answer,
    naive::{Looked, opinion},
};

/// The file with the published cases, or a word past the capture of the test's output.
#[expect(clippy::disallowed_methods, reason = "a test asks where its data lies; the gateway never does")]
fn published() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWAY_REFERENCE_DATA").filter(|value| !value.is_empty());
    if folder.is_none() {
        writeln!(
            std::io::stderr(),
            "SKIPPED for want of KEYWAY_REFERENCE_DATA: published_consents_get_the_decisions_of_their_notes"
        )
        .ok();
    }
    folder.map(|folder| PathBuf::from(folder).join("consent/ihe-pcf-vectors.json"))
}

#[test]
fn published_consents_get_the_decisions_of_their_notes() {
    let Some(file) = published() else { return };
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert!(cases.len() >= 55, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let consents = [case["consent"].clone()];
        let told = answer(&consents, &case["request"]);
        if told["decision"] != case["expect"] {
            wrong.push(format!("{} {}: {told}", case["id"], case["title"]));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// `fixtures/consents/decisions.json`: each with what it shows, and why the answer is what it is.
#[test]
fn our_own_cases_get_the_decisions_and_reasons_that_they_state() {
    let text = include_str!("../../fixtures/consents/decisions.json");
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for case in &cases {
        let consents = case["consents"].as_array().unwrap();
        let told = answer(consents, &case["request"]);
        let expected = &case["expect"];
        seen.extend(told["reasons"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()));
        let fits = expected.as_object().unwrap().iter().all(|(name, value)| told[name] == *value);
        if !fits {
            wrong.push(format!("{}:\n  {told}\n  {expected}", case["title"]));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.as_str()).filter(|code| !seen.contains(*code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

/// The second evaluator reads the forms that the random cases have, and IHE's are among them.
#[test]
fn the_second_evaluator_agrees_about_published_consents() {
    let Some(file) = published() else { return };
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    for case in &cases {
        // Of purposes that it does not know it says nothing.
        if case["request"]["purposeOfUse"]["code"] == "HMARKT"
            || case.to_string().contains("purposeOfUse\",\"code\":\"FooBar")
        {
            continue;
        }
        assert_eq!(
            *opinion(&Looked::at(std::slice::from_ref(&case["consent"])), &case["request"]).verdict,
            *case["expect"].as_str().unwrap(),
            "{}",
            case["id"]
        );
    }
}

#[test]
fn every_code_stands_in_the_documentation_with_its_words() {
    let page = include_str!("../../docs/consent-decisions.md");
    for code in Code::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.words());
        assert!(page.contains(&row), "docs/consent-decisions.md has no row {row}");
    }
}
