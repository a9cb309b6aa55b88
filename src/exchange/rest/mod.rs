//! The REST face: FHIR resources of what is stored, for what the caller may see and nothing else.
//!
//! `kinds` is the table of what there is and what it can be searched by; `asked` understands a search, `search` makes the
//! page, `walk` is its way through the records, `read` one resource; each source of resources has a file. What is shown is on record before it is shown. Not here:
//! what a resource looks like (`mapping::fhir_rest`), routes and headers (`http`).

mod agencies;
mod asked;
mod consents;
mod content;
mod included;
mod kinds;
mod log;
mod page;
mod pages;
mod people;
mod read;
mod referrals;
mod search;
mod shown;
mod sight;
mod walk;
mod writing;

pub(super) use search::{encoded, outcome};
pub use writing::{Returning, Terms};

pub use kinds::{
    ALL, APPOINTMENT, AUDIT_EVENT, COMMUNICATION, CONSENT, ENDPOINT, HEALTHCARE_SERVICE, Kind, LOCATION,
    ORGANIZATION, PRACTITIONER_ROLE, PROVENANCE, RESULT_PARAMETERS, SERVICE_REQUEST, TASK,
};
