//! The person says less than before: whatever an agency holds beyond that is taken back in the same commit, whether or not
//! that agency is told anything new. What may still go to it goes as a new referral.

use serde_json::Value;

use super::{
    Exchange,
    anew::{is_open, moved_by},
    ask_again::{AskedAgain, Course, is_over},
    caller::Caller,
    consents::Recorded,
    people::{Consents, Identified},
    plan::Basis,
    ports::{DeliveryBundle, Precondition, Write, WriteSet},
    prepare::{Circumstances, Decided},
    refusal::{Issue, Refusal},
    rows::ReferralRow,
    withdraw::{Taken, TakingBack},
};
use crate::{
    assessment::Assessment,
    clock::Moment,
    consent::{Exit, PermittedReferral, Reason, still_agreed},
    ids::{PartnerId, PersonId, ReferralId, SiteId},
    limits,
    referral::State,
    vault::ContentKey,
};

/// What the person says now, and of whom.
pub(super) struct SaidAnew<'a> {
    pub(super) site: &'a SiteId,
    pub(super) person: &'a PersonId,
    pub(super) key: &'a ContentKey,
    /// The agencies of which they say something that is new.
    pub(super) agencies: &'a [PartnerId],
    /// Their consents as they will stand, and how these will be numbered.
    pub(super) consents: &'a Consents,
    pub(super) consent_seq: i64,
    pub(super) actor: &'a str,
}

/// How much less it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing of what the agency holds may be held.
    Nothing,
    /// Some of it may.
    Something,
}

/// A referral that was taken back because its agency held more than it may.
pub(super) struct TakenBack {
    referral_id: ReferralId,
    /// The new referral of what it still may have, as its sender is shown it.
    pub(super) anew: Option<Value>,
}

impl TakenBack {
    /// What the sender is told of it.
    pub(super) fn told(&self) -> Issue {
        let by = self.anew.as_ref().and_then(|anew| anew.get("referral_id")).and_then(Value::as_str);
        let then = by.map_or_else(
            || String::from("Nothing was sent in its place here."),
            |by| format!("What may still go was sent as referral {by}."),
        );
        let text = format!(
            "The person agrees to less than an agency was sent before, so referral {} was recalled. {then}",
            self.referral_id
        );
        Issue::new("business-rule", "/consents", text)
    }
}

impl Recorded {
    /// What is new in it.
    pub(super) fn said_anew<'a>(
        &'a self,
        caller: &'a Caller,
        person: &'a Identified,
        consent_seq: i64,
    ) -> SaidAnew<'a> {
        SaidAnew {
            site: &caller.site_id,
            person: &person.row.person_id,
            key: &person.key,
            agencies: &self.agencies,
            consents: &self.consents,
            consent_seq,
            actor: caller.partner_id.as_str(),
        }
    }
}

impl Exchange {
    /// Takes back what agencies hold and may hold `left` of. `so_far` is what will be written beside it: what ends there has
    /// ended, and who is told there is not told again.
    pub(super) async fn take_back_what_is_more(
        &self,
        said: &SaidAnew<'_>,
        left: Left,
        so_far: &[Write],
        taken: &mut Taken,
    ) -> Result<Vec<TakenBack>, Refusal> {
        let mut all = Vec::new();
        for agency in said.agencies {
            for referral in self.store.referrals_resting_on(said.site, said.person, agency).await? {
                let id = &referral.referral_id;
                let is_settled = moved_by(so_far, id).or_else(|| moved_by(&taken.writes, id)).is_some();
                if referral.audience.is_none() || is_over(referral.state) || is_settled {
                    continue;
                }
                // Boxed, so that whatever calls this does not grow by it.
                let Some((bundle, asked)) = Box::pin(self.holds_more(&referral, said)).await? else {
                    continue;
                };
                if (left == Left::Something) != asked.may_still_go() {
                    continue;
                }
                let writes = &mut taken.writes;
                let Some((decided, row)) = &asked.decided else { continue };
                let mut less = referral.clone();
                less.decision_id = Some(row.decision_id.clone());
                writes.push(Write::Decision(row.clone()));
                writes.push(self.decided_about(&referral, row, &decided.decision.shares, said.actor));
                let consent = decided.decision.consent.as_ref().map(|(consent, _)| consent);
                let (why, agency) = (asked.why(), &asked.partner);
                let back = TakingBack { consent, why, agency, key: said.key, actor: said.actor };
                Box::pin(self.take_back(less, &back, taken)).await?;
                let mut anew = None;
                if left == Left::Something && !is_told(so_far, &referral) {
                    let rest =
                        Box::pin(self.ask_for_the_rest(&bundle, &asked, said.consents, said.actor)).await?;
                    anew = rest.map(|rest| {
                        taken.writes.extend(rest.writes);
                        taken.preconditions.extend(rest.preconditions);
                        rest.shown
                    });
                }
                all.push(TakenBack { referral_id: referral.referral_id, anew });
            }
        }
        Ok(all)
    }

    /// Takes back all that agencies hold and may not, where nothing else is said to any of them.
    pub(super) async fn take_back_all_that_is_more(
        &self,
        said: &SaidAnew<'_>,
        taken: &mut Taken,
    ) -> Result<(), Refusal> {
        for left in [Left::Nothing, Left::Something] {
            self.take_back_what_is_more(said, left, &[], taken).await?;
        }
        Ok(())
    }

    /// What the agency holds of a referral, where that is more than it may hold by what the person says now. Where an
    /// agreement or a suspension says no to all, that alone takes nothing back (it is asked at each exit), and the person's
    /// own word is what counts: a recall holds no content and needs no agreement.
    async fn holds_more(
        &self,
        referral: &ReferralRow,
        said: &SaidAnew<'_>,
    ) -> Result<Option<(DeliveryBundle, AskedAgain)>, Refusal> {
        for delivery in self.out_so_far(referral).await? {
            let id = &delivery.new.message_id;
            let bundle = self.store.delivery_of_message(&referral.site_id, id).await?;
            let bundle = bundle.ok_or_else(Refusal::internal)?;
            if bundle.message.disclosure_id.is_none() {
                continue;
            }
            let by = Some((said.consents, said.consent_seq));
            let asked = self.ask_again_by(&bundle, Exit::Plan, by).await?;
            let is_theirs = asked
                .decided
                .as_ref()
                .is_some_and(|(decided, _)| decided.decision.permits() || asked.word.is_some());
            return Ok(Some((bundle, asked)).filter(|(_, asked)| asked.course == Course::Recall && is_theirs));
        }
        Ok(None)
    }

    /// What the person says, where by their own word less may be held than `then` let go, whatever stands of agreements.
    /// What rests on an override alone is not theirs to narrow: it goes to its review.
    pub(super) fn said_less(
        &self,
        then: &Decided,
        at: &Circumstances<'_>,
        assessment: &Assessment,
        need: &str,
    ) -> Option<Reason> {
        if then.decision.is_override() {
            return None;
        }
        let about = |partner, agreements| self.inputs(partner, agreements, at, assessment.own_word());
        let reader = at.reader.map(|reading| about(&reading.partner, &reading.agreements));
        let kept = still_agreed(&then.decision, about(at.partner, at.agreements), reader);
        let reader = at.reader.map(|reading| &reading.partner);
        let left = PermittedReferral::for_reader(&kept, at.partner, reader)
            .map(|permitted| self.projected(&permitted, at.consents, assessment, need));
        let is_as_much = left.is_some_and(|left| then.is_within(&left.permitted, &left.tells));
        (!is_as_much).then_some(kept.reason)
    }

    /// What may still go of a referral that is recalled, as a new one of the same assessment. None where its recipient is
    /// done with it, where no message can be made, and where an override is too old to make another: then the recall stands
    /// alone.
    pub(super) async fn ask_for_the_rest(
        &self,
        bundle: &DeliveryBundle,
        asked: &AskedAgain,
        consents: &Consents,
        actor: &str,
    ) -> Result<Option<Rest>, Refusal> {
        let (referral, now) = (&bundle.referral, self.now());
        let Some((decided, row)) = &asked.decided else { return Ok(None) };
        let Some(id) = decided.assessment.as_ref().filter(|_| asked.may_still_go()) else { return Ok(None) };
        if !is_open(referral.state) && referral.state != State::Used {
            return Ok(None);
        }
        let site = &referral.site_id;
        let assessment = self.open_assessment(referral, id, &asked.key).await?;
        let partners = self.store.partners(site).await?;
        // An agency that is not in the directory any more keeps nobody's recall back.
        let Ok(wanted) = self.resolve(&partners, &assessment).await else { return Ok(None) };
        let Some(mut one) = wanted.into_iter().find(|one| one.is_for(referral)) else { return Ok(None) };
        one.over = one.over.filter(|_| makes_another(referral, now));
        let person = self.store.person(site, &referral.person_id).await?.ok_or_else(Refusal::internal)?;
        let person = self.known(person, None, Vec::new())?;
        let caller = Caller {
            site_id: site.clone(),
            partner_id: asked.sender.partner_id.clone(),
            kind: asked.sender.kind,
            scopes: Vec::new(),
            token_id: String::new(),
            certificate_sha256: String::new(),
        };
        let basis = Basis {
            caller: &caller,
            actor,
            sender: &asked.sender,
            person: &person,
            assessment: &assessment,
            assessment_id: id,
            episode_id: &referral.episode_id,
            consents,
            consent_seq: row.consent_seq,
            answered: None,
            review_due_at: referral.review_due_at,
            now,
        };
        let mut writes = WriteSet::new();
        let planned = self.plan_one(&basis, &one, None, &mut writes);
        let goes = planned.rehearsed.message.is_some();
        let preconditions = one.as_seen().collect();
        Ok(goes.then_some(Rest { writes, preconditions, shown: planned.shown }))
    }
}

/// A new referral of what may still go.
pub(super) struct Rest {
    pub(super) writes: WriteSet,
    pub(super) preconditions: Vec<Precondition>,
    shown: Value,
}

/// Whether an override of this referral may make another message: until a second person must have looked at it.
pub(super) fn makes_another(referral: &ReferralRow, now: Moment) -> bool {
    let due = referral.review_due_at;
    now < due.unwrap_or_else(|| referral.created_at.plus_seconds(limits::OVERRIDE_REVIEW_SECONDS))
}

/// Whether these writes tell the recipient of `referral` of something new that takes its place.
fn is_told(writes: &[Write], referral: &ReferralRow) -> bool {
    writes.iter().any(|write| match write {
        Write::Referral(row) | Write::ReferralMoved(row) => {
            row.recipient_id == referral.recipient_id
                && row.on_behalf_of == referral.on_behalf_of
                && row.audience.is_some()
                && row.disclosure_id.is_some()
                && !is_over(row.state)
        }
        _ => false,
    })
}
