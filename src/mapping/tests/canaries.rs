//! What may leave is in the bytes, and nothing else of the assessment is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// The full assessment with a word of its own in every free text, so that a text found tells its path.
fn marked() -> (Value, Vec<(String, String)>) {
    let mut value = full();
    let mut marks = Vec::new();
    for (index, path) in leaves(&value).keys().enumerate() {
        let Some(Value::String(text)) = value.pointer_mut(path) else { continue };
        if text.contains(' ') && !path.contains("safe_contact/telephone") {
            let mark = format!("canary{index:04}x");
            *text = format!("{mark} {}", text.chars().take(40).collect::<String>());
            marks.push((path.clone(), mark));
        }
    }
    (value, marks)
}

fn bytes(mapped: &Mapped) -> String {
    let mut all = String::from_utf8(mapped.body.clone()).unwrap();
    all.push_str(&String::from_utf8(mapped.detail.clone().unwrap_or_default()).unwrap());
    all
}

#[test]
fn a_text_is_in_the_message_exactly_when_it_is_in_the_projection() {
    let (assessment, marks) = marked();
    assert!(marks.len() > 80, "every block has texts");
    for audience in Audience::ALL {
        let projection = project(audience, &assessment, false);
        let allowed: BTreeSet<String> = leaves(&projection.value())
            .values()
            .filter_map(|value| value.as_str()?.split(' ').next().map(str::to_owned))
            .collect();
        let sent = bytes(&made(audience, &projection));
        for (path, mark) in &marks {
            assert_eq!(sent.contains(mark), allowed.contains(mark), "{path} to {audience:?}");
        }
    }
}

#[test]
fn the_thin_event_says_nothing_about_the_person() {
    let (assessment, marks) = marked();
    for audience in [Audience::Custody, Audience::Court, Audience::Probation, Audience::YouthJustice] {
        let event = String::from_utf8(made(audience, &project(audience, &assessment, false)).body).unwrap();
        for (path, mark) in &marks {
            assert!(!event.contains(mark), "{path} in the event to {audience:?}");
        }
        for private in ["Testcase", "1991", "9990000018", "Morgan"] {
            assert!(!event.contains(private), "{private} in the event to {audience:?}");
        }
    }
}

#[test]
fn an_nhs_number_goes_to_health_alone() {
    for audience in Audience::ALL {
        let sent = bytes(&made(audience, &project(audience, &full(), false)));
        assert_eq!(sent.contains("9990000018"), audience == Audience::Health, "{audience:?}");
    }
}
