use proptest::prelude::*;

use super::*;

/// A message with most kinds of element.
fn message() -> Value {
    let text = include_str!("../../../mapping/tests/snapshots/keyway__mapping__tests__golden__health.snap");
    serde_json::from_str(text.splitn(3, "---\n").nth(2).unwrap()).unwrap()
}

fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, v)| places(v, &format!("{at}/{name}"), into)),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(n, v)| places(v, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("CANARY")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec(("[a-z_A-Z]{1,8}|extension|id|coding|resourceType", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_stands_anywhere_is_judged_and_never_repeated(at in any::<prop::sample::Index>(), put in any_json()) {
        let mut value = message();
        let mut all = Vec::new();
        places(&value, "", &mut all);
        let place = all[at.index(all.len())].clone();
        *value.pointer_mut(&place).unwrap() = put;
        let found = check(&value);
        prop_assert!(found.len() <= limits::ISSUES_MAX + 2);
        let said = format!("{found:?}");
        prop_assert!(!said.contains("CANARY"), "{}", said);
        for finding in &found {
            prop_assert!(finding.diagnostics.len() > 10 && !finding.rule.is_empty(), "{:?}", finding);
        }
    }

    #[test]
    fn a_strange_field_is_found_wherever_it_stands(at in any::<prop::sample::Index>()) {
        let mut value = message();
        let mut all = Vec::new();
        places(&value, "", &mut all);
        all.retain(|place| value.pointer(place).is_some_and(Value::is_object));
        let place = all[at.index(all.len())].clone();
        value.pointer_mut(&place).unwrap()["shoeSize"] = json!(43);
        let wanted = format!("{place}/shoeSize");
        prop_assert!(errors(&value).iter().any(|(pointer, _)| *pointer == wanted), "{}", wanted);
    }
}

#[test]
fn what_is_huge_or_deep_or_turns_in_a_circle_ends() {
    let names: Vec<Value> = (0..20_000).map(|_| json!({"family": 7})).collect();
    let found = check(&json!({"resourceType": "Patient", "name": names}));
    assert_eq!(found.len(), limits::ISSUES_MAX + 1);
    assert_eq!(found.last().unwrap().code, "too-costly");

    let mut item = json!({"linkId": "x"});
    for _ in 0..120 {
        item = json!({"linkId": "x", "item": [item]});
    }
    let deep = json!({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]});
    assert!(errors(&deep).iter().any(|(_, rule)| rule == "depth"), "{:?}", errors(&deep));

    let id = |n: usize| format!("urn:uuid:c757873d-ec9a-4326-a141-{n:012}");
    let entries: Vec<Value> = (0..300)
        .map(|n| {
            let next = id((n + 1) % 300);
            json!({"fullUrl": id(n), "resource": {"resourceType": "Observation", "status": "final",
                   "code": {"text": "x"}, "hasMember": [{"reference": next}], "derivedFrom": [{"reference": next}]}})
        })
        .collect();
    assert_eq!(errors(&json!({"resourceType": "Bundle", "type": "collection", "entry": entries})), []);
}

#[test]
fn references_to_many_contained_resources_are_looked_up_and_not_searched_for() {
    let contained: Vec<Value> = (0..12_000)
        .map(|n| {
            json!({"resourceType": "Organization", "id": format!("o{n}"), "name": "x",
                   "partOf": {"reference": format!("#o{}", n + 1)}})
        })
        .collect();
    let all = json!({"resourceType": "Patient", "managingOrganization": {"reference": "#o0"}, "contained": contained});
    let watch = crate::clock::Stopwatch::start();
    assert!(errors(&all).iter().any(|(_, rule)| rule == "ref-1"), "the last one points at nothing");
    // By a search through all of them for each it takes minutes.
    assert!(watch.elapsed_micros() < 20_000_000);
}

/// A profile whose slices are told by whether the target fits the profile itself: followed without end, each resource
/// is tried again for each way to it.
#[test]
fn a_profile_that_asks_for_itself_ends() {
    let own = "https://test.example/own";
    let other = |slice: &str| {
        json!({"id": format!("Patient.link:{slice}.other"), "path": "Patient.link.other",
               "type": [{"code": "Reference", "targetProfile": [own]}]})
    };
    let link = |slice: &str| json!({"id": format!("Patient.link:{slice}"), "path": "Patient.link", "sliceName": slice, "min": 1});
    let program = program(&[profile(
        "own",
        "Patient",
        &[
            json!({"id": "Patient.link", "path": "Patient.link",
                   "slicing": {"discriminator": [{"type": "profile", "path": "other.resolve()"}], "rules": "open"}}),
            link("a"),
            other("a"),
            link("b"),
            other("b"),
        ],
    )]);
    let number = 10;
    let entries: Vec<Value> = (0..number)
        .map(|n| {
            let links: Vec<Value> = (0..number)
                .map(|to| json!({"type": "seealso", "other": {"reference": format!("Patient/{}", (n + to) % number)}}))
                .collect();
            json!({"fullUrl": format!("https://test.example/Patient/{n}"), "resource": {"resourceType": "Patient",
                   "id": n.to_string(), "meta": {"profile": [own]}, "link": links}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    let watch = crate::clock::Stopwatch::start();
    let found = program.check(&bundle, &Ask::at(NOW));
    // Without end it is ten to the power of the depth of trials, each the check of a resource.
    assert!(watch.elapsed_micros() < 20_000_000, "{}", watch.elapsed_micros());
    assert_eq!(found.last().unwrap().rule, "steps-max");
}
