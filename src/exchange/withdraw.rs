//! A person takes a consent back: what is queued stops, what has gone is recalled, and nothing more goes out
//! under it.

use serde_json::{Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange,
    ask_again::{is_out, is_over},
    caller::Caller,
    deliver::change,
    less::SaidAnew,
    people::{Consents, consent_label},
    ports::{Precondition, Write, WriteSet},
    recall::{Ends, Why, set_state},
    refusal::{Refusal, Refused},
    rows::{ConsentRow, DeliveryRow, DeliveryStatus, ReferralRow},
    sought::Sought,
};
use crate::{
    audit::Kind,
    clock::Moment,
    consent::{Consent, ConsentDecision, ConsentStatus},
    directory::Partner,
    ids::{ConsentId, PartnerId, PersonId, ReferralId, SiteId},
    referral::State,
    vault::ContentKey,
};

/// What a withdrawal did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What had not gone out and is stopped.
    pub stopped: Vec<ReferralId>,
    /// What had, or may have, and is recalled.
    pub recalled: Vec<ReferralId>,
    /// What had begun to be sent and whose outcome is not known yet.
    pub in_flight: Vec<InFlight>,
}

/// An attempt to send that had begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The referral.
    pub referral: ReferralId,
    /// To whom.
    pub recipient: PartnerId,
    /// By when its outcome is known.
    pub send_by: Option<Moment>,
}

/// Whose consent no longer holds, and for whom.
pub(super) struct TakingBack<'a> {
    pub(super) consent: Option<&'a ConsentId>,
    pub(super) why: Why,
    pub(super) agency: &'a Partner,
    pub(super) key: &'a ContentKey,
    pub(super) actor: &'a str,
}

/// What taking back writes, rests on and does.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) writes: WriteSet,
    pub(super) preconditions: Vec<Precondition>,
    effects: Effects,
}

impl Exchange {
    /// `POST /fhir/Consent/{id}/$revoke`. 200 when every attempt that had begun has ended or can no longer be
    /// sent; until then 202 with what is in flight. Asking again tells how it stands. A dry run only says what it would do.
    pub async fn revoke_consent(
        &self,
        caller: &Caller,
        consent: &str,
        body: &[u8],
        dry_run: bool,
    ) -> Result<Answer, Refusal> {
        if !body.is_empty() {
            super::submit::read_json(body)?;
        }
        let id = ConsentId::parse(consent).ok_or_else(Refusal::not_found)?;
        // Only the service that holds the consent may change it; to others it does not exist.
        if !caller.is_service() {
            return Err(self.not_for(caller, "Consent", Sought::Consent(id)));
        }
        let effects = self.withdraw(&caller.site_id, caller.partner_id.as_str(), &id, dry_run).await?;
        Ok(withdrawn(&id, &effects, dry_run))
    }

    /// Takes a consent back in the name of `actor`: a service's slug, or `operator:<name>`. Of one that is taken back
    /// already it says how that stands. A dry run writes nothing and says what it would do now.
    ///
    /// # Errors
    /// There is no such consent, or it is a refusal; the store cannot be written.
    pub async fn withdraw(
        &self,
        site: &SiteId,
        actor: &str,
        consent: &ConsentId,
        dry_run: bool,
    ) -> Result<Effects, Refusal> {
        for _ in 0..DECIDE_TRIES {
            let row = self.store.consent(site, consent).await?.ok_or_else(Refusal::not_found)?;
            if row.status == "inactive" {
                return self.effects_so_far(&row).await;
            }
            let taken = self.plan_withdrawal(actor, &row).await?;
            if dry_run || self.try_commit(taken.writes, taken.preconditions).await? {
                return Ok(taken.effects);
            }
        }
        Err(Refusal::unavailable())
    }

    async fn plan_withdrawal(&self, actor: &str, row: &ConsentRow) -> Result<Taken, Refusal> {
        let (site, now) = (&row.site_id, self.now());
        let person = self.store.person(site, &row.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.site_id, &person.person_id, &person.wrapped_key)?;
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
        let writes = vec![
            Write::Consent(ConsentRow {
                version: next.version,
                status: String::from("inactive"),
                recorded_by: actor.to_owned(),
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
        let mut taken = Taken { writes, ..Taken::default() };
        taken.preconditions.push(Precondition::ConsentSeq(
            site.clone(),
            row.person_id.clone(),
            person.consent_seq,
        ));
        let (consent, why) = (Some(&row.consent_id), Why::ConsentWithdrawn);
        let back = TakingBack { consent, why, agency: &recipient, key: &key, actor };
        self.take_back_all(site, &row.person_id, &back, &mut taken).await?;
        let known = self.store.consents_of(site, &row.person_id).await?;
        let mut consents = self.open_consents(&key, &known);
        put_in_place(&mut consents, next);
        let said = SaidAnew {
            site,
            person: &row.person_id,
            key: &key,
            agencies: std::slice::from_ref(&row.recipient_id),
            consents: &consents,
            consent_seq: person.consent_seq + 1,
            actor,
        };
        self.take_back_all_that_is_more(&said, &mut taken).await?;
        Ok(taken)
    }

    /// Stops or recalls everything that rests on the person's consent for one agency, also what another passes on to it.
    pub(super) async fn take_back_all(
        &self,
        site: &SiteId,
        person: &PersonId,
        back: &TakingBack<'_>,
        taken: &mut Taken,
    ) -> Result<(), Refusal> {
        for referral in self.store.referrals_resting_on(site, person, &back.agency.partner_id).await? {
            // An override never rested on this consent alone; it goes to its review instead, and what it held by this
            // consent is asked about by itself.
            let overridden = referral.review_due_at.is_some();
            if referral.audience.is_some() && !overridden && !is_over(referral.state) {
                self.take_back(referral, back, taken).await?;
            }
        }
        Ok(())
    }

    /// Stops or recalls one referral.
    pub(super) async fn take_back(
        &self,
        mut referral: ReferralRow,
        back: &TakingBack<'_>,
        taken: &mut Taken,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let deliveries = self.store.deliveries_of(&referral.site_id, &referral.referral_id).await?;
        let mut may_be_out = false;
        for delivery in &deliveries {
            may_be_out |= is_out(delivery);
            taken
                .preconditions
                .push(Precondition::DeliveryVersion(delivery.new.delivery_id.clone(), delivery.version));
            match delivery.status {
                // A mailbox item that was read and not acknowledged leaves the inbox too.
                DeliveryStatus::Queued | DeliveryStatus::Dead | DeliveryStatus::Collected => {
                    taken.writes.push(change(delivery, DeliveryStatus::Withdrawn, now, back.why.as_str()));
                    taken.writes.push(
                        self.note_on(&referral, now, Kind::Stopped, back.actor)
                            .about("message", &delivery.new.message_id)
                            .fact("reason", &back.why.as_str())
                            .fact("attempts", &delivery.attempts)
                            .write(),
                    );
                }
                DeliveryStatus::Attempting if is_in_flight(delivery, now) => {
                    taken.effects.in_flight.push(in_flight(&referral, delivery));
                }
                DeliveryStatus::Attempting | DeliveryStatus::Delivered | DeliveryStatus::Withdrawn => {}
            }
        }
        referral.version += 1;
        if may_be_out {
            let sender = self.partner(&referral.site_id, &referral.sender_id).await?;
            let recipient = self.partner(&referral.site_id, &referral.recipient_id).await?;
            let ends = Ends {
                sender: &sender,
                recipient: &recipient,
                on_behalf_of: None,
                in_reply_to: None,
                key: back.key,
            };
            self.add_recall(&mut referral, back.consent, back.why, &ends, back.actor, &mut taken.writes)?;
            taken.effects.recalled.push(referral.referral_id.clone());
        } else {
            referral.disclosure_id = None;
            set_state(&mut referral, State::Withdrawn, "client-withdrew", "consent-withdrawn", now);
            taken.effects.stopped.push(referral.referral_id.clone());
        }
        let told = self.tell_asker_too(&mut referral, back.key, back.actor, &mut taken.writes).await;
        taken.preconditions.extend(told);
        taken.writes.push(Write::ReferralMoved(referral));
        Ok(())
    }

    /// How an earlier withdrawal stands now.
    async fn effects_so_far(&self, row: &ConsentRow) -> Result<Effects, Refusal> {
        let now = self.now();
        let mut effects = Effects::default();
        for referral in
            self.store.referrals_resting_on(&row.site_id, &row.person_id, &row.recipient_id).await?
        {
            match referral.state {
                State::Recalled => effects.recalled.push(referral.referral_id.clone()),
                State::Withdrawn => effects.stopped.push(referral.referral_id.clone()),
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

/// Puts a version of a consent in the place of the one before it.
pub(super) fn put_in_place(consents: &mut Consents, next: Consent) {
    let is_it = |known: &Result<Consent, (ConsentId, i64)>| match known {
        Ok(consent) => consent.id == next.id,
        Err((id, _)) => *id == next.id,
    };
    match consents.iter_mut().find(|known| is_it(known)) {
        Some(place) => *place = Ok(next),
        None => consents.push(Ok(next)),
    }
}

fn is_in_flight(delivery: &DeliveryRow, now: Moment) -> bool {
    delivery.status == DeliveryStatus::Attempting && delivery.send_by.is_some_and(|by| now < by)
}

fn in_flight(referral: &ReferralRow, delivery: &DeliveryRow) -> InFlight {
    let (referral, recipient) = (referral.referral_id.clone(), referral.recipient_id.clone());
    InFlight { referral, recipient, send_by: delivery.send_by }
}

fn under_way(one: &InFlight) -> Value {
    let mut parts = vec![
        task("task", &one.referral),
        json!({"name": "recipient", "valueReference": {"reference": format!("Organization/{}", one.recipient)}}),
    ];
    // Until then the outcome is not known.
    parts.extend(one.send_by.map(|by| json!({"name": "send-by", "valueInstant": by.to_rfc3339()})));
    json!({"name": "in-flight", "part": parts})
}

fn task(name: &str, referral: &ReferralId) -> Value {
    json!({"name": name, "valueReference": {"reference": format!("Task/{referral}")}})
}

fn withdrawn(consent: &ConsentId, effects: &Effects, dry_run: bool) -> Answer {
    let status = if dry_run || effects.in_flight.is_empty() { 200 } else { 202 };
    let mut parameters = vec![
        json!({"name": "consent", "valueReference": {"reference": format!("Consent/{consent}")}}),
        json!({"name": "status", "valueCode": "inactive"}),
    ];
    if dry_run {
        parameters.push(json!({"name": "dry-run", "valueBoolean": true}));
    }
    for (name, referrals) in [("stopped", &effects.stopped), ("recalled", &effects.recalled)] {
        parameters.extend(referrals.iter().map(|referral| task(name, referral)));
    }
    parameters.extend(effects.in_flight.iter().map(under_way));
    Answer::fhir(status, &json!({"resourceType": "Parameters", "parameter": parameters}))
}
