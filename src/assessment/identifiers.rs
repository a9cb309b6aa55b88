//! The identifiers that an assessment or a request holds for a person, by type: a wrong form is refused, a check letter
//! that does not fit is told to the sender and stays as it was written.

use serde_json::Value;

use super::{
    NhsNumber,
    identifier::{Check, Identifier, IdentifierType},
};
use crate::fhir::Issue;

/// What there is to say about identifiers, each at its own place and never with its value.
#[derive(Debug, Default)]
pub struct Looked {
    /// What is refused.
    pub refused: Vec<Issue>,
    /// What the sender should know.
    pub warned: Vec<Issue>,
}

/// Looks at `held`, lists of identifiers by type, which stands at the JSON pointer `place`. No identifier may be
/// `nhs_number`, the person's own: lists like these leave to agencies outside health.
#[must_use]
pub fn look_at(held: Option<&Value>, place: &str, nhs_number: Option<&NhsNumber>) -> Looked {
    let mut looked = Looked::default();
    for (name, values) in held.and_then(Value::as_object).into_iter().flatten() {
        let kind = IdentifierType::of_name(name);
        for (at, value) in values.as_array().into_iter().flatten().enumerate() {
            let Some(text) = value.as_str() else { continue };
            let place = format!("{place}/{name}/{at}");
            if nhs_number.is_some_and(|own| holds(text, own)) {
                let what =
                    "This is the person's NHS number, which leaves to health alone. Leave it out here.";
                looked.refused.push(Issue::new("business-rule", place, what));
                continue;
            }
            // A housing or social care reference has no form that is known.
            let Some(kind) = kind else { continue };
            match Identifier::parse(kind, text) {
                Err(fault) => looked.refused.push(Issue::new("value", place, fault.to_string())),
                Ok(one) => looked.warned.extend(doubt(&one).map(|text| Issue::new("value", place, text))),
            }
        }
    }
    looked
}

/// Whether the digits of `text`, however they are parted and whatever stands round them, are those of `own`.
fn holds(text: &str, own: &NhsNumber) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.contains(own.as_str())
}

fn doubt(one: &Identifier) -> Option<&'static str> {
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

    #[test]
    fn the_persons_nhs_number_is_refused_in_whatever_dress() {
        let own = NhsNumber::parse("9990000018").unwrap();
        for dressed in ["9990000018", "999/000/0018", "NHS9990000018", "NHS-999 000 0018", "REF 9990000018/2"]
        {
            let held = json!({"CUSTODY_RECORD": [dressed], "HOUSING_REF": [dressed]});
            let looked = look_at(Some(&held), "/person/identifiers", Some(&own));
            let places: Vec<&str> = looked.refused.iter().map(|issue| &*issue.path).collect();
            assert_eq!(
                places,
                ["/person/identifiers/CUSTODY_RECORD/0", "/person/identifiers/HOUSING_REF/0"],
                "{dressed}"
            );
        }
        let other = json!({"HOUSING_REF": ["999/000/0026", "HR-90000018"]});
        assert!(look_at(Some(&other), "", Some(&own)).refused.is_empty());
        assert!(look_at(Some(&json!({"HOUSING_REF": ["9990000018"]})), "", None).refused.is_empty());
    }
}
