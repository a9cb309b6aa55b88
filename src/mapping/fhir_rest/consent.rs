//! Consent: whole for the service that holds it; for the recipient its own part, from which nobody learns what the
//! person kept back or what they said about anybody else.

use serde_json::{Value, json};

use super::{Person, organization_reference, put, restricted};
use crate::clock::Moment;

/// The stored Consent, with the person named as the service names them.
#[must_use]
pub fn consent_whole(stored: &Value, version: i64, recorded_at: Moment, person: &Person) -> Value {
    let mut consent = stored.clone();
    put(&mut consent, "meta", Some(restricted(Some("ld-consent"), version, recorded_at)));
    put(&mut consent, "patient", Some(person.reference()));
    put(&mut consent, "performer", Some(json!([person.reference()])));
    consent
}

/// The recipient's own part: that there is an agreement, since when and until when, and whether it stands. What does not
/// permit (`permits`) is inactive here, whatever the person said instead and whatever was lacking when they said it; it says no
/// more than that, and so does not declare our profile, which asks when it was said.
#[must_use]
pub fn consent_part(
    stored: &Value,
    version: i64,
    recorded_at: Moment,
    person: &Person,
    recipient: &str,
    permits: bool,
) -> Value {
    let status = if permits { "active" } else { "inactive" };
    let mut rule = json!({
        "type": if permits { "permit" } else { "deny" },
        "actor": [{
            "role": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]},
            "reference": organization_reference(recipient),
        }],
        "action": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "disclose"}]}],
    });
    put(&mut rule, "period", stored.pointer("/provision/provision/0/period").cloned().filter(|_| permits));
    let mut consent = json!({
        "resourceType": "Consent",
        "id": stored.get("id"),
        "meta": restricted(permits.then_some("ld-consent"), version, recorded_at),
        "status": status,
    });
    for field in ["scope", "category"] {
        put(&mut consent, field, stored.get(field).cloned());
    }
    put(&mut consent, "patient", Some(person.reference()));
    put(&mut consent, "performer", Some(json!([person.reference()])));
    put(&mut consent, "dateTime", stored.get("dateTime").cloned().filter(|_| permits));
    put(&mut consent, "policyRule", stored.get("policyRule").cloned());
    put(&mut consent, "provision", Some(json!({"provision": [rule]})));
    consent
}
