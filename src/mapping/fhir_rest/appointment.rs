//! Appointment: the latest that a recipient booked for a referral.

use serde_json::{Value, json};

use super::{Seen, organization_reference, put, restricted};

/// An appointment as it was booked.
#[derive(Clone, Debug)]
pub struct Booking<'a> {
    /// When it begins, as it was said.
    pub start: &'a str,
    /// When it ends, where that was said.
    pub end: Option<&'a str>,
    /// Where, in words.
    pub place: Option<&'a str>,
    /// Whether it was called off.
    pub cancelled: bool,
}

/// The Appointment.
#[must_use]
pub fn appointment(seen: &Seen<'_>, booking: &Booking<'_>) -> Value {
    let mut appointment = json!({
        "resourceType": "Appointment",
        "id": seen.id,
        "meta": restricted(Some("ld-appointment"), seen.version, seen.updated_at),
        "identifier": seen.identifier(),
        "status": if booking.cancelled { "cancelled" } else { status(seen) },
    });
    put(&mut appointment, "description", booking.place.map(|place| json!(place)));
    put(&mut appointment, "start", Some(json!(booking.start)));
    match booking.end {
        Some(end) => put(&mut appointment, "end", Some(json!(end))),
        // FHIR wants an end; that nobody said when is said.
        None => put(
            &mut appointment,
            "_end",
            Some(json!({"extension": [{
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown",
            }]})),
        ),
    }
    put(&mut appointment, "basedOn", Some(json!([{"reference": format!("ServiceRequest/{}", seen.id)}])));
    put(
        &mut appointment,
        "participant",
        Some(json!([
            {"actor": seen.person.reference(), "required": "required", "status": "needs-action"},
            {"actor": {
                "reference": format!("HealthcareService/{}", seen.recipient),
            }, "required": "required", "status": "accepted"},
        ])),
    );
    let supporting =
        json!([{"reference": format!("Task/{}", seen.id)}, organization_reference(seen.recipient)]);
    put(&mut appointment, "supportingInformation", Some(supporting));
    appointment
}

/// What became of it, as far as the referral tells.
fn status(seen: &Seen<'_>) -> &'static str {
    match (seen.status, seen.business_status) {
        (_, "did-not-attend") => "noshow",
        (_, "first-contact-made") | ("completed", _) => "fulfilled",
        ("cancelled" | "rejected" | "failed", _) => "cancelled",
        ("entered-in-error", _) => "entered-in-error",
        _ => "booked",
    }
}
