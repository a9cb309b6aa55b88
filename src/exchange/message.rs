//! `POST /fhir/$process-message`: a FHIR message in. Whom it is for, whether it came before, and what is then done with
//! it: an answer moves a referral, a new referral is taken (`refer`), one that came before is taken back (`cancel`).

use serde_json::Value;

use super::{
    Answer, DECIDE_TRIES, Exchange,
    caller::Caller,
    inbound::{UNMATCHED, bundle_seen_before, seen_before},
    ports::Precondition,
    refusal::{Issue, Refusal, Refused},
    submit::read_json,
    words::NOT_YET,
};
use crate::{
    audit::merkle::sha256,
    directory::Partner,
    ids::ReferralId,
    limits::ISSUES_MAX,
    mapping::{
        self,
        address::{is_addressed, is_identified},
        inbound::{self as reading, Fault, Inbound, READ_BY_NAME, Sender, Unread, What},
    },
    profile::{
        Finding, Severity,
        check::Ask,
        leniency::{Leniency, Tolerance},
        outcome,
    },
    referral::Action,
};

/// Whom a message is for, as a header says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The system of the identifier.
    pub system: String,
    /// The identifier.
    pub value: String,
}

/// What stands above a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageHead {
    /// `X-Request-Id`: new for each message, unchanged when it is sent again.
    pub request_id: String,
    /// `X-Correlation-Id`: one for the whole conversation.
    pub correlation_id: String,
    /// `NHSD-Target-Identifier`, where it was sent.
    pub target: Option<Target>,
}

/// A message and what is known of it before anything is done.
pub(super) struct Incoming<'a> {
    pub(super) caller: &'a Caller,
    pub(super) head: &'a MessageHead,
    pub(super) body: &'a [u8],
    /// The message as it was received: this is what is sent back.
    pub(super) value: &'a Value,
    /// The same as it is meant, with what is forgiven written right: this is what is read.
    pub(super) meant: &'a Value,
    pub(super) bundle_id: &'a str,
    pub(super) receiver: &'a Partner,
    /// What the validator says that is no reason to refuse.
    pub(super) told: &'a [Finding],
}

impl Incoming<'_> {
    /// The answer to a message that took effect on a referral: the message back, and at its end what is `kept` as
    /// received and what the validator has to say.
    pub(super) fn taken(&self, referral: &ReferralId, kept: &[Issue]) -> Answer {
        self.echoed(mapping::bars::echo_taken(self.value, referral.as_str(), kept))
    }

    fn echoed(&self, echo: Value) -> Answer {
        let mut said = outcome::operation_outcome(self.told, |_| None);
        let issues = said.remove("issue").filter(|_| !self.told.is_empty());
        let issues = issues.and_then(|issues| issues.as_array().cloned()).unwrap_or_default();
        fhir(&mapping::bars::tell(echo, issues))
    }
}

impl Exchange {
    /// Takes a FHIR message.
    pub async fn process_message(
        &self,
        caller: &Caller,
        head: &MessageHead,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let value = read_json(body)?;
        let partners = self.store.partners(&caller.site_id).await?;
        let sender = partners.iter().find(|p| p.partner_id == caller.partner_id);
        let (message, meant, mut told) = self.checked(&value, sender.map_or(Leniency::NONE, leniency))?;
        let target = head.target.as_ref().map(|target| targeted(&partners, target)).transpose()?;
        let receiver = self.destined(&partners, &message.destinations)?;
        if target.is_some_and(|target| target.partner_id != receiver.partner_id) {
            return Err(elsewhere("The agency that NHSD-Target-Identifier names is expected here."));
        }
        if receiver.partner_id == caller.partner_id {
            return Err(elsewhere("Nobody sends to themselves: name the agency that this is for."));
        }
        let bundle_id = message.bundle_id.as_str();
        told.extend(sent_by(&meant, sender, &partners)?);
        let (value, meant, told) = (&value, &meant, told.as_slice());
        let incoming = Incoming { caller, head, body, value, meant, bundle_id, receiver, told };
        match &message.what {
            What::Answer(said) => self.take_answer(&incoming, said).await,
            What::New(named) => self.take_referral(&incoming, named).await,
            What::Cancel(named, why) => self.take_cancellation(&incoming, named, why).await,
            What::Update(named) => self.take_update(&incoming, named).await,
        }
    }

    /// What a message says, and what the validator says of it that is no reason to refuse. Base R4 and every profile
    /// that the message names and that is known here must hold. What is no message at all, or of a kind that is not
    /// offered, has an answer of its own before that; everything else that is wrong is told together.
    fn checked(
        &self,
        message: &Value,
        forgives: Leniency,
    ) -> Result<(Inbound, Value, Vec<Finding>), Refusal> {
        let meant = self.fhir.as_meant(message, forgives, &READ_BY_NAME);
        let read = reading::read_message(&meant.resource);
        if let Err(other) = &read
            && other.fault != Fault::Wrong
        {
            return Err(unread(other.clone()));
        }
        let ask = Ask { forgives, best_practice: false, ..Ask::at(self.now().0) };
        let (wrong, mut told): (Vec<_>, Vec<_>) = self
            .fhir
            .check(&meant.resource, &ask)
            .into_iter()
            .partition(|finding| finding.severity == Severity::Error);
        match read {
            Ok(read) if wrong.is_empty() => {
                told.extend(meant.forgiven);
                Ok((read, meant.resource, told))
            }
            read => {
                let mut issues = read.err().map(|unread| unread.issues).unwrap_or_default();
                issues.extend(wrong.into_iter().map(Issue::from));
                issues.truncate(ISSUES_MAX);
                Err(Refusal::with_issues(Refused::Unprocessable, issues))
            }
        }
    }

    /// The one agency that the destinations name.
    fn destined<'p>(&self, partners: &'p [Partner], endpoints: &[String]) -> Result<&'p Partner, Refusal> {
        let is_meant = |partner: &&'p Partner| {
            endpoints.iter().any(|endpoint| is_addressed(partner, &self.base_url, endpoint))
        };
        let mut found = partners.iter().filter(is_meant);
        let first = found.next().ok_or_else(|| {
            elsewhere(
                "No agency that is reached here has this address. Send `system|value` of its service id or \
                       code, or the address that its own messages name as their source.",
            )
        })?;
        if found.next().is_some() || endpoints.len() > 1 {
            return Err(elsewhere("Each agency gets a message of its own: name one destination."));
        }
        Ok(first)
    }

    async fn take_answer(&self, incoming: &Incoming<'_>, said: &reading::Answer) -> Result<Answer, Refusal> {
        let Incoming { caller, body, value, meant, .. } = *incoming;
        let request_id = incoming.head.request_id.as_str();
        let action = Action::parse(said.action).ok_or_else(Refusal::internal)?;
        for _ in 0..DECIDE_TRIES {
            // What matched nothing took no effect, so its repeat is not told that it did: it is matched again.
            let first = self.store.inbound(&caller.site_id, &caller.partner_id, request_id).await?;
            let unmatched =
                first.as_ref().is_some_and(|f| f.kind == UNMATCHED && f.body_sha256 == sha256(body));
            if let Some(first) = first.filter(|_| !unmatched) {
                return Err(seen_before(&first, body));
            }
            let message_key =
                if unmatched { format!("matched-later:{request_id}") } else { request_id.to_owned() };
            if unmatched
                && let Some(first) =
                    self.store.inbound(&caller.site_id, &caller.partner_id, &message_key).await?
            {
                return Err(seen_before(&first, body));
            }
            if let Some(first) = self.bundle_before(incoming).await? {
                return Err(bundle_seen_before(&first, body));
            }
            let quoted =
                self.store.message_by_wire_id(&caller.site_id, &caller.partner_id, &said.answers).await?;
            let Some(quoted) = quoted else {
                if !unmatched {
                    self.keep_unmatched(caller, request_id, body).await?;
                }
                return Err(Refusal::new(
                    Refused::NotFound,
                    "not-found",
                    "Bundle.entry[0].resource.response.identifier",
                    "No message to you has this Bundle.id. What you sent was kept and flagged for a person to \
                     look at.",
                ));
            };
            let referral = self
                .store
                .referral(&caller.site_id, &quoted.referral_id)
                .await?
                .ok_or_else(Refusal::internal)?;
            if referral.sender_id != incoming.receiver.partner_id {
                return Err(elsewhere("An answer goes to the agency whose message it quotes."));
            }
            self.is_about(caller, &referral, &quoted, meant).await?;
            if said.since.as_deref().is_some_and(|start| !self.has_come(start)) {
                return Err(Refusal::new(
                    Refused::Unprocessable,
                    "business-rule",
                    format!("{}.start", said.place),
                    NOT_YET,
                ));
            }
            let key = self.key_of(&caller.site_id, &referral.person_id).await?;
            let planned = self.plan_said(caller, &referral, &key, action, &said.as_action()).await;
            let (moved, mut writes, mut preconditions) =
                planned.map_err(|refusal| clash(at_its_place(said, refusal)))?;
            writes.push(self.inbound(caller, &message_key, "servicerequest-response", &moved, &key, body));
            self.bundle_used(incoming, &mut writes);
            preconditions.push(Precondition::InboundUnused(
                caller.site_id.clone(),
                caller.partner_id.clone(),
                message_key,
            ));
            if self.try_commit(writes, preconditions).await? {
                return Ok(incoming.echoed(mapping::bars::told(mapping::bars::echo(value), &said.kept)));
            }
        }
        Err(Refusal::unavailable())
    }
}

/// The agency that a header names.
fn targeted<'p>(partners: &'p [Partner], target: &Target) -> Result<&'p Partner, Refusal> {
    let mut found = partners.iter().filter(|p| is_identified(p, &target.system, &target.value));
    let unknown =
        |code, text: &str| Err(Refusal::new(Refused::TargetUnknown, code, "NHSD-Target-Identifier", text));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => unknown("not-found", "No agency that is reached here has this identifier."),
        (Some(_), Some(_)) => unknown("multiple-matches", "More than one agency has this identifier."),
    }
}

/// Refuses a message that names another agency as its sender than the one whose keys it came under, and says so where
/// that cannot be told.
fn sent_by(
    message: &Value,
    caller: Option<&Partner>,
    partners: &[Partner],
) -> Result<Option<Finding>, Refusal> {
    let named = caller.map_or(Sender::Unknown, |caller| reading::sender_of(message, caller, partners));
    match named {
        Sender::Same => Ok(None),
        Sender::Another => Err(Refusal::new(
            Refused::Unprocessable,
            "value",
            reading::SENDER,
            "Your keys are another agency's than the one that is named as sender. Name yourself, by the identifier that \
             the directory has.",
        )),
        Sender::Unknown => Ok(Some(Finding {
            severity: Severity::Information,
            code: "informational",
            expression: reading::SENDER.to_owned(),
            pointer: String::from("/entry/0/resource/sender"),
            diagnostics: String::from(
                "Who sent this is known by its keys. No identifier that the directory has is given here, so the two \
                 were not compared.",
            ),
            profile: String::new(),
            rule: String::from("message sender"),
        })),
    }
}

fn elsewhere(text: &str) -> Refusal {
    let path = "Bundle.entry[0].resource.destination[0].endpoint";
    Refusal::new(Refused::Unprocessable, "value", path, text)
}

/// What is forgiven to a sender. A name that is not known any more forgives nothing.
pub(super) fn leniency(sender: &Partner) -> Leniency {
    sender.forgives.iter().filter_map(|name| Tolerance::parse(name)).fold(Leniency::NONE, Leniency::with)
}

fn unread(unread: Unread) -> Refusal {
    let class = match unread.fault {
        Fault::Malformed => Refused::BadRequest,
        Fault::Wrong => Refused::Unprocessable,
        Fault::NotOffered => Refused::NotSupported,
    };
    Refusal::with_issues(class, unread.issues)
}

/// A refusal of what an answer says, with its places in the message.
fn at_its_place(said: &reading::Answer, mut refusal: Refusal) -> Refusal {
    for issue in refusal.issues.iter_mut().filter(|issue| issue.path.starts_with('/')) {
        issue.path = said.located(&issue.path);
    }
    refusal
}

/// A step that does not go with how the referral stands, in BaRS's word for it.
pub(super) fn clash(mut refusal: Refusal) -> Refusal {
    if refusal.class == Refused::Conflict {
        refusal.issues.iter_mut().for_each(|issue: &mut Issue| issue.code = "conflict");
    }
    refusal
}

/// A FHIR answer.
pub(super) fn fhir(body: &Value) -> Answer {
    Answer::fhir(200, body)
}
