//! A form takes what its base and its overlay both take, and says so once.

use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};
use serde_json::json;

use super::*;

static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::compile().unwrap());

const FORMS: [Schema; 4] = [
    Schema::AssessmentAdult,
    Schema::AssessmentAdult2,
    Schema::AssessmentYouth,
    Schema::AssessmentCourtShort,
];

fn everything() -> Value {
    serde_json::from_str(include_str!("../../fixtures/assessments/everything.json")).unwrap()
}

fn source(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn validator(document: &Value) -> Validator {
    super::validator(document).unwrap()
}

/// The base, and what each overlay says alone.
static APART: LazyLock<(Validator, Vec<(Schema, Validator)>)> = LazyLock::new(|| {
    let overlays = FORMS.into_iter().map(|which| {
        let mut overlay = source(which.source());
        overlay.as_object_mut().unwrap().remove("allOf").unwrap();
        (which, validator(&overlay))
    });
    (validator(&source(base())), overlays.collect())
});

fn base() -> &'static str {
    Schema::AssessmentAdult.base().unwrap()
}

fn profile_of(which: Schema) -> Value {
    PROFILES.0[&which].document["properties"]["profile"]["const"].clone()
}

fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, v)| places(v, &format!("{at}/{name}"), into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, v)| places(v, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

#[test]
fn the_base_knows_every_field_and_the_fixture_fills_it() {
    assert!(APART.0.is_valid(&everything()));
}

#[test]
fn what_is_new_is_no_part_of_the_first_form_and_is_told_so_once() {
    let mut assessment = everything();
    assessment["profile"] = profile_of(Schema::AssessmentAdult);
    let issues = PROFILES.check(Schema::AssessmentAdult, &assessment);
    let told: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
    for place in ["/person/aliases", "/clinical/allergies", "/consents/0/given_by", "/treatment_requirements"]
    {
        assert!(told.contains(&place), "{place}");
    }
    // A list that is too long to be told ends with a line that has no place.
    let mut placed = issues.iter().filter(|issue| !issue.path.is_empty());
    assert!(placed.all(|issue| issue.diagnostics == "This field is not part of this form."));
    // What is written inside of a field that is not part of the form is not told beside it.
    assessment["person"]["aliases"] = json!({"CANARY": 1});
    let same = PROFILES.check(Schema::AssessmentAdult, &assessment);
    assert_eq!(issues, same);
}

#[test]
fn an_overlay_that_does_not_fit_its_base_is_not_laid() {
    let base = json!({"$id": "b", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]});
    let lay = |mut overlay: Value| {
        overlay["allOf"] = json!([{"$ref": "b"}]);
        form::laid(&base, &overlay)
    };
    assert_eq!(
        form::laid(&base, &json!({"allOf": [{"$ref": "c"}]})).unwrap_err(),
        "it is laid over another base"
    );
    assert_eq!(lay(json!({"properties": {"z": false}})).unwrap_err(), "the base has no /z");
    assert_eq!(lay(json!({"items": false})).unwrap_err(), "the base has no /*");
    assert!(lay(json!({"properties": {"a": {"pattern": "x"}}})).unwrap_err().contains("pattern at /a"));
    assert!(lay(json!({"properties": {"a": true}})).unwrap_err().contains("nor false at /a"));
    let laid = lay(json!({"$id": "f", "required": ["a", "n"], "properties": {"a": {"const": "x"}}})).unwrap();
    let expected = json!({"$id": "f", "properties": {"a": {"const": "x"}}, "required": ["a", "n"]});
    assert_eq!(laid, expected);
    let conditions =
        json!({"if": {"required": ["a"]}, "then": {"required": ["n"]}, "else": {"required": ["m"]}});
    let laid = lay(conditions.clone()).unwrap();
    assert_eq!((&laid["then"], &laid["else"]), (&conditions["then"], &conditions["else"]));
    let mut held = base.clone();
    held["if"] = json!(true);
    let mut overlay = conditions;
    overlay["allOf"] = json!([{"$ref": "b"}]);
    assert!(form::laid(&held, &overlay).unwrap_err().contains("says if"), "a condition of the base stays");
}

/// Everything that the form knows: what is not part of it is taken out, at the places that are told.
fn of_the_form(which: Schema) -> (Value, Vec<(String, Value)>) {
    let mut assessment = everything();
    assessment["profile"] = profile_of(which);
    // What every form knows, where forms differ in what may be chosen.
    assessment["pathway"]["point"] = json!("magistrates");
    for one in assessment["recommendation"].as_array_mut().unwrap() {
        one["code"] = json!("DIVERT-HEALTH");
    }
    let mut barred = Vec::new();
    for _round in 0..8 {
        let issues = PROFILES.check(which, &assessment);
        if issues.is_empty() {
            return (assessment, barred);
        }
        for issue in issues {
            let held = assessment.pointer(&issue.path).cloned();
            // A list of issues that is too long to be told has no place; the next round tells the rest.
            let Some((held, (parent, name))) = held.zip(issue.path.rsplit_once('/')) else { continue };
            if let Some(Value::Object(fields)) = assessment.pointer_mut(parent) {
                fields.remove(name).unwrap();
            }
            barred.push((issue.path, held));
        }
    }
    panic!("{}: {:?}", which.as_str(), PROFILES.check(which, &assessment));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Fields taken out, put back where they are no part of the form, and values put where others stood: the form and
    /// the two that it is made of say the same.
    #[test]
    fn a_form_takes_what_its_base_and_its_overlay_take(
        out in prop::collection::vec(any::<Index>(), 0..4),
        back in prop::collection::vec(any::<Index>(), 0..2),
        swapped in prop::collection::vec((any::<Index>(), any::<Index>()), 0..2),
        form in any::<Index>(),
    ) {
        let (base, overlays) = &*APART;
        let (which, overlay) = form.get::<(Schema, Validator)>(overlays);
        let (mut assessment, barred) = of_the_form(*which);
        prop_assert!(base.is_valid(&assessment) && overlay.is_valid(&assessment));
        let mut all = Vec::new();
        places(&assessment, "", &mut all);
        for (to, from) in swapped {
            let value = assessment.pointer(from.get::<String>(&all)).cloned();
            if let (Some(value), Some(place)) = (value, assessment.pointer_mut(to.get::<String>(&all))) {
                *place = value;
            }
        }
        for (place, value) in back.iter().map(|at| at.get::<(String, Value)>(&barred)) {
            let (parent, name) = place.rsplit_once('/').unwrap();
            if let Some(Value::Object(fields)) = assessment.pointer_mut(parent) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        for place in out.iter().map(|at| at.get::<String>(&all)) {
            let Some((parent, name)) = place.rsplit_once('/') else { continue };
            if let Some(Value::Object(fields)) = assessment.pointer_mut(parent) {
                fields.remove(name);
            }
        }
        let apart = base.is_valid(&assessment) && overlay.is_valid(&assessment);
        prop_assert_eq!(apart, PROFILES.check(*which, &assessment).is_empty());
    }
}
