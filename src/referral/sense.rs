//! What a request says that cannot be, or can hardly be: the same principles as for an assessment (`docs/bad-input.md`).

use serde_json::Value;

use crate::{
    assessment::{ADULT_YEARS, YEARS_MAX, formulas_in, turns},
    clock::Moment,
    fhir::Issue,
};

const BORN: &str = "/person/birth_date";

/// What in a request cannot be: it is refused for these, each at its place.
#[must_use]
pub fn refused_in(request: &Value, now: Moment) -> Vec<Issue> {
    let born = birth_date(request);
    let wrong = |text: &str| vec![Issue::new("business-rule", BORN, text)];
    if turns(born, 0).is_some_and(|day| day > now) {
        return wrong("A date of birth cannot be in the future.");
    }
    if turns(born, YEARS_MAX + 1).is_some_and(|day| day <= now) {
        return wrong("This date of birth makes the person more than 120 years old. Look at the century.");
    }
    Vec::new()
}

/// What its sender should know though it is taken.
#[must_use]
pub fn told_in(request: &Value, now: Moment) -> Vec<Issue> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let is_child = turns(birth_date(request), ADULT_YEARS).is_some_and(|day| day > now);
    let mut told = Vec::new();
    let mut tell = |place: &str, text: &str| told.push(Issue::new("business-rule", place, text));
    match text("request_type") {
        Some("treatment-requirement-view") if is_child => tell(
            BORN,
            "The person is under 18, and a treatment requirement is for adults. Look at the date; for somebody under 18 ask for \
             an assessment.",
        ),
        Some("pre-sentence-contribution") if is_child => tell(
            BORN,
            "The person is under 18. The report before sentence is then the youth justice service's: look at the date, and tell \
             them.",
        ),
        _ => {}
    }
    if text("by") == Some("self") && request.get("relation").is_some() {
        tell(
            "/relation",
            "The person refers themselves, and somebody's relation to them is given. Say who refers in /by.",
        );
    }
    told.extend(formulas_in(request));
    told
}

fn birth_date(request: &Value) -> Option<&str> {
    request.pointer(BORN).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Moment {
        Moment::from_rfc3339("2026-11-23T10:00:00Z").unwrap()
    }

    fn places(issues: &[Issue]) -> Vec<&str> {
        issues.iter().map(|issue| issue.path.as_str()).collect()
    }

    #[test]
    fn a_request_is_about_somebody_who_is_born_and_may_be_alive() {
        let refused = |born: &str| !refused_in(&json!({"person": {"birth_date": born}}), now()).is_empty();
        assert!(refused("2030-01-01") && refused("2026-11-24") && refused("1905-11-23"));
        assert!(!refused("2026-11-23") && !refused("1905-11-24") && !refused("1990-01-01"));
        assert!(refused_in(&json!({"person": {}}), now()).is_empty());
    }

    #[test]
    fn what_is_asked_for_a_child_and_is_for_adults_is_told_and_taken() {
        let told = |kind: &str, born: &str| {
            let request = json!({"request_type": kind, "person": {"birth_date": born}});
            told_in(&request, now()).into_iter().map(|issue| issue.path).collect::<Vec<_>>()
        };
        for kind in ["treatment-requirement-view", "pre-sentence-contribution"] {
            assert_eq!(told(kind, "2008-11-24"), [BORN], "{kind}");
            assert!(told(kind, "2008-11-23").is_empty(), "{kind}");
        }
        assert!(told("court-report", "2010-01-01").is_empty());
    }

    #[test]
    fn whoever_refers_themselves_has_no_relation_and_formulas_are_told() {
        let request = json!({"by": "self", "relation": "sister", "reason": "=1+1"});
        assert_eq!(places(&told_in(&request, now())), ["/relation", "/reason"]);
        assert!(told_in(&json!({"by": "family", "relation": "sister"}), now()).is_empty());
    }
}
