//! The mailbox of an agency that has no server: list, read, acknowledge, send, in the shape of the MESH API.

use serde_json::{Value, json};

use super::{
    Answer, Exchange,
    caller::Caller,
    collect::{Gone, Part, gone},
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
    profile::Schema,
};

/// The header field that holds a message's receipt.
pub(super) const RECEIPT_HEADER: &str = "keyway-receipt";

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
        let correlation_id = self.correlation_of(&bundle).await?;
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
            ("keyway-correlation-id", correlation_id),
        ];
        answer.headers.extend(self.receipt_header(message).await.map(|receipt| (RECEIPT_HEADER, receipt)));
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
                    return Err(gone(Gone::of_message(&bundle)));
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
        if send.workflow == SCREENING_ANSWER {
            return self.answer_request(caller, &send).await;
        }
        if let Some((_, schema)) = ANSWERS.iter().find(|(workflow, _)| *workflow == send.workflow) {
            return self.act_by_mailbox(caller, &send, *schema).await;
        }
        let known: Vec<&str> = ANSWERS.iter().map(|(workflow, _)| *workflow).collect();
        let text = format!("Known workflows: {}, {SCREENING_ANSWER}.", known.join(", "));
        Err(Refusal::new(Refused::Unprocessable, "not-supported", "mex-WorkflowID", text))
    }
}

/// L&D's answer to a request.
const SCREENING_ANSWER: &str = "KEYWAY_SCREENING_ANSWER";

/// How each of our letters is answered: the workflow of the letter with `_ACK`, and the schema of the answer. The last
/// row takes any of them.
const ANSWERS: &[(&str, Schema)] = &[
    ("KEYWAY_DUTY_TO_REFER_ACK", Schema::DutyToReferAck),
    ("KEYWAY_REFERRAL_ACK", Schema::ReferralAck),
    ("KEYWAY_PRE_SENTENCE_ACK", Schema::ReferralAck),
    ("KEYWAY_CUSTODY_ADVICE_ACK", Schema::AdviceAck),
    ("KEYWAY_COURT_REPORT_ACK", Schema::AdviceAck),
    ("KEYWAY_RECALL_ACK", Schema::RecallAck),
    ("KEYWAY_SCREENING_REQUEST_ACK", Schema::RequestAck),
    ("KEYWAY_REFERRAL_ACTION", Schema::MailboxAction),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::{mapping, profile::Profiles, referral::Action};

    /// The workflows that mappings name, read from their source.
    fn workflows_out() -> BTreeSet<&'static str> {
        let texts = mapping::SOURCES.iter().flat_map(|(_, text)| text.split('"'));
        texts.filter(|text| text.starts_with("KEYWAY_") && !text.contains(' ')).collect()
    }

    #[test]
    fn each_letter_without_fhir_can_be_answered_and_the_page_says_how() {
        let page = include_str!("../../docs/receiving.md");
        let api = include_str!("../../openapi.yaml");
        let letters: Vec<&str> = workflows_out()
            .into_iter()
            .filter(|workflow| !workflow.contains("FHIR") && *workflow != SCREENING_ANSWER)
            .collect();
        assert!(letters.len() >= 7, "{letters:?}");
        for letter in letters {
            let (answer, schema) = ANSWERS.iter().find(|(one, _)| *one == format!("{letter}_ACK")).unwrap();
            let name = schema.as_str();
            let row = format!("| `{letter}` | `{answer}` | [{name}](../profiles/answers/{name}.json) |");
            assert!(page.contains(&row), "the page lacks: {row}");
            assert!(api.contains(&format!("`{answer}`")), "{answer} is not described");
        }
    }

    /// What a schema lets through and the table of reasons refuses would be published and never taken.
    #[test]
    fn actions_and_reasons_that_are_published_are_those_of_the_table() {
        fn enums(schema: &Value, name: &str, into: &mut BTreeSet<String>) {
            match schema {
                Value::Object(fields) => {
                    let words =
                        fields.get(name).and_then(|field| field.get("enum")).and_then(Value::as_array);
                    into.extend(words.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
                    fields.values().for_each(|part| enums(part, name, into));
                }
                Value::Array(items) => items.iter().for_each(|item| enums(item, name, into)),
                _ => {}
            }
        }
        let profiles = Profiles::compile().unwrap();
        let known: BTreeSet<&str> =
            Action::ALL.iter().flat_map(|action| action.reasons()).map(|reason| reason.code).collect();
        let mut seen = 0;
        for (workflow, schema) in ANSWERS.iter().filter(|(_, schema)| *schema != Schema::MailboxAction) {
            let document = profiles.document(*schema).unwrap();
            let (mut actions, mut reasons) = (BTreeSet::new(), BTreeSet::new());
            enums(document, "action", &mut actions);
            enums(document, "reason", &mut reasons);
            assert!(!actions.is_empty(), "{workflow}");
            assert!(actions.iter().all(|word| Action::parse(word).is_some()), "{workflow}: {actions:?}");
            assert!(reasons.iter().all(|word| known.contains(word.as_str())), "{workflow}: {reasons:?}");
            seen += reasons.len();
        }
        assert!(seen >= 15, "{seen}");
    }
}
