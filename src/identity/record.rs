//! Audit entries about access: who was refused, and to whom a token was issued.

use super::Identity;
use crate::{
    audit::{Entry, Kind},
    directory::Partner,
    exchange::{authority::PeerCertificate, ports::Write, rows::AuditRow},
    ids::EntryId,
};

impl Identity {
    /// An entry as a write. Of an unknown caller only the certificate's fingerprint is told.
    pub(super) fn entry(
        &self,
        kind: Kind,
        partner: Option<&Partner>,
        peer: Option<&PeerCertificate>,
        facts: Vec<(&'static str, String)>,
    ) -> Write {
        let at = self.mint.clock().now();
        let site_id = partner.map_or(&self.site_id, |p| &p.site_id).clone();
        let entry_id = EntryId::fresh(&self.mint);
        let mut about = Vec::new();
        if let Some(partner) = partner {
            about.push(("partner", partner.partner_id.to_string()));
        }
        if let Some(peer) = peer {
            about.push(("certificate", peer.sha256_hex()));
        }
        let actor = partner.map_or_else(|| String::from("unknown"), |p| p.partner_id.to_string());
        let entry = Entry {
            entry_id: entry_id.clone(),
            site_id: site_id.clone(),
            at,
            kind,
            actor,
            about,
            facts,
            content_sha256: None,
        };
        Write::Audit(AuditRow {
            site_id,
            entry_id,
            at,
            kind: kind.as_str(),
            person_id: None,
            referral_id: None,
            partner_id: partner.map(|p| p.partner_id.clone()),
            leaf: entry.leaf(),
            content: None,
        })
    }

    /// Records a refusal. When that fails the refusal stands all the same, and the failure is logged.
    pub(super) async fn record_refusal(
        &self,
        partner: Option<&Partner>,
        peer: Option<&PeerCertificate>,
        why: &'static str,
    ) {
        let write = self.entry(Kind::AccessRefused, partner, peer, vec![("reason", String::from(why))]);
        if let Err(error) = self.store.commit(vec![write], Vec::new()).await {
            tracing::error!(reason = why, error = %error, "a refusal could not be recorded");
        }
    }
}
