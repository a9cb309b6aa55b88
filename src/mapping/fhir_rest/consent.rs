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
    put(&mut consent, "performer", Some(performer(stored, person, permits)));
    put(&mut consent, "dateTime", stored.get("dateTime").cloned().filter(|_| permits));
    put(&mut consent, "policyRule", stored.get("policyRule").cloned());
    put(&mut consent, "provision", Some(json!({"provision": [rule]})));
    consent
}

/// Whose word it is. Of somebody with parental responsibility the recipient is told no name, and of what does not permit not
/// whose word it was.
fn performer(stored: &Value, person: &Person, permits: bool) -> Value {
    if !permits {
        return json!([{"display": "The person, or who may decide for them"}]);
    }
    let parts = stored.pointer("/extension/0/extension").and_then(Value::as_array);
    let text = |part: &Value, key: &str| part.get(key).and_then(Value::as_str).map(str::to_owned);
    let given_by = parts.into_iter().flatten().find(|part| text(part, "url").as_deref() == Some("givenBy"));
    let given_by = given_by.and_then(|part| text(part, "valueCode"));
    let parent = json!({"type": "RelatedPerson", "display": "Somebody with parental responsibility"});
    match given_by.as_deref() {
        Some("parental-responsibility") => json!([parent]),
        Some("both") => json!([person.reference(), parent]),
        _ => json!([person.reference()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parents_word_is_not_told_as_the_childs_by_rest() {
        let person = Person::known_to_the_service(String::from("somebody"));
        let part = |given_by: &str, permits: bool| {
            let stored = json!({"extension": [{"extension": [{"url": "givenBy", "valueCode": given_by}]}]});
            let at = Moment::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
            consent_part(&stored, 1, at, &person, "cmht-riverside", permits).get("performer").cloned()
        };
        let parent = json!({"type": "RelatedPerson", "display": "Somebody with parental responsibility"});
        assert_eq!(part("person", true), Some(json!([person.reference()])));
        assert_eq!(part("parental-responsibility", true), Some(json!([parent])));
        assert_eq!(part("both", true), Some(json!([person.reference(), parent])));
        let anybody = json!([{"display": "The person, or who may decide for them"}]);
        for given_by in ["person", "parental-responsibility", "both"] {
            assert_eq!(part(given_by, false), Some(anybody.clone()));
        }
    }
}
