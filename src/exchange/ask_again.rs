//! Consent, agreement and policy, asked again at an exit; and what is written when the answer has become less.

use super::{
    Exchange,
    deliver::change,
    ports::{DeliveryBundle, Precondition, Write, WriteSet},
    prepare::{Circumstances, Considered},
    recall::{Ends, Why, set_state},
    refusal::Refusal,
    rows::{DecisionRow, DeliveryStatus, MessageKind, ReferralRow},
    submit::assessment_label,
};
use crate::{
    assessment::Assessment,
    audit::Kind,
    consent::{Exit, Override, Reason},
    directory::Partner,
    referral::State,
    vault::ContentKey,
};

/// How what may leave now compares with what the message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The message may go: the same, or more would be permitted.
    StillPermitted,
    /// Less may go now than the message holds.
    Narrower,
    /// Nothing may go now.
    Denied,
}

/// Consent, asked again at an exit.
pub(super) struct AskedAgain {
    pub(super) compared: Compared,
    /// `None` for messages without content of the person's (recalls).
    pub(super) considered: Option<(Considered, DecisionRow)>,
    pub(super) partner: Partner,
    pub(super) sender: Partner,
    pub(super) key: ContentKey,
    /// What was read, and must still be so when the outcome is written.
    pub(super) preconditions: Vec<Precondition>,
}

impl Exchange {
    /// Asks consent, agreement and policy again for a message that is about to leave.
    pub(super) async fn ask_again(&self, bundle: &DeliveryBundle, exit: Exit) -> Result<AskedAgain, Refusal> {
        let (message, referral) = (&bundle.message, &bundle.referral);
        let site = &message.site_id;
        // The versions are read before what they guard, so that a change in between is found at commit.
        let partner = self.store.partner(site, &message.recipient_id).await?.ok_or_else(Refusal::internal)?;
        let sender = self.store.partner(site, &message.sender_id).await?.ok_or_else(Refusal::internal)?;
        let person = self.store.person(site, &message.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.wrapped_key)?;
        let mut asked = AskedAgain {
            compared: Compared::StillPermitted,
            considered: None,
            preconditions: vec![
                Precondition::ConsentSeq(site.clone(), person.person_id.clone(), person.consent_seq),
                Precondition::PartnerVersion(site.clone(), partner.partner_id.clone(), partner.version),
            ],
            partner,
            sender,
            key,
        };
        if message.kind != MessageKind::Disclosure {
            return Ok(asked);
        }
        let agreements = self.store.agreements(site, &message.recipient_id).await?;
        let rows = self.store.consents_of(site, &message.person_id).await?;
        let consents = self.open_consents(&asked.key, &rows);
        let then = bundle.decision.as_ref().ok_or_else(Refusal::internal)?;
        let over = (then.decision.reason == Reason::OverrideRiskToLife)
            .then(|| Override { reason: String::from("RISK-TO-LIFE-SELF"), imminent: true });
        let circumstances = Circumstances {
            partner: &asked.partner,
            agreements: &agreements,
            consents: &consents,
            consent_seq: person.consent_seq,
            asked_override: over.as_ref(),
            now: self.now(),
        };
        let assessment = self.open_assessment(referral, &asked.key).await?;
        let considered = self.consider(&circumstances, assessment.raw(), &referral.need);
        let row = self.decision_row(referral, &considered, &circumstances, exit);
        asked.compared = compare(then, &row, bundle.delivery.attempts);
        asked.considered = Some((considered, row));
        Ok(asked)
    }

    /// The assessment as it was understood when it came in (a wrong NHS number set aside), not its raw bytes.
    async fn open_assessment(&self, referral: &ReferralRow, key: &ContentKey) -> Result<Assessment, Refusal> {
        let id = referral.assessment_id.as_ref().ok_or_else(Refusal::internal)?;
        let row = self.store.assessment(&referral.site_id, id).await?.ok_or_else(Refusal::internal)?;
        let bytes = self.vault.unseal(key, &assessment_label(id), &row.body)?;
        serde_json::from_slice(&bytes).map(Assessment::new).map_err(|_| Refusal::internal())
    }

    /// What is written when a message may not go as it is: nothing sent yet, it is stopped or made anew with
    /// less in it; an attempt already begun, it is stopped and recalled.
    pub(super) fn settle(&self, bundle: &DeliveryBundle, asked: &AskedAgain) -> Result<WriteSet, Refusal> {
        let now = self.now();
        let (considered, row) = asked.considered.as_ref().ok_or_else(Refusal::internal)?;
        let mut referral = bundle.referral.clone();
        referral.version += 1;
        referral.decision_id = Some(row.decision_id.clone());
        referral.withheld = considered.withheld();
        referral.updated_at = now;
        let reason = row.decision.reason;
        let mut writes = vec![
            Write::Decision(row.clone()),
            self.decided(&referral, row, "gateway"),
            change(&bundle.delivery, DeliveryStatus::Withdrawn, now, reason.as_str()),
            self.note_on(&referral, now, Kind::Stopped, "gateway")
                .about("message", &bundle.message.message_id)
                .fact("reason", &reason.as_str())
                .fact("attempts", &bundle.delivery.attempts)
                .write(),
        ];
        let ends = Ends { sender: &asked.sender, recipient: &asked.partner, key: &asked.key };
        match (asked.compared, bundle.delivery.attempts) {
            (Compared::StillPermitted, _) => return Err(Refusal::internal()),
            // The withdrawal itself has already recalled it.
            (_, 1..) if referral.state == State::Recalled => {}
            (_, 1..) => {
                let consent = row.decision.consent.as_ref().map(|(id, _)| id);
                let why = if reason == Reason::ConsentWithdrawn {
                    Why::ConsentWithdrawn
                } else {
                    Why::NoLongerPermitted
                };
                self.add_recall(&mut referral, consent, why, &ends, "gateway", &mut writes)?;
            }
            (Compared::Denied, _) => {
                referral.disclosure_id = None;
                if reason == Reason::ConsentWithdrawn {
                    set_state(&mut referral, State::Withdrawn, "client-withdrew", reason.as_str(), now);
                } else {
                    set_state(&mut referral, State::Withheld, "withheld", reason.as_str(), now);
                }
            }
            (Compared::Narrower, _) => {
                let projection = considered.projection.as_ref().ok_or_else(Refusal::internal)?;
                let (message, _) = self.make_disclosure(
                    &referral,
                    row,
                    projection,
                    &asked.sender,
                    &asked.partner,
                    &asked.key,
                )?;
                referral.disclosure_id.clone_from(&message.disclosure_id);
                referral.messages += 1;
                writes.push(self.disclosed(&referral, &message, row, "gateway"));
                let delivery = self.new_delivery(&message, bundle.delivery.new.channel, now);
                writes.push(Write::Message(message));
                writes.push(Write::EnqueueFirst(delivery));
            }
        }
        writes.push(Write::ReferralMoved(referral));
        Ok(writes)
    }

    /// The audit entry of a decision.
    pub(super) fn decided(&self, referral: &ReferralRow, row: &DecisionRow, actor: &str) -> Write {
        let mut note = self
            .note_on(referral, row.decided_at, Kind::Decided, actor)
            .about("decision", &row.decision_id)
            .fact("exit", &row.exit)
            .fact("answer", &if row.decision.permits() { "permit" } else { "deny" })
            .fact("reason", &row.decision.reason.as_str())
            .fact("policy", &row.policy_version);
        if let Some((consent, version)) = &row.decision.consent {
            note = note.about("consent", consent).fact("consent-version", &version);
        }
        if let Some((agreement, version)) = &row.decision.agreement {
            note = note.about("agreement", agreement).fact("agreement-version", &version);
        }
        note.write()
    }
}

/// Compares what may leave now with what the message was made from.
fn compare(then: &DecisionRow, now: &DecisionRow, attempts: i64) -> Compared {
    if !now.decision.permits() {
        return Compared::Denied;
    }
    let all_still_there = then.permitted.iter().all(|word| now.permitted.contains(word));
    // The same words under other tables may mean less: make it anew while that is still possible.
    let same_tables = then.policy_version == now.policy_version || attempts > 0;
    if all_still_there && same_tables { Compared::StillPermitted } else { Compared::Narrower }
}
