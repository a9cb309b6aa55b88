//! Who is calling, as `identity` established it.

use super::ig::Officer;
use crate::{
    directory::AgencyKind,
    ids::{PartnerId, SiteId},
};

/// An authenticated partner: certificate and token agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant.
    pub site_id: SiteId,
    /// The agency.
    pub partner_id: PartnerId,
    /// What it is.
    pub kind: AgencyKind,
    /// What its token allows: `system/Task.rs`, `keyway/assessments.c` and the like.
    pub scopes: Vec<String>,
    /// The token's `jti`, for the audit.
    pub token_id: String,
    /// SHA-256 of the certificate, lower-case hex.
    pub certificate_sha256: String,
}

/// An information governance officer, whose certificate and token agree. It is no agency, and nothing that agencies may do is
/// open to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerCaller {
    /// The tenant.
    pub site_id: SiteId,
    /// Who it is.
    pub officer: Officer,
}

impl Caller {
    /// Whether it is the liaison and diversion service, which knows the people, holds their consents and keeps the log.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.kind == AgencyKind::LiaisonDiversion
    }
}
