//! What is stored, as FHIR resources that can be read, each as one agency may see it.
//!
//! A file for each resource. They are made from plain parts that the use case hands over, and hold nothing that is
//! not among them. Not here: who may see what, and the messages that are sent (`fhir_message`).

mod agency;
mod appointment;
mod audit_event;
mod communication;
mod consent;
mod provenance;
mod service_request;
mod task;

use serde_json::{Map, Value, json};

use super::codes;
use crate::{clock::Moment, directory::Nature};

pub use agency::{endpoint, healthcare_service, location, organization, practitioner_role};
pub use appointment::{Booking, appointment};
pub use audit_event::{Logged, audit_event};
pub use communication::{Remark, communication};
pub use consent::{consent_part, consent_whole};
pub use provenance::{Act, provenance};
pub use service_request::{service_request, with_sent_content};
pub use task::{PERMITTED_ACTION, task};

/// A person as one agency may name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The system of the identifier.
    pub system: &'static str,
    /// The identifier.
    pub value: String,
}

impl Person {
    /// The pseudonym that one agency alone knows.
    #[must_use]
    pub const fn known_to_one(reference: String) -> Self {
        Self { system: codes::PERSON_REF, value: reference }
    }

    /// The service's own name for the person.
    #[must_use]
    pub const fn known_to_the_service(person: String) -> Self {
        Self { system: PERSON_ID, value: person }
    }

    fn reference(&self) -> Value {
        json!({"type": "Patient", "identifier": {"system": self.system, "value": self.value}})
    }
}

/// The service's own name for a person.
pub const PERSON_ID: &str = "https://keyway.example/Id/person";
/// The pseudonym of a person for one agency.
pub const PERSON_REFERENCE: &str = codes::PERSON_REF;
/// The NHS number.
pub const NHS_NUMBER: &str = codes::NHS_NUMBER;

/// Why a referral stands where it does.
#[derive(Clone, Copy, Debug)]
pub struct Why<'a> {
    /// Which of our code systems has the code.
    pub system: &'static str,
    /// The code; empty when there are only words.
    pub code: &'a str,
    /// The words for people: those of the code, never anybody's own.
    pub text: &'a str,
}

/// A referral as one agency may see it.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// Its id: that of its Task, its `ServiceRequest` and its Appointment.
    pub id: &'a str,
    /// Its version.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When this version began.
    pub updated_at: Moment,
    /// Referral or advice.
    pub nature: Nature,
    /// `Task.status`.
    pub status: &'a str,
    /// The finer word.
    pub business_status: &'a str,
    /// Why, as far as the agency may know.
    pub why: Option<Why<'a>>,
    /// Until when an answer is awaited, while one is.
    pub answer_by: Option<Moment>,
    /// `routine`, `urgent` or `emergency`.
    pub urgency: &'a str,
    /// Who asked.
    pub sender: &'a str,
    /// Who is asked.
    pub recipient: &'a str,
    /// The person, as this agency names them.
    pub person: &'a Person,
    /// How the recipient answered a recall.
    pub recall_answer: Option<&'a str>,
    /// What the agency may do now.
    pub permitted: &'a [&'a str],
}

impl Seen<'_> {
    fn priority(&self) -> &'static str {
        match self.urgency {
            "emergency" => "stat",
            "urgent" => "urgent",
            _ => "routine",
        }
    }

    fn identifier(&self) -> Value {
        json!([{"system": codes::REFERRAL_ID, "value": self.id}])
    }
}

fn organization_reference(id: &str) -> Value {
    json!({"reference": format!("Organization/{id}")})
}

/// Which version of it this is, since when, and the profile of ours that it keeps, where there is one.
fn meta(profile: Option<&str>, version: i64, at: Option<Moment>) -> Value {
    let mut meta = Map::new();
    meta.insert("versionId".into(), json!(version.to_string()));
    if let Some(at) = at {
        meta.insert("lastUpdated".into(), json!(at.to_rfc3339()));
    }
    if let Some(profile) = profile {
        meta.insert("profile".into(), json!([format!("{}{profile}", codes::OUR_PROFILES)]));
    }
    Value::Object(meta)
}

/// What concerns a person is marked as restricted.
fn restricted(profile: Option<&str>, version: i64, at: Moment) -> Value {
    let mut meta = meta(profile, version, Some(at));
    if let Some(meta) = meta.as_object_mut() {
        let label = json!([{
            "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R", "display": "restricted",
        }]);
        meta.insert("security".into(), label);
    }
    meta
}

/// One of our codes.
fn ours(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{}/{system}", codes::OURS), "code": code}]})
}

/// Adds a field, when there is something to say.
fn put(resource: &mut Value, field: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (resource.as_object_mut(), value) {
        fields.insert(field.to_owned(), value);
    }
}
