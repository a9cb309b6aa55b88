//! What the FHIR message must say, whatever the assessment leaves out.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

const FORM: &str = include_str!("../../../profiles/fhir/questionnaire/ld-assessment-adult.json");

fn message(assessment: &Value) -> Value {
    document(&made(Audience::Health, &project(Audience::Health, assessment, false)))
}

fn resource<'v>(message: &'v Value, kind: &str) -> &'v Value {
    let entries = message["entry"].as_array().unwrap();
    &entries.iter().find(|entry| entry["resource"]["resourceType"] == kind).unwrap()["resource"]
}

/// Every item with its type, by its path.
fn items<'v>(at: &'v Value, into: &mut BTreeMap<&'v str, &'v Value>) {
    for item in at["item"].as_array().into_iter().flatten() {
        into.insert(item["linkId"].as_str().unwrap(), item);
        items(item, into);
    }
}

fn answers(at: &Value, say: &mut impl FnMut(&str, &str)) {
    for item in at["item"].as_array().into_iter().flatten() {
        let link = item["linkId"].as_str().unwrap();
        for answer in item["answer"].as_array().into_iter().flatten() {
            answer.as_object().unwrap().keys().for_each(|kind| say(link, kind));
        }
        if item.get("answer").is_none() {
            say(link, "group");
        }
        answers(item, say);
    }
}

#[test]
fn every_answer_has_its_item_and_its_type_in_the_questionnaire() {
    let form: Value = serde_json::from_str(FORM).unwrap();
    let mut asked = BTreeMap::new();
    items(&form, &mut asked);
    let mut seen = 0;
    answers(resource(&message(&full()), "QuestionnaireResponse"), &mut |link, kind| {
        let item = asked.get(link).unwrap_or_else(|| panic!("{link} is not in the questionnaire"));
        let expected = match item["type"].as_str().unwrap() {
            "boolean" => "valueBoolean",
            "integer" => "valueInteger",
            "decimal" => "valueDecimal",
            "dateTime" => "valueDateTime",
            "date" => "valueDate",
            "string" | "text" => "valueString",
            other => other,
        };
        assert_eq!(kind, expected, "{link}");
        seen += 1;
    });
    assert!(seen > 80, "{seen}");
}

#[test]
fn a_consent_that_is_read_only_from_outside_says_no() {
    let consent = resource(&message(&full()), "Consent").clone();
    assert_eq!(consent["policyRule"]["coding"][0]["code"], "OPTOUT");
    assert_eq!(consent["provision"].as_object().unwrap().keys().collect::<Vec<_>>(), ["provision"]);
    let rule = &consent["provision"]["provision"][0];
    assert_eq!((&rule["type"], &rule["period"]["end"]), (&json!("permit"), &json!("2035-01-13")));
}

#[test]
fn a_risk_that_nobody_stated_says_so_in_fhir_too() {
    let mut assessment = full();
    assessment["risk"]["to_self"].as_object_mut().unwrap().remove("level").unwrap();
    let message = message(&assessment);
    let level = &resource(&message, "RiskAssessment")["prediction"][0]["qualitativeRisk"]["coding"][0];
    assert_eq!(level["code"], "not-stated");
}

#[test]
fn a_task_says_until_when_an_answer_is_awaited() {
    let message = message(&full());
    assert_eq!(resource(&message, "Task")["restriction"]["period"]["end"], "2026-12-07T10:00:00.000Z");
}

#[test]
fn the_persons_own_rank_goes_with_each_aim() {
    let message = message(&full());
    let ranks: Vec<&Value> =
        message["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect();
    let ranks: Vec<&Value> = ranks
        .into_iter()
        .filter(|resource| resource["resourceType"] == "Goal")
        .map(|goal| &goal["extension"][0]["valuePositiveInt"])
        .collect();
    let given = full()["priorities"].as_array().unwrap().len();
    assert_eq!(ranks.len(), given);
    assert_eq!(ranks[0], &json!(1));
}
