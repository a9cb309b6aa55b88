//! What an assessment asks of the gateway: consents to record, agencies to reach, overrides to weigh.

use std::collections::HashSet;

use jiff::{ToSpan, civil::Date};
use serde_json::Value;

use super::Assessment;
use crate::{clock::Moment, fhir::Issue};

/// Where the civil dates of an assessment are read: dates without a zone are London's.
const ZONE: &str = "Europe/London";
/// The end of a consent that has none: a refusal stands until something later is said.
/// The calendar's last days have no moment in every zone, so it is not the very last.
const NO_END: &str = "9000-12-31";
/// From this age the adult form is the right one, in years.
const ADULT_YEARS: i16 = 18;

/// What the person said about one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessedConsent {
    /// The agency it is about.
    pub recipient: String,
    /// Whether the person agreed.
    pub agreed: bool,
    /// When it was recorded: a date-time with an offset.
    pub recorded_at: String,
    /// Until when: a date (its whole day, in London) or a date-time with an offset.
    pub valid_until: Option<String>,
    /// Who recorded it.
    pub captured_by: String,
    /// `oral`, `written` or `signed`.
    pub how: String,
    /// Whether the person had capacity to decide this.
    pub had_capacity: bool,
    /// Blocks of the disclosure table that the person keeps back.
    pub excludes: Vec<String>,
    /// Blocks that need a separate consent, and have it.
    pub specific: Vec<String>,
}

impl AssessedConsent {
    pub(super) fn read(value: &Value) -> Self {
        Self {
            recipient: text(value, "recipient"),
            agreed: value.get("decision").and_then(Value::as_str) == Some("agree"),
            recorded_at: text(value, "recorded_at"),
            valid_until: optional(value, "valid_until"),
            captured_by: text(value, "captured_by"),
            how: text(value, "how"),
            had_capacity: value.get("capacity").and_then(Value::as_str) == Some("has-capacity"),
            excludes: texts(value, "excludes"),
            specific: texts(value, "specific"),
        }
    }

    /// The moment at which it ends (exclusive). A refusal without an end stands until something later is said.
    #[must_use]
    pub fn valid_to(&self) -> Option<Moment> {
        match &self.valid_until {
            Some(stated) => end_of(stated),
            None if self.agreed => None,
            None => end_of(NO_END),
        }
    }
}

/// One agency that is asked to act, or told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedReferral {
    /// The agency.
    pub recipient: String,
    /// Why, in words written for this recipient.
    pub reason: String,
    /// `routine`, `urgent` or `emergency`.
    pub urgency: String,
    /// The need that it is for, as a code.
    pub need: String,
    /// Not to be sent before: a date or a date-time with an offset.
    pub not_before: Option<String>,
}

impl AskedReferral {
    pub(super) fn read(value: &Value) -> Self {
        Self {
            recipient: text(value, "recipient"),
            reason: text(value, "reason"),
            urgency: text(value, "urgency"),
            need: text(value, "need"),
            not_before: optional(value, "not_before"),
        }
    }

    /// The moment before which nothing is sent; a date means the start of that day in London.
    #[must_use]
    pub fn not_before_moment(&self) -> Option<Moment> {
        let stated = self.not_before.as_deref()?;
        Moment::from_rfc3339(stated).or_else(|| start_of(stated.parse().ok()?))
    }
}

/// A disclosure without consent that a named practitioner asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedOverride {
    /// The agency.
    pub recipient: String,
    /// The reason code.
    pub reason: String,
    /// Who decided.
    pub practitioner: String,
    /// Why, in words.
    pub justification: String,
}

impl AskedOverride {
    pub(super) fn read(value: &Value) -> Self {
        Self {
            recipient: text(value, "recipient"),
            reason: text(value, "reason"),
            practitioner: text(value, "practitioner"),
            justification: text(value, "justification"),
        }
    }
}

/// See [`Assessment::contradictions`].
pub(super) fn contradictions(assessment: &Assessment, now: Moment) -> Vec<Issue> {
    let mut issues = Vec::new();
    for list in ["consents", "referrals", "overrides"] {
        let mut seen = HashSet::new();
        for (place, entry) in assessment.list(list).enumerate() {
            if !seen.insert(entry.get("recipient").and_then(Value::as_str)) {
                issues.push(Issue::new(
                    "business-rule",
                    format!("/{list}/{place}/recipient"),
                    "This recipient is named more than once. Name each recipient once.",
                ));
            }
        }
    }
    for (place, consent) in assessment.consents().iter().enumerate() {
        match (Moment::from_rfc3339(&consent.recorded_at), consent.valid_to()) {
            (None, _) => issues.push(unreadable(format!("/consents/{place}/recorded_at"))),
            (_, None) => issues.push(unreadable(format!("/consents/{place}/valid_until"))),
            _ => {}
        }
    }
    if let Some(issue) = wrong_age(assessment, now) {
        issues.push(issue);
    }
    issues
}

fn wrong_age(assessment: &Assessment, now: Moment) -> Option<Issue> {
    let path = "/person/birth_date";
    let issue = |text: &str| Some(Issue::new("business-rule", path, text));
    let (Some(born), Some(today)) = (birth_date(assessment), london_date(now)) else {
        return Some(unreadable(String::from(path)));
    };
    if born > today {
        return issue("A date of birth cannot be in the future.");
    }
    let assessed =
        assessment.text("/assessed_at").and_then(Moment::from_rfc3339).and_then(london_date).unwrap_or(today);
    let of_age = born.checked_add(ADULT_YEARS.years()).is_ok_and(|birthday| birthday <= assessed);
    if of_age { None } else { issue("The person was under 18 when assessed. This form is for adults.") }
}

fn birth_date(assessment: &Assessment) -> Option<Date> {
    assessment.birth_date()?.parse().ok()
}

fn unreadable(path: String) -> Issue {
    Issue::new(
        "value",
        path,
        "A date of the calendar as in 2026-11-23, or a date-time with an offset where the \
                               profile says so, is needed here.",
    )
}

fn london_date(moment: Moment) -> Option<Date> {
    Some(jiff::Timestamp::from_microsecond(moment.0).ok()?.in_tz(ZONE).ok()?.date())
}

/// The first moment of a day in London.
fn start_of(day: Date) -> Option<Moment> {
    Some(Moment(day.in_tz(ZONE).ok()?.timestamp().as_microsecond()))
}

/// The moment that a stated end means: as it is, or the end of a day in London.
fn end_of(stated: &str) -> Option<Moment> {
    if let Some(moment) = Moment::from_rfc3339(stated) {
        return Some(moment);
    }
    let day: Date = stated.parse().ok()?;
    // The last day of the calendar has no next day: its start is late enough.
    start_of(day.tomorrow().unwrap_or(day))
}

fn text(value: &Value, name: &str) -> String {
    optional(value, name).unwrap_or_default()
}

fn optional(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let items = value.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
