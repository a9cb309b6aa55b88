//! The forms of our own of the rules that go through a whole message, against their FHIRPath on a message that is changed
//! in every place that they look at.

use super::{
    natives::{expression_of, walk},
    *,
};
use crate::profile::{
    check::surroundings::Surroundings,
    path::{Expression, Focus, Node as PathNode, Truth},
};

const OF_MESSAGES: [&str; 4] = ["kw-msg-2", "kw-msg-4", "kw-msg-5", "kw-msg-6"];
/// The names of the elements that the rules speak of.
const LOOKED_AT: [&str; 13] = [
    "destination",
    "entry",
    "focus",
    "for",
    "fullUrl",
    "identifier",
    "owner",
    "patient",
    "receiver",
    "reference",
    "resourceType",
    "sender",
    "subject",
];

fn message() -> Value {
    serde_json::from_str(include_str!("../../../../fixtures/fhir/valid/message-new-full.json")).unwrap()
}

/// Every place of the value whose last name is looked at.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in below {
        let place = format!("{at}/{key}");
        if LOOKED_AT.contains(&key.as_str()) {
            found.push(place.clone());
        }
        places(value, &place, found);
    }
}

/// The message with one place changed in each way.
fn changed(message: &Value, place: &str) -> Vec<Value> {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut other = message.clone();
        change(other.pointer_mut(parent).unwrap().as_object_mut().unwrap());
        other
    };
    let set = |value: Value| {
        with(&|fields| {
            fields.insert(name.to_owned(), value.clone());
        })
    };
    let mut all = vec![
        with(&|fields| {
            fields.shift_remove(name);
        }),
        // Only something beside a value that is not there.
        with(&|fields| {
            fields.shift_remove(name);
            fields.insert(
                format!("_{name}"),
                json!({"extension": [{"url": "https://test.example/why", "valueCode": "a"}]}),
            );
        }),
        set(json!("urn:uuid:00000000-0000-4000-8000-00000000000A")),
        set(json!("Patient")),
        set(json!({})),
        set(json!([])),
        set(json!({"reference": "Organization/elsewhere"})),
        set(json!({"display": "somebody"})),
    ];
    let addresses = message["entry"].as_array().unwrap().iter().map(|entry| &entry["fullUrl"]);
    match name {
        "reference" | "fullUrl" => all.extend(addresses.map(|address| set(address.clone()))),
        "focus" | "for" | "owner" | "patient" | "subject" => {
            all.extend(addresses.map(|address| set(json!({"reference": address}))));
        }
        _ => {}
    }
    all
}

fn holds_by_path(expression: &Expression, walk: &Walk<'_>, node: PathNode<'_>, message: &Value) -> bool {
    let root = PathNode::resource(message);
    let focus = Focus { node, resource: root, root };
    expression.holds(&focus, &Surroundings::of(walk)).is_ok_and(Truth::is_satisfied)
}

#[test]
fn each_agrees_with_its_expression_on_every_change() {
    let message = message();
    let mut all = Vec::new();
    places(&message, "", &mut all);
    let ask = Ask::at(NOW);
    let rules = OF_MESSAGES.map(|key| (key, native::find(key).unwrap(), expression_of(key)));
    let (of_entry, by_path) = (native::find("kw-ent-1").unwrap(), expression_of("kw-ent-1"));
    let mut broken = std::collections::BTreeMap::<&str, usize>::new();
    for place in &all {
        for (number, other) in changed(&message, place).iter().enumerate() {
            let walk = walk(other, &ask);
            for (key, rule, expression) in &rules {
                let wanted = holds_by_path(expression, &walk, PathNode::resource(other), other);
                assert_eq!(rule(&walk, other), wanted, "{key} with change {number} of {place}");
                *broken.entry(key).or_default() += usize::from(!wanted);
            }
            let entries = other["entry"].as_array().filter(|_| place.ends_with("/fullUrl"));
            for entry in entries.into_iter().flatten() {
                let wanted = holds_by_path(&by_path, &walk, PathNode::element(entry, "Bundle.entry"), other);
                assert_eq!(of_entry(&walk, entry), wanted, "kw-ent-1 with change {number} of {place}");
                *broken.entry("kw-ent-1").or_default() += usize::from(!wanted);
            }
        }
    }
    // Each was kept and broken, or nothing was shown.
    assert!(all.len() > 50, "{}", all.len());
    assert!(broken.len() == 5 && broken.values().all(|count| *count > 3), "{broken:?}");
}
