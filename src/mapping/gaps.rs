//! What may leave and found no place in the message.

use super::lineage::Lineage;
use crate::{fhir::Issue, minimise::Projection};

/// Fields that address the message or name its form; the frame says the same in the recipient's terms.
const ADDRESSING: [&str; 3] = ["/profile", "/person/reference", "/local_reference"];

/// One issue for each leaf of the projection that no leaf of the message comes from, by its path in the assessment.
pub(super) fn gaps(projection: &Projection, lineage: &Lineage) -> Vec<Issue> {
    let places = &projection.places;
    let mut used = vec![false; places.len()];
    for number in lineage.sources() {
        let end = number.saturating_add(places.size(number));
        if let Some(told) = used.get_mut(number as usize..end as usize) {
            told.fill(true);
        }
    }
    let leaves = (0..).zip(&used).filter(|(number, told)| !**told && places.is_leaf(*number));
    leaves
        .map(|(number, _)| places.pointer(number))
        .filter(|pointer| !is_addressing(pointer))
        .map(|pointer| {
            let text = "this may go to the recipient, but the recipient's message has no place for it: tell them yourself";
            Issue::new("incomplete", pointer, text)
        })
        .collect()
}

/// Whether a place only addresses the message or names its form.
pub(super) fn is_addressing(pointer: &str) -> bool {
    ADDRESSING.contains(&pointer)
        || ["/consents/", "/referrals/"].iter().any(|block| pointer.starts_with(block))
            && pointer.ends_with("/recipient")
        || pointer.contains("/may_be_told/")
        || pointer.starts_with("/priorities/") && pointer.ends_with("/clinical")
        || pointer.starts_with("/vulnerabilities/") && pointer.ends_with("/placement_relevant")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mapping::{place::Place, tree::map};

    #[test]
    fn a_field_without_a_place_is_reported_and_its_value_is_not() {
        let value = json!({"profile": "p", "a": {"b": "secret", "c": "told"}, "d": ["also secret"]});
        let projection = Projection::whole(&value);
        let root = Place::of(&projection);
        let told = map([("x", root.at("/a/c").map(|place| place.copy()))]).unwrap();
        let found = gaps(&projection, &Lineage::new(told.write(&projection.places, "body", "r/1").part));
        assert_eq!(found.iter().map(|issue| &*issue.path).collect::<Vec<_>>(), ["/a/b", "/d/0"]);
        assert!(!found[0].diagnostics.contains("secret"));
    }
}
