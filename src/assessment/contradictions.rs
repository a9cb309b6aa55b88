//! What no single field of an assessment can say: parts of it that cannot both be true, times that cannot be.
//!
//! A table: each rule has a name, a place and words, which never hold what was sent. Most refuse the assessment; what
//! may well be true and is unlikely is only told. A new rule is a new row and a function. What is about a home, about times
//! and about safe contact has a table of its own.

mod contact;
mod home;
mod judgement;
mod requirements;
mod times;

use std::collections::HashSet;

use jiff::{ToSpan as _, civil::Date};
use serde_json::Value;

use super::{
    Assessment,
    asked::{AssessedConsent, london_date},
    form::{ADULT_YEARS, Form},
    scores,
};
use crate::{clock::Moment, fhir::Issue};

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
    /// What is allowed at one of these places, where that hangs on what stands beside it.
    allowed: Option<fn(&Assessment, usize) -> Option<String>>,
}

const ONCE: &str = "This recipient is named more than once. Name each recipient once.";
const ONCE_EACH: &str = "This recipient is asked more than once for the same agency. Ask each once for itself, and once for \
                         each agency for which it passes something on.";
const NOBODY: &str = "Nobody is asked, and nothing that the person said is in /consents either. Ask at least one agency; where the \
                      person refused them all, leave the list empty and put each refusal in /consents.";
const DATE: &str = "A date of the calendar as in 2026-11-23, or a date-time with an offset where the profile says so, \
                    is needed here.";

/// Recommendations that the form for people under 18 does not have.
const FOR_ADULTS: [&str; 6] = ["MHTR", "MHTR-PRIMARY-CARE", "DRR", "ATR", "COMBINED-CSTR", "RAR"];

/// Every rule.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    [RULES, times::RULES, home::RULES, contact::RULES, requirements::RULES, judgement::RULES]
        .into_iter()
        .flatten()
}

/// The rules about what has no table of its own.
const RULES: &[Rule] = &[
    refused("one-consent-for-each", "/consents/*/recipient", ONCE, |a, _| named_again(a, "consents")),
    refused("one-referral-for-each", "/referrals/*/recipient", ONCE_EACH, |a, _| asked_again(a)),
    refused("nobody-asked-and-nothing-said", "/referrals", NOBODY, |a, _| {
        // Who was not seen said nothing.
        let not_seen = a.text("/pathway/contact_outcome") == Some("not-seen");
        once(!not_seen && a.list("referrals").next().is_none() && a.list("consents").next().is_none())
    }),
    refused("one-override-for-each", "/overrides/*/recipient", ONCE, |a, _| named_again(a, "overrides")),
    unreadable("consent-recorded", "/consents/*/recorded_at", consent_recorded),
    unreadable("consent-ends", "/consents/*/valid_until", consent_ends),
    unreadable("born", "/person/birth_date", |a, _| once(birth_date(a).is_none())),
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
    Rule {
        allowed: Some(scores::allowed),
        ..refused(
            "score-out-of-range",
            "/screening/tools/*/score",
            "This tool has no such score: look at the score and at the name of the tool.",
            |a, _| scores::out_of_range(a),
        )
    },
    refused(
        "score-above-its-highest",
        "/screening/tools/*/score",
        "The score is above the highest that is stated beside it. One of the two is wrong.",
        |a, _| scores::above_their_own(a),
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
        "agreed-and-not-asked",
        "/consents/*/decision",
        "The person agreed, and this recipient is not among those who are asked: nothing is sent to it. Ask it in /referrals, if \
         that was meant.",
        agreed_and_not_asked,
    ),
    told(
        "agreed-without-capacity",
        "/consents/*/capacity",
        "Permits nothing: only somebody who had capacity to decide this can agree to it. Say has-capacity if they had.",
        |a, _| consents_where(a, |one| one.agreed && !one.capture.has_capacity()),
    ),
    told(
        "number-and-none",
        "/person/nhs_number_missing",
        "There is an NHS number, and a reason why there is none. Leave one of the two out.",
        |a, _| {
            once(
                a.raw().pointer("/person/nhs_number/value").is_some()
                    && a.text("/person/nhs_number_missing").is_some(),
            )
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
    Rule { name, weight: Weight::Refused, code: "business-rule", place, text, broken, allowed: None }
}

const fn unreadable(
    name: &'static str,
    place: &'static str,
    broken: fn(&Assessment, Moment) -> Vec<usize>,
) -> Rule {
    Rule { name, weight: Weight::Refused, code: "value", place, text: DATE, broken, allowed: None }
}

const fn told(
    name: &'static str,
    place: &'static str,
    text: &'static str,
    broken: fn(&Assessment, Moment) -> Vec<usize>,
) -> Rule {
    Rule { name, weight: Weight::Told, code: "business-rule", place, text, broken, allowed: None }
}

/// What the rules of this weight say.
pub(super) fn found(assessment: &Assessment, now: Moment, weight: Weight) -> Vec<Issue> {
    let of_weight = rules().filter(|rule| rule.weight == weight);
    of_weight.flat_map(|rule| rule.issues(assessment, now)).collect()
}

impl Rule {
    pub(super) fn issues(&self, assessment: &Assessment, now: Moment) -> Vec<Issue> {
        let places = (self.broken)(assessment, now).into_iter();
        let text = |at| match self.allowed.and_then(|allowed| allowed(assessment, at)) {
            Some(allowed) => format!("{} {allowed}", self.text),
            None => self.text.to_owned(),
        };
        places.map(|at| Issue::new(self.code, self.place.replace('*', &at.to_string()), text(at))).collect()
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

fn no_authority(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let own_word_from = assessment.own_word().from;
    consents_where(assessment, |one| {
        let recorded = Moment::from_rfc3339(&one.recorded_at);
        one.agreed && recorded.is_some_and(|at| !one.capture.has_authority(own_word_from <= at))
    })
}

fn no_risk_and_a_risk(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let there = flag(assessment, "/risk/to_self/imminent") == Some(true)
        || assessment.text("/risk/to_self/current") == Some("yes");
    once(assessment.text("/risk/to_self/level") == Some("none") && there)
}

fn imminent_and_not_current(assessment: &Assessment, _: Moment) -> Vec<usize> {
    once(flag(assessment, "/risk/to_self/imminent") == Some(true) && !assessment.imminent_risk())
}

fn agreed_and_not_asked(assessment: &Assessment, _: Moment) -> Vec<usize> {
    let asked = assessment.referrals();
    if asked.is_empty() {
        return Vec::new();
    }
    let is_asked =
        |id: &str| asked.iter().any(|one| one.recipient == id || one.on_behalf_of.as_deref() == Some(id));
    consents_where(assessment, |one| one.agreed && !is_asked(&one.recipient))
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
