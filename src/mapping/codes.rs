//! Code systems and profiles by name. Where the reference data do not show a published code, the system is ours.

use super::{messages, tree::Tree};
use crate::assessment::Form;

/// Our profiles and extensions.
pub const OUR_PROFILES: &str = "https://keyway.example/fhir/StructureDefinition/";
/// Our code systems.
pub(super) const OURS: &str = "https://keyway.example/fhir/CodeSystem";
/// Our identifier systems.
pub(super) const ID: &str = "https://keyway.example/Id";
/// A referral's id.
pub(super) const REFERRAL_ID: &str = "https://keyway.example/Id/referral";
/// A document: each disclosure has another.
pub(super) const DOCUMENT_ID: &str = "https://keyway.example/Id/document";
/// A contact between the person and the service, as seen by one recipient.
pub(super) const CONTACT_ID: &str = "https://keyway.example/Id/contact";
/// The pseudonym of a person for one recipient.
pub(super) const PERSON_REF: &str = "https://keyway.example/Id/ldref";
/// A sender's own, lasting reference for a person, as its native messages have it.
pub(super) const PERSON_ID: &str = "https://keyway.example/Id/person";
/// An agency of the directory.
pub(super) const AGENCY_ID: &str = "https://keyway.example/Id/agency";

/// A service in the Directory of Services, by which BaRS addresses it.
pub(super) const DOS_SERVICE: &str = "https://fhir.nhs.uk/Id/dos-service-id";

/// A form of the assessment as a questionnaire: both versions of the one for adults are one.
pub(super) const fn questionnaire(form: Form) -> &'static str {
    match form {
        Form::Adult1 | Form::Adult2 => "https://keyway.example/fhir/Questionnaire/ld-assessment-adult",
        Form::Youth => "https://keyway.example/fhir/Questionnaire/ld-assessment-youth",
        Form::CourtShort => "https://keyway.example/fhir/Questionnaire/ld-assessment-court-short",
    }
}

/// BaRS: what a message is about.
pub(super) const MESSAGE_EVENTS: &str = "https://fhir.nhs.uk/CodeSystem/message-events-bars";
/// BaRS: why a message is sent.
pub(super) const MESSAGE_REASON: &str = "https://fhir.nhs.uk/CodeSystem/message-reason-bars";
/// BaRS: referral or validation.
pub(super) const MESSAGE_CATEGORY: &str = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest";
/// The codes of BaRS that decide how a message is read, with their systems, as they are published. A partner may be
/// forgiven another case.
pub const READ_BY_NAME: [(&str, &[&str]); 4] = [
    (
        MESSAGE_EVENTS,
        &[messages::REQUEST, messages::RESPONSE, messages::NOT_OFFERED[0], messages::NOT_OFFERED[1]],
    ),
    (MESSAGE_REASON, &["new", "update", "delete"]),
    (MESSAGE_CATEGORY, &["referral", "validation"]),
    (REJECTED_REASONS, &["RRNA"]),
];
/// BaRS: what a flag is about.
pub(super) const FLAG_CATEGORIES: &str = "https://fhir.nhs.uk/CodeSystem/flag-categories-bars";
/// BaRS: what a consent is about.
pub(super) const CONSENT_CATEGORIES: &str = "https://fhir.nhs.uk/CodeSystem/consent-categories-bars";
/// BaRS: why a request is refused.
pub(super) const REJECTED_REASONS: &str = "https://fhir.nhs.uk/CodeSystem/rejected-reasons-bars";
/// BaRS: the message bundle.
pub(super) const BARS_BUNDLE: &str = "https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage";
/// BaRS: the header of a request.
pub(super) const BARS_REQUEST_HEADER: &str =
    "https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-servicerequest-request";
/// BaRS: the header of a response.
pub(super) const BARS_RESPONSE_HEADER: &str =
    "https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-servicerequest-response";
/// BaRS: a referral.
pub(super) const BARS_REFERRAL: &str =
    "https://fhir.nhs.uk/StructureDefinition/BARSServiceRequest-request-referral";

/// The NHS number.
pub(super) const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
/// An ODS organisation code.
pub(super) const ODS_ORGANISATION: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
/// SNOMED CT.
pub(super) const SNOMED: &str = "http://snomed.info/sct";
/// UK Core's practice settings.
pub(super) const PRACTICE_SETTING: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode";
/// HL7 v3 acts.
pub(super) const V3_ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// A profile or an extension of ours.
macro_rules! ours {
    ($name:literal) => {
        concat!("https://keyway.example/fhir/StructureDefinition/", $name)
    };
}
pub(super) use ours;

/// A code system of ours.
macro_rules! our_codes {
    ($name:literal) => {
        concat!("https://keyway.example/fhir/CodeSystem/", $name)
    };
}
pub(super) use our_codes;

/// A UK Core profile of a resource.
macro_rules! uk_core {
    ($resource:literal) => {
        concat!("https://fhir.hl7.org.uk/StructureDefinition/UKCore-", $resource)
    };
}
pub(super) use uk_core;

/// A UK Core extension.
macro_rules! uk_core_extension {
    ($name:literal) => {
        concat!("https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-", $name)
    };
}
pub(super) use uk_core_extension;

/// A code with its published text.
pub(super) fn coding(system: &'static str, code: &'static str, display: &'static str) -> Tree {
    Tree::object([("system", system.into()), ("code", code.into()), ("display", display.into())])
}

/// How sensitive what is sent is.
pub(super) fn restricted() -> Tree {
    coding("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R", "restricted")
}

/// That something was kept back: it must not be taken for all that is known.
pub(super) fn subsetted() -> Tree {
    coding("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED", "subsetted")
}
