//! Audit entries about access: who was refused, and to whom a token was issued.

use super::{Identity, client::Client};
use crate::{
    audit::{Entry, Kind},
    exchange::{authority::PeerCertificate, ports::Write, rows::AuditRow},
    ids::EntryId,
};

impl Identity {
    /// An entry as a write. Of an unknown caller only the certificate's fingerprint is told.
    pub(super) fn entry(
        &self,
        kind: Kind,
        client: Option<&Client>,
        peer: Option<&PeerCertificate>,
        facts: Vec<(&'static str, String)>,
    ) -> Write {
        let at = self.mint.clock().now();
        let site_id = client.map_or(&self.site_id, Client::site_id).clone();
        let partner = client.and_then(Client::partner_id);
        let entry_id = EntryId::fresh(&self.mint);
        let mut about = Vec::new();
        if let Some(partner) = partner {
            about.push(("partner", partner.to_string()));
        }
        if let Some(peer) = peer {
            about.push(("certificate", peer.sha256_hex()));
        }
        let actor = client.map_or_else(|| String::from("unknown"), Client::actor);
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
            partner_id: partner.cloned(),
            leaf: entry.leaf(),
            content: None,
        })
    }

    /// Records a refusal. When that fails the refusal stands all the same, and the failure is logged.
    pub(super) async fn record_refusal(
        &self,
        client: Option<&Client>,
        peer: Option<&PeerCertificate>,
        why: &'static str,
    ) {
        let write = self.entry(Kind::AccessRefused, client, peer, vec![("reason", String::from(why))]);
        if let Err(error) = self.store.commit(vec![write], Vec::new()).await {
            tracing::error!(reason = why, error = %error, "a refusal could not be recorded");
        }
    }
}
