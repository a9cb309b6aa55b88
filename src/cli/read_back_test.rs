//! What is read back of the people of `fixtures/people`, beside what each agency would get of them: nothing that stands in a
//! message is said to stay with us.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    consent,
    rehearsing::{self, RehearsalArgs},
};
use crate::{clock::Moment, exchange::Rehearsed, sheet::read_back::ReadBack};

/// A code, as it stands in a message, and the blocks that it tells of.
const TELLS: &[(&str, &[&str])] = &[
    ("domestic-abuse-victim", &["safeguarding", "trauma", "risk-from-others"]),
    ("exploitation-modern-slavery", &["safeguarding", "trauma", "risk-from-others"]),
    ("trauma", &["trauma"]),
    ("safeguarding-child", &["safeguarding", "household"]),
    ("substance-drugs", &["substance-use"]),
    ("substance-alcohol", &["substance-use"]),
    ("self-harm-suicide", &["risk-to-self"]),
    ("mental-health", &["clinical"]),
    ("learning-disability", &["learning"]),
    ("autism", &["learning"]),
    ("homelessness", &["housing"]),
    ("financial", &["money"]),
    ("veteran", &["background"]),
    ("care-experienced", &["background", "young-person"]),
    ("living-with-family", &["household"]),
];

#[derive(Deserialize)]
struct Words {
    blocks: Vec<(String, String)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/people")
}

fn words() -> BTreeMap<String, String> {
    let words: Words = toml::from_str(include_str!("../../profiles/print/read-back.toml")).unwrap();
    words.blocks.into_iter().collect()
}

fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => _ = found.insert(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Everyone's message to everyone, with what is read back about it.
fn read_back() -> Vec<(String, Rehearsed, ReadBack)> {
    let lists = ["directory.json", "agreements.json"].map(|list| folder().join(list));
    let args = RehearsalArgs { directory: lists.into(), at: Moment::from_rfc3339("2026-11-23T10:00:00Z") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = args.stage().await.unwrap().expect("the lists serve");
        let mut all = Vec::new();
        for entry in fs::read_dir(folder()).unwrap() {
            let path = entry.unwrap().path().join("assessment.json");
            let Ok(body) = fs::read(&path) else { continue };
            let body = rehearsing::assessment(&path).map(|_| body).unwrap();
            let rehearsed = stage.gateway.exchange.rehearse(&stage.caller, &body).await.unwrap();
            for one in rehearsed.recipients {
                let excluded = consent::excluded(&body, &one).unwrap();
                let told = consent::told(&stage, &one, true, &excluded).unwrap();
                all.push((format!("{} to {}", path.display(), one.recipient), one, told));
            }
        }
        all
    })
}

#[test]
fn nobody_is_told_that_something_stays_which_stands_in_the_message() {
    let words = words();
    let (mut messages, mut parts, mut codes) = (0, 0, 0);
    for (who, one, told) in read_back() {
        let Some(message) = &one.message else {
            assert!(told.sees.is_empty(), "{who}");
            continue;
        };
        messages += 1;
        let stays: BTreeSet<&String> =
            told.kept_by_person.iter().chain(&told.needs_own_yes).chain(&told.never).collect();
        for line in message.lineage.lines() {
            let Some(through) = line.through else { continue };
            parts += 1;
            assert!(!stays.contains(&words[through.block]), "{who}: {} leaves", line.output);
        }
        let mut held = BTreeSet::new();
        for bytes in std::iter::once(&message.body).chain(&message.detail) {
            texts(&serde_json::from_slice(bytes).unwrap(), &mut held);
        }
        for (code, blocks) in TELLS.iter().filter(|(code, _)| held.contains(*code)) {
            for block in *blocks {
                codes += 1;
                let part = &words[*block];
                assert!(
                    !stays.contains(part),
                    "{who}: {code} leaves, and it is said that this stays: {part}"
                );
                let is_seen = |said: &String| {
                    let of_block = words.iter().filter(|(id, _)| id.split(':').next() == Some(block));
                    of_block.into_iter().any(|(_, part)| said.ends_with(part.as_str()))
                };
                assert!(
                    told.sees.iter().any(is_seen),
                    "{who}: {code} leaves, and nothing is said of {block}"
                );
            }
        }
    }
    assert!(messages > 40 && parts > 1_000 && codes > 60, "{messages} {parts} {codes}");
}

/// A person who keeps something back hears that it was heard, also of an agency that never sees it.
#[test]
fn what_the_person_keeps_back_is_said_of_whoever_it_was_said_about() {
    let mut kept = 0;
    for (who, one, told) in read_back() {
        let body = fs::read(who.split_once(" to ").unwrap().0).unwrap();
        let excluded = consent::excluded(&body, &one).unwrap();
        let is_plain = one.decision.as_ref().is_some_and(|decision| {
            decision.permits() && !decision.is_override() && !decision.is_beside_consent()
        });
        if is_plain {
            assert!(excluded.is_empty() || !told.kept_by_person.is_empty(), "{who}");
            kept += excluded.len();
            assert!(excluded.is_empty() || told.text().contains("a hint of it"), "{who}");
        }
    }
    assert!(kept >= 3, "{kept}");
}

/// What the plan for one of the people is, once something in their assessment is otherwise.
fn planned(person: &str, change: impl FnOnce(&mut Value)) -> Result<Vec<Rehearsed>, Vec<String>> {
    let lists = ["directory.json", "agreements.json"].map(|list| folder().join(list));
    let args = RehearsalArgs { directory: lists.into(), at: Moment::from_rfc3339("2026-11-23T10:00:00Z") };
    let bytes = fs::read(folder().join(person).join("assessment.json")).unwrap();
    let mut body: Value = serde_json::from_slice(&bytes).unwrap();
    change(&mut body);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = args.stage().await.unwrap().expect("the lists serve");
        let rehearsed = stage.gateway.exchange.rehearse(&stage.caller, body.to_string().as_bytes()).await;
        let paths = |refusal: crate::exchange::refusal::Refusal| {
            refusal.issues.into_iter().map(|issue| issue.path).collect()
        };
        rehearsed.map(|rehearsal| rehearsal.recipients).map_err(paths)
    })
}

#[test]
fn nothing_goes_to_a_housing_authority_that_the_person_did_not_choose() {
    let housing = |change: fn(&mut Value)| {
        let all = planned("12-bethan", change).unwrap();
        let others = all.iter().filter(|one| one.message.is_some()).count();
        let one = all.into_iter().find(|one| one.recipient.as_str() == "housing-harbour").unwrap();
        let told: String = one.warnings.iter().map(|warning| warning.diagnostics.as_str()).collect();
        (one.message.is_some(), told, others)
    };
    let (goes, told, all) = housing(|_| ());
    assert!(goes && told.is_empty(), "{told}");
    let (goes, told, rest) = housing(|body| {
        body["housing"]["chosen_authority"] =
            serde_json::json!({"name": "Other Town Council", "code": "E99000077"});
    });
    assert!(!goes && told.contains("not the housing authority that the person chose"), "{told}");
    assert!(!told.contains("Other Town") && !told.contains("E99000077"), "{told}");
    assert_eq!(rest, all - 1, "nobody else waits for it");
    let (goes, told, _) = housing(|body| {
        body["housing"].as_object_mut().unwrap().remove("chosen_authority").unwrap();
    });
    assert!(!goes && told.contains("/housing/chosen_authority"), "{told}");
}

#[test]
fn nobody_may_be_told_of_a_service_that_the_person_refused() {
    let entry = |told: Value| {
        let changed = move |body: &mut Value| {
            body["onward_referrals"] =
                serde_json::json!([{"service_type": "probation", "status": "declined", "may_be_told": told}]);
        };
        planned("02-keira", changed).map(|_| ())
    };
    let refused = entry(serde_json::json!(["court-harbour", "adults-harbour", "cmht-riverside"]));
    assert_eq!(refused, Err(vec![String::from("/onward_referrals/0/may_be_told")]));
    assert_eq!(entry(serde_json::json!([])), Ok(()));
}
