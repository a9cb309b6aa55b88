//! An agency for tests.

use super::{AgencyKind, Channel, Partner, PartnerStatus};
use crate::ids::{PartnerId, SiteId};

impl Partner {
    /// An agency of the site `harbour` that calls for its mailbox. What a test is about it changes itself.
    pub(crate) fn given(id: &str, kind: AgencyKind) -> Self {
        Self {
            site_id: SiteId::parse("harbour").unwrap(),
            partner_id: PartnerId::parse(id).unwrap(),
            kind,
            name: String::from("An agency"),
            organisation_code: String::from("test|1"),
            channel: Channel::Mailbox,
            endpoint: None,
            client_id: id.to_owned(),
            certificate_sha256: String::new(),
            jwks: String::new(),
            status: PartnerStatus::Active,
            forgives: Vec::new(),
            service: None,
            version: 1,
        }
    }
}
