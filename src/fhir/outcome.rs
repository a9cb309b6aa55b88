//! The `OperationOutcome` in the manner of BaRS: a FHIR issue type for programs, the BaRS error code in
//! `details.coding`, and in `diagnostics` what is wrong and what is allowed. Never a value that was sent.

use serde_json::{Map, Value, json};

use super::Issue;
use crate::limits::ISSUES_MAX;

/// The profiles that every outcome keeps: the one that BaRS asks for, and ours.
pub const PROFILES: [&str; 2] = [
    "https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome",
    "https://keyway.example/fhir/StructureDefinition/ld-operation-outcome",
];
/// The system of the error codes, as the `CodeSystem` itself spells it; the published examples do not.
const ERROR_CODES: &str = "https://fhir.nhs.uk/CodeSystem/http-error-codes";
/// The rules that issues name; our own system, because a rule's id means something only beside its profile.
pub const RULES: &str = "https://keyway.example/fhir/CodeSystem/validation-rule";

/// An `OperationOutcome` with these issues. `details` is the BaRS code and its display, as in
/// `("REC_BAD_REQUEST", "400 - REC_BAD_REQUEST")`. More issues than the limit are cut, and one more line says
/// so; no issue at all becomes a general one, because an outcome has at least one.
#[must_use]
pub fn operation_outcome(issues: &[Issue], details: Option<(&str, &str)>) -> Value {
    let mut lines: Vec<Value> = issues.iter().take(ISSUES_MAX).map(|issue| line(issue, details)).collect();
    if issues.len() > ISSUES_MAX {
        let more = format!("There are {} issues; the first {ISSUES_MAX} are shown.", issues.len());
        lines.push(json!({"severity": "warning", "code": "incomplete", "diagnostics": more}));
    }
    if lines.is_empty() {
        lines.push(line(&Issue::new("processing", "", "The request was refused."), details));
    }
    json!({"resourceType": "OperationOutcome", "meta": {"profile": PROFILES}, "issue": lines})
}

fn line(issue: &Issue, details: Option<(&str, &str)>) -> Value {
    let mut line = Map::new();
    line.insert("severity".into(), "error".into());
    line.insert("code".into(), issue.code.into());
    let bars =
        details.map(|(code, display)| json!({"system": ERROR_CODES, "code": code, "display": display}));
    let rule = issue.rule.as_ref().map(|rule| json!({"system": RULES, "code": rule.id}));
    let codings: Vec<Value> = bars.into_iter().chain(rule).collect();
    if !codings.is_empty() {
        let mut details = Map::new();
        details.insert("coding".into(), codings.into());
        if let Some(rule) = &issue.rule {
            details.insert("text".into(), format!("Rule of {}", rule.profile).into());
        }
        line.insert("details".into(), details.into());
    }
    if !issue.diagnostics.is_empty() {
        line.insert("diagnostics".into(), issue.diagnostics.as_str().into());
    }
    if let Some(place) = expression(&issue.path) {
        line.insert("expression".into(), json!([place]));
    }
    Value::Object(line)
}

/// A path as R4 wants it in `expression`: `FHIRPath` as it is, a JSON pointer turned into one, a header or a parameter of
/// the query as `http.` and its name. (`FHIRPath` begins with the name of a type, and so with a capital letter.)
#[must_use]
pub fn expression(path: &str) -> Option<String> {
    if path.is_empty() {
        None
    } else if let Some(pointer) = path.strip_prefix('/') {
        let mut place = String::new();
        for token in pointer.split('/') {
            if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
                place.extend(["[", token, "]"]);
            } else {
                place.extend([if place.is_empty() { "" } else { "." }, token]);
            }
        }
        Some(place)
    } else if !path.contains(['.', '[', '('])
        && (path.starts_with(|first: char| first == '_' || first.is_ascii_lowercase())
            || path.contains('-')
            || matches!(path, "Accept" | "Authorization" | "Prefer"))
    {
        let name = path.split(':').next().unwrap_or_default();
        Some(format!("http.{name}"))
    } else {
        Some(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETAILS: Option<(&str, &str)> = Some(("REC_BAD_REQUEST", "400 - REC_BAD_REQUEST"));

    #[test]
    fn an_outcome_says_what_is_wrong_in_the_manner_of_bars() {
        let issues = [Issue::new("required", "X-Request-Id", "The header is missing; send a UUID.")];
        insta::assert_json_snapshot!(operation_outcome(&issues, DETAILS), @r#"
        {
          "resourceType": "OperationOutcome",
          "meta": {
            "profile": [
              "https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome",
              "https://keyway.example/fhir/StructureDefinition/ld-operation-outcome"
            ]
          },
          "issue": [
            {
              "severity": "error",
              "code": "required",
              "details": {
                "coding": [
                  {
                    "system": "https://fhir.nhs.uk/CodeSystem/http-error-codes",
                    "code": "REC_BAD_REQUEST",
                    "display": "400 - REC_BAD_REQUEST"
                  }
                ]
              },
              "diagnostics": "The header is missing; send a UUID.",
              "expression": [
                "http.X-Request-Id"
              ]
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_rule_is_told_beside_the_code_of_bars() {
        let mut issue =
            Issue::new("invariant", "Patient.contact[0]", "A name, a number or a place is needed.");
        let profile = String::from("http://hl7.org/fhir/StructureDefinition/Patient|4.0.1");
        issue.rule = Some(crate::fhir::Rule { id: String::from("pat-1"), profile });
        let outcome = operation_outcome(&[issue], DETAILS);
        let details = &outcome["issue"][0]["details"];
        assert_eq!(details["coding"][0]["code"], "REC_BAD_REQUEST");
        assert_eq!(details["coding"][1], json!({"system": RULES, "code": "pat-1"}));
        assert_eq!(details["text"], "Rule of http://hl7.org/fhir/StructureDefinition/Patient|4.0.1");
    }

    #[test]
    fn every_kind_of_path_becomes_an_expression() {
        let place = |path| expression(path).unwrap_or_default();
        assert_eq!(place("Bundle.entry[0].resource"), "Bundle.entry[0].resource");
        assert_eq!(
            place("Bundle.entry[0].resource.where(url='a-b')"),
            "Bundle.entry[0].resource.where(url='a-b')"
        );
        assert_eq!(place("Bundle"), "Bundle");
        assert_eq!(place("/entry/0/resource/name"), "entry[0].resource.name");
        assert_eq!(place("/0/1"), "[0][1]");
        assert_eq!(place("Content-Type"), "http.Content-Type");
        assert_eq!(place("Authorization"), "http.Authorization");
        assert_eq!(place("Prefer"), "http.Prefer");
        assert_eq!(place("_count"), "http._count");
        assert_eq!(place("status"), "http.status");
        assert_eq!(place("authored-on"), "http.authored-on");
        assert_eq!(place("patient:identifier"), "http.patient");
        assert_eq!(expression(""), None);
    }

    #[test]
    fn an_outcome_has_at_least_one_issue_and_says_when_there_are_more() {
        let count = |outcome: Value| outcome["issue"].as_array().unwrap().len();
        assert_eq!(count(operation_outcome(&[], None)), 1);
        let issues = vec![Issue::new("value", "", ""); ISSUES_MAX + 5];
        let outcome = operation_outcome(&issues, DETAILS);
        assert_eq!(count(outcome.clone()), ISSUES_MAX + 1);
        assert_eq!(
            outcome["issue"][ISSUES_MAX]["diagnostics"],
            "There are 105 issues; the first 100 are shown."
        );
        assert_eq!(outcome["issue"][0].get("diagnostics"), None);
    }
}
