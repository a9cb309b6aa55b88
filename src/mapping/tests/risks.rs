//! What a system acts on before anybody reads the text: the risk of each kind, and by which numbers somebody is looked up.

use serde_json::json;

use super::*;

fn body(audience: Audience, assessment: &Value) -> Value {
    let mapped = made(audience, &project(audience, assessment, false));
    assert_follows_profiles(&mapped);
    serde_json::from_slice(&mapped.body).unwrap()
}

fn of_kind<'v>(bundle: &'v Value, kind: &str) -> Vec<&'v Value> {
    let entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    entries.filter(|resource| resource["resourceType"] == kind).collect()
}

fn flag<'v>(bundle: &'v Value, code: &str) -> Option<&'v Value> {
    of_kind(bundle, "Flag").into_iter().find(|flag| flag["code"]["coding"][0]["code"] == code)
}

#[test]
fn a_health_service_reads_the_risk_of_every_kind_and_whom_to_ring_first() {
    let mut assessment = everything();
    assessment["risk"]["to_self"]["level"] = json!("low");
    assessment["risk"]["from_others"] =
        json!({"level": "high", "current": "yes", "advice": "Tell nobody who rings that she is here."});
    assessment["risk"]["to_others"] =
        json!({"alert": "alert-contact-practitioner", "contact": "01632 960099"});
    let told = body(Audience::Health, &assessment);
    let risks: Vec<(&str, &str)> = of_kind(&told, "RiskAssessment")
        .into_iter()
        .map(|risk| {
            let said = &risk["prediction"][0];
            let level = said["qualitativeRisk"]["coding"][0]["code"].as_str().unwrap();
            (said["outcome"]["text"].as_str().unwrap(), level)
        })
        .collect();
    assert_eq!(
        risks,
        [("Harm to self", "low"), ("Harm from others", "high"), ("Harm to others", "not-stated")]
    );
    let from = flag(&told, "risk-from-others").unwrap()["code"]["text"].as_str().unwrap();
    assert!(from.contains("high") && from.contains("Tell nobody who rings"), "{from}");
    let to = flag(&told, "risk-to-others-alert").unwrap()["code"]["text"].as_str().unwrap();
    assert!(to.contains("01632 960099"), "{to}");
    let plan = of_kind(&told, "CarePlan")[0]["activity"][0].to_string();
    assert!(
        plan.contains("Ring the practitioner about a risk to others"),
        "the first line of the plan: {plan}"
    );
}

#[test]
fn what_was_not_stated_is_no_flag_and_never_reads_as_none() {
    let mut assessment = everything();
    let risk = assessment["risk"].as_object_mut().unwrap();
    risk.remove("from_others");
    risk.remove("to_others");
    let told = body(Audience::Health, &assessment);
    let risks = of_kind(&told, "RiskAssessment");
    assert_eq!(risks.len(), 3);
    for risk in &risks[1..] {
        assert_eq!(risk["prediction"][0]["qualitativeRisk"]["coding"][0]["code"], "not-stated");
    }
    for code in ["risk-from-others", "risk-to-others-alert"] {
        assert!(flag(&told, code).is_none(), "{code}");
    }
    assessment["risk"]["from_others"] = json!({"level": "none", "current": "no"});
    assessment["risk"]["to_others"] = json!({"alert": "none"});
    let told = body(Audience::Health, &assessment);
    assert!(flag(&told, "risk-from-others").is_none() && flag(&told, "risk-to-others-alert").is_none());
    assert!(!of_kind(&told, "CarePlan")[0].to_string().contains("Ring the practitioner about a risk"));
}

/// A number with a wrong letter may be somebody else's: it is on the sheet, where that is said of it, and nobody is looked up
/// by it.
#[test]
fn nobody_is_looked_up_by_a_number_whose_letter_does_not_fit() {
    let mut assessment = everything();
    let event = |assessment: &Value| {
        let mapped = made(Audience::Custody, &project(Audience::Custody, assessment, false));
        let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).unwrap() };
        (read(&mapped.body)["personReference"]["identifiers"].clone(), read(&mapped.detail.unwrap()))
    };
    assessment["person"]["identifiers"] = json!({"PNC": ["1999/0000001G"]});
    assert_eq!(event(&assessment).0, json!([{"type": "PNC", "value": "1999/0000001G"}]));
    assessment["person"]["identifiers"] =
        json!({"PNC": ["1999/0000001H"], "CUSTODY_RECORD": ["NG-26-009912"]});
    let (looked_up, sheet) = event(&assessment);
    assert_eq!(looked_up, json!([{"type": "CUSTODY_RECORD", "value": "NG-26-009912"}]));
    let shown = sheet["detainedPerson"]["identifiers"].as_array().unwrap();
    assert!(
        shown.contains(&json!({"type": "PNC", "value": "1999/0000001H", "check": "invalid"})),
        "{shown:?}"
    );
    assessment["person"]["identifiers"] = json!({"PNC": ["1999/0000001H"]});
    assert_eq!(event(&assessment).0[0]["type"], "LDREF", "with no other number, by the reference");
}
