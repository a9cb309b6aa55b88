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

/// The same, where a system may be spelt in another case or with `http`: enough to know somebody else by.
#[must_use]
pub fn is_spelt_as(partner: &Partner, system: &str, value: &str) -> bool {
    (of_the_same_list(partner, system) && value == organisation_code(partner))
        || (is_same(system, codes::AGENCY_ID) && value == partner.partner_id.as_str())
}

/// Whether a system is the one that this agency's organisation code is of, however it is spelt.
#[must_use]
pub fn of_the_same_list(partner: &Partner, system: &str) -> bool {
    is_same(system, &organisation_system(partner))
}

fn is_same(one: &str, other: &str) -> bool {
    let plain = |system: &str| {
        let lower = system.to_ascii_lowercase();
        lower.strip_prefix("http://").map(|rest| format!("https://{rest}")).unwrap_or(lower)
    };
    plain(one) == plain(other)
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
