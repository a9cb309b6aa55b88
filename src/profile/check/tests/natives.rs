//! The forms of our own say what the FHIRPath of base R4 says.

use super::*;
use crate::profile::{
    check::{invariant::Run, surroundings::Surroundings},
    path::{Expression, Focus},
};

pub(super) fn walk<'a>(value: &'a Value, ask: &'a Ask<'a>) -> Walk<'a> {
    let mut walk = PROGRAM.walk(ask);
    walk.scope = Scope { resource: Some(value), container: Some(value), ..Scope::default() };
    walk
}

pub(super) fn expression_of(key: &str) -> Expression {
    let definitions = Definitions::built_in().unwrap();
    let base = ["Patient", "Bundle", "QuestionnaireResponse", "ContactPoint", "Period", "Range"];
    let ours = ["ld-patient", "ld-referral-message"]
        .map(|name| format!("https://keyway.example/fhir/StructureDefinition/{name}"));
    for definition in base
        .map(|kind| definitions.of_type(kind))
        .into_iter()
        .chain(ours.iter().map(|url| definitions.get(url)))
    {
        let definition = definition.unwrap();
        let constraints = definition.elements.iter().flat_map(|element| &element.constraints);
        if let Some(constraint) = constraints.into_iter().find(|constraint| constraint.key == key) {
            return Expression::parse(&constraint.expression).unwrap();
        }
    }
    panic!("{key} is in none of these")
}

type Case = (&'static str, Value, Value);

fn bundle(kind: &str, entry: Value) -> Value {
    let mut bundle = json!({"resourceType": "Bundle", "type": kind});
    bundle["entry"] = entry;
    bundle
}

/// Somebody with a contained resource that is referred to, and these changes.
fn person(patch: Value) -> Value {
    let mut person = json!({"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "a"}],
                            "link": [{"other": {"reference": "#a"}, "type": "seealso"}]});
    let Value::Object(patch) = patch else { panic!("changes are an object") };
    for (pointer, value) in patch {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        person.pointer_mut(parent).unwrap()[name] = value;
    }
    person
}

/// What keeps each rule of contained resources, and what breaks it.
fn contained() -> Vec<Case> {
    let patient = json!({"resourceType": "Patient"});
    vec![
        ("dom-2", person(json!({})), person(json!({"/contained/0/contained": [patient]}))),
        (
            "dom-3",
            person(json!({})),
            person(json!({"/link": [{"other": {"reference": "#b"}, "type": "seealso"}]})),
        ),
        (
            "dom-3",
            person(json!({"/link": [], "/contained/0/link": [{"other": {"reference": "#"}}]})),
            person(json!({"/link": []})),
        ),
        ("dom-4", person(json!({})), person(json!({"/contained/0/meta": {"versionId": "1"}}))),
        (
            "dom-4",
            person(json!({})),
            person(json!({"/contained/0/meta": {"lastUpdated": "2026-11-23T09:30:00Z"}})),
        ),
        ("dom-5", person(json!({})), person(json!({"/contained/0/meta": {"security": [{"code": "R"}]}}))),
        (
            "dom-6",
            person(json!({"/text": {"status": "generated", "div": "<div>x</div>"}})),
            person(json!({})),
        ),
    ]
}

/// The same of Bundles.
fn bundles() -> Vec<Case> {
    let patient = json!({"resourceType": "Patient"});
    let header = json!({"resourceType": "MessageHeader"});
    vec![
        ("bdl-1", bundle("searchset", json!([])), {
            let mut one = bundle("message", json!([]));
            one["total"] = json!(1);
            one
        }),
        (
            "bdl-2",
            bundle("searchset", json!([{"search": {"mode": "match"}}])),
            bundle("message", json!([{"search": {"mode": "match"}}])),
        ),
        (
            "bdl-3",
            bundle("batch", json!([{"request": {"method": "GET"}}])),
            bundle("batch", json!([{"resource": patient}])),
        ),
        (
            "bdl-3",
            bundle("message", json!([{"resource": patient}])),
            bundle("message", json!([{"request": {"method": "GET"}}])),
        ),
        (
            "bdl-4",
            bundle("history", json!([{"response": {"status": "200"}}])),
            bundle("history", json!([{"resource": patient}])),
        ),
        (
            "bdl-7",
            bundle(
                "message",
                json!([{"fullUrl": "a", "resource": patient}, {"fullUrl": "b", "resource": patient}]),
            ),
            bundle(
                "message",
                json!([{"fullUrl": "a", "resource": patient}, {"fullUrl": "a", "resource": patient}]),
            ),
        ),
        (
            "bdl-7",
            bundle("history", json!([{"fullUrl": "a"}, {"fullUrl": "a"}])),
            bundle("message", json!([{"fullUrl": "a"}, {"fullUrl": "a"}])),
        ),
        (
            "bdl-11",
            bundle("document", json!([{"resource": {"resourceType": "Composition"}}])),
            bundle("document", json!([{"resource": patient}])),
        ),
        (
            "bdl-12",
            bundle("message", json!([{"resource": header}])),
            bundle("message", json!([{"resource": patient}, {"resource": header}])),
        ),
        (
            "bdl-9",
            json!({"resourceType": "Bundle", "type": "document", "identifier": {"system": "a", "value": "b"}}),
            json!({"resourceType": "Bundle", "type": "document", "identifier": {"value": "b"}}),
        ),
        (
            "bdl-10",
            json!({"resourceType": "Bundle", "type": "document", "timestamp": "2026-11-23T09:30:00Z"}),
            json!({"resourceType": "Bundle", "type": "document"}),
        ),
        ("bdl-12", bundle("collection", json!([{"resource": patient}])), bundle("message", json!([]))),
    ]
}

/// The same of parts.
fn parts() -> Vec<Case> {
    let patient = json!({"resourceType": "Patient"});
    vec![
        ("bdl-5", json!({"resource": patient}), json!({"fullUrl": "a"})),
        (
            "bdl-8",
            json!({"fullUrl": "https://a.example/Patient/1"}),
            json!({"fullUrl": "https://a.example/Patient/1/_history/2"}),
        ),
        (
            "qrs-1",
            json!({"linkId": "x", "item": [{"linkId": "y"}]}),
            json!({"linkId": "x", "item": [{"linkId": "y"}], "answer": [{"valueBoolean": true}]}),
        ),
        ("cpt-2", json!({"system": "phone", "value": "1"}), json!({"value": "1"})),
        (
            "per-1",
            json!({"start": "2026-01-01", "end": "2026-02-01"}),
            json!({"start": "2026-02-01", "end": "2026-01-01"}),
        ),
        (
            "rng-2",
            json!({"low": {"value": 1.5, "unit": "kg"}, "high": {"value": 2, "unit": "kg"}}),
            json!({"low": {"value": 2.5, "unit": "kg"}, "high": {"value": 2, "unit": "kg"}}),
        ),
        ("kw-nhs-3", nhs_number("9990000018"), nhs_number("9990000019")),
        ("kw-nhs-3", nhs_number("999000001"), nhs_number("9990000028")),
        (
            "kw-nhs-3",
            json!({"system": "https://a.example/Id/number", "value": "9990000019"}),
            nhs_number("9990000110"),
        ),
    ]
}

fn nhs_number(value: &str) -> Value {
    json!({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": value})
}

#[test]
fn each_agrees_with_its_expression() {
    let cases = [contained(), bundles(), parts()].concat();
    let ask = Ask::at(NOW);
    for (key, right, wrong) in &cases {
        let (rule, expression) = (native::find(key).unwrap(), expression_of(key));
        for (value, wanted) in [(right, true), (wrong, false)] {
            let walk = walk(value, &ask);
            let node = match value.get("resourceType") {
                Some(_) => crate::profile::path::Node::resource(value),
                None if value.get("start").is_some() => crate::profile::path::Node::element(value, "Period"),
                None if value.get("low").is_some() => crate::profile::path::Node::element(value, "Range"),
                None => crate::profile::path::Node::element(value, "Bundle.entry"),
            };
            let focus = Focus { node, resource: node, root: node };
            let by_path = expression.holds(&focus, &Surroundings::of(&walk)).unwrap().is_satisfied();
            assert_eq!((by_path, rule(&walk, value)), (wanted, wanted), "{key} {value}");
        }
    }
}

/// A rule whose name base R4 uses once, and no rule of a profile, is taken for one of ours.
#[test]
fn every_native_rule_is_used() {
    let natives = PROGRAM.graph.invariants.iter().filter(|one| matches!(one.run, Run::Native(_)));
    let mut keys: Vec<&str> = natives.map(|one| &*one.key).collect();
    keys.sort_unstable();
    let mut once = keys.clone();
    once.dedup();
    assert_eq!(keys, once, "two rules of one name");
    assert!(keys.len() >= 17, "{keys:?}");
}

#[test]
fn every_invariant_of_base_and_ours_is_evaluated() {
    let unevaluated = PROGRAM.unevaluated().iter().filter(|one| one.rule != "contextInvariant");
    assert_eq!(unevaluated.collect::<Vec<_>>(), Vec::<&Unevaluated>::new());
}

#[test]
fn a_rule_that_a_message_breaks_off_is_broken_and_one_that_cannot_be_known_is_told() {
    let rule = |key: &str, expression: &str| {
        json!({"id": "Patient", "path": "Patient", "constraint": [{
            "key": key, "severity": "error", "human": "A rule.", "expression": expression,
        }]})
    };
    let one = profile("one", "Patient", &[rule("one-1", "name.family.startsWith('T')")]);
    let unknown =
        profile("unknown", "Patient", &[rule("unk-1", "gender.memberOf('https://nowhere.example/x')")]);
    let program = program(&[one, unknown]);
    let patient = |families: &[&str]| {
        let names: Vec<Value> = families.iter().map(|family| json!({"family": family})).collect();
        json!({"resourceType": "Patient", "gender": "female", "name": names})
    };
    assert_eq!(errors_by(&program, "one", &patient(&["Testcase"])), []);
    assert_eq!(errors_by(&program, "one", &patient(&["Testcase", "Sample"])), [pair("", "one-1")]);
    assert_eq!(errors_by(&program, "unknown", &patient(&["Testcase"])), []);
    let ask = Ask { profiles: &["https://test.example/unknown"], ..Ask::at(NOW) };
    let told = program.check(&patient(&["Testcase"]), &ask);
    assert!(told.iter().any(|f| f.rule == "unk-1" && f.severity == Severity::Warning), "{told:?}");
}

#[test]
fn a_rule_that_was_not_evaluated_is_never_lost_among_other_findings() {
    let rule = |severity: &str, expression: &str| {
        let constraint =
            json!({"key": "not-1", "severity": severity, "human": "A rule.", "expression": expression});
        let element = json!({"id": "Patient", "path": "Patient", "constraint": [constraint]});
        program(&[profile("not", "Patient", &[element])])
    };
    let unknown = "https://nowhere.example/x";
    let extensions: Vec<Value> =
        (0..300).map(|n| json!({"url": format!("{unknown}{n}"), "valueCode": "a"})).collect();
    let many = json!({"resourceType": "Patient", "gender": "female", "extension": extensions});
    let check = |program: &Program, value: &Value| {
        let ask = Ask { profiles: &["https://test.example/not"], best_practice: false, ..Ask::at(NOW) };
        program.check(value, &ask)
    };
    for expression in ["this is no FHIRPath", "gender.memberOf('https://nowhere.example/x')", ""] {
        let program = rule("error", expression);
        for value in [&json!({"resourceType": "Patient", "gender": "female"}), &many] {
            let last = check(&program, value).pop().unwrap();
            assert_eq!((last.severity, last.code), (Severity::Warning, "incomplete"), "{expression}");
            assert!(last.is_of_the_unchecked());
        }
        let doubtful = rule("warning", expression);
        assert!(check(&doubtful, &many).iter().all(|finding| !finding.is_of_the_unchecked()));
    }
    let kept = rule("error", "extension.exists()");
    assert!(check(&kept, &many).iter().all(|finding| !finding.is_of_the_unchecked()));
}

/// Where FHIRPath says that an order cannot be told, the rule as it is written is not kept; what it means is not broken.
#[test]
fn what_cannot_be_ordered_breaks_no_rule_of_order() {
    let ask = &Ask::at(NOW);
    let rules = [("per-1", "start", "end"), ("rng-2", "low", "high")];
    let [period, range] = rules.map(|(key, from, to)| {
        let rule = native::find(key).unwrap();
        move |a: Value, b: Value| {
            let value = json!({from: a, to: b});
            rule(&PROGRAM.walk(ask), &value)
        }
    });
    assert!(period(json!("2020-01-15"), json!("2020-01")));
    assert!(period(json!("2020-01-01T10:00:00Z"), json!("2020-01-01")));
    assert!(period(json!("2020-01-15"), json!("2020-01-15")));
    assert!(!period(json!("2020-02-15"), json!("2020-01")));
    assert!(!period(json!("2020-01-02"), json!("2020-01-01T10:00:00Z")));
    assert!(!period(json!("2020-01-01T10:00:00Z"), json!("2020-01-01T10:30:00+01:00")));
    let amount = |value: f64, unit: &str| json!({"value": value, "unit": unit});
    assert!(range(amount(1.0, "g"), amount(5.0, "kg")));
    assert!(range(amount(9.0, "g"), amount(5.0, "kg")));
    assert!(range(amount(5.0, "kg"), amount(5.0, "kg")));
    assert!(!range(amount(9.0, "kg"), amount(5.0, "kg")));
}
