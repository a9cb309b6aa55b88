//! One step of a delivery: ask consent again, record that an attempt begins, send, record how it ended.
//!
//! At every point where the process may die, what is stored is enough to go on: before the attempt is recorded
//! nothing was sent; after it the same bytes go again under the same message id.

use super::{
    Exchange,
    ask_again::{AskedAgain, Course, is_over},
    ports::{
        AttemptClass, AttemptOutcome, CommitError, Courier, DeliveryBundle, DeliveryChange, Parcel,
        Precondition, Write, WriteSet,
    },
    recall::set_state,
    refusal::{Refusal, Refused},
    rows::{AttemptRow, DeliveryRow, DeliveryStatus, LeasedLane, MessageKind, ReferralRow},
};
use crate::{
    audit::Kind,
    clock::Moment,
    consent::{Exit, Reason},
    ids::AttemptId,
    limits,
    referral::{Action, Role, step},
};

/// The outcome of an attempt whose worker died.
const INTERRUPTED: &str = "interrupted";

impl Exchange {
    /// Carries the head of a leased lane one step and gives the lane back. For the worker.
    pub async fn deliver(&self, lane: LeasedLane, courier: &dyn Courier) {
        let Err(refusal) = self.carry_head(&lane, courier).await else { return };
        let delivery = &lane.delivery.new.delivery_id;
        if refusal.class == Refused::Conflict {
            // An answer or a withdrawal came in between: nothing is wrong.
            tracing::debug!(%delivery, "something moved during a delivery step; it is decided again");
        } else {
            tracing::warn!(%delivery, class = ?refusal.class, "a delivery step failed; its lane is tried again");
        }
        if let Err(error) = self.put_off(&lane, refusal.class).await {
            tracing::warn!(class = ?error.class, "a lane could not be given back; its lease runs out");
        }
    }

    /// Gives the lane back after a step that failed. Something moved: decide again at once. Anything else: wait
    /// a little, and after too many faults in a row set the delivery aside. Erased content is never sent. If
    /// even this cannot be written, or another has the lane by now, the lease runs out by itself.
    async fn put_off(&self, lane: &LeasedLane, class: Refused) -> Result<(), Refusal> {
        let Some(bundle) = self.store.delivery(&lane.delivery.new.delivery_id).await? else { return Ok(()) };
        let (delivery, now) = (&bundle.delivery, self.now());
        let (mut writes, mut preconditions) = (Vec::new(), vec![fence(lane)]);
        if is_carried(delivery) {
            let faults = faults_so_far(delivery).saturating_add(1);
            match class {
                Refused::Conflict => {}
                Refused::Gone => {
                    writes.push(change(delivery, DeliveryStatus::Withdrawn, now, "content-erased"));
                }
                _ if faults > limits::GATEWAY_FAULTS_MAX => {
                    writes.push(change(delivery, DeliveryStatus::Dead, now, "gateway-fault"));
                    writes.push(self.set_aside(&bundle, now, "gateway-fault"));
                    let told = self.carried(&bundle, Action::Fail, "gateway-fault", &mut writes).await;
                    preconditions.extend(told);
                }
                _ => {
                    let later = now.plus_seconds(limits::GATEWAY_FAULT_WAIT_SECONDS);
                    let reason = format!("{FAULT}{faults}");
                    writes.push(change(delivery, delivery.status, later, &reason));
                }
            }
        }
        writes.push(release(lane));
        Ok(self.commit(writes, preconditions).await?)
    }

    /// The entry, and the alarm, of a delivery that was set aside.
    fn set_aside(&self, bundle: &DeliveryBundle, now: Moment, code: &str) -> Write {
        tracing::error!(
            delivery = %bundle.delivery.new.delivery_id,
            partner = %bundle.delivery.new.recipient_id,
            code,
            "a delivery was set aside and holds what waits behind it for this person and partner; its sender \
             frees it by withdrawing the referral, and an emergency passes it"
        );
        self.note_on(&bundle.referral, now, Kind::SetAside, "gateway")
            .about("message", &bundle.message.message_id)
            .fact("reason", code)
            .write()
    }

    async fn carry_head(&self, lane: &LeasedLane, courier: &dyn Courier) -> Result<(), Refusal> {
        let id = &lane.delivery.new.delivery_id;
        let Some(bundle) = self.store.delivery(id).await? else {
            return Ok(self.commit(vec![release(lane)], vec![fence(lane)]).await?);
        };
        if !is_carried(&bundle.delivery) {
            return Ok(self.commit(vec![release(lane)], vec![fence(lane)]).await?);
        }
        let asked = self.ask_again(&bundle, Exit::Send).await?;
        match asked.course {
            Course::Go => {}
            Course::Wait => {
                let later = self.now().plus_seconds(limits::SUSPENDED_WAIT_SECONDS);
                let why = Reason::PartnerSuspended.as_str();
                let writes =
                    vec![change(&bundle.delivery, bundle.delivery.status, later, why), release(lane)];
                return Ok(self.commit(writes, vec![fence(lane)]).await?);
            }
            _ => {
                let (mut writes, mut preconditions) = self.settle(&bundle, &asked).await?;
                self.end_interrupted(&bundle, &mut writes);
                writes.push(release(lane));
                preconditions.push(fence(lane));
                return Ok(self.commit(writes, preconditions).await?);
            }
        }
        let (parcel, attempt) = self.begin_attempt(lane, &bundle, asked).await?;
        let outcome = courier.carry(parcel).await;
        self.end_attempt(lane, &bundle, &attempt, &outcome).await
    }

    async fn begin_attempt(
        &self,
        lane: &LeasedLane,
        bundle: &DeliveryBundle,
        asked: AskedAgain,
    ) -> Result<(Parcel, AttemptRow), Refusal> {
        let now = self.now();
        let (message, delivery) = (&bundle.message, &bundle.delivery);
        let send_by = now.plus_seconds(limits::SEND_BY_SECONDS);
        let body = self.part_of(message, "body", &message.body, &asked.key)?;
        let decision_id = asked.decided.as_ref().map(|(_, row)| row.decision_id.clone());
        let attempt = AttemptRow {
            site_id: message.site_id.clone(),
            attempt_id: AttemptId::fresh(&self.mint),
            delivery_id: delivery.new.delivery_id.clone(),
            decision_id: decision_id.clone(),
            begun_at: now,
            send_by,
            ended_at: None,
            outcome: String::new(),
            http_status: None,
        };
        let mut writes = Vec::new();
        self.end_interrupted(bundle, &mut writes);
        if let Some((_, row)) = &asked.decided {
            writes.push(Write::Decision(row.clone()));
        }
        let mut begun = self
            .note_on(&bundle.referral, now, Kind::AttemptBegun, "gateway")
            .about("message", &message.message_id)
            .about("attempt", &attempt.attempt_id)
            .fact("purpose", &message.kind.as_str());
        if let Some(decision) = &decision_id {
            begun = begun.about("decision", decision);
        }
        writes.push(begun.write());
        writes.push(Write::AttemptBegun(attempt.clone()));
        writes.push(Write::Delivery(DeliveryChange {
            delivery_id: delivery.new.delivery_id.clone(),
            version: delivery.version,
            status: DeliveryStatus::Attempting,
            attempts: delivery.attempts + 1,
            next_at: delivery.next_at,
            send_by: Some(send_by),
            reason: String::new(),
        }));
        let mut preconditions = asked.preconditions;
        preconditions.push(fence(lane));
        // A withdrawal of the referral between the question and this commit is a conflict: ask again.
        preconditions.push(Precondition::ReferralVersion(
            message.site_id.clone(),
            bundle.referral.referral_id.clone(),
            bundle.referral.version,
        ));
        let correlation_id = self.correlation_of(bundle).await?;
        self.commit(writes, preconditions).await?;
        let parcel = Parcel {
            partner: asked.partner,
            sender: asked.sender,
            message_id: message.message_id.clone(),
            correlation_id,
            content_type: message.content_type.clone(),
            body,
            receipt: self.receipt_header(message).await,
            send_by,
        };
        Ok((parcel, attempt))
    }

    /// An attempt that this lane's earlier holder began and did not live to end: nobody knows what became of it, and
    /// that is what the record says from now on.
    fn end_interrupted(&self, bundle: &DeliveryBundle, writes: &mut WriteSet) {
        let Some(attempt) = &bundle.open_attempt else { return };
        let now = self.now();
        writes.push(Write::AttemptEnded(attempt.clone(), String::from(INTERRUPTED), None, now));
        writes.push(self.attempt_ended(bundle, attempt, INTERRUPTED, now));
    }

    fn attempt_ended(
        &self,
        bundle: &DeliveryBundle,
        attempt: &AttemptId,
        outcome: &str,
        now: Moment,
    ) -> Write {
        self.note_on(&bundle.referral, now, Kind::AttemptEnded, "gateway")
            .about("message", &bundle.message.message_id)
            .about("attempt", attempt)
            .fact("outcome", &outcome)
            .write()
    }

    /// Records how an attempt ended. The referral may have moved meanwhile (an answer can overtake the
    /// transport's acknowledgement), so it is read again until the record fits.
    async fn end_attempt(
        &self,
        lane: &LeasedLane,
        before: &DeliveryBundle,
        attempt: &AttemptRow,
        outcome: &AttemptOutcome,
    ) -> Result<(), Refusal> {
        for _ in 0..super::DECIDE_TRIES {
            let Some(bundle) = self.store.delivery(&before.delivery.new.delivery_id).await? else {
                return Err(Refusal::internal());
            };
            let (writes, preconditions) = self.outcome_writes(lane, &bundle, attempt, outcome).await;
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict(
                    Precondition::ReferralVersion(..)
                    | Precondition::DeliveryVersion(..)
                    | Precondition::PartnerVersion(..),
                )) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    async fn outcome_writes(
        &self,
        lane: &LeasedLane,
        bundle: &DeliveryBundle,
        attempt: &AttemptRow,
        outcome: &AttemptOutcome,
    ) -> (WriteSet, Vec<Precondition>) {
        let now = self.now();
        let delivery = &bundle.delivery;
        let mut writes = vec![
            Write::AttemptEnded(attempt.attempt_id.clone(), outcome.code.clone(), outcome.http_status, now),
            self.attempt_ended(bundle, &attempt.attempt_id, &outcome.code, now),
        ];
        let tired = delivery.attempts >= i64::from(self.schedule.attempts_max);
        let (status, next_at, action) = match outcome.class {
            // Stopped or recalled while the attempt was under way: that stands; the record is only completed.
            _ if delivery.status != DeliveryStatus::Attempting => (delivery.status, delivery.next_at, None),
            AttemptClass::Delivered => (DeliveryStatus::Delivered, now, Some(Action::Deliver)),
            // Its referral is over: it is not tried again and does not hold its lane, where a recall may wait.
            _ if bundle.message.kind == MessageKind::Disclosure && is_over(bundle.referral.state) => {
                (DeliveryStatus::Withdrawn, now, None)
            }
            AttemptClass::Permanent => (DeliveryStatus::Dead, now, Some(Action::Fail)),
            AttemptClass::Retryable | AttemptClass::Ambiguous if tired => {
                (DeliveryStatus::Dead, now, Some(Action::Fail))
            }
            AttemptClass::TooLate => (DeliveryStatus::Queued, now, None),
            AttemptClass::Retryable | AttemptClass::Ambiguous => {
                (DeliveryStatus::Queued, self.next_try(now, delivery.attempts, outcome), None)
            }
        };
        writes.push(change(delivery, status, next_at, &outcome.code));
        if status == DeliveryStatus::Dead {
            writes.push(self.set_aside(bundle, now, &outcome.code));
        }
        let mut preconditions = vec![fence(lane)];
        if let Some(action) = action {
            preconditions.extend(self.carried(bundle, action, &outcome.code, &mut writes).await);
        }
        writes.push(release(lane));
        (writes, preconditions)
    }

    /// Moves the referral whose message arrived or was given up, where that says something of it. Its sender is told
    /// that it could not be delivered.
    async fn carried(
        &self,
        bundle: &DeliveryBundle,
        action: Action,
        code: &str,
        writes: &mut WriteSet,
    ) -> Vec<Precondition> {
        let (referral, now) = (&bundle.referral, self.now());
        if !matches!(bundle.message.kind, MessageKind::Disclosure | MessageKind::Request) {
            return Vec::new();
        }
        let Ok(to) = step(referral.state, referral.nature, action, Role::Gateway, None, None) else {
            return Vec::new();
        };
        let mut moved = referral.clone();
        moved.version += 1;
        let reason = if action == Action::Fail { code } else { referral.reason.as_str() };
        set_state(&mut moved, to.state, to.business_status, reason, now);
        let mut preconditions = Vec::new();
        if action == Action::Fail {
            match self.key_of(&referral.site_id, &referral.person_id).await {
                Ok(key) => preconditions = self.tell_asker_too(&mut moved, &key, "gateway", writes).await,
                Err(_) => {
                    tracing::error!(referral = %referral.referral_id, "its sender could not be told: no key");
                }
            }
        }
        writes.push(self.moved(&moved, now, "gateway", action));
        writes.push(Write::ReferralMoved(moved));
        preconditions
    }

    /// The audit entry of a change of state.
    pub(super) fn moved(&self, referral: &ReferralRow, now: Moment, actor: &str, action: Action) -> Write {
        self.note_on(referral, now, Kind::Moved, actor)
            .fact("action", &action.as_str())
            .fact("state", &referral.state.as_str())
            .fact("business-status", &referral.business_status)
            .fact("reason", &referral.reason)
            .write()
    }

    /// The schedule, with up to a fifth more or less so that partners are not all tried at once; never sooner
    /// than the partner asked for.
    fn next_try(&self, now: Moment, attempts: i64, outcome: &AttemptOutcome) -> Moment {
        let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
        let last = self.schedule.seconds.last().copied().unwrap_or(1);
        let seconds = self.schedule.seconds.get(place).copied().unwrap_or(last);
        let mut byte = [0_u8; 1];
        self.mint.chance().fill(&mut byte);
        let share = 800 + i64::from(byte[0]) * 400 / 255;
        let scheduled = now.plus_milliseconds(seconds.saturating_mul(share));
        let asked = outcome.retry_after_seconds.unwrap_or(0).clamp(0, limits::RETRY_AFTER_MAX_SECONDS);
        scheduled.max(now.plus_seconds(asked))
    }
}

/// How a delivery's reason tells of faults of ours: this and their number.
const FAULT: &str = "gateway-fault-";

fn faults_so_far(delivery: &DeliveryRow) -> u32 {
    delivery.reason.strip_prefix(FAULT).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// A change of a delivery's status and time; attempts stay.
pub(super) fn change(delivery: &DeliveryRow, status: DeliveryStatus, next_at: Moment, reason: &str) -> Write {
    Write::Delivery(DeliveryChange {
        delivery_id: delivery.new.delivery_id.clone(),
        version: delivery.version,
        status,
        attempts: delivery.attempts,
        next_at,
        send_by: delivery.send_by,
        reason: reason.to_owned(),
    })
}

fn fence(lane: &LeasedLane) -> Precondition {
    let new = &lane.delivery.new;
    Precondition::LaneFence(new.site_id.clone(), new.recipient_id.clone(), new.person_id.clone(), lane.fence)
}

fn release(lane: &LeasedLane) -> Write {
    let new = &lane.delivery.new;
    Write::ReleaseLane {
        site_id: new.site_id.clone(),
        recipient_id: new.recipient_id.clone(),
        person_id: new.person_id.clone(),
        fence: lane.fence,
    }
}

/// Whether a worker still has something to do with it.
fn is_carried(delivery: &DeliveryRow) -> bool {
    matches!(delivery.status, DeliveryStatus::Queued | DeliveryStatus::Attempting)
}
