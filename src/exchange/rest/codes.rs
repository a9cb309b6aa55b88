//! The codes of FHIR R4 that elements of type `code` have which can be searched by. `profiles/r4/codes.txt` has the same lists.

use crate::fhir::search::CodeList;

/// `Task.status`
pub(super) static TASK_STATUS: CodeList = CodeList {
    system: "http://hl7.org/fhir/task-status",
    codes: &[
        "draft",
        "requested",
        "received",
        "accepted",
        "rejected",
        "ready",
        "cancelled",
        "in-progress",
        "on-hold",
        "failed",
        "completed",
        "entered-in-error",
    ],
};

/// `ServiceRequest.status`
pub(super) static REQUEST_STATUS: CodeList = CodeList {
    system: "http://hl7.org/fhir/request-status",
    codes: &["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"],
};

/// `Consent.status`
pub(super) static CONSENT_STATUS: CodeList = CodeList {
    system: "http://hl7.org/fhir/consent-state-codes",
    codes: &["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"],
};

/// `Communication.status`
pub(super) static EVENT_STATUS: CodeList = CodeList {
    system: "http://hl7.org/fhir/event-status",
    codes: &[
        "preparation",
        "in-progress",
        "not-done",
        "on-hold",
        "stopped",
        "completed",
        "entered-in-error",
        "unknown",
    ],
};

/// `Appointment.status`
pub(super) static APPOINTMENT_STATUS: CodeList = CodeList {
    system: "http://hl7.org/fhir/appointmentstatus",
    codes: &[
        "proposed",
        "pending",
        "booked",
        "arrived",
        "fulfilled",
        "cancelled",
        "noshow",
        "entered-in-error",
        "checked-in",
        "waitlist",
    ],
};

/// `Endpoint.status`
pub(super) static ENDPOINT_STATUS: CodeList = CodeList {
    system: "http://hl7.org/fhir/endpoint-status",
    codes: &["active", "suspended", "error", "off", "entered-in-error", "test"],
};

/// `Location.status`
pub(super) static LOCATION_STATUS: CodeList =
    CodeList { system: "http://hl7.org/fhir/location-status", codes: &["active", "suspended", "inactive"] };

/// `priority` of a Task or a `ServiceRequest`
pub(super) static PRIORITY: CodeList = CodeList {
    system: "http://hl7.org/fhir/request-priority",
    codes: &["routine", "urgent", "asap", "stat"],
};

/// `AuditEvent.action`
pub(super) static AUDIT_ACTION: CodeList =
    CodeList { system: "http://hl7.org/fhir/audit-event-action", codes: &["C", "R", "U", "D", "E"] };

/// `AuditEvent.outcome`
pub(super) static AUDIT_OUTCOME: CodeList =
    CodeList { system: "http://hl7.org/fhir/audit-event-outcome", codes: &["0", "4", "8", "12"] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_those_of_base_fhir() {
        let all = include_str!("../../../profiles/r4/codes.txt");
        for list in [
            &TASK_STATUS,
            &REQUEST_STATUS,
            &CONSENT_STATUS,
            &EVENT_STATUS,
            &APPOINTMENT_STATUS,
            &ENDPOINT_STATUS,
            &LOCATION_STATUS,
            &PRIORITY,
            &AUDIT_ACTION,
            &AUDIT_OUTCOME,
        ] {
            let head = format!("\n={}\t", list.system);
            let (_, after) = all.split_once(&head).unwrap();
            let published: Vec<&str> = after
                .lines()
                .skip(1)
                .take_while(|line| !line.starts_with('='))
                .filter(|line| !line.is_empty())
                .map(|line| line.trim_start().split('\t').next().unwrap())
                .collect();
            assert_eq!(list.codes, published, "{}", list.system);
        }
    }
}
