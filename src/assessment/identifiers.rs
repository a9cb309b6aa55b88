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
            if nhs_number.is_some() && NhsNumber::parse(text).ok().as_ref() == nhs_number {
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
