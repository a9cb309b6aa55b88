//! What an assessment asks of the gateway: consents to record, agencies to reach, overrides to weigh.

use jiff::civil::Date;
use serde_json::Value;

use super::capture::Capture;
use crate::clock::Moment;

/// Where the civil dates of an assessment are read: dates without a zone are London's.
const ZONE: &str = "Europe/London";
/// The end of a consent that has none: a refusal stands until something later is said.
/// The calendar's last days have no moment in every zone, so it is not the very last.
const NO_END: &str = "9000-12-31";

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
    /// Whose word it is, and what it rests on.
    pub capture: Capture,
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
            capture: Capture::read(value),
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
    /// The agency for which it is meant, where the recipient passes it on.
    pub on_behalf_of: Option<String>,
}

impl AskedReferral {
    pub(super) fn read(value: &Value) -> Self {
        Self {
            recipient: text(value, "recipient"),
            reason: text(value, "reason"),
            urgency: text(value, "urgency"),
            need: text(value, "need"),
            not_before: optional(value, "not_before"),
            on_behalf_of: optional(value, "on_behalf_of"),
        }
    }

    /// Whether this is what is asked of `recipient` for `reader`, or for itself where there is none.
    #[must_use]
    pub fn is_of(&self, recipient: &str, reader: Option<&str>) -> bool {
        self.recipient == recipient && self.on_behalf_of.as_deref() == reader
    }

    /// The moment before which nothing is sent; a date means the start of that day in London.
    #[must_use]
    pub fn not_before_moment(&self) -> Option<Moment> {
        let stated = self.not_before.as_deref()?;
        Moment::from_rfc3339(stated).or_else(|| day_begins(stated))
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

/// The day in London at a moment.
pub(super) fn london_date(moment: Moment) -> Option<Date> {
    Some(jiff::Timestamp::from_microsecond(moment.0).ok()?.in_tz(ZONE).ok()?.date())
}

/// The first moment in London of a day that is written as in `2026-11-23`. `None` when it is anything else.
#[must_use]
pub fn day_begins(stated: &str) -> Option<Moment> {
    start_of(stated.parse().ok()?)
}

/// The first moment of a day in London.
pub(super) fn start_of(day: Date) -> Option<Moment> {
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

/// An end as it is stated: the day in London that it ends, or else the moment.
#[must_use]
pub fn stated_end(end: Moment) -> String {
    let last_day =
        london_date(end).filter(|day| start_of(*day) == Some(end)).and_then(|day| day.yesterday().ok());
    last_day.map_or_else(|| end.to_rfc3339(), |day| day.to_string())
}

pub(super) fn text(value: &Value, name: &str) -> String {
    optional(value, name).unwrap_or_default()
}

pub(super) fn optional(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let items = value.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
