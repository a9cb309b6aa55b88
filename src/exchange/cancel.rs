//! A later message about a FHIR referral: which one is meant must be certain; and taking one back. Saying it anew is
//! `update`.

use super::{
    Answer, DECIDE_TRIES, Exchange,
    message::{Incoming, clash},
    refer::unused,
    refusal::{Refusal, Refused},
    respond::Move,
    rows::{Quoted, ReferralRow},
    sought::Sought,
};
use crate::{
    ids::ReferralId,
    limits::REFERRALS_NAMED_MAX,
    mapping::inbound::{Cancellation, Named},
    referral::Action,
};

/// Where a later message says which referral it is about.
pub(super) const PLACE: &str = "Bundle.entry.resource.ofType(ServiceRequest)";

impl Exchange {
    /// The sender takes a referral back.
    pub(super) async fn take_cancellation(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
        why: &Cancellation,
    ) -> Result<Answer, Refusal> {
        for _ in 0..DECIDE_TRIES {
            self.first_time(incoming).await?;
            let referral = self.referral_meant(incoming, named).await?;
            let key = self.key_of(&referral.site_id, &referral.person_id).await?;
            let step = Move {
                action: Action::Withdraw,
                reason: Some(why.reason.to_owned()),
                comment: why.comment.clone(),
                appointment: None,
                recall_answer: None,
                case: None,
            };
            let planned = self.plan_move(incoming.caller, &referral, &key, &step).await.map_err(clash);
            let (moved, mut writes, mut preconditions) = match planned {
                Ok(planned) => planned,
                Err(refusal) => return Err(self.unless_taken(incoming, refusal).await),
            };
            writes.push(self.kept_message(incoming, &moved, &key));
            writes.push(self.received(incoming, &moved));
            preconditions.push(unused(incoming));
            self.bundle_used(incoming, &mut writes);
            if self.try_commit(writes, preconditions).await? {
                return Ok(incoming.taken(&moved.referral_id, &[]));
            }
        }
        Err(Refusal::unavailable())
    }

    /// The one referral of the sender's that a later message is about: by this gateway's id, by the sender's own
    /// identifier, or by the Bundle.id of the first message, which must all mean the same; and only where it names
    /// none of them by the conversation, if that has one referral only. Anything else is a "no".
    pub(super) async fn referral_meant(
        &self,
        incoming: &Incoming<'_>,
        named: &Named,
    ) -> Result<ReferralRow, Refusal> {
        let caller = incoming.caller;
        let mut meant: Vec<ReferralId> = Vec::new();
        let mut ids: Vec<ReferralId> = named.ours().filter_map(ReferralId::parse).collect();
        ids.sort();
        ids.dedup();
        if ids.len() > REFERRALS_NAMED_MAX {
            let text =
                format!("One referral is meant, and at most {REFERRALS_NAMED_MAX} ids of ours can name it.");
            return Err(Refusal::new(Refused::Unprocessable, "too-costly", PLACE, text));
        }
        for id in ids {
            let referral = self.store.referral(&caller.site_id, &id).await?;
            match referral.filter(|referral| referral.sender_id == caller.partner_id) {
                Some(referral) => meant.push(referral.referral_id),
                // Another's is as if it were not there, and the look is put on record.
                None => drop(self.not_for(caller, "referral", Sought::Referral(id))),
            }
        }
        let quoted = self
            .request_hash(incoming, named)
            .map(Quoted::Request)
            .into_iter()
            .chain([Quoted::Bundle(incoming.bundle_id.to_owned())]);
        for one in quoted {
            meant.extend(self.conversing(incoming, &one).await?);
        }
        if meant.is_empty() && *named == Named::default() {
            let by_conversation = Quoted::Correlation(incoming.head.correlation_id.clone());
            meant = self.conversing(incoming, &by_conversation).await?;
        }
        meant.sort();
        meant.dedup();
        let id = match meant.as_slice() {
            [id] => id,
            [] => return Err(unknown()),
            _ => {
                return Err(Refusal::new(
                    Refused::Conflict,
                    "conflict",
                    PLACE,
                    "This could mean more than one referral. Name it by the ServiceRequest.id that you were given.",
                ));
            }
        };
        let own = self.store.referral(&caller.site_id, id).await?.ok_or_else(unknown)?;
        if own.recipient_id == incoming.receiver.partner_id {
            return Ok(own);
        }
        Err(Refusal::new(
            Refused::Unprocessable,
            "value",
            "Bundle.entry[0].resource.destination[0].endpoint",
            "This referral went to another agency: name that one.",
        ))
    }

    async fn conversing(&self, incoming: &Incoming<'_>, quoted: &Quoted) -> Result<Vec<ReferralId>, Refusal> {
        let caller = incoming.caller;
        let found = self.store.conversations(&caller.site_id, &caller.partner_id, quoted).await?;
        Ok(found.into_iter().map(|one| one.referral_id).collect())
    }
}

/// What is not there and what is another's get this same answer.
fn unknown() -> Refusal {
    Refusal::new(Refused::NotFound, "not-found", PLACE, "You sent no referral that this names.")
}
