//! The content of a `ServiceRequest`: the message that was sent to this recipient. For the recipient this is one more
//! way out, and consent is asked here as at every other.

use serde_json::Value;

use crate::{
    consent::Exit,
    exchange::{
        Exchange,
        ask_again::{Course, is_out, is_over},
        caller::Caller,
        collect::{Gone, gone, message_is_over},
        ports::{CommitError, DeliveryBundle, Precondition, Write},
        prepare::message_label,
        refusal::Refusal,
        rows::{DeliveryStatus, MessageRow, ReferralRow, Sealed},
    },
    mapping::inbound::named_beside,
    vault::ContentKey,
};

/// A message that was sent, opened, with what has to be on record when it is shown.
pub(super) struct Sent {
    pub(super) message: Value,
    pub(super) writes: Vec<Write>,
    pub(super) preconditions: Vec<Precondition>,
}

impl Exchange {
    /// The message under this version of a referral. `None`: it has none that holds a `ServiceRequest`, or it is not the
    /// one that stands. For its recipient it is there once it is on its way; gone when it was taken back or when consent
    /// says no now, and that is then settled as at every other exit.
    pub(super) async fn sent_content(
        &self,
        caller: &Caller,
        row: &ReferralRow,
        now: &ReferralRow,
    ) -> Result<Option<Sent>, Refusal> {
        let is_sender = row.sender_id == caller.partner_id;
        if !is_sender && is_over(now.state) {
            return Err(gone(Gone::of_state(now.state)));
        }
        let Some(disclosure) = &row.disclosure_id else { return Ok(None) };
        if row.disclosure_id != now.disclosure_id {
            return Ok(None);
        }
        let message = self.store.message_by_disclosure(&row.site_id, disclosure).await?;
        let message = message.ok_or_else(Refusal::internal)?;
        if is_sender {
            let key = self.key_of(&row.site_id, &row.person_id).await?;
            let (writes, preconditions) = (Vec::new(), Vec::new());
            return Ok(Some(Sent { message: self.opened(&message, &key)?, writes, preconditions }));
        }
        let bundle = self.store.delivery_of_message(&row.site_id, &message.message_id).await?;
        let bundle = bundle.ok_or_else(Refusal::not_found)?;
        // Content that nothing has carried yet is not let out here: a withdrawal would not know that it is out. Until a
        // change arrives, what its receiver has is there.
        let bundle = if is_out(&bundle.delivery) {
            bundle
        } else {
            self.with_receiver(row).await?.ok_or_else(Refusal::not_found)?
        };
        if message_is_over(&bundle) {
            return Err(gone(Gone::of_message(&bundle)));
        }
        let asked = self.ask_again(&bundle, Exit::Read).await?;
        if asked.course != Course::Go {
            let (writes, preconditions) = self.settle(&bundle, &asked).await?;
            return match self.commit(writes, preconditions).await {
                Ok(()) | Err(CommitError::Conflict(_)) => Err(gone(Gone::of(&asked, row.state))),
                Err(other) => Err(other.into()),
            };
        }
        let message = self.opened(&bundle.message, &asked.key)?;
        let mut writes = Vec::new();
        if let Some((_, decision)) = asked.decided {
            writes.push(Write::Decision(decision.clone()));
            writes.push(self.decided(row, &decision, caller.partner_id.as_str()));
        }
        let mut preconditions = asked.preconditions;
        preconditions.push(Precondition::DeliveryVersion(
            bundle.delivery.new.delivery_id.clone(),
            bundle.delivery.version,
        ));
        Ok(Some(Sent { message, writes, preconditions }))
    }

    /// The latest of a referral that its receiver has, and that was not replaced.
    async fn with_receiver(&self, row: &ReferralRow) -> Result<Option<DeliveryBundle>, Refusal> {
        let out = self.out_so_far(row).await?;
        let Some(latest) = out.iter().find(|delivery| delivery.status != DeliveryStatus::Withdrawn) else {
            return Ok(None);
        };
        Ok(self.store.delivery_of_message(&row.site_id, &latest.new.message_id).await?)
    }

    /// What has to be on record before the recipient reads words of the sender. Gone when consent says no now: for words
    /// there is no message to take back, and what was said stays with whom it had reached.
    pub(super) async fn words_let_out(
        &self,
        caller: &Caller,
        row: &ReferralRow,
    ) -> Result<(Vec<Write>, Vec<Precondition>), Refusal> {
        let key = self.key_of(&row.site_id, &row.person_id).await?;
        let asked = self.ask_about_words(row, &key, Exit::Read).await?;
        let writes = vec![
            Write::Decision(asked.row.clone()),
            self.decided(row, &asked.row, caller.partner_id.as_str()),
        ];
        if asked.permitted {
            return Ok((writes, asked.preconditions));
        }
        match self.commit(writes, asked.preconditions).await {
            Ok(()) | Err(CommitError::Conflict(_)) => Err(gone(Gone::Closed)),
            Err(other) => Err(other.into()),
        }
    }

    /// A message's body as JSON. One that is not JSON holds nothing for FHIR.
    pub(in crate::exchange) fn opened(
        &self,
        message: &MessageRow,
        key: &ContentKey,
    ) -> Result<Value, Refusal> {
        let bytes = self.part_of(message, "body", &message.body, key)?;
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A part of a message, opened.
    pub(in crate::exchange) fn part_of(
        &self,
        message: &MessageRow,
        part: &str,
        sealed: &Sealed,
        key: &ContentKey,
    ) -> Result<Vec<u8>, Refusal> {
        Ok(self.vault.unseal(key, &message_label(message.message_id.as_str(), part), sealed)?)
    }

    /// Whether the message under a referral names this NHS number.
    pub(in crate::exchange) async fn was_sent_number(
        &self,
        row: &ReferralRow,
        number: &str,
    ) -> Result<bool, Refusal> {
        if row.disclosure_id.is_none() {
            return Ok(false);
        }
        let out = self.out_so_far(row).await?;
        let Some(latest) = out.first() else { return Ok(false) };
        let bundle = self.store.delivery_of_message(&row.site_id, &latest.new.message_id).await?;
        let bundle = bundle.ok_or_else(Refusal::internal)?;
        let Some(key) = self.key_if_any(row).await? else { return Ok(false) };
        let message = self.opened(&bundle.message, &key)?;
        Ok(named_beside(&message).nhs_numbers.iter().any(|told| told == number))
    }
}
