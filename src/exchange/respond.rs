//! The answer comes in: as an action, through the mailbox, or as a FHIR message (`message`). All three end in one move
//! of the referral, by the one table of `referral`.

use serde_json::{Value, json};

use super::{
    Answer, DECIDE_TRIES, Exchange, MailboxSend,
    ask_again::is_out,
    caller::Caller,
    ports::{CommitError, Precondition, Write, WriteSet},
    recall::{Ends, Why, set_state},
    refusal::{Issue, Refusal, Refused},
    rows::{DeliveryStatus, ReferralRow},
    sought::Sought,
    strangers::unsaid,
    submit::read_json,
};
use crate::{
    audit::Kind,
    clock::Moment,
    directory::Channel,
    ids::ReferralId,
    letters::says_something,
    profile::Schema,
    referral::{Action, RECALL_ANSWERS, Role, State, StepError, step},
    vault::ContentKey,
};

/// What somebody does to a referral.
pub(super) struct Move {
    pub(super) action: Action,
    pub(super) reason: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) appointment: Option<Value>,
    pub(super) recall_answer: Option<String>,
    /// What a housing authority says of its case.
    pub(super) case: Option<Value>,
}

/// What belongs to a case.
const OF_THE_CASE: [&str; 3] = ["reference", "caseworker", "decision_date"];

impl Move {
    pub(super) fn from_json(action: Action, said: &Value) -> Self {
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            action,
            reason: text("reason"),
            comment: text("comment"),
            appointment: said.get("appointment").cloned(),
            recall_answer: text("answer"),
            case: case_of(said),
        }
    }

    /// What the table of steps cannot ask for: an appointment has a time to come, an answer has words.
    fn is_complete(&self, now: Moment) -> Result<(), Refusal> {
        let wrong =
            |code, path: &str, text: &str| Err(Refusal::new(Refused::Unprocessable, code, path, text));
        match self.action {
            Action::BookAppointment => {
                let at = |name: &str| {
                    let text = self.appointment.as_ref().and_then(|a| a.get(name)).and_then(Value::as_str);
                    text.map(Moment::from_rfc3339)
                };
                match at("start") {
                    None => wrong("required", "/appointment/start", "Say when the appointment is."),
                    Some(Some(start)) if at("end").is_some_and(|end| end.is_none_or(|end| end <= start)) => {
                        wrong("value", "/appointment/end", "A date-time after the start is needed here.")
                    }
                    Some(Some(start)) if start >= now => Ok(()),
                    Some(_) => wrong(
                        "value",
                        "/appointment/start",
                        "A date-time to come, with an offset, is needed here.",
                    ),
                }
            }
            Action::SupplyInformation if !self.comment.as_deref().is_some_and(says_something) => {
                wrong("required", "/comment", "Say in words what was asked for.")
            }
            _ => Ok(()),
        }
    }
}

fn case_of(said: &Value) -> Option<Value> {
    let fields = OF_THE_CASE.into_iter().filter_map(|name| Some((name.to_owned(), said.get(name)?.clone())));
    let case: serde_json::Map<String, Value> = fields.collect();
    (!case.is_empty()).then_some(Value::Object(case))
}

impl Exchange {
    /// `POST /referrals/{id}/actions/{action}` with the version from `If-Match`.
    pub async fn act(
        &self,
        caller: &Caller,
        referral: &str,
        action: &str,
        if_match: Option<i64>,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let referral = self.visible_referral(caller, referral).await?;
        let Some(version) = if_match else {
            return Err(Refusal::new(
                Refused::PreconditionRequired,
                "required",
                "If-Match",
                "Send the ETag of the referral as you last read it.",
            ));
        };
        if version != referral.version {
            return Err(Refusal::new(
                Refused::PreconditionFailed,
                "conflict",
                "If-Match",
                "The referral has changed since. Read it again.",
            ));
        }
        let action = Action::parse(action).ok_or_else(Refusal::not_found)?;
        let said = if body.is_empty() { json!({}) } else { read_json(body)? };
        let moved = self.make_move(caller, &referral, action, &said).await?;
        self.show_referral(caller, &moved).await
    }

    /// Makes one move of a referral as it was read; 412 when it has moved meanwhile. `said` is what the profile of
    /// actions has: reason, comment, appointment, answer.
    pub(super) async fn make_move(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        action: Action,
        said: &Value,
    ) -> Result<ReferralRow, Refusal> {
        let key = self.key_of(&caller.site_id, &referral.person_id).await?;
        self.was_missed(referral, &key, action)?;
        let (moved, writes, preconditions) = self.plan_said(caller, referral, &key, action, said).await?;
        self.commit_move(writes, preconditions).await?;
        Ok(moved)
    }

    /// The same, planned and not made.
    pub(super) async fn plan_said(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        key: &ContentKey,
        action: Action,
        said: &Value,
    ) -> Result<(ReferralRow, WriteSet, Vec<Precondition>), Refusal> {
        let issues = self.profiles.check(Schema::ReferralAction, said);
        if !issues.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, issues));
        }
        self.plan_move(caller, referral, key, &Move::from_json(action, said)).await
    }

    /// Makes a planned move; 412 when the referral has moved meanwhile.
    pub(super) async fn commit_move(
        &self,
        writes: WriteSet,
        preconditions: Vec<Precondition>,
    ) -> Result<(), Refusal> {
        match self.commit(writes, preconditions).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict(Precondition::ReferralVersion(..))) => Err(Refusal::new(
                Refused::PreconditionFailed,
                "conflict",
                "If-Match",
                "The referral has changed since. Read it again.",
            )),
            Err(other) => Err(other.into()),
        }
    }

    /// An action that an agency without a server sends through its mailbox.
    pub(super) async fn act_by_mailbox(
        &self,
        caller: &Caller,
        send: &MailboxSend,
        schema: Schema,
    ) -> Result<Answer, Refusal> {
        let said = read_json(&send.body)?;
        let issues = self.profiles.check(schema, &said);
        if !issues.is_empty() {
            return Err(Refusal::with_issues(Refused::Unprocessable, issues));
        }
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let action = text("action").and_then(Action::parse).ok_or_else(|| {
            Refusal::new(
                Refused::Unprocessable,
                "value",
                "/action",
                "An action of GET /referrals/{id}/actions.",
            )
        })?;
        let id = text("referral_id").unwrap_or_default().to_owned();
        for _ in 0..DECIDE_TRIES {
            let referral = self.visible_referral(caller, &id).await?;
            let is_recipient = referral.recipient_id == caller.partner_id;
            let other = if is_recipient { &referral.sender_id } else { &referral.recipient_id };
            if other.as_str() != send.to {
                let text = "An answer goes to the other side of its referral.";
                return Err(Refusal::new(Refused::Unprocessable, "value", "mex-To", text));
            }
            if let Some(again) = self.sent_before(caller, send).await? {
                return Ok(again);
            }
            let key = self.key_of(&caller.site_id, &referral.person_id).await?;
            self.was_missed(&referral, &key, action)?;
            let (moved, mut writes, preconditions) =
                self.plan_move(caller, &referral, &key, &Move::from_json(action, &said)).await?;
            let (inbound, inbound_id) = self.mailbox_inbound(caller, send, &moved, &key);
            writes.push(inbound);
            if self.try_commit(writes, preconditions).await? {
                return Ok(Answer::json(202, &json!({"message_id": inbound_id})));
            }
        }
        Err(Refusal::unavailable())
    }

    /// The writes of one move with what they rest on, and the referral as it will be.
    pub(super) async fn plan_move(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        key: &ContentKey,
        said: &Move,
    ) -> Result<(ReferralRow, WriteSet, Vec<Precondition>), Refusal> {
        let now = self.now();
        let actor = caller.partner_id.as_str();
        let role = if referral.recipient_id == caller.partner_id { Role::Owner } else { Role::Requester };
        if said.action == Action::AnswerRecall {
            let (moved, writes) = self.plan_recall_answer(caller, referral, role, key, said).await?;
            return Ok((moved, writes, Vec::new()));
        }
        said.is_complete(now)?;
        let (reason, comment) = (said.reason.as_deref(), said.comment.as_deref());
        let to = step(
            (referral.state, referral.business_status.as_str()),
            referral.nature,
            said.action,
            role,
            reason,
            comment,
        )
        .map_err(|error| not_now(&error))?;
        let mut moved = referral.clone();
        moved.version += 1;
        set_state(&mut moved, to.state, to.business_status, reason.unwrap_or_default(), now);
        let calls_off = said.action == Action::CancelAppointment;
        if said.comment.is_some() || said.appointment.is_some() || said.case.is_some() || calls_off {
            moved.receiver_note = Some(self.add_words(referral, key, said, actor)?);
        }
        let (mut writes, mut preconditions) = (Vec::new(), Vec::new());
        match said.action {
            Action::Withdraw => {
                self.plan_sender_withdrawal(&mut moved, key, actor, &mut writes).await?;
                if moved.audience.is_none() && reason == Some("raised-in-error") {
                    writes.extend(unsaid(&moved.site_id, &moved.sender_id, &moved.person_id));
                }
            }
            Action::SupplyInformation => {
                let words = said.comment.as_deref().unwrap_or_default();
                preconditions = self.ask_for_words(referral, key, words, actor, &mut writes).await?;
            }
            // What was declined or ended before it was collected is not collected any more.
            _ if role == Role::Owner && moved.state.is_final() => {
                for delivery in self.store.deliveries_of(&moved.site_id, &moved.referral_id).await? {
                    let waits = matches!(delivery.status, DeliveryStatus::Queued | DeliveryStatus::Collected);
                    if waits && delivery.new.channel == Channel::Mailbox {
                        let status = DeliveryStatus::Withdrawn;
                        writes.push(super::deliver::change(&delivery, status, now, "referral-ended"));
                    }
                }
            }
            _ => {}
        }
        if role == Role::Owner {
            preconditions.extend(self.tell_asker(&mut moved, key, actor, &mut writes).await?);
        }
        writes.push(self.moved(&moved, now, actor, said.action));
        writes.push(Write::ReferralMoved(moved.clone()));
        Ok((moved, writes, preconditions))
    }

    /// The sender takes a referral back: what waits is stopped, what may have arrived is recalled.
    async fn plan_sender_withdrawal(
        &self,
        moved: &mut ReferralRow,
        key: &ContentKey,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let mut may_be_out = false;
        for delivery in self.store.deliveries_of(&moved.site_id, &moved.referral_id).await? {
            may_be_out |= is_out(&delivery);
            if matches!(
                delivery.status,
                DeliveryStatus::Queued | DeliveryStatus::Dead | DeliveryStatus::Collected
            ) {
                let status = DeliveryStatus::Withdrawn;
                writes.push(super::deliver::change(&delivery, status, now, "withdrawn-by-sender"));
            }
        }
        if may_be_out {
            let sender = self.partner(&moved.site_id, &moved.sender_id).await?;
            let recipient = self.partner(&moved.site_id, &moved.recipient_id).await?;
            let ends =
                Ends { sender: &sender, recipient: &recipient, on_behalf_of: None, in_reply_to: None, key };
            let (state, business, reason) =
                (moved.state, moved.business_status.clone(), moved.reason.clone());
            self.add_recall(moved, None, Why::WithdrawnBySender, &ends, actor, writes)?;
            // It is the sender's withdrawal that the state tells of; the recall is how the recipient learns.
            set_state(moved, state, &business, &reason, now);
        }
        Ok(())
    }

    async fn plan_recall_answer(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        role: Role,
        key: &ContentKey,
        said: &Move,
    ) -> Result<(ReferralRow, WriteSet), Refusal> {
        let now = self.now();
        let answer = said.recall_answer.as_deref().unwrap_or_default();
        let known = RECALL_ANSWERS.iter().find(|known| known.code == answer);
        let Some(known) = known else {
            return Err(Refusal::new(
                Refused::Unprocessable,
                if answer.is_empty() { "required" } else { "value" },
                "/answer",
                "One of deleted, kept-other-basis, retained-by-law, already-used, no-further-use.",
            ));
        };
        if known.comment_mandatory && said.comment.is_none() {
            let text = "Say which other lawful basis it is kept under.";
            return Err(Refusal::new(Refused::Unprocessable, "required", "/comment", text));
        }
        let open = self.store.open_recall(&referral.site_id, &referral.referral_id).await?;
        let Some(open) = open.filter(|_| role == Role::Owner) else {
            return Err(Refusal::new(
                Refused::Conflict,
                "business-rule",
                "",
                "No recall of this referral waits for your answer.",
            ));
        };
        let mut moved = referral.clone();
        moved.version += 1;
        moved.recall_answer = Some(answer.to_owned());
        if said.comment.is_some() {
            moved.receiver_note = Some(self.add_words(referral, key, said, caller.partner_id.as_str())?);
        }
        moved.updated_at = now;
        let writes = vec![
            Write::RecallAnswered(referral.site_id.clone(), open.recall_id.clone(), answer.to_owned(), now),
            self.note_on(referral, now, Kind::RecallAnswered, caller.partner_id.as_str())
                .about("recall", &open.recall_id)
                .fact("answer", &answer)
                .write(),
            Write::ReferralMoved(moved.clone()),
        ];
        Ok((moved, writes))
    }

    /// A referral that `caller` sent or received; anything else does not exist for it. What consent withheld is
    /// the sender's alone to see.
    pub(super) async fn visible_referral(&self, caller: &Caller, id: &str) -> Result<ReferralRow, Refusal> {
        self.referral_of(caller, "referral", id).await
    }

    /// The same; `what` is the word for what was looked for. What is another's takes the same way as what is not there: the
    /// store finds neither.
    pub(super) async fn referral_of(
        &self,
        caller: &Caller,
        what: &'static str,
        id: &str,
    ) -> Result<ReferralRow, Refusal> {
        let id = ReferralId::parse(id).ok_or_else(Refusal::not_found)?;
        match self.store.referral_of(&caller.site_id, &id, &caller.partner_id).await? {
            Some(row) if may_see(caller, &row) => Ok(row),
            _ => Err(self.not_for(caller, what, Sought::Referral(id))),
        }
    }
}

/// Whether a referral is one that `caller` sent or received. `store` asks the same of what it lists.
pub(super) fn may_see(caller: &Caller, row: &ReferralRow) -> bool {
    let is_sender = row.sender_id == caller.partner_id;
    let got_it = row.recipient_id == caller.partner_id && row.disclosure_id.is_some();
    let was_asked = row.recipient_id == caller.partner_id && row.audience.is_none();
    is_sender || ((got_it || was_asked) && row.state != State::Withheld)
}

/// A step that the table does not have, as the caller's to act on.
pub(super) fn not_now(error: &StepError) -> Refusal {
    match error {
        StepError::NotNow { allowed } => {
            let text = if allowed.is_empty() {
                String::from("Nothing more can be done with it.")
            } else {
                format!("Not in this state. Allowed now: {}.", names(allowed))
            };
            Refusal::new(Refused::Conflict, "business-rule", "", text)
        }
        StepError::NotYours => {
            Refusal::new(Refused::Forbidden, "forbidden", "", "This action belongs to the other side.")
        }
        StepError::ReasonMissing { allowed } => Refusal::new(
            Refused::Unprocessable,
            "required",
            "/reason",
            format!("A reason is needed: {}.", allowed.join(", ")),
        ),
        StepError::ReasonUnknown { allowed } => Refusal::new(
            Refused::Unprocessable,
            "code-invalid",
            "/reason",
            if allowed.is_empty() {
                String::from("This action takes no reason.")
            } else {
                format!("Known reasons: {}.", allowed.join(", "))
            },
        ),
        StepError::CommentMissing => Refusal::with_issues(
            Refused::Unprocessable,
            vec![Issue::new("required", "/comment", "Say in words what the other side needs to know.")],
        ),
    }
}

fn names(actions: &[Action]) -> String {
    actions.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(", ")
}
