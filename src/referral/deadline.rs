//! Until when an answer is awaited.

use crate::limits;

/// Within how many seconds an answer to a referral of this urgency (`routine`, `urgent`, `emergency`) is awaited.
#[must_use]
pub fn answer_within(urgency: &str) -> i64 {
    match urgency {
        "emergency" => limits::ANSWER_EMERGENCY_SECONDS,
        "urgent" => limits::ANSWER_URGENT_SECONDS,
        _ => limits::ANSWER_ROUTINE_SECONDS,
    }
}
