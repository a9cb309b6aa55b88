//! `POST /assessments/{id}/amend`: an assessment said anew, whole, takes the place of an earlier one. Each agency that
//! was asked under that one gets what is new for it, and nothing where nothing is. Silence takes nothing back.

use serde_json::{Map, Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange,
    anew::{Anew, Outcome, is_open, moved_by},
    ask_again::need_of,
    caller::Caller,
    idempotency::Ticket,
    less::{Left, TakenBack},
    plan::{Asked, Basis},
    ports::{Precondition, Write, WriteSet},
    prepare::{Circumstances, Considered},
    recall::{Ends, Why, set_state},
    refusal::{Issue, Refusal, Refused},
    rows::{AssessmentRow, ReferralRow, Sealed},
    sought::Sought,
    submit::{Arrived, Joins, plan_order, shown_warnings},
    withdraw::Taken,
};
use crate::{
    assessment::Assessment,
    directory::Nature,
    ids::{AssessmentId, PartnerId, ReferralId, SiteId},
    limits::AMENDMENTS_MAX,
    referral::{Action, Role, State, step},
    vault::ContentKey,
};

/// Parts of what may leave that say when it was written and until when it holds: new each time, and no news. The consent is
/// compared as the one that it is.
const NO_NEWS: [&str; 3] = ["assessed_at", "validity", "consents"];

/// What an amendment writes, rests on and answers.
struct Amendment {
    writes: WriteSet,
    preconditions: Vec<Precondition>,
    warnings: Vec<Issue>,
    shown: Vec<Value>,
}

/// An amendment that was planned and not committed.
struct Planned {
    writes: WriteSet,
    preconditions: Vec<Precondition>,
    answer: Map<String, Value>,
    assessment_id: AssessmentId,
    key: ContentKey,
}

/// What the plan for each recipient rests on.
struct Amending<'a> {
    basis: Basis<'a>,
    arrived: &'a Arrived,
    /// What was asked under the earlier versions and is open.
    open: Vec<ReferralRow>,
}

/// How what a recipient has stands to what it may have now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// There is no news for it.
    Same,
    /// It has something that it may not have any more.
    Narrower,
    /// Anything else.
    News,
}

impl Exchange {
    /// Takes a further version of an assessment. Only its sender may, and only of the latest one. `dry_run` answers with
    /// what would become of each referral and with the bytes that would go, and stores nothing.
    pub async fn amend_assessment(
        &self,
        caller: &Caller,
        id: &str,
        key: &str,
        body: &[u8],
        dry_run: bool,
    ) -> Result<Answer, Refusal> {
        if !caller.is_service() {
            let text = "Only a liaison and diversion service submits assessments, and amends its own.";
            return Err(Refusal::new(Refused::Forbidden, "forbidden", "", text));
        }
        let id = AssessmentId::parse(id).ok_or_else(Refusal::not_found)?;
        let assessment = self.read_assessment(body)?;
        if dry_run {
            return self.rehearse_amendment(caller, &id, &assessment, body).await;
        }
        let ticket = Ticket::new(key, &format!("POST /assessments/{id}/amend"), body)?;
        for _ in 0..DECIDE_TRIES {
            if let Some(first) = self.first_answer(caller, &ticket).await? {
                return Ok(first);
            }
            let Planned { mut writes, mut preconditions, answer, key: _, assessment_id } =
                self.plan_amendment(caller, &id, &assessment, body).await?;
            let mut answer = Answer::json(201, &Value::Object(answer));
            answer.location = Some(format!("/assessments/{assessment_id}"));
            writes.push(self.keep_answer(caller, &ticket, &answer, self.now()));
            preconditions.push(ticket.precondition(caller));
            if self.try_commit(writes, preconditions).await? {
                return Ok(answer);
            }
        }
        Err(Refusal::unavailable())
    }

    async fn plan_amendment(
        &self,
        caller: &Caller,
        id: &AssessmentId,
        assessment: &Assessment,
        body: &[u8],
    ) -> Result<Planned, Refusal> {
        let (site, now) = (&caller.site_id, self.now());
        let earlier = self.store.assessment(site, id).await?.filter(|row| row.sender_id == caller.partner_id);
        let Some(earlier) = earlier else {
            return Err(self.not_for(caller, "assessment", Sought::Assessment(id.clone())));
        };
        let chain = self.versions_before(site, &earlier).await?;
        let partners = self.store.partners(site).await?;
        let sender =
            partners.iter().find(|p| p.partner_id == caller.partner_id).ok_or_else(Refusal::not_found)?;
        let asked = self.resolve(&partners, assessment).await?;
        let mut arrived =
            self.arrive(caller, assessment, body, &partners, Joins::InPlaceOf(&earlier)).await?;
        if arrived.person.row.person_id != earlier.person_id {
            return Err(Refusal::new(
                Refused::Unprocessable,
                "business-rule",
                "/person/reference",
                "This is about somebody else than the assessment that it would take the place of. Check both; nothing \
                 was kept and nobody was told.",
            ));
        }
        let mut plan = Amendment {
            writes: std::mem::take(&mut arrived.writes),
            preconditions: std::mem::take(&mut arrived.preconditions),
            warnings: std::mem::take(&mut arrived.warnings),
            shown: Vec::new(),
        };
        let open = self.open_under(site, &earlier, &chain).await?;
        let answered = self.answered_by(caller, assessment, &mut plan.warnings).await?;
        let amending = Amending {
            basis: Basis {
                caller,
                actor: caller.partner_id.as_str(),
                sender,
                person: &arrived.person,
                assessment,
                assessment_id: &arrived.assessment_id,
                episode_id: &arrived.episode_id,
                consents: &arrived.said.consents,
                consent_seq: arrived.consent_seq,
                answered: answered.as_ref(),
                review_due_at: None,
                now,
            },
            arrived: &arrived,
            open,
        };
        for place in plan_order(assessment, &asked) {
            let Some(one) = asked.get(place) else { continue };
            self.amend_one(&amending, one, &mut plan).await?;
            plan.preconditions.extend(one.as_seen());
        }
        self.has_room_for(site, &plan.writes).await?;
        let mut taken = Taken::default();
        let said_anew = arrived.said.said_anew(caller, &arrived.person, arrived.consent_seq);
        let less = self.take_back_what_is_more(&said_anew, Left::Something, &plan.writes, &mut taken).await?;
        plan.writes.extend(taken.writes);
        plan.preconditions.extend(taken.preconditions);
        plan.warnings.extend(less.iter().map(TakenBack::told));
        for referral in &amending.open {
            if !asked.iter().any(|one| one.is_for(referral)) {
                not_named(referral, &mut plan);
            }
        }
        let anew = less.into_iter().filter_map(|one| one.anew);
        plan.shown.extend(anew.map(|shown| with(shown, "change", json!("new"))));

        let mut answer = Map::new();
        if let Some(answered) = &answered {
            let (writes, warnings) = (&mut plan.writes, &mut plan.warnings);
            let closed = self.close_answered(caller, answered, assessment, writes, warnings).await?;
            answer.insert(String::from("in_answer_to"), closed.0);
            plan.preconditions.extend(closed.1);
        }
        answer.insert(String::from("assessment_id"), json!(arrived.assessment_id));
        answer.insert(String::from("supersedes"), json!(id));
        answer.insert(String::from("episode_id"), json!(arrived.episode_id));
        answer.insert(String::from("person"), json!(arrived.person.row.person_id));
        answer.insert(String::from("consents"), Value::Array(arrived.said.shown.clone()));
        answer.insert(String::from("referrals"), Value::Array(plan.shown));
        answer.insert(String::from("warnings"), shown_warnings(&plan.warnings));
        Ok(Planned {
            writes: plan.writes,
            preconditions: plan.preconditions,
            answer,
            assessment_id: arrived.assessment_id,
            key: arrived.person.key,
        })
    }

    /// What an amendment would answer, and each message that it would send, as it would be sent.
    async fn rehearse_amendment(
        &self,
        caller: &Caller,
        id: &AssessmentId,
        assessment: &Assessment,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let Planned { writes, mut answer, key, .. } =
            self.plan_amendment(caller, id, assessment, body).await?;
        let mut previews = Vec::new();
        for write in &writes {
            let Write::Message(row) = write else { continue };
            let open = |part: &str, sealed: &Sealed| {
                let bytes = self.part_of(row, part, sealed, &key);
                bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            };
            previews.push(json!({
                "recipient": row.recipient_id,
                "on_behalf_of": reader_in(&writes, &row.referral_id),
                "content_type": row.content_type,
                "body": open("body", &row.body)?,
                "detail": row.detail.as_ref().map(|detail| open("detail", detail)).transpose()?,
            }));
        }
        answer.insert(String::from("preview"), Value::Array(previews));
        Ok(Answer::json(200, &Value::Object(answer)))
    }

    /// This version and those before it. One that another took the place of is not amended again.
    async fn versions_before(
        &self,
        site: &SiteId,
        latest: &AssessmentRow,
    ) -> Result<Vec<AssessmentId>, Refusal> {
        if let Some(later) = self.store.assessment_after(site, &latest.assessment_id).await? {
            let text = format!(
                "Another version took the place of this one. Amend the latest: {}.",
                later.assessment_id
            );
            return Err(Refusal::new(Refused::Conflict, "conflict", "", text));
        }
        let mut chain = vec![latest.assessment_id.clone()];
        let mut before = latest.supersedes.clone();
        while let Some(id) = before {
            if chain.len() >= AMENDMENTS_MAX {
                let text =
                    format!("{AMENDMENTS_MAX} versions are the most. Send a new one by POST /assessments.");
                return Err(Refusal::new(Refused::Unprocessable, "too-costly", "", text));
            }
            before = self.store.assessment(site, &id).await?.and_then(|row| row.supersedes);
            chain.push(id);
        }
        Ok(chain)
    }

    /// What was asked under these versions and is on its way or with its receiver.
    async fn open_under(
        &self,
        site: &SiteId,
        earlier: &AssessmentRow,
        chain: &[AssessmentId],
    ) -> Result<Vec<ReferralRow>, Refusal> {
        let mut open = self.store.referrals_of_episode(site, &earlier.episode_id).await?;
        open.retain(|row| {
            row.sender_id == earlier.sender_id
                && row.audience.is_some()
                && row.assessment_id.as_ref().is_some_and(|id| chain.contains(id))
                && is_open(row.state)
        });
        for row in &open {
            if self.store.conversation_of(site, &row.referral_id).await?.is_some() {
                return Err(Refusal::new(
                    Refused::Unprocessable,
                    "not-supported",
                    "",
                    "This assessment came as a FHIR message. Change its referral by a message with reason `update`.",
                ));
            }
        }
        Ok(open)
    }

    /// What the amendment means for one recipient that it names.
    async fn amend_one(
        &self,
        amending: &Amending<'_>,
        one: &Asked<'_>,
        plan: &mut Amendment,
    ) -> Result<(), Refusal> {
        let Some(referral) = amending.open.iter().rev().find(|row| one.is_for(row)) else {
            self.ask_for_the_first_time(amending, one, plan);
            return Ok(());
        };
        let basis = &amending.basis;
        let circumstances = one.circumstances(basis.consents, basis.consent_seq, basis.now);
        let considered = self.consider(&circumstances, basis.assessment, &one.wanted.need);
        if plan.shows_taken_back(referral) {
            // What the person took back with this is gone; an override beside it is asked for the first time.
            if considered.projection.is_some() {
                self.ask_for_the_first_time(amending, one, plan);
            }
            return Ok(());
        }
        let change = self.compared(amending, &circumstances, one, referral, &considered).await?;
        let must_be_recalled =
            matches!(change, Change::Narrower) && !self.out_so_far(referral).await?.is_empty();
        match change {
            Change::Same => plan.show(referral, "same", []),
            _ if must_be_recalled => self.recall_and_ask(amending, one, referral, plan).await?,
            _ if considered.projection.is_some() && referral.nature == Nature::Advice => {
                self.supersede(amending, one, referral, plan).await?;
            }
            _ => self.say_anew(amending, one, referral, plan).await?,
        }
        Ok(())
    }

    /// How what the recipient has stands to what it may have of the amended assessment.
    async fn compared(
        &self,
        amending: &Amending<'_>,
        circumstances: &Circumstances<'_>,
        one: &Asked<'_>,
        referral: &ReferralRow,
        now: &Considered,
    ) -> Result<Change, Refusal> {
        let (site, key) = (&referral.site_id, &amending.basis.person.key);
        let id = referral.decision_id.as_ref().ok_or_else(Refusal::internal)?;
        let row = self.store.decision(site, id).await?.ok_or_else(Refusal::internal)?;
        let then = self.open_decision(&row, key)?;
        let id =
            then.assessment.as_ref().or(referral.assessment_id.as_ref()).ok_or_else(Refusal::internal)?;
        let before = self.open_assessment(referral, id, key).await?;
        // What it has is measured against the assessment that it was made from: what the new one leaves out was not
        // taken back by that.
        let held = self.consider(circumstances, &before, &need_of(referral, id, &before));
        let consent = now.decision.consent.clone();
        let (Some(held), Some(now)) = (&held.projection, &now.projection) else { return Ok(Change::News) };
        let lost = !then.is_within(&held.permitted, &held.tells);
        if lost && !then.decision.is_override() {
            return Ok(Change::Narrower);
        }
        let (recipient, reader) = (one.wanted.recipient.as_str(), one.wanted.on_behalf_of.as_deref());
        let asked = before.referrals().into_iter().find(|asked| asked.is_of(recipient, reader));
        let waits_alike =
            asked.is_some_and(|asked| asked.not_before_moment() == one.wanted.not_before_moment());
        // A consent that was given anew is news; one that only was not repeated is not.
        let is_same = then.decision.consent == consent
            && then.permitted == held.permitted
            && then.tells == held.tells
            && waits_alike
            && news(&held.value()) == news(&now.value());
        Ok(if is_same { Change::Same } else { Change::News })
    }

    /// A recipient that has nothing open under this assessment.
    fn ask_for_the_first_time(&self, amending: &Amending<'_>, one: &Asked<'_>, plan: &mut Amendment) {
        let planned = self.plan_one(&amending.basis, one, None, &mut plan.writes);
        plan.warnings.extend(planned.rehearsed.warnings);
        plan.shown.push(with(planned.shown, "change", json!("new")));
    }

    /// A referral goes on under its id, with what is said now. Where nothing of that may go, it stands as it stood.
    async fn say_anew(
        &self,
        amending: &Amending<'_>,
        one: &Asked<'_>,
        referral: &ReferralRow,
        plan: &mut Amendment,
    ) -> Result<(), Refusal> {
        let Basis { caller, assessment, answered, .. } = amending.basis;
        let anew = Anew { caller, referral, one, arrived: amending.arrived, assessment, answered };
        let (moved, outcome, _) = self.plan_anew(&anew, &mut plan.writes, &mut plan.warnings).await?;
        match outcome {
            Outcome::Sent => {
                plan.show(referral, "updated", [("disclosure_id", json!(moved.disclosure_id))]);
                return Ok(());
            }
            Outcome::NotMade => {
                plan.stands_unmade(referral, one);
                return Ok(());
            }
            Outcome::Kept => {}
        }
        let decided = plan.writes.iter().rev().find_map(|write| match write {
            Write::Decision(row) if row.referral_id == referral.referral_id => Some(row.reason.clone()),
            _ => None,
        });
        plan.show(referral, "stands", [("reason", json!(decided))]);
        plan.warnings.push(Issue::new(
            "business-rule",
            format!("/referrals/{}", one.place),
            "Nothing of what is said now may go to this recipient. What it was sent before stands; take it back by \
             POST /referrals/{id}/actions/withdraw if it must not.",
        ));
        Ok(())
    }

    /// Advice is never changed: a new sheet takes the place of the old one.
    async fn supersede(
        &self,
        amending: &Amending<'_>,
        one: &Asked<'_>,
        referral: &ReferralRow,
        plan: &mut Amendment,
    ) -> Result<(), Refusal> {
        let actor = amending.basis.caller.partner_id.as_str();
        let earlier = self.earlier(referral, &amending.basis.person.key).await?;
        let to = step(referral.state, referral.nature, Action::Supersede, Role::Gateway, None, None)
            .map_err(|_| Refusal::internal())?;
        let mut moved = referral.clone();
        moved.version += 1;
        set_state(&mut moved, to.state, to.business_status, "amended", amending.basis.now);
        let mut anew = WriteSet::new();
        let planned = self.plan_one(&amending.basis, one, earlier.as_ref(), &mut anew);
        if planned.rehearsed.message.is_none() {
            let is_field = |issue: &Issue| !issue.path.starts_with("/referrals");
            plan.warnings.extend(planned.rehearsed.warnings.into_iter().filter(is_field));
            // The old sheet is better than none.
            plan.stands_unmade(referral, one);
            return Ok(());
        }
        self.replace_what_waits(referral, actor, &mut plan.writes).await?;
        plan.writes.push(self.moved(&moved, amending.basis.now, actor, Action::Supersede));
        plan.writes.push(Write::ReferralMoved(moved));
        plan.writes.append(&mut anew);
        plan.warnings.extend(planned.rehearsed.warnings);
        let by = planned.shown.get("referral_id").cloned().unwrap_or_default();
        plan.show(referral, "superseded", [("by", by)]);
        plan.shown.push(with(planned.shown, "change", json!("new")));
        Ok(())
    }

    /// What a recipient has and may not have any more is recalled, whole; what it still may have goes as new.
    async fn recall_and_ask(
        &self,
        amending: &Amending<'_>,
        one: &Asked<'_>,
        referral: &ReferralRow,
        plan: &mut Amendment,
    ) -> Result<(), Refusal> {
        let basis = &amending.basis;
        let (actor, key) = (basis.caller.partner_id.as_str(), &basis.person.key);
        let mut moved = referral.clone();
        moved.version += 1;
        self.replace_what_waits(referral, actor, &mut plan.writes).await?;
        let ends =
            Ends { sender: basis.sender, recipient: one.partner, on_behalf_of: None, in_reply_to: None, key };
        let why = Why::NoLongerPermitted;
        self.add_recall(&mut moved, None, why, &ends, actor, &mut plan.writes)?;
        let told = self.tell_asker_too(&mut moved, key, actor, &mut plan.writes).await;
        plan.preconditions.extend(told);
        plan.writes.push(Write::ReferralMoved(moved));
        plan.show(referral, "recalled", [("reason", json!(why.as_str()))]);
        self.ask_for_the_first_time(amending, one, plan);
        Ok(())
    }
}

impl Amendment {
    /// What the person declines now was taken back by recording it: whether that ended this referral, which is then said.
    fn shows_taken_back(&mut self, referral: &ReferralRow) -> bool {
        let Some(ended) = moved_by(&self.writes, &referral.referral_id) else { return false };
        let change = if ended.state == State::Recalled { "recalled" } else { "withdrawn" };
        let reason = json!(ended.reason);
        self.show(referral, change, [("reason", reason)]);
        true
    }

    /// Says that a referral stands, because nothing can be made of what may go.
    fn stands_unmade(&mut self, referral: &ReferralRow, one: &Asked<'_>) {
        self.show(referral, "stands", [("reason", json!("message-not-made"))]);
        self.warnings.push(Issue::new(
            "not-supported",
            format!("/referrals/{}", one.place),
            "No valid message can be made of what is new for this recipient, and nothing of it was sent. What it was sent \
             before stands. Telephone the recipient, and tell the operator.",
        ));
    }

    /// Says what became of a referral.
    fn show<const N: usize>(&mut self, referral: &ReferralRow, change: &str, more: [(&str, Value); N]) {
        let shown = json!({
            "referral_id": referral.referral_id,
            "recipient": referral.recipient_id,
            "change": change,
        });
        let shown = match &referral.on_behalf_of {
            Some(reader) => with(shown, "on_behalf_of", json!(reader)),
            None => shown,
        };
        self.shown.push(more.into_iter().fold(shown, |shown, (name, value)| with(shown, name, value)));
    }
}

fn with(mut shown: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = shown.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    shown
}

/// Whom the amended assessment does not name keeps what it has: nobody took anything back.
fn not_named(referral: &ReferralRow, plan: &mut Amendment) {
    if plan.shows_taken_back(referral) {
        return;
    }
    plan.show(referral, "stands", [("reason", json!("not-named"))]);
    plan.warnings.push(Issue::new(
        "business-rule",
        "/referrals",
        "A recipient of the earlier version is not named: what it has stands as it was. Name it to tell it what is new, \
         or take the referral back by POST /referrals/{id}/actions/withdraw.",
    ));
}

/// What of a projection is news to somebody who has an earlier one.
fn news(projection: &Value) -> Value {
    let mut value = projection.clone();
    if let Some(fields) = value.as_object_mut() {
        for part in NO_NEWS {
            fields.shift_remove(part);
        }
    }
    value
}

/// For whom the referral of a message is meant, where its recipient passes it on.
fn reader_in<'w>(writes: &'w WriteSet, referral: &ReferralId) -> Option<&'w PartnerId> {
    writes.iter().find_map(|write| match write {
        Write::Referral(row) | Write::ReferralMoved(row) if row.referral_id == *referral => {
            row.on_behalf_of.as_ref()
        }
        _ => None,
    })
}
