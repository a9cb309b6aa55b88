//! The kinds of resource that can be read and searched, with what each can be searched by: one table, from which routes,
//! the `CapabilityStatement` and the search itself are made.

use crate::fhir::search::{Parameter, Test};

/// From which of the things that are stored a kind is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A referral, or what was said about it.
    Referral,
    /// A consent.
    Consent,
    /// An agency of the directory.
    Agency,
    /// The log.
    Log,
}

/// A kind of resource.
#[derive(Debug)]
pub struct Kind {
    /// Its FHIR name.
    pub name: &'static str,
    /// What it can be searched by.
    pub parameters: &'static [Parameter],
    /// What a page can be ordered by; the first is the order when none is asked for: by `_id` from the first one on,
    /// by a time from the latest. Nothing: the store has no order of them that could be asked for.
    pub sorts: &'static [&'static str],
    /// What can be had with it: the name after the colon, where the reference stands, and the type that it points at.
    pub includes: &'static [(&'static str, &'static str, &'static str)],
    /// What a reader has to know of it.
    pub documentation: &'static str,
    pub(super) source: Source,
}

/// What shapes the answer, for every kind.
pub const RESULT_PARAMETERS: [&str; 5] = ["_count", "_sort", "_include", "_format", "_page"];

impl Kind {
    /// The names of every query parameter that a search of this kind takes.
    #[must_use]
    pub fn query(&self) -> Vec<&'static str> {
        let shaping = RESULT_PARAMETERS.into_iter().filter(|name| match *name {
            "_sort" => !self.sorts.is_empty(),
            "_include" => !self.includes.is_empty(),
            _ => true,
        });
        self.parameters.iter().map(|p| p.name).chain(shaping).collect()
    }

    /// The kind with this FHIR name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|kind| kind.name == name)
    }
}

/// Every kind.
pub static ALL: [&Kind; 12] = [
    &TASK,
    &SERVICE_REQUEST,
    &CONSENT,
    &COMMUNICATION,
    &APPOINTMENT,
    &HEALTHCARE_SERVICE,
    &ORGANIZATION,
    &ENDPOINT,
    &LOCATION,
    &PRACTITIONER_ROLE,
    &PROVENANCE,
    &AUDIT_EVENT,
];

const fn token(name: &'static str, places: &'static [&'static str]) -> Parameter {
    Parameter { name, test: Test::Token, places }
}

const fn code(name: &'static str, places: &'static [&'static str], system: &'static str) -> Parameter {
    Parameter { name, test: Test::Code(system), places }
}

const fn status(system: &'static str) -> Parameter {
    code("status", &["status"], system)
}

const fn refers(
    name: &'static str,
    to: &'static [&'static str],
    places: &'static [&'static str],
) -> Parameter {
    Parameter { name, test: Test::Reference(to), places }
}

const fn date(name: &'static str, places: &'static [&'static str]) -> Parameter {
    Parameter { name, test: Test::Date, places }
}

const ID: Parameter = token("_id", &["id"]);
const LAST_UPDATED: Parameter = date("_lastUpdated", &["meta/lastUpdated"]);
const PRIORITY: Parameter = code("priority", &["priority"], "http://hl7.org/fhir/request-priority");
const ACTIVE: Parameter = token("active", &["active"]);
const IDENTIFIER: Parameter = token("identifier", &["identifier"]);
const NAME: Parameter = Parameter { name: "name", test: Test::Text, places: &["name"] };
const AGENCY: &[&str] = &["Organization"];
const REQUEST: &[&str] = &["ServiceRequest"];
/// The person by an identifier that the caller may know: the pseudonym that it was given; for the service also its own
/// name for the person and the NHS number; for health services the NHS number that was sent to them.
pub(super) const PATIENT: &str = "patient:identifier";

/// `Task`
pub static TASK: Kind = Kind {
    name: "Task",
    parameters: &[
        ID,
        LAST_UPDATED,
        token("identifier", &["identifier"]),
        status("http://hl7.org/fhir/task-status"),
        token("business-status", &["businessStatus"]),
        PRIORITY,
        refers("owner", AGENCY, &["owner"]),
        refers("requester", AGENCY, &["requester"]),
        token(PATIENT, &["for/identifier"]),
        refers("focus", REQUEST, &["focus"]),
        refers("based-on", REQUEST, &["basedOn"]),
        date("authored-on", &["authoredOn"]),
    ],
    sorts: &["authored-on", "_lastUpdated"],
    includes: &[
        ("owner", "/owner", "Organization"),
        ("requester", "/requester", "Organization"),
        ("focus", "/focus", "ServiceRequest"),
    ],
    documentation: "One for each referral or advice to one recipient, for its sender and its recipient.",
    source: Source::Referral,
};

/// `ServiceRequest`
pub static SERVICE_REQUEST: Kind = Kind {
    name: "ServiceRequest",
    parameters: &[
        ID,
        LAST_UPDATED,
        IDENTIFIER,
        status("http://hl7.org/fhir/request-status"),
        PRIORITY,
        refers("requester", AGENCY, &["requester"]),
        refers("performer", AGENCY, &["performer"]),
        token(PATIENT, &["subject/identifier"]),
        date("authored", &["authoredOn"]),
    ],
    sorts: &["authored", "_lastUpdated"],
    includes: &[("requester", "/requester", "Organization"), ("performer", "/performer/0", "Organization")],
    documentation: "What was asked, as it was sent to this recipient. Consent is asked again at each read; after a \
                    withdrawal it is 410.",
    source: Source::Referral,
};

/// `Consent`
pub static CONSENT: Kind = Kind {
    name: "Consent",
    parameters: &[
        ID,
        LAST_UPDATED,
        status("http://hl7.org/fhir/consent-state-codes"),
        refers("actor", AGENCY, &["provision/provision/actor/reference"]),
        token(PATIENT, &["patient/identifier"]),
        date("date", &["dateTime"]),
    ],
    sorts: &["_lastUpdated"],
    includes: &[("actor", "/provision/provision/0/actor/0/reference", "Organization")],
    documentation: "Whole for the service that holds it; for a recipient its own part, once something was sent under \
                    it.",
    source: Source::Consent,
};

/// `Communication`
pub static COMMUNICATION: Kind = Kind {
    name: "Communication",
    parameters: &[
        ID,
        LAST_UPDATED,
        status("http://hl7.org/fhir/event-status"),
        token("category", &["category"]),
        refers("based-on", REQUEST, &["basedOn"]),
        refers("about", &["Task"], &["about"]),
        refers("sender", AGENCY, &["sender"]),
        refers("recipient", AGENCY, &["recipient"]),
        token(PATIENT, &["subject/identifier"]),
        date("sent", &["sent"]),
    ],
    sorts: &[],
    includes: &[("sender", "/sender", "Organization"), ("recipient", "/recipient/0", "Organization")],
    documentation: "What one side said to the other about a referral: questions, answers, notes. The words are sealed, \
                    so that no order of theirs can be asked for: those of the referral that moved last come first.",
    source: Source::Referral,
};

/// `Appointment`
pub static APPOINTMENT: Kind = Kind {
    name: "Appointment",
    parameters: &[
        ID,
        LAST_UPDATED,
        IDENTIFIER,
        status("http://hl7.org/fhir/appointmentstatus"),
        date("date", &["start"]),
        refers("based-on", REQUEST, &["basedOn"]),
        token(PATIENT, &["participant/actor/identifier"]),
    ],
    sorts: &["_lastUpdated"],
    includes: &[("based-on", "/basedOn/0", "ServiceRequest")],
    documentation: "The latest appointment that was booked for a referral.",
    source: Source::Referral,
};

/// `HealthcareService`
pub static HEALTHCARE_SERVICE: Kind = Kind {
    name: "HealthcareService",
    parameters: &[
        ID,
        LAST_UPDATED,
        IDENTIFIER,
        ACTIVE,
        NAME,
        refers("organization", AGENCY, &["providedBy"]),
        token("service-type", &["type"]),
    ],
    sorts: &["_id", "_lastUpdated"],
    includes: &[("organization", "/providedBy", "Organization"), ("endpoint", "/endpoint/0", "Endpoint")],
    documentation: "What a referral can be addressed to: one for each agency of the directory.",
    source: Source::Agency,
};

/// `Organization`
pub static ORGANIZATION: Kind = Kind {
    name: "Organization",
    parameters: &[ID, LAST_UPDATED, IDENTIFIER, ACTIVE, NAME, token("type", &["type"])],
    sorts: &["_id", "_lastUpdated"],
    includes: &[("endpoint", "/endpoint/0", "Endpoint")],
    documentation: "The agencies of the directory, as every partner may know them.",
    source: Source::Agency,
};

/// `Endpoint`
pub static ENDPOINT: Kind = Kind {
    name: "Endpoint",
    parameters: &[
        ID,
        LAST_UPDATED,
        status("http://hl7.org/fhir/endpoint-status"),
        NAME,
        refers("organization", AGENCY, &["managingOrganization"]),
        token("payload-type", &["payloadType"]),
    ],
    sorts: &["_id", "_lastUpdated"],
    includes: &[("organization", "/managingOrganization", "Organization")],
    documentation: "Where messages for an agency go: to this gateway, which carries them. No agency's own address.",
    source: Source::Agency,
};

/// `Location`
pub static LOCATION: Kind = Kind {
    name: "Location",
    parameters: &[
        ID,
        LAST_UPDATED,
        IDENTIFIER,
        status("http://hl7.org/fhir/location-status"),
        NAME,
        refers("organization", AGENCY, &["managingOrganization"]),
    ],
    sorts: &["_id", "_lastUpdated"],
    includes: &[("organization", "/managingOrganization", "Organization")],
    documentation: "Where an agency is found, by name.",
    source: Source::Agency,
};

/// `PractitionerRole`
pub static PRACTITIONER_ROLE: Kind = Kind {
    name: "PractitionerRole",
    parameters: &[
        ID,
        LAST_UPDATED,
        IDENTIFIER,
        ACTIVE,
        refers("organization", AGENCY, &["organization"]),
        refers("service", &["HealthcareService"], &["healthcareService"]),
        token("role", &["code"]),
    ],
    sorts: &["_id", "_lastUpdated"],
    includes: &[
        ("organization", "/organization", "Organization"),
        ("service", "/healthcareService/0", "HealthcareService"),
    ],
    documentation: "Whoever handles referrals at an agency. No person is named.",
    source: Source::Agency,
};

/// `Provenance`
pub static PROVENANCE: Kind = Kind {
    name: "Provenance",
    parameters: &[
        ID,
        LAST_UPDATED,
        refers("target", &["Task"], &["target"]),
        refers("agent", AGENCY, &["agent/who"]),
        date("recorded", &["recorded"]),
    ],
    sorts: &["recorded", "_lastUpdated"],
    includes: &[("target", "/target/0", "Task")],
    documentation: "Who did what to a Task that is the caller's. A search names the Task (target) or _id.",
    source: Source::Log,
};

/// `AuditEvent`
pub static AUDIT_EVENT: Kind = Kind {
    name: "AuditEvent",
    parameters: &[
        ID,
        LAST_UPDATED,
        refers("entity", &["Task", "Consent"], &["entity/what"]),
        refers("agent", AGENCY, &["agent/who"]),
        code("action", &["action"], "http://hl7.org/fhir/audit-event-action"),
        code("outcome", &["outcome"], "http://hl7.org/fhir/audit-event-outcome"),
        token("subtype", &["subtype"]),
        date("date", &["recorded"]),
    ],
    sorts: &["date", "_lastUpdated"],
    includes: &[],
    documentation: "The log entries of the caller's own acts, and for the service what was refused to others about what is its \
                    own; with entity, all those about a Task that the caller sent, or a Consent that it holds.",
    source: Source::Log,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A parameter that no code fits would find nothing, ever.
    #[test]
    fn every_code_is_of_a_system_that_the_program_has() {
        let program = crate::profile::check::Program::shared().unwrap();
        let parameters = ALL.iter().flat_map(|kind| kind.parameters);
        let systems: BTreeSet<&str> = parameters
            .filter_map(|parameter| match parameter.test {
                Test::Code(system) => Some(system),
                _ => None,
            })
            .collect();
        assert!(systems.len() > 5);
        for system in systems {
            assert!(program.terminology().has_system(system), "{system}");
        }
    }

    #[test]
    fn each_kind_and_parameter_stands_once_and_sorts_are_parameters() {
        let mut names = BTreeSet::new();
        for kind in ALL {
            assert!(names.insert(kind.name), "{}", kind.name);
            assert!(kind.documentation.ends_with('.'), "{}", kind.name);
            let query = kind.query();
            let once: BTreeSet<&str> = query.iter().copied().collect();
            assert_eq!(once.len(), query.len(), "{}", kind.name);
            assert!(kind.sorts.iter().all(|sort| once.contains(sort)), "{}", kind.name);
            assert!(
                ["_id", "_lastUpdated", "_count"].iter().all(|name| once.contains(name)),
                "{}",
                kind.name
            );
            assert!(Kind::named(kind.name).is_some_and(|found| found.name == kind.name));
        }
        assert!(Kind::named("Patient").is_none());
    }
}
