//! A decision's codes in plain English.

use std::sync::LazyLock;

use serde_json::Value;

/// The published list of reasons, which says of each what it means.
static REASONS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let text = include_str!("../../../profiles/fhir/codesystem/decision-reason.json");
    let list: Value = serde_json::from_str(text).unwrap_or_default();
    let concepts = list.get("concept").and_then(Value::as_array).cloned().unwrap_or_default();
    let word = |concept: &Value, name: &str| concept.get(name)?.as_str().map(str::to_owned);
    concepts.iter().filter_map(|one| Some((word(one, "code")?, word(one, "definition")?))).collect()
});

/// What a reason of a decision means; the code itself where it is not known here.
pub(super) fn reason(code: &str) -> &str {
    REASONS.iter().find(|(known, _)| known == code).map_or(code, |(_, text)| text)
}

/// Why the table keeps something back.
pub(super) fn kept(code: &str) -> &str {
    match code {
        "never-for-audience" => "This kind of agency never gets it.",
        "category-only" => "This kind of agency gets the category and no detail.",
        "not-for-recipient" => "It is written for another recipient.",
        "excluded-by-person" => "The person keeps it back from this agency.",
        "needs-specific-consent" => "It needs a consent of its own, and there is none.",
        "override-minimum" => "Without consent only the minimum leaves.",
        "not-in-agreement" => "The agreement with this agency does not cover it.",
        "no-rule" => "No rule lets it leave.",
        other => reason(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Reason;

    #[test]
    fn every_reason_is_said_in_words() {
        for code in Reason::ALL {
            let told = reason(code.as_str());
            assert!(told.contains(' ') && told.ends_with('.'), "{}: {told}", code.as_str());
        }
        assert_eq!(reason("unheard-of"), "unheard-of");
    }
}
