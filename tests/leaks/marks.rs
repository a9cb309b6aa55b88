//! Marks: put into every text that bears one, and found again in whatever came out, however it is packed.

use std::collections::BTreeSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use proptest::{
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use serde_json::{Value, json};

use crate::world::Worlds;

/// What every mark begins with. Letters alone, so that no packing but base64 changes it.
pub const MARK: &str = "kwcanary";
/// The mark of what no list and no profile knows.
pub const UNLISTED: &str = "kwcanaryunlistedx";

/// The mark with this number, of this case.
pub fn mark(case: usize, number: usize) -> String {
    // Closed at the end, so that no mark is the beginning of another.
    format!("{MARK}{case:03}n{number:03}x")
}

/// Puts a mark into each text that `wanted` names; answers the places in the order of their marks.
pub fn put(value: &mut Value, case: usize, tail: &str, wanted: &dyn Fn(&str, &str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    let mut texts = Vec::new();
    each(value, "", &mut |place, value| {
        if let Value::String(text) = value
            && wanted(place, text)
        {
            texts.push(place.to_owned());
        }
    });
    for place in texts {
        let Some(Value::String(text)) = value.pointer_mut(&place) else { panic!("{place}") };
        let kept: String = text.chars().take(24).collect();
        *text = format!("{} {kept}{tail}", mark(case, places.len()));
        places.push(place);
    }
    places
}

/// Every value with its pointer.
pub fn each<'v>(value: &'v Value, at: &str, see: &mut dyn FnMut(&str, &'v Value)) {
    see(at, value);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                each(field, &format!("{at}/{name}"), see);
            }
        }
        Value::Array(entries) => {
            for (number, entry) in entries.iter().enumerate() {
                each(entry, &format!("{at}/{number}"), see);
            }
        }
        _ => {}
    }
}

/// Every mark in these bytes, also in what is packed into base64 within them.
pub fn found(bytes: &[u8]) -> BTreeSet<String> {
    let mut all = String::new();
    unpacked(bytes, &mut all);
    let mut marks = BTreeSet::new();
    for (at, _) in all.match_indices(MARK) {
        let tail = &all[at + MARK.len()..];
        let end = tail.find('x').map_or(0, |end| end + 1);
        marks.insert(format!("{MARK}{}", &tail[..end]));
    }
    marks
}

fn unpacked(bytes: &[u8], into: &mut String) {
    let text = String::from_utf8_lossy(bytes);
    into.push_str(&text);
    into.push('\n');
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        each(&value, "", &mut |_, value| {
            let Value::String(text) = value else { return };
            into.push_str(text);
            into.push('\n');
            packed(text, into);
        });
    } else {
        packed(&text, into);
    }
}

/// A text, a header, or a signed text whose parts are separated by dots.
fn packed(text: &str, into: &mut String) {
    for part in text.split(['.', ' ', '"', ',']) {
        for inner in [STANDARD.decode(part), URL_SAFE_NO_PAD.decode(part)].into_iter().flatten() {
            if inner.len() > 8 {
                unpacked(&inner, into);
            }
        }
    }
}

/// A field that nobody listed: where it is put, its name and what is in it.
#[derive(Clone, Debug)]
pub struct Unlisted {
    at: Index,
    name: String,
    value: Value,
}

/// Names that could pass for a field that is known, FHIR's own ways to add something, and names that hold the mark.
pub fn unlisted() -> impl Strategy<Value = Unlisted> {
    let names = vec![
        "extension",
        "modifierExtension",
        "contained",
        "note",
        "text",
        "summary",
        "narrative",
        "display",
        "value",
        "_status",
        "*",
        "**",
        "a/b",
        "~1",
        "",
        "kwcanaryunlistedx said by somebody",
    ];
    let leaf = prop_oneof![
        Just(json!(UNLISTED)),
        Just(json!([{"url": format!("https://elsewhere.example/{UNLISTED}"), "valueString": UNLISTED}])),
        Just(json!({"resourceType": "Basic", "id": "x1", "code": {"text": UNLISTED}})),
        Just(
            json!({"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{UNLISTED}</div>")})
        ),
        Just(json!({"kwcanaryunlistedx was said": 1})),
    ];
    let value = leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
            ("[a-z]{1,8}", inner).prop_map(|(name, value)| json!({name: value})),
        ]
    });
    (any::<Index>(), select(names), value).prop_map(|(at, name, value)| Unlisted {
        at,
        name: name.to_owned(),
        value,
    })
}

impl Unlisted {
    /// Adds the field to one of the groups, unless it has one of that name; answers whether it was added.
    pub fn add_to(&self, value: &mut Value) -> bool {
        let mut groups = Vec::new();
        each(value, "", &mut |place, value| {
            if value.is_object() {
                groups.push(place.to_owned());
            }
        });
        let place = self.at.get(&groups);
        let group = value.pointer_mut(place).unwrap().as_object_mut().unwrap();
        if group.contains_key(&self.name) {
            return false;
        }
        group.insert(self.name.clone(), self.value.clone());
        true
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of the gateway")]
fn how_often() -> Option<u32> {
    std::env::var("KEYWAY_LEAKS").ok().map(|often| often.parse().unwrap())
}

/// Tries a property as often as `KEYWAY_LEAKS` says, each time with other cases; without it, with a few that are the same
/// each time.
pub fn property<S: Strategy>(cases: S, holds: impl Fn(&Worlds, S::Value) -> Result<(), TestCaseError>) {
    let asked = how_often();
    let cases_each = asked.unwrap_or(4);
    let config =
        Config { cases: cases_each, failure_persistence: None, max_shrink_iters: 8, ..Config::default() };
    let mut runner = match asked {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let worlds = Worlds::default();
    runner.run(&cases, |case| holds(&worlds, case)).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn a_mark_is_found_however_it_is_packed() {
    let inner = json!({"deep": mark(1, 3)}).to_string();
    for text in [
        inner.clone(),
        json!({"data": STANDARD.encode(&inner)}).to_string(),
        json!({"jws": format!("x.{}.y", URL_SAFE_NO_PAD.encode(&inner))}).to_string(),
        format!("use-context: {}", STANDARD.encode(&inner)),
    ] {
        assert_eq!(found(text.as_bytes()).into_iter().collect::<Vec<_>>(), [mark(1, 3)], "{text}");
    }
}
