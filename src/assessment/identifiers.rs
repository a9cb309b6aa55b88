//! The identifiers that an assessment or a request holds for a person, by type: a wrong form is refused, a check letter
//! that does not fit is told to the sender and stays as it was written.

use serde_json::Value;

use super::{
    NhsNumber,
    identifier::{Check, Identifier, IdentifierType},
};
use crate::{clock::Moment, fhir::Issue};

/// What there is to say about identifiers, each at its own place and never with its value.
#[derive(Debug, Default)]
pub struct Looked {
    /// What is refused.
    pub refused: Vec<Issue>,
    /// What the sender should know.
    pub warned: Vec<Issue>,
}

/// Looks at `held`, lists of identifiers by type, which stands at the JSON pointer `place`. No identifier may
/// hold `own`, the digits of the person's NHS number as it was written, and no custody record may be one: lists like these
/// leave to agencies outside health. `now` is when they came.
#[must_use]
pub fn look_at(held: Option<&Value>, place: &str, own: Option<&str>, now: Moment) -> Looked {
    let mut looked = Looked::default();
    for (name, values) in held.and_then(Value::as_object).into_iter().flatten() {
        let kind = IdentifierType::of_name(name);
        for (at, value) in values.as_array().into_iter().flatten().enumerate() {
            let Some(text) = value.as_str() else { continue };
            let place = format!("{place}/{name}/{at}");
            if own.is_some_and(|own| holds(text, own)) {
                let what =
                    "This is the person's NHS number, which leaves to health alone. Leave it out here.";
                looked.refused.push(Issue::new("business-rule", place, what));
                continue;
            }
            // A custody record has a form of its force, and none is ten digits that pass for somebody's NHS number.
            if kind == Some(IdentifierType::CustodyRecord) && NhsNumber::parse(text).is_ok() {
                let what = "This reads as an NHS number, which leaves to health alone. A custody record stands here.";
                looked.refused.push(Issue::new("business-rule", place, what));
                continue;
            }
            // A housing or social care reference has no form that is known.
            let Some(kind) = kind else { continue };
            match Identifier::parse(kind, text) {
                Err(fault) => looked.refused.push(Issue::new("value", place, fault.to_string())),
                Ok(one) => {
                    looked.warned.extend(doubt(&one, now).map(|text| Issue::new("value", place, text)));
                }
            }
        }
    }
    looked
}

/// Whether the digits of `text`, however they are parted and whatever stands round them, are those of `own`.
fn holds(text: &str, own: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    own.len() >= NHS_DIGITS && digits.contains(own)
}

/// How many digits an NHS number has: fewer could stand in anything.
const NHS_DIGITS: usize = 10;

fn doubt(one: &Identifier, now: Moment) -> Option<&'static str> {
    if one.is_of_a_year_to_come(now) {
        return Some(
            "The year of this number has not come yet. It is passed on as it was written; look at where it was copied from.",
        );
    }
    match one.check() {
        Check::Invalid => Some(
            "The check letter does not fit. It is passed on as it was written; look at where it was copied from.",
        ),
        Check::NotChecked if one.stands_for_none() => {
            Some("This stands where there is no number, and finds nothing with its recipient.")
        }
        Check::Valid | Check::NotChecked => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 15 June 2026, noon.
    const NOW: Moment = Moment(1_781_524_800_000_000);

    /// The letter is of two digits of the year: 1999/0000001G and 2099/0000001G have the same.
    #[test]
    fn a_year_that_has_not_come_is_told_and_the_number_stays() {
        let told = |number: &str| {
            let looked = look_at(Some(&json!({"PNC": [number]})), "/person/identifiers", None, NOW);
            assert!(looked.refused.is_empty(), "{number}");
            let told: Vec<String> = looked.warned.into_iter().map(|issue| issue.diagnostics).collect();
            assert!(!told.concat().contains("0000001"), "no number is repeated");
            told.concat()
        };
        assert!(told("2099/0000001G").contains("has not come yet"));
        assert!(told("20990000001G").contains("has not come yet"));
        // Of two digits the last such year is meant.
        for past in ["1999/0000001G", "99/1G"] {
            assert_eq!(told(past), "", "{past}");
        }
        assert!(!told("2026/0000001A").contains("has not come yet"));
    }

    #[test]
    fn the_persons_nhs_number_is_refused_in_whatever_dress() {
        let own = "9990000018";
        for dressed in ["9990000018", "999/000/0018", "NHS9990000018", "NHS-999 000 0018", "REF 9990000018/2"]
        {
            let held = json!({"CUSTODY_RECORD": [dressed], "HOUSING_REF": [dressed]});
            let looked = look_at(Some(&held), "/person/identifiers", Some(own), NOW);
            let places: Vec<&str> = looked.refused.iter().map(|issue| &*issue.path).collect();
            assert_eq!(
                places,
                ["/person/identifiers/CUSTODY_RECORD/0", "/person/identifiers/HOUSING_REF/0"],
                "{dressed}"
            );
        }
        let other = json!({"HOUSING_REF": ["999/000/0026", "HR-90000018"]});
        assert!(look_at(Some(&other), "", Some(own), NOW).refused.is_empty());
        assert!(look_at(Some(&json!({"HOUSING_REF": ["9990000018"]})), "", None, NOW).refused.is_empty());
    }

    #[test]
    fn a_custody_record_is_never_an_nhs_number() {
        for (record, is_refused) in [
            ("9990001839", true),
            ("999 000 1839", true),
            // Ten digits that are none, and other forms.
            ("9990001830", false),
            ("NG-26-009912", false),
        ] {
            let looked = look_at(Some(&json!({"CUSTODY_RECORD": [record]})), "", None, NOW);
            assert_eq!(!looked.refused.is_empty(), is_refused, "{record}");
        }
        // A number with a wrong check digit is set aside, and is not sent on under another name.
        let assessment = crate::assessment::Assessment::new(json!({"person": {
            "nhs_number": {"value": "999 000 1830"}, "identifiers": {"CUSTODY_RECORD": ["9990001830"]}}}));
        let refused: Vec<String> =
            assessment.contradictions(NOW).into_iter().map(|issue| issue.path).collect();
        assert!(refused.contains(&String::from("/person/identifiers/CUSTODY_RECORD/0")), "{refused:?}");
    }
}
