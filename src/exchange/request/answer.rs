//! The answer to a request: the contact outcome goes to the asker, quotes what it answers, and tells nothing else.

use serde_json::{Value, json};

use super::{
    super::{
        Answer, DECIDE_TRIES, Exchange, MailboxSend,
        caller::Caller,
        ports::{Precondition, Write, WriteSet},
        prepare::Used,
        progress::{standing, takes_messages},
        recall::{Ends, set_state},
        refusal::{Issue, Refusal, Refused},
        respond::not_now,
        rows::{MessageKind, ReferralRow},
        submit::read_json,
    },
    kind::{RequestKind, Told},
};
use crate::{
    audit::{Kind, hex},
    clock::Moment,
    consent::Exit,
    ids::{MessageId, PartnerId, ReferralId},
    mapping::{self, ContactOutcome, InReplyTo},
    profile::Schema,
    referral::{Action, Role, State, step},
    vault::ContentKey,
};

/// What L&D says.
pub(in crate::exchange) struct Said<'a> {
    /// The contact outcome.
    pub(in crate::exchange) outcome: &'a str,
    /// Whether a report is being written.
    pub(in crate::exchange) report: Option<bool>,
}

/// A request as it landed at L&D.
pub(in crate::exchange) struct Asked {
    landed: Value,
    message_id: MessageId,
    received_at: Moment,
}

impl Asked {
    pub(in crate::exchange) fn text(&self, pointer: &str) -> Option<&str> {
        self.landed.pointer(pointer).and_then(Value::as_str)
    }

    fn request_type(&self) -> &str {
        self.text("/request/request_type").unwrap_or_default()
    }

    /// What its asker is told.
    fn told(&self) -> Result<Told, Refusal> {
        RequestKind::of(self.request_type()).map(|kind| kind.told).ok_or_else(Refusal::internal)
    }

    /// As its answer quotes it.
    pub(in crate::exchange) fn quoted(&self) -> InReplyTo<'_> {
        InReplyTo {
            request_type: self.request_type(),
            request_reference: self.text("/request/request_reference"),
            request_message_id: self.message_id.as_str(),
            received_at: self.received_at,
        }
    }
}

/// Whether a request that was answered has another outcome now: what its asker was told is put right then.
pub(in crate::exchange) fn may_be_corrected(referral: &ReferralRow, outcome: &str) -> bool {
    referral.state == State::Completed && !referral.reason.is_empty() && referral.reason != outcome
}

impl Exchange {
    /// L&D answers a request through its mailbox: the contact outcome goes to the asker, and the request is
    /// completed. Another outcome for one that is completed takes the place of the first.
    pub(in crate::exchange) async fn answer_request(
        &self,
        caller: &Caller,
        send: &MailboxSend,
    ) -> Result<Answer, Refusal> {
        let said = read_json(&send.body)?;
        let issues = self.profiles.check(Schema::RequestAnswer, &said);
        if !issues.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, issues));
        }
        let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str);
        let outcome = text("/contact_outcome").ok_or_else(Refusal::internal)?;
        let report = said.get("report_to_follow").and_then(Value::as_bool);
        let referral_id = text("/referral_id").and_then(ReferralId::parse).ok_or_else(Refusal::not_found)?;
        for _ in 0..DECIDE_TRIES {
            let referral = self
                .store
                .referral(&caller.site_id, &referral_id)
                .await?
                .filter(|r| r.recipient_id == caller.partner_id && r.audience.is_none())
                .ok_or_else(Refusal::not_found)?;
            if referral.sender_id.as_str() != send.to {
                return Err(Refusal::with_issues(
                    Refused::Unprocessable,
                    vec![Issue::new("value", "mex-To", "The answer goes to the agency that asked.")],
                ));
            }
            if let Some(again) = self.sent_before(caller, send).await? {
                return Ok(again);
            }
            let (writes, preconditions, answer) =
                self.plan_request_answer(caller, &referral, send, &Said { outcome, report }).await?;
            if self.try_commit(writes, preconditions).await? {
                return Ok(answer);
            }
        }
        Err(Refusal::unavailable())
    }

    async fn plan_request_answer(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        send: &MailboxSend,
        said: &Said<'_>,
    ) -> Result<(WriteSet, Vec<Precondition>, Answer), Refusal> {
        let person = self.store.person(&caller.site_id, &referral.person_id).await?;
        let person = person.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.site_id, &person.person_id, &person.wrapped_key)?;
        let (inbound, inbound_id) = self.mailbox_inbound(caller, send, referral, &key);
        let mut writes = vec![inbound];
        let (_, preconditions) = self.close_request(&caller.partner_id, referral, said, &mut writes).await?;
        Ok((writes, preconditions, Answer::json(202, &json!({"message_id": inbound_id}))))
    }

    /// Completes a request: the contact outcome goes to its asker. The request as it will be, and what that rests on.
    pub(in crate::exchange) async fn close_request(
        &self,
        by: &PartnerId,
        referral: &ReferralRow,
        said: &Said<'_>,
        writes: &mut WriteSet,
    ) -> Result<(ReferralRow, Vec<Precondition>), Refusal> {
        let (site, now, actor) = (&referral.site_id, self.now(), by.as_str());
        let service = self.partner(site, by).await?;
        let asker = self.partner(site, &referral.sender_id).await?;
        let person = self.store.person(site, &referral.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.site_id, &person.person_id, &person.wrapped_key)?;
        let request = self.request_of(referral, &key).await?;
        let told = request.told()?;
        if said.report.is_some() && told != Told::OutcomeAndReport {
            return Err(Refusal::with_issues(
                Refused::Unprocessable,
                vec![Issue::new(
                    "structure",
                    "/report_to_follow",
                    "Only a request for a report is told of one.",
                )],
            ));
        }
        let mut moved = referral.clone();
        moved.version += 1;
        let corrects = may_be_corrected(referral, said.outcome) && told != Told::Nothing;
        if corrects {
            set_state(&mut moved, referral.state, &referral.business_status, said.outcome, now);
        }
        // One answer says that the person was taken on, seen, and with what outcome: the steps between are taken
        // where they are still open.
        let steps: &[Action] =
            if corrects { &[] } else { &[Action::Accept, Action::Start, Action::Complete] };
        for &action in steps {
            match step(moved.state, moved.nature, action, Role::Owner, None, None) {
                Ok(to) => {
                    // Whoever entered a request for somebody reads how it stands, and not what came of it.
                    let reason = if told == Told::Nothing { "" } else { said.outcome };
                    set_state(&mut moved, to.state, to.business_status, reason, now);
                }
                Err(error) if action == Action::Complete => return Err(not_now(&error)),
                Err(_) => {}
            }
        }
        writes.push(self.moved(&moved, now, actor, Action::Complete));
        let mut preconditions = Vec::new();
        if told != Told::Nothing {
            let ends = Ends {
                sender: &service,
                recipient: &asker,
                on_behalf_of: None,
                in_reply_to: None,
                key: &key,
            };
            let by = Used { partner: &asker, consent_seq: person.consent_seq, now };
            preconditions.push(self.plan_telling(&mut moved, &request, said, &ends, &by, writes).await?);
        }
        writes.push(Write::ReferralMoved(moved.clone()));
        Ok((moved, preconditions))
    }

    /// The message with the contact outcome.
    async fn plan_telling(
        &self,
        moved: &mut ReferralRow,
        request: &Asked,
        said: &Said<'_>,
        ends: &Ends<'_>,
        used: &Used<'_>,
        writes: &mut WriteSet,
    ) -> Result<Precondition, Refusal> {
        let Ends { sender: service, recipient: asker, key, .. } = *ends;
        let (site, actor) = (moved.site_id.clone(), service.partner_id.as_str());
        let permitted = self.permitted_own_request(asker).await?;
        let decision = self.decision_row(moved, &permitted, used, Exit::Plan, key);
        let draft = self.draft(moved, MessageKind::Answer, service, asker);
        let conversation = self.store.conversation_of(&site, &moved.referral_id).await?;
        let conversation = conversation.filter(|_| takes_messages(asker));
        let earlier = self.answered_before(moved).await?;
        let outcome = ContactOutcome {
            word: said.outcome,
            report_to_follow: said.report,
            supersedes: earlier.as_ref().map(MessageId::as_str),
        };
        let mapped = self.with_frame(moved, &draft, None, service, asker, |frame| match &conversation {
            Some(conversation) => {
                mapping::status_answer(frame, &standing(moved, &conversation.bundle_id, Some(said.outcome)))
            }
            None => mapping::answer_to_request(frame, &request.quoted(), &outcome),
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, key);
        moved.messages += 1;
        moved.decision_id = Some(decision.decision_id.clone());
        let delivery = self.new_delivery(&message, asker.channel, used.now);
        let disclosed = self
            .note_on(moved, used.now, Kind::Disclosed, actor)
            .of_message(&message)
            .fact("what", "contact-outcome")
            .fact("body-sha256", &hex(&message.body_sha256))
            .write();
        writes.extend([
            self.decided(moved, &decision, actor),
            Write::Decision(decision),
            disclosed,
            Write::Message(message),
            Write::Enqueue(delivery),
        ]);
        Ok(Precondition::as_seen(asker))
    }

    /// The latest answer that its asker was sent, if there is one: a further one takes its place.
    async fn answered_before(&self, referral: &ReferralRow) -> Result<Option<MessageId>, Refusal> {
        let mut latest: Option<(Moment, MessageId)> = None;
        for delivery in self.store.deliveries_of(&referral.site_id, &referral.referral_id).await? {
            let message = self.store.message(&referral.site_id, &delivery.new.message_id).await?;
            let Some(message) = message.filter(|message| message.kind == MessageKind::Answer) else {
                continue;
            };
            if latest.as_ref().is_none_or(|(at, _)| *at <= message.created_at) {
                latest = Some((message.created_at, message.message_id));
            }
        }
        Ok(latest.map(|(_, id)| id))
    }

    /// What was asked, as it landed.
    pub(in crate::exchange) async fn request_of(
        &self,
        referral: &ReferralRow,
        key: &ContentKey,
    ) -> Result<Asked, Refusal> {
        let site = &referral.site_id;
        for delivery in self.store.deliveries_of(site, &referral.referral_id).await? {
            let message = self.store.message(site, &delivery.new.message_id).await?;
            let Some(message) = message.filter(|message| message.kind == MessageKind::Request) else {
                continue;
            };
            let (part, sealed) = match &message.detail {
                Some(detail) => ("detail", detail),
                None => ("body", &message.body),
            };
            let landed = self.part_of(&message, part, sealed, key)?;
            let landed = serde_json::from_slice(&landed).map_err(|_| Refusal::internal())?;
            return Ok(Asked { landed, message_id: message.message_id, received_at: message.created_at });
        }
        Err(Refusal::internal())
    }
}
