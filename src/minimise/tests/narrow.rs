//! What a need, or a category, lets through and no more; and what leaves although it hints at what is kept back.

use serde_json::json;

use super::*;

#[test]
fn a_charity_reads_of_money_only_what_its_need_is_about() {
    for (need, fields) in [
        ("money", &["summary", "affordability", "debt", "benefits"][..]),
        ("debt", &["affordability", "debt"]),
        ("benefits", &["benefits"]),
        ("employment", &["employment"]),
        ("literacy", &["literacy"]),
        ("housing", &[]),
    ] {
        let seen = project(&RULES, Audience::Voluntary, agreed(&[], &[]), &full(), need).value();
        let money = seen["money"].as_object().map(|money| money.keys().map(String::as_str).collect());
        let (had, wanted): (BTreeSet<&str>, BTreeSet<&str>) =
            (money.unwrap_or_default(), fields.iter().copied().collect());
        assert_eq!(had, wanted, "{need}");
    }
    let kept = project(&RULES, Audience::Voluntary, agreed(&["money"], &[]), &full(), "literacy");
    assert!(kept.value()["money"].is_null(), "what is kept back stays back");
}

#[test]
fn a_council_reads_how_the_case_stands_and_nothing_of_the_hearing() {
    let mut assessment = full();
    assessment["legal"]["summary"] = "CANARY court on Monday".into();
    let seen = project(&RULES, Audience::Housing, agreed(&[], &[]), &assessment, "housing").value();
    let told: Vec<&String> = seen["legal"].as_object().unwrap().keys().collect();
    assert_eq!(told, ["status_category"]);
}

/// The fields of `assessment` that hint at `row` to `audience`, where the person keeps that row back.
fn hints(audience: Audience, assessment: &Value, row: &str) -> Vec<String> {
    let need = assessment["referrals"][0]["need"].as_str().unwrap();
    let seen = project(&RULES, audience, agreed(&[row], &[]), assessment, need);
    assert!(seen.hints.iter().all(|hint| hint.row == row));
    seen.hints.into_iter().map(|hint| hint.field).collect()
}

#[test]
fn what_hints_at_a_row_that_is_kept_back_is_named_and_leaves() {
    let mut assessment = full();
    assessment["treatment_requirements"] = json!([
        {"type": "MHTR", "suitable": "yes", "willing": "yes"}, {"type": "DRR", "suitable": "yes", "willing": "yes"},
    ]);
    assessment.as_object_mut().unwrap().remove("treatment_requirement");
    assessment["recommendation"] =
        json!([{"code": "ATR"}, {"code": "COMBINED-CSTR"}, {"code": "PSR-REQUEST"}]);
    assessment["referrals"][0]["need"] = "substance-use".into();
    let said = [
        "/recommendation/0/code",
        "/recommendation/1/code",
        "/referrals/0/need",
        "/treatment_requirements/1/type",
    ];
    assert_eq!(hints(Audience::Probation, &assessment, "substance-use"), said);
    let said = ["/recommendation/1/code", "/treatment_requirements/0/type"];
    assert_eq!(hints(Audience::Probation, &assessment, "clinical"), said);
    assert_eq!(hints(Audience::Probation, &assessment, "trauma"), Vec::<String>::new());
    // What does not leave hints at nothing.
    assert_eq!(hints(Audience::Housing, &assessment, "substance-use"), ["/referrals/0/need"]);
    let kept = agreed(&["substance-use", "recommendation", "treatment-requirement", "request"], &[]);
    let seen = project(&RULES, Audience::Probation, kept, &assessment, "substance-use");
    assert_eq!(seen.hints, Vec::new());
    let open = project(&RULES, Audience::Probation, agreed(&[], &[]), &assessment, "substance-use");
    assert_eq!(open.hints, Vec::new(), "and nobody is told where nothing is kept back");
}

/// The name of a tool says what was asked; a name that nobody knows could say anything.
#[test]
fn the_score_of_a_tool_goes_with_the_row_that_it_tells_of() {
    let tools = ["AUDIT", "LDSQ", "PHQ-9", "PCL-5", "audit"];
    let mut assessment = full();
    assessment["screening"] = json!({"tools": tools.map(|tool| json!({"tool": tool, "score": 3}))});
    for (excluded, stays) in [
        (&["substance-use"][..], &["LDSQ", "PHQ-9", "PCL-5"][..]),
        (&["learning"], &["AUDIT", "PHQ-9", "PCL-5"]),
        (&["clinical"], &["AUDIT", "LDSQ"]),
        (&["trauma"], &["AUDIT", "LDSQ", "PHQ-9"]),
        (&[], &tools),
    ] {
        let seen =
            project(&RULES, Audience::Health, agreed(excluded, &[]), &assessment, "mental-health").value();
        let named = seen["screening"]["tools"].as_array().unwrap().iter();
        let named: Vec<&str> = named.map(|one| one["tool"].as_str().unwrap()).collect();
        assert_eq!(named, stays, "{excluded:?}");
    }
}
