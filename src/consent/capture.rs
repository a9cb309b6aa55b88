//! How a consent was taken, as it stands in the FHIR Consent.

use serde_json::{Value, json};

use super::record::RecordError;
use crate::assessment::Capture;

/// Our extension that holds how the consent was captured and whether the person had capacity.
pub(super) const CAPTURE_URL: &str = "https://keyway.example/fhir/StructureDefinition/consent-capture";
/// Where a stored consent holds all this.
const PLACE: &str = "/extension/0/extension";

/// Whether the person had capacity, and what else [`Capture::parts`] says, from the whole extension.
pub(super) fn of_extension(extension: &Value) -> Result<(bool, Capture), RecordError> {
    let parts = extension.get("extension").and_then(Value::as_array).ok_or(RecordError(PLACE))?;
    let had_capacity = parts
        .get(2)
        .filter(|part| part.get("url").and_then(Value::as_str) == Some("hadCapacity"))
        .and_then(|part| part.get("valueBoolean").and_then(Value::as_bool))
        .ok_or(RecordError("/extension/0"))?;
    let capture = Capture::of_parts(parts)?;
    // The word and the flag must not differ: nobody could say which of them was meant.
    if capture.capacity.as_deref().is_some_and(|word| (word == "has-capacity") != had_capacity) {
        return Err(RecordError("/extension/0"));
    }
    Ok((had_capacity, capture))
}

impl Capture {
    /// Its parts of the extension, those that are known.
    pub(super) fn parts(&self) -> Vec<Value> {
        let code =
            |url: &str, code: &Option<String>| code.as_ref().map(|c| json!({"url": url, "valueCode": c}));
        let flag = |url: &str, flag: Option<bool>| flag.map(|f| json!({"url": url, "valueBoolean": f}));
        let parent = self.parental_responsibility.as_ref();
        let word = |url: &str, word: &String| json!({"url": url, "valueString": word});
        let parts = [
            code("capacity", &self.capacity),
            code("givenBy", &self.given_by),
            code("competence", &self.competence),
            parent.map(|(name, _)| word("parentalResponsibilityName", name)),
            parent.map(|(_, relation)| word("parentalResponsibilityRelation", relation)),
            flag("interpreter", self.interpreter),
            flag("appropriateAdultPresent", self.appropriate_adult_present),
        ];
        parts.into_iter().flatten().collect()
    }

    /// Reads what [`Capture::parts`] writes. A part that is of another type, stands twice or is not known is an error, and
    /// so a no.
    fn of_parts(parts: &[Value]) -> Result<Self, RecordError> {
        let mut capture = Self::default();
        let (mut name, mut relation) = (None, None);
        // The first three are who took it, how, and whether the person had capacity.
        for part in parts.iter().skip(3) {
            let code = || part.get("valueCode").and_then(Value::as_str).map(str::to_owned);
            let word = || part.get("valueString").and_then(Value::as_str).map(str::to_owned);
            let flag = || part.get("valueBoolean").and_then(Value::as_bool);
            let was_free = match part.get("url").and_then(Value::as_str) {
                Some("capacity") => put(&mut capture.capacity, code()),
                Some("givenBy") => put(&mut capture.given_by, code()),
                Some("competence") => put(&mut capture.competence, code()),
                Some("parentalResponsibilityName") => put(&mut name, word()),
                Some("parentalResponsibilityRelation") => put(&mut relation, word()),
                Some("interpreter") => put(&mut capture.interpreter, flag()),
                Some("appropriateAdultPresent") => put(&mut capture.appropriate_adult_present, flag()),
                _ => false,
            };
            if !was_free {
                return Err(RecordError(PLACE));
            }
        }
        capture.parental_responsibility = match (name, relation) {
            (Some(name), Some(relation)) => Some((name, relation)),
            (None, None) => None,
            _ => return Err(RecordError(PLACE)),
        };
        Ok(capture)
    }
}

/// Puts `value` where nothing is yet.
fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let free = place.is_none() && value.is_some();
    if free {
        *place = value;
    }
    free
}
