//! `POST /justice/requests`: an agency asks L&D to screen somebody. It lands in L&D's mailbox and opens or joins
//! an episode; the asker sees the contact outcome and no more.

use serde_json::{Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange, MailboxSend,
    caller::Caller,
    idempotency::Ticket,
    people::{Description, Identified},
    ports::{CommitError, Precondition, Write, WriteSet},
    prepare::{Decided, Used},
    progress::{standing, takes_messages},
    refusal::{Issue, Refusal, Refused},
    rows::{InboundRow, MessageKind, ReferralRow, Sealed},
    submit::{read_json, shown_warnings},
};
use crate::{
    assessment::look_at,
    audit::{Kind, hex, merkle::sha256},
    consent::{Exit, decide_own_request},
    directory::{AgencyKind, Nature, Partner},
    ids::{InboundId, ReferralId},
    mapping,
    profile::Schema,
    referral::{Action, Role, State, step},
};

/// A request as it came.
pub(super) struct Came<'a> {
    /// The bytes.
    pub(super) body: &'a [u8],
    /// What it is.
    pub(super) kind: &'static str,
    /// The sender's own id for the message, by which a repeat is known; `None` where something else tells.
    pub(super) message_key: Option<&'a str>,
    /// The sender's id of the conversation, where it has one.
    pub(super) correlation_id: Option<&'a str>,
    /// The NHS number, when the sender verified it.
    pub(super) nhs_number: Option<&'a str>,
    /// What its sender should know though it is taken.
    pub(super) warned: &'a [Issue],
}

impl Exchange {
    /// Takes a request of another agency for L&D.
    pub async fn take_request(&self, caller: &Caller, key: &str, body: &[u8]) -> Result<Answer, Refusal> {
        if !matches!(caller.kind, AgencyKind::Police | AgencyKind::Court | AgencyKind::Probation) {
            return Err(Refusal::new(
                Refused::Forbidden,
                "forbidden",
                "",
                "Police, courts and probation make justice requests.",
            ));
        }
        let ticket = Ticket::new(key, "POST /justice/requests", body)?;
        let request = read_json(body)?;
        let mut issues = self.profiles.check(Schema::ScreeningRequest, &request);
        let place = "/person/identifiers";
        let identifiers = look_at(request.pointer(place), place, None);
        if issues.is_empty() {
            issues = identifiers.refused;
        }
        if !issues.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, issues));
        }
        let came = Came {
            warned: &identifiers.warned,
            body,
            kind: "screening-request",
            message_key: None,
            correlation_id: None,
            nhs_number: None,
        };
        for _ in 0..DECIDE_TRIES {
            if let Some(first) = self.first_answer(caller, &ticket).await? {
                return Ok(first);
            }
            let (mut writes, mut preconditions, mut answer) =
                self.plan_request(caller, &request, &came).await?;
            answer.status = 201;
            writes.push(self.keep_answer(caller, &ticket, &answer, self.now()));
            preconditions.push(ticket.precondition(caller));
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(answer),
                Err(CommitError::Conflict(_) | CommitError::Exists(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    pub(super) async fn plan_request(
        &self,
        caller: &Caller,
        request: &Value,
        came: &Came<'_>,
    ) -> Result<(WriteSet, Vec<Precondition>, Answer), Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let partners = self.store.partners(site).await?;
        let asker =
            partners.iter().find(|p| p.partner_id == caller.partner_id).ok_or_else(Refusal::not_found)?;
        let service = partners.iter().find(|p| p.kind == AgencyKind::LiaisonDiversion).ok_or_else(|| {
            Refusal::new(
                Refused::Unprocessable,
                "not-found",
                "",
                "This site has no liaison and diversion service.",
            )
        })?;
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str);
        let person = self
            .identify(
                site,
                &Description {
                    sender: &caller.partner_id,
                    reference: text("/person/reference").ok_or_else(Refusal::internal)?,
                    nhs_number: came.nhs_number,
                    birth_date: text("/person/birth_date"),
                    by: caller.kind,
                },
            )
            .await?;
        let permitted = self.permitted_own_request(asker).await?;
        let mut writes = person.writes.clone();
        let episode_id = self.join_episode(site, &person, &mut writes).await?;
        let mut referral = ReferralRow {
            site_id: site.clone(),
            referral_id: ReferralId::fresh(&self.mint),
            episode_id,
            person_id: person.row.person_id.clone(),
            assessment_id: None,
            sender_id: caller.partner_id.clone(),
            recipient_id: service.partner_id.clone(),
            nature: Nature::Referral,
            audience: None,
            channel: service.channel,
            urgency: text("/urgency").unwrap_or("routine").to_owned(),
            need: String::new(),
            state: State::Queued,
            business_status: String::from("sent"),
            reason: text("/request_type").unwrap_or("screening").to_owned(),
            receiver_note: None,
            withheld: Sealed(Vec::new()),
            disclosure_id: None,
            decision_id: None,
            review_due_at: None,
            recall_answer: None,
            correlation_id: came.correlation_id.map_or_else(|| self.mint.uuid(), str::to_owned),
            messages: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        referral.withheld = self.seal_withheld(&referral.referral_id, &[], &person.key);
        let used = Used { partner: service, consent_seq: person.row.consent_seq, now };
        let decision = self.decision_row(&referral, &permitted, &used, Exit::Plan, &person.key);
        referral.decision_id = Some(decision.decision_id.clone());
        let draft = self.draft(&referral, MessageKind::Request, asker, service);
        let mapped = self.with_frame(&referral, &draft, None, asker, service, |frame| {
            mapping::request_to_ld(frame, request, person.doubt.is_some())
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, &person.key);
        referral.messages = 1;
        let answer = json!({
            "referral_id": referral.referral_id,
            "recipient": referral.recipient_id,
            "state": referral.state,
            "business_status": referral.business_status,
            "warnings": shown_warnings(came.warned),
        });
        writes.push(self.inbound_write(caller, &referral, &person, came));
        let message_id = message.message_id.clone();
        writes.push(
            self.note_on(&referral, now, Kind::Received, caller.partner_id.as_str())
                .about("message", &message_id)
                .fact("request", &referral.reason)
                .fact("body-hmac", &self.keyed_digest(site, came.body))
                .write(),
        );
        let delivery = self.new_delivery(&message, service.channel, now);
        let location = format!("/referrals/{}", referral.referral_id);
        let at = writes.iter().position(|w| matches!(w, Write::Inbound(_))).unwrap_or(writes.len());
        let decided = self.decided(&referral, &decision, caller.partner_id.as_str());
        writes.splice(at..at, [Write::Referral(referral), Write::Decision(decision), decided]);
        writes.push(Write::Message(message));
        writes.push(Write::Enqueue(delivery));
        let preconditions =
            vec![Precondition::PartnerVersion(site.clone(), service.partner_id.clone(), service.version)];
        let mut answer = Answer::json(201, &answer);
        answer.location = Some(location);
        Ok((writes, preconditions, answer))
    }

    /// The bytes of a request, kept as received under the person's key.
    fn inbound_write(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        person: &Identified,
        came: &Came<'_>,
    ) -> Write {
        let inbound_id = InboundId::fresh(&self.mint);
        let by_itself = || format!("request:{}", referral.referral_id);
        Write::Inbound(InboundRow {
            site_id: caller.site_id.clone(),
            partner_id: caller.partner_id.clone(),
            message_key: came.message_key.map_or_else(by_itself, str::to_owned),
            kind: came.kind.to_owned(),
            referral_id: Some(referral.referral_id.clone()),
            person_id: Some(referral.person_id.clone()),
            received_at: self.now(),
            body_sha256: sha256(came.body),
            body: self.vault.seal(&person.key, &format!("inbound:{inbound_id}"), came.body),
            inbound_id,
        })
    }

    /// L&D answers a request through its mailbox: the contact outcome goes to the asker, and the request is
    /// completed.
    pub(super) async fn answer_request(
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
                self.plan_request_answer(caller, &referral, send, outcome).await?;
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(answer),
                Err(CommitError::Conflict(_) | CommitError::Exists(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    async fn plan_request_answer(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        send: &MailboxSend,
        outcome: &str,
    ) -> Result<(WriteSet, Vec<Precondition>, Answer), Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let actor = caller.partner_id.as_str();
        let service = self.partner(site, &caller.partner_id).await?;
        let asker = self.partner(site, &referral.sender_id).await?;
        let permitted = self.permitted_own_request(&asker).await?;
        let person = self.store.person(site, &referral.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.site_id, &person.person_id, &person.wrapped_key)?;
        let used = Used { partner: &asker, consent_seq: person.consent_seq, now };
        let decision = self.decision_row(referral, &permitted, &used, Exit::Plan, &key);
        let mut moved = referral.clone();
        moved.version += 1;
        // One answer says that the person was taken on, seen, and with what outcome: the steps between are taken
        // where they are still open.
        for action in [Action::Accept, Action::Start, Action::Complete] {
            match step(moved.state, moved.nature, action, Role::Owner, None, None) {
                Ok(to) => super::recall::set_state(&mut moved, to.state, to.business_status, outcome, now),
                Err(error) if action == Action::Complete => return Err(super::respond::not_now(&error)),
                Err(_) => {}
            }
        }
        let draft = self.draft(referral, MessageKind::Answer, &service, &asker);
        let conversation = self.store.conversation_of(site, &referral.referral_id).await?;
        let conversation = conversation.filter(|_| takes_messages(&asker));
        let mapped = self.with_frame(referral, &draft, None, &service, &asker, |frame| match &conversation {
            Some(conversation) => {
                mapping::status_answer(frame, &standing(&moved, &conversation.bundle_id, Some(outcome)))
            }
            None => mapping::answer_to_request(frame, outcome),
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, &key);
        moved.messages += 1;
        moved.decision_id = Some(decision.decision_id.clone());
        let delivery = self.new_delivery(&message, asker.channel, now);
        let (inbound, inbound_id) = self.mailbox_inbound(caller, send, referral, &key);
        let writes = vec![
            inbound,
            self.decided(referral, &decision, actor),
            Write::Decision(decision),
            self.moved(&moved, now, actor, Action::Complete),
            self.note_on(referral, now, Kind::Disclosed, actor)
                .about("message", &message.message_id)
                .fact("what", "contact-outcome")
                .fact("body-sha256", &hex(&message.body_sha256))
                .write(),
            Write::ReferralMoved(moved),
            Write::Message(message),
            Write::Enqueue(delivery),
        ];
        let preconditions =
            vec![Precondition::PartnerVersion(site.clone(), asker.partner_id.clone(), asker.version)];
        Ok((writes, preconditions, Answer::json(202, &json!({"message_id": inbound_id}))))
    }

    /// Whether something of the agency's own request may pass, under the agreement with it.
    pub(super) async fn permitted_own_request(&self, agency: &Partner) -> Result<Decided, Refusal> {
        let agreements = self.store.agreements(&agency.site_id, &agency.partner_id).await?;
        let decision =
            decide_own_request(agency, &agreements, self.rules.purposes(agency.kind.audience()), self.now());
        if decision.permits() {
            return Ok(Decided { decision, permitted: Vec::new(), assessment: None });
        }
        Err(Refusal::new(
            Refused::Forbidden,
            "forbidden",
            "",
            "No agreement between this agency and liaison and diversion that is for this is in force, so nothing may \
             pass. Telephone, and have the agreement renewed.",
        ))
    }

    /// A partner that must exist.
    pub(super) async fn partner(
        &self,
        site: &crate::ids::SiteId,
        partner: &crate::ids::PartnerId,
    ) -> Result<Partner, Refusal> {
        self.store.partner(site, partner).await?.ok_or_else(Refusal::internal)
    }
}
