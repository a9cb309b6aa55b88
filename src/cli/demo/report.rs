//! The demonstration as one JSON object.

use serde_json::{Value, json};

use super::{
    gateway::Log,
    outcome::{Row, Told},
};

/// Counts that come from the gateway and from the agencies, not from the stories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// How long it took.
    pub(super) elapsed_ms: u64,
    /// Messages that agencies sent in and that were taken.
    pub(super) inbound: u32,
    /// The audit log.
    pub(super) log: Log,
}

/// The object.
pub(super) fn report(told: &[Told], counts: Counts) -> Value {
    let rows = || told.iter().flat_map(|story| &story.rows);
    json!({
        "elapsed_ms": counts.elapsed_ms,
        "assessments": told.iter().filter(|story| story.assessed).count(),
        "referrals": rows().map(referral).collect::<Vec<_>>(),
        "recalled": rows().filter(|row| row.text("state") == "recalled").count(),
        "duplicates_suppressed": told.iter().map(|story| story.duplicates_suppressed).sum::<u32>(),
        "inbound": counts.inbound,
        "audit": {"entries": counts.log.entries, "verified": counts.log.verified},
    })
}

fn referral(row: &Row) -> Value {
    let withheld: Vec<Value> = row
        .withheld()
        .iter()
        .map(|kept| json!({"field": kept.field, "rule": kept.rule, "reason": kept.reason}))
        .collect();
    json!({
        "referral_id": row.referral_id,
        "person": row.person,
        "recipient": row.recipient,
        "kind": row.kind,
        "nature": row.text("nature"),
        "channel": row.text("channel"),
        "state": row.text("state"),
        "reason": row.text("reason"),
        "disclosure_id": row.shown.get("disclosure_id").cloned().unwrap_or(Value::Null),
        "withheld": withheld,
    })
}
