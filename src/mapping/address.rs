//! By what an agency is named in a message or in a header: its code, its id here, or where it gets its messages.

use super::{
    codes,
    frame::{organisation_code, organisation_system},
};
use crate::directory::{AgencyKind, Partner};

/// Whether an identifier is this agency's: its organisation code, or its id in the directory of this gateway.
#[must_use]
pub fn is_identified(partner: &Partner, system: &str, value: &str) -> bool {
    (system == organisation_system(partner) && value == organisation_code(partner))
        || (system == codes::AGENCY_ID && value == partner.partner_id.as_str())
}

/// Whether `endpoint` leads to this agency: `system|value`, its own server, its mailbox here; and for the liaison and
/// diversion service also the gateway's own address.
#[must_use]
pub fn is_addressed(partner: &Partner, base_url: &str, endpoint: &str) -> bool {
    let by_identifier =
        endpoint.rsplit_once('|').is_some_and(|(system, value)| is_identified(partner, system, value));
    let here = endpoint.strip_prefix(base_url);
    let mailbox = here.and_then(|path| path.strip_prefix("/messageexchange/"));
    by_identifier
        || partner.endpoint.as_deref() == Some(endpoint)
        || mailbox == Some(partner.partner_id.as_str())
        || (partner.kind == AgencyKind::LiaisonDiversion && here == Some("/fhir"))
}
