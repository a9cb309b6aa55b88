//! Until when an answer is awaited.

use serde_json::Value;

use crate::{assessment::day_begins, clock::Moment, fhir::Issue, limits};

/// Within how many seconds an answer to a referral of this urgency (`routine`, `urgent`, `emergency`) is awaited.
#[must_use]
pub fn answer_within(urgency: &str) -> i64 {
    match urgency {
        "emergency" => limits::ANSWER_EMERGENCY_SECONDS,
        "urgent" => limits::ANSWER_URGENT_SECONDS,
        _ => limits::ANSWER_ROUTINE_SECONDS,
    }
}

/// What the answer to a request must be in time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InTimeFor {
    /// Within the time of its urgency; sooner, where a hearing, a day of sentence or the asker's own word is sooner.
    Urgency,
    /// The hearing, however urgent; without one as [`InTimeFor::Urgency`].
    Hearing,
}

/// Until when the answer to a request is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The moment, never before now and never after what the answer is for.
    pub answer_by: Moment,
    /// What its asker should know of that.
    pub told: Vec<Issue>,
}

/// A day, in seconds.
const DAY_SECONDS: i64 = 24 * 3600;
/// What comes too late to be asked for.
const OVER: &str = "This time has passed. One that is to come is needed here.";
/// What is no time.
const UNREADABLE: &str = "A date, or a date-time with an offset, is needed here.";
/// What leaves no time.
const NO_TIME: &str =
    "This leaves no time for an answer: it is due at once. Telephone liaison and diversion as well.";

/// Until when the answer to `request` is awaited. A hearing ends it [`limits::HEARING_LEAD_SECONDS`] before it begins, a
/// day of sentence when that day begins in London, `needed_by` when it says.
///
/// # Errors
///
/// When the hearing or the day of sentence is over, or when a time cannot be read, each at its place.
pub fn answer_to(request: &Value, in_time_for: InTimeFor, now: Moment) -> Result<Deadline, Vec<Issue>> {
    let text = |place: &str| request.pointer(place).and_then(Value::as_str);
    let (mut ends, mut issues) = (Vec::new(), Vec::new());
    let mut end = |place: &'static str, last: Option<Moment>, by: Option<Moment>| match (last, by) {
        (Some(last), Some(by)) if last > now => ends.push((by, place)),
        (Some(_), Some(_)) => issues.push(Issue::new("value", place, OVER)),
        _ => issues.push(Issue::new("value", place, UNREADABLE)),
    };
    if let Some(stated) = text("/hearing/at") {
        let at = Moment::from_rfc3339(stated);
        end("/hearing/at", at, at.map(|at| at.plus_seconds(-limits::HEARING_LEAD_SECONDS)));
    }
    if let Some(stated) = text("/sentence_date") {
        let begins = day_begins(stated);
        end("/sentence_date", begins.map(|at| at.plus_seconds(DAY_SECONDS)), begins);
    }
    if let Some(stated) = text("/needed_by") {
        // Who asks too late is told so, and not refused: the need is still there.
        let at = Moment::from_rfc3339(stated);
        end("/needed_by", at.map(|at| at.max(now.plus_seconds(1))), at);
    }
    if !issues.is_empty() {
        return Err(issues);
    }
    let by_urgency = now.plus_seconds(answer_within(text("/urgency").unwrap_or("routine")));
    let has_hearing = ends.iter().any(|(_, place)| *place == "/hearing/at");
    let soonest = ends.iter().map(|(by, _)| *by).min();
    let answer_by = match (soonest, in_time_for == InTimeFor::Hearing && has_hearing) {
        (Some(soonest), true) => soonest,
        (Some(soonest), false) => soonest.min(by_urgency),
        (None, _) => by_urgency,
    };
    let told = ends.iter().filter(|(by, _)| *by <= now);
    let told = told.map(|(_, place)| Issue::new("business-rule", *place, NO_TIME)).collect();
    Ok(Deadline { answer_by: answer_by.max(now), told })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-11-23T10:00:00Z.
    const NOW: Moment = Moment(1_795_428_000_000_000);

    fn by(request: &Value, in_time_for: InTimeFor) -> (String, Vec<String>) {
        let found = answer_to(request, in_time_for, NOW).unwrap();
        (found.answer_by.to_rfc3339(), found.told.into_iter().map(|issue| issue.path).collect())
    }

    #[test]
    fn a_report_is_due_two_hours_before_its_hearing_however_urgent() {
        for urgency in ["routine", "urgent", "emergency"] {
            let request = json!({"urgency": urgency, "hearing": {"at": "2026-12-24T10:00:00+00:00"}});
            let due = (String::from("2026-12-24T08:00:00.000Z"), Vec::new());
            assert_eq!(by(&request, InTimeFor::Hearing), due);
        }
        let sooner = json!({"hearing": {"at": "2026-12-24T10:00:00Z"}, "needed_by": "2026-12-20T10:00:00Z"});
        assert_eq!(by(&sooner, InTimeFor::Hearing).0, "2026-12-20T10:00:00.000Z");
        let later = json!({"hearing": {"at": "2026-12-24T10:00:00Z"}, "needed_by": "2026-12-30T10:00:00Z"});
        assert_eq!(by(&later, InTimeFor::Hearing).0, "2026-12-24T08:00:00.000Z", "never after it");
    }

    #[test]
    fn what_leaves_no_time_is_due_at_once_and_said() {
        let soon = json!({"hearing": {"at": "2026-11-23T11:59:00Z"}});
        let at_once = String::from("2026-11-23T10:00:00.000Z");
        assert_eq!(by(&soon, InTimeFor::Hearing), (at_once.clone(), vec![String::from("/hearing/at")]));
        let today = json!({"sentence_date": "2026-11-23"});
        assert_eq!(by(&today, InTimeFor::Urgency), (at_once.clone(), vec![String::from("/sentence_date")]));
        let passed = json!({"needed_by": "2026-11-20T10:00:00Z"});
        assert_eq!(by(&passed, InTimeFor::Urgency), (at_once, vec![String::from("/needed_by")]));
    }

    #[test]
    fn what_is_over_or_cannot_be_read_is_refused_at_its_place() {
        for (request, place) in [
            (json!({"hearing": {"at": "2026-11-23T10:00:00Z"}}), "/hearing/at"),
            (json!({"sentence_date": "2026-11-22"}), "/sentence_date"),
            (json!({"needed_by": "soon"}), "/needed_by"),
        ] {
            let issues = answer_to(&request, InTimeFor::Hearing, NOW).unwrap_err();
            assert_eq!(issues.iter().map(|issue| issue.path.as_str()).collect::<Vec<_>>(), [place]);
        }
    }

    #[test]
    fn otherwise_the_urgency_says_it_unless_something_is_sooner() {
        let plain = |urgency: &str| by(&json!({"urgency": urgency}), InTimeFor::Urgency).0;
        assert_eq!(plain("routine"), "2026-12-07T10:00:00.000Z");
        assert_eq!(plain("urgent"), "2026-11-25T10:00:00.000Z");
        assert_eq!(plain("emergency"), "2026-11-23T14:00:00.000Z");
        // In London a day of summer begins an hour before midnight UTC.
        let sentence = json!({"urgency": "routine", "sentence_date": "2026-11-30"});
        assert_eq!(by(&sentence, InTimeFor::Urgency).0, "2026-11-30T00:00:00.000Z");
        let far = json!({"urgency": "urgent", "sentence_date": "2027-06-30"});
        assert_eq!(by(&far, InTimeFor::Urgency).0, "2026-11-25T10:00:00.000Z");
        assert_eq!(by(&json!({"urgency": "urgent"}), InTimeFor::Hearing).0, "2026-11-25T10:00:00.000Z");
    }
}
