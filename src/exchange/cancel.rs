//! A later message about a FHIR referral: it is taken back, or said anew. Which one is meant must be certain.

use super::{
    Answer, DECIDE_TRIES, Exchange,
    message::{Incoming, clash},
    people::Description,
    ports::{CommitError, Precondition, Write, WriteSet},
    prepare::Used,
    refer::{located, unused},
    refusal::{Refusal, Refused},
    respond::Move,
    rows::{MessageKind, Quoted, ReferralRow},
};
use crate::{
    audit::Kind,
    consent::Exit,
    ids::ReferralId,
    mapping::{
        self,
        inbound::{Adapted, Cancellation, Named},
    },
    referral::Action,
};

/// Where a later message says which referral it is about.
const PLACE: &str = "Bundle.entry.resource.ofType(ServiceRequest)";

impl Exchange {
    /// The sender takes a referral back.
    pub(super) async fn take_cancellation(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
        why: &Cancellation,
    ) -> Result<Answer, Refusal> {
        for _ in 0..DECIDE_TRIES {
            self.first_time(incoming).await?;
            let referral = self.referral_meant(incoming, named).await?;
            let key = self.key_of(&referral.site_id, &referral.person_id).await?;
            let step = Move {
                action: Action::Withdraw,
                reason: Some(why.reason.to_owned()),
                comment: why.comment.clone(),
                appointment: None,
                recall_answer: None,
            };
            let (moved, mut writes, mut preconditions) =
                self.plan_move(incoming.caller, &referral, &key, &step).await.map_err(clash)?;
            writes.push(self.kept_message(incoming, &moved, &key));
            writes.push(self.received(incoming, &moved));
            preconditions.push(unused(incoming));
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(incoming.taken(&moved.referral_id, &[])),
                Err(CommitError::Conflict(_) | CommitError::Exists(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    /// A referral to the liaison and diversion service is said anew: it lands there again, under the same id.
    pub(super) async fn take_update(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
    ) -> Result<Answer, Refusal> {
        for _ in 0..DECIDE_TRIES {
            self.first_time(incoming).await?;
            let referral = self.referral_meant(incoming, named).await?;
            if referral.audience.is_some() {
                return Err(Refusal::new(
                    Refused::NotSupported,
                    "not-supported",
                    "Bundle.entry[0].resource.reason",
                    "A referral to another agency is not changed: cancel it and send a new one, so that consent is \
                     asked for what is said now.",
                ));
            }
            if referral.state.is_final() {
                return Err(Refusal::new(
                    Refused::Conflict,
                    "conflict",
                    PLACE,
                    "This referral has ended. Send a new one.",
                ));
            }
            let adapted = self.adapted_request(incoming.value)?;
            let (moved, writes, mut preconditions) = self.plan_update(incoming, &referral, &adapted).await?;
            preconditions.push(unused(incoming));
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(incoming.taken(&moved.referral_id, &adapted.kept)),
                Err(CommitError::Conflict(_) | CommitError::Exists(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    async fn plan_update(
        &self,
        incoming: &Incoming<'_>,
        referral: &ReferralRow,
        adapted: &Adapted,
    ) -> Result<(ReferralRow, WriteSet, Vec<Precondition>), Refusal> {
        let (caller, now) = (incoming.caller, self.now());
        let site = &caller.site_id;
        let text = |pointer: &str| adapted.value.pointer(pointer).and_then(serde_json::Value::as_str);
        let person = self
            .identify(
                site,
                &Description {
                    sender: &caller.partner_id,
                    reference: text("/person/reference").ok_or_else(Refusal::internal)?,
                    nhs_number: adapted.nhs_number.as_deref(),
                    birth_date: text("/person/birth_date"),
                },
            )
            .await
            .map_err(|refusal| located(adapted, refusal))?;
        if person.row.person_id != referral.person_id {
            return Err(Refusal::new(
                Refused::Conflict,
                "conflict",
                "Bundle.entry.resource.ofType(Patient)",
                "The referral is about somebody else. Check both; nothing was kept and nobody was told.",
            ));
        }
        let service = self.partner(site, &referral.recipient_id).await?;
        let asker = self.partner(site, &caller.partner_id).await?;
        let permitted = self.permitted_own_request(&asker).await?;
        let used = Used { partner: &service, consent_seq: person.row.consent_seq, now };
        let decision = self.decision_row(referral, &permitted, &used, Exit::Plan, &person.key);
        let draft = self.draft(referral, MessageKind::Request, &asker, &service);
        let mapped = self.with_frame(referral, &draft, None, &asker, &service, |frame| {
            mapping::request_to_ld(frame, &adapted.value)
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, &person.key);
        let delivery = self.new_delivery(&message, service.channel, now);
        let mut moved = referral.clone();
        moved.version += 1;
        moved.messages += 1;
        text("/urgency").unwrap_or("routine").clone_into(&mut moved.urgency);
        moved.decision_id = Some(decision.decision_id.clone());
        moved.updated_at = now;
        let mut writes = person.writes;
        writes.push(self.decided(referral, &decision, caller.partner_id.as_str()));
        writes.push(Write::Decision(decision));
        writes.push(self.kept_message(incoming, &moved, &person.key));
        writes.push(
            self.note_on(referral, now, Kind::Received, caller.partner_id.as_str())
                .about("message", &message.message_id)
                .fact("request", "update")
                .fact("body-hmac", &self.keyed_digest(site, incoming.body))
                .write(),
        );
        writes.push(Write::ReferralMoved(moved.clone()));
        writes.push(Write::Message(message));
        writes.push(Write::Enqueue(delivery));
        let version = Precondition::PartnerVersion(site.clone(), service.partner_id.clone(), service.version);
        Ok((moved, writes, vec![version]))
    }

    /// The one referral of the sender's that a later message is about: by this gateway's id, by the sender's own
    /// identifier, or by the Bundle.id of the first message, which must all mean the same; and only where it names
    /// none of them by the conversation, if that has one referral only. Anything else is a "no".
    async fn referral_meant(&self, incoming: &Incoming<'_>, named: &Named) -> Result<ReferralRow, Refusal> {
        let caller = incoming.caller;
        let mut meant: Vec<ReferralId> = Vec::new();
        for id in named.ours().filter_map(ReferralId::parse) {
            let referral = self.store.referral(&caller.site_id, &id).await?;
            // Another's is as if it were not there.
            meant.extend(referral.filter(|r| r.sender_id == caller.partner_id).map(|r| r.referral_id));
        }
        let quoted = self
            .request_hash(incoming, named)
            .map(Quoted::Request)
            .into_iter()
            .chain([Quoted::Bundle(incoming.bundle_id.to_owned())]);
        for one in quoted {
            meant.extend(self.conversing(incoming, &one).await?);
        }
        if meant.is_empty() && *named == Named::default() {
            let by_conversation = Quoted::Correlation(incoming.head.correlation_id.clone());
            meant = self.conversing(incoming, &by_conversation).await?;
        }
        meant.sort();
        meant.dedup();
        let id = match meant.as_slice() {
            [id] => id,
            [] => return Err(unknown()),
            _ => {
                return Err(Refusal::new(
                    Refused::Conflict,
                    "conflict",
                    PLACE,
                    "This could mean more than one referral. Name it by the ServiceRequest.id that you were given.",
                ));
            }
        };
        let own = self.store.referral(&caller.site_id, id).await?.ok_or_else(unknown)?;
        if own.recipient_id == incoming.receiver.partner_id {
            return Ok(own);
        }
        Err(Refusal::new(
            Refused::Unprocessable,
            "value",
            "Bundle.entry[0].resource.destination[0].endpoint",
            "This referral went to another agency: name that one.",
        ))
    }

    async fn conversing(&self, incoming: &Incoming<'_>, quoted: &Quoted) -> Result<Vec<ReferralId>, Refusal> {
        let caller = incoming.caller;
        let found = self.store.conversations(&caller.site_id, &caller.partner_id, quoted).await?;
        Ok(found.into_iter().map(|one| one.referral_id).collect())
    }
}

/// What is not there and what is another's get this same answer.
fn unknown() -> Refusal {
    Refusal::new(Refused::NotFound, "not-found", PLACE, "You sent no referral that this names.")
}
