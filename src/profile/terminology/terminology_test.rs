use serde_json::{Value, json};

use super::*;
use crate::profile::definition::{Definitions, Taken};

fn base() -> Terminology {
    Definitions::base().unwrap().terminology()
}

fn with(resources: &[Value]) -> Terminology {
    let mut definitions = Definitions::base().unwrap();
    for resource in resources {
        assert_eq!(definitions.add(resource, "t.json").unwrap(), Taken::Terminology);
    }
    definitions.terminology()
}

fn set(url: &str, compose: &Value) -> Value {
    json!({"resourceType": "ValueSet", "url": url, "compose": compose})
}

fn animals() -> Value {
    json!({"resourceType": "CodeSystem", "url": "urn:animals", "content": "complete", "caseSensitive": true,
    "concept": [
        {"code": "bird", "display": "Bird", "concept": [
            {"code": "duck", "display": "Wild  duck", "designation": [{"value": "Mallard"}]},
            {"code": "hen", "display": "Hen"}]},
        {"code": "fish", "display": "Fish"},
        {"code": "swimmer", "concept": []},
        {"code": "penguin", "display": "Penguin", "property": [{"code": "subsumedBy", "valueCode": "bird"}]}
    ]})
}

fn is_unknown(member: Member<'_>) -> bool {
    matches!(member, Member::Unknown(why) if !why.is_empty())
}

#[test]
fn required_codes_of_base_r4_are_decided() {
    let all = base();
    let r4 = |name: &str| format!("http://hl7.org/fhir/ValueSet/{name}");
    let cases: &[(&str, Option<&str>, &str, Member<'_>)] = &[
        ("administrative-gender", None, "male", Member::Yes),
        ("administrative-gender", None, "Male", Member::No),
        ("administrative-gender", None, "", Member::No),
        ("request-status", Some("http://hl7.org/fhir/request-status"), "active", Member::Yes),
        ("request-status", Some("http://hl7.org/fhir/task-status"), "active", Member::No),
        ("task-status", None, "received", Member::Yes),
        (
            "condition-clinical",
            Some("http://terminology.hl7.org/CodeSystem/condition-clinical"),
            "relapse",
            Member::Yes,
        ),
        (
            "condition-clinical",
            Some("http://terminology.hl7.org/CodeSystem/condition-clinical"),
            "gone",
            Member::No,
        ),
        ("all-types", None, "Patient", Member::Yes),
        ("all-types", None, "HumanName", Member::Yes),
        ("all-types", None, "Human", Member::No),
        ("mimetypes", None, "application/pdf", Member::Yes),
        ("mimetypes", None, "text/plain; charset=UTF-8", Member::Yes),
        ("mimetypes", None, "pdf", Member::No),
        ("all-languages", None, "en-GB", Member::Yes),
        ("all-languages", None, "english!", Member::No),
        ("languages", None, "cy", Member::No),
        ("currencies", None, "GBP", Member::Yes),
        ("currencies", None, "Gbp", Member::No),
        ("ucum-units", None, "mmol/L", Member::Yes),
        ("ucum-units", None, "mmol per L", Member::No),
    ];
    for (name, system, code, expected) in cases {
        assert_eq!(all.contains(&r4(name), *system, code), *expected, "{name} {code}");
    }
    assert!(is_unknown(all.contains(&r4("mimetypes"), None, "json")));
    assert_eq!(all.contains(&format!("{}|4.0.1", r4("task-status")), None, "ready"), Member::Yes);
    assert!(is_unknown(all.contains(&format!("{}|9", r4("task-status")), None, "ready")));
}

#[test]
fn a_hierarchy_decides_what_is_below_a_code() {
    let all = base();
    let set = "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode";
    let system = Some("http://terminology.hl7.org/CodeSystem/v3-ActCode");
    assert_eq!(all.contains(set, system, "AMB"), Member::Yes);
    assert_eq!(all.contains(set, system, "ACCTRECEIVABLE"), Member::No);
}

#[test]
fn what_cannot_be_decided_here_is_never_a_yes() {
    let all = with(&[
        set(
            "urn:sct",
            &json!({"include": [{"system": "http://snomed.info/sct",
            "filter": [{"property": "concept", "op": "is-a", "value": "138875005"}]}]}),
        ),
        set("urn:loinc", &json!({"include": [{"system": "http://loinc.org"}]})),
        set(
            "urn:listed",
            &json!({"include": [{"system": "http://snomed.info/sct", "concept": [{"code": "3457005"}]}]}),
        ),
        set("urn:import", &json!({"include": [{"valueSet": ["urn:nowhere"]}]})),
        set("urn:empty", &json!({"include": []})),
        animals(),
        set(
            "urn:filter",
            &json!({"include": [{"system": "urn:animals",
            "filter": [{"property": "colour", "op": "=", "value": "red"}]}]}),
        ),
    ]);
    for undecided in ["urn:sct", "urn:loinc", "urn:import", "urn:empty", "urn:filter", "urn:not-there"] {
        assert!(is_unknown(all.contains(undecided, None, "3457005")), "{undecided}");
    }
    let sct = Some("http://snomed.info/sct");
    assert_eq!(all.contains("urn:listed", sct, "3457005"), Member::Yes);
    assert_eq!(all.contains("urn:listed", sct, "4266003"), Member::No);
    // A code of another system is in none of those, whatever they hold.
    assert_eq!(all.contains("urn:sct", Some("urn:animals"), "duck"), Member::No);
    assert!(is_unknown(all.code_exists("http://snomed.info/sct", "3457005")));
}

#[test]
fn include_exclude_filters_and_imports_are_put_together() {
    let below = |code: &str| json!({"system": "urn:animals", "filter": [{"property": "concept", "op": "is-a", "value": code}]});
    let all = with(&[
        animals(),
        set("urn:birds", &json!({"include": [below("bird")]})),
        set(
            "urn:tame",
            &json!({"include": [{"system": "urn:animals", "concept": [{"code": "hen"}, {"code": "fish"}]}]}),
        ),
        set(
            "urn:wild",
            &json!({"include": [{"system": "urn:animals"}], "exclude": [{"valueSet": ["urn:tame"]}]}),
        ),
        set("urn:both", &json!({"include": [{"valueSet": ["urn:birds", "urn:tame"]}]})),
        set(
            "urn:young",
            &json!({"include": [{"system": "urn:animals",
            "filter": [{"property": "concept", "op": "descendent-of", "value": "bird"}]}]}),
        ),
    ]);
    let is = |set: &str, code: &str| all.contains(set, Some("urn:animals"), code) == Member::Yes;
    let cases = [
        ("urn:birds", &["bird", "duck", "hen", "penguin"][..], &["fish", "swimmer", "cow"][..]),
        ("urn:tame", &["hen", "fish"], &["duck", "bird"]),
        ("urn:wild", &["duck", "bird", "penguin"], &["hen", "fish", "cow"]),
        ("urn:both", &["hen"], &["fish", "duck"]),
        ("urn:young", &["duck", "penguin"], &["bird", "fish"]),
    ];
    for (set, within, without) in cases {
        assert!(within.iter().all(|code| is(set, code)), "{set}");
        assert!(without.iter().all(|code| !is(set, code)), "{set}");
    }
    let tame = all.value_set("urn:tame").unwrap();
    assert_eq!(all.listed(tame, 10), ["fish", "hen"]);
    assert!(all.listed(tame, 1).is_empty());
    let wild = all.value_set("urn:wild").unwrap();
    assert_eq!(all.listed(wild, 10), ["bird", "duck", "swimmer", "penguin"]);
}

#[test]
fn a_stated_expansion_counts_where_it_is_whole() {
    let expansion = |total: u64| {
        json!({"resourceType": "ValueSet", "url": format!("urn:{total}"), "expansion": {"total": total, "contains": [
            {"system": "urn:x", "code": "a", "contains": [{"system": "urn:x", "code": "b"}]},
            {"system": "urn:x", "code": "top", "abstract": true}]}})
    };
    let all = with(&[expansion(2), expansion(900)]);
    assert_eq!(all.contains("urn:2", Some("urn:x"), "b"), Member::Yes);
    assert_eq!(all.contains("urn:2", Some("urn:x"), "top"), Member::No);
    assert!(is_unknown(all.contains("urn:900", Some("urn:x"), "b")));
}

#[test]
fn imports_in_a_circle_or_too_deep_end_undecided() {
    let import = |of: &str| json!({"include": [{"valueSet": [of]}]});
    let mut sets =
        vec![set("urn:a", &import("urn:b")), set("urn:b", &import("urn:a")), set("urn:c", &import("urn:c"))];
    for at in 0..=crate::limits::VALUE_SET_DEPTH_MAX {
        sets.push(set(&format!("urn:{at}"), &import(&format!("urn:{}", at + 1))));
    }
    sets.push(set(
        &format!("urn:{}", crate::limits::VALUE_SET_DEPTH_MAX + 1),
        &json!({"include": [{"system": "urn:x", "concept": [{"code": "a"}]}]}),
    ));
    let all = with(&sets);
    for undecided in ["urn:a", "urn:b", "urn:c", "urn:0"] {
        assert!(is_unknown(all.contains(undecided, None, "a")), "{undecided}");
    }
    assert_eq!(all.contains("urn:9", None, "a"), Member::Yes);
}

#[test]
fn a_display_is_compared_by_its_words() {
    let all = with(&[animals()]);
    let fits = |code: &str, display: &str| all.display_fits("urn:animals", code, display);
    assert_eq!(all.display("urn:animals", "hen"), Some("Hen"));
    assert_eq!(fits("duck", "wild duck"), Some(true));
    assert_eq!(fits("duck", "mallard"), Some(true));
    assert_eq!(fits("duck", "Tame duck"), Some(false));
    assert_eq!(fits("swimmer", "Swimmer"), None);
    assert_eq!(fits("cow", "Cow"), None);
    assert_eq!(all.code_exists("urn:animals", "duck"), Member::Yes);
    assert_eq!(all.code_exists("urn:animals", "Duck"), Member::No);
}

#[test]
fn units_are_told_by_the_grammar() {
    for unit in [
        "kg",
        "mmol/L",
        "10*9/L",
        "mm[Hg]",
        "{score}",
        "/min",
        "kg/m2",
        "ug/(kg.h)",
        "%",
        "Cel",
        "1",
        "m[H2O]",
        "a",
    ] {
        assert_eq!(ucum::is_unit(unit), Member::Yes, "{unit}");
    }
    for unit in ["", "kg m", "kg/", "(kg", "kg)", "{score", "mm[Hg", "kg//m", ".kg", "{a}{b}", "é"] {
        assert_eq!(ucum::is_unit(unit), Member::No, "{unit}");
    }
    for unit in ["furlong", "stone", "mmHg"] {
        assert!(is_unknown(ucum::is_unit(unit)), "{unit}");
    }
}

#[test]
fn the_check_digit_of_snomed_ct_is_verified() {
    for code in ["3457005", "4266003", "138875005", "749001000000101", "736253002"] {
        assert_eq!(snomed_check_digit_holds(code), Some(true), "{code}");
    }
    for code in ["3457006", "345", "03457005", "abc", "749001000000102", "1234567890123456789"] {
        assert_eq!(snomed_check_digit_holds(code), Some(false), "{code}");
    }
    assert_eq!(snomed_check_digit_holds("3457005 |referral| : 1=2"), None);
}

#[test]
fn a_code_of_snomed_ct_is_that_of_a_concept() {
    let rule = |code: &str| snomed_fault(code).map(|(rule, _)| rule);
    for code in ["3457005", "749001000000101", "3457005 |referral| : 1=2"] {
        assert_eq!(rule(code), None, "{code}");
    }
    assert_eq!(rule("3457006"), Some("SNOMED CT check digit"));
    // A description, a relationship, and one that is too short for the namespace that it says it has.
    for code in ["754786014", "123456029", "999999109"] {
        assert_eq!(
            (snomed_check_digit_holds(code), rule(code)),
            (Some(true), Some("SNOMED CT partition")),
            "{code}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_value_set_or_code_system_is_said() {
    let cases = [
        (json!({"resourceType": "CodeSystem", "url": "urn:c"}), "content must be"),
        (
            json!({"resourceType": "CodeSystem", "url": "urn:c", "content": "complete", "concept": [{}]}),
            "needs a code",
        ),
        (
            json!({"resourceType": "CodeSystem", "url": "urn:c", "content": "complete", "concept": 7}),
            "must be a list",
        ),
        (set("urn:v", &json!({"include": [{}]})), "a system or a valueSet"),
        (set("urn:v", &json!({"include": [{"system": "urn:x", "concept": [{}]}]})), "needs a code"),
        (
            set("urn:v", &json!({"include": [{"system": "urn:x", "filter": [{"op": "="}]}]})),
            "property is missing",
        ),
        (set("urn:v", &json!([])), "compose must be"),
    ];
    for (resource, what) in cases {
        let fault = Definitions::base().unwrap().add(&resource, "t.json").unwrap_err();
        assert!(fault.what.contains(what) && fault.from == "t.json", "{fault}");
    }
}
