use std::sync::LazyLock;

use serde_json::json;

use super::*;

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::built_in().unwrap());

const NOW: i64 = 1_795_000_000_000_000;

/// Every finding but those of rules that are not evaluated.
fn check(value: &Value) -> Vec<Finding> {
    PROGRAM.check(value, &Ask { best_practice: false, ..Ask::at(NOW) })
}

fn errors(value: &Value) -> Vec<(String, String)> {
    let errors = check(value).into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| (finding.pointer, finding.rule)).collect()
}

fn pair(pointer: &str, rule: &str) -> (String, String) {
    (pointer.to_owned(), rule.to_owned())
}

#[test]
fn a_small_patient_is_right_and_each_fault_is_found() {
    let right = json!({
        "resourceType": "Patient",
        "active": true,
        "name": [{"family": "Testcase", "given": ["Jo"]}],
        "gender": "female",
        "birthDate": "1991-06",
        "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                                      "valueDateTime": "1991-06-14T09:30:00Z"}]},
        "deceasedBoolean": false,
    });
    assert_eq!(errors(&right), []);
    let mut wrong = right;
    wrong["birthDate"] = json!("2026-02-30");
    wrong["gender"] = json!("f");
    wrong["shoeSize"] = json!(43);
    wrong["deceasedDateTime"] = json!("2026");
    wrong["name"] = json!({"family": "Testcase"});
    wrong["contact"] = json!([{"relationship": [{}]}]);
    assert_eq!(
        errors(&wrong),
        [
            pair("/name", "json Patient.name"),
            pair("/gender", "binding Patient.gender"),
            pair("/birthDate", "date Patient.birthDate"),
            pair("/shoeSize", "unknown Patient"),
            pair("/deceasedDateTime", "choice Patient.deceased[x]"),
            pair("/contact/0", "pat-1"),
            pair("/contact/0/relationship/0", "ele-1"),
        ]
    );
}
