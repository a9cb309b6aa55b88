use super::*;

#[test]
fn the_full_assessment_is_valid() {
    let profiles = Profiles::compile().unwrap();
    assert_eq!(profiles.check(Schema::AssessmentAdult, &full()), []);
}

fn full() -> Value {
    serde_json::from_str(include_str!("../../fixtures/assessments/full.json")).unwrap()
}
