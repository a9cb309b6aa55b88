//! Officers who may ask over HTTP: each by name, with the certificate that shows who it is.

use serde::Serialize;

use super::{Look, Officer};
use crate::{
    audit::Kind,
    directory::PartnerStatus,
    exchange::{
        Exchange,
        ports::{CommitError, Write},
        refusal::{Refusal, Refused},
        rows::OfficerRow,
    },
    ids::SiteId,
    limits::OFFICERS_MAX,
};

/// The officers of a site.
#[derive(Clone, Debug, Serialize)]
pub struct Officers {
    /// By name.
    pub officers: Vec<OfficerRow>,
}

impl Exchange {
    /// The officers who may ask over HTTP.
    ///
    /// # Errors
    /// The question cannot be put on record.
    pub async fn officers(&self, site: &SiteId, officer: &Officer) -> Result<Officers, Refusal> {
        self.asked(site, officer, Look { question: "officers", ..Look::default() }).await?;
        Ok(Officers { officers: self.store.officers(site).await? })
    }

    /// Enters an officer, new or with another certificate, or takes one's access away; from its next call on that counts. The
    /// change is an entry in the log. `certificate_sha256` is `None` for the one that is entered.
    ///
    /// # Errors
    /// The name is no account's, or another site's; the certificate is another's; there are too many; or it cannot be recorded.
    pub async fn enter_officer(
        &self,
        site: &SiteId,
        by: &Officer,
        named: &Officer,
        certificate_sha256: Option<String>,
        status: PartnerStatus,
    ) -> Result<OfficerRow, Refusal> {
        let wrong =
            |place: &str, text: &str| Refusal::new(Refused::Unprocessable, "business-rule", place, text);
        let known = self.store.officers(site).await?;
        let entered = known.iter().find(|one| one.name == named.name);
        let certificate = certificate_sha256.or_else(|| entered.map(|one| one.certificate_sha256.clone()));
        let Some(certificate_sha256) = certificate else {
            return Err(wrong("certificate", "A new officer needs a client certificate of their own."));
        };
        if entered.is_none() && known.len() >= OFFICERS_MAX {
            return Err(wrong("name", "There are as many officers as one gateway takes."));
        }
        let partners = self.store.partners(site).await?;
        if partners.iter().any(|one| one.certificate_sha256 == certificate_sha256) {
            return Err(wrong(
                "certificate",
                "An agency has this certificate. An officer is one person and has one of their own.",
            ));
        }
        let now = self.now();
        let row = OfficerRow {
            name: named.name.clone(),
            site_id: site.clone(),
            certificate_sha256,
            status,
            changed_at: now,
        };
        let note = self
            .note(site, now, Kind::DirectoryChanged, &by.actor())
            .about("officer", &row.name)
            .about("certificate", &row.certificate_sha256)
            .fact("what", "officer")
            .fact("status", status.as_str());
        match self.commit(vec![Write::Officer(row.clone()), note.write()], Vec::new()).await {
            Ok(()) => Ok(row),
            Err(CommitError::Exists(_)) => Err(Refusal::new(
                Refused::Conflict,
                "conflict",
                "name",
                "Another officer has this certificate, or another site this name. Nothing was changed.",
            )),
            Err(other) => Err(other.into()),
        }
    }
}
