//! What of a message may not be left unread, because it changes what the rest means.

use serde_json::Value;

use super::{What, array, kind, resource};
use crate::fhir::{Issue, modifiers::unheeded};

/// What a message is made of, whatever it says.
const OF_EVERY_MESSAGE: [&str; 3] = ["MessageHeader", "Organization", "ServiceRequest"];
/// Who and what a referral is about, and who says so.
const OF_A_REFERRAL: [&str; 4] = ["Patient", "Consent", "Practitioner", "PractitionerRole"];
/// What an answer is read from.
const OF_AN_ANSWER: [&str; 4] = ["Encounter", "Task", "Appointment", "Location"];
/// What ends a referral is taken whatever became of the person: nothing is done about them by it.
const ENDINGS: [&str; 4] = ["decline", "redirect", "end-early", "complete"];

/// An issue for each element of what is read that changes its meaning in a way that is not acted on.
pub(super) fn modified(bundle: &Value, what: &What) -> Vec<Issue> {
    let (more, person): (&[&str], &[&str]) = match what {
        What::New(_) | What::Update(_) => (&OF_A_REFERRAL, &[]),
        What::Cancel(..) => (&[], &[]),
        What::Answer(said) if ENDINGS.contains(&said.action) => (&OF_AN_ANSWER, &[]),
        What::Answer(_) => (&OF_AN_ANSWER, &["Patient"]),
    };
    let is_read =
        |name: &str| [&OF_EVERY_MESSAGE[..], more, person].iter().any(|these| these.contains(&name));
    let mut found = Vec::new();
    for (index, entry) in array(bundle, "/entry").iter().enumerate() {
        let one = resource(entry);
        if is_read(kind(one)) {
            found.extend(unheeded(one, &format!("Bundle.entry[{index}].resource")));
        }
    }
    // What frames them has no type of its own here, and the modifiers of everything.
    for name in ["implicitRules", "_implicitRules"] {
        if let Some(rules) = bundle.get(name) {
            found.extend(unheeded(&serde_json::json!({name: rules}), "Bundle"));
        }
    }
    found
}
