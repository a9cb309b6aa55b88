use super::*;

fn observation(codes: &[&str]) -> Value {
    let codings: Vec<Value> =
        codes.iter().map(|code| json!({"system": "https://test.example/s", "code": code})).collect();
    json!({"resourceType": "Observation", "status": "final", "code": {"coding": codings}})
}

fn sliced_codings(rules: &str, ordered: bool) -> Program {
    let slicing = json!({
        "discriminator": [{"type": "value", "path": "code"}], "rules": rules, "ordered": ordered,
    });
    program(&[profile(
        "codings",
        "Observation",
        &[
            json!({"id": "Observation.code.coding", "path": "Observation.code.coding", "slicing": slicing}),
            json!({"id": "Observation.code.coding:a", "path": "Observation.code.coding", "sliceName": "a",
                   "min": 1, "max": "1"}),
            json!({"id": "Observation.code.coding:a.code", "path": "Observation.code.coding.code", "min": 1,
                   "fixedCode": "a"}),
            json!({"id": "Observation.code.coding:b", "path": "Observation.code.coding", "sliceName": "b",
                   "min": 0, "max": "2"}),
            json!({"id": "Observation.code.coding:b.code", "path": "Observation.code.coding.code", "min": 1,
                   "fixedCode": "b"}),
        ],
    )])
}

#[test]
fn slices_by_value_have_their_numbers() {
    let open = sliced_codings("open", false);
    let check = |codes: &[&str]| errors_by(&open, "codings", &observation(codes));
    assert_eq!(check(&["a"]), []);
    assert_eq!(check(&["x", "b", "a", "b"]), []);
    assert_eq!(check(&["b"]), [pair("/code/coding", "min Observation.code.coding:a")]);
    assert_eq!(check(&["a", "a"]), [pair("/code/coding", "max Observation.code.coding:a")]);
    assert_eq!(check(&["a", "b", "b", "b"]), [pair("/code/coding", "max Observation.code.coding:b")]);
}

#[test]
fn closed_slices_let_nothing_else_in() {
    let closed = sliced_codings("closed", false);
    let check = |codes: &[&str]| errors_by(&closed, "codings", &observation(codes));
    assert_eq!(check(&["b", "a"]), []);
    assert_eq!(check(&["a", "x"]), [pair("/code/coding/1", "slice-closed Observation.code.coding")]);
}

#[test]
fn open_at_end_wants_the_others_last() {
    let at_end = sliced_codings("openAtEnd", false);
    let check = |codes: &[&str]| errors_by(&at_end, "codings", &observation(codes));
    assert_eq!(check(&["b", "a", "x", "y"]), []);
    assert_eq!(check(&["x", "a"]), [pair("/code/coding/1", "slice-at-end Observation.code.coding")]);
}

#[test]
fn ordered_slices_keep_their_order() {
    let ordered = sliced_codings("open", true);
    let check = |codes: &[&str]| errors_by(&ordered, "codings", &observation(codes));
    assert_eq!(check(&["a", "x", "b"]), []);
    assert_eq!(check(&["b", "a"]), [pair("/code/coding/1", "slice-order Observation.code.coding")]);
}

#[test]
fn slices_by_pattern() {
    let part = |code: &str| json!({"coding": [{"system": "https://test.example/s", "code": code}]});
    let by_pattern = program(&[profile(
        "components",
        "Observation",
        &[
            json!({"id": "Observation.component", "path": "Observation.component",
                   "slicing": {"discriminator": [{"type": "pattern", "path": "code"}], "rules": "open"}}),
            json!({"id": "Observation.component:a", "path": "Observation.component", "sliceName": "a", "min": 1,
                   "max": "1"}),
            json!({"id": "Observation.component:a.code", "path": "Observation.component.code",
                   "patternCodeableConcept": part("a")}),
            json!({"id": "Observation.component:a.value[x]", "path": "Observation.component.value[x]", "min": 1,
                   "type": [{"code": "integer"}]}),
        ],
    )]);
    let check = |components: Value| {
        let mut value = observation(&["x"]);
        value["component"] = components;
        errors_by(&by_pattern, "components", &value)
    };
    assert_eq!(check(json!([{"code": part("a"), "valueInteger": 1}, {"code": part("b")}])), []);
    assert_eq!(
        check(json!([{"code": part("b")}, {"code": part("a"), "valueString": "x"}])),
        [
            pair("/component/1/value", "min Observation.component:a.value[x]"),
            pair("/component/1/valueString", "type Observation.component:a.value[x]"),
        ]
    );
    assert_eq!(check(json!([{"code": part("b")}])), [pair("/component", "min Observation.component:a")]);
}

#[test]
fn slices_by_exists() {
    let by_exists = program(&[profile(
        "contacts",
        "Patient",
        &[
            json!({"id": "Patient.contact", "path": "Patient.contact",
                   "slicing": {"discriminator": [{"type": "exists", "path": "period"}], "rules": "closed"}}),
            json!({"id": "Patient.contact:past", "path": "Patient.contact", "sliceName": "past", "max": "1"}),
            json!({"id": "Patient.contact:past.period", "path": "Patient.contact.period", "min": 1}),
            json!({"id": "Patient.contact:present", "path": "Patient.contact", "sliceName": "present", "min": 1}),
            json!({"id": "Patient.contact:present.period", "path": "Patient.contact.period", "max": "0"}),
        ],
    )]);
    let contact = |period: bool| {
        let mut contact = json!({"name": {"family": "Testcase"}});
        if period {
            contact["period"] = json!({"end": "2026"});
        }
        contact
    };
    let check = |contacts: &[bool]| {
        let contacts: Vec<Value> = contacts.iter().map(|period| contact(*period)).collect();
        errors_by(&by_exists, "contacts", &json!({"resourceType": "Patient", "contact": contacts}))
    };
    assert_eq!(check(&[true, false, false]), []);
    assert_eq!(check(&[true]), [pair("/contact", "min Patient.contact:present")]);
    assert_eq!(check(&[true, false, true]), [pair("/contact", "max Patient.contact:past")]);
}

#[test]
fn slices_by_type_of_a_resource_and_of_what_a_reference_points_at() {
    let bundle = program(&[
        profile(
            "bundle",
            "Bundle",
            &[
                json!({"id": "Bundle.entry", "path": "Bundle.entry",
                       "slicing": {"discriminator": [{"type": "type", "path": "resource"}], "rules": "closed"}}),
                json!({"id": "Bundle.entry:patient", "path": "Bundle.entry", "sliceName": "patient", "min": 1,
                       "max": "1"}),
                json!({"id": "Bundle.entry:patient.resource", "path": "Bundle.entry.resource", "min": 1,
                       "type": [{"code": "Patient", "profile": ["https://test.example/named"]}]}),
                json!({"id": "Bundle.entry:list", "path": "Bundle.entry", "sliceName": "list"}),
                json!({"id": "Bundle.entry:list.resource", "path": "Bundle.entry.resource", "min": 1,
                       "type": [{"code": "List", "profile": ["https://test.example/list"]}]}),
            ],
        ),
        profile("named", "Patient", &[json!({"id": "Patient.name", "path": "Patient.name", "min": 1})]),
        profile(
            "list",
            "List",
            &[
                json!({"id": "List.entry", "path": "List.entry",
                       "slicing": {"discriminator": [{"type": "type", "path": "item.resolve()"}], "rules": "open"}}),
                json!({"id": "List.entry:person", "path": "List.entry", "sliceName": "person", "max": "1"}),
                json!({"id": "List.entry:person.item", "path": "List.entry.item", "type": [{
                    "code": "Reference",
                    "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}]}),
            ],
        ),
    ]);
    let patient = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
    let list = "urn:uuid:c757873d-ec9a-4326-a141-556f43239521";
    let message = |name: bool, items: usize| {
        let mut person = json!({"resourceType": "Patient", "active": true});
        if name {
            person["name"] = json!([{"text": "Jo Testcase"}]);
        }
        let items = vec![json!({"item": {"reference": patient}}); items];
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": patient, "resource": person},
            {"fullUrl": list, "resource": {"resourceType": "List", "status": "current", "mode": "working",
                                           "entry": items}},
        ]})
    };
    assert_eq!(errors_by(&bundle, "bundle", &message(true, 1)), []);
    assert_eq!(
        errors_by(&bundle, "bundle", &message(false, 2)),
        [
            pair("/entry/0/resource/name", "min Patient.name"),
            pair("/entry/1/resource/entry", "max List.entry:person"),
        ]
    );
    let mut other = message(true, 1);
    other["entry"][1]["resource"] = json!({"resourceType": "Basic", "code": {"text": "x"}});
    assert_eq!(errors_by(&bundle, "bundle", &other), [pair("/entry/1", "slice-closed Bundle.entry")]);
}

#[test]
fn a_choice_sliced_by_type() {
    let by_type = program(&[profile(
        "value",
        "Observation",
        &[
            json!({"id": "Observation.value[x]", "path": "Observation.value[x]",
                   "slicing": {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}}),
            json!({"id": "Observation.value[x]:valueQuantity", "path": "Observation.value[x]",
                   "sliceName": "valueQuantity", "type": [{"code": "Quantity"}]}),
            json!({"id": "Observation.value[x]:valueQuantity.unit", "path": "Observation.value[x].unit", "min": 1}),
        ],
    )]);
    let check = |key: &str, value: Value| {
        let mut observation = observation(&["x"]);
        observation[key] = value;
        errors_by(&by_type, "value", &observation)
    };
    assert_eq!(check("valueQuantity", json!({"value": 1, "unit": "kg"})), []);
    assert_eq!(check("valueString", json!("x")), []);
    assert_eq!(
        check("valueQuantity", json!({"value": 1})),
        [pair("/valueQuantity/unit", "min Observation.value[x]:valueQuantity.unit")]
    );
}

#[test]
fn slices_whose_items_cannot_be_told_are_named() {
    let vague = program(&[profile(
        "vague",
        "Patient",
        &[
            json!({"id": "Patient.name", "path": "Patient.name",
                   "slicing": {"discriminator": [{"type": "value", "path": "family"}], "rules": "open"}}),
            json!({"id": "Patient.name:a", "path": "Patient.name", "sliceName": "a", "min": 1}),
        ],
    )]);
    let own = vague.unevaluated().iter().filter(|one| one.profile.starts_with("https://test.example/"));
    let rules: Vec<&str> = own.map(|one| one.rule.as_str()).collect();
    assert_eq!(rules, ["Patient.name:a"]);
    let ask = Ask { profiles: &["https://test.example/vague"], best_practice: false, ..Ask::at(NOW) };
    let found = vague.check(&json!({"resourceType": "Patient", "name": [{"family": "Testcase"}]}), &ask);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].severity, found[0].code), (Severity::Information, "incomplete"));
}

#[test]
fn a_slice_that_is_needed_is_asked_for_where_there_is_no_list_at_all() {
    let closed = sliced_codings("closed", false);
    let check = |code: Value| {
        let mut value = observation(&[]);
        value["code"] = code;
        errors_by(&closed, "codings", &value)
    };
    let coding = |code: &str| json!({"system": "https://test.example/s", "code": code});
    assert_eq!(check(json!({"coding": [coding("a")]})), []);
    assert_eq!(check(json!({"text": "x"})), [pair("/code/coding", "min Observation.code.coding:a")]);

    let vague = program(&[profile(
        "vague",
        "Patient",
        &[
            json!({"id": "Patient.name", "path": "Patient.name",
                   "slicing": {"discriminator": [{"type": "value", "path": "family"}], "rules": "open"}}),
            json!({"id": "Patient.name:a", "path": "Patient.name", "sliceName": "a", "min": 1}),
        ],
    )]);
    // Whatever tells its items, there is none.
    let nobody = json!({"resourceType": "Patient", "active": true});
    assert_eq!(errors_by(&vague, "vague", &nobody), [pair("/name", "min Patient.name:a")]);
}

#[test]
fn a_choice_sliced_by_type_has_its_numbers_and_its_end() {
    let by_type = |rules: &str, min: u32| {
        program(&[profile(
            "value",
            "Observation",
            &[
                json!({"id": "Observation.value[x]", "path": "Observation.value[x]",
                       "slicing": {"discriminator": [{"type": "type", "path": "$this"}], "rules": rules}}),
                json!({"id": "Observation.value[x]:valueQuantity", "path": "Observation.value[x]",
                       "sliceName": "valueQuantity", "min": min, "type": [{"code": "Quantity"}]}),
            ],
        )])
    };
    let check = |program: &Program, key: &str, value: Value| {
        let mut observation = observation(&["x"]);
        observation[key] = value;
        errors_by(program, "value", &observation)
    };
    let (right, none) = (json!({"value": 1}), json!("none"));
    let missing = pair("/value", "min Observation.value[x]:valueQuantity");
    for rules in ["open", "closed"] {
        let needed = by_type(rules, 1);
        assert_eq!(check(&needed, "valueQuantity", right.clone()), [], "{rules}");
        assert_eq!(check(&needed, "id", none.clone()), std::slice::from_ref(&missing), "{rules}");
    }
    let (open, closed) = (by_type("open", 0), by_type("closed", 0));
    assert_eq!(check(&open, "valueString", none.clone()), []);
    assert_eq!(check(&closed, "id", none.clone()), []);
    assert_eq!(
        check(&closed, "valueString", none),
        [pair("/valueString", "slice-closed Observation.value[x]")]
    );
}
