//! Who sent a FHIR referral is told how it stands, as BaRS has it: by messages of their own that quote the first one.
//! In ids and closed codes; a receiver's words are read where the referral is.

use super::{
    Exchange,
    ports::{DeliveryBundle, Precondition, Write, WriteSet},
    prepare::Used,
    refusal::Refusal,
    rows::{MessageKind, ReferralRow},
    why::why,
};
use crate::{
    audit::{Kind, hex},
    consent::Exit,
    directory::{AgencyKind, Channel, Nature, Partner},
    mapping::{self, Standing},
    referral::State,
    vault::ContentKey,
};

impl Exchange {
    /// Adds the message that tells the sender of `moved` how it stands now, where it came as a FHIR message. The
    /// caller writes the referral.
    pub(super) async fn tell_asker(
        &self,
        moved: &mut ReferralRow,
        key: &ContentKey,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Result<Vec<Precondition>, Refusal> {
        let (site, now) = (&moved.site_id, self.now());
        let conversation = self.store.conversation_of(site, &moved.referral_id).await?;
        let Some(conversation) = conversation.filter(|_| moved.nature == Nature::Referral) else {
            return Ok(Vec::new());
        };
        let asker = self.partner(site, &moved.sender_id).await?;
        let answerer = self.partner(site, &moved.recipient_id).await?;
        if !takes_messages(&asker) {
            return Ok(Vec::new());
        }
        // The agreement is with the agency at the other end from liaison and diversion, whichever way it goes. Without
        // one the step is taken all the same, and nothing is told.
        let agency = if asker.kind == AgencyKind::LiaisonDiversion { &answerer } else { &asker };
        let Ok(permitted) = self.permitted_own_request(agency).await else { return Ok(Vec::new()) };
        let person = self.store.person(site, &moved.person_id).await?.ok_or_else(Refusal::internal)?;
        let used = Used { partner: &asker, consent_seq: person.consent_seq, now };
        let decision = self.decision_row(moved, &permitted, &used, Exit::Plan, key);
        let draft = self.draft(moved, MessageKind::Answer, &answerer, &asker);
        let mapped = self.with_frame(moved, &draft, None, &answerer, &asker, |frame| {
            mapping::status_answer(frame, &standing(moved, &conversation.bundle_id, None))
        });
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, Some(decision.decision_id.clone()), &mapped, key);
        let delivery = self.new_delivery(&message, asker.channel, now);
        let decided = self.decided(moved, &decision, actor);
        writes.push(Write::Decision(decision));
        writes.push(decided);
        writes.push(
            self.note_on(moved, now, Kind::Disclosed, actor)
                .of_message(&message)
                .fact("what", "status")
                .fact("to", &asker.partner_id)
                .fact("body-sha256", &hex(&message.body_sha256))
                .write(),
        );
        writes.push(Write::Message(message));
        writes.push(Write::Enqueue(delivery));
        moved.messages += 1;
        let version = Precondition::as_seen(&asker);
        Ok(vec![version])
    }

    /// The same where nobody's step hangs on it: what stops, recalls or gives up is done whether or not its sender can
    /// be told, and a message that cannot be made is left out and alarmed.
    pub(super) async fn tell_asker_too(
        &self,
        moved: &mut ReferralRow,
        key: &ContentKey,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Vec<Precondition> {
        self.tell_asker(moved, key, actor, writes).await.unwrap_or_else(|refusal| {
            tracing::error!(
                referral = %moved.referral_id,
                class = ?refusal.class,
                "the sender of a referral could not be told how it ended; it reads so at its referral"
            );
            Vec::new()
        })
    }

    /// The conversation that a message belongs to. Its two ends have different ids for it, so that two recipients
    /// cannot compare.
    pub(super) async fn correlation_of(&self, bundle: &DeliveryBundle) -> Result<String, Refusal> {
        let referral = &bundle.referral;
        if bundle.message.kind == MessageKind::Answer
            && let Some(known) = self.store.conversation_of(&referral.site_id, &referral.referral_id).await?
        {
            return Ok(known.correlation_id);
        }
        Ok(referral.correlation_id.clone())
    }
}

/// Whether an agency gets FHIR messages: pushed, or in its mailbox.
pub(super) const fn takes_messages(agency: &Partner) -> bool {
    matches!(agency.channel, Channel::FhirPush | Channel::Mailbox)
}

/// How a referral stands, in BaRS's words. `outcome` is that of a contact with the person, where one was sought.
pub(super) fn standing<'a>(
    referral: &'a ReferralRow,
    answers: &'a str,
    outcome: Option<&'a str>,
) -> Standing<'a> {
    let (reason, encounter) = match (outcome, referral.state) {
        (Some("seen"), _) | (None, State::Completed) => (None, "finished"),
        (Some(outcome), _) => (Some(("contact-outcome", outcome)), "cancelled"),
        (None, State::InProgress) => (None, "in-progress"),
        (None, _) => came_to_nothing(referral).map_or((None, "planned"), |why| (Some(why), "cancelled")),
    };
    Standing {
        answers,
        since: referral.created_at,
        request: match referral.state.task_status() {
            "cancelled" => "revoked",
            "completed" => "completed",
            // A refusal leaves it open until its sender acts.
            _ => "active",
        },
        encounter,
        task: referral.state.task_status(),
        business_status: &referral.business_status,
        reason,
    }
}

/// Why it came to nothing, as its sender is told: list and code.
fn came_to_nothing(referral: &ReferralRow) -> Option<(&'static str, &str)> {
    let why = why(referral, &referral.reason, &referral.business_status)?;
    (!why.code.is_empty()).then_some((why.system, why.code))
}
