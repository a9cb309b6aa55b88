use serde_json::json;

use super::*;
use cases::{broken_contacts, broken_homes, broken_requirements, broken_times, reached};

mod cases;

/// A moment after the fixture was assessed.
const NOW: &str = "2025-01-13T12:00:00Z";

fn moment(text: &str) -> Moment {
    Moment::from_rfc3339(text).unwrap()
}

fn full() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/assessments/full.json")).unwrap()
}

/// A rule, what is written where to break it, and where that is told.
type Case = (&'static str, Vec<(&'static str, Value)>, Vec<&'static str>);

/// For each rule, what makes the full assessment break it, and where that is told.
fn broken() -> Vec<Case> {
    [
        broken_lists_and_ages(),
        broken_facts(),
        unlikely(),
        broken_times(),
        broken_homes(),
        broken_contacts(),
        broken_requirements(),
    ]
    .concat()
}

/// Somebody of 17 before a youth court, on the form that serves every age.
fn young_in_court() -> Vec<(&'static str, Value)> {
    vec![
        ("/profile", json!(Form::CourtShort.canonical())),
        ("/person/birth_date", json!("2008-01-14")),
        ("/appropriate_adult/needed", json!("yes")),
        ("/consents", json!([])),
    ]
}

fn broken_lists_and_ages() -> Vec<Case> {
    let again = |list: &str| json!([full()[list][0], full()[list][1], full()[list][0]]);
    let over = json!([full()["overrides"][0], full()["overrides"][0]]);
    vec![
        ("one-consent-for-each", vec![("/consents", again("consents"))], vec!["/consents/2/recipient"]),
        (
            "one-referral-for-each",
            vec![("/referrals", again("referrals")), ("/consents", json!([]))],
            vec!["/referrals/2/recipient"],
        ),
        (
            "nobody-asked-and-nothing-said",
            vec![("/referrals", json!([])), ("/consents", json!([]))],
            vec!["/referrals"],
        ),
        ("one-override-for-each", vec![("/overrides", over)], vec!["/overrides/1/recipient"]),
        (
            "consent-recorded",
            vec![("/consents/1/recorded_at", json!("2025-02-30T09:00:00Z"))],
            vec!["/consents/1/recorded_at"],
        ),
        ("consent-ends", vec![("/consents/0/valid_until", json!("soon"))], vec!["/consents/0/valid_until"]),
        (
            "born",
            vec![("/person/birth_date", json!("1991-02-30")), ("/consents", json!([]))],
            vec!["/person/birth_date"],
        ),
        (
            "born-in-the-future",
            vec![
                ("/person/birth_date", json!("2025-01-14")),
                ("/appropriate_adult/needed", json!("yes")),
                ("/consents", json!([])),
            ],
            vec!["/person/birth_date"],
        ),
        (
            "adult-form",
            vec![("/person/birth_date", json!("2008-01-14")), ("/appropriate_adult/needed", json!("yes"))],
            vec!["/person/birth_date"],
        ),
        (
            "youth-form",
            vec![("/profile", json!(Form::Youth.canonical())), ("/person/birth_date", json!("2007-01-12"))],
            vec!["/person/birth_date"],
        ),
        (
            "adult-sentence",
            [young_in_court(), vec![("/recommendation", json!([]))]].concat(),
            vec!["/treatment_requirements"],
        ),
        (
            "adult-recommendation",
            [
                young_in_court(),
                vec![("/treatment_requirement", Value::Null), ("/recommendation/0/code", json!("DRR"))],
            ]
            .concat(),
            vec!["/recommendation/0/code", "/recommendation/1/code"],
        ),
        ("adult-for-a-child", vec![], vec![]),
    ]
}

fn broken_facts() -> Vec<Case> {
    vec![
        (
            "assessed-in-the-future",
            vec![("/assessed_at", json!("2025-01-13T12:05:01Z"))],
            vec!["/assessed_at"],
        ),
        (
            "seen-in-the-future",
            vec![("/pathway/seen_at", json!("2025-01-13T13:06:00Z"))],
            vec!["/pathway/seen_at"],
        ),
        (
            "seen-before-arrival",
            vec![(
                "/pathway",
                json!({"seen_at": "2025-01-12T09:00:00Z", "arrived_at": "2025-01-12T09:00:01Z"}),
            )],
            vec!["/pathway/seen_at"],
        ),
        (
            "left-before-arrival",
            vec![(
                "/pathway",
                json!({"arrived_at": "2025-01-12T09:00:01Z", "left_at": "2025-01-12T10:00:00+01:00"}),
            )],
            vec!["/pathway/left_at"],
        ),
        (
            "score-out-of-range",
            vec![("/screening/tools/0", json!({"tool": "PHQ-9", "score": 28}))],
            vec!["/screening/tools/0/score"],
        ),
        (
            "score-above-its-highest",
            vec![("/screening/tools/0", json!({"tool": "Of our own", "score": 8, "maximum": 7}))],
            vec!["/screening/tools/0/score"],
        ),
        (
            "settled-without-abode",
            vec![("/housing/status", json!("settled")), ("/person/address", json!({"no_fixed_abode": true}))],
            vec!["/housing/status"],
        ),
        (
            "settled-without-a-home",
            vec![("/housing", json!({"status": "settled", "accommodation_type": "12"}))],
            vec!["/housing/accommodation_type"],
        ),
        (
            "sleeping-rough-and-housed",
            vec![
                ("/housing", json!({"status": "rough-sleeping", "accommodation_type": "01"})),
                ("/person/address", json!({"no_fixed_abode": true})),
            ],
            vec!["/housing/accommodation_type"],
        ),
        (
            "sleeping-rough-at-an-address",
            vec![
                ("/housing/status", json!("rough-sleeping")),
                ("/person/address", json!({"lines": ["1 Nowhere Lane"]})),
            ],
            vec!["/person/address/lines"],
        ),
        (
            "no-risk-and-a-risk",
            vec![("/risk/to_self", json!({"level": "none", "current": "yes"}))],
            vec!["/risk/to_self/level"],
        ),
        (
            "no-concern-and-a-route",
            vec![("/safeguarding", json!({"concern": false, "route": "told the borough"}))],
            vec!["/safeguarding/concern"],
        ),
        (
            "one-rank-for-each-priority",
            vec![("/priorities/1/rank", full()["priorities"][0]["rank"].clone())],
            vec!["/priorities/1/rank"],
        ),
    ]
}

fn unlikely() -> Vec<Case> {
    vec![
        (
            "imminent-and-not-current",
            vec![("/risk/to_self", json!({"level": "high", "current": "not-known", "imminent": true}))],
            vec!["/risk/to_self/imminent"],
        ),
        (
            "capacity-differs",
            vec![
                ("/capacity/status", json!("lacks-capacity")),
                ("/consents", json!([full()["consents"][0]])),
            ],
            vec!["/consents/0/capacity"],
        ),
        ("agreed-and-nobody-asked", vec![("/referrals", json!([]))], vec!["/referrals"]),
        (
            "agreed-and-not-asked",
            vec![("/consents/0/recipient", json!("nobody-asked"))],
            vec!["/consents/0/decision"],
        ),
        (
            "agreed-without-capacity",
            vec![("/consents/0/capacity", json!("lacks-capacity"))],
            vec!["/consents/0/capacity"],
        ),
        (
            "number-and-none",
            vec![("/person/nhs_number_missing", json!("nhs-number-not-known"))],
            vec!["/person/nhs_number_missing"],
        ),
        (
            "no-authority",
            vec![("/consents/0/given_by", json!("parental-responsibility"))],
            vec!["/consents/0/decision"],
        ),
        (
            "no-word-of-an-appropriate-adult",
            [
                young_in_court(),
                vec![
                    ("/treatment_requirement", Value::Null),
                    ("/recommendation", json!([])),
                    ("/appropriate_adult", Value::Null),
                ],
            ]
            .concat(),
            vec!["/appropriate_adult/needed"],
        ),
        (
            "released-before-seen",
            vec![
                ("/pathway/seen_at", json!("2025-01-12T09:00:00Z")),
                ("/release", json!({"at": "2025-01-12T08:59:59Z"})),
            ],
            vec!["/release/at"],
        ),
        (
            "not-seen-and-findings",
            vec![("/pathway/contact_outcome", json!("declined"))],
            vec!["/pathway/contact_outcome"],
        ),
    ]
}

fn changed(changes: &[(&str, Value)]) -> Assessment {
    let mut value = full();
    for (place, new) in changes {
        let (held, name) = place.rsplit_once('/').unwrap();
        match value.pointer_mut(held).unwrap() {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = new.clone(),
            object => object[name] = new.clone(),
        }
    }
    Assessment::new(value)
}

fn breaks(assessment: &Assessment, now: &str) -> Vec<(&'static str, Vec<String>)> {
    let broken = rules().map(|rule| (rule.name, rule.issues(assessment, moment(now))));
    broken
        .filter(|(_, issues)| !issues.is_empty())
        .map(|(name, issues)| (name, issues.into_iter().map(|issue| issue.path).collect()))
        .collect()
}

#[test]
fn what_cannot_be_true_together_is_found_by_its_rule_and_no_other() {
    assert_eq!(breaks(&changed(&[]), NOW), []);
    let cases = broken();
    let mut named: Vec<&str> = cases.iter().map(|(name, ..)| *name).collect();
    // Those about judgements have their cases beside them.
    let has_own = |name: &str| super::judgement::RULES.iter().any(|rule| rule.name == name);
    let mut known: Vec<&str> = rules().map(|rule| rule.name).filter(|name| !has_own(name)).collect();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known, "a case for each rule");
    let mut wrong = Vec::new();
    for (name, changes, places) in cases {
        let found = breaks(&changed(&changes), NOW);
        let told: Vec<(&str, Vec<&str>)> =
            found.iter().map(|(name, places)| (*name, places.iter().map(String::as_str).collect())).collect();
        if name != "adult-for-a-child" && told != [(name, places.clone())] {
            wrong.push(format!("{name} at {places:?}: {told:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_child_always_needs_an_appropriate_adult() {
    let says = |born: &str, needed: &str| {
        let told = [("/person/birth_date", json!(born)), ("/appropriate_adult/needed", json!(needed))];
        breaks(&changed(&told), NOW).iter().any(|(name, _)| *name == "adult-for-a-child")
    };
    assert!(says("2010-01-14", "no"));
    assert!(!says("2010-01-14", "yes") && !says("2010-01-14", "unknown"));
    assert!(!says("1991-06-14", "no"));
}

#[test]
fn under_16_a_yes_without_authority_is_told_and_a_no_needs_none() {
    let says = |born: &str, more: Value| {
        let mut consent = full()["consents"][0].clone();
        consent["recorded_at"] = json!("2025-01-13T00:00:00Z");
        consent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let changes = [("/person/birth_date", json!(born)), ("/consents", json!([consent]))];
        breaks(&changed(&changes), NOW).iter().any(|(name, _)| *name == "no-authority")
    };
    let (under, of_16) = ("2009-01-14", "2009-01-13");
    assert!(says(under, json!({})) && !says(of_16, json!({})));
    assert!(!says(under, json!({"decision": "decline"})));
    assert!(says(under, json!({"competence": "not-assessed"})));
    assert!(!says(under, json!({"competence": "competent"})));
    let parent = json!({"name": "Parent Testcase", "relation": "mother"});
    assert!(says(under, json!({"given_by": "parental-responsibility"})));
    assert!(!says(
        under,
        json!({"given_by": "parental-responsibility", "parental_responsibility": parent.clone()})
    ));
    assert!(says(
        of_16,
        json!({"given_by": "parental-responsibility", "parental_responsibility": parent.clone()})
    ));
    assert!(!says(of_16, json!({"given_by": "both", "parental_responsibility": parent})));
}

#[test]
fn what_is_likely_is_let_through() {
    let silent = [
        vec![
            ("/housing/status", json!("rough-sleeping")),
            ("/person/address", json!({"no_fixed_abode": true})),
        ],
        vec![("/housing/status", json!("settled")), ("/person/address", json!({"no_fixed_abode": false}))],
        vec![
            ("/housing/status", json!("sofa-surfing")),
            ("/person/address", json!({"no_fixed_abode": true})),
        ],
        vec![("/risk/to_self", json!({"level": "none", "current": "no", "imminent": false}))],
        vec![("/risk/to_self", json!({"level": "unknown", "current": "yes", "imminent": true}))],
        vec![("/safeguarding", json!({"concern": true, "route": "told the borough"}))],
        // A clock that is five minutes fast.
        vec![
            ("/assessed_at", json!("2025-01-13T12:05:00Z")),
            ("/pathway/seen_at", json!("2025-01-13T12:05:00Z")),
        ],
        vec![("/pathway/contact_outcome", json!("unfit"))],
        vec![("/pathway", json!({"arrived_at": "2025-01-12T09:00:00Z", "seen_at": "2025-01-12T09:00:00Z"}))],
        vec![("/housing", json!({"status": "settled", "accommodation_type": "11"}))],
        vec![("/housing", json!({"status": "hostel", "accommodation_type": "18"}))],
        vec![("/profile", json!(Form::CourtShort.canonical())), ("/person/birth_date", json!("2007-01-12"))],
        vec![("/person/birth_date", json!("1904-01-14")), ("/consents", json!([]))],
        // A number that is too short to be anybody's, and a neighbour's that differs in a digit.
        reached(json!({"telephone": "01632 960124", "must_not_know": ["flat 960124", "01632 960123"]})),
        reached(json!({"how": "Ring; never leave a voicemail", "rules": ["no-voicemail"]})),
        reached(json!({"how": "Through the textile shop", "rules": ["no-texts", "no-calls"]})),
        reached(
            json!({"through": {"name": "Ann Sample", "relation": "sister"}, "must_not_know": ["Annabel"]}),
        ),
        // A requirement in primary and in secondary care are two.
        vec![
            ("/treatment_requirement", Value::Null),
            (
                "/treatment_requirements",
                json!([
                {"type": "MHTR", "tier": "primary", "suitable": "yes", "willing": "yes"},
                {"type": "MHTR", "tier": "secondary", "suitable": "no", "willing": "yes"}]),
            ),
        ],
    ];
    for changes in silent {
        assert_eq!(breaks(&changed(&changes), NOW), [], "{changes:?}");
    }
}

#[test]
fn a_rule_holds_for_each_word_that_it_is_about() {
    let home = |status: &str| vec![("/housing", json!({"status": status, "accommodation_type": "12"}))];
    let how = |how: &str, rule: &str| reached(json!({"how": how, "rules": [rule]}));
    for (changes, name) in [
        (home("living-with-family"), "settled-without-a-home"),
        (home("supported"), "settled-without-a-home"),
        (how("Phone her", "no-calls"), "by-what-must-not-be-used"),
        (how("Telephone", "no-calls"), "by-what-must-not-be-used"),
        (how("Write to him", "no-letters"), "by-what-must-not-be-used"),
    ] {
        let found = breaks(&changed(&changes), NOW);
        assert!(found.iter().any(|(found, _)| *found == name), "{changes:?}: {found:?}");
    }
    // Who was not seen said nothing, and nobody need be asked.
    let not_seen = [
        ("/pathway/contact_outcome", json!("not-seen")),
        ("/referrals", json!([])),
        ("/consents", json!([])),
    ];
    let found = breaks(&changed(&not_seen), NOW);
    assert!(found.iter().all(|(found, _)| *found != "nobody-asked-and-nothing-said"), "{found:?}");
}

#[test]
fn a_rule_is_told_in_words_that_say_what_would_be_right() {
    for (name, changes, _) in broken() {
        let assessment = changed(&changes);
        let (now, rule) = (moment(NOW), rules().find(|rule| rule.name == name).unwrap());
        for issue in rule.issues(&assessment, now) {
            let (in_answer, other) = match rule.weight {
                Weight::Refused => (assessment.contradictions(now), assessment.warnings(now)),
                Weight::Told => (assessment.warnings(now), assessment.contradictions(now)),
            };
            assert!(in_answer.contains(&issue) && !other.contains(&issue), "{name}");
            assert!(issue.diagnostics.len() > 30 && issue.diagnostics.ends_with('.'), "{name}");
        }
    }
}

#[test]
fn the_page_names_every_rule() {
    let page = include_str!("../../../docs/bad-input.md");
    for rule in rules() {
        let part = if rule.weight == Weight::Refused { "Refused:" } else { "Told:" };
        let (_, rows) = page.split_once(part).unwrap();
        assert!(rows.contains(&format!("`{}`", rule.name)), "{} is not in the page", rule.name);
    }
}

/// What the form for people under 18 leaves out, the form for every age refuses for them.
#[test]
fn what_may_be_recommended_for_a_child_is_the_same_on_both_forms() {
    let codes = |form: &Value, place: &str| -> Vec<String> {
        let codes = form.pointer(place).and_then(Value::as_array).unwrap();
        codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    };
    let whole: Value =
        serde_json::from_str(include_str!("../../../profiles/assessment/assessment.json")).unwrap();
    let youth: Value = serde_json::from_str(include_str!("../../../profiles/assessment/youth.json")).unwrap();
    let all = codes(&whole, "/properties/recommendation/items/properties/code/enum");
    let young = codes(&youth, "/properties/recommendation/items/properties/code/enum");
    let adult: Vec<&String> = all.iter().filter(|code| !young.contains(code)).collect();
    assert_eq!(adult, FOR_ADULTS);
}

#[test]
fn a_score_that_a_tool_does_not_have_is_told_with_those_that_it_has() {
    let told = |tool: &str, score: i32| {
        let changes = [("/screening/tools/0", json!({"tool": tool, "score": score}))];
        changed(&changes)
            .contradictions(moment(NOW))
            .into_iter()
            .map(|issue| issue.diagnostics)
            .collect::<String>()
    };
    assert!(told("PHQ-9", 28).ends_with("Its scores are 0 to 27."), "{}", told("PHQ-9", 28));
    assert!(told("gad-7", 22).ends_with("Its scores are 0 to 21."), "{}", told("gad-7", 22));
    assert_eq!(told("PHQ-9", 27), "");
}
