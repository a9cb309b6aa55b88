//! Commands that run beside a gateway, on what the stories left.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::{Value, json};

use crate::{report, text};

/// Every message that disclosed something is made again to the byte; the others say why they cannot be.
pub(crate) fn made_again(data: &Path) {
    let file = rusqlite::Connection::open(data.join("keyway.db")).unwrap();
    let mut rows = file.prepare("SELECT message_id, kind FROM message ORDER BY message_id").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let messages: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    let again = |message: &str, further: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_keyway"))
            .args(["map", "again", message, "--config"])
            .arg(data.join("keyway.toml"))
            .args(further)
            .output()
            .expect("the binary runs")
    };
    // One of each kind and of each way to make one is enough: each run of the binary takes its time.
    let mut tried = BTreeSet::new();
    for (message, kind) in &messages {
        let output = again(message, &["--json"]);
        let told = report(&output);
        let mapping = told["made_by"]["mapping"].as_str().unwrap_or_default().to_owned();
        let (code, result) = if kind == "disclosure" { (0, "same") } else { (2, "cannot-be-made-again") };
        assert_eq!((output.status.code(), &told["result"]), (Some(code), &json!(result)), "{kind} {told}");
        assert_eq!(
            (told["stored_matches"].as_bool(), told["why"].is_null()),
            (Some(true), code == 0),
            "{told}"
        );
        tried.insert((kind.clone(), mapping));
        if tried.len() >= 6 {
            break;
        }
    }
    assert!(tried.iter().any(|(kind, _)| kind == "disclosure"), "{tried:?}");
    let unknown = again("01900000-0000-7000-8000-00000000dead", &[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("no such message"), "{}", text(&unknown.stderr));
}

/// The officer's commands answer on what the stories left, each by its exit code, and hold nobody's name.
pub(crate) fn oversight(data: &Path, stories: &Value) {
    let ask = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_keyway"))
            .args(words)
            .args(["--as", "ig.officer", "--config"])
            .arg(data.join("keyway.toml"))
            .output()
            .expect("the binary runs")
    };
    let referrals = stories["referrals"].as_array().unwrap();
    let overridden = ask(&["ig", "overrides", "--unreviewed", "--json"]);
    let overridden: Value = serde_json::from_slice(&overridden.stdout).unwrap();
    let one = &overridden["overrides"][0];
    let [referral, person] = ["referral_id", "person_id"].map(|name| one[name].as_str().unwrap());
    assert!(referrals.iter().any(|known| known["referral_id"] == *referral));

    let seen = ask(&["ig", "who-saw", "--person", person]);
    assert_eq!(seen.status.code(), Some(0), "{}", text(&seen.stderr));
    let seen = text(&seen.stdout);
    for words in
        ["disclosed to custody-northgate (police)", "collected by custody-northgate", "risk-to-self:full"]
    {
        assert!(seen.contains(words), "{words} is missing from {seen}");
    }
    for part in [
        "lawful basis",
        "agreement agreement-custody-northgate, version 1",
        "looked-up by operator:ig.officer",
    ] {
        assert!(seen.contains(part), "{part} is missing from {seen}");
    }
    let why = ask(&["ig", "why", "--referral", referral]);
    let why = text(&why.stdout);
    assert!(why.contains("4. Did the person agree, and could they? NO"), "{why}");
    let review =
        ["ig", "review", "--referral", referral, "--outcome", "upheld", "--reason", "The risk was imminent"];
    let reviewed = ask(&[&review[..], &["--reviewer", "Second Person"]].concat());
    assert_eq!(reviewed.status.code(), Some(0), "{}", text(&reviewed.stderr));
    assert!(!text(&reviewed.stdout).contains("Second Person"));
    let again = ask(&[&review[..], &["--reviewer", "Second Person"]].concat());
    assert_eq!(again.status.code(), Some(1), "a review is recorded once");
    let flows = ask(&["ig", "flows", "--csv"]);
    let flows = text(&flows.stdout);
    assert!(flows.lines().count() > 5 && flows.contains("\"declared-and-used\""), "{flows}");

    let unknown = ask(&["ig", "who-saw", "--nhs-number", "9990000026"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(!text(&unknown.stderr).contains("9990000026"), "{}", text(&unknown.stderr));
    let wrong = ask(&["ig", "who-saw", "--nhs-number", "9990000027"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(!text(&wrong.stderr).contains("9990000027"), "{}", text(&wrong.stderr));
    let nobody = Command::new(env!("CARGO_BIN_EXE_keyway")).args(["ig", "looks"]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(2), "whoever asks says who they are");
    let looks = ask(&["ig", "looks"]);
    let looks = text(&looks.stdout);
    assert_eq!(looks.matches("who-saw").count(), 2, "{looks}");
    assert!(looks.contains("found nothing") && !looks.contains("9990000026"), "{looks}");
}

/// An operator takes a consent back: first what it would do, then doing it, then how it stands.
pub(crate) fn taken_back(data: &Path) {
    let file = rusqlite::Connection::open(data.join("keyway.db")).unwrap();
    let consent: String = file
        .query_row(
            "SELECT c.consent_id FROM consent c JOIN decision d ON d.consent_id = c.consent_id \
             JOIN referral r ON r.decision_id = d.decision_id WHERE c.recipient_id = 'cmht-riverside' \
             AND c.status = 'active' AND d.answer = 'permit' AND r.state = 'accepted' LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let revoke = |consent: &str, further: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_keyway"))
            .args(["consent", "revoke", consent, "--as", "duty.manager", "--config"])
            .arg(data.join("keyway.toml"))
            .args(further)
            .output()
            .expect("the binary runs")
    };
    let versions = || -> i64 {
        let count = "SELECT COUNT(*) FROM consent WHERE consent_id = ?1";
        file.query_row(count, [&consent], |row| row.get(0)).unwrap()
    };
    let before = versions();
    let rehearsed = report(&revoke(&consent, &["--dry-run", "--json"]));
    assert_eq!((versions(), rehearsed["recalled"].as_array().unwrap().len()), (before, 1), "{rehearsed}");
    let done = revoke(&consent, &["--json"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!((versions(), &report(&done)["recalled"]), (before + 1, &rehearsed["recalled"]));
    let stands = revoke(&consent, &[]);
    assert!(text(&stands.stdout).contains("Nothing more goes out under it."), "{}", text(&stands.stdout));
    assert_eq!(versions(), before + 1, "twice is once");
    let by: i64 = file
        .query_row(
            "SELECT COUNT(*) FROM audit_entry WHERE kind = 'consent-withdrawn' AND instr(leaf, CAST('operator:duty.manager' AS BLOB)) > 0",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(by, 1, "who took it back is on record");
    assert_eq!(revoke("01900000-0000-7000-8000-00000000dead", &[]).status.code(), Some(1));
    assert_eq!(revoke("no id", &[]).status.code(), Some(2));
}
