//! A referral that is open is said anew, under its id: decided about like the first time, and put behind what is on its way
//! already. Nothing that the receiver did with it is undone.

use super::{
    Exchange,
    answered::Answered,
    ask_again::is_out,
    caller::Caller,
    chosen_authority,
    deliver::change,
    not_made::NotMade,
    plan::{Asked, what_it_gives_away},
    ports::{Write, WriteSet},
    prepare::Earlier,
    recall::Ends,
    refusal::{Issue, Refusal},
    rows::{DeliveryRow, DeliveryStatus, ReferralRow},
    submit::Arrived,
};
use crate::{
    assessment::Assessment, audit::Kind, consent::Exit, ids::ReferralId, referral::State, vault::ContentKey,
};

impl Exchange {
    /// Decides about what is said now, and puts what may go of it on the lane. On a "no", and where no message can be made,
    /// the referral stands as it stood: nobody took anything back, and whatever else came with the change holds.
    pub(super) async fn plan_anew(
        &self,
        anew: &Anew<'_>,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<(ReferralRow, Outcome, Option<Issue>), Refusal> {
        let Anew { caller, referral, one, arrived, assessment, answered } = *anew;
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
            return Ok((moved, Outcome::Kept, None));
        };
        moved.assessment_id = Some(arrived.assessment_id.clone());
        moved.urgency.clone_from(&one.wanted.urgency);
        moved.answer_by = one.answer_by(now);
        moved.need.clone_from(&one.wanted.need);
        let withheld = considered.withheld();
        moved.withheld = self.seal_withheld(&moved.referral_id, &withheld, key);
        let earlier = self.earlier(referral, key).await?;
        let sender = self.partner(&referral.site_id, &referral.sender_id).await?;
        let on_behalf_of = one.reader.as_ref().map(|reader| &reader.partner);
        // Which request it answers stays as it was said, until another is said.
        let said_before = self.answered_request(referral).await;
        let answered = answered.filter(|answered| answered.is_answered_by(referral)).or(said_before.as_ref());
        if let Some(answered) = answered {
            moved.in_answer_to = Some(answered.row.referral_id.clone());
        }
        let in_reply_to = answered.and_then(|answered| answered.quoted_to(referral));
        let ends = Ends { sender: &sender, recipient: one.partner, on_behalf_of, in_reply_to, key };
        let not_chosen = chosen_authority::not_chosen(one.partner, assessment);
        let made = match not_chosen {
            Some(_) => Err(NotMade::default()),
            None => self.make_disclosure(&moved, &decision, projection, &ends, earlier.as_ref()),
        };
        let (message, mapped) = match made {
            Ok(made) => made,
            Err(not_made) => {
                let place = format!("/referrals/{}", one.place);
                warnings.extend(not_chosen.map(|text| Issue::new("business-rule", place, text)));
                warnings.extend(not_made.told(one.place));
                // What the receiver has still rests on the decision before.
                let stands = ReferralRow { version: moved.version, updated_at: now, ..referral.clone() };
                writes.push(Write::ReferralMoved(stands.clone()));
                return Ok((stands, Outcome::NotMade, None));
            }
        };
        warnings.extend(mapped.warnings.iter().cloned());
        warnings.extend(what_it_gives_away(projection));
        moved.disclosure_id.clone_from(&message.disclosure_id);
        moved.messages += 1;
        let is_behind = self.replace_what_waits(referral, actor, writes).await?;
        writes.push(Write::ReferralMoved(moved.clone()));
        let kept_back = Self::committed_to(&message, &withheld, key);
        writes.push(self.disclosed(&moved, &message, &mapped, &decision, &kept_back, actor));
        let delivery = self.new_delivery(&message, one.partner.channel, one.may_go(now));
        writes.push(Write::Message(message));
        // An emergency passes what is late, but never the message that it changes.
        let passes = one.wanted.urgency == "emergency" && !is_behind;
        writes.push(if passes { Write::EnqueueFirst(delivery) } else { Write::Enqueue(delivery) });
        writes.extend(self.kept_back(&moved, &withheld, key, actor));
        let told = how_it_goes(earlier.as_ref(), mapped.content_type);
        Ok((moved, Outcome::Sent, told))
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
            if let Some(disclosure_id) = message.disclosure_id.clone() {
                let body = self.opened(&message, key)?;
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

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It goes to the receiver.
    Sent,
    /// No consent, or no agreement, lets it go.
    Kept,
    /// It may go, and no valid message can be made of it.
    NotMade,
}

/// What a change rests on.
#[derive(Clone, Copy)]
pub(super) struct Anew<'a> {
    pub(super) caller: &'a Caller,
    pub(super) referral: &'a ReferralRow,
    pub(super) one: &'a Asked<'a>,
    pub(super) arrived: &'a Arrived,
    pub(super) assessment: &'a Assessment,
    /// The request that the assessment answers.
    pub(super) answered: Option<&'a Answered>,
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

/// A referral as these writes leave it; `None` where they do not move it.
pub(super) fn moved_by<'w>(writes: &'w [Write], id: &ReferralId) -> Option<&'w ReferralRow> {
    writes.iter().find_map(|write| match write {
        Write::ReferralMoved(row) if row.referral_id == *id => Some(row),
        _ => None,
    })
}
