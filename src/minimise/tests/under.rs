//! Codes that say what a row is about: what a person keeps back of the row is not told by the code of another block.

use serde_json::json;

use super::{
    decided::{BLOCKS, CODES, rows_of, services},
    *,
};
use crate::minimise::tables;

/// What each list names by a code, and the text that stands beside it.
const LISTS: [(&str, &str, &str); 4] = [
    ("vulnerabilities", "category", "plain_words"),
    ("priorities", "need", "own_words"),
    ("service_contact", "service_type", "team_contact"),
    ("onward_referrals", "service_type", "note"),
];

/// A kind of service that no table names: the form takes any word.
const UNHEARD_OF: &str = "unheard-of-service";

/// The codes of the form at `pointer` of its profile.
fn codes(pointer: &str) -> Vec<String> {
    let profile: Value = serde_json::from_str(tables::ASSESSMENT).unwrap();
    let named = profile.pointer(pointer).unwrap();
    // Either it stands there, or in a definition.
    let named = match named["$ref"].as_str() {
        Some(at) => profile.pointer(at.strip_prefix('#').unwrap()).unwrap(),
        None => named,
    };
    serde_json::from_value(named["enum"].clone()).unwrap()
}

fn codes_of(list: &str) -> Vec<String> {
    static KNOWN: LazyLock<BTreeMap<&str, Vec<String>>> =
        LazyLock::new(|| LISTS.map(|(list, key, _)| (list, read_codes(list, key))).into());
    KNOWN[list].clone()
}

fn read_codes(list: &str, key: &str) -> Vec<String> {
    if key == "service_type" {
        return services().into_iter().chain([UNHEARD_OF]).map(str::to_owned).collect();
    }
    codes(&format!("/properties/{list}/items/properties/{key}"))
}

/// A word that nothing else holds.
fn canary(list: &str, code: &str) -> String {
    format!("CANARY {list} {code} END")
}

/// Every code of every list, each with its canary.
fn told() -> Value {
    let mut assessment = full();
    for (list, key, text) in LISTS {
        let entries = codes_of(list).into_iter().map(|code| {
            let mut entry = json!({key: &code, text: canary(list, &code)});
            match list {
                "vulnerabilities" => entry["placement_relevant"] = json!(true),
                "priorities" => (entry["rank"], entry["clinical"]) = (json!(1), json!(false)),
                // Who reads no kind of service may read who the support worker is.
                "service_contact" => entry["support_worker"] = json!(canary(list, &code)),
                _ => entry["may_be_told"] = json!([RECIPIENT]),
            }
            entry
        });
        assessment[list] = entries.collect();
    }
    assessment
}

/// The codes of a list that a projection holds, and those whose canary it does.
fn seen(projection: &Projection, list: &str, key: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let value = projection.value();
    let entries = value[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = entries.iter().filter_map(|entry| entry[key].as_str()).map(str::to_owned).collect();
    let body = value.to_string();
    let marked = codes_of(list).into_iter().filter(|code| body.contains(&canary(list, code))).collect();
    (named, marked)
}

/// Every code has a line, so that a new one cannot be forgotten.
#[test]
fn every_code_is_said_to_fall_under_rows_or_under_none() {
    let mut known = 0;
    let closed = LISTS.into_iter().filter(|(_, key, _)| *key != "service_type");
    let places = closed.map(|(list, key, _)| (format!("/{list}/*/{key}"), codes_of(list)));
    let reasons = (String::from("/housing/reason_code"), codes("/properties/housing/properties/reason_code"));
    for (place, codes) in places.chain([reasons]) {
        known += codes.len();
        for code in codes {
            let rows = rows_of(&place, &code);
            let rows = rows.unwrap_or_else(|| panic!("under which rows does {code} of {place} fall?"));
            assert!(rows.iter().all(|row| BLOCKS.iter().any(|(id, ..)| id == row)), "{place} {code}");
            assert!(!rows.is_empty() || !place.starts_with("/vulnerabilities"), "{code} says something");
        }
    }
    let lines: usize = CODES.iter().map(|(_, codes, _)| codes.split_whitespace().count()).sum();
    assert_eq!(lines - services().len(), known, "a line is about a code that there is not");
}

#[test]
fn a_kind_of_service_that_nobody_knows_falls_under_every_row_that_one_can_tell_of() {
    let blocks: tables::BlocksFile = toml::from_str(tables::BLOCKS).unwrap();
    for id in ["service-contact", "onward-referrals"] {
        let block = blocks.block.iter().find(|block| block.id == id).unwrap();
        let named = |sign: &str| -> Vec<(Vec<&str>, BTreeSet<&str>)> {
            let lines = block.under.iter().filter_map(|line| {
                let codes = line.path.split_once(sign)?.1.split_once(']')?.0.split('|').collect();
                Some((codes, line.rows.iter().map(String::as_str).collect()))
            });
            lines.collect()
        };
        let (known, others) = (named("[service_type="), named("[service_type!="));
        let [(listed, every)] = others.as_slice() else { panic!("one line for all others") };
        let listed: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(listed, services().into_iter().collect(), "{id}");
        assert!(known.iter().flat_map(|(codes, _)| codes).all(|code| listed.contains(code)), "{id}");
        assert_eq!(*every, known.iter().flat_map(|(_, rows)| rows.iter().copied()).collect(), "{id}");
    }
    // The court's own case: what is kept back is not told by who treats it, and what says nothing of it stays.
    let mut assessment = full();
    let contacts = ["substance-misuse", "alcohol-detox", UNHEARD_OF, "day-centre"];
    assessment["service_contact"] = contacts.map(|kind| json!({"service_type": kind})).into();
    let told = contacts.map(|kind| json!({"service_type": kind, "may_be_told": [RECIPIENT]}));
    assessment["onward_referrals"] = told.into();
    for (excluded, stays) in [(&["substance-use"][..], &contacts[3..]), (&[], &contacts[..])] {
        let seen = project(&RULES, Audience::Court, agreed(excluded, &[]), &assessment, "legal").value();
        for list in ["service_contact", "onward_referrals"] {
            let named: Vec<&str> = seen[list]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["service_type"].as_str().unwrap())
                .collect();
            assert_eq!(named, stays, "{list}");
        }
    }
}

#[test]
fn what_is_kept_back_of_a_row_is_not_told_by_a_code_to_any_audience() {
    let rules = &*RULES;
    let assessment = told();
    let (mut kept, mut stayed) = (0, 0);
    for audience in Audience::ALL {
        // For a charity the need of its referral decides what it reads of the priorities.
        let is_charity = audience == Audience::Voluntary;
        let needs = ["housing", "debt", "mental-health", "substance-use", "learning", "safety"];
        for need in needs.into_iter().take(if is_charity { needs.len() } else { 1 }) {
            let plain = project(rules, audience, agreed(&[], &["trauma"]), &assessment, need);
            for (block, ..) in BLOCKS {
                let less = project(rules, audience, agreed(&[block], &["trauma"]), &assessment, need);
                for (list, key, _) in LISTS.into_iter().filter(|(list, ..)| list.replace('_', "-") != *block)
                {
                    let place = format!("/{list}/*/{key}");
                    let (before, now) = (seen(&plain, list, key), seen(&less, list, key));
                    let stays = |codes: &BTreeSet<String>| -> BTreeSet<String> {
                        let keeps = |code: &&String| rows_of(&place, code).unwrap().contains(block);
                        codes.iter().filter(|code| !keeps(code)).cloned().collect()
                    };
                    let who = audience.as_str();
                    assert_eq!(now, (stays(&before.0), stays(&before.1)), "{who}, less {block}: {list}");
                    kept += before.0.len() - now.0.len();
                    stayed += now.0.len();
                    // The service reads which entries stayed, by its number and never by its code.
                    let told: Vec<_> =
                        less.withheld.iter().filter(|w| w.reason == "excluded-by-person").collect();
                    assert!(
                        before.0 == now.0 || told.iter().any(|w| w.field.starts_with(&format!("/{list}")))
                    );
                }
            }
        }
    }
    assert!(kept > 100 && stayed > 100, "{kept} {stayed}");
}

/// To health leaves the coded reason too.
#[test]
fn a_coded_reason_for_homelessness_stays_with_what_it_says() {
    let rules = &*RULES;
    let mut assessment = full();
    for code in codes("/properties/housing/properties/reason_code") {
        assessment["housing"]["reason_code"] = json!(code);
        for (block, ..) in BLOCKS.iter().filter(|(id, ..)| *id != "housing") {
            let seen = project(rules, Audience::Health, agreed(&[block], &[]), &assessment, "housing");
            let rows = rows_of("/housing/reason_code", &code).unwrap();
            let leaves = seen.value().pointer("/housing/reason_code").is_some();
            assert_eq!(leaves, !rows.contains(block), "{code}, less {block}");
            assert!(seen.value().pointer("/housing/summary").is_some());
        }
    }
}

/// Where somebody lives, who deals with a worry about a child, who is there for them: each says who their family is.
#[test]
fn what_tells_of_the_family_stays_with_the_household() {
    let rules = &*RULES;
    let mut assessment = full();
    assessment["vulnerabilities"] =
        ["safeguarding-child", "trauma"].map(|code| json!({"category": code})).into();
    assessment["safeguarding"]["kinds"] = json!(["child"]);
    assessment["housing"]["status"] = json!("living-with-family");
    assessment["support_network"]["category"] = json!("family");
    assessment["strengths"]["category"] = json!("relationships");
    let held = |audience, excluded: &[&str]| {
        project(rules, audience, agreed(excluded, &["trauma"]), &assessment, "housing").value()
    };
    let tells = [
        (Audience::Custody, "/safeguarding/route"),
        (Audience::Custody, "/housing/status"),
        (Audience::Probation, "/support_network/category"),
        (Audience::Probation, "/strengths/category"),
        (Audience::Health, "/safeguarding/kinds/0"),
        (Audience::Health, "/safeguarding/narrative"),
    ];
    for (audience, place) in tells {
        assert!(held(audience, &[]).pointer(place).is_some(), "{place} leaves");
        assert!(held(audience, &["household"]).pointer(place).is_none(), "{place} stays");
    }
    let custody = held(Audience::Custody, &["household"]);
    assert_eq!(custody["vulnerabilities"], json!([{"category": "trauma"}]));
    assert_eq!(
        custody["safeguarding"],
        json!({"concern": true}),
        "that there is a worry is not about the family"
    );
    assessment["housing"]["status"] = json!("sofa-surfing");
    let custody =
        project(rules, Audience::Custody, agreed(&["household"], &[]), &assessment, "housing").value();
    assert_eq!(custody["housing"]["status"], "sofa-surfing");
}

/// A category is a code: of a cell with C nothing leaves that somebody typed, but for what is written for that audience.
#[test]
fn no_text_that_somebody_typed_leaves_as_a_category() {
    /// Written for the agency that has to find a place, or for whoever has the person in their keeping.
    const WRITTEN_FOR: [&str; 7] = [
        "/substance_use/placement_summary",
        "/substance_use/withdrawal_risk/advice",
        "/learning_and_neurodiversity/adjustments_summary",
        "/money/affordability",
        "/safeguarding/placement_summary",
        "/risk/to_others/placement_summary",
        "/risk/from_others/placement_summary",
    ];
    let profile: Value = serde_json::from_str(tables::ASSESSMENT).unwrap();
    let is_code = |path: &str| {
        let mut at = &profile;
        for part in path.split('/').skip(1).filter(|part| !part.starts_with('[')) {
            at = if part == "*" {
                &at["items"]
            } else {
                at.pointer(&format!("/properties/{part}")).unwrap_or(&at["items"]["properties"][part])
            };
            while let Some(to) = at["$ref"].as_str() {
                at = profile.pointer(to.strip_prefix('#').unwrap()).unwrap();
            }
        }
        at["enum"].is_array() || at["type"] == "boolean" || at["pattern"].is_string()
    };
    let blocks: tables::BlocksFile = toml::from_str(tables::BLOCKS).unwrap();
    let mut seen = 0;
    for audience in Audience::ALL {
        let column: tables::AudienceFile = toml::from_str(tables::source(audience)).unwrap();
        for (id, cell) in column.cells.iter().filter(|(_, cell)| cell.cell.is_category()) {
            let block = blocks.block.iter().find(|block| block.id == *id).unwrap();
            for path in &block.views[cell.view.as_ref().unwrap()] {
                let typed = !WRITTEN_FOR.contains(&path.as_str()) && !path.starts_with("/crisis/safety_plan");
                let path = path.replace("/withdrawal_risk/**", "/withdrawal_risk/level");
                seen += 1;
                assert!(!typed || is_code(&path), "{}: {path} is a text", audience.as_str());
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

/// Under the override the least leaves whatever was kept back: a category is in an O cell of its own.
#[test]
fn under_the_override_every_category_leaves() {
    let seen = project(&RULES, Audience::Custody, minimum(&["vulnerabilities"]), &told(), "safety");
    let (named, _) = self::seen(&seen, "vulnerabilities", "category");
    assert_eq!(named.len(), codes_of("vulnerabilities").len());
}

/// The person keeps rows back, and a life is at risk: codes go as they would without any yes.
#[test]
fn under_an_override_a_yes_in_part_lets_out_no_less_than_a_no() {
    let blocks = ["name", "vulnerabilities"];
    let rules = &*RULES;
    let codes = |scope| {
        let seen = project(rules, Audience::Custody, scope, &told(), "mental-health");
        (seen.withheld, seen.tells, seen_codes(&seen.places.value(0)))
    };
    let words = |words: &[&str]| words.iter().map(|word| String::from(*word)).collect::<Vec<_>>();
    let excluded = words(&["clinical", "substance-use", "risk-to-self", "learning", "trauma"]);
    let (_, _, without_a_yes) = codes(minimum(&blocks));
    let both =
        Scope::AgreedAndMinimum { excluded: excluded.clone(), specific: Vec::new(), blocks: words(&blocks) };
    let (_, tells, beside_it) = codes(both);
    assert!(!without_a_yes.is_empty() && without_a_yes.is_subset(&beside_it), "{beside_it:?}");
    assert!(tells.contains(&String::from("vulnerabilities~clinical")), "{tells:?}");
    let (_, tells, agreed) = codes(Scope::Agreed { excluded, specific: Vec::new() });
    assert!(
        !agreed.contains("mental-health") && !tells.iter().any(|one| one.ends_with("~clinical")),
        "{tells:?}"
    );
}

fn seen_codes(value: &Value) -> BTreeSet<String> {
    let entries = value["vulnerabilities"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry["category"].as_str()).map(str::to_owned).collect()
}
