//! The lines of `docs/receipts.md` check a receipt without any program of ours. They need Python 3 and OpenSSL 3; without them
//! nothing was shown, and the test says so.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use keyway::{
    audit::{
        Checkpoint, Entry, Kind, Proof, hex,
        merkle::{leaf_hash, sha256},
        note,
        receipt::{Receipt, proof_text},
        tiles,
    },
    clock::Moment,
    ids::{EntryId, SeededChance, SiteId},
    vault::{RootKey, Vault},
};
use serde_json::{Value, json};

const BODY: &[u8] = b"{\"resourceType\": \"Bundle\"}";

/// The lines of the page.
fn lines() -> String {
    let page = include_str!("../docs/receipts.md");
    let (_, rest) = page.split_once("```python\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn tools_are_there() -> bool {
    let says = |tool: &str, argument: &str| {
        let out = Command::new(tool).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&out.stdout).into_owned())
    };
    says("python3", "--version").is_some_and(|version| version.starts_with("Python 3"))
        && says("openssl", "version").is_some_and(|version| version.starts_with("OpenSSL 3"))
}

/// What `/disclosures/{id}/receipt` gives of the entry at `index` in a log of `size` entries, and the key.
fn told(index: u64, size: u64) -> (Value, String) {
    let chance = Arc::new(SeededChance::new(1));
    let vault = Vault::open(RootKey::fresh(chance.as_ref()), chance);
    let (key, _) = vault.new_log_key("gateway.example/log").unwrap();
    let verifier = note::VerifierKey::new("gateway.example/log", *key.public()).unwrap();
    let hashes: Vec<_> = (0..size)
        .map(|n| {
            let entry = Entry {
                entry_id: EntryId::parse(&format!("m-{n}")).unwrap(),
                site_id: SiteId::parse("harbour").unwrap(),
                at: Moment(1),
                kind: Kind::Disclosed,
                actor: String::from("gateway"),
                about: Vec::new(),
                facts: Vec::new(),
                content_sha256: None,
            };
            leaf_hash(&entry.leaf())
        })
        .collect();
    let tiles = tiles::extend(0, 0, None, &hashes).unwrap().tiles.into_iter().collect();
    let edge = |id| -> Option<tiles::Tile> { std::collections::BTreeMap::get(&tiles, &id).cloned() };
    let root = tiles::root_at(size, edge).unwrap();
    let text = Receipt {
        origin: verifier.name(),
        message: "m-1",
        disclosure: Some("d-1"),
        made: "2026-11-23T10:00:00Z",
        body: sha256(BODY),
        detail: None,
        withheld: Some(&hex(&sha256(b"list"))),
        made_by: &[("mapping", String::from("housing-referral/2 ab"))],
        entry: *hashes.get(usize::try_from(index).unwrap()).unwrap(),
    }
    .text();
    let receipt = note::write(&text, &verifier, &key.sign(text.as_bytes()));
    let text = Checkpoint { origin: verifier.name().to_owned(), size, root }.text();
    let checkpoint = note::write(&text, &verifier, &key.sign(text.as_bytes()));
    let proof = Proof::inclusion(index, size).unwrap().hashes(&tiles).unwrap();
    (json!({"receipt": receipt, "proof": proof_text(index, &proof, &checkpoint)}), verifier.to_text())
}

fn check(folder: &Path, told: &Value, body: &[u8], key: &str) -> Output {
    std::fs::write(folder.join("check.py"), lines()).unwrap();
    std::fs::write(folder.join("receipt.json"), told.to_string()).unwrap();
    std::fs::write(folder.join("body"), body).unwrap();
    Command::new("python3")
        .args(["check.py", "receipt.json", "body", key])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn a_receipt_is_checked_with_the_lines_of_the_page() {
    if !tools_are_there() {
        eprintln!("not shown: Python 3 or OpenSSL 3 is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (index, size) in [(0, 1), (1, 2), (4, 5), (6, 11), (199, 200)] {
        let (told, key) = told(index, size);
        let out = check(folder.path(), &told, BODY, &key);
        let says = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && says.contains(&format!("in the log of {size} entries")), "{out:?}");
    }
    let (right, key) = told(6, 11);
    let (_, other) = right["proof"].as_str().unwrap().split_once('\n').unwrap();
    let changed = |name: &str, from: &str, to: &str| {
        let mut told = right.clone();
        told[name] = json!(told[name].as_str().unwrap().replacen(from, to, 1));
        assert_ne!(told, right);
        told
    };
    assert!(other.starts_with("index 6"));
    let other_key = key.replacen("gateway", "another", 1);
    for (what, out) in [
        ("another body", check(folder.path(), &right, b"another", &key)),
        ("another key", check(folder.path(), &right, BODY, &other_key)),
        (
            "a changed receipt",
            check(folder.path(), &changed("receipt", "message m-1", "message m-2"), BODY, &key),
        ),
        ("another place", check(folder.path(), &changed("proof", "index 6", "index 5"), BODY, &key)),
        ("a changed size", check(folder.path(), &changed("proof", "\n11\n", "\n12\n"), BODY, &key)),
        ("a checkpoint as a receipt", {
            let checkpoint = right["proof"].as_str().unwrap().split_once("\n\n").unwrap().1;
            check(folder.path(), &json!({"receipt": checkpoint, "proof": right["proof"]}), BODY, &key)
        }),
    ] {
        assert!(!out.status.success(), "{what} passes: {out:?}");
    }
}
