//! What no single field of an assessment can say: parts of it that cannot both be true, times that cannot be.
//!
//! A table: each rule has a name, a place and words, which never hold what was sent. Most refuse the assessment; what
//! may well be true and is unlikely is only told. A new rule is a new row and a function.

use std::collections::HashSet;

use jiff::{ToSpan as _, civil::Date};
use serde_json::Value;

use super::{
    Assessment,
    asked::{AssessedConsent, london_date},
    form::{ADULT_YEARS, Form},
    scores,
};
use crate::{clock::Moment, fhir::Issue, limits::ASSESSED_AHEAD_MAX_SECONDS};

/// What happens to an assessment that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It is refused.
    Refused,
    /// Its sender is told.
    Told,
}

/// One rule.
pub(super) struct Rule {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a rule is known by its name in this table and in its tests")
    )]
    pub(super) name: &'static str,
    pub(super) weight: Weight,
    /// The type of the issue.
    code: &'static str,
    /// Where: a JSON pointer; `*` is the place in a list.
    place: &'static str,
    /// What is wrong, and what would be right.
    text: &'static str,
    /// The places in the list where it is broken; 0 for what stands in no list.
    broken: fn(&Assessment, Moment) -> Vec<usize>,
}

const ONCE: &str = "This recipient is named more than once. Name each recipient once.";
const ONCE_EACH: &str = "This recipient is asked more than once for the same agency. Ask each once for itself, and once for \
                         each agency for which it passes something on.";
const NOBODY: &str = "Nobody is asked, and nothing that the person said is in /consents either. Ask at least one agency; where the \
                      person refused them all, leave the list empty and put each refusal in /consents.";
const DATE: &str = "A date of the calendar as in 2026-11-23, or a date-time with an offset where the profile says so, \
                    is needed here.";

/// The MHSDS accommodation types of people who are homeless.
const HOMELESS_TYPES: [&str; 8] = ["12", "13", "14", "15", "16", "17", "18", "19"];

/// Those of people who have a home.
const HOUSED_TYPES: [&str; 11] = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"];

/// Recommendations that the form for people under 18 does not have.
const FOR_ADULTS: [&str; 6] = ["MHTR", "MHTR-PRIMARY-CARE", "DRR", "ATR", "COMBINED-CSTR", "RAR"];

/// The rules.
pub(super) const RULES: &[Rule] = &[
    refused("one-consent-for-each", "/consents/*/recipient", ONCE, |a, _| named_again(a, "consents")),
    refused("one-referral-for-each", "/referrals/*/recipient", ONCE_EACH, |a, _| asked_again(a)),
    refused("nobody-asked-and-nothing-said", "/referrals", NOBODY, |a, _| {
        once(a.list("referrals").next().is_none() && a.list("consents").next().is_none())
    }),
    refused("one-override-for-each", "/overrides/*/recipient", ONCE, |a, _| named_again(a, "overrides")),
    unreadable("consent-recorded", "/consents/*/recorded_at", consent_recorded),
    unreadable("consent-ends", "/consents/*/valid_until", consent_ends),
    unreadable("born", "/person/birth_date", |a, _| once(birth_date(a).is_none())),
    refused(
        "born-in-the-future",
        "/person/birth_date",
        "A date of birth cannot be in the future.",
        born_in_the_future,
    ),
    refused(
        "adult-form",
        "/person/birth_date",
        "The person was under 18 when assessed. This form is for adults; the youth form is for them.",
        |a, now| once(a.form().is_for_adults() && under_18(a, now) == Some(true)),
    ),
    refused(
        "youth-form",
        "/person/birth_date",
        "The person was 18 or over when assessed. This form is for people under 18.",
        |a, now| once(a.form() == Form::Youth && under_18(a, now) == Some(false)),
    ),
    refused(
        "adult-sentence",
        "/treatment_requirements",
        "The person was under 18 when assessed, and a treatment requirement is for adults. Leave it out.",
        |a, now| {
            let asked = |name: &str| a.raw().get(name).is_some_and(|part| !part.is_null());
            let asks = asked("treatment_requirement") || asked("treatment_requirements");
            once(a.form() == Form::CourtShort && asks && under_18(a, now) == Some(true))
        },
    ),
    refused(
        "adult-recommendation",
        "/recommendation/*/code",
        "The person was under 18 when assessed, and this can be recommended for adults only.",
        recommended_for_adults,
    ),
    refused(
        "adult-for-a-child",
        "/appropriate_adult/needed",
        "Somebody under 18 always needs an appropriate adult: yes is needed here.",
        |a, now| once(a.text("/appropriate_adult/needed") == Some("no") && under_18(a, now) == Some(true)),
    ),
    refused(
        "assessed-in-the-future",
        "/assessed_at",
        "An assessment cannot have been made in the future. Look at the clock and the offset.",
        |a, now| once(in_the_future(a, "/assessed_at", now)),
    ),
    refused(
        "seen-in-the-future",
        "/pathway/seen_at",
        "The person cannot have been seen in the future. Look at the clock and the offset.",
        |a, now| once(in_the_future(a, "/pathway/seen_at", now)),
    ),
    refused(
        "seen-before-arrival",
        "/pathway/seen_at",
        "The person cannot have been seen before they arrived. One of the two times is wrong.",
        |a, _| once(is_before(a, "/pathway/seen_at", "/pathway/arrived_at")),
    ),
    refused(
        "left-before-arrival",
        "/pathway/left_at",
        "The person cannot have left before they arrived. One of the two times is wrong.",
        |a, _| once(is_before(a, "/pathway/left_at", "/pathway/arrived_at")),
    ),
    refused(
        "score-out-of-range",
        "/screening/tools/*/score",
        "This tool has no such score: look at the score and at the name of the tool.",
        |a, _| scores::out_of_range(a),
    ),
    refused(
        "score-above-its-highest",
        "/screening/tools/*/score",
        "The score is above the highest that is stated beside it. One of the two is wrong.",
        |a, _| scores::above_their_own(a),
    ),
    refused(
        "settled-without-abode",
        "/housing/status",
        "The person is said to have settled housing, and no fixed abode in /person/address. One of the two is wrong.",
        settled_without_abode,
    ),
    refused(
        "settled-without-a-home",
        "/housing/accommodation_type",
        "The person is said to have settled housing, and to live as somebody who is homeless does (12 to 19). One of the \
         two is wrong.",
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
        "no-risk-and-a-risk",
        "/risk/to_self/level",
        "No risk is said to be there, and a risk that is current or imminent. Take it out, or give its level.",
        no_risk_and_a_risk,
    ),
    refused(
        "no-concern-and-a-route",
        "/safeguarding/concern",
        "No safeguarding concern is said to be there, and the route that it took. Take the route out, or say true.",
        |a, _| {
            once(
                flag(a, "/safeguarding/concern") == Some(false)
                    && a.raw().pointer("/safeguarding/route").is_some(),
            )
        },
    ),
    refused(
        "one-rank-for-each-priority",
        "/priorities/*/rank",
        "Two priorities have the same rank. Give each a rank of its own, in the person's order.",
        one_rank_for_each_priority,
    ),
    told(
        "imminent-and-not-current",
        "/risk/to_self/imminent",
        "Not taken as imminent: the risk is not said to be current. Say yes in /risk/to_self/current if it is.",
        imminent_and_not_current,
    ),
    told(
        "capacity-differs",
        "/consents/*/capacity",
        "The person is said to have capacity here, and to lack it in /capacity/status. Both can be true, for capacity is \
         of one decision at a time; look at it again.",
        capacity_differs,
    ),
    told(
        "agreed-and-nobody-asked",
        "/referrals",
        "The person agreed to something and nobody is asked: nothing is sent. Ask whom they agreed to, if that was meant.",
        |a, _| {
            let agreed = a.consents().iter().any(|one| one.agreed);
            once(agreed && a.list("referrals").next().is_none())
        },
    ),
    told(
        "no-authority",
        "/consents/*/decision",
        "Permits nothing. Under 16, it needs a young person who is competent to decide this, or a named somebody with \
         parental responsibility; from 16 it is the person's own word.",
        no_authority,
    ),
    told(
        "no-word-of-an-appropriate-adult",
        "/appropriate_adult/needed",
        "Somebody under 18 always has an appropriate adult. Nothing is said here of one, so that no recipient is told whether \
         one was called: say it, or tell them.",
        no_word_of_an_appropriate_adult,
    ),
    told(
        "released-before-seen",
        "/release/at",
        "The person is said to leave prison or hospital before they were seen. A release that is over belongs in \
         /release only if it is this one.",
        |a, _| once(is_before(a, "/release/at", "/pathway/seen_at")),
    ),
    told(
        "not-seen-and-findings",
        "/pathway/contact_outcome",
        "The person is said not to have been seen, and there are findings. Say where these come from.",
        not_seen_and_findings,
    ),
];

const fn refused(
    name: &'static str,
    place: &'static str,
    text: &'static str,
    broken: fn(&Assessment, Moment) -> Vec<usize>,
) -> Rule {
    Rule { name, weight: Weight::Refused, code: "business-rule", place, text, broken }
}

const fn unreadable(
    name: &'static str,
    place: &'static str,
    broken: fn(&Assessment, Moment) -> Vec<usize>,
) -> Rule {
    Rule { name, weight: Weight::Refused, code: "value", place, text: DATE, broken }
}

const fn told(
    name: &'static str,
    place: &'static str,
    text: &'static str,
    broken: fn(&Assessment, Moment) -> Vec<usize>,
) -> Rule {
    Rule { name, weight: Weight::Told, code: "business-rule", place, text, broken }
}

/// What the rules of this weight say.
pub(super) fn found(assessment: &Assessment, now: Moment, weight: Weight) -> Vec<Issue> {
    let of_weight = RULES.iter().filter(|rule| rule.weight == weight);
    of_weight.flat_map(|rule| rule.issues(assessment, now)).collect()
}

impl Rule {
    pub(super) fn issues(&self, assessment: &Assessment, now: Moment) -> Vec<Issue> {
        let places = (self.broken)(assessment, now).into_iter();
        places.map(|at| Issue::new(self.code, self.place.replace('*', &at.to_string()), self.text)).collect()
    }
}

/// For a rule about what stands in no list.
fn once(broken: bool) -> Vec<usize> {
    if broken { vec![0] } else { Vec::new() }
}

fn flag(assessment: &Assessment, pointer: &str) -> Option<bool> {
    assessment.raw().pointer(pointer).and_then(Value::as_bool)
}

fn named_again(assessment: &Assessment, list: &str) -> Vec<usize> {
    again(assessment.list(list).map(|entry| entry.get("recipient").and_then(Value::as_str)))
}

fn asked_again(assessment: &Assessment) -> Vec<usize> {
    again(assessment.referrals().into_iter().map(|asked| (asked.recipient, asked.on_behalf_of)))
}

fn one_rank_for_each_priority(assessment: &Assessment, _: Moment) -> Vec<usize> {
    again(assessment.list("priorities").map(|entry| entry.get("rank").and_then(Value::as_u64)))
}

/// The places of those that stood before already.
fn again<T: std::hash::Hash + Eq>(all: impl Iterator<Item = T>) -> Vec<usize> {
    let mut seen = HashSet::new();
    all.enumerate().filter_map(|(place, one)| (!seen.insert(one)).then_some(place)).collect()
}

/// The places of the consents of which this holds.
fn consents_where(assessment: &Assessment, holds: impl Fn(&AssessedConsent) -> bool) -> Vec<usize> {
    let consents = assessment.consents().into_iter().enumerate();
    consents.filter(|(_, one)| holds(one)).map(|(place, _)| place).collect()
}

fn consent_recorded(assessment: &Assessment, _: Moment) -> Vec<usize> {
    consents_where(assessment, |one| Moment::from_rfc3339(&one.recorded_at).is_none())
}

fn consent_ends(assessment: &Assessment, _: Moment) -> Vec<usize> {
    consents_where(assessment, |one| one.valid_to().is_none())
}

fn birth_date(assessment: &Assessment) -> Option<Date> {
    assessment.birth_date()?.parse().ok()
}

fn born_in_the_future(assessment: &Assessment, now: Moment) -> Vec<usize> {
    once(birth_date(assessment).zip(london_date(now)).is_some_and(|(born, today)| born > today))
}

impl Assessment {
    /// Whether a date of birth says that the person was a child when assessed.
    #[must_use]
    pub fn is_of_a_child(&self, now: Moment) -> bool {
        under_18(self, now) == Some(true)
    }
}

/// Whether the person was a child when assessed, by the calendar in London; `None` where no date of birth says so.
fn under_18(assessment: &Assessment, now: Moment) -> Option<bool> {
    let (born, today) = birth_date(assessment).zip(london_date(now))?;
    let assessed =
        assessment.text("/assessed_at").and_then(Moment::from_rfc3339).and_then(london_date).unwrap_or(today);
    let is_adult = born.checked_add(ADULT_YEARS.years()).is_ok_and(|birthday| birthday <= assessed);
    (born <= today).then_some(!is_adult)
}

/// Of a form for every age: what the form for people under 18 does not let anybody recommend.
fn recommended_for_adults(assessment: &Assessment, now: Moment) -> Vec<usize> {
    if assessment.form() != Form::CourtShort || under_18(assessment, now) != Some(true) {
        return Vec::new();
    }
    let codes = assessment.list("recommendation").map(|one| one.get("code").and_then(Value::as_str));
    let adult = codes.enumerate().filter(|(_, code)| code.is_some_and(|code| FOR_ADULTS.contains(&code)));
    adult.map(|(place, _)| place).collect()
}

fn no_word_of_an_appropriate_adult(assessment: &Assessment, now: Moment) -> Vec<usize> {
    let said = assessment.text("/appropriate_adult/needed").filter(|needed| *needed != "unknown");
    once(said.is_none() && under_18(assessment, now) == Some(true))
}

/// Later than any clock that is a little fast would say.
fn in_the_future(assessment: &Assessment, pointer: &str, now: Moment) -> bool {
    let latest = now.plus_seconds(ASSESSED_AHEAD_MAX_SECONDS);
    assessment.text(pointer).and_then(Moment::from_rfc3339).is_some_and(|stated| stated > latest)
}

/// Whether the moment at the first place is earlier than that at the second, where both are moments.
fn is_before(assessment: &Assessment, first: &str, second: &str) -> bool {
    let at = |pointer: &str| assessment.text(pointer).and_then(Moment::from_rfc3339);
    at(first).zip(at(second)).is_some_and(|(first, second)| first < second)
}

fn settled_without_a_home(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let settled = assessment.text("/housing/status") == Some("settled");
    let kind = assessment.text("/housing/accommodation_type");
    once(settled && kind.is_some_and(|kind| HOMELESS_TYPES.contains(&kind)))
}

fn no_authority(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let own_word_from = assessment.own_word().from;
    consents_where(assessment, |one| {
        let recorded = Moment::from_rfc3339(&one.recorded_at);
        one.agreed && recorded.is_some_and(|at| !one.capture.has_authority(own_word_from <= at))
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

fn no_risk_and_a_risk(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let there = flag(assessment, "/risk/to_self/imminent") == Some(true)
        || assessment.text("/risk/to_self/current") == Some("yes");
    once(assessment.text("/risk/to_self/level") == Some("none") && there)
}

fn imminent_and_not_current(assessment: &Assessment, _: Moment) -> Vec<usize> {
    once(flag(assessment, "/risk/to_self/imminent") == Some(true) && !assessment.imminent_risk())
}

fn capacity_differs(assessment: &Assessment, _: Moment) -> Vec<usize> {
    if assessment.text("/capacity/status") != Some("lacks-capacity") {
        return Vec::new();
    }
    consents_where(assessment, |one| one.capture.has_capacity())
}

fn not_seen_and_findings(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let unseen = matches!(assessment.text("/pathway/contact_outcome"), Some("not-seen" | "declined"));
    let findings = ["/clinical", "/screening"].iter().any(|block| {
        assessment.raw().pointer(block).and_then(Value::as_object).is_some_and(|block| !block.is_empty())
    });
    once(unseen && findings)
}

#[cfg(test)]
mod tests;
