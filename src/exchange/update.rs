//! A referral is said anew, whole: consent and agreement are asked for what is said now, and what they let through
//! goes to the receiver behind what is on its way already. Nothing that the receiver did with it is undone.

use super::{
    Answer, DECIDE_TRIES, Exchange,
    ask_again::is_out,
    caller::Caller,
    cancel::PLACE,
    deliver::change,
    message::Incoming,
    people::{Description, Identified},
    plan::Asked,
    ports::{Precondition, Write, WriteSet},
    prepare::{Earlier, Used, message_label},
    recall::Ends,
    refer::{REFERRAL_IN, UNSENT, located, not_changed, unused, wrong},
    refusal::{Issue, Refusal, Refused},
    request::awaited,
    rows::{DeliveryRow, DeliveryStatus, MessageKind, ReferralRow},
    submit::{Arrived, Joins},
};
use crate::{
    assessment::Assessment,
    audit::Kind,
    consent::Exit,
    ids::ReferralId,
    mapping::{
        self,
        inbound::{Named, assessment_of},
    },
    referral::{State, answer_within},
    vault::ContentKey,
};

/// Everything that a change would write.
struct Changing {
    /// The referral as it will be.
    moved: ReferralRow,
    writes: WriteSet,
    preconditions: Vec<Precondition>,
    /// What stays in the message, and what else its sender should be told.
    kept: Vec<Issue>,
    /// Whether anything goes to the receiver.
    is_sent: bool,
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
                return Err(Refusal::new(
                    Refused::Conflict,
                    "conflict",
                    PLACE,
                    "This referral has ended, or was never on its way. Send a new one.",
                ));
            }
            let Changing { moved, mut writes, mut preconditions, kept, is_sent } =
                if referral.audience.is_some() {
                    self.plan_change(incoming, &referral).await?
                } else {
                    self.plan_request_anew(incoming, &referral).await?
                };
            preconditions.push(unused(incoming));
            self.bundle_used(incoming, &mut writes);
            if self.try_commit(writes, preconditions).await? {
                return if is_sent {
                    Ok(incoming.taken(&moved.referral_id, &kept))
                } else {
                    Err(not_changed(moved.referral_id.as_str()))
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
        Ok(Changing { moved, writes, preconditions: vec![version], kept: adapted.kept, is_sent: true })
    }

    /// A referral to another agency: another version of its assessment, decided about and sent like the first.
    async fn plan_change(
        &self,
        incoming: &Incoming<'_>,
        referral: &ReferralRow,
    ) -> Result<Changing, Refusal> {
        let caller = incoming.caller;
        let site = &caller.site_id;
        if self.store.conversation_of(site, &referral.referral_id).await?.is_none() {
            return Err(Refusal::new(
                Refused::Unprocessable,
                "not-supported",
                "Bundle.entry[0].resource.reason",
                "This referral came by POST /assessments and holds more than a message can say: a message would cut it \
                 down. Send the whole anew by POST /assessments/{id}/amend, or take this one back by a message with \
                 reason `delete` or by POST /referrals/{id}/actions/withdraw. Nothing was changed.",
            ));
        }
        let adapted = assessment_of(incoming.meant, incoming.receiver, self.now()).map_err(wrong)?;
        let at_its_place = |refusal| located(&adapted, refusal);
        let assessment = self.valid_assessment(adapted.value.clone()).map_err(at_its_place)?;
        let body = assessment.raw().to_string();
        let partners = self.store.partners(site).await?;
        let asked = self.resolve(&partners, &assessment).await.map_err(at_its_place)?;
        let one = asked.first().ok_or_else(Refusal::internal)?;
        self.has_room(one.partner).await?;
        let joins = Joins::Episode(&referral.episode_id);
        let arrived = self.arrive(caller, &assessment, body.as_bytes(), &partners, joins).await;
        let mut arrived = arrived.map_err(at_its_place)?;
        same_person(&arrived.person, referral)?;
        let mut writes = std::mem::take(&mut arrived.writes);
        let mut preconditions = std::mem::take(&mut arrived.preconditions);
        preconditions.push(Precondition::as_seen(one.partner));
        let mut warnings = std::mem::take(&mut arrived.warnings);

        // What the person declines in this very message was taken back by recording it.
        let taken_back = moved_by(&writes, &referral.referral_id).cloned();
        let (moved, is_sent, told) = if let Some(moved) = taken_back {
            (moved, false, None)
        } else {
            let anew = Anew { caller, referral, one, arrived: &arrived, assessment: &assessment };
            self.plan_anew(&anew, &mut writes, &mut warnings).await?
        };
        let key = &arrived.person.key;
        let kind = if is_sent { REFERRAL_IN } else { UNSENT };
        let request_id = incoming.head.request_id.as_str();
        writes.push(self.inbound(caller, request_id, kind, &moved, key, incoming.body));
        writes.push(self.received(incoming, &moved));
        let mut kept = adapted.located(warnings);
        kept.extend(told);
        kept.extend(adapted.kept);
        Ok(Changing { moved, writes, preconditions, kept, is_sent })
    }

    /// Decides about what is said now, and puts what may go of it on the lane. On a "no" the referral stands as it
    /// stood: nobody took anything back.
    pub(super) async fn plan_anew(
        &self,
        anew: &Anew<'_>,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<(ReferralRow, bool, Option<Issue>), Refusal> {
        let Anew { caller, referral, one, arrived, assessment } = *anew;
        let (now, key, actor) = (self.now(), &arrived.person.key, caller.partner_id.as_str());
        let circumstances = one.circumstances(&arrived.said.consents, arrived.consent_seq, now);
        let considered = self.consider(&circumstances, assessment, &one.wanted.need);
        let decided = considered.decided(&arrived.assessment_id);
        let decision = self.decision_row(referral, &decided, &circumstances.used(), Exit::Plan, key);
        let mut moved = referral.clone();
        moved.version += 1;
        moved.updated_at = now;
        moved.decision_id = Some(decision.decision_id.clone());
        writes.push(Write::Decision(decision.clone()));
        writes.push(self.decided(referral, &decision, actor));
        let Some(projection) = &considered.projection else {
            writes.push(Write::ReferralMoved(moved.clone()));
            return Ok((moved, false, None));
        };
        moved.assessment_id = Some(arrived.assessment_id.clone());
        moved.urgency.clone_from(&one.wanted.urgency);
        moved.answer_by = now.plus_seconds(answer_within(&moved.urgency));
        moved.need.clone_from(&one.wanted.need);
        let withheld = considered.withheld();
        moved.withheld = self.seal_withheld(&moved.referral_id, &withheld, key);
        let earlier = self.earlier(referral, key).await?;
        let sender = self.partner(&referral.site_id, &referral.sender_id).await?;
        let ends = Ends { sender: &sender, recipient: one.partner, key };
        let (message, mapped) =
            self.make_disclosure(&moved, &decision, projection, &ends, earlier.as_ref())?;
        warnings.extend(mapped.warnings.iter().cloned());
        moved.disclosure_id.clone_from(&message.disclosure_id);
        moved.messages += 1;
        let is_behind = self.replace_what_waits(referral, actor, writes).await?;
        writes.push(Write::ReferralMoved(moved.clone()));
        writes.push(self.disclosed(&moved, &message, &mapped, &decision, actor));
        let not_before = one.wanted.not_before_moment().unwrap_or(now).max(now);
        let delivery = self.new_delivery(&message, one.partner.channel, not_before);
        writes.push(Write::Message(message));
        // An emergency passes what is late, but never the message that it changes.
        let passes = one.wanted.urgency == "emergency" && !is_behind;
        writes.push(if passes { Write::EnqueueFirst(delivery) } else { Write::Enqueue(delivery) });
        writes.extend(self.kept_back(&moved, &withheld, key, actor));
        let told = how_it_goes(earlier.as_ref(), mapped.content_type);
        Ok((moved, true, told))
    }

    /// Withdraws what is on its way to the receiver and was never tried, or was set aside: what is said now takes its
    /// place. Whether something stays that may have arrived, and is tried again before.
    pub(super) async fn replace_what_waits(
        &self,
        referral: &ReferralRow,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Result<bool, Refusal> {
        let now = self.now();
        let mut is_behind = false;
        for delivery in self.store.deliveries_of(&referral.site_id, &referral.referral_id).await? {
            if delivery.new.recipient_id != referral.recipient_id {
                continue;
            }
            let waits = delivery.status == DeliveryStatus::Queued && !is_out(&delivery);
            if waits || delivery.status == DeliveryStatus::Dead {
                writes.push(change(&delivery, DeliveryStatus::Withdrawn, now, REPLACED));
                writes.push(
                    self.note_on(referral, now, Kind::Stopped, actor)
                        .about("message", &delivery.new.message_id)
                        .fact("reason", REPLACED)
                        .fact("attempts", &delivery.attempts)
                        .write(),
                );
            } else {
                is_behind |= matches!(delivery.status, DeliveryStatus::Queued | DeliveryStatus::Attempting);
            }
        }
        Ok(is_behind)
    }

    /// The latest disclosure of a referral that is with its receiver, or may be.
    pub(super) async fn earlier(
        &self,
        referral: &ReferralRow,
        key: &ContentKey,
    ) -> Result<Option<Earlier>, Refusal> {
        for delivery in self.out_so_far(referral).await? {
            let id = &delivery.new.message_id;
            let bundle = self.store.delivery_of_message(&referral.site_id, id).await?;
            let message = bundle.ok_or_else(Refusal::internal)?.message;
            if let Some(disclosure_id) = message.disclosure_id {
                let body = self.vault.unseal(key, &message_label(id.as_str(), "body"), &message.body)?;
                let body = serde_json::from_slice(&body).unwrap_or_default();
                return Ok(Some(Earlier { disclosure_id, body }));
            }
        }
        Ok(None)
    }

    /// What is with the receiver of a referral, or may be: the latest first.
    pub(super) async fn out_so_far(&self, referral: &ReferralRow) -> Result<Vec<DeliveryRow>, Refusal> {
        let mut out = self.store.deliveries_of(&referral.site_id, &referral.referral_id).await?;
        out.retain(|delivery| delivery.new.recipient_id == referral.recipient_id && is_out(delivery));
        out.sort_by_key(|delivery| std::cmp::Reverse((delivery.new.created_at, delivery.seq)));
        Ok(out)
    }
}

/// Why a delivery is withdrawn in favour of a later one.
const REPLACED: &str = "replaced-by-update";

/// What a change rests on.
#[derive(Clone, Copy)]
pub(super) struct Anew<'a> {
    pub(super) caller: &'a Caller,
    pub(super) referral: &'a ReferralRow,
    pub(super) one: &'a Asked<'a>,
    pub(super) arrived: &'a Arrived,
    pub(super) assessment: &'a Assessment,
}

/// What its sender should know of how a change reaches the receiver.
fn how_it_goes(earlier: Option<&Earlier>, content_type: &str) -> Option<Issue> {
    let text = match earlier {
        None => {
            "Nothing had left yet: the receiver gets this as a new referral, in place of what you sent before."
        }
        Some(_) if content_type == "application/fhir+json" => return None,
        Some(_) => {
            "The receiver takes no FHIR, and its form has no word for a change: it gets a whole new document that \
             names the one whose place it takes (validity.supersedes)."
        }
    };
    Some(Issue::new("informational", "Bundle.entry[0].resource.reason", text))
}

/// Whether a referral is on its way or with its receiver, and not at an end.
pub(super) const fn is_open(state: State) -> bool {
    matches!(
        state,
        State::Queued
            | State::Issued
            | State::Delivered
            | State::Read
            | State::Accepted
            | State::Waitlisted
            | State::InformationRequested
            | State::Scheduled
            | State::InProgress
    )
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

/// A referral as these writes leave it; `None` where they do not move it.
pub(super) fn moved_by<'w>(writes: &'w [Write], id: &ReferralId) -> Option<&'w ReferralRow> {
    writes.iter().find_map(|write| match write {
        Write::ReferralMoved(row) if row.referral_id == *id => Some(row),
        _ => None,
    })
}
