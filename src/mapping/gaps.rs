//! What may leave and found no place in the message.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{place::Place, traced::Traced};
use crate::fhir::Issue;

/// Fields that address the message or name its form; the frame says the same in the recipient's terms.
const ADDRESSING: [&str; 3] = ["/profile", "/person/reference", "/local_reference"];

/// One issue for each leaf of the projection that no leaf of the message comes from.
pub(super) fn gaps(projection: &Value, lineage: &[Traced]) -> Vec<Issue> {
    let used: BTreeSet<&str> = lineage.iter().map(|line| line.source.as_str()).collect();
    let mut found = Vec::new();
    look(&Place::root(projection), &used, &mut found);
    found
}

fn look(place: &Place<'_>, used: &BTreeSet<&str>, found: &mut Vec<Issue>) {
    let pointer = place.pointer();
    if used.contains(pointer) || is_addressing(pointer) {
        return;
    }
    match place.value() {
        Value::Object(_) => place.fields().iter().for_each(|(_, field)| look(field, used, found)),
        Value::Array(_) => place.items().iter().for_each(|item| look(item, used, found)),
        _ => found.push(Issue::new(
            "incomplete",
            pointer,
            "this may go to the recipient, but the recipient's message has no place for it: tell them yourself",
        )),
    }
}

fn is_addressing(pointer: &str) -> bool {
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

    #[test]
    fn a_field_without_a_place_is_reported_and_its_value_is_not() {
        let projection = json!({"profile": "p", "a": {"b": "secret", "c": "told"}, "empty": []});
        let told = Traced::new("body#/x".into(), "/a/c".into(), "r".into());
        let found = gaps(&projection, &[told]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "/a/b");
        assert!(!found[0].diagnostics.contains("secret"));
    }
}
