//! Which scopes a kind of agency may have, and which an information governance officer.

use crate::directory::AgencyKind;

/// What every agency may have.
const EVERYONE: [&str; 23] = [
    "keyway/validate",
    "keyway/log.r",
    "keyway/requests.c",
    "keyway/referrals.r",
    "keyway/referrals.u",
    "keyway/mailbox",
    "system/MessageHeader.c",
    "system/Appointment.c",
    "system/Appointment.rs",
    "system/Appointment.u",
    "system/AuditEvent.rs",
    "system/Communication.c",
    "system/Communication.rs",
    "system/Consent.rs",
    "system/Endpoint.rs",
    "system/HealthcareService.rs",
    "system/Location.rs",
    "system/Organization.rs",
    "system/PractitionerRole.rs",
    "system/Provenance.rs",
    "system/ServiceRequest.rs",
    "system/Task.rs",
    "system/Task.u",
];
/// What the liaison and diversion service may have besides.
const SERVICE: [&str; 4] =
    ["keyway/assessments.c", "keyway/log-entries.r", "system/Consent.c", "system/Consent.u"];
/// What its partners may have besides.
const PARTNER: [&str; 2] = ["keyway/documents.r", "keyway/sheets.r"];

/// What an information governance officer may have, and no agency: to ask, and to record a second person's word.
pub(super) const OFFICER: [&str; 2] = ["keyway/ig.c", "keyway/ig.r"];

/// The scopes that an agency of this kind may have.
pub(super) fn allowed(kind: AgencyKind) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        AgencyKind::LiaisonDiversion => &SERVICE,
        _ => &PARTNER,
    };
    EVERYONE.iter().chain(own).copied().collect()
}

/// Every scope, sorted.
pub(super) fn all() -> Vec<&'static str> {
    let mut all: Vec<&str> =
        EVERYONE.iter().chain(&SERVICE).chain(&PARTNER).chain(&OFFICER).copied().collect();
    all.sort_unstable();
    all
}

/// What to grant of `allowed`: all of it when nothing was asked, otherwise what was asked. `None`: something was asked that
/// may not be had.
pub(super) fn grant(allowed: &[&str], asked: Option<&str>) -> Option<String> {
    let asked: Vec<&str> = asked.unwrap_or_default().split(' ').filter(|s| !s.is_empty()).collect();
    if asked.is_empty() {
        return Some(allowed.join(" "));
    }
    let all_allowed = asked.iter().all(|scope| allowed.contains(scope));
    all_allowed.then(|| {
        let granted: Vec<&str> = allowed.iter().copied().filter(|scope| asked.contains(scope)).collect();
        granted.join(" ")
    })
}
