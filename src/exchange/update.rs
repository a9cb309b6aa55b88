//! A FHIR message says a referral anew, whole: it is read, and the same person must be meant. What then goes to the receiver is
//! `anew`'s to say.

use super::{
    Answer, DECIDE_TRIES, Exchange,
    anew::{Anew, Outcome, is_open, moved_by},
    cancel::PLACE,
    less::{Left, TakenBack},
    message::Incoming,
    people::{Description, Identified},
    ports::{Precondition, Write, WriteSet},
    prepare::Used,
    refer::{REFERRAL_IN, UNMADE, UNSENT, located, not_changed, not_made, unused, wrong},
    refusal::{Issue, Refusal, Refused},
    request::awaited,
    rows::{MessageKind, ReferralRow},
    submit::Joins,
    withdraw::Taken,
};
use crate::{
    audit::Kind,
    consent::Exit,
    mapping::{
        self,
        inbound::{Named, assessment_of},
    },
};

/// Everything that a change would write.
struct Changing {
    /// The referral as it will be.
    moved: ReferralRow,
    writes: WriteSet,
    preconditions: Vec<Precondition>,
    /// What stays in the message, and what else its sender should be told.
    kept: Vec<Issue>,
    outcome: Outcome,
}

impl Exchange {
    /// A referral is said anew, under the same id. What its receiver did with it stands.
    pub(super) async fn take_update(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
    ) -> Result<Answer, Refusal> {
        for _ in 0..DECIDE_TRIES {
            self.first_time(incoming).await?;
            let referral = self.referral_meant(incoming, named).await?;
            if !is_open(referral.state) {
                let text = "This referral has ended, or was never on its way. Send a new one.";
                let ended = Refusal::new(Refused::Conflict, "conflict", PLACE, text);
                return Err(self.unless_taken(incoming, ended).await);
            }
            if self.store.conversation_of(&referral.site_id, &referral.referral_id).await?.is_none() {
                return Err(holds_more(&referral));
            }
            let Changing { moved, mut writes, mut preconditions, kept, outcome } =
                if referral.audience.is_some() {
                    self.plan_change(incoming, &referral).await?
                } else {
                    self.plan_request_anew(incoming, &referral).await?
                };
            preconditions.push(unused(incoming));
            self.bundle_used(incoming, &mut writes);
            if self.try_commit(writes, preconditions).await? {
                return match outcome {
                    Outcome::Sent => Ok(incoming.taken(&moved.referral_id, &kept)),
                    Outcome::Kept => Err(not_changed(moved.referral_id.as_str())),
                    Outcome::NotMade => Err(not_made(moved.referral_id.as_str())),
                };
            }
        }
        Err(Refusal::unavailable())
    }

    /// A referral to the liaison and diversion service lands there again.
    async fn plan_request_anew(
        &self,
        incoming: &Incoming<'_>,
        referral: &ReferralRow,
    ) -> Result<Changing, Refusal> {
        let adapted = self.adapted_request(incoming)?;
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
                    by: caller.kind,
                    corrects: true,
                },
            )
            .await
            .map_err(|refusal| located(&adapted, refusal))?;
        same_person(&person, referral)?;
        let service = self.partner(site, &referral.recipient_id).await?;
        let asker = self.partner(site, &caller.partner_id).await?;
        let permitted = self.permitted_own_request(&asker).await?;
        let used = Used { partner: &service, consent_seq: person.row.consent_seq, now };
        let decision = self.decision_row(referral, &permitted, &used, Exit::Plan, &person.key);
        let (_, deadline) = awaited(&adapted.value, now).map_err(|refusal| located(&adapted, refusal))?;
        let mut moved = referral.clone();
        moved.version += 1;
        text("/urgency").unwrap_or("routine").clone_into(&mut moved.urgency);
        moved.answer_by = deadline.answer_by;
        moved.decision_id = Some(decision.decision_id.clone());
        moved.updated_at = now;
        let draft = self.draft(&moved, MessageKind::Request, &asker, &service);
        let mapped = self.with_frame(&moved, &draft, None, &asker, &service, |frame| {
            mapping::request_to_ld(frame, &adapted.value, person.doubt.is_some())
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, &person.key);
        let delivery = self.new_delivery(&message, service.channel, now);
        moved.messages += 1;
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
        let version = Precondition::as_seen(&service);
        Ok(Changing {
            moved,
            writes,
            preconditions: vec![version],
            kept: adapted.kept,
            outcome: Outcome::Sent,
        })
    }

    /// A referral to another agency: another version of its assessment, decided about and sent like the first.
    async fn plan_change(
        &self,
        incoming: &Incoming<'_>,
        referral: &ReferralRow,
    ) -> Result<Changing, Refusal> {
        let caller = incoming.caller;
        let site = &caller.site_id;
        let adapted = assessment_of(incoming.meant, incoming.receiver, self.now()).map_err(wrong)?;
        let at_its_place = |refusal| located(&adapted, refusal);
        let assessment =
            self.valid_assessment(adapted.value.clone()).map_err(at_its_place)?.into_message_borne();
        let body = assessment.raw().to_string();
        let partners = self.store.partners(site).await?;
        let asked = self.resolve(&partners, &assessment).await.map_err(at_its_place)?;
        let one = asked.first().ok_or_else(Refusal::internal)?;
        let joins = Joins::Episode(&referral.episode_id);
        let arrived = self.arrive(caller, &assessment, body.as_bytes(), &partners, joins).await;
        let mut arrived = arrived.map_err(at_its_place)?;
        same_person(&arrived.person, referral)?;
        let mut writes = std::mem::take(&mut arrived.writes);
        let mut preconditions = std::mem::take(&mut arrived.preconditions);
        preconditions.extend(one.as_seen());
        let mut warnings = std::mem::take(&mut arrived.warnings);

        // What the person declines in this very message was taken back by recording it.
        let taken_back = moved_by(&writes, &referral.referral_id).cloned();
        let (moved, outcome, told) = if let Some(moved) = taken_back {
            (moved, Outcome::Kept, None)
        } else {
            let arrived = &arrived;
            let anew = Anew { caller, referral, one, arrived, assessment: &assessment, answered: None };
            self.plan_anew(&anew, &mut writes, &mut warnings).await?
        };
        self.has_room_for(site, &writes).await?;
        let mut taken = Taken::default();
        let said_anew = arrived.said.said_anew(caller, &arrived.person, arrived.consent_seq);
        let less = self.take_back_what_is_more(&said_anew, Left::Something, &writes, &mut taken).await?;
        writes.extend(taken.writes);
        preconditions.extend(taken.preconditions);
        warnings.extend(less.iter().map(TakenBack::told));
        let key = &arrived.person.key;
        let kind = match outcome {
            Outcome::Sent => REFERRAL_IN,
            Outcome::Kept => UNSENT,
            Outcome::NotMade => UNMADE,
        };
        let request_id = incoming.head.request_id.as_str();
        writes.push(self.inbound(caller, request_id, kind, &moved, key, incoming.body));
        writes.push(self.received(incoming, &moved));
        let mut kept = adapted.located(warnings);
        kept.extend(told);
        kept.extend(adapted.kept);
        Ok(Changing { moved, writes, preconditions, kept, outcome })
    }
}

/// What did not come as a message is not said anew by one.
fn holds_more(referral: &ReferralRow) -> Refusal {
    let text = if referral.audience.is_some() {
        "This referral came by POST /assessments and holds more than a message can say: a message would cut it down. Send \
         the whole anew by POST /assessments/{id}/amend, or take this one back by a message with reason `delete` or by \
         POST /referrals/{id}/actions/withdraw. Nothing was changed."
    } else {
        "This request came by a form and may hold more than a message can say, as the time of a hearing: a message would \
         cut it down. Take it back by a message with reason `delete` or by POST /referrals/{id}/actions/withdraw, and send \
         it anew by its form. Nothing was changed."
    };
    Refusal::new(Refused::Unprocessable, "not-supported", "Bundle.entry[0].resource.reason", text)
}

fn same_person(person: &Identified, referral: &ReferralRow) -> Result<(), Refusal> {
    if person.row.person_id == referral.person_id {
        return Ok(());
    }
    Err(Refusal::new(
        Refused::Conflict,
        "conflict",
        "Bundle.entry.resource.ofType(Patient)",
        "The referral is about somebody else. Check both; nothing was kept and nobody was told.",
    ))
}
