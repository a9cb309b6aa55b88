//! What a child is owed: custody and courts read that an appropriate adult is needed, whatever was kept back, and no more.

use serde_json::json;

use super::*;

/// An assessment of somebody born on `born`, on which `needed` stands.
fn born_on(born: &str, needed: Option<&str>) -> Value {
    let mut assessment = full();
    assessment["profile"] = "https://keyway.example/profiles/assessment/court-short/1".into();
    assessment["assessed_at"] = "2026-11-23T09:00:00Z".into();
    assessment["person"]["birth_date"] = born.into();
    assessment["appropriate_adult"] = json!({
        "why": "CANARY why", "arranged": "yes", "summary": "CANARY summary", "who": {"name": "CANARY who"},
    });
    match needed {
        Some(needed) => assessment["appropriate_adult"]["needed"] = needed.into(),
        None => _ = assessment.as_object_mut().unwrap().remove("appropriate_adult"),
    }
    assessment
}

const CHILD: &str = "2008-11-24";
const EIGHTEEN: &str = "2008-11-23";
const BOTH: [&str; 2] = ["appropriate-adult", "birth-date"];

fn seen(audience: Audience, scope: Scope, assessment: &Value) -> Value {
    project(&RULES, audience, scope, assessment, "housing").value()
}

#[test]
fn custody_and_courts_read_that_a_child_needs_an_adult_whatever_is_kept_back_and_nobody_else_does() {
    for needed in [Some("yes"), Some("unknown"), None] {
        let child = born_on(CHILD, needed);
        for audience in Audience::ALL {
            let kept = project(&RULES, audience, agreed(&BOTH, &[]), &child, "housing");
            let value = kept.value();
            let is_told = [Audience::Custody, Audience::Court].contains(&audience);
            let told = if is_told { json!({"needed": "yes"}) } else { Value::Null };
            assert_eq!(value["appropriate_adult"], told, "{audience:?}, {needed:?}");
            assert!(value["person"]["birth_date"].is_null(), "{audience:?}");
            assert!(!value.to_string().contains(CHILD));
            assert_eq!(kept.permitted.contains(&String::from("appropriate-adult:needed")), is_told);
            assert!(kept.by_override.is_empty());
            if is_told && needed.is_some() {
                let why = kept.withheld.iter().find(|kept| kept.field == "/appropriate_adult/why");
                assert!(why.is_some_and(|kept| kept.reason == "excluded-by-person"), "{:?}", kept.withheld);
            }
        }
    }
}

#[test]
fn it_says_that_no_consent_let_it_through() {
    let kept = project(&RULES, Audience::Custody, agreed(&BOTH, &[]), &born_on(CHILD, None), "housing");
    let number = kept.places.find(0, "/appropriate_adult/needed").unwrap();
    let through = kept.places.through(number).next().unwrap();
    assert_eq!((through.view, through.consent, through.provision), ("needed", None, None));
}

#[test]
fn an_adult_keeps_back_what_they_keep_back() {
    for audience in Audience::ALL {
        let value = seen(audience, agreed(&BOTH, &[]), &born_on(EIGHTEEN, Some("yes")));
        assert!(value["appropriate_adult"].is_null(), "{audience:?}");
        let value = seen(audience, agreed(&[], &[]), &born_on(EIGHTEEN, None));
        assert!(value["appropriate_adult"].is_null(), "nobody said so of an adult: {audience:?}");
    }
}

#[test]
fn the_form_for_children_says_it_where_no_date_does() {
    let mut child = born_on("not a date", None);
    assert!(seen(Audience::Custody, agreed(&BOTH, &[]), &child)["appropriate_adult"].is_null());
    child["profile"] = "https://keyway.example/profiles/assessment/youth/1".into();
    let value = seen(Audience::Custody, agreed(&BOTH, &[]), &child);
    assert_eq!(value["appropriate_adult"], json!({"needed": "yes"}));
}

/// What an agreement does not cover does not leave, and an override lets out what its row names.
#[test]
fn no_agreement_is_widened_by_it() {
    let child = born_on(CHILD, Some("yes"));
    let ask = Ask { recipient: RECIPIENT, need: "housing" };
    let custody = permitted(Audience::Custody, agreed(&BOTH, &[]));
    let value = RULES.project(&covered(&custody, &["name", "risk-to-self"]), &child, ask).value();
    assert!(value["appropriate_adult"].is_null());
    let value = seen(Audience::Custody, minimum(&["name"]), &child);
    assert!(value["appropriate_adult"].is_null());
    let value = seen(Audience::Custody, minimum(&["appropriate-adult"]), &born_on(CHILD, None));
    assert_eq!(value["appropriate_adult"], json!({"needed": "yes"}), "and then also where nobody said so");
}
