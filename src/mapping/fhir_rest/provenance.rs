//! Provenance: who did what to a referral, from the log entry of it.

use serde_json::{Value, json};

use super::{organization_reference, ours, restricted};
use crate::clock::Moment;

/// One change of a referral.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// The log entry's id.
    pub id: &'a str,
    /// When.
    pub at: Moment,
    /// The referral.
    pub referral: &'a str,
    /// What was done: one of our code systems, and its code.
    pub activity: (&'a str, &'a str),
    /// The agency that did it; `None`: the gateway itself.
    pub by: Option<&'a str>,
}

/// The Provenance. Nothing about it ever changes.
#[must_use]
pub fn provenance(act: &Act<'_>) -> Value {
    let gateway = json!({"type": "Device", "display": "Keyway"});
    let agent = |part: &str, who: Value| {
        let system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
        json!({"type": {"coding": [{"system": system, "code": part}]}, "who": who})
    };
    let author = act.by.map_or_else(|| gateway.clone(), organization_reference);
    json!({
        "resourceType": "Provenance",
        "id": act.id,
        "meta": restricted(Some("ld-provenance"), 1, act.at),
        "target": [{"reference": format!("Task/{}", act.referral)}],
        "occurredDateTime": act.at.to_rfc3339(),
        "recorded": act.at.to_rfc3339(),
        "activity": ours(act.activity.0, act.activity.1),
        "agent": [agent("author", author), agent("assembler", gateway)],
    })
}
