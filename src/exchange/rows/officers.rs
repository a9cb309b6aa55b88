//! Information governance officers who ask over HTTP.

use serde::Serialize;

use crate::{clock::Moment, directory::PartnerStatus, ids::SiteId};

/// An officer, and the certificate that shows who it is. It is no agency: nothing is sent to it, and nothing is taken from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfficerRow {
    /// The name in the log, as of an account; one gateway knows each name once.
    pub name: String,
    /// The tenant.
    pub site_id: SiteId,
    /// SHA-256 of the client certificate (DER), lower-case hex. No two officers have the same.
    pub certificate_sha256: String,
    /// Whether it is let in.
    pub status: PartnerStatus,
    /// When this was entered.
    #[serde(skip)]
    pub changed_at: Moment,
}
