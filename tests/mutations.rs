//! Our valid examples, changed at random and by the definitions: whatever comes of it is judged, and what is required is
//! missed wherever it stood.
#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

use keyway::{
    limits::ISSUES_MAX,
    profile::{
        Finding, Severity,
        check::{Ask, Program},
        definition::{Definitions, Element, StructureDefinition},
    },
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};

/// 23 November 2026, when the examples play.
const NOW: i64 = 1_795_428_000_000_000;

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::built_in().unwrap());

/// The examples, by name.
static VALID: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fhir/valid");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: &Path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), read(&path))).collect()
});

/// By the profiles that it declares, and by this one as well.
fn check_by(value: &Value, profile: Option<&str>) -> Vec<Finding> {
    let profiles: Vec<&str> = profile.into_iter().collect();
    PROGRAM.check(value, &Ask { profiles: &profiles, best_practice: false, ..Ask::at(NOW) })
}

fn check(value: &Value) -> Vec<Finding> {
    check_by(value, None)
}

/// Pointers to a value and everything in it.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, v)| places(v, &format!("{at}/{name}"), into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, v)| places(v, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

fn some_place(value: &Value, at: Index) -> String {
    let mut all = Vec::new();
    places(value, "", &mut all);
    at.get(&all).clone()
}

/// What can happen to a message on its way.
#[derive(Clone, Debug)]
enum Change {
    /// Something else stands there.
    Put(Value),
    /// It is gone.
    Take,
    /// It is there twice: a list has the entry again, anything else becomes a list.
    Double,
    /// It has the name of something else.
    Rename(Index),
    /// A piece of another example stands there.
    Graft(Index, Index),
    /// A text is cut, and goes on differently.
    Cut(Index, String),
    /// It is inside something of its own kind.
    Nest(u8),
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "CANARY\\PC{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-zA-Z]{1,8}|extension|id|coding|resourceType|_status", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any_value().prop_map(Change::Put),
        Just(Change::Take),
        Just(Change::Double),
        any::<Index>().prop_map(Change::Rename),
        any::<(Index, Index)>().prop_map(|(example, at)| Change::Graft(example, at)),
        (any::<Index>(), "\\PC{0,6}").prop_map(|(at, text)| Change::Cut(at, text)),
        (1..60u8).prop_map(Change::Nest),
    ]
}

fn example(which: Index) -> &'static Value {
    VALID.values().nth(which.index(VALID.len())).unwrap()
}

fn apply(value: &mut Value, at: Index, change: &Change) {
    let place = some_place(value, at);
    let (holder, name) = place.rsplit_once('/').unwrap_or(("", ""));
    match change {
        Change::Put(other) => *value.pointer_mut(&place).unwrap() = other.clone(),
        Change::Graft(which, from) => {
            let other = example(*which);
            let piece = other.pointer(&some_place(other, *from)).unwrap().clone();
            *value.pointer_mut(&place).unwrap() = piece;
        }
        Change::Cut(where_to, text) => {
            if let Some(Value::String(old)) = value.pointer_mut(&place) {
                let kept: String = old.chars().take(where_to.index(old.chars().count() + 1)).collect();
                *old = format!("{kept}{text}");
            }
        }
        Change::Nest(deep) => {
            let last = place.rsplit('/').find(|name| name.parse::<usize>().is_err());
            let field = last.filter(|name| !name.is_empty()).unwrap_or("contained");
            let inner = value.pointer_mut(&place).unwrap();
            for _ in 0..*deep {
                *inner = Value::Object(Map::from_iter([(field.to_owned(), inner.take())]));
            }
        }
        Change::Take | Change::Double | Change::Rename(_) => match value.pointer_mut(holder) {
            Some(Value::Array(items)) => {
                let Ok(n) = name.parse::<usize>() else { return };
                let item = items.remove(n);
                if !matches!(change, Change::Take) {
                    items.extend([item.clone(), item]);
                }
            }
            Some(Value::Object(fields)) => {
                let Some(old) = fields.remove(name) else { return };
                if matches!(change, Change::Double) {
                    fields.insert(name.to_owned(), json!([old.clone(), old]));
                } else if let Change::Rename(n) = change
                    && !fields.is_empty()
                {
                    let other = fields.keys().nth(n.index(fields.len())).cloned();
                    fields.insert(other.unwrap_or_default(), old);
                }
            }
            _ => {}
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_example_that_is_changed_at_random_is_judged_and_nothing_of_it_repeated(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any_change()), 1..6),
    ) {
        let mut value = example(which).clone();
        for (at, change) in &changes {
            apply(&mut value, *at, change);
        }
        let found = check(&value);
        prop_assert!(found.len() <= ISSUES_MAX + 2);
        let said = format!("{found:?}");
        prop_assert!(!said.contains("CANARY"), "{}", said);
        prop_assert_eq!(found, check(&value), "a second look says something else");
    }
}

/// Where something stands that a definition requires: by definition and element, one place of one example.
struct Required<'d> {
    definitions: &'d Definitions,
    example: &'d str,
    /// The profile that the whole example is walked by.
    profile: Option<String>,
    found: BTreeMap<(String, String), Taken>,
}

/// What is taken away, and where it is to be missed.
struct Taken {
    example: String,
    holder: String,
    field: String,
    element: String,
    /// The profile of the whole, which may be declared in what is taken away.
    profile: Option<String>,
}

impl Required<'_> {
    /// A resource, by its type and by each profile that it declares.
    fn resource(&mut self, value: &Value, at: &str) {
        let kind = value["resourceType"].as_str().unwrap();
        let profiles = value.pointer("/meta/profile").and_then(Value::as_array).into_iter().flatten();
        let named = profiles.filter_map(|profile| self.definitions.get(profile.as_str()?).ok());
        let all: Vec<_> = named.chain([self.definitions.of_type(kind).unwrap()]).collect();
        for definition in all {
            if at.is_empty() {
                self.profile = definition.is_profile.then(|| definition.url.clone());
            }
            self.children(value, at, &definition, kind);
        }
    }

    fn children(&mut self, value: &Value, at: &str, definition: &Arc<StructureDefinition>, path: &str) {
        let Value::Object(fields) = value else { return };
        for element in &definition.elements {
            let Some(name) = element.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            // What a slice requires is told as the slice's; the tests of slices have it.
            if name.contains('.') || element.id.contains(':') {
                continue;
            }
            for (field, held) in fields {
                let Some(kind) = type_of(element, name, field) else { continue };
                if element.min > 0 {
                    let taken = Taken {
                        example: self.example.to_owned(),
                        holder: at.to_owned(),
                        field: field.clone(),
                        element: name.to_owned(),
                        profile: self.profile.clone(),
                    };
                    self.found.entry((definition.url.clone(), element.id.clone())).or_insert(taken);
                }
                self.below(held, &format!("{at}/{field}"), definition, element, &kind);
            }
        }
    }

    fn below(
        &mut self,
        held: &Value,
        at: &str,
        definition: &Arc<StructureDefinition>,
        element: &Element,
        kind: &str,
    ) {
        if let Value::Array(items) = held {
            for (n, item) in items.iter().enumerate() {
                self.below(item, &format!("{at}/{n}"), definition, element, kind);
            }
        } else if held.get("resourceType").is_some() {
            self.resource(held, at);
        } else if let Some(id) = &element.content_reference {
            let of = definition.elements.iter().find(|other| other.id == *id).unwrap().path.clone();
            self.children(held, at, definition, &of);
        } else {
            self.children(held, at, definition, &element.path);
            if let Ok(of_type) = self.definitions.of_type(kind) {
                self.children(held, at, &of_type, kind);
            }
        }
    }
}

/// The type that a field of JSON has by an element; `None` when it is another element's.
fn type_of(element: &Element, name: &str, field: &str) -> Option<String> {
    let Some(stem) = name.strip_suffix("[x]") else {
        let first = element.types.first().map(|one| one.code.clone());
        return (field == name).then(|| first.unwrap_or_default());
    };
    let suffix = field.strip_prefix(stem)?;
    let same = |code: &str| code.eq_ignore_ascii_case(suffix);
    element.types.iter().find(|one| same(&one.code)).map(|one| one.code.clone())
}

#[test]
fn whatever_a_definition_requires_is_missed_where_it_is_taken_away() {
    let definitions = Definitions::built_in().unwrap();
    let mut required =
        Required { definitions: &definitions, example: "", profile: None, found: BTreeMap::new() };
    for (name, value) in VALID.iter() {
        required.example = name;
        required.resource(value, "");
    }
    let mut unnoticed = Vec::new();
    for ((definition, element), taken) in &required.found {
        let mut less = VALID[&taken.example].clone();
        let fields = less.pointer_mut(&taken.holder).unwrap().as_object_mut().unwrap();
        fields.remove(&taken.field).unwrap();
        fields.remove(&format!("_{}", taken.field));
        // Where nothing is left, that is told first.
        let wanted = if fields.is_empty() {
            taken.holder.clone()
        } else {
            format!("{}/{}", taken.holder, taken.element.trim_end_matches("[x]"))
        };
        let errors: BTreeSet<String> = check_by(&less, taken.profile.as_deref())
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.pointer)
            .collect();
        if !errors.iter().any(|at| at.trim_end_matches("[x]") == wanted) {
            unnoticed
                .push(format!("{} {definition} {element}: {wanted} is not in {errors:?}", taken.example));
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    assert!(required.found.len() > 400, "{} elements are required", required.found.len());
}
