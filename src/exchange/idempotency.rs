//! A repeat of a native POST gets the first answer; the same key with another body is a conflict.

use super::{
    Answer, Exchange,
    caller::Caller,
    ports::{Precondition, Write},
    refusal::{Refusal, Refused},
    rows::IdempotencyRow,
};
use crate::{
    audit::{Kind, merkle::sha256},
    clock::Moment,
    limits,
};

/// Longest idempotency key, in bytes.
const KEY_MAX_BYTES: usize = 255;

/// What a request is recognised by.
pub(super) struct Ticket {
    key: String,
    request_sha256: [u8; 32],
}

impl Ticket {
    /// From the `Idempotency-Key` header, the route's name and the body.
    pub(super) fn new(key: &str, route: &str, body: &[u8]) -> Result<Self, Refusal> {
        if key.is_empty() || key.len() > KEY_MAX_BYTES || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Refusal::new(
                Refused::BadRequest,
                if key.is_empty() { "required" } else { "value" },
                "Idempotency-Key",
                "Send an Idempotency-Key of 1 to 255 visible ASCII characters, new for each new request.",
            ));
        }
        let mut told = route.as_bytes().to_vec();
        told.push(0);
        told.extend_from_slice(body);
        Ok(Self { key: key.to_owned(), request_sha256: sha256(&told) })
    }

    pub(super) fn precondition(&self, caller: &Caller) -> Precondition {
        Precondition::IdempotencyKeyUnused(
            caller.site_id.clone(),
            caller.partner_id.clone(),
            self.key.clone(),
        )
    }

    fn label(&self, caller: &Caller) -> String {
        format!("idempotency:{}:{}", caller.partner_id, self.key)
    }
}

impl Exchange {
    /// The answer that this request got the first time, if it came before. The repeat is audited.
    pub(super) async fn first_answer(
        &self,
        caller: &Caller,
        ticket: &Ticket,
    ) -> Result<Option<Answer>, Refusal> {
        let now = self.now();
        let kept =
            self.store.idempotent_answer(&caller.site_id, &caller.partner_id, &ticket.key, now).await?;
        let Some(kept) = kept else { return Ok(None) };
        if kept.request_sha256 != ticket.request_sha256 {
            return Err(Refusal::new(
                Refused::Conflict,
                "conflict",
                "Idempotency-Key",
                "This key was used for another request. Use a new key for a new request.",
            ));
        }
        let key = self.vault.site_key(&caller.site_id);
        let body = self.vault.unseal(&key, &ticket.label(caller), &kept.body)?;
        let repeated = self
            .note(&caller.site_id, now, Kind::Repeated, caller.partner_id.as_str())
            .partner(&caller.partner_id)
            .write();
        self.commit(vec![repeated], Vec::new()).await?;
        Ok(Some(Answer {
            status: kept.status,
            content_type: "application/json",
            body,
            version: None,
            location: None,
            repeated: true,
            headers: Vec::new(),
        }))
    }

    /// The write that keeps `answer` for a repeat.
    pub(super) fn keep_answer(
        &self,
        caller: &Caller,
        ticket: &Ticket,
        answer: &Answer,
        now: Moment,
    ) -> Write {
        let key = self.vault.site_key(&caller.site_id);
        Write::Idempotency(IdempotencyRow {
            site_id: caller.site_id.clone(),
            partner_id: caller.partner_id.clone(),
            key: ticket.key.clone(),
            request_sha256: ticket.request_sha256,
            status: answer.status,
            body: self.vault.seal(&key, &ticket.label(caller), &answer.body),
            created_at: now,
            expires_at: now.plus_seconds(limits::IDEMPOTENCY_KEPT_SECONDS),
        })
    }
}
