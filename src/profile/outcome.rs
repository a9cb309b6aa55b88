//! Findings as a FHIR `OperationOutcome`, as the operation `$validate` answers and a command prints.

use serde_json::{Map, Value, json};

use super::{Finding, Severity};
use crate::fhir::outcome::{PROFILES, RULES};

/// Standard extensions that say where in a file an issue stands.
const LINE: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line";
const COLUMN: &str = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col";

/// An `OperationOutcome` with every finding. `place` gives a finding's line and column, where the document is at
/// hand. Without findings it says that all is well, because an outcome has at least one issue.
#[must_use]
pub fn operation_outcome(
    findings: &[Finding],
    place: impl Fn(&Finding) -> Option<(usize, usize)>,
) -> Map<String, Value> {
    let mut issues: Vec<Value> = findings.iter().map(|finding| issue(finding, place(finding))).collect();
    if issues.is_empty() {
        let text = "Nothing was found to be wrong.";
        issues.push(json!({"severity": "information", "code": "informational", "diagnostics": text}));
    }
    let mut outcome = Map::new();
    outcome.insert(String::from("resourceType"), json!("OperationOutcome"));
    outcome.insert(String::from("meta"), json!({"profile": PROFILES}));
    outcome.insert(String::from("issue"), Value::Array(issues));
    outcome
}

/// Whether a message with these findings is refused.
#[must_use]
pub fn is_wrong(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

fn issue(finding: &Finding, place: Option<(usize, usize)>) -> Value {
    let mut issue = Map::new();
    if let Some((line, column)) = place {
        let at = |url: &str, value: usize| json!({"url": url, "valueInteger": value});
        issue.insert(String::from("extension"), json!([at(LINE, line), at(COLUMN, column)]));
    }
    issue.insert(String::from("severity"), json!(finding.severity.as_str()));
    issue.insert(String::from("code"), json!(finding.code));
    let mut details = Map::new();
    details.insert(String::from("coding"), json!([{"system": RULES, "code": finding.rule}]));
    if !finding.profile.is_empty() {
        details.insert(String::from("text"), json!(format!("Rule of {}", finding.profile)));
    }
    issue.insert(String::from("details"), Value::Object(details));
    issue.insert(String::from("diagnostics"), json!(finding.diagnostics));
    if !finding.expression.is_empty() {
        issue.insert(String::from("expression"), json!([finding.expression]));
    }
    Value::Object(issue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_told_with_its_rule_its_place_and_its_profile() {
        let finding = Finding {
            severity: Severity::Error,
            code: "required",
            expression: String::from("ServiceRequest"),
            pointer: String::from("/subject"),
            diagnostics: String::from("A subject is needed."),
            profile: String::from("http://hl7.org/fhir/StructureDefinition/ServiceRequest|4.0.1"),
            rule: String::from("min ServiceRequest.subject"),
        };
        assert!(is_wrong(std::slice::from_ref(&finding)));
        let outcome = Value::Object(operation_outcome(&[finding], |_| Some((3, 7))));
        assert_eq!(
            outcome["issue"][0],
            json!({
                "extension": [{"url": LINE, "valueInteger": 3}, {"url": COLUMN, "valueInteger": 7}],
                "severity": "error",
                "code": "required",
                "details": {
                    "coding": [{"system": RULES, "code": "min ServiceRequest.subject"}],
                    "text": "Rule of http://hl7.org/fhir/StructureDefinition/ServiceRequest|4.0.1",
                },
                "diagnostics": "A subject is needed.",
                "expression": ["ServiceRequest"],
            })
        );
    }

    #[test]
    fn an_outcome_without_findings_says_that_all_is_well() {
        let outcome = operation_outcome(&[], |_| None);
        assert_eq!(outcome["issue"][0]["severity"], "information");
        assert!(!is_wrong(&[]));
    }
}
