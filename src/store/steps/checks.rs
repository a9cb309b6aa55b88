//! Preconditions.

use super::{Expect, Step};
use crate::{
    clock::Moment,
    exchange::ports::{CommitError, Precondition},
    store::sql::{conversations, directory, inbound, lanes, messages, people, referrals},
};

/// The question whose answer shows whether `precondition` still holds.
pub(super) fn of(precondition: Precondition, now: Moment) -> Step {
    use Precondition as P;
    let (sql, cells, wants_row) = match &precondition {
        P::IdempotencyKeyUnused(site, partner, key) => {
            (inbound::HAS_ANSWER, vec![site.into(), partner.into(), key.as_str().into(), now.into()], false)
        }
        P::InboundUnused(site, partner, key) => {
            (inbound::HAS_INBOUND, vec![site.into(), partner.into(), key.as_str().into()], false)
        }
        P::NotAskedSince(site, partner, hash, since, seen) => {
            let mut cells = vec![site.into(), partner.into(), (*hash).into(), (*since).into()];
            // As many as are ever looked at (`BY_REQUEST`).
            cells.extend((0..2).map(|place| seen.get(place).into()));
            (conversations::ASKED_SINCE, cells, false)
        }
        P::ConsentSeq(site, person, seq) => {
            (people::HAS_CONSENT_SEQ, vec![site.into(), person.into(), (*seq).into()], true)
        }
        P::PartnerVersion(site, partner, version) => {
            (directory::HAS_PARTNER_VERSION, vec![site.into(), partner.into(), (*version).into()], true)
        }
        P::LaneFence(site, partner, person, fence) => {
            (lanes::HAS_FENCE, vec![site.into(), partner.into(), person.into(), (*fence).into()], true)
        }
        P::DeliveryVersion(delivery, version) => {
            (messages::HAS_DELIVERY_VERSION, vec![delivery.into(), (*version).into()], true)
        }
        P::ReferralVersion(site, referral, version) => {
            (referrals::HAS_REFERRAL_VERSION, vec![site.into(), referral.into(), (*version).into()], true)
        }
    };
    let conflict = CommitError::Conflict(precondition);
    Step::new("precondition", sql, cells).expect(if wants_row {
        Expect::Found(conflict)
    } else {
        Expect::NotFound(conflict)
    })
}
