//! Slices that are sliced again.

use super::*;

fn observation(codes: &[&str]) -> Value {
    let codings: Vec<Value> = codes
        .iter()
        .map(|code| match code.strip_prefix("other ") {
            Some(code) => json!({"system": "https://test.example/other", "code": code}),
            None => json!({"system": "https://test.example/s", "code": code}),
        })
        .collect();
    json!({"resourceType": "Observation", "status": "final", "code": {"coding": codings, "text": "x"}})
}

/// An element of the codings of an Observation's code.
fn coding(id: &str, more: Value) -> Value {
    let path = if id.contains('.') { id.rsplit_once('.').unwrap().1 } else { "" };
    let mut element = json!({
        "id": format!("Observation.code.coding:{id}"),
        "path": format!("Observation.code.coding{}{path}", if path.is_empty() { "" } else { "." }),
    });
    if path.is_empty() {
        element["sliceName"] = json!(id);
    }
    let Value::Object(more) = more else { panic!() };
    element.as_object_mut().unwrap().extend(more);
    element
}

/// Codings by their system into `own` and others, and those of `own` by their code into `a` and `b`.
fn twice(again: Value) -> Value {
    let mut own = coding("own", json!({"min": 0, "max": "*"}));
    own["slicing"] = again;
    let system = json!({"min": 1, "fixedUri": "https://test.example/s"});
    let fixed = |code: &str| json!({"min": 1, "fixedCode": code});
    profile(
        "twice",
        "Observation",
        &[
            json!({"id": "Observation.code.coding", "path": "Observation.code.coding",
                   "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}}),
            own,
            coding("own.system", system.clone()),
            coding("own/a", json!({"min": 1, "max": "1"})),
            coding("own/a.system", system.clone()),
            coding("own/a.code", fixed("a")),
            coding("own/b", json!({"min": 0, "max": "1"})),
            coding("own/b.system", system),
            coding("own/b.code", fixed("b")),
        ],
    )
}

fn by_code(rules: &str, ordered: bool) -> Value {
    json!({"discriminator": [{"type": "value", "path": "code"}], "rules": rules, "ordered": ordered})
}

#[test]
fn slices_of_a_slice_have_their_numbers() {
    let open = program(&[twice(by_code("open", false))]);
    let check = |codes: &[&str]| errors_by(&open, "twice", &observation(codes));
    assert_eq!(check(&["a", "x"]), []);
    assert_eq!(check(&["x"]), [pair("/code/coding", "min Observation.code.coding:own/a")]);
    assert_eq!(check(&["a", "a"]), [pair("/code/coding", "max Observation.code.coding:own/a")]);
    // Where the outer slice has nothing, its slice has too little all the same.
    assert_eq!(check(&["other a"]), [pair("/code/coding", "min Observation.code.coding:own/a")]);
}

#[test]
fn a_slice_that_is_sliced_again_may_be_closed() {
    let closed = program(&[twice(by_code("closed", false))]);
    let check = |codes: &[&str]| errors_by(&closed, "twice", &observation(codes));
    assert_eq!(check(&["b", "a", "other x"]), []);
    assert_eq!(check(&["a", "x"]), [pair("/code/coding/1", "slice-closed Observation.code.coding:own")]);
}

#[test]
fn a_slice_that_is_sliced_again_may_want_the_others_last() {
    let at_end = program(&[twice(by_code("openAtEnd", false))]);
    let check = |codes: &[&str]| errors_by(&at_end, "twice", &observation(codes));
    assert_eq!(check(&["other x", "b", "a", "x"]), []);
    assert_eq!(check(&["x", "a"]), [pair("/code/coding/1", "slice-at-end Observation.code.coding:own")]);
}

#[test]
fn a_slice_that_is_sliced_again_may_be_ordered() {
    let ordered = program(&[twice(by_code("open", true))]);
    let check = |codes: &[&str]| errors_by(&ordered, "twice", &observation(codes));
    assert_eq!(check(&["a", "other x", "b"]), []);
    assert_eq!(check(&["b", "a"]), [pair("/code/coding/1", "slice-order Observation.code.coding:own")]);
}

#[test]
fn what_a_derived_profile_adds_to_a_slice_counts_for_its_slices() {
    let mut derived = profile(
        "derived",
        "Observation",
        &[
            coding(
                "own",
                json!({"max": "2", "constraint": [{
                "key": "t-1", "severity": "error", "human": "No text of one letter.",
                "expression": "display.empty() or display.length() != 1"}]}),
            ),
            coding("own.display", json!({"min": 1})),
            coding("own.version", json!({"patternString": "1"})),
        ],
    );
    derived["baseDefinition"] = json!("https://test.example/twice");
    let both = program(&[twice(by_code("open", false)), derived]);
    let check = |display: Option<&str>, version: &str, name: &str| {
        let mut value = observation(&["a"]);
        if let Some(display) = display {
            value["code"]["coding"][0]["display"] = json!(display);
        }
        value["code"]["coding"][0]["version"] = json!(version);
        errors_by(&both, name, &value)
    };
    assert_eq!(check(Some("A word"), "1", "derived"), []);
    assert_eq!(check(None, "2", "twice"), []);
    let at = "/code/coding/0";
    assert_eq!(
        check(None, "1", "derived"),
        [pair(&format!("{at}/display"), "min Observation.code.coding:own.display")]
    );
    assert_eq!(
        check(Some("A word"), "2", "derived"),
        [pair(&format!("{at}/version"), "pattern Observation.code.coding:own.version")]
    );
    assert_eq!(check(Some("A"), "1", "derived"), [pair(at, "t-1")]);
    let mut many = observation(&["a", "b", "c"]);
    for coding in many["code"]["coding"].as_array_mut().unwrap() {
        coding["display"] = json!("A word");
    }
    assert_eq!(errors_by(&both, "derived", &many), [pair("/code/coding", "max Observation.code.coding:own")]);
}

#[test]
fn what_a_derived_profile_says_of_the_whole_counts_for_a_slice_that_says_other_things() {
    let mut derived = profile(
        "derived",
        "Observation",
        &[json!({"id": "Observation.code.coding", "path": "Observation.code.coding",
                 "patternCoding": {"version": "1"}})],
    );
    derived["baseDefinition"] = json!("https://test.example/base");
    let base = profile(
        "base",
        "Observation",
        &[
            json!({"id": "Observation.code.coding", "path": "Observation.code.coding",
                   "slicing": {"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "open"}}),
            coding("a", json!({"patternCoding": {"code": "a"}})),
        ],
    );
    let both = program(&[base, derived]);
    let check = |version: &str| {
        let mut value = observation(&["a"]);
        value["code"]["coding"][0]["version"] = json!(version);
        errors_by(&both, "derived", &value)
    };
    assert_eq!(check("1"), []);
    assert_eq!(check("2"), [pair("/code/coding/0", "pattern Observation.code.coding")]);
}

#[test]
fn a_slice_of_a_slice_that_is_not_stated_is_told_as_not_checked() {
    let Value::Array(elements) = twice(by_code("open", false))["differential"]["element"].take() else {
        panic!()
    };
    let inner: Vec<Value> = elements
        .into_iter()
        .filter(|one| !one["id"].as_str().unwrap().contains("coding:own.") && one["sliceName"] != "own")
        .collect();
    let program = program(&[profile("twice", "Observation", &inner)]);
    let own = program.unevaluated().iter().filter(|one| one.profile.starts_with("https://test.example/"));
    let rules: Vec<&str> = own.map(|one| one.rule.as_str()).collect();
    assert_eq!(
        rules,
        ["Observation.code.coding:own", "Observation.code.coding:own/a", "Observation.code.coding:own/b",]
    );
}
