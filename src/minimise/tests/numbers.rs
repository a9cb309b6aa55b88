//! The NHS number leaves to health alone, wherever somebody wrote it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::assessment::identifier::nhs_numbers_in;

const NUMBER: &str = "9990000018";

/// The same number as people write it.
fn written() -> impl Strategy<Value = String> {
    let between = prop::sample::select(vec!["", " ", "-", "\u{a0}", " - ", "\u{2011}", "\u{2009}"]);
    prop_oneof![
        prop::collection::vec(between, 9).prop_map(|between| {
            let mut text = String::new();
            for (digit, gap) in NUMBER.chars().zip(between.into_iter().chain([""])) {
                text.push(digit);
                text.push_str(gap);
            }
            text
        }),
        Just(String::from("999.000.0018")),
        Just(String::from("999/000/0018")),
        Just(String::from("９９９００００018")),
    ]
}

/// Every text of a value, with where it stands.
fn texts(value: &Value, at: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                texts(field, &format!("{at}/{name}"), into);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| texts(item, &format!("{at}/{number}"), into));
        }
        Value::String(text) => into.push((at.to_owned(), text.clone())),
        _ => {}
    }
}

/// Says `text` in every text of the assessment that steers nothing.
fn said_everywhere(text: &str) -> Value {
    let mut assessment = full();
    let mut all = Vec::new();
    texts(&assessment, "", &mut all);
    for (at, _) in all {
        let last = at.rsplit('/').next().unwrap_or_default();
        let steers =
            ["recipient", "on_behalf_of", "code", "category", "need", "type", "birth_date", "profile"];
        let steers = steers.contains(&last) || last.contains("service_type") || at.contains("may_be_told");
        if !steers {
            *assessment.pointer_mut(&at).unwrap() = text.into();
        }
    }
    assessment
}

fn everything(audience: Audience, assessment: &Value) -> Projection {
    let specific: Vec<&str> = RULES.blocks().map(|(id, _)| id).collect();
    project(&RULES, audience, agreed(&[], &specific), assessment, "housing")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn outside_health_nothing_that_reads_as_an_nhs_number_leaves_in_any_text(
        written in written(),
        before in "[a-z ,]{0,8}",
        after in prop_oneof![Just(String::new()), " [0-9]{1,4}", "[a-z,. ]{1,8}"],
    ) {
        let said = format!("{before}{written}{after}");
        let assessment = said_everywhere(&said);
        for audience in Audience::ALL {
            let seen = everything(audience, &assessment);
            let mut all = Vec::new();
            texts(&seen.value(), "", &mut all);
            prop_assert!(!all.is_empty());
            for (at, text) in all {
                let is_own = at.ends_with("/telephone") || ["ASN", "PNC", "CRO"].iter().any(|own| at.contains(&format!("/identifiers/{own}/")));
                let is_there = text.contains(&written) || !nhs_numbers_in(&text).is_empty();
                prop_assert!(
                    !is_there || is_own || audience == Audience::Health,
                    "{} at {} for {:?}", text, at, audience
                );
                prop_assert!(text.chars().count() <= said.chars().count() || !text.contains("[withheld]"));
            }
            if audience != Audience::Health {
                prop_assert!(!seen.numbers.is_empty());
                for field in &seen.numbers {
                    // Told by the row of the number, at the field or at the group of which all stayed back for it.
                    let told = seen.withheld.iter().any(|kept| {
                        kept.rule.ends_with("#nhs-number") && field.starts_with(&kept.field)
                    });
                    prop_assert!(told, "{} is not told: {:?}", field, seen.withheld);
                }
            }
        }
    }
}

#[test]
fn a_reference_that_is_the_number_does_not_leave_and_a_text_keeps_its_words() {
    let mut assessment = full();
    assessment["person"]["identifiers"]["HOUSING_REF"] = json!(["HC-17", NUMBER]);
    assessment["housing"]["narrative"] = "His NHS number is 999 000 0018, ring 01632 960408.".into();
    assessment["housing"]["consent_to_share_contact"] = true.into();
    assessment["person"]["safe_contact"]["telephone"] = NUMBER.into();
    let seen = everything(Audience::Housing, &assessment);
    let value = seen.value();
    assert_eq!(value["person"]["identifiers"]["HOUSING_REF"], json!(["HC-17"]));
    assert_eq!(value["housing"]["narrative"], "His NHS number is [withheld], ring 01632 960408.");
    assert_eq!(value["person"]["safe_contact"]["telephone"], NUMBER, "a telephone number is what it is");
    assert_eq!(seen.numbers, ["/housing/narrative", "/person/identifiers/HOUSING_REF/1"]);
    let rule = |field: &str| {
        seen.withheld
            .iter()
            .find(|kept| kept.field == field)
            .map(|kept| (kept.rule.as_str(), kept.reason.as_str()))
    };
    for field in &seen.numbers {
        assert_eq!(rule(field), Some(("housing/6#nhs-number", "never-for-audience")));
    }
}

#[test]
fn a_text_without_a_number_is_as_it_was() {
    let assessment = full();
    for audience in Audience::ALL {
        assert!(everything(audience, &assessment).numbers.is_empty(), "{audience:?}");
    }
}

/// So that no new telephone field is read as a number of somebody's.
#[test]
fn every_telephone_has_its_own_form() {
    let named: Vec<&String> = RULES.leaves().iter().filter(|leaf| leaf.ends_with("/telephone")).collect();
    assert!(named.len() >= 6);
    for leaf in named {
        let place = RULES.shapes.named(leaf).unwrap();
        assert!(RULES.shapes.get(place).unwrap().has_own_form, "{leaf}");
    }
}
