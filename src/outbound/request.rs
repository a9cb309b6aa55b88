//! From a parcel to the head of a request, for each channel.

use std::net::IpAddr;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};

use super::{address::AddressPolicy, use_context, webhook};
use crate::{
    clock::Moment,
    directory::{Channel, Partner},
    exchange::ports::Parcel,
};

/// The media type and version that BaRS partners are asked to answer in (BaRS 1.4.0, HTTP headers).
const BARS_ACCEPT: &str = "application/fhir+json; version=1.4.0";

/// Why no request can be made from a parcel. Its text is the outcome code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsendable {
    /// The partner collects, or has no endpoint.
    #[error("no-endpoint")]
    NoEndpoint,
    /// The endpoint is not an `https` URL without user information.
    #[error("endpoint-invalid")]
    EndpointInvalid,
    /// The endpoint is a literal address that may not be connected to.
    #[error("address-refused")]
    AddressRefused,
    /// The partner's organisation code is not `system|value`.
    #[error("organisation-code-invalid")]
    OrganisationCode,
    /// An id or media type cannot stand in a header.
    #[error("header-invalid")]
    Header,
}

/// Where the request goes and what stands above its body.
pub(super) struct Head {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

/// Makes the head of the request that carries `parcel`.
pub(super) fn head(
    parcel: &Parcel,
    policy: AddressPolicy,
    key: &Ed25519KeyPair,
    now: Moment,
) -> Result<Head, Unsendable> {
    let mut url = endpoint(&parcel.partner, policy)?;
    let mut headers = HeaderMap::new();
    put(&mut headers, CONTENT_TYPE, &parcel.content_type)?;
    put(&mut headers, HeaderName::from_static("x-correlation-id"), &parcel.correlation_id)?;
    if let Some(receipt) = &parcel.receipt {
        put(&mut headers, HeaderName::from_static("keyway-receipt"), receipt)?;
    }
    let id = parcel.message_id.as_str();
    match parcel.partner.channel {
        Channel::FhirPush => {
            url.path_segments_mut()
                .map_err(|()| Unsendable::EndpointInvalid)?
                .pop_if_empty()
                .push("$process-message");
            put(&mut headers, ACCEPT, BARS_ACCEPT)?;
            put(&mut headers, HeaderName::from_static("x-request-id"), id)?;
            let target = target_identifier(&parcel.partner.organisation_code)?;
            put(&mut headers, HeaderName::from_static("nhsd-target-identifier"), &target)?;
            let organisation = end_user_organisation(&parcel.sender)?;
            put(&mut headers, HeaderName::from_static("nhsd-end-user-organisation"), &organisation)?;
            put(&mut headers, HeaderName::from_static("nhsd-requesting-software"), &requesting_software())?;
            if let Some(context) = use_context::of_message(&parcel.body) {
                put(&mut headers, HeaderName::from_static("use-context"), &context)?;
            }
        }
        Channel::EventPush => {
            let timestamp = webhook::timestamp(now);
            let signature = webhook::signature(key, id, &timestamp, &parcel.body);
            put(&mut headers, ACCEPT, "application/json")?;
            put(&mut headers, HeaderName::from_static("webhook-id"), id)?;
            put(&mut headers, HeaderName::from_static("webhook-timestamp"), &timestamp)?;
            put(&mut headers, HeaderName::from_static("webhook-signature"), &signature)?;
        }
        Channel::Mailbox | Channel::Guest => return Err(Unsendable::NoEndpoint),
    }
    Ok(Head { url, headers })
}

/// The partner's endpoint: `https`, no user information, and no literal address that the policy refuses.
fn endpoint(partner: &Partner, policy: AddressPolicy) -> Result<Url, Unsendable> {
    let text = partner.endpoint.as_deref().ok_or(Unsendable::NoEndpoint)?;
    let url = Url::parse(text).map_err(|_| Unsendable::EndpointInvalid)?;
    let host = url.host_str().ok_or(Unsendable::EndpointInvalid)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if url.scheme() != "https" || !plain {
        return Err(Unsendable::EndpointInvalid);
    }
    // A literal address never meets the resolver. The URL parser has already undone spellings such as 0x7f.1.
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if literal.is_ok_and(|address| !policy.allows(address)) {
        return Err(Unsendable::AddressRefused);
    }
    Ok(url)
}

/// `NHSD-Target-Identifier`: standard base64 of `{"value":…,"system":…}`, from `system|value`.
fn target_identifier(organisation_code: &str) -> Result<String, Unsendable> {
    let (system, value) = organisation_code.split_once('|').ok_or(Unsendable::OrganisationCode)?;
    let identifier = serde_json::json!({ "value": value, "system": system });
    Ok(STANDARD.encode(identifier.to_string()))
}

/// `NHSD-End-User-Organisation`: on whose behalf the message is sent. Who of its people is behind it is said in the
/// message, to its receiver alone, and not in a header (`NHSD-Requesting-Practitioner` is optional).
fn end_user_organisation(sender: &Partner) -> Result<String, Unsendable> {
    let (system, value) = sender.organisation_code.split_once('|').ok_or(Unsendable::OrganisationCode)?;
    let organisation = serde_json::json!({
        "resourceType": "Organization",
        "identifier": [{ "system": system, "value": value }],
        "name": sender.name,
    });
    Ok(STANDARD.encode(organisation.to_string()))
}

/// `NHSD-Requesting-Software`: this program and its version.
fn requesting_software() -> String {
    let device = serde_json::json!({
        "resourceType": "Device",
        "identifier": [{ "system": "https://keyway.example/Id/software", "value": "keyway" }],
        "deviceName": [{ "name": "Keyway", "type": "manufacturer-name" }],
        "version": [{ "value": env!("CARGO_PKG_VERSION") }],
    });
    STANDARD.encode(device.to_string())
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), Unsendable> {
    headers.insert(name, HeaderValue::from_str(value).map_err(|_| Unsendable::Header)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{AddressPolicy, Unsendable, endpoint, target_identifier};
    use crate::outbound::tests::parcel::partner_at;

    #[test]
    fn endpoints_that_could_lead_astray_are_refused() {
        for (text, expected) in [
            ("http://cmht.example/fhir", Unsendable::EndpointInvalid),
            ("https://user:word@cmht.example/fhir", Unsendable::EndpointInvalid),
            ("https://cmht.example/fhir#part", Unsendable::EndpointInvalid),
            ("cmht.example", Unsendable::EndpointInvalid),
            ("https://127.0.0.1/", Unsendable::AddressRefused),
            ("https://0x7f.1/", Unsendable::AddressRefused),
            ("https://2130706433/", Unsendable::AddressRefused),
            ("https://[::1]/", Unsendable::AddressRefused),
            ("https://[::ffff:169.254.169.254]/", Unsendable::AddressRefused),
            ("https://10.1.2.3:8443/", Unsendable::AddressRefused),
        ] {
            let refused = endpoint(&partner_at(text), AddressPolicy::default()).unwrap_err();
            assert_eq!(refused, expected, "{text}");
        }
        let rehearsal = AddressPolicy { allow_loopback: true };
        endpoint(&partner_at("https://127.0.0.1:9000/fhir"), rehearsal).unwrap();
        endpoint(&partner_at("https://cmht.example/fhir/"), AddressPolicy::default()).unwrap();
    }

    #[test]
    fn the_target_identifier_is_base64_of_value_and_system() {
        let text = target_identifier("https://fhir.nhs.uk/Id/dos-service-id|2000011147").unwrap();
        assert_eq!(
            text,
            "eyJ2YWx1ZSI6IjIwMDAwMTExNDciLCJzeXN0ZW0iOiJodHRwczovL2ZoaXIubmhzLnVrL0lkL2Rvcy1zZXJ2aWNlLWlkIn0="
        );
        assert_eq!(target_identifier("2000011147").unwrap_err(), Unsendable::OrganisationCode);
    }
}
