//! What came in is kept as received, sealed, and recognised when it comes again. What matches nothing is kept too,
//! and flagged.

use serde_json::json;

use super::{
    Answer, Exchange, MailboxSend,
    caller::Caller,
    message::Incoming,
    ports::{Write, WriteSet},
    refusal::{Refusal, Refused},
    rows::{InboundRow, ReferralRow, Sealed},
};
use crate::{
    audit::{Kind, merkle::sha256},
    ids::InboundId,
    vault::ContentKey,
};

/// The kind of what came in and answers nothing of ours.
pub(super) const UNMATCHED: &str = "unmatched";

impl Exchange {
    /// The answer that this mailbox message got before, by its local id.
    pub(super) async fn sent_before(
        &self,
        caller: &Caller,
        send: &MailboxSend,
    ) -> Result<Option<Answer>, Refusal> {
        let Some(local) = &send.local_id else { return Ok(None) };
        let Some(first) =
            self.store.inbound(&caller.site_id, &caller.partner_id, &mailbox_key(local)).await?
        else {
            return Ok(None);
        };
        if first.body_sha256 != sha256(&send.body) {
            let mut refusal = seen_before(&first, &send.body);
            refusal.issues.iter_mut().for_each(|issue| issue.path = String::from("mex-LocalID"));
            return Err(refusal);
        }
        let mut again = Answer::json(202, &json!({"message_id": first.inbound_id}));
        again.repeated = true;
        Ok(Some(again))
    }

    /// A mailbox message, kept as received. Its key for duplicates is the sender's local id, or its own.
    pub(super) fn mailbox_inbound(
        &self,
        caller: &Caller,
        send: &MailboxSend,
        referral: &ReferralRow,
        key: &ContentKey,
    ) -> (Write, String) {
        let message_key = send.local_id.as_ref().map_or_else(|| self.mint.uuid(), |id| mailbox_key(id));
        let write = self.inbound(caller, &message_key, &send.workflow, referral, key, &send.body);
        let id = match &write {
            Write::Inbound(row) => row.inbound_id.to_string(),
            _ => String::new(),
        };
        (write, id)
    }

    pub(super) fn inbound(
        &self,
        caller: &Caller,
        message_key: &str,
        kind: &str,
        referral: &ReferralRow,
        key: &ContentKey,
        body: &[u8],
    ) -> Write {
        let inbound_id = InboundId::fresh(&self.mint);
        Write::Inbound(InboundRow {
            site_id: caller.site_id.clone(),
            partner_id: caller.partner_id.clone(),
            message_key: message_key.to_owned(),
            kind: kind.to_owned(),
            referral_id: Some(referral.referral_id.clone()),
            person_id: Some(referral.person_id.clone()),
            received_at: self.now(),
            body_sha256: sha256(body),
            body: self.vault.seal(key, &format!("inbound:{inbound_id}"), body),
            inbound_id,
        })
    }

    /// What came before in this very message, by its own id. A receiver that sends it again under a new `X-Request-Id` does not
    /// mean it twice.
    pub(super) async fn bundle_before(&self, incoming: &Incoming<'_>) -> Result<Option<InboundRow>, Refusal> {
        let (caller, key) = (incoming.caller, bundle_key(incoming.bundle_id));
        Ok(self.store.inbound(&caller.site_id, &caller.partner_id, &key).await?)
    }

    /// Keeps, beside the message among `writes` that took effect, that its own id is used: without its bytes.
    pub(super) fn bundle_used(&self, incoming: &Incoming<'_>, writes: &mut WriteSet) {
        let kept = writes.iter().find_map(|write| match write {
            Write::Inbound(row) => Some(row),
            _ => None,
        });
        let used = kept.map(|row| InboundRow {
            inbound_id: InboundId::fresh(&self.mint),
            message_key: bundle_key(incoming.bundle_id),
            body: Sealed(Vec::new()),
            ..row.clone()
        });
        writes.extend(used.map(Write::Inbound));
    }

    /// An answer that quotes nothing of ours is kept under the site's key and flagged; it moves nothing.
    pub(super) async fn keep_unmatched(
        &self,
        caller: &Caller,
        request_id: &str,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let inbound_id = InboundId::fresh(&self.mint);
        let (site, now) = (&caller.site_id, self.now());
        let key = self.vault.site_key(site);
        let writes = vec![
            Write::Inbound(InboundRow {
                site_id: site.clone(),
                partner_id: caller.partner_id.clone(),
                message_key: request_id.to_owned(),
                kind: String::from(UNMATCHED),
                referral_id: None,
                person_id: None,
                received_at: now,
                body_sha256: sha256(body),
                body: self.vault.seal(&key, &format!("inbound:{inbound_id}"), body),
                inbound_id: inbound_id.clone(),
            }),
            self.note(site, now, Kind::Received, caller.partner_id.as_str())
                .about("inbound", &inbound_id)
                .partner(&caller.partner_id)
                .fact("matched", "no")
                .fact("body-hmac", &self.keyed_digest(site, body))
                .write(),
        ];
        Ok(self.commit(writes, Vec::new()).await?)
    }
}

/// The key under which a FHIR message is recognised by its own id, whatever stood above it when it was sent again.
fn bundle_key(bundle_id: &str) -> String {
    format!("bundle:{bundle_id}")
}

/// The key under which a mailbox message is recognised.
fn mailbox_key(local_id: &str) -> String {
    format!("mailbox:{local_id}")
}

/// The same of a message that is known by its own id.
pub(super) fn bundle_seen_before(first: &InboundRow, body: &[u8]) -> Refusal {
    let mut refusal = seen_before(first, body);
    refusal.issues.iter_mut().for_each(|issue| issue.path = String::from("Bundle.id"));
    refusal
}

pub(super) fn seen_before(first: &InboundRow, body: &[u8]) -> Refusal {
    let same = first.body_sha256 == sha256(body);
    let mut refusal = if same {
        Refusal::new(
            Refused::Duplicate,
            "duplicate",
            "X-Request-Id",
            "This message was already processed; it took effect once.",
        )
    } else {
        Refusal::new(
            Refused::Conflict,
            "conflict",
            "X-Request-Id",
            "This id was used for another message. Use a new id for a new message.",
        )
    };
    if let Some(referral) = &first.referral_id {
        refusal.details.push(("referral", referral.to_string()));
    }
    refusal.details.push(("inbound", first.inbound_id.to_string()));
    refusal
}
