//! Receipts: what goes with every message, and the proof that its entry is in the log once that is signed.
//!
//! A receipt is made from what is stored when it is asked for, and comes out the same each time under the same key. Nothing
//! waits for the log: before its checkpoint a receipt is there without the proof.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Answer, CheckpointError, Exchange,
    caller::Caller,
    ports::StoreError,
    refusal::Refusal,
    rows::{MessageRow, Withheld},
    sought::Sought,
};
use crate::{
    audit::{
        Leaf, Proof, hex,
        merkle::leaf_hash,
        note,
        receipt::{Receipt, commitment, proof_text},
    },
    ids::{DisclosureId, EntryId, MessageId, SiteId},
    vault::{ContentKey, Vault},
};

/// The fact in which the entry of a disclosure holds the commitment to what was withheld.
pub(super) const WITHHELD_COMMITMENT: &str = "withheld-commitment";

/// A message's receipt, and how far its entry is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipted {
    /// The message.
    pub message_id: MessageId,
    /// The disclosure that it makes.
    pub disclosure_id: Option<DisclosureId>,
    /// The signed receipt.
    pub receipt: String,
    /// The leaf hash of its entry, in hexadecimal.
    pub entry_hash: String,
    /// The entry's place and its proof of inclusion with the checkpoint, once there is one that covers it.
    pub proved: Option<(u64, String)>,
}

impl Receipted {
    /// As it is given.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "message_id": self.message_id,
            "disclosure_id": self.disclosure_id,
            "receipt": self.receipt,
            "entry_hash": self.entry_hash,
            "index": self.proved.as_ref().map(|(index, _)| index),
            "proof": self.proved.as_ref().map(|(_, proof)| proof),
        })
    }
}

impl Exchange {
    /// `GET /disclosures/{id}/receipt`: for the two ends of the message; `id` is the disclosure's or the message's.
    pub async fn read_receipt(&self, caller: &Caller, id: &str) -> Result<Answer, Refusal> {
        let sought = DisclosureId::parse(id).ok_or_else(Refusal::not_found)?;
        let message = self.message_out(&caller.site_id, id).await?;
        let own = message.filter(|m| [&m.recipient_id, &m.sender_id].contains(&&caller.partner_id));
        let Some(message) = own else {
            return Err(self.not_for(caller, "receipt", Sought::Disclosure(sought)));
        };
        let referral = self.store.referral(&message.site_id, &message.referral_id).await?;
        self.record_look(caller, &referral.ok_or_else(Refusal::internal)?, "receipt").await?;
        let found = self.receipted(&message).await.map_err(|error| {
            tracing::error!(%error, "a receipt could not be made");
            Refusal::unavailable()
        })?;
        Ok(Answer::json(200, &found.ok_or_else(Refusal::not_found)?.to_json()))
    }

    /// The receipt of a message, by its id or that of the disclosure that it makes; `None` when there is no such message, or it
    /// is of a release that made none.
    ///
    /// # Errors
    /// It cannot be made now.
    pub async fn receipt(&self, site: &SiteId, id: &str) -> Result<Option<Receipted>, CheckpointError> {
        match self.message_out(site, id).await? {
            Some(message) => self.receipted(&message).await,
            None => Ok(None),
        }
    }

    /// The signed receipt of a message as it goes with it, in base64 for a header field. What keeps it from being made keeps
    /// nothing from being delivered; it can be had later.
    pub(super) async fn receipt_header(&self, message: &MessageRow) -> Option<String> {
        match self.signed_receipt(message).await {
            Ok(found) => found.map(|(receipt, ..)| STANDARD.encode(receipt)),
            Err(CheckpointError::NoKey) => None,
            Err(error) => {
                tracing::error!(%error, message = %message.message_id, "a message goes without its receipt");
                None
            }
        }
    }

    /// The commitment to what was withheld from a message, under a salt that goes with the person's key.
    pub(super) fn committed_to(message: &MessageRow, withheld: &[Withheld], key: &ContentKey) -> String {
        let salt = Vault::salt(key, &format!("message/{}/withheld", message.message_id));
        commitment(&salt, &serde_json::to_vec(withheld).unwrap_or_default())
    }

    async fn message_out(&self, site: &SiteId, id: &str) -> Result<Option<MessageRow>, StoreError> {
        let (Some(disclosure), Some(message)) = (DisclosureId::parse(id), MessageId::parse(id)) else {
            return Ok(None);
        };
        let by_disclosure = self.store.message_by_disclosure(site, &disclosure).await?;
        let by_id = self.store.message(site, &message).await?;
        Ok(by_disclosure.or(by_id))
    }

    /// The receipt, the leaf hash of the entry and its place.
    async fn signed_receipt(
        &self,
        message: &MessageRow,
    ) -> Result<Option<(String, [u8; 32], Option<i64>)>, CheckpointError> {
        let corrupt = || StoreError::Corrupt("audit_entry");
        let id = EntryId::parse(message.message_id.as_str()).ok_or_else(corrupt)?;
        let Some(entry) = self.store.log_entry(&message.site_id, &id).await? else { return Ok(None) };
        let leaf = Leaf::read(&entry.leaf).map_err(|_| corrupt())?;
        let (verifier, key) = self.log_key().await?;
        let hash = leaf_hash(&entry.leaf);
        let text = Receipt {
            origin: verifier.name(),
            message: message.message_id.as_str(),
            disclosure: message.disclosure_id.as_ref().map(DisclosureId::as_str),
            made: &message.created_at.to_rfc3339(),
            body: message.body_sha256,
            detail: leaf.fact("detail-sha256"),
            withheld: leaf.fact(WITHHELD_COMMITMENT),
            made_by: &message.made_by().map(|made_by| made_by.lines()).unwrap_or_default(),
            entry: hash,
        }
        .text();
        Ok(Some((note::write(&text, &verifier, &key.sign(text.as_bytes())), hash, entry.log_index)))
    }

    async fn receipted(&self, message: &MessageRow) -> Result<Option<Receipted>, CheckpointError> {
        let Some((receipt, hash, index)) = self.signed_receipt(message).await? else { return Ok(None) };
        let proved = match index {
            Some(index) => self.proved_at(index).await?,
            None => None,
        };
        Ok(Some(Receipted {
            message_id: message.message_id.clone(),
            disclosure_id: message.disclosure_id.clone(),
            receipt,
            entry_hash: hex(&hash),
            proved,
        }))
    }

    /// The place and the proof of the entry at `index` under the latest checkpoint, if that covers it.
    async fn proved_at(&self, index: i64) -> Result<Option<(u64, String)>, CheckpointError> {
        let Some(checkpoint) = self.store.latest_checkpoint().await?.filter(|latest| index < latest.size)
        else {
            return Ok(None);
        };
        let broken = || CheckpointError::NotTheSameLog(checkpoint.size);
        let (Ok(index), Ok(size)) = (u64::try_from(index), u64::try_from(checkpoint.size)) else {
            return Err(broken());
        };
        let proof = Proof::inclusion(index, size).ok_or_else(broken)?;
        let hashes = self.proved(&proof).await?.ok_or_else(broken)?;
        Ok(Some((index, proof_text(index, &hashes, &checkpoint.note))))
    }
}
