//! Who may have a token: an agency, or an information governance officer, who is none.

use super::scopes;
use crate::{
    directory::{Partner, PartnerStatus},
    exchange::{
        ports::{Read, Store},
        rows::OfficerRow,
    },
    ids::{PartnerId, SiteId},
};

/// What the client id of an officer begins with. No agency's does.
pub(super) const OFFICER: &str = "officer:";

/// Who may have a token.
#[derive(Clone)]
pub(super) enum Client {
    Agency(Partner),
    Officer(OfficerRow),
}

impl Client {
    /// The one of this OAuth client id, as it is registered now.
    pub(super) async fn find(store: &dyn Store, client_id: &str) -> Read<Option<Self>> {
        match client_id.strip_prefix(OFFICER) {
            Some(name) => Ok(store.officer(name).await?.map(Self::Officer)),
            None => Ok(store.partner_by_client(client_id).await?.map(Self::Agency)),
        }
    }

    pub(super) const fn site_id(&self) -> &SiteId {
        match self {
            Self::Agency(partner) => &partner.site_id,
            Self::Officer(officer) => &officer.site_id,
        }
    }

    /// `None` for an officer.
    pub(super) const fn partner_id(&self) -> Option<&PartnerId> {
        match self {
            Self::Agency(partner) => Some(&partner.partner_id),
            Self::Officer(_) => None,
        }
    }

    /// As the log names it.
    pub(super) fn actor(&self) -> String {
        match self {
            Self::Agency(partner) => partner.partner_id.to_string(),
            Self::Officer(officer) => format!("{OFFICER}{}", officer.name),
        }
    }

    pub(super) fn client_id(&self) -> String {
        match self {
            Self::Agency(partner) => partner.client_id.clone(),
            Self::Officer(_) => self.actor(),
        }
    }

    pub(super) fn has_certificate(&self, sha256: &str) -> bool {
        let registered = match self {
            Self::Agency(partner) => &partner.certificate_sha256,
            Self::Officer(officer) => &officer.certificate_sha256,
        };
        registered == sha256
    }

    pub(super) fn is_active(&self) -> bool {
        let status = match self {
            Self::Agency(partner) => partner.status,
            Self::Officer(officer) => officer.status,
        };
        status == PartnerStatus::Active
    }

    /// Its public keys; an officer has none, and shows a certificate.
    pub(super) fn jwks(&self) -> &str {
        match self {
            Self::Agency(partner) => &partner.jwks,
            Self::Officer(_) => "",
        }
    }

    /// The scopes that it may have.
    pub(super) fn scopes(&self) -> Vec<&'static str> {
        match self {
            Self::Agency(partner) => scopes::allowed(partner.kind),
            Self::Officer(_) => scopes::OFFICER.to_vec(),
        }
    }
}
