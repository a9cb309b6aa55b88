//! A person takes a consent back: what is queued stops, what has gone is recalled, and nothing more goes out
//! under it.

use serde_json::{Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange,
    caller::Caller,
    deliver::change,
    people::consent_label,
    ports::{CommitError, Precondition, Write, WriteSet},
    recall::{Ends, Why, set_state},
    refusal::{Refusal, Refused},
    rows::{ConsentRow, DeliveryRow, DeliveryStatus, ReferralRow},
};
use crate::{
    audit::Kind,
    consent::{Consent, ConsentDecision, ConsentStatus},
    directory::AgencyKind,
    ids::ConsentId,
    referral::State,
};

/// What a withdrawal did, for the answer.
#[derive(Default)]
struct Effects {
    stopped: Vec<Value>,
    recalled: Vec<Value>,
    in_flight: Vec<Value>,
}

impl Exchange {
    /// `POST /fhir/Consent/{id}/$revoke`. 200 when every attempt that had begun has ended or can no longer be
    /// sent; until then 202 with what is in flight. Asking again tells how it stands.
    pub async fn revoke_consent(
        &self,
        caller: &Caller,
        consent: &str,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        if !body.is_empty() {
            super::submit::read_json(body)?;
        }
        let id = ConsentId::parse(consent).ok_or_else(Refusal::not_found)?;
        for _ in 0..DECIDE_TRIES {
            // Only the service that holds the consent may change it; to others it does not exist.
            let row = self
                .store
                .consent(&caller.site_id, &id)
                .await?
                .filter(|_| caller.kind == AgencyKind::LiaisonDiversion)
                .ok_or_else(Refusal::not_found)?;
            if row.status == "inactive" {
                let effects = self.effects_so_far(&row).await?;
                return Ok(withdrawn(&row, &effects));
            }
            let (writes, preconditions, effects) = self.plan_withdrawal(caller, &row).await?;
            match self.commit(writes, preconditions).await {
                Ok(()) => return Ok(withdrawn(&row, &effects)),
                Err(CommitError::Conflict(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    async fn plan_withdrawal(
        &self,
        caller: &Caller,
        row: &ConsentRow,
    ) -> Result<(WriteSet, Vec<Precondition>, Effects), Refusal> {
        let (site, now) = (&row.site_id, self.now());
        let person = self.store.person(site, &row.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.wrapped_key)?;
        let recipient = self.store.partner(site, &row.recipient_id).await?.ok_or_else(Refusal::internal)?;
        let stored = self.vault.unseal(&key, &consent_label(&row.consent_id, row.version), &row.body)?;
        let consent = serde_json::from_slice(&stored).ok().and_then(|v| Consent::from_fhir(&v).ok());
        let consent = consent.ok_or_else(Refusal::internal)?;
        if consent.decision == ConsentDecision::Deny {
            return Err(Refusal::new(
                Refused::Unprocessable,
                "business-rule",
                "",
                "The person declined here; there is no agreement to take back.",
            ));
        }
        let next = Consent { status: ConsentStatus::Inactive, version: row.version + 1, ..consent };
        let sealed = self.vault.seal(
            &key,
            &consent_label(&row.consent_id, next.version),
            next.to_fhir().to_string().as_bytes(),
        );
        let actor = caller.partner_id.as_str();
        let mut writes = vec![
            Write::Consent(ConsentRow {
                version: next.version,
                status: String::from("inactive"),
                recorded_by: caller.partner_id.to_string(),
                recorded_at: now,
                body: sealed,
                ..row.clone()
            }),
            Write::ConsentSeqUp(site.clone(), row.person_id.clone()),
            self.note(site, now, Kind::ConsentWithdrawn, actor)
                .about("consent", &row.consent_id)
                .fact("version", &next.version)
                .person(&row.person_id)
                .partner(&row.recipient_id)
                .write(),
        ];
        let mut preconditions =
            vec![Precondition::ConsentSeq(site.clone(), row.person_id.clone(), person.consent_seq)];
        let mut effects = Effects::default();
        for referral in self.store.referrals_to(site, &row.person_id, &row.recipient_id).await? {
            // An override never rested on this consent; it goes to its review instead.
            if referral.audience.is_none() || referral.review_due_at.is_some() || over(&referral) {
                continue;
            }
            let sender =
                self.store.partner(site, &referral.sender_id).await?.ok_or_else(Refusal::internal)?;
            let ends = Ends { sender: &sender, recipient: &recipient, key: &key };
            self.take_back(referral, row, &ends, actor, &mut writes, &mut preconditions, &mut effects)
                .await?;
        }
        Ok((writes, preconditions, effects))
    }

    /// Stops or recalls one referral.
    #[expect(clippy::too_many_arguments, reason = "three of them collect what one withdrawal does")]
    async fn take_back(
        &self,
        mut referral: ReferralRow,
        row: &ConsentRow,
        ends: &Ends<'_>,
        actor: &str,
        writes: &mut WriteSet,
        preconditions: &mut Vec<Precondition>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let deliveries = self.store.deliveries_of(&referral.site_id, &referral.referral_id).await?;
        let mut may_be_out = false;
        for delivery in &deliveries {
            preconditions
                .push(Precondition::DeliveryVersion(delivery.new.delivery_id.clone(), delivery.version));
            match delivery.status {
                DeliveryStatus::Queued | DeliveryStatus::Dead => {
                    may_be_out |= delivery.attempts > 0;
                    writes.push(change(delivery, DeliveryStatus::Withdrawn, now, "consent-withdrawn"));
                    writes.push(
                        self.note_on(&referral, now, Kind::Stopped, actor)
                            .about("message", &delivery.new.message_id)
                            .fact("reason", "consent-withdrawn")
                            .fact("attempts", &delivery.attempts)
                            .write(),
                    );
                }
                DeliveryStatus::Attempting => {
                    may_be_out = true;
                    if is_in_flight(delivery, now) {
                        effects.in_flight.push(in_flight(&referral, delivery));
                    }
                }
                DeliveryStatus::Collected | DeliveryStatus::Delivered => may_be_out = true,
                DeliveryStatus::Withdrawn => {}
            }
        }
        referral.version += 1;
        if may_be_out {
            self.add_recall(
                &mut referral,
                Some(&row.consent_id),
                Why::ConsentWithdrawn,
                ends,
                actor,
                writes,
            )?;
            effects.recalled.push(json!(referral.referral_id));
        } else {
            set_state(&mut referral, State::Withdrawn, "client-withdrew", "consent-withdrawn", now);
            effects.stopped.push(json!(referral.referral_id));
        }
        writes.push(Write::ReferralMoved(referral));
        Ok(())
    }

    /// How an earlier withdrawal stands now.
    async fn effects_so_far(&self, row: &ConsentRow) -> Result<Effects, Refusal> {
        let now = self.now();
        let mut effects = Effects::default();
        for referral in self.store.referrals_to(&row.site_id, &row.person_id, &row.recipient_id).await? {
            match referral.state {
                State::Recalled => effects.recalled.push(json!(referral.referral_id)),
                State::Withdrawn => effects.stopped.push(json!(referral.referral_id)),
                _ => continue,
            }
            for delivery in self.store.deliveries_of(&row.site_id, &referral.referral_id).await? {
                // The recall's own delivery is no disclosure in flight; it began after the withdrawal.
                if is_in_flight(&delivery, now) && delivery.new.created_at < row.recorded_at {
                    effects.in_flight.push(in_flight(&referral, &delivery));
                }
            }
        }
        Ok(effects)
    }
}

fn over(referral: &ReferralRow) -> bool {
    matches!(
        referral.state,
        State::Withheld | State::Withdrawn | State::Recalled | State::EnteredInError | State::Superseded
    )
}

fn is_in_flight(delivery: &DeliveryRow, now: crate::clock::Moment) -> bool {
    delivery.status == DeliveryStatus::Attempting && delivery.send_by.is_some_and(|by| now < by)
}

fn in_flight(referral: &ReferralRow, delivery: &DeliveryRow) -> Value {
    json!({
        "referral_id": referral.referral_id,
        "recipient": referral.recipient_id,
        "send_by": delivery.send_by.map(crate::clock::Moment::to_rfc3339),
    })
}

fn withdrawn(row: &ConsentRow, effects: &Effects) -> Answer {
    let status = if effects.in_flight.is_empty() { 200 } else { 202 };
    Answer::json(
        status,
        &json!({
            "consent_id": row.consent_id,
            "status": "inactive",
            "stopped": effects.stopped,
            "recalled": effects.recalled,
            "in_flight": effects.in_flight,
        }),
    )
}
