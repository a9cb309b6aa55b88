//! The agencies of the directory, as every partner may know them: Organization, `HealthcareService`, Endpoint, Location
//! and `PractitionerRole`. No person is named, and no agency's own address: whoever writes to one writes to the gateway.

use serde_json::{Value, json};

use super::{codes, meta, organization_reference, ours};
use crate::{
    clock::Moment,
    directory::{Partner, PartnerStatus},
    mapping::frame::{organisation_code, organisation_system},
};

fn active(agency: &Partner) -> bool {
    agency.status == PartnerStatus::Active
}

fn identifiers(agency: &Partner) -> Value {
    let mut identifiers = vec![json!({"system": codes::AGENCY_ID, "value": agency.partner_id.as_str()})];
    let code = organisation_code(agency);
    if !code.is_empty() {
        identifiers.push(json!({"system": organisation_system(agency), "value": code}));
    }
    Value::Array(identifiers)
}

/// The agency.
#[must_use]
pub fn organization(agency: &Partner, since: Option<Moment>) -> Value {
    json!({
        "resourceType": "Organization",
        "id": agency.partner_id.as_str(),
        "meta": meta(Some("ld-organization"), agency.version, since),
        "identifier": identifiers(agency),
        "active": active(agency),
        "type": [ours("agency-kind", agency.kind.as_str())],
        "name": agency.name,
        "endpoint": [{"reference": format!("Endpoint/{}", agency.partner_id)}],
    })
}

/// What it offers, as something that a referral can be addressed to.
#[must_use]
pub fn healthcare_service(agency: &Partner, since: Option<Moment>) -> Value {
    json!({
        "resourceType": "HealthcareService",
        "id": agency.partner_id.as_str(),
        "meta": meta(Some("ld-healthcare-service"), agency.version, since),
        "identifier": identifiers(agency),
        "active": active(agency),
        "providedBy": organization_reference(agency.partner_id.as_str()),
        "type": [ours("agency-kind", agency.kind.as_str())],
        "location": [{"reference": format!("Location/{}", agency.partner_id)}],
        "name": agency.name,
        "endpoint": [{"reference": format!("Endpoint/{}", agency.partner_id)}],
    })
}

/// Where messages for it go: to the gateway, for all of them. `gateway` is the address of FHIR here.
#[must_use]
pub fn endpoint(agency: &Partner, since: Option<Moment>, gateway: &str) -> Value {
    json!({
        "resourceType": "Endpoint",
        "id": agency.partner_id.as_str(),
        "meta": meta(None, agency.version, since),
        "status": if active(agency) { "active" } else { "suspended" },
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "code": "hl7-fhir-msg",
        },
        "name": agency.name,
        "managingOrganization": organization_reference(agency.partner_id.as_str()),
        "payloadType": [ours("channel", agency.channel.as_str())],
        "payloadMimeType": ["application/fhir+json"],
        "address": format!("{gateway}/$process-message"),
    })
}

/// Where it is found: so far, by name only.
#[must_use]
pub fn location(agency: &Partner, since: Option<Moment>) -> Value {
    json!({
        "resourceType": "Location",
        "id": agency.partner_id.as_str(),
        "meta": meta(Some("ld-location"), agency.version, since),
        "identifier": identifiers(agency),
        "status": if active(agency) { "active" } else { "suspended" },
        "name": agency.name,
        "mode": "instance",
        "managingOrganization": organization_reference(agency.partner_id.as_str()),
    })
}

/// Whoever handles referrals there. Nobody by name: messages are addressed to the agency. So it does not declare our
/// profile, which asks who it is.
#[must_use]
pub fn practitioner_role(agency: &Partner, since: Option<Moment>) -> Value {
    json!({
        "resourceType": "PractitionerRole",
        "id": agency.partner_id.as_str(),
        "meta": meta(None, agency.version, since),
        "identifier": identifiers(agency),
        "active": active(agency),
        "organization": organization_reference(agency.partner_id.as_str()),
        "code": [ours("agency-role", "referral-handler")],
        "healthcareService": [{"reference": format!("HealthcareService/{}", agency.partner_id)}],
        "endpoint": [{"reference": format!("Endpoint/{}", agency.partner_id)}],
    })
}
