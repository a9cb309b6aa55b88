//! The plan for one recipient: decide, and when the answer is yes make the message and put it on its lane.

use serde_json::{Value, json};

use super::{
    Exchange,
    answered::Answered,
    caller::Caller,
    chosen_authority,
    not_made::NotMade,
    people::{Consents, Identified},
    ports::{Precondition, Write, WriteSet},
    prepare::{Circumstances, Considered, Earlier, Reading},
    recall::{Ends, set_state},
    refusal::Issue,
    rehearse::{Rehearsed, RehearsedMessage},
    rows::{DecisionRow, MessageRow, ReferralRow, Sealed, Withheld},
};
use crate::{
    assessment::{AskedReferral, Assessment},
    audit::Kind,
    clock::Moment,
    consent::{Exit, Outcome, Override, Scope, Share},
    directory::{AgencyKind, Agreement, Channel, Nature, Partner},
    ids::{AssessmentId, EpisodeId, ReferralId},
    limits,
    mapping::Mapped,
    minimise::Projection,
    referral::{State, answer_within},
    vault::ContentKey,
};

/// A recipient as the assessment asks for it and as the directory knows it.
pub(super) struct Asked<'a> {
    pub(super) place: usize,
    pub(super) wanted: AskedReferral,
    pub(super) partner: &'a Partner,
    pub(super) agreements: Vec<Agreement>,
    /// For whom it is meant, where the recipient passes it on.
    pub(super) reader: Option<Reading>,
    /// The override that was asked for, and who answers for it and why.
    pub(super) over: Option<(Override, Value)>,
}

impl Asked<'_> {
    /// Whose view of the person it is.
    pub(super) fn viewer(&self) -> &Partner {
        self.reader.as_ref().map_or(self.partner, |reader| &reader.partner)
    }

    /// The agencies that must still be as they were when it was decided.
    pub(super) fn as_seen(&self) -> impl Iterator<Item = Precondition> {
        let reader = self.reader.as_ref().map(|reader| &reader.partner);
        std::iter::once(self.partner).chain(reader).map(Precondition::as_seen)
    }

    /// From when the message may go: the start that was planned, where that is still to come.
    pub(super) fn may_go(&self, now: Moment) -> Moment {
        self.wanted.not_before_moment().unwrap_or(now).max(now)
    }

    /// Until when an answer is awaited: within the time of its urgency, from when the recipient can have it.
    pub(super) fn answer_by(&self, now: Moment) -> Moment {
        self.may_go(now).plus_seconds(answer_within(&self.wanted.urgency))
    }

    /// Whether `referral` is one to the same recipient, for the same reader.
    pub(super) fn is_for(&self, referral: &ReferralRow) -> bool {
        let reader = self.reader.as_ref().map(|reader| &reader.partner.partner_id);
        referral.recipient_id == self.partner.partner_id && referral.on_behalf_of.as_ref() == reader
    }

    /// What is decided from for this recipient.
    pub(super) fn circumstances<'c>(
        &'c self,
        consents: &'c Consents,
        consent_seq: i64,
        now: Moment,
    ) -> Circumstances<'c> {
        Circumstances {
            partner: self.partner,
            agreements: &self.agreements,
            reader: self.reader.as_ref(),
            consents,
            consent_seq,
            asked_override: self.over.as_ref().map(|(over, _)| over),
            now,
        }
    }
}

/// What the plan for each recipient rests on.
pub(super) struct Basis<'a> {
    pub(super) caller: &'a Caller,
    /// Who does it, in the log.
    pub(super) actor: &'a str,
    pub(super) sender: &'a Partner,
    pub(super) person: &'a Identified,
    pub(super) assessment: &'a Assessment,
    pub(super) assessment_id: &'a AssessmentId,
    pub(super) episode_id: &'a EpisodeId,
    pub(super) consents: &'a Consents,
    pub(super) consent_seq: i64,
    /// The request that the assessment answers.
    pub(super) answered: Option<&'a Answered>,
    /// By when a second person looks at an override that stands already: what follows it is looked at no later.
    pub(super) review_due_at: Option<Moment>,
    pub(super) now: Moment,
}

impl Basis<'_> {
    /// By when a second person must have looked at an override of now.
    fn review_due(&self) -> Moment {
        let own = self.now.plus_seconds(limits::OVERRIDE_REVIEW_SECONDS);
        self.review_due_at.map_or(own, |stands| stands.min(own))
    }
}

/// What the sender is shown of one recipient, and what the recipient would get.
pub(super) struct Planned {
    pub(super) shown: Value,
    pub(super) rehearsed: Rehearsed,
}

impl Exchange {
    /// Decides for one recipient and adds what that means to the writes. `earlier` is what the recipient has already
    /// and this takes the place of.
    pub(super) fn plan_one(
        &self,
        basis: &Basis<'_>,
        one: &Asked<'_>,
        earlier: Option<&Earlier>,
        writes: &mut WriteSet,
    ) -> Planned {
        let actor = basis.actor;
        let circumstances = one.circumstances(basis.consents, basis.consent_seq, basis.now);
        let considered = self.consider(&circumstances, basis.assessment, &one.wanted.need);
        let key = &basis.person.key;
        let mut referral = self.planned_referral(basis, one, &considered);
        let answered = basis.answered.filter(|answered| answered.is_answered_by(&referral));
        referral.in_answer_to = answered.map(|answered| answered.row.referral_id.clone());
        referral.withheld = self.seal_withheld(&referral.referral_id, &considered.withheld(), key);
        let decision = self.decision_row(
            &referral,
            &considered.decided(basis.assessment_id),
            &circumstances.used(),
            Exit::Plan,
            key,
        );
        referral.decision_id = Some(decision.decision_id.clone());

        let mut made = None;
        let mut warnings = Vec::new();
        // What refers to the referral is written after it.
        let shares = &considered.decision.shares;
        let mut about = vec![self.decided_about(&referral, &decision, shares, actor)];
        if let Some(projection) = &considered.projection {
            match self.first_message(basis, one, &referral, &decision, projection, earlier) {
                Ok((message, mapped)) => {
                    // What may leave and found no place in the message is said, never dropped in silence.
                    warnings.extend(mapped.warnings.iter().cloned());
                    referral.disclosure_id.clone_from(&message.disclosure_id);
                    referral.messages = 1;
                    let kept_back = Self::committed_to(&message, &considered.withheld(), key);
                    about.push(self.disclosed(&referral, &message, &mapped, &decision, &kept_back, actor));
                    let delivery = self.new_delivery(&message, one.partner.channel, one.may_go(basis.now));
                    about.push(Write::Message(message));
                    // An emergency does not wait behind what is late or was set aside.
                    let urgent = considered.decision.uses_override() || one.wanted.urgency == "emergency";
                    about.push(if urgent { Write::EnqueueFirst(delivery) } else { Write::Enqueue(delivery) });
                    let made_by = self.made_by(&mapped);
                    made = Some(RehearsedMessage::new(mapped, made_by));
                    warnings.extend(chosen_authority::not_said(one.place, one.partner, basis.assessment));
                }
                // One recipient's gap must not keep the others waiting: this one is held for a human.
                Err((text, not_made)) => {
                    set_state(&mut referral, State::Held, "held-no-route", "message-not-made", basis.now);
                    warnings.push(Issue::new("not-supported", format!("/referrals/{}", one.place), text));
                    warnings.extend(not_made.told(one.place));
                }
            }
        }
        warnings.extend(not_both(one.place, shares));
        warnings.extend(of_another_age(one, basis.assessment, basis.now));
        warnings.extend(considered.projection.iter().flat_map(what_it_gives_away));
        about.extend(self.kept_back(&referral, &considered.withheld(), key, actor));
        about.extend(self.override_on_record(basis, one, &referral, &considered));
        if one.over.is_some() && !considered.decision.permits() {
            warnings.push(Issue::new(
                "business-rule",
                format!("/referrals/{}", one.place),
                if one.reader.is_some() {
                    "Nothing was sent without consent: what is meant for another agency never is. Telephone both."
                } else {
                    "Nothing was sent without consent: there is no current imminent risk, or the agreement has no \
                     emergency row. Telephone the recipient."
                },
            ));
        }
        warnings.extend(beside_consent(one, &considered));
        let withheld = considered.withheld();
        let shown = show_planned(&referral, one, &considered);
        writes.push(Write::Referral(referral));
        writes.push(Write::Decision(decision));
        writes.extend(about);
        let tells = considered.projection.as_ref().map(|projection| projection.tells.clone());
        let rehearsed = Rehearsed {
            recipient: one.partner.partner_id.clone(),
            on_behalf_of: one.wanted.on_behalf_of.as_ref().map(|_| one.viewer().partner_id.clone()),
            audience: one.viewer().kind.audience(),
            channel: one.partner.channel,
            decision: Some(considered.decision),
            message: made,
            withheld,
            tells: tells.unwrap_or_default(),
            warnings,
        };
        Planned { shown, rehearsed }
    }

    fn planned_referral(&self, basis: &Basis<'_>, one: &Asked<'_>, considered: &Considered) -> ReferralRow {
        let permits = considered.decision.permits();
        let nature = one.viewer().kind.usual_nature();
        let state = match (permits, nature) {
            (false, _) => State::Withheld,
            (true, Nature::Referral) => State::Queued,
            (true, Nature::Advice) => State::Issued,
        };
        let review = considered.decision.uses_override();
        ReferralRow {
            site_id: basis.caller.site_id.clone(),
            referral_id: ReferralId::fresh(&self.mint),
            episode_id: basis.episode_id.clone(),
            person_id: basis.person.row.person_id.clone(),
            assessment_id: Some(basis.assessment_id.clone()),
            sender_id: basis.caller.partner_id.clone(),
            recipient_id: one.partner.partner_id.clone(),
            nature,
            audience: one.viewer().kind.audience(),
            channel: one.partner.channel,
            urgency: one.wanted.urgency.clone(),
            need: one.wanted.need.clone(),
            state,
            business_status: String::from(if permits { "sent" } else { "withheld" }),
            reason: considered.decision.reason.as_str().to_owned(),
            receiver_note: None,
            withheld: Sealed(Vec::new()),
            disclosure_id: None,
            decision_id: None,
            review_due_at: review.then(|| basis.review_due()),
            recall_answer: None,
            correlation_id: self.mint.uuid(),
            messages: 0,
            on_behalf_of: one.reader.as_ref().map(|reader| reader.partner.partner_id.clone()),
            in_answer_to: None,
            version: 1,
            created_at: basis.now,
            updated_at: basis.now,
            answer_by: one.answer_by(basis.now),
        }
    }

    /// The entry that says what was kept back; the list itself is sealed.
    pub(super) fn kept_back(
        &self,
        referral: &ReferralRow,
        kept: &[Withheld],
        key: &ContentKey,
        actor: &str,
    ) -> Option<Write> {
        (!kept.is_empty()).then(|| {
            self.note_on(referral, referral.updated_at, Kind::Withheld, actor)
                .fact("fields", &kept.len())
                .content(self.seal_withheld(&referral.referral_id, kept, key))
                .write()
        })
    }

    /// The message, or why there is none.
    fn first_message(
        &self,
        basis: &Basis<'_>,
        one: &Asked<'_>,
        referral: &ReferralRow,
        decision: &DecisionRow,
        projection: &Projection,
        earlier: Option<&Earlier>,
    ) -> Result<(MessageRow, Mapped), (String, NotMade)> {
        if one.partner.channel == Channel::Guest {
            let text = "Nothing was sent: one-off links are not offered yet. Telephone the recipient.";
            return Err((text.to_owned(), NotMade::default()));
        }
        if let Some(text) = chosen_authority::not_chosen(one.partner, basis.assessment) {
            return Err((text, NotMade::default()));
        }
        let (sender, recipient, key) = (basis.sender, one.partner, &basis.person.key);
        let on_behalf_of = one.reader.as_ref().map(|reader| &reader.partner);
        let in_reply_to = basis.answered.and_then(|answered| answered.quoted_to(referral));
        let ends = Ends { sender, recipient, on_behalf_of, in_reply_to, key };
        self.make_disclosure(referral, decision, projection, &ends, earlier).map_err(|not_made| {
            let text = "Nothing was sent: no valid message can be made for this recipient from what it may have. \
                        Telephone the recipient, and tell the operator.";
            (text.to_owned(), not_made)
        })
    }

    /// The entry of a disclosure without consent, or beyond it; who answers for it and why, and which part goes by it and
    /// which by consent, are sealed.
    fn override_on_record(
        &self,
        basis: &Basis<'_>,
        one: &Asked<'_>,
        referral: &ReferralRow,
        considered: &Considered,
    ) -> Option<Write> {
        let (asked, mut answerable) = one.over.clone()?;
        let due = referral.review_due_at?;
        let permitted = considered.projection.as_ref().map(|seen| &*seen.permitted).unwrap_or_default();
        let is_by_it =
            |word: &&String| considered.decision.is_override() || considered.by_override().contains(word);
        let (by_override, by_consent): (Vec<_>, Vec<_>) = permitted.iter().partition(is_by_it);
        if let Some(fields) = answerable.as_object_mut() {
            fields.insert(String::from("by_override"), json!(by_override));
            fields.insert(String::from("by_consent"), json!(by_consent));
        }
        let label = format!("override:{}", referral.referral_id);
        Some(
            self.note_on(referral, basis.now, Kind::Overridden, basis.actor)
                .fact("reason", &asked.reason)
                .fact("review-due", &due)
                .content(self.vault.seal(&basis.person.key, &label, answerable.to_string().as_bytes()))
                .write(),
        )
    }
}

/// What the sender is told where probation is asked about somebody under 18, and youth justice about somebody who is not.
pub(super) fn of_another_age(one: &Asked<'_>, assessment: &Assessment, now: Moment) -> Option<Issue> {
    let text = match (one.partner.kind, assessment.is_of_a_child(now)) {
        (AgencyKind::Probation, true) => {
            "The person is under 18, and this goes to a probation service. For a child the youth justice service stands in its \
             place: ask that one, unless this is meant."
        }
        (AgencyKind::YouthJustice, false) => {
            "No date of birth says that the person is under 18, and this goes to a youth justice service. For an adult the \
             probation service stands in its place: ask that one, unless this is meant."
        }
        _ => return None,
    };
    Some(Issue::new("business-rule", format!("/referrals/{}/recipient", one.place), text))
}

/// What the sender is told of fields that leave and let the recipient guess at what the person keeps back from it, and of those
/// from which an NHS number stayed back.
pub(super) fn what_it_gives_away(projection: &Projection) -> Vec<Issue> {
    let hints = projection.hints.iter().map(|hint| {
        let text = format!(
            "This leaves, and lets its reader guess at what the person keeps back from them ({}). It has a row of its own in the \
             table. Ask the person whether they want it told; if not, leave it out or keep its own row back.",
            hint.row
        );
        Issue::new("business-rule", hint.field.clone(), text)
    });
    let numbers = projection.numbers.iter().map(|field| {
        let text = "Something here reads as an NHS number. It does not leave to this recipient: [withheld] stands in its place, and \
                    a reference that holds one does not leave at all. Leave it out of the text.";
        Issue::new("business-rule", field.clone(), String::from(text))
    });
    hints.chain(numbers).collect()
}

/// What the sender is told where one of two agencies may not read what is meant for the second.
fn not_both(place: usize, shares: &[Share]) -> Option<Issue> {
    let [carrier, reader] = shares else { return None };
    let of = match (carrier.permits, reader.permits) {
        (true, true) => return None,
        (false, true) => "for the recipient there is none",
        (true, false) => "for the one in on_behalf_of there is none",
        (false, false) => "for neither is there one",
    };
    let text = format!(
        "Nothing was sent: both the recipient and the agency for which it is meant would read this, so both need the \
         person's consent and an agreement, and {of}. `withheld` says why."
    );
    Some(Issue::new("business-rule", format!("/referrals/{place}/on_behalf_of"), text))
}

/// What the sender is told of an override beside what the person agreed to in part: whether what they keep back leaves by it.
fn beside_consent(one: &Asked<'_>, considered: &Considered) -> Option<Issue> {
    one.over.as_ref()?;
    let text = match &considered.decision.outcome {
        Outcome::Permit { scope: Scope::AgreedAndMinimum { excluded, .. } } if !excluded.is_empty() => {
            if considered.by_override().is_empty() {
                "The person agreed in part, and the override lets nothing go of what they keep back: `withheld` names it. \
                 Telephone the recipient."
            } else {
                "The person agreed in part. Of what they keep back the override lets the minimum go: `by_override` names it, \
                 and a second person reviews it. The recipient is not told what was kept back."
            }
        }
        Outcome::Permit { scope: Scope::Agreed { excluded, .. } } if !excluded.is_empty() => {
            "The person agreed in part, and the override was not used: what they keep back does not leave, also where it is \
             about the risk. There is no current imminent risk, the agreement has no emergency row, or it is meant for \
             another agency. Telephone the recipient."
        }
        _ => return None,
    };
    Some(Issue::new("business-rule", format!("/referrals/{}", one.place), text))
}

fn show_planned(referral: &ReferralRow, one: &Asked<'_>, considered: &Considered) -> Value {
    let mut shown = json!({
        "referral_id": referral.referral_id,
        "recipient": referral.recipient_id,
        "kind": one.partner.kind,
        "nature": referral.nature,
        "channel": referral.channel,
        "state": referral.state,
        "reason": referral.reason,
        "disclosure_id": referral.disclosure_id,
        "withheld": considered.withheld(),
        "review_due_at": referral.review_due_at.map(Moment::to_rfc3339),
    });
    if let (true, Some(shown)) = (considered.decision.is_beside_consent(), shown.as_object_mut()) {
        shown.insert(String::from("by_override"), json!(considered.by_override()));
    }
    if let (Some(request), Some(shown)) = (&referral.in_answer_to, shown.as_object_mut()) {
        shown.insert(String::from("in_answer_to"), json!(request));
    }
    if let (Some(reader), Some(shown)) = (&referral.on_behalf_of, shown.as_object_mut()) {
        shown.insert(String::from("on_behalf_of"), json!(reader));
        let shares = considered.decision.shares.iter();
        let decided: Vec<Value> =
            shares.map(|share| json!({"agency": share.partner, "reason": share.reason})).collect();
        shown.insert(String::from("decided"), Value::Array(decided));
    }
    shown
}
