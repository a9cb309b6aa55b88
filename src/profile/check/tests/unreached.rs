//! What cannot be decided from here is told, and neither passed nor failed.

use super::*;

const PATIENT: &str = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
const LIST: &str = "urn:uuid:c757873d-ec9a-4326-a141-556f43239521";

/// A list whose entries are sorted by whether the person that they point at is active.
fn by_target(rules: &str, min: u32) -> Program {
    program(&[
        profile(
            "active",
            "Patient",
            &[json!({"id": "Patient.active", "path": "Patient.active", "min": 1,
                                              "fixedBoolean": true})],
        ),
        profile(
            "list",
            "List",
            &[
                json!({"id": "List.entry", "path": "List.entry",
                       "slicing": {"discriminator": [{"type": "value", "path": "item.resolve().active"}],
                                   "rules": rules}}),
                json!({"id": "List.entry:active", "path": "List.entry", "sliceName": "active", "min": min,
                       "max": "1"}),
                json!({"id": "List.entry:active.item", "path": "List.entry.item", "type": [{
                    "code": "Reference", "targetProfile": ["https://test.example/active"]}]}),
            ],
        ),
    ])
}

fn message(active: bool, items: &[&str]) -> Value {
    let items: Vec<Value> = items.iter().map(|to| json!({"item": {"reference": to}})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": PATIENT, "resource": {"resourceType": "Patient", "active": active}},
        {"fullUrl": LIST, "resource": {"resourceType": "List", "status": "current", "mode": "working",
            "meta": {"profile": ["https://test.example/list"]}, "entry": items}},
    ]})
}

#[test]
fn a_slice_told_by_what_a_reference_points_at() {
    let closed = by_target("closed", 1);
    let check = |value: &Value| {
        let found = closed.check(value, &Ask { best_practice: false, ..Ask::at(NOW) });
        let told = found.into_iter().map(|finding| (finding.severity, finding.pointer, finding.rule));
        told.collect::<Vec<_>>()
    };
    let entry = "/entry/1/resource/entry";
    let one = |severity, pointer: &str, rule: &str| (severity, pointer.to_owned(), rule.to_owned());
    let wrong = |pointer: &str, rule: &str| one(Severity::Error, pointer, rule);
    let first = format!("{entry}/0");
    assert_eq!(check(&message(true, &[PATIENT])), []);
    assert_eq!(
        check(&message(false, &[PATIENT])),
        [wrong(entry, "min List.entry:active"), wrong(&first, "slice-closed List.entry")]
    );
    // Elsewhere, it may be one of them or not: there may be enough, and there is nothing to refuse it for.
    let elsewhere = "https://a.example/fhir/Patient/1";
    let undecided = one(Severity::Information, &first, "slice List.entry");
    assert_eq!(check(&message(false, &[elsewhere])), std::slice::from_ref(&undecided));
    // What is certain all the same: two that are there are too many.
    assert_eq!(check(&message(true, &[PATIENT, PATIENT])), [wrong(entry, "max List.entry:active")]);
    let mut by_name = message(true, &[PATIENT]);
    by_name["entry"][1]["resource"]["entry"][0]["item"] = json!({"display": "somebody"});
    assert_eq!(check(&by_name), [undecided]);
}

#[test]
fn an_amount_in_another_unit_is_neither_within_a_limit_nor_beyond_it() {
    let kilograms = |value: u32| json!({"value": value, "system": "http://unitsofmeasure.org", "code": "kg"});
    let limited = program(&[profile(
        "weight",
        "Observation",
        &[
            json!({"id": "Observation.value[x]", "path": "Observation.value[x]", "type": [{"code": "Quantity"}],
                 "minValueQuantity": kilograms(1), "maxValueQuantity": kilograms(500)}),
        ],
    )]);
    let check = |quantity: Value| {
        let value = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                           "valueQuantity": quantity});
        (errors_by(&limited, "weight", &value), notes_by(&limited, "weight", &value))
    };
    let at = "/valueQuantity";
    let (least, most) =
        (pair(at, "minValue Observation.value[x]"), pair(at, "maxValue Observation.value[x]"));
    assert_eq!(check(kilograms(80)), (vec![], vec![]));
    assert_eq!(check(kilograms(0)), (vec![least.clone()], vec![]));
    assert_eq!(check(kilograms(501)), (vec![most.clone()], vec![]));
    let both = (vec![], vec![least.clone(), most.clone()]);
    let mut grams = kilograms(80_000);
    grams["code"] = json!("g");
    assert_eq!(check(grams), both);
    let mut elsewhere = kilograms(80);
    elsewhere["system"] = json!("https://test.example/units");
    assert_eq!(check(elsewhere), both);
    assert_eq!(check(json!({"unit": "kg"})), both);
    // Less than 400 may be less than 1; less than 501 may be less than 500; less than 1 is too little.
    let less = |value: u32| {
        let mut quantity = kilograms(value);
        quantity["comparator"] = json!("<");
        check(quantity)
    };
    assert_eq!(less(400), (vec![], vec![least.clone()]));
    assert_eq!(less(501), (vec![], vec![least.clone(), most]));
    assert_eq!(less(1), (vec![least], vec![]));
}

#[test]
fn a_date_that_says_less_than_its_limit_is_told() {
    let limited = program(&[profile(
        "born",
        "Patient",
        &[json!({"id": "Patient.birthDate", "path": "Patient.birthDate", "minValueDate": "1990-07-01"})],
    )]);
    let check = |date: &str| {
        let value = json!({"resourceType": "Patient", "birthDate": date});
        (errors_by(&limited, "born", &value), notes_by(&limited, "born", &value))
    };
    let least = vec![pair("/birthDate", "minValue Patient.birthDate")];
    assert_eq!(check("1991"), (vec![], vec![]));
    assert_eq!(check("1989"), (least.clone(), vec![]));
    assert_eq!(check("1990"), (vec![], least));
}

#[test]
fn a_value_set_of_another_version_is_not_the_one_that_is_asked_for() {
    let set = json!({"resourceType": "ValueSet", "url": "https://test.example/set", "version": "1", "status": "active",
        "compose": {"include": [{"system": "https://test.example/s", "concept": [{"code": "a"}]}]}});
    let bound = |name: &str, set: &str| {
        profile(
            name,
            "Observation",
            &[json!({"id": "Observation.code", "path": "Observation.code",
                     "binding": {"strength": "required", "valueSet": set}})],
        )
    };
    let asked = |name: &str, set: &str| {
        profile(
            name,
            "Observation",
            &[json!({"id": "Observation.code", "path": "Observation.code", "constraint": [{
                "key": "in-1", "severity": "error", "human": "A code of the set.",
                "expression": format!("memberOf('{set}')")}]})],
        )
    };
    let known = program(&[
        set,
        bound("plain", "https://test.example/set"),
        bound("first", "https://test.example/set|1"),
        bound("second", "https://test.example/set|2"),
        asked("asked-first", "https://test.example/set|1"),
        asked("asked-second", "https://test.example/set|2"),
    ]);
    let check = |name: &str, code: &str| {
        let value = json!({"resourceType": "Observation", "status": "final",
                           "code": {"coding": [{"system": "https://test.example/s", "code": code}]}});
        (errors_by(&known, name, &value), notes_by(&known, name, &value))
    };
    let told = vec![pair("/code", "binding Observation.code")];
    for name in ["plain", "first"] {
        assert_eq!(check(name, "a"), (vec![], vec![]), "{name}");
        assert_eq!(check(name, "b"), (told.clone(), vec![]), "{name}");
    }
    for code in ["a", "b"] {
        assert_eq!(check("second", code), (vec![], told.clone()), "{code}");
    }
    assert_eq!(check("asked-first", "a"), (vec![], vec![]));
    assert_eq!(check("asked-first", "b"), (vec![pair("/code", "in-1")], vec![]));
    let unchecked = vec![pair("/code", "in-1"), pair("", "not-wholly-checked")];
    assert_eq!(check("asked-second", "a"), (vec![], unchecked));
}

#[test]
fn a_unit_is_told_by_its_form_as_far_as_that_goes() {
    let check = |key: &str, value: Value| {
        let mut observation =
            json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}});
        observation[key] = value;
        let found = check(&observation).into_iter().filter(|finding| finding.rule == "code form");
        found.map(|finding| (finding.severity, finding.pointer)).collect::<Vec<_>>()
    };
    let quantity = |code: &str| json!({"value": 1, "system": "http://unitsofmeasure.org", "code": code});
    let unit = |code: &str| check("valueQuantity", quantity(code));
    for code in ["kg", "mmol/L", "10*9/L", "{score}", "%"] {
        assert_eq!(unit(code), [], "{code}");
    }
    let at = || String::from("/valueQuantity/code");
    assert_eq!(unit("kg m"), [(Severity::Error, at())]);
    assert_eq!(unit("(kg"), [(Severity::Error, at())]);
    assert_eq!(unit("glorp"), [(Severity::Information, at())]);
    // In another system it is that system's affair.
    let other = json!({"value": 1, "system": "https://test.example/units", "code": "glorp"});
    assert_eq!(check("valueQuantity", other), []);
    let coded = |code: &str| json!({"coding": [{"system": "http://unitsofmeasure.org", "code": code}]});
    let at = || String::from("/valueCodeableConcept/coding/0/code");
    assert_eq!(check("valueCodeableConcept", coded("kg")), []);
    assert_eq!(check("valueCodeableConcept", coded("kg m")), [(Severity::Error, at())]);
    assert_eq!(check("valueCodeableConcept", coded("glorp")), [(Severity::Information, at())]);
}

#[test]
fn a_profile_that_is_known_in_another_version_is_used_and_that_is_told() {
    let mut made =
        profile("named", "Patient", &[json!({"id": "Patient.name", "path": "Patient.name", "min": 1})]);
    made["version"] = json!("1");
    let known = program(&[made]);
    let check = |version: &str, name: &str| {
        let url = format!("https://test.example/named{version}");
        let mut value = json!({"resourceType": "Patient", "active": true, "meta": {"profile": [url]}});
        value[name] = json!([{"text": "Jo Testcase"}]);
        let found = known.check(&value, &Ask { best_practice: false, ..Ask::at(NOW) });
        found.into_iter().map(|finding| (finding.severity, finding.pointer, finding.rule)).collect::<Vec<_>>()
    };
    let other = (Severity::Information, String::from("/meta/profile/0"), String::from("profile version"));
    let missing = |finding: &(Severity, String, String)| finding.2 == "min Patient.name";
    for version in ["", "|1"] {
        assert_eq!(check(version, "name"), [], "{version}");
        assert!(check(version, "alias").iter().any(missing), "{version}");
    }
    assert_eq!(check("|2", "name"), std::slice::from_ref(&other));
    let both = check("|2", "alias");
    assert!(both.contains(&other) && both.iter().any(missing), "{both:?}");
}

#[test]
fn more_profiles_than_are_checked_are_refused() {
    let check = |count: usize| {
        let named = vec!["http://hl7.org/fhir/StructureDefinition/Patient"; count];
        errors(&json!({"resourceType": "Patient", "active": true, "meta": {"profile": named}}))
    };
    assert_eq!(check(limits::CHECK_PROFILES_MAX), []);
    assert_eq!(check(limits::CHECK_PROFILES_MAX + 1), [pair("/meta", "profiles-max")]);
}
