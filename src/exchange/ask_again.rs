//! Consent, agreement and policy, asked again at an exit; and what is written when the answer has become less.

use super::{
    Exchange,
    deliver::change,
    less::makes_another,
    people::Consents,
    ports::{DeliveryBundle, Precondition, Write, WriteSet},
    prepare::{Circumstances, Considered, Decided, Earlier, Used},
    recall::{Ends, Why, set_state},
    refusal::Refusal,
    rows::{DecisionRow, DeliveryRow, DeliveryStatus, MessageKind, ReferralRow},
    submit::assessment_label,
};
use crate::{
    assessment::Assessment,
    audit::Kind,
    clock::Moment,
    consent::{Decision, Exit, Override, Reason, Share, decide_own_request},
    directory::{AgencyKind, Partner, PartnerStatus},
    ids::{AssessmentId, PartnerId},
    referral::State,
    vault::ContentKey,
};

/// What is to be done with a message at an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It may go as it is: the same, or more would be permitted.
    Go,
    /// Nothing may flow to this partner for now; it waits.
    Wait,
    /// Its referral is over (withdrawn, recalled, superseded): it goes nowhere, and that was settled elsewhere.
    Over,
    /// Nothing may go, and nothing has gone: it is stopped.
    Stop,
    /// Less may go, and nothing has gone: a new message is made.
    Remake,
    /// It has gone, or may have, and must no longer be used.
    Recall,
    /// It has gone while that was right; it is not given out again, and nothing is taken back.
    Close,
}

/// Consent, asked again at an exit.
pub(super) struct AskedAgain {
    pub(super) course: Course,
    /// The decision, with its row; `None` for recalls, which hold ids only.
    pub(super) decided: Option<(Decided, DecisionRow)>,
    /// Where nothing may go, or less by the person's own word alone: what that word is. `None` where only the agency is the
    /// reason (no agreement, suspended), and they said nothing that takes anything back.
    pub(super) word: Option<Reason>,
    /// What an assessment's message would be made from now.
    considered: Option<Considered>,
    /// What the recipient has already, where a message is made anew.
    earlier: Option<Earlier>,
    /// The person's consents that it was asked by.
    consents: Consents,
    pub(super) partner: Partner,
    /// For whom it is meant, where the recipient passes it on.
    reader: Option<Partner>,
    pub(super) sender: Partner,
    pub(super) key: ContentKey,
    /// What was read, and must still be so when the outcome is written.
    pub(super) preconditions: Vec<Precondition>,
}

impl AskedAgain {
    /// Whether anything of the assessment may go now.
    pub(super) fn may_still_go(&self) -> bool {
        self.considered.as_ref().is_some_and(|considered| considered.projection.is_some())
    }

    /// Why what is out is recalled.
    pub(super) const fn why(&self) -> Why {
        match self.word {
            Some(Reason::ConsentWithdrawn | Reason::ConsentRefused) => Why::ConsentWithdrawn,
            _ => Why::NoLongerPermitted,
        }
    }
}

impl Exchange {
    /// Asks consent, agreement and policy again for a message that is about to leave.
    pub(super) async fn ask_again(&self, bundle: &DeliveryBundle, exit: Exit) -> Result<AskedAgain, Refusal> {
        self.ask_again_by(bundle, exit, None).await
    }

    /// The same by what the person says now, and how that will be numbered, where it is not on record yet.
    pub(super) async fn ask_again_by(
        &self,
        bundle: &DeliveryBundle,
        exit: Exit,
        said: Option<(&Consents, i64)>,
    ) -> Result<AskedAgain, Refusal> {
        let (message, referral) = (&bundle.message, &bundle.referral);
        let site = &message.site_id;
        // The versions are read before what they guard, so that a change in between is found at commit.
        let partner = self.store.partner(site, &message.recipient_id).await?.ok_or_else(Refusal::internal)?;
        let reader = match &referral.on_behalf_of {
            Some(reader) => Some(self.partner(site, reader).await?),
            None => None,
        };
        let sender = self.store.partner(site, &message.sender_id).await?.ok_or_else(Refusal::internal)?;
        let person = self.store.person(site, &message.person_id).await?.ok_or_else(Refusal::internal)?;
        let key = self.vault.person_key(&person.site_id, &person.person_id, &person.wrapped_key)?;
        let mut asked = AskedAgain {
            course: Course::Go,
            decided: None,
            word: None,
            considered: None,
            earlier: None,
            consents: Vec::new(),
            preconditions: vec![
                Precondition::ConsentSeq(site.clone(), person.person_id.clone(), person.consent_seq),
                Precondition::as_seen(&partner),
            ],
            partner,
            reader,
            sender,
            key,
        };
        asked.preconditions.extend(asked.reader.as_ref().map(Precondition::as_seen));
        let consent_seq = said.map_or(person.consent_seq, |(_, seq)| seq);
        // A recall holds ids only: the recipient alone must be there. What the person says now is asked about whoever holds
        // something, in use or not.
        let reads = asked.reader.iter().filter(|_| message.kind != MessageKind::Recall);
        let mut agencies = std::iter::once(&asked.partner).chain(reads);
        if said.is_none() && agencies.any(|agency| agency.status != PartnerStatus::Active) {
            asked.course = Course::Wait;
            return Ok(asked);
        }
        match message.kind {
            // Whoever has answered is not reminded, nor asked at all where no attempt was made.
            MessageKind::Recall => {
                let waits = self.store.open_recall(site, &referral.referral_id).await?.is_some();
                if !waits && exit == Exit::Send && bundle.delivery.attempts == 0 {
                    asked.course = Course::Over;
                }
            }
            MessageKind::Request | MessageKind::Answer => {
                // The agreement is with the agency that asked, whichever way the message goes.
                let agency = if asked.sender.kind == AgencyKind::LiaisonDiversion {
                    asked.partner.clone()
                } else {
                    asked.sender.clone()
                };
                let agreements = self.store.agreements(site, &agency.partner_id).await?;
                let decision = decide_own_request(
                    &agency,
                    &agreements,
                    self.rules.purposes(agency.kind.audience()),
                    self.now(),
                );
                let permits = decision.permits();
                let decided = Decided::of_ids(decision);
                let used = Used { partner: &asked.partner, consent_seq, now: self.now() };
                let row = self.decision_row(referral, &decided, &used, exit, &asked.key);
                asked.course = match (permits, is_out(&bundle.delivery)) {
                    (true, _) => Course::Go,
                    (false, false) => Course::Stop,
                    (false, true) => Course::Close,
                };
                asked.decided = Some((decided, row));
            }
            MessageKind::Disclosure if is_over(referral.state) => asked.course = Course::Over,
            MessageKind::Disclosure => {
                let said = said.map(|(consents, _)| consents);
                self.ask_again_for_disclosure(bundle, exit, said, consent_seq, &mut asked).await?;
            }
        }
        Ok(asked)
    }

    async fn ask_again_for_disclosure(
        &self,
        bundle: &DeliveryBundle,
        exit: Exit,
        said: Option<&Consents>,
        consent_seq: i64,
        asked: &mut AskedAgain,
    ) -> Result<(), Refusal> {
        let (message, referral) = (&bundle.message, &bundle.referral);
        let then_row = bundle.decision.as_ref().ok_or_else(Refusal::internal)?;
        let then = self.open_decision(then_row, &asked.key)?;
        let agreements = self.store.agreements(&message.site_id, &message.recipient_id).await?;
        // What rests on an override is measured against the override: a consent given since neither narrows it
        // nor takes it back. What rests on both is measured against both.
        let consents = if then.decision.is_override() {
            Vec::new()
        } else if let Some(said) = said {
            said.clone()
        } else {
            let rows = self.store.consents_of(&message.site_id, &message.person_id).await?;
            self.open_consents(&asked.key, &rows)
        };
        let over = then
            .decision
            .uses_override()
            .then(|| Override { reason: String::from("RISK-TO-LIFE-SELF"), imminent: true });
        let partner = asked.partner.clone();
        let reader = self.reading(asked.reader.as_ref()).await?;
        let now = self.now();
        let circumstances = Circumstances {
            partner: &partner,
            agreements: &agreements,
            reader: reader.as_ref(),
            consents: &consents,
            consent_seq,
            asked_override: over.as_ref(),
            now,
        };
        // A message is measured against the assessment that it was made from: what a change of the referral leaves
        // out is not taken back by that.
        let id =
            then.assessment.as_ref().or(referral.assessment_id.as_ref()).ok_or_else(Refusal::internal)?;
        let assessment = self.open_assessment(referral, id, &asked.key).await?;
        let need = need_of(referral, id, &assessment);
        let mut considered = self.consider(&circumstances, &assessment, &need);
        // Its consent is gone, and the override is too old to make another message: what the person says is the answer.
        let lost = then.decision.is_beside_consent() && considered.decision.is_override();
        if lost && !makes_another(referral, now) {
            let by_consent = Circumstances { asked_override: None, ..circumstances };
            considered = self.consider(&by_consent, &assessment, &need);
        }
        let decided = considered.decided(id);
        let row = self.decision_row(referral, &decided, &circumstances.used(), exit, &asked.key);
        let same_tables = then_row.policy_version == row.policy_version;
        let reason = decided.decision.reason;
        asked.word = match (decided.decision.permits(), reason.is_of_the_agency()) {
            (true, _) => None,
            (false, true) => self.said_less(&then, &circumstances, &assessment, &need),
            (false, false) => Some(reason),
        };
        asked.course = course(&then, &decided, asked.word, same_tables, is_out(&bundle.delivery), exit);
        if asked.course == Course::Remake {
            asked.earlier = self.earlier(referral, &asked.key).await?;
        }
        asked.decided = Some((decided, row));
        asked.considered = Some(considered);
        asked.consents = consents;
        Ok(())
    }

    /// The assessment as it was understood when it came in (a wrong NHS number set aside), not its raw bytes.
    pub(super) async fn open_assessment(
        &self,
        referral: &ReferralRow,
        id: &AssessmentId,
        key: &ContentKey,
    ) -> Result<Assessment, Refusal> {
        let row = self.store.assessment(&referral.site_id, id).await?.ok_or_else(Refusal::internal)?;
        let bytes = self.vault.unseal(key, &assessment_label(id), &row.body)?;
        serde_json::from_slice(&bytes).map(Assessment::new).map_err(|_| Refusal::internal())
    }

    /// What is written when a message may not go as it is, and what it rests on. Where that ends a referral, its
    /// sender is told.
    pub(super) async fn settle(
        &self,
        bundle: &DeliveryBundle,
        asked: &AskedAgain,
    ) -> Result<(WriteSet, Vec<Precondition>), Refusal> {
        let now = self.now();
        let mut preconditions = asked.preconditions.clone();
        if asked.course == Course::Over {
            let over = change(&bundle.delivery, DeliveryStatus::Withdrawn, now, "referral-over");
            return Ok((vec![over], preconditions));
        }
        let (decided, row) = asked.decided.as_ref().ok_or_else(Refusal::internal)?;
        let mut referral = bundle.referral.clone();
        let shares = &decided.decision.shares;
        let told = self.decided_about(&referral, row, shares, "gateway");
        let (mut writes, mut more) = (vec![Write::Decision(row.clone()), told], WriteSet::new());
        if asked.course == Course::Close {
            return Ok((writes, preconditions));
        }
        referral.version += 1;
        referral.updated_at = now;
        let reason = decided.decision.reason;
        writes.push(change(&bundle.delivery, DeliveryStatus::Withdrawn, now, reason.as_str()));
        writes.push(
            self.note_on(&referral, now, Kind::Stopped, "gateway")
                .about("message", &bundle.message.message_id)
                .fact("reason", reason.as_str())
                .fact("attempts", &bundle.delivery.attempts)
                .write(),
        );
        if let Some(considered) = &asked.considered {
            referral.decision_id = Some(row.decision_id.clone());
            referral.withheld = self.seal_withheld(&referral.referral_id, &considered.withheld(), &asked.key);
        }
        match asked.course {
            Course::Go | Course::Wait | Course::Over | Course::Close => return Err(Refusal::internal()),
            Course::Recall => {
                let (sender, recipient, key) = (&asked.sender, &asked.partner, &asked.key);
                let ends = Ends { sender, recipient, on_behalf_of: None, in_reply_to: None, key };
                let consent = decided.decision.consent.as_ref().map(|(id, _)| id);
                self.add_recall(&mut referral, consent, asked.why(), &ends, "gateway", &mut writes)?;
                // What it still may have goes to it anew: an override's minimum above all.
                let rest = Box::pin(self.ask_for_the_rest(bundle, asked, &asked.consents, "gateway")).await?;
                if let Some(rest) = rest {
                    more.extend(rest.writes);
                    preconditions.extend(rest.preconditions);
                }
            }
            // The answer to a request is stopped; the request itself stays answered.
            Course::Stop if bundle.message.kind == MessageKind::Answer => return Ok((writes, preconditions)),
            Course::Stop => stop(&mut referral, &decided.decision, now),
            Course::Remake => {
                let considered = asked.considered.as_ref().ok_or_else(Refusal::internal)?;
                let projection = considered.projection.as_ref().ok_or_else(Refusal::internal)?;
                let (sender, recipient, key) = (&asked.sender, &asked.partner, &asked.key);
                let on_behalf_of = asked.reader.as_ref();
                let answered = self.answered_request(&referral).await;
                let in_reply_to = answered.as_ref().and_then(|answered| answered.quoted_to(&referral));
                let ends = Ends { sender, recipient, on_behalf_of, in_reply_to, key };
                let earlier = asked.earlier.as_ref();
                let (message, mapped) = self.make_disclosure(&referral, row, projection, &ends, earlier)?;
                referral.disclosure_id.clone_from(&message.disclosure_id);
                referral.messages += 1;
                let kept_back = Self::committed_to(&message, &considered.withheld(), key);
                writes.push(self.disclosed(&referral, &message, &mapped, row, &kept_back, "gateway"));
                let delivery = self.new_delivery(&message, bundle.delivery.new.channel, now);
                writes.push(Write::Message(message));
                writes.push(Write::EnqueueFirst(delivery));
            }
        }
        if is_over(referral.state) {
            preconditions
                .extend(self.tell_asker_too(&mut referral, &asked.key, "gateway", &mut writes).await);
        }
        writes.push(Write::ReferralMoved(referral));
        writes.extend(more);
        Ok((writes, preconditions))
    }

    /// The audit entry of a decision about one agency.
    pub(super) fn decided(&self, referral: &ReferralRow, row: &DecisionRow, actor: &str) -> Write {
        self.decided_about(referral, row, &[], actor)
    }

    /// The audit entry of a decision; `shares` are its parts, where it is about two agencies.
    pub(super) fn decided_about(
        &self,
        referral: &ReferralRow,
        row: &DecisionRow,
        shares: &[Share],
        actor: &str,
    ) -> Write {
        let mut note = self
            .note_on(referral, row.decided_at, Kind::Decided, actor)
            .about("decision", &row.decision_id)
            .fact("exit", &row.exit)
            .fact("answer", &row.answer)
            .fact("reason", &row.reason)
            .fact("policy", &row.policy_version);
        if let Some((consent, version)) = &row.consent {
            note = note.about("consent", consent).fact("consent-version", version);
        }
        if let Some((agreement, version)) = &row.agreement {
            note = note.about("agreement", agreement).fact("agreement-version", version);
        }
        // Where it is meant for another, the consent and the agreement of that one too.
        if let Some(share) = shares.get(1) {
            if let Some((consent, version)) = &share.consent {
                note = note.about("on-behalf-of-consent", &format!("{consent}/{version}"));
            }
            if let Some((agreement, version)) = &share.agreement {
                note = note.about("on-behalf-of-agreement", &format!("{agreement}/{version}"));
            }
        }
        note.write()
    }
}

/// Whether what `delivery` carries is out, or may be.
pub(super) fn is_out(delivery: &DeliveryRow) -> bool {
    delivery.attempts > 0 || matches!(delivery.status, DeliveryStatus::Collected | DeliveryStatus::Delivered)
}

/// Whether a referral in this state may not be carried or given out any more.
pub(super) const fn is_over(state: State) -> bool {
    matches!(
        state,
        State::Recalled | State::Withdrawn | State::Withheld | State::EnteredInError | State::Superseded
    )
}

/// The need that an assessment asked its recipient for. One that was replaced since asks for what it says itself.
pub(super) fn need_of(referral: &ReferralRow, id: &AssessmentId, assessment: &Assessment) -> String {
    if referral.assessment_id.as_ref() == Some(id) {
        return referral.need.clone();
    }
    let reader = referral.on_behalf_of.as_ref().map(PartnerId::as_str);
    let recipient = referral.recipient_id.as_str();
    let asked = assessment.referrals().into_iter().find(|one| one.is_of(recipient, reader));
    asked.map(|one| one.need).unwrap_or_default()
}

/// Nothing has gone and nothing will.
fn stop(referral: &mut ReferralRow, decision: &Decision, now: Moment) {
    referral.disclosure_id = None;
    let reason = decision.reason;
    if matches!(reason, Reason::ConsentWithdrawn | Reason::ConsentRefused) {
        set_state(referral, State::Withdrawn, "client-withdrew", reason.as_str(), now);
    } else {
        set_state(referral, State::Withheld, "withheld", reason.as_str(), now);
    }
}

/// Compares what may leave now with what the message was made from; `word` is what the person said that takes it back.
fn course(
    then: &Decided,
    now: &Decided,
    word: Option<Reason>,
    same_tables: bool,
    out: bool,
    exit: Exit,
) -> Course {
    if !now.decision.permits() {
        // A yes that is less than before takes back as well as a no does.
        let taken_back = matches!(
            word,
            Some(
                Reason::ConsentWithdrawn
                    | Reason::ConsentRefused
                    | Reason::ConsentGiven
                    | Reason::ConsentImplied
            )
        );
        return match (out, exit) {
            (false, _) => Course::Stop,
            // It was collected while that was right; time has passed since. Nobody took anything back.
            (true, Exit::Collect | Exit::Read) if !taken_back => Course::Close,
            (true, _) => Course::Recall,
        };
    }
    let all_still_there = then.is_within(&now.permitted, &now.tells);
    match (all_still_there, out) {
        (false, true) => Course::Recall,
        (false, false) => Course::Remake,
        // The same words under other tables may mean less: it is made anew while that is still possible.
        (true, false) if !same_tables => Course::Remake,
        (true, _) => Course::Go,
    }
}
