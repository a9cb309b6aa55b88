//! Treatment requirements of which an assessment says two things.

use serde_json::Value;

use super::{Rule, again, once, refused};
use crate::{assessment::Assessment, clock::Moment};

pub(super) const RULES: &[Rule] = &[
    refused(
        "one-view-of-each-requirement",
        "/treatment_requirements/*/type",
        "This requirement stands in the list before, in the same tier. Say once what is thought of it: a court may read the other.",
        |a, _| again(a.list("treatment_requirements").map(kind)),
    ),
    refused(
        "two-views-of-a-requirement",
        "/treatment_requirement/suitable",
        "/treatment_requirements says something else of the same requirement. Say it there alone.",
        two_views,
    ),
];

fn kind(requirement: &Value) -> (Option<&str>, Option<&str>) {
    let text = |name: &str| requirement.get(name).and_then(Value::as_str);
    (text("type"), text("tier"))
}

fn two_views(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let Some(one) = assessment.raw().get("treatment_requirement") else { return Vec::new() };
    let differs = |other: &Value| {
        ["suitable", "willing"]
            .iter()
            .any(|name| one.get(*name).zip(other.get(*name)).is_some_and(|(one, other)| one != other))
    };
    once(assessment.list("treatment_requirements").any(|other| kind(one) == kind(other) && differs(other)))
}
