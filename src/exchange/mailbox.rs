//! The mailbox of an agency that has no server: list, read, acknowledge, send, in the shape of the MESH API.

use serde_json::{Value, json};

use super::{
    Answer, Exchange,
    caller::Caller,
    collect::Part,
    deliver::change,
    ports::CommitError,
    refusal::{Refusal, Refused},
    rows::DeliveryStatus,
};
use crate::{
    audit::Kind,
    directory::Channel,
    ids::{DeliveryId, MessageId},
    limits,
};

/// A message from a mailbox's owner: `mex-To`, `mex-WorkflowID`, `mex-LocalID`, and the bytes.
#[derive(Clone, Debug)]
pub struct MailboxSend {
    /// The recipient's mailbox (its partner slug).
    pub to: String,
    /// The workflow id.
    pub workflow: String,
    /// The sender's own id for the message: its key for duplicates.
    pub local_id: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Exchange {
    /// `POST /messageexchange/{mailbox}`: the handshake.
    pub async fn mailbox_handshake(&self, caller: &Caller, mailbox: &str) -> Result<Answer, Refusal> {
        self.own_mailbox(caller, mailbox)?;
        self.store.healthy().await?;
        Ok(Answer::json(200, &json!({"mailboxId": mailbox})))
    }

    /// `GET /messageexchange/{mailbox}/inbox`: ids of what waits, oldest first, from every sender.
    pub async fn mailbox_list(
        &self,
        caller: &Caller,
        mailbox: &str,
        max_results: usize,
        continue_from: Option<&str>,
    ) -> Result<Answer, Refusal> {
        self.own_mailbox(caller, mailbox)?;
        let limit = max_results.clamp(1, limits::MAILBOX_PAGE_MAX);
        let after = match continue_from {
            None => None,
            Some(text) => Some(DeliveryId::parse(text).ok_or_else(|| {
                Refusal::new(
                    Refused::BadRequest,
                    "value",
                    "continue_from",
                    "Take this value from links.next of the page before.",
                )
            })?),
        };
        let items = self
            .store
            .mailbox(&caller.site_id, &caller.partner_id, self.now(), after.as_ref(), limit)
            .await?;
        let ids: Vec<Value> = items.iter().map(|d| json!(d.new.message_id)).collect();
        let mut links = json!({"self": format!("/messageexchange/{mailbox}/inbox")});
        if items.len() == limit
            && let (Some(last), Some(links)) = (items.last(), links.as_object_mut())
        {
            links.insert(
                String::from("next"),
                json!(format!(
                    "/messageexchange/{mailbox}/inbox?max_results={limit}&continue_from={}",
                    last.new.delivery_id
                )),
            );
        }
        Ok(Answer::json(200, &json!({"messages": ids, "links": links})))
    }

    /// `GET /messageexchange/{mailbox}/inbox/{id}`: consent is asked here.
    pub async fn mailbox_read(&self, caller: &Caller, mailbox: &str, id: &str) -> Result<Answer, Refusal> {
        self.own_mailbox(caller, mailbox)?;
        let (bundle, body) = self.collect(caller, id, Part::Body).await?;
        let message = &bundle.message;
        let mut answer = Answer::json(200, &Value::Null);
        answer.body = body;
        answer.headers = vec![
            ("mex-from", message.sender_id.to_string()),
            ("mex-to", message.recipient_id.to_string()),
            ("mex-workflowid", message.workflow.clone()),
            ("mex-messageid", message.message_id.to_string()),
            ("mex-localid", message.wire_id.clone()),
            ("mex-messagetype", String::from("DATA")),
            ("mex-statuscode", String::from("00")),
            ("mex-statussuccess", String::from("SUCCESS")),
            ("mex-statustimestamp", message.created_at.to_rfc3339()),
            ("keyway-content-type", message.content_type.clone()),
        ];
        Ok(answer)
    }

    /// `PUT /messageexchange/{mailbox}/inbox/{id}/status/acknowledged`: it leaves the inbox. Saying it twice is
    /// the same as saying it once.
    pub async fn mailbox_acknowledge(
        &self,
        caller: &Caller,
        mailbox: &str,
        id: &str,
    ) -> Result<Answer, Refusal> {
        self.own_mailbox(caller, mailbox)?;
        let message_id = MessageId::parse(id).ok_or_else(Refusal::not_found)?;
        for _ in 0..super::DECIDE_TRIES {
            let bundle = self
                .message_to(caller, "mailbox", &message_id)
                .await?
                .filter(|b| b.delivery.new.channel == Channel::Mailbox)
                .ok_or_else(Refusal::not_found)?;
            match bundle.delivery.status {
                DeliveryStatus::Delivered => return Ok(Answer::json(200, &json!({"messageId": id}))),
                DeliveryStatus::Collected => {}
                DeliveryStatus::Withdrawn | DeliveryStatus::Dead | DeliveryStatus::Attempting => {
                    return Err(Refusal::new(
                        Refused::Gone,
                        "deleted",
                        "",
                        "This message was taken back. Do not use an earlier copy.",
                    ));
                }
                DeliveryStatus::Queued => {
                    return Err(Refusal::new(
                        Refused::Conflict,
                        "business-rule",
                        "",
                        "Read the message before you acknowledge it.",
                    ));
                }
            }
            let now = self.now();
            let writes = vec![
                change(&bundle.delivery, DeliveryStatus::Delivered, now, ""),
                self.note_on(&bundle.referral, now, Kind::Acknowledged, caller.partner_id.as_str())
                    .about("message", &message_id)
                    .write(),
            ];
            match self.commit(writes, Vec::new()).await {
                Ok(()) => return Ok(Answer::json(200, &json!({"messageId": id}))),
                Err(CommitError::Conflict(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    /// `POST /messageexchange/{mailbox}/outbox`: an answer from an agency without a server of its own.
    pub async fn mailbox_send(
        &self,
        caller: &Caller,
        mailbox: &str,
        send: MailboxSend,
    ) -> Result<Answer, Refusal> {
        self.own_mailbox(caller, mailbox)?;
        match send.workflow.as_str() {
            "KEYWAY_SCREENING_ANSWER" => self.answer_request(caller, &send).await,
            "KEYWAY_DUTY_TO_REFER_ACK" | "KEYWAY_REFERRAL_ACTION" => self.act_by_mailbox(caller, &send).await,
            _ => Err(Refusal::new(
                Refused::Unprocessable,
                "not-supported",
                "mex-WorkflowID",
                "Known workflows: KEYWAY_SCREENING_ANSWER, KEYWAY_DUTY_TO_REFER_ACK, KEYWAY_REFERRAL_ACTION.",
            )),
        }
    }
}
