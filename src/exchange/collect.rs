//! A recipient fetches what waits for it: the sheet that an event points to, a mailbox item, or the document beside a
//! referral. Consent is asked
//! here too, and no byte leaves before the entry that says so is durable.

use super::{
    Answer, DECIDE_TRIES, Exchange,
    ask_again::{AskedAgain, Course, is_over},
    caller::Caller,
    deliver::change,
    mailbox::RECEIPT_HEADER,
    ports::{CommitError, DeliveryBundle, Precondition, Write},
    prepare::message_label,
    recall::set_state,
    refusal::{Refusal, Refused},
    rows::{DeliveryStatus, MessageKind, Sealed},
    sought::Sought,
};
use crate::{
    audit::Kind,
    consent::Exit,
    directory::Channel,
    ids::MessageId,
    referral::{Action, Role, State, step},
};

/// Which part of a message is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The body: a mailbox item.
    Body,
    /// The detail behind a thin event.
    Detail,
    /// The trusted assessment that goes with a message to a health service.
    Document,
}

impl Part {
    /// What it is, in the entry about a look at what is not there for the caller.
    const fn sought(self) -> &'static str {
        match self {
            Self::Body => "mailbox",
            Self::Detail => "sheet",
            Self::Document => "document",
        }
    }

    /// What it is, in the entry about its collection.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Detail => "detail",
            Self::Document => "document",
        }
    }

    /// Under which name it is sealed: a message has one part beside its body.
    const fn label(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Detail | Self::Document => "detail",
        }
    }

    /// Whether a message that goes this way has it.
    const fn goes_by(self, channel: Channel) -> bool {
        match self {
            Self::Body => matches!(channel, Channel::Mailbox),
            Self::Detail => matches!(channel, Channel::EventPush),
            Self::Document => !matches!(channel, Channel::EventPush),
        }
    }
}

impl Exchange {
    /// `GET /justice/sheets/{id}`: the detail that an event points to (the id is the message id).
    pub async fn collect_sheet(&self, caller: &Caller, message: &str) -> Result<Answer, Refusal> {
        let (bundle, bytes) = self.collect(caller, message, Part::Detail).await?;
        let mut answer = Answer::json(200, &serde_json::Value::Null);
        answer.body = bytes;
        answer.headers.push(("keyway-referral-id", bundle.referral.referral_id.to_string()));
        let receipt = self.receipt_header(&bundle.message).await;
        answer.headers.extend(receipt.map(|receipt| (RECEIPT_HEADER, receipt)));
        Ok(answer)
    }

    /// Gives `caller` a part of a message addressed to it, if consent still permits it.
    pub(super) async fn collect(
        &self,
        caller: &Caller,
        message: &str,
        part: Part,
    ) -> Result<(DeliveryBundle, Vec<u8>), Refusal> {
        for _ in 0..DECIDE_TRIES {
            let bundle = self.addressed_to(caller, message, part).await?;
            if message_is_over(&bundle) {
                return Err(gone(Gone::of_message(&bundle)));
            }
            let asked = self.ask_again(&bundle, Exit::Collect).await?;
            let committed = if asked.course == Course::Go {
                let sealed = sealed_part(&bundle, part)?.clone();
                let bytes = self.vault.unseal(&asked.key, &part_label(message, part), &sealed)?;
                self.record_collection(caller, &bundle, &asked, part).await.map(|()| Some(bytes))
            } else {
                self.stop_at_collection(&bundle, &asked).await.map(|()| None)
            };
            match committed {
                Ok(Some(bytes)) => return Ok((bundle, bytes)),
                Ok(None) => return Err(gone(Gone::of(&asked, bundle.referral.state))),
                Err(CommitError::Conflict(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Refusal::unavailable())
    }

    async fn addressed_to(
        &self,
        caller: &Caller,
        message: &str,
        part: Part,
    ) -> Result<DeliveryBundle, Refusal> {
        let id = MessageId::parse(message).ok_or_else(Refusal::not_found)?;
        self.message_to(caller, part.sought(), &id)
            .await?
            .filter(|b| part.goes_by(b.delivery.new.channel))
            .filter(|b| part == Part::Body || b.message.detail.is_some())
            .filter(|b| part != Part::Body || b.delivery.next_at <= self.now())
            .ok_or_else(Refusal::not_found)
    }

    /// A message to the caller, with its delivery; `None`: it is the caller's, and has none.
    pub(super) async fn message_to(
        &self,
        caller: &Caller,
        what: &'static str,
        id: &MessageId,
    ) -> Result<Option<DeliveryBundle>, Refusal> {
        let (site, partner) = (&caller.site_id, &caller.partner_id);
        if !self.store.is_message_to(site, id, partner).await? {
            return Err(self.not_for(caller, what, Sought::Message(id.clone())));
        }
        let bundle = self.store.delivery_of_message(site, id).await?;
        Ok(bundle.filter(|bundle| bundle.message.recipient_id == *partner))
    }

    async fn record_collection(
        &self,
        caller: &Caller,
        bundle: &DeliveryBundle,
        asked: &AskedAgain,
        part: Part,
    ) -> Result<(), CommitError> {
        let now = self.now();
        let actor = caller.partner_id.as_str();
        let mut writes = Vec::new();
        let mut note = self
            .note_on(&bundle.referral, now, Kind::Collected, actor)
            .about("message", &bundle.message.message_id)
            .fact("part", &part.as_str());
        if let Some((_, row)) = &asked.decided {
            writes.push(Write::Decision(row.clone()));
            note = note.about("decision", &row.decision_id);
        }
        writes.push(note.write());
        if part == Part::Body && bundle.delivery.status == DeliveryStatus::Queued {
            let next = bundle.delivery.next_at;
            writes.push(change(&bundle.delivery, DeliveryStatus::Collected, next, ""));
        }
        // Advice that is fetched is read; a referral that is fetched has arrived.
        let action = match (part, bundle.message.kind) {
            (Part::Detail, MessageKind::Disclosure) => Some(Action::Read),
            (Part::Body, MessageKind::Disclosure | MessageKind::Request)
            | (Part::Document, MessageKind::Disclosure) => Some(Action::Deliver),
            _ => None,
        };
        let referral = &bundle.referral;
        let to = action.and_then(|action| {
            [action, Action::Deliver].into_iter().find_map(|a| {
                step(referral.state, referral.nature, a, role_for(a), None, None).ok().map(|s| (a, s))
            })
        });
        if let Some((action, to)) = to {
            let mut referral = referral.clone();
            referral.version += 1;
            let reason = referral.reason.clone();
            set_state(&mut referral, to.state, to.business_status, &reason, now);
            writes.push(self.moved(&referral, now, actor, action));
            writes.push(Write::ReferralMoved(referral));
        }
        let mut preconditions = asked.preconditions.clone();
        preconditions.push(Precondition::DeliveryVersion(
            bundle.delivery.new.delivery_id.clone(),
            bundle.delivery.version,
        ));
        // Taken back between the question and this commit: ask again.
        preconditions.push(Precondition::ReferralVersion(
            bundle.referral.site_id.clone(),
            bundle.referral.referral_id.clone(),
            bundle.referral.version,
        ));
        self.commit(writes, preconditions).await
    }

    async fn stop_at_collection(
        &self,
        bundle: &DeliveryBundle,
        asked: &AskedAgain,
    ) -> Result<(), CommitError> {
        let Ok((writes, preconditions)) = self.settle(bundle, asked).await else {
            return Err(CommitError::Unavailable(String::from("a stopped message could not be settled")));
        };
        self.commit(writes, preconditions).await
    }
}

fn role_for(action: Action) -> Role {
    if action == Action::Read { Role::Owner } else { Role::Gateway }
}

fn part_label(message: &str, part: Part) -> String {
    message_label(message, part.label())
}

/// Why something is not given out any more, as far as whoever asks for it may know. Each is said in words that are true of
/// it: nobody is told to look for a recall or a newer message that does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// It was taken back.
    TakenBack,
    /// Something newer has its place.
    Replaced,
    /// It was stopped before anybody had it, and nothing takes its place.
    Stopped,
    /// What allowed it has ended; nobody took it back.
    Closed,
}

impl Gone {
    /// By how its referral ended.
    pub(super) const fn of_state(state: State) -> Self {
        match state {
            State::Superseded => Self::Replaced,
            State::Withheld | State::EnteredInError => Self::Stopped,
            _ => Self::TakenBack,
        }
    }

    /// By what was found when it was asked again.
    pub(super) const fn of(asked: &AskedAgain, state: State) -> Self {
        match asked.course {
            Course::Recall => Self::TakenBack,
            Course::Remake => Self::Replaced,
            Course::Stop => Self::Stopped,
            Course::Over => Self::of_state(state),
            Course::Go | Course::Wait | Course::Close => Self::Closed,
        }
    }

    /// Of a message that is over.
    pub(super) fn of_message(bundle: &DeliveryBundle) -> Self {
        match (is_over(bundle.referral.state), bundle.message.kind) {
            (true, MessageKind::Disclosure) => Self::of_state(bundle.referral.state),
            (false, MessageKind::Disclosure) => Self::Replaced,
            (_, MessageKind::Recall | MessageKind::Request | MessageKind::Answer) => Self::Stopped,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::TakenBack => {
                "This was taken back: do not use any copy of it. If you had it already, a recall tells you so too. What you \
                 may still have of it, if anything, comes as a new message."
            }
            Self::Replaced => {
                "Something newer has taken the place of this: do not use an earlier copy; look for the newer message."
            }
            Self::Stopped => {
                "This was stopped before it was given out, and nothing has taken its place. Telephone whoever sent it."
            }
            Self::Closed => {
                "This is not given out any more: what allowed it has ended. Nobody took it back, and nothing newer has taken \
                 its place. Telephone whoever sent it."
            }
        }
    }
}

pub(super) fn gone(why: Gone) -> Refusal {
    Refusal::new(Refused::Gone, "deleted", "", why.text())
}

/// Whether the message itself is over: stopped, recalled, or overtaken.
pub(super) fn message_is_over(bundle: &DeliveryBundle) -> bool {
    let stopped = bundle.delivery.status == DeliveryStatus::Withdrawn;
    stopped || (bundle.message.kind == MessageKind::Disclosure && is_over(bundle.referral.state))
}

fn sealed_part(bundle: &DeliveryBundle, part: Part) -> Result<&Sealed, Refusal> {
    match part {
        Part::Body => Ok(&bundle.message.body),
        Part::Detail | Part::Document => bundle.message.detail.as_ref().ok_or_else(Refusal::not_found),
    }
}
