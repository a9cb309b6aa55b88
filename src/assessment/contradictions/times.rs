//! Times that cannot be: of what is over and lies ahead, and of what is told in an order that it cannot have had.

use jiff::ToSpan as _;
use serde_json::Value;

use super::{Rule, birth_date, consents_where, once, refused, told};
use crate::{
    assessment::{Assessment, asked::london_date, form::YEARS_MAX},
    clock::Moment,
    limits::ASSESSED_AHEAD_MAX_SECONDS,
};

const AHEAD: &str =
    "This is of what is over, and the day lies ahead. Look at the year; leave it out where nobody knows.";

pub(super) const RULES: &[Rule] = &[
    refused(
        "born-in-the-future",
        "/person/birth_date",
        "A date of birth cannot be in the future.",
        born_in_the_future,
    ),
    refused(
        "born-too-long-ago",
        "/person/birth_date",
        "This date of birth makes the person more than 120 years old. Look at the century.",
        born_too_long_ago,
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
        "told-in-the-future",
        "/safeguarding/told/*/at",
        "Nobody can have been told of a safeguarding concern in the future. Look at the clock and the offset; leave out whoever \
         is still to be told.",
        told_in_the_future,
    ),
    refused(
        "ends-before-it-is-recorded",
        "/consents/*/valid_until",
        "This answer ends before it was recorded: a yes would permit nothing. One of the two dates is wrong.",
        ends_before_it_is_recorded,
    ),
    told("last-contact-in-the-future", "/clinical/last_contact_date", AHEAD, |a, now| {
        once(is_day_ahead(a, "/clinical/last_contact_date", now))
    }),
    told("detained-in-the-future", "/clinical/mental_health_act/since_date", AHEAD, |a, now| {
        once(is_day_ahead(a, "/clinical/mental_health_act/since_date", now))
    }),
    told(
        "released-before-seen",
        "/release/at",
        "The person is said to leave prison or hospital before they were seen. A release that is over belongs in \
         /release only if it is this one.",
        |a, _| once(is_before(a, "/release/at", "/pathway/seen_at")),
    ),
];

fn born_in_the_future(assessment: &Assessment, now: Moment) -> Vec<usize> {
    once(birth_date(assessment).zip(london_date(now)).is_some_and(|(born, today)| born > today))
}

fn born_too_long_ago(assessment: &Assessment, now: Moment) -> Vec<usize> {
    let dates = birth_date(assessment).zip(london_date(now));
    once(dates.is_some_and(|(born, today)| {
        born.checked_add((YEARS_MAX + 1).years()).is_ok_and(|birthday| birthday <= today)
    }))
}

/// Later than any clock that is a little fast would say.
fn in_the_future(assessment: &Assessment, pointer: &str, now: Moment) -> bool {
    let latest = now.plus_seconds(ASSESSED_AHEAD_MAX_SECONDS);
    assessment.text(pointer).and_then(Moment::from_rfc3339).is_some_and(|stated| stated > latest)
}

fn told_in_the_future(assessment: &Assessment, now: Moment) -> Vec<usize> {
    let told = assessment.raw().pointer("/safeguarding/told").and_then(Value::as_array);
    let count = told.map_or(0, Vec::len);
    (0..count)
        .filter(|place| in_the_future(assessment, &format!("/safeguarding/told/{place}/at"), now))
        .collect()
}

fn is_day_ahead(assessment: &Assessment, pointer: &str, now: Moment) -> bool {
    let stated = assessment.text(pointer).and_then(|text| text.parse::<jiff::civil::Date>().ok());
    stated.zip(london_date(now)).is_some_and(|(stated, today)| stated > today)
}

fn ends_before_it_is_recorded(assessment: &Assessment, _: Moment) -> Vec<usize> {
    consents_where(assessment, |one| {
        let recorded = Moment::from_rfc3339(&one.recorded_at);
        one.valid_until.is_some()
            && one.valid_to().zip(recorded).is_some_and(|(end, recorded)| end <= recorded)
    })
}

/// Whether the moment at the first place is earlier than that at the second, where both are moments.
fn is_before(assessment: &Assessment, first: &str, second: &str) -> bool {
    let at = |pointer: &str| assessment.text(pointer).and_then(Moment::from_rfc3339);
    at(first).zip(at(second)).is_some_and(|(first, second)| first < second)
}
