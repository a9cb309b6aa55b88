//! Hostile input: whatever is put into an assessment after it was validated, only listed fields leave.

use proptest::{prelude::*, sample::Index};
use serde_json::json;

use super::*;

const CANARY: &str = "CANARY-7f3a";

/// A value with the canary somewhere inside, nested up to a few levels.
fn poisoned() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(CANARY)),
        Just(json!({CANARY: 1})),
        Just(json!([CANARY, {"narrative": CANARY}])),
    ];
    leaf.prop_recursive(6, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
            (field_name(), inner).prop_map(|(name, value)| json!({name: value})),
        ]
    })
}

/// Names that could pass for a place of the profile, beside random ones.
fn field_name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "*",
            "**",
            "0",
            "",
            "/",
            "a/b",
            "name/family",
            "~1",
            "~2",
            "summary",
            "narrative",
            "code",
            "value",
            "recipient",
            "note",
            "given",
            "$recipient",
            "[recipient=$recipient]",
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
        Just(String::from(CANARY)),
    ]
}

/// How the assessment is tampered with.
#[derive(Clone, Debug)]
enum Tamper {
    /// A field that the profile does not know, in some group.
    AddField(Index, String, Value),
    /// A leaf becomes a group or a list that holds it.
    WrapLeaf(Index, Value),
    /// A group becomes a text or a list.
    FlattenGroup(Index),
}

fn tamper() -> impl Strategy<Value = Tamper> {
    prop_oneof![
        4 => (any::<Index>(), field_name(), poisoned()).prop_map(|(at, name, v)| Tamper::AddField(at, name, v)),
        2 => (any::<Index>(), poisoned().prop_filter("a group or a list", |v| !v.is_string()))
            .prop_map(|(at, v)| Tamper::WrapLeaf(at, v)),
        1 => any::<Index>().prop_map(Tamper::FlattenGroup),
    ]
}

fn pointers(value: &Value, wanted: fn(&Value) -> bool) -> Vec<String> {
    fn walk(value: &Value, at: &str, wanted: fn(&Value) -> bool, into: &mut Vec<String>) {
        if wanted(value) {
            into.push(at.to_owned());
        }
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(field, &format!("{at}/{name}"), wanted, into);
                }
            }
            Value::Array(entries) => {
                for (number, entry) in entries.iter().enumerate() {
                    walk(entry, &format!("{at}/{number}"), wanted, into);
                }
            }
            _ => {}
        }
    }
    let mut into = Vec::new();
    walk(value, "", wanted, &mut into);
    into
}

/// The shape of a pointer in the untampered fixture.
fn shape(pointer: &str) -> String {
    let steps = pointer.split('/').map(|step| if step.parse::<usize>().is_ok() { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

fn apply(assessment: &mut Value, rules: &Rules, tamper: Tamper) {
    let clean = full();
    match tamper {
        Tamper::AddField(at, name, value) => {
            let groups = pointers(&clean, Value::is_object);
            let place = at.get::<String>(&groups).as_str();
            // A field that the profile knows there is not unlisted; everything else is.
            let known = rules.shapes.named(&format!("{}/{name}", shape(place))).is_some();
            if let Some(Value::Object(fields)) = assessment.pointer_mut(place)
                && !known
            {
                fields.insert(name, value);
            }
        }
        Tamper::WrapLeaf(at, value) => {
            let leaves = pointers(&clean, |v| !v.is_object() && !v.is_array());
            if let Some(leaf) = assessment.pointer_mut(at.get::<String>(&leaves)) {
                *leaf = value;
            }
        }
        Tamper::FlattenGroup(at) => {
            let groups = pointers(&clean, Value::is_object);
            if let Some(group) = assessment.pointer_mut(at.get::<String>(&groups)) {
                *group = if at.index(2) == 0 { json!(CANARY) } else { json!([CANARY, [CANARY]]) };
            }
        }
    }
}

fn blocks(rules: &Rules, picked: &[Index]) -> Vec<String> {
    let all: Vec<String> = rules.blocks().map(|(id, _)| id.to_owned()).collect();
    picked.iter().map(|at| at.get::<String>(&all).clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_unlisted_field_leaves_to_anybody(
        tampers in prop::collection::vec(tamper(), 1..12),
        excluded in prop::collection::vec(any::<Index>(), 0..6),
        named in prop::collection::vec(any::<Index>(), 0..37),
        need in prop::sample::select(vec!["housing", "debt", "mental-health", CANARY]),
    ) {
        let rules = &*RULES;
        let mut assessment = full();
        for tamper in tampers {
            apply(&mut assessment, rules, tamper);
        }
        let scopes = [
            Scope::Agreed { excluded: Vec::new(), specific: blocks(rules, &named) },
            Scope::Agreed { excluded: blocks(rules, &excluded), specific: Vec::new() },
            Scope::Minimum { blocks: blocks(rules, &named) },
            Scope::AgreedAndMinimum {
                excluded: blocks(rules, &excluded),
                specific: Vec::new(),
                blocks: blocks(rules, &named),
            },
        ];
        for audience in Audience::ALL {
            for scope in &scopes {
                let seen = project(rules, audience, scope.clone(), &assessment, need);
                let text = seen.value().to_string();
                prop_assert!(!text.contains(CANARY), "{} got {text}", audience.as_str());
                // Nor does what we say about it repeat it.
                let told = serde_json::to_string(&(&seen.withheld, &seen.permitted)).unwrap();
                prop_assert!(!told.contains(CANARY), "{told}");
                // And every leaf that leaves is one of the assessment, from the place that it claims.
                let left = seen.value();
                for pointer in pointers(&left, |v| !v.is_object() && !v.is_array()) {
                    prop_assert_eq!(left.pointer(&pointer), assessment.pointer(&source(&seen, &pointer)));
                }
            }
        }
    }
}

#[test]
fn names_cannot_pass_for_the_places_of_a_list() {
    let rules = &*RULES;
    let mut assessment = full();
    assessment["person"]["name"]["given"] = json!({"*": CANARY, "~2": CANARY});
    assessment["person"]["name/family"] = json!(CANARY);
    assessment["priorities"] = json!({"*": {"rank": CANARY, "need": "housing", "own_words": CANARY}});
    for audience in Audience::ALL {
        let seen = project(rules, audience, agreed(&[], &["trauma"]), &assessment, "housing");
        assert!(!seen.value().to_string().contains(CANARY));
    }
}

#[test]
fn a_very_deep_value_is_not_followed_down() {
    let rules = &*RULES;
    let mut deep = json!(CANARY);
    for _ in 0..1_000 {
        deep = Value::Array(vec![deep]);
    }
    let mut assessment = full();
    assessment["person"]["name"]["family"] = deep;
    let seen = project(rules, Audience::Health, agreed(&[], &[]), &assessment, "mental-health");
    assert!(!seen.value().to_string().contains(CANARY));
}

#[test]
fn an_assessment_that_is_no_object_leaves_nothing() {
    let rules = &*RULES;
    for odd in [json!(null), json!(CANARY), json!([CANARY]), json!({}), json!(1)] {
        let seen = project(rules, Audience::Health, agreed(&[], &[]), &odd, "mental-health");
        assert_eq!(seen.value(), json!({}));
    }
}
