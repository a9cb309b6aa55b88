//! What is said of where somebody lives, in four places that must agree.

use serde_json::Value;

use super::{Rule, flag, once, refused, told};
use crate::{assessment::Assessment, clock::Moment};

/// The MHSDS accommodation types of people who are homeless.
const HOMELESS_TYPES: [&str; 8] = ["12", "13", "14", "15", "16", "17", "18", "19"];

/// Of these: somebody who sleeps outside.
const ROUGH_SLEEPER: &str = "12";

/// Those of people who have a home.
const HOUSED_TYPES: [&str; 11] = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"];

pub(super) const RULES: &[Rule] = &[
    refused(
        "settled-without-abode",
        "/housing/status",
        "The person is said to have settled housing, and no fixed abode in /person/address. One of the two is wrong.",
        settled_without_abode,
    ),
    refused(
        "settled-without-a-home",
        "/housing/accommodation_type",
        "The person is said in /housing/status to have a home, and to live as somebody who is homeless does (12 to 19; with \
         family or in supported housing: 12). One of the two is wrong.",
        settled_without_a_home,
    ),
    refused(
        "sleeping-rough-and-housed",
        "/housing/accommodation_type",
        "The person is said to sleep rough, and to live as somebody who has a home does (01 to 11). One of the two is wrong.",
        sleeping_rough_and_housed,
    ),
    refused(
        "sleeping-rough-at-an-address",
        "/person/address/lines",
        "The person is said to sleep rough, and to live at an address. Leave the lines out (how to reach the person \
         stands in /person/safe_contact), or change /housing/status.",
        sleeping_rough_at_an_address,
    ),
    refused(
        "no-abode-and-housed",
        "/housing/accommodation_type",
        "The person is said to have no fixed abode in /person/address, and to live as somebody who has a home does (01 to 11). \
         One of the two is wrong.",
        no_abode_and_housed,
    ),
    told(
        "no-abode-at-an-address",
        "/person/address/lines",
        "The person is said to have no fixed abode, and an address is given, which a reader takes for where they live. Where it \
         is where letters reach them, say so in /person/safe_contact/how.",
        no_abode_at_an_address,
    ),
    told(
        "sofa-surfing-and-housed",
        "/housing/accommodation_type",
        "The person is said to stay with others for the time being, and to live as somebody who has a home does (01 to 11). Look \
         at it again: a council reads both.",
        |a, _| once(a.text("/housing/status") == Some("sofa-surfing") && is_housed(a)),
    ),
    told(
        "sleeping-rough-and-not-homeless-soon",
        "/housing/homeless_within_56_days",
        "The person is said to sleep rough, and not to become homeless within 56 days. A council may read no need in it: say yes, \
         or leave it out.",
        sleeping_rough_and_not_homeless_soon,
    ),
];

fn settled_without_a_home(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let kind = assessment.text("/housing/accommodation_type");
    once(match assessment.text("/housing/status") {
        Some("settled") => kind.is_some_and(|kind| HOMELESS_TYPES.contains(&kind)),
        // A sofa at a brother's is with family too; the street is not.
        Some("supported" | "living-with-family") => kind == Some(ROUGH_SLEEPER),
        _ => false,
    })
}

fn settled_without_abode(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let settled = assessment.text("/housing/status") == Some("settled");
    once(settled && flag(assessment, "/person/address/no_fixed_abode") == Some(true))
}

fn sleeping_rough_and_housed(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let rough = assessment.text("/housing/status") == Some("rough-sleeping");
    let kind = assessment.text("/housing/accommodation_type");
    once(rough && kind.is_some_and(|kind| HOUSED_TYPES.contains(&kind)))
}

fn sleeping_rough_at_an_address(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let lines = assessment.raw().pointer("/person/address/lines").and_then(Value::as_array);
    let rough = assessment.text("/housing/status") == Some("rough-sleeping");
    once(rough && lines.is_some_and(|lines| !lines.is_empty()))
}

fn is_housed(assessment: &Assessment) -> bool {
    assessment.text("/housing/accommodation_type").is_some_and(|kind| HOUSED_TYPES.contains(&kind))
}

fn no_abode(assessment: &Assessment) -> bool {
    flag(assessment, "/person/address/no_fixed_abode") == Some(true)
}

/// Settled housing, and somebody who sleeps rough, have rules of their own.
fn has_rule_of_its_own(assessment: &Assessment) -> bool {
    matches!(assessment.text("/housing/status"), Some("settled" | "rough-sleeping"))
}

fn no_abode_and_housed(assessment: &Assessment, _: Moment) -> Vec<usize> {
    once(no_abode(assessment) && is_housed(assessment) && !has_rule_of_its_own(assessment))
}

fn no_abode_at_an_address(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let lines = assessment.raw().pointer("/person/address/lines").and_then(Value::as_array);
    let has_address = lines.is_some_and(|lines| !lines.is_empty());
    once(no_abode(assessment) && has_address && !has_rule_of_its_own(assessment))
}

fn sleeping_rough_and_not_homeless_soon(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let rough = assessment.text("/housing/status") == Some("rough-sleeping");
    once(rough && assessment.text("/housing/homeless_within_56_days") == Some("no"))
}
