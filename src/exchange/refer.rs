//! A FHIR referral comes in: for the liaison and diversion service it becomes a request, for another agency an
//! assessment that goes the way of all assessments (plan, consent, minimise, deliver). Its sender gets the message
//! back with the receiver's id, or is told why nothing was sent.

use super::{
    Answer, DECIDE_TRIES, Exchange,
    inbound::{bundle_seen_before, seen_before},
    message::Incoming,
    ports::{Precondition, Write, WriteSet},
    refusal::{Issue, Refusal, Refused},
    request::Came,
    rows::{ConversationRow, Quoted, ReferralRow},
};
use crate::{
    audit::Kind,
    clock::Moment,
    directory::AgencyKind,
    ids::ReferralId,
    limits::REFERRALS_NAMED_MAX,
    mapping::inbound::{ADAPTER, Adapted, Named, assessment_of, request_of},
    profile::Schema,
    referral::State,
    vault::ContentKey,
};

/// What a referral that came as a FHIR message is kept as.
pub(super) const REFERRAL_IN: &str = "servicerequest-request";
/// The same, of a change of which nothing was sent.
pub(super) const UNSENT: &str = "servicerequest-request-unsent";

/// The same, where no message could be made of it.
pub(super) const UNMADE: &str = "servicerequest-request-unmade";

/// By what a sender knows what it asks.
const IDENTIFIER: &str = "Bundle.entry.resource.ofType(ServiceRequest).identifier";

/// Everything that a referral would write.
struct Planned {
    writes: WriteSet,
    preconditions: Vec<Precondition>,
    referral: ReferralRow,
    /// What stays in the message, and what else its sender should be told.
    kept: Vec<Issue>,
}

impl Exchange {
    /// Takes a new referral.
    pub(super) async fn take_referral(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
    ) -> Result<Answer, Refusal> {
        let caller = incoming.caller;
        let to_service = incoming.receiver.kind == AgencyKind::LiaisonDiversion;
        if !to_service && caller.kind != AgencyKind::LiaisonDiversion {
            return Err(Refusal::new(
                Refused::Forbidden,
                "forbidden",
                "Bundle.entry[0].resource.destination[0].endpoint",
                "You may refer to the liaison and diversion service. To other agencies it refers, with the \
                 person's consent.",
            ));
        }
        for _ in 0..DECIDE_TRIES {
            self.first_time(incoming).await?;
            let unasked = match self.not_yet_referred(incoming, named).await {
                Ok(unasked) => unasked,
                Err(refusal) => return Err(self.unless_taken(incoming, refusal).await),
            };
            let mut planned = if to_service {
                self.plan_for_service(incoming).await?
            } else {
                self.plan_onward(incoming).await?
            };
            planned.writes.push(Write::Conversation(self.conversation(incoming, named, &planned.referral)));
            planned.preconditions.push(unused(incoming));
            planned.preconditions.extend(unasked);
            self.bundle_used(incoming, &mut planned.writes);
            if !self.try_commit(planned.writes, planned.preconditions).await? {
                continue;
            }
            if let Some(refusal) = not_sent(&planned.referral) {
                return Err(refusal);
            }
            return Ok(incoming.taken(&planned.referral.referral_id, &planned.kept));
        }
        Err(Refusal::unavailable())
    }

    /// Refuses a message that was processed before, by the sender's id for sending it or by its own. One whose referral was not sent gets that answer again: to be
    /// told of a duplicate is to be told that it arrived.
    pub(super) async fn first_time(&self, incoming: &Incoming<'_>) -> Result<(), Refusal> {
        let (caller, request_id) = (incoming.caller, incoming.head.request_id.as_str());
        let by_request = self.store.inbound(&caller.site_id, &caller.partner_id, request_id).await?;
        let (first, refusal) = if let Some(first) = by_request {
            let refusal = seen_before(&first, incoming.body);
            (first, refusal)
        } else {
            let Some(first) = self.bundle_before(incoming).await? else { return Ok(()) };
            let refusal = bundle_seen_before(&first, incoming.body);
            (first, refusal)
        };
        if refusal.class == Refused::Duplicate
            && let Some(id) = &first.referral_id
        {
            match first.kind.as_str() {
                UNSENT => return Err(not_changed(id.as_str())),
                UNMADE => return Err(not_made(id.as_str())),
                _ => {}
            }
        }
        if refusal.class == Refused::Duplicate
            && first.kind == REFERRAL_IN
            && let Some(id) = &first.referral_id
            && let Some(referral) = self.store.referral(&caller.site_id, id).await?
            && let Some(not_sent) = not_sent(&referral)
        {
            return Err(not_sent);
        }
        Err(refusal)
    }

    /// Why a message is refused that does not fit what is on record: where the same message was taken in between, because it
    /// is a duplicate, and otherwise for what does not fit.
    pub(super) async fn unless_taken(&self, incoming: &Incoming<'_>, refusal: Refusal) -> Refusal {
        self.first_time(incoming).await.err().unwrap_or(refusal)
    }

    /// A second referral for what is open already would ask twice for one thing. That none is asked in between is what the
    /// answer rests on.
    async fn not_yet_referred(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
    ) -> Result<Option<Precondition>, Refusal> {
        let caller = incoming.caller;
        let known = |quoted: Quoted| async move {
            self.store.conversations(&caller.site_id, &caller.partner_id, &quoted).await
        };
        if !known(Quoted::Bundle(incoming.bundle_id.to_owned())).await?.is_empty() {
            return Err(Refusal::new(
                Refused::Conflict,
                "conflict",
                "Bundle.id",
                "You used this Bundle.id for another message. Use a new one for a new referral.",
            ));
        }
        for id in named.ours().filter_map(ReferralId::parse).take(REFERRALS_NAMED_MAX) {
            if self.store.referral_of(&caller.site_id, &id, &caller.partner_id).await?.is_some() {
                let text = "This is the id that was given here to a referral of yours: a new one has another. To change \
                            that referral say reason `update`.";
                return Err(Refusal::new(Refused::Conflict, "conflict", IDENTIFIER, text));
            }
        }
        let Some(hash) = self.request_hash(incoming, named) else { return Ok(None) };
        let mut seen = Vec::new();
        let mut latest = Moment(0);
        for one in known(Quoted::Request(hash)).await? {
            let referral = self.store.referral(&caller.site_id, &one.referral_id).await?;
            if let Some(referral) = referral.filter(|r| !r.state.is_final()) {
                let mut refusal = Refusal::new(
                    Refused::Conflict,
                    "conflict",
                    IDENTIFIER,
                    "A referral with this identifier of yours is open already. Cancel it before you send a new one.",
                );
                refusal.details.push(("referral", referral.referral_id.to_string()));
                return Err(refusal);
            }
            latest = latest.max(one.created_at);
            seen.push(one.referral_id);
        }
        let asker = (caller.site_id.clone(), caller.partner_id.clone());
        Ok(Some(Precondition::NotAskedSince(asker.0, asker.1, hash, latest, seen)))
    }

    /// A keyed hash of the sender's own identifier for what it asks.
    pub(super) fn request_hash(&self, incoming: &Incoming<'_>, named: &Named) -> Option<[u8; 32]> {
        let kind = format!("service-request:{}", incoming.caller.partner_id);
        named.theirs().map(|own| self.vault.lookup_hash(&incoming.caller.site_id, &kind, &own))
    }

    fn conversation(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
        referral: &ReferralRow,
    ) -> ConversationRow {
        ConversationRow {
            site_id: referral.site_id.clone(),
            partner_id: incoming.caller.partner_id.clone(),
            referral_id: referral.referral_id.clone(),
            bundle_id: incoming.bundle_id.to_owned(),
            correlation_id: incoming.head.correlation_id.clone(),
            request_hash: self.request_hash(incoming, named),
            created_at: referral.created_at,
        }
    }

    /// A request to the liaison and diversion service.
    async fn plan_for_service(&self, incoming: &Incoming<'_>) -> Result<Planned, Refusal> {
        let adapted = self.adapted_request(incoming)?;
        let came = came(incoming, &adapted);
        let planned = self.plan_request(incoming.caller, &adapted.value, &came).await;
        let (writes, preconditions, _) = planned.map_err(|refusal| located(&adapted, refusal))?;
        let referral = referral_in(&writes)?;
        Ok(Planned { writes, preconditions, referral, kept: adapted.kept })
    }

    /// The request that a referral is, checked like any other.
    pub(super) fn adapted_request(&self, incoming: &Incoming<'_>) -> Result<Adapted, Refusal> {
        let adapted = request_of(incoming.meant, incoming.receiver, self.now()).map_err(wrong)?;
        let issues = self.profiles.check(Schema::ScreeningRequest, &adapted.value);
        if issues.is_empty() { Ok(adapted) } else { Err(wrong(adapted.located(issues))) }
    }

    /// An assessment that asks the receiver.
    async fn plan_onward(&self, incoming: &Incoming<'_>) -> Result<Planned, Refusal> {
        let caller = incoming.caller;
        let adapted = assessment_of(incoming.meant, incoming.receiver, self.now()).map_err(wrong)?;
        let assessment =
            self.valid_assessment(adapted.value.clone()).map_err(|refusal| located(&adapted, refusal))?;
        let assessment = assessment.into_message_borne();
        let body = assessment.raw().to_string();
        let submission = self
            .plan_submission(caller, &assessment, body.as_bytes())
            .await
            .map_err(|refusal| located(&adapted, refusal))?;
        let referral = referral_in(&submission.writes)?;
        let mut writes = submission.writes;
        writes.push(self.kept_message(incoming, &referral, &submission.person.key));
        writes.push(self.received(incoming, &referral));
        let mut kept = adapted.located(submission.warnings);
        kept.extend(adapted.kept);
        Ok(Planned { writes, preconditions: submission.preconditions, referral, kept })
    }

    /// The bytes as they came.
    pub(super) fn kept_message(
        &self,
        incoming: &Incoming<'_>,
        referral: &ReferralRow,
        key: &ContentKey,
    ) -> Write {
        let request_id = incoming.head.request_id.as_str();
        self.inbound(incoming.caller, request_id, REFERRAL_IN, referral, key, incoming.body)
    }

    /// The entry of a message that came in.
    pub(super) fn received(&self, incoming: &Incoming<'_>, referral: &ReferralRow) -> Write {
        let caller = incoming.caller;
        self.note_on(referral, self.now(), Kind::Received, caller.partner_id.as_str())
            .fact("message", REFERRAL_IN)
            .fact("adapter", ADAPTER)
            .fact("body-hmac", &self.keyed_digest(&caller.site_id, incoming.body))
            .write()
    }
}

/// A message as the bytes of a request.
pub(super) fn came<'a>(incoming: &Incoming<'a>, adapted: &'a Adapted) -> Came<'a> {
    Came {
        body: incoming.body,
        kind: REFERRAL_IN,
        message_key: Some(&incoming.head.request_id),
        correlation_id: Some(&incoming.head.correlation_id),
        nhs_number: adapted.nhs_number.as_deref(),
        warned: &[],
    }
}

/// The sender's id for the message is not used yet.
pub(super) fn unused(incoming: &Incoming<'_>) -> Precondition {
    let caller = incoming.caller;
    Precondition::InboundUnused(
        caller.site_id.clone(),
        caller.partner_id.clone(),
        incoming.head.request_id.clone(),
    )
}

/// Why a referral that is on record was not sent; `None` when it was.
fn not_sent(referral: &ReferralRow) -> Option<Refusal> {
    let text = match referral.state {
        State::Withheld => {
            "Nothing was sent: no consent, or no agreement, lets this go to that agency. It is on record as withheld. \
             Ask the person, and send a new message with a consent that names the agency."
        }
        State::Held => "Nothing was sent: it is held for a person. Telephone the agency.",
        _ => return None,
    };
    let mut refusal = Refusal::new(Refused::Unprocessable, "business-rule", "Bundle", text);
    refusal.details.push(("reason", referral.reason.clone()));
    refusal.details.push(("referral", referral.referral_id.to_string()));
    Some(refusal)
}

/// Why nothing of a change was sent, the same each time. How the referral stands is read where it is.
pub(super) fn not_changed(referral: &str) -> Refusal {
    let text = "Nothing of this change was sent: no consent, or no agreement, lets it go to that agency. What it says \
                about consent is on record and has taken effect. Read the referral for how it stands.";
    let mut refusal = Refusal::new(Refused::Unprocessable, "business-rule", "Bundle", text);
    refusal.details.push(("referral", referral.to_owned()));
    refusal
}

/// Why nothing of a change was sent that may go.
pub(super) fn not_made(referral: &str) -> Refusal {
    let text = "Nothing of this change was sent: no valid message can be made of it for that agency. What it says about \
                consent is on record and has taken effect. Telephone the agency, and tell the operator.";
    let mut refusal = Refusal::new(Refused::Unprocessable, "not-supported", "Bundle", text);
    refusal.details.push(("referral", referral.to_owned()));
    refusal
}

pub(super) fn wrong(issues: Vec<Issue>) -> Refusal {
    Refusal::with_issues(Refused::Unprocessable, issues)
}

/// A refusal of what the message became, with its places in the message.
pub(super) fn located(adapted: &Adapted, mut refusal: Refusal) -> Refusal {
    if refusal.issues.iter().any(|issue| issue.path.starts_with('/')) {
        refusal.issues = adapted.located(refusal.issues);
    }
    refusal
}

fn referral_in(writes: &WriteSet) -> Result<ReferralRow, Refusal> {
    let found = writes.iter().find_map(|write| match write {
        Write::Referral(referral) => Some(referral.clone()),
        _ => None,
    });
    found.ok_or_else(Refusal::internal)
}
