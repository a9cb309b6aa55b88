use super::*;

const EXAMPLE: &str = "https://test.example/";

fn person(patch: Value) -> Value {
    let mut person = json!({"resourceType": "Patient", "active": true});
    let Value::Object(patch) = patch else { panic!("changes are an object") };
    person.as_object_mut().unwrap().extend(patch);
    person
}

/// An extension with a code, which is a modifier or not.
fn extension(name: &str, is_modifier: bool) -> Value {
    let mut root = json!({"id": "Extension", "path": "Extension"});
    if is_modifier {
        root["isModifier"] = json!(true);
        root["isModifierReason"] = json!("It turns the meaning.");
    }
    let mut made = profile(
        name,
        "Extension",
        &[
            root,
            json!({"id": "Extension.url", "path": "Extension.url", "fixedUri": format!("{EXAMPLE}{name}")}),
            json!({"id": "Extension.value[x]", "path": "Extension.value[x]", "type": [{"code": "code"}]}),
        ],
    );
    made["context"] = json!([{"type": "element", "expression": "Patient"}]);
    made
}

#[test]
fn a_modifier_stands_among_modifiers_and_nothing_else_does() {
    let both = program(&[extension("turns", true), extension("adds", false)]);
    let check = |field: &str, name: &str| {
        let one = json!([{"url": format!("{EXAMPLE}{name}"), "valueCode": "a"}]);
        let value = person(json!({field: one}));
        let found = both.check(&value, &Ask { best_practice: false, ..Ask::at(NOW) });
        found.into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(check("modifierExtension", "turns"), [""; 0]);
    assert_eq!(check("extension", "adds"), [""; 0]);
    assert_eq!(check("modifierExtension", "adds"), ["modifier place"]);
    assert_eq!(check("extension", "turns"), ["modifier place"]);
    assert_eq!(check("modifierExtension", "unknown"), ["modifier known"]);
}

#[test]
fn a_part_that_the_definition_of_its_extension_does_not_name_is_told() {
    let nationality = "http://hl7.org/fhir/StructureDefinition/patient-nationality";
    let check = |url: &str, part: &str| {
        let part = json!({"url": part, "valueCodeableConcept": {"text": "x"}});
        errors(&person(json!({"extension": [{"url": url, "extension": [part]}]})))
    };
    assert_eq!(check(nationality, "code"), []);
    assert_eq!(check(nationality, "kode"), [pair("/extension/0/extension/0/url", "extension url")]);
    // Of one that is not known, no part is wrong; that it is not known is a warning.
    assert_eq!(check("https://unknown.example/x", "kode"), []);
    // An extension of its own may stand in any.
    assert_eq!(check(nationality, "https://unknown.example/x"), []);
}

#[test]
fn implicit_rules_are_never_passed_over() {
    assert_eq!(errors(&person(json!({}))), []);
    let wrong = person(json!({"implicitRules": "https://test.example/rules"}));
    assert_eq!(errors(&wrong), [pair("/implicitRules", "implicit rules")]);
    let entry = json!({"fullUrl": "https://test.example/Patient/1", "resource": {"resourceType": "Patient", "id": "1",
                       "implicitRules": "https://test.example/rules"}});
    let held = json!({"resourceType": "Bundle", "type": "collection", "entry": [entry]});
    assert_eq!(errors(&held), [pair("/entry/0/resource/implicitRules", "implicit rules")]);
}

#[test]
fn contained_resources_have_ids_of_their_own() {
    let contained = |ids: [&str; 3]| {
        let parties = ids.map(|id| json!({"resourceType": "Practitioner", "id": id, "active": true}));
        let referred = ids.map(|id| json!({"reference": format!("#{id}")}));
        person(json!({"contained": parties, "generalPractitioner": referred}))
    };
    assert_eq!(errors(&contained(["a", "b", "c"])), []);
    assert_eq!(errors(&contained(["a", "b", "a"])), [pair("/contained/2/id", "contained id")]);
}

#[test]
fn what_a_definition_says_and_is_not_checked_is_listed() {
    let mut by_path = extension("by-path", false);
    by_path["context"] = json!([{"type": "fhirpath", "expression": "Patient.where(active)"}]);
    by_path["contextInvariant"] = json!(["active"]);
    let one = profile(
        "one",
        "Patient",
        &[
            json!({"id": "Patient.name.family", "path": "Patient.name.family", "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/regex", "valueString": "[A-Z]+"}]}),
            json!({"id": "Patient.managingOrganization", "path": "Patient.managingOrganization", "type": [{
                "code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Organization"],
                "aggregation": ["contained"]}]}),
        ],
    );
    let all = program(&[by_path, one]);
    let listed = |name: &str| -> Vec<&str> {
        let of = all.unevaluated().iter().filter(|one| one.profile == format!("{EXAMPLE}{name}"));
        of.map(|one| one.rule.as_str()).collect()
    };
    assert_eq!(listed("by-path"), ["context", "contextInvariant"]);
    assert_eq!(listed("one"), ["Patient.managingOrganization", "Patient.name.family"]);
}

#[test]
fn a_text_has_the_length_that_is_asked_for() {
    let two = program(&[profile(
        "two",
        "Patient",
        &[json!({"id": "Patient.name.family", "path": "Patient.name.family", "maxLength": 3, "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/minLength", "valueInteger": 2}]})],
    )]);
    let check = |family: &str| errors_by(&two, "two", &person(json!({"name": [{"family": family}]})));
    assert_eq!(check("Ng"), []);
    assert_eq!(check("N\u{e9}o"), []);
    assert_eq!(check("N"), [pair("/name/0/family", "minLength Patient.name.family")]);
    assert_eq!(check("Neox"), [pair("/name/0/family", "maxLength Patient.name.family")]);
}

#[test]
fn least_and_greatest_are_kept_to_the_last_digit() {
    let half = program(&[profile(
        "half",
        "Observation",
        &[
            json!({"id": "Observation.value[x]", "path": "Observation.value[x]", "type": [{"code": "Quantity"}]}),
            json!({"id": "Observation.value[x].value", "path": "Observation.value[x].value",
                   "minValueDecimal": 0.5, "maxValueDecimal": 1.5}),
        ],
    )]);
    let check = |value: &str| {
        let value: Value = serde_json::from_str(value).unwrap();
        let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                                 "valueQuantity": {"value": value}});
        errors_by(&half, "half", &observation).into_iter().map(|(_, rule)| rule).collect::<Vec<_>>()
    };
    assert_eq!(check("0.50"), [""; 0]);
    assert_eq!(check("15e-1"), [""; 0]);
    assert_eq!(check("0.49999999999999999999999"), ["minValue Observation.value[x].value"]);
    assert_eq!(check("1.5000000000000000000001"), ["maxValue Observation.value[x].value"]);
}

#[test]
fn the_binding_of_a_type_counts_wherever_the_type_stands() {
    let check = |system: &str| {
        let age = json!({"value": 5, "unit": "x", "system": system, "code": "a"});
        let condition =
            json!({"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "onsetAge": age});
        let found =
            check(&condition).into_iter().filter(|finding| finding.rule.ends_with("Set Condition.onset[x]"));
        found.map(|finding| (finding.severity, finding.rule)).collect::<Vec<_>>()
    };
    assert_eq!(check("http://unitsofmeasure.org"), []);
    assert_eq!(
        check("https://test.example/units"),
        [(Severity::Error, String::from("maxValueSet Condition.onset[x]"))]
    );
}

#[test]
fn what_a_profile_wants_beside_a_primitive_is_asked_for() {
    let wants = |name: &str, element: Value| {
        let mut made = element;
        made["path"] = made["id"].clone();
        program(&[profile(name, "Patient", &[json!({"id": "Patient", "path": "Patient"}), made])])
    };
    let told = |known: &Program, name: &str, patch: Value| {
        let url = format!("{EXAMPLE}{name}");
        let ask = Ask { profiles: &[&url], best_practice: false, ..Ask::at(NOW) };
        let value = person(patch);
        let found = known.check(&value, &ask);
        found
            .into_iter()
            .filter(|one| one.severity == Severity::Error)
            .map(|one| one.rule)
            .collect::<Vec<_>>()
    };
    let reason =
        json!([{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]);
    let beside = json!({"birthDate": "1990-01-01", "_birthDate": {"extension": reason}});
    let needs = wants("needs", json!({"id": "Patient.birthDate.extension", "min": 1}));
    assert_eq!(told(&needs, "needs", beside.clone()), [""; 0]);
    assert_eq!(
        told(&needs, "needs", json!({"birthDate": "1990-01-01"})),
        ["min Patient.birthDate.extension"]
    );
    assert_eq!(told(&needs, "needs", json!({})), [""; 0]);
    let none = wants("none", json!({"id": "Patient.birthDate.extension", "max": "0"}));
    assert_eq!(told(&none, "none", json!({"birthDate": "1990-01-01"})), [""; 0]);
    assert_eq!(told(&none, "none", beside), ["max Patient.birthDate.extension"]);
    // What stands beside a primitive is never its value.
    let value = json!({"birthDate": "1990-01-01", "_birthDate": {"value": "1990-01-01"}});
    assert_eq!(told(&none, "none", value).len(), 1);
}

#[test]
fn an_extension_stands_as_often_as_its_definition_and_the_profile_allow() {
    let text = |name: &str, root: Value| {
        let mut made = profile(
            name,
            "Extension",
            &[
                root,
                json!({"id": "Extension.url", "path": "Extension.url", "fixedUri": format!("{EXAMPLE}{name}")}),
                json!({"id": "Extension.value[x]", "path": "Extension.value[x]", "type": [{"code": "string"}]}),
            ],
        );
        made["context"] = json!([{"type": "element", "expression": "Patient"}]);
        made
    };
    let slice = |name: &str, max: &str| {
        json!({"id": format!("Patient.extension:{name}"), "path": "Patient.extension", "sliceName": name, "max": max,
               "type": [{"code": "Extension", "profile": [format!("{EXAMPLE}{name}")]}]})
    };
    let known = program(&[
        text("once", json!({"id": "Extension", "path": "Extension", "max": "1"})),
        text("often", json!({"id": "Extension", "path": "Extension"})),
        profile("person", "Patient", &[slice("once", "*"), slice("often", "2")]),
    ]);
    let value = |name: &str, count: usize| {
        person(
            json!({"extension": vec![json!({"url": format!("{EXAMPLE}{name}"), "valueString": "x"}); count]}),
        )
    };
    for profile in ["person", "nobody"] {
        assert_eq!(errors_by(&known, profile, &value("once", 1)), []);
        // Its own definition says so, and no profile can allow more.
        assert_eq!(errors_by(&known, profile, &value("once", 2)), [pair("/extension/1", "extension max")]);
        assert_eq!(errors_by(&known, profile, &value("often", 2)), []);
    }
    assert_eq!(errors_by(&known, "nobody", &value("often", 3)), []);
    assert_eq!(
        errors_by(&known, "person", &value("often", 3)),
        [pair("/extension", "max Patient.extension:often")]
    );
    // Each element has its own.
    let apart = person(json!({
        "extension": [{"url": format!("{EXAMPLE}once"), "valueString": "x"}],
        "contained": [{"resourceType": "Patient", "id": "p", "active": true,
                       "extension": [{"url": format!("{EXAMPLE}once"), "valueString": "x"}]}],
        "link": [{"other": {"reference": "#p"}, "type": "seealso"}],
    }));
    assert_eq!(errors_by(&known, "nobody", &apart), []);
}
